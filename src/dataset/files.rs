//! Files of any kind → examples.

use super::array::Array;
use super::error::DataError;
use super::examples::{Column, Examples, PartName, Targets, Values};
use super::packed::unpack;
use super::source::{Columns, FileSource};
use super::{idx, npy, table};
use crate::digest::Digest;
use crate::run::Shape;

/// A file by the name that messages give it.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its bytes. They may be compressed with gzip.
    pub bytes: Vec<u8>,
}

/// The contents of a [`FilePair`](super::source::FilePair).
#[derive(Clone, Debug)]
pub struct Files {
    /// The examples.
    pub file: File,
    /// Their targets, if they are in another file.
    pub target_file: Option<File>,
}

/// What one pair of files gives.
enum Content {
    Table(table::Table),
    Arrays { inputs: Array, targets: Vec<f64>, groups: Vec<f64> },
}

/// The kind of a file, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Idx,
    Npy,
    Npz,
    Table,
}

impl Kind {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0, 0, 8..=14, _, ..] => Self::Idx,
            _ if bytes.starts_with(npy::MAGIC) => Self::Npy,
            _ if bytes.starts_with(npy::ARCHIVE_MAGIC) => Self::Npz,
            _ => Self::Table,
        }
    }
}

/// The examples in `files`, which are those of `source` in the same order.
///
/// # Errors
/// With all that is wrong with the first file at fault.
pub fn read(source: &FileSource, files: &[Files]) -> Result<Examples, Vec<DataError>> {
    let columns = &source.columns;
    let parts = std::iter::once(PartName::Train)
        .chain(source.validation.as_ref().map(|_| PartName::Validation))
        .chain(source.test.as_ref().map(|_| PartName::Test));
    let has_parts = files.len() > 1;
    let mut all: Option<(Content, Vec<PartName>)> = None;
    for (files, part) in files.iter().zip(parts) {
        let content = content(columns, files)?;
        let parts = if has_parts { vec![part; content.len()] } else { Vec::new() };
        match &mut all {
            None => all = Some((content, parts)),
            Some((all, all_parts)) => {
                all.append(content).map_err(of_file(&files.file.name))?;
                all_parts.extend(parts);
            }
        }
    }
    let Some((content, parts)) = all else { return Err(Vec::new()) };
    let name = &files[0].file.name;
    let target_name = files[0].target_file.as_ref().map_or(name, |file| &file.name);
    match content {
        Content::Table(table) => of_table(columns, table, parts, name),
        Content::Arrays { inputs, targets, groups } => {
            of_arrays(columns, inputs, &targets, &groups, parts, name, target_name)
        }
    }
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.targets.len(),
            Self::Arrays { inputs, .. } => inputs.len(),
        }
    }

    fn append(&mut self, other: Self) -> Result<(), Vec<String>> {
        match (self, other) {
            (Self::Table(own), Self::Table(other)) => {
                own.append(other).map_err(|fault| vec![fault])
            }
            (
                Self::Arrays { inputs, targets, groups },
                Self::Arrays { inputs: other, targets: other_targets, groups: other_groups },
            ) => {
                targets.extend(other_targets);
                groups.extend(other_groups);
                inputs.append(other).map_err(|fault| vec![fault])
            }
            _ => Err(vec!["is of another kind than the file of the training part".to_owned()]),
        }
    }
}

fn of_file<R: ToString>(name: &str) -> impl FnOnce(Vec<R>) -> Vec<DataError> {
    move |faults| faults.iter().map(|fault| DataError::of(name)(fault.to_string())).collect()
}

/// Reads the files of one part.
fn content(columns: &Columns, files: &Files) -> Result<Content, Vec<DataError>> {
    let Files { file: File { name, bytes }, target_file } = files;
    let one = |name: &str| {
        let name = name.to_owned();
        move |fault: String| vec![DataError::of(&name)(fault)]
    };
    let bytes = unpack(bytes).map_err(one(name))?;
    let kind = Kind::of(&bytes);
    if kind == Kind::Table {
        if let Some(other) = target_file {
            let reason = "has its targets in a column; it takes no `target_file`".to_owned();
            return Err(one(&other.name)(reason));
        }
        return table::read(&bytes, columns).map(Content::Table).map_err(of_file(name));
    }
    let only_for_tables = [
        ("categorical", !columns.categorical.is_empty()),
        ("missing", columns.drops_rows),
        ("column", columns.part.is_some()),
        ("group", columns.group.is_some() && kind != Kind::Npz),
    ];
    if let Some((key, _)) = only_for_tables.into_iter().find(|(_, is_given)| *is_given) {
        return Err(one(name)(format!("has arrays, and `{key}` is for tables")));
    }
    let (inputs, targets, groups) = match (kind, target_file) {
        (Kind::Npz, None) => {
            let ([inputs], Some(target)) = (&*columns.features, &columns.target) else {
                let names =
                    "write the names of two arrays: `features = [\"x\"]` and `target = \"y\"`";
                return Err(one(name)(format!("is an NPZ file; {names}")));
            };
            let [inputs, targets] = [inputs, target].map(|array| npy::read_named(&bytes, array));
            let groups =
                columns.group.as_ref().map(|group| npy::read_named(&bytes, group)).transpose();
            let groups = groups.and_then(|array| array.map(Array::into_column).transpose());
            let targets = targets.and_then(Array::into_column);
            (inputs.map_err(one(name))?, targets.map_err(one(name))?, groups.map_err(one(name))?)
        }
        (Kind::Npz, Some(other)) => {
            let reason =
                "is not needed: an NPZ file has its targets under a name, `target`".to_owned();
            return Err(one(&other.name)(reason));
        }
        (_, None) => {
            let reason = "has no targets; `target_file` names the file that has them".to_owned();
            return Err(one(name)(reason));
        }
        (_, Some(other)) => {
            let inputs = array(&bytes).map_err(one(name))?;
            let target_bytes = unpack(&other.bytes).map_err(one(&other.name))?;
            let targets = array(&target_bytes).and_then(Array::into_column);
            (inputs, targets.map_err(one(&other.name))?, None)
        }
    };
    for (what, n) in [("targets", Some(targets.len())), ("groups", groups.as_ref().map(Vec::len))] {
        if let Some(n) = n.filter(|n| *n != inputs.len()) {
            let at = target_file.as_ref().map_or(name, |other| &other.name);
            return Err(one(at)(format!(
                "has {n} {what} for {} examples in `{name}`",
                inputs.len()
            )));
        }
    }
    Ok(Content::Arrays { inputs, targets, groups: groups.unwrap_or_default() })
}

/// The array of an IDX or NPY file.
pub(super) fn array(bytes: &[u8]) -> Result<Array, String> {
    match Kind::of(bytes) {
        Kind::Npy => npy::read(bytes),
        Kind::Idx => idx::read(bytes),
        Kind::Npz | Kind::Table => Err("is no IDX file and no NPY file".to_owned()),
    }
}

fn of_table(
    columns: &Columns,
    table: table::Table,
    parts: Vec<PartName>,
    name: &str,
) -> Result<Examples, Vec<DataError>> {
    let (features, values) = table.values().map_err(of_file(name))?;
    let (classes, targets) = match columns.are_classes {
        true => {
            let (classes, codes) = table::classes(&table.targets);
            (classes, Targets::Classes(codes))
        }
        false => {
            let column = columns.target.as_deref().unwrap_or_default();
            let numbers = table::numbers(&table.targets, table.lines(), column);
            (Vec::new(), Targets::Numbers(numbers.map_err(of_file(name))?))
        }
    };
    let shape = Shape::Vector(features.len());
    let parts = if table.parts.is_empty() { parts } else { table.parts };
    finish(
        shape,
        Values::Floats(values),
        (classes, targets),
        features,
        table::groups(&table.groups),
        parts,
    )
    .map_err(of_file(name))
}

fn of_arrays(
    columns: &Columns,
    inputs: Array,
    targets: &[f64],
    groups: &[f64],
    parts: Vec<PartName>,
    name: &str,
    target_name: &str,
) -> Result<Examples, Vec<DataError>> {
    let one = |name: &str, fault: String| vec![DataError::of(name)(fault)];
    let shape = inputs.shape().map_err(|fault| one(name, fault))?;
    let values = inputs.into_values().map_err(|fault| one(name, fault))?;
    let (classes, targets) = match columns.are_classes {
        true => {
            if let Some(at) = targets.iter().position(|x| x.fract() != 0.0) {
                let fault = format!(
                    "has the target {} for example {at}; classes are whole numbers",
                    targets[at]
                );
                return Err(one(target_name, fault));
            }
            let words: Vec<_> = targets.iter().map(f64::to_string).collect();
            let (classes, codes) = table::classes(&words);
            (classes, Targets::Classes(codes))
        }
        false => (Vec::new(), Targets::Numbers(targets.iter().map(|x| *x as f32).collect())),
    };
    let groups: Vec<_> = groups.iter().map(f64::to_string).collect();
    finish(shape, values, (classes, targets), Vec::new(), table::groups(&groups), parts)
        .map_err(of_file(name))
}

/// The examples with their digest.
fn finish(
    shape: Shape,
    values: Values,
    (classes, targets): (Vec<String>, Targets),
    columns: Vec<Column>,
    groups: Vec<u32>,
    parts: Vec<PartName>,
) -> Result<Examples, Vec<String>> {
    if shape.is_empty() || targets.is_empty() {
        return Err(vec!["has no example, or examples without a value".to_owned()]);
    }
    if let Targets::Classes(_) = &targets
        && classes.len() < 2
    {
        return Err(vec![format!("has one class in all rows, `{}`", classes[0])]);
    }
    let mut examples = Examples {
        digest: Digest::of_bytes(b""),
        shape,
        values,
        targets,
        classes,
        columns,
        groups,
        parts,
    };
    examples.digest = digest(&examples);
    Ok(examples)
}

/// Digest of all that can change a result: shape, values, targets, groups and parts, and which columns are
/// levels. Names are not in it.
fn digest(examples: &Examples) -> Digest {
    let Examples { shape, values, targets, classes, columns, groups, parts, .. } = examples;
    let mut bytes = format!("examples/1\n{shape:?}\n{}\n", classes.len()).into_bytes();
    match values {
        Values::Bytes(own) => {
            bytes.extend(b"bytes\n");
            bytes.extend(own);
        }
        Values::Floats(own) => {
            bytes.extend(b"floats\n");
            bytes.extend(own.iter().flat_map(|x| x.to_bits().to_le_bytes()));
        }
    }
    match targets {
        Targets::Classes(own) => bytes.extend(own.iter().flat_map(|x| x.to_le_bytes())),
        Targets::Pairs(both) => bytes.extend(both.iter().flatten().flat_map(|x| x.to_le_bytes())),
        Targets::Numbers(own) => bytes.extend(own.iter().flat_map(|x| x.to_bits().to_le_bytes())),
    }
    bytes.extend(columns.iter().map(|column| u8::from(column.level.is_some())));
    bytes.extend(groups.iter().flat_map(|x| x.to_le_bytes()));
    bytes.extend(parts.iter().map(|part| *part as u8));
    Digest::of_bytes(&bytes)
}
