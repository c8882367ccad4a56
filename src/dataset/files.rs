//! Files of any kind → examples.

use super::array::Array;
use super::error::DataError;
use super::examples::{Examples, PartName, TableRows, Targets, Values};
use super::packed::unpack;
use super::range::Range;
use super::source::{Columns, FileSource};
use super::table::{self, Table, TableTargets};
use super::{idx, labels, npy};
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
    Table(Table),
    Arrays(Arrays),
}

/// The examples of arrays.
struct Arrays {
    shape: Shape,
    values: Values,
    targets: Vec<f64>,
    groups: Vec<f64>,
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
    match content {
        Content::Table(table) => of_table(table, parts),
        Content::Arrays(arrays) => of_arrays(columns, arrays, parts),
    }
    .map_err(of_file(name))
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.lines.len(),
            Self::Arrays(arrays) => arrays.targets.len(),
        }
    }

    fn append(&mut self, other: Self) -> Result<(), Vec<String>> {
        match (self, other) {
            (Self::Table(own), Self::Table(other)) => own.append(other),
            (Self::Arrays(own), Self::Arrays(other)) => own.append(other),
            _ => Err("is of another kind than the file of the training part".to_owned()),
        }
        .map_err(|fault| vec![fault])
    }
}

impl Arrays {
    /// Appends the examples of another file.
    ///
    /// # Errors
    /// If its examples have another shape or other numbers, with a phrase that follows the name of the file.
    fn append(&mut self, other: Self) -> Result<(), String> {
        if self.shape != other.shape {
            let [own, others] = [self.shape, other.shape];
            return Err(format!(
                "has examples of {others} numbers, but the training part has {own}"
            ));
        }
        match (&mut self.values, other.values) {
            (Values::Bytes(own), Values::Bytes(others)) => own.extend(others),
            (Values::Floats(own), Values::Floats(others)) => own.extend(others),
            _ => return Err("has another type of numbers than the training part".to_owned()),
        }
        self.targets.extend(other.targets);
        self.groups.extend(other.groups);
        Ok(())
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
        if target_file.is_some() {
            let reason = "is no IDX, NPY or NPZ file, so it is read as a table; the targets of a table are in a column, \
                          and it takes no `target_file`";
            return Err(one(name)(reason.to_owned()));
        }
        return table::read(&bytes, columns).map(Content::Table).map_err(of_file(name));
    }
    let only_for_tables = [
        ("categorical", !columns.categorical.is_empty()),
        ("missing", columns.drops_rows),
        ("column", columns.part.is_some()),
        ("group", columns.group.is_some() && kind != Kind::Npz),
        ("delimiter", columns.delimiter != ','),
        ("features", !columns.features.is_empty() && kind != Kind::Npz),
        ("target", columns.target.is_some() && kind != Kind::Npz),
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
            if inputs == target {
                let reason = format!("has the target `{target}` among its features");
                return Err(one(name)(reason));
            }
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
            let reason = "has no targets; `target_file` (or `validation_target_file`, `test_target_file`) names the file \
                          that has them"
                .to_owned();
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
    let shape = inputs.shape().map_err(one(name))?;
    let values = inputs.into_values().map_err(one(name))?;
    check_targets(columns.are_classes, &targets)
        .map_err(one(target_file.as_ref().map_or(name, |other| &other.name)))?;
    let groups = groups.unwrap_or_default();
    Ok(Content::Arrays(Arrays { shape, values, targets, groups }))
}

/// Refuses targets that are no classes, or no numbers of 32 bits.
fn check_targets(are_classes: bool, targets: &[f64]) -> Result<(), String> {
    let is_wrong = |x: &f64| match are_classes {
        true => x.fract() != 0.0,
        false => !(*x as f32).is_finite(),
    };
    let Some(at) = targets.iter().position(is_wrong) else {
        let range = targets.iter().fold(Range::EMPTY, |range, target| range.with(*target));
        let fault = range.fault("the targets").filter(|_| !are_classes);
        return fault.map_or(Ok(()), Err);
    };
    let needed = match are_classes {
        true => "classes are whole numbers",
        false => "the limit is that of numbers of 32 bits",
    };
    Err(format!("has the target {} for example {at}, counted from 0; {needed}", targets[at]))
}

/// The array of an IDX or NPY file.
pub(super) fn array(bytes: &[u8]) -> Result<Array, String> {
    match Kind::of(bytes) {
        Kind::Npy => npy::read(bytes),
        Kind::Idx => idx::read(bytes),
        Kind::Npz | Kind::Table => Err("is no IDX file and no NPY file".to_owned()),
    }
}

fn of_table(table: Table, parts: Vec<PartName>) -> Result<Examples, Vec<String>> {
    let (columns, values) = table.values()?;
    let (classes, targets) = match &table.targets {
        TableTargets::Words(words) => classified(words)?,
        TableTargets::Numbers(numbers) => (Vec::new(), Targets::Numbers(numbers.clone())),
    };
    finish(Examples {
        digest: Digest::of_bytes(b""),
        shape: Shape::Vector(columns.len()),
        values: Values::Floats(values),
        targets,
        classes,
        columns,
        groups: labels::groups(&table.groups),
        parts: if table.parts.is_empty() { parts } else { table.parts },
        rows: TableRows { lines: table.lines, dropped: table.dropped },
    })
}

fn of_arrays(
    columns: &Columns,
    arrays: Arrays,
    parts: Vec<PartName>,
) -> Result<Examples, Vec<String>> {
    let Arrays { shape, values, targets, groups } = arrays;
    let words = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>();
    let (classes, targets) = match columns.are_classes {
        true => classified(&words(&targets))?,
        false => (Vec::new(), Targets::Numbers(targets.iter().map(|x| *x as f32).collect())),
    };
    finish(Examples {
        digest: Digest::of_bytes(b""),
        shape,
        values,
        targets,
        classes,
        columns: Vec::new(),
        groups: labels::groups(&words(&groups)),
        parts,
        rows: TableRows::default(),
    })
}

/// The names of the classes, and the class of each example.
///
/// # Errors
/// As [`labels::classes`].
fn classified(words: &[String]) -> Result<(Vec<String>, Targets), Vec<String>> {
    let (classes, codes) = labels::classes(words).map_err(|fault| vec![fault])?;
    Ok((classes, Targets::Classes(codes)))
}

/// The examples with their digest.
fn finish(mut examples: Examples) -> Result<Examples, Vec<String>> {
    if examples.shape.is_empty() || examples.is_empty() {
        return Err(vec!["has no example, or examples without a value".to_owned()]);
    }
    if let [class] = &*examples.classes {
        return Err(vec![format!("has one class in all rows, `{class}`")]);
    }
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
