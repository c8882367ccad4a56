//! The table `[data]` of the rows of a table, or of single images.

use serde::Serialize;

use super::found::{FindData, Found, found, keys};
use super::pooling::check_pooling;
use super::split::{self, SplitDesign};
use crate::dataset::{Columns, FilePair, FileSource, Source};
use crate::document::{Reader, Value};
use crate::run::{ExampleData, SplitKind};
use crate::task::TargetKind;

/// Which examples are used, and which part of them is for what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExampleDesign {
    /// The data.
    #[serde(flatten, serialize_with = "keys")]
    pub found: Found,
    /// Side of the average-pooling window.
    pub pooling: usize,
    /// Whether values are standardised.
    pub standardize: bool,
    /// Whether targets are standardised.
    pub standardize_target: bool,
    /// Whether equal examples may be in two parts.
    #[serde(skip)]
    pub allows_duplicates: bool,
    /// The split.
    pub split: SplitDesign,
}

impl ExampleDesign {
    /// The configuration for the run with this seed.
    pub(super) fn resolve(&self, run: u64) -> ExampleData {
        let facts = &self.found.facts;
        ExampleData {
            dataset: facts.digest,
            n: facts.n,
            input: facts.shape,
            pooling: self.pooling,
            classes: facts.classes.len(),
            standardize: self.standardize,
            standardize_target: self.standardize_target,
            split: self.split.resolve(run),
        }
    }
}

pub(super) fn read(
    targets: TargetKind,
    reader: &Reader<'_>,
    find: FindData<'_>,
) -> Option<ExampleDesign> {
    let split_table = reader.table("split");
    let split_columns = split_table.as_ref().map(split::columns);
    let are_classes = targets == TargetKind::Classes;
    let source = source(reader, are_classes, split_columns.as_ref());
    let (key, source) = source.map_or(("file", None), |(key, source)| (key, Some(source)));
    let found = source.and_then(|source| found(reader, key, &source, find));
    let facts = found.as_ref().map(|found| &*found.facts);
    let has_columns = !["dataset", "directory"].iter().any(|key| reader.node(key).is_some());
    let split = split_table
        .zip(split_columns)
        .and_then(|(table, columns)| split::read(targets, &table, &columns, has_columns, facts));
    if let Some(split) = split.as_ref().filter(|split| split.design.config.kind != SplitKind::Files)
    {
        for key in
            ["validation_file", "test_file"].into_iter().filter(|key| reader.node(key).is_some())
        {
            let kind = split.design.name();
            let message = format!(
                "has no use in a split of kind `{kind}`; `kind = \"files\"` in `data.split` makes a part of each file"
            );
            reader.refuse(key, message);
        }
    }
    let pooling = reader.optional::<usize>("pooling").unwrap_or(1);
    let pooling = match facts {
        Some(facts) => check_pooling(reader, pooling, facts.shape),
        None => Some(pooling),
    };
    let standardize = reader.optional::<bool>("standardize").unwrap_or(false);
    let standardize_target = match targets {
        TargetKind::Numbers => reader.optional::<bool>("standardize_target").unwrap_or(false),
        TargetKind::Classes | TargetKind::Pairs => {
            if reader.node("standardize_target").is_some() {
                reader.refuse("standardize_target", "is for a regression: classes are no numbers");
            }
            false
        }
    };
    let split = split?;
    Some(ExampleDesign {
        found: found?,
        pooling: pooling?,
        standardize,
        standardize_target,
        allows_duplicates: split.allows_duplicates,
        split: split.design,
    })
}

/// The source of the data, and the key that names it.
fn source(
    reader: &Reader<'_>,
    are_classes: bool,
    split: Option<&split::SplitColumns>,
) -> Option<(&'static str, Source)> {
    let dataset = reader.optional::<String>("dataset");
    let directory = reader.optional::<String>("directory");
    let pair = |file: &'static str, target_file: &'static str| {
        let target_file = reader.optional::<String>(target_file).map(Into::into);
        let file = reader.optional::<String>(file);
        file.map(|file| FilePair { file: file.into(), target_file })
    };
    let train = pair("file", "target_file");
    let validation = pair("validation_file", "validation_target_file");
    let test = pair("test_file", "test_target_file");
    for (file, target_file, is_missing) in [
        ("validation_file", "validation_target_file", validation.is_none()),
        ("test_file", "test_target_file", test.is_none()),
    ] {
        if is_missing && reader.node(target_file).is_some() {
            reader.refuse(target_file, format!("has no use without `{file}`"));
        }
    }
    let columns = Columns {
        are_classes,
        target: reader.optional("target"),
        features: list(reader, "features"),
        categorical: list(reader, "categorical"),
        delimiter: delimiter(reader),
        drops_rows: drops_rows(reader),
        group: split.and_then(|split| split.group.clone()),
        part: split.and_then(|split| split.part.clone()),
    };
    let mut given =
        ["dataset", "directory", "file"].into_iter().filter(|key| reader.node(key).is_some());
    let Some(key) = given.next() else {
        reader.refuse(
            "file",
            "is missing; it takes the path of a table, an array or IDX images; `dataset = \"mnist\"` takes MNIST \
             from this program",
        );
        return None;
    };
    if let Some(other) = given.next() {
        reader.refuse(other, format!("cannot stand beside `{key}`: data come from one place"));
        return None;
    }
    if key != "file" {
        let tables = [
            "target",
            "features",
            "categorical",
            "delimiter",
            "missing",
            "target_file",
            "validation_file",
            "validation_target_file",
            "test_file",
            "test_target_file",
        ];
        for other in tables.into_iter().filter(|other| reader.node(other).is_some()) {
            reader.refuse(other, format!("has no use beside `{key}`"));
        }
        if !are_classes {
            reader.refuse(key, "has classes; a regression takes numbers from a `file`");
            return None;
        }
    }
    let source = match key {
        "dataset" => dataset.map(|_| Source::Mnist)?,
        "directory" => Source::Directory(directory?.into()),
        _ => Source::Files(Box::new(FileSource { train: train?, validation, test, columns })),
    };
    Some((key, source))
}

/// A list of names, or one name.
fn list(reader: &Reader<'_>, key: &'static str) -> Vec<String> {
    match reader.node(key).map(|node| &node.value) {
        Some(Value::String(_)) => reader.optional::<String>(key).into_iter().collect(),
        _ => reader.optional::<Vec<String>>(key).unwrap_or_default(),
    }
}

fn delimiter(reader: &Reader<'_>) -> char {
    let Some(text) = reader.optional::<String>("delimiter") else { return ',' };
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) if one.is_ascii() && !"\"\r\n".contains(one) => one,
        _ => {
            let message = format!(
                "must be one ASCII character that is no quote and no end of a line, but is {text:?}"
            );
            reader.refuse("delimiter", message);
            ','
        }
    }
}

fn drops_rows(reader: &Reader<'_>) -> bool {
    reader.optional::<String>("missing").as_deref() == Some("drop_rows")
}
