//! Data that an experiment names.

use std::sync::Arc;

use serde::Serializer;
use serde_json::{Value, json};

use crate::dataset::{Facts, FileSource, Source};
use crate::document::Reader;

/// Data that an experiment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where they are, as the experiment says it. Equal data have equal sources.
    pub source: Source,
    /// What they are.
    pub facts: Arc<Facts>,
}

/// Finds the data at a source. Returns all that is wrong with them otherwise, as phrases.
pub type FindData<'f> = &'f (dyn Fn(&Source) -> Result<Found, Vec<String>> + Sync);

/// Finds the data. Reports all that is wrong with them at `key`.
pub(super) fn found(
    reader: &Reader<'_>,
    key: &'static str,
    source: &Source,
    find: FindData<'_>,
) -> Option<Found> {
    match find(source) {
        Ok(found) => Some(found),
        Err(faults) => {
            for fault in faults {
                reader.refuse(key, fault);
            }
            None
        }
    }
}

/// The directory of pairs as settings show it.
pub(super) fn directory<S: Serializer>(found: &Found, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&match &found.source {
        Source::Mnist | Source::Files(_) => "embedded".to_owned(),
        // With a slash, a directory of that name is not taken for the embedded digits.
        Source::Directory(path) => format!("{}/", path.display()),
    })
}

/// The source of examples as settings show it: by the keys of an experiment file, so that a factor that sets one of
/// them is found.
pub(super) fn keys<S: Serializer>(found: &Found, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(match &found.source {
        Source::Mnist => vec![("dataset", json!("mnist"))],
        Source::Directory(path) => vec![("directory", json!(path))],
        Source::Files(files) => keys_of(files),
    })
}

fn keys_of(source: &FileSource) -> Vec<(&'static str, Value)> {
    let FileSource { train, validation, test, columns } = source;
    let pairs = [
        (["file", "target_file"], Some(train)),
        (["validation_file", "validation_target_file"], validation.as_ref()),
        (["test_file", "test_target_file"], test.as_ref()),
    ];
    let pairs = pairs.into_iter().filter_map(|(keys, pair)| Some((keys, pair?)));
    let files = pairs.flat_map(|([file, target_file], pair)| {
        let target = pair.target_file.as_ref().map(|path| (target_file, json!(path)));
        std::iter::once((file, json!(pair.file))).chain(target)
    });
    let words = [
        ("target", &columns.target),
        ("split.group", &columns.group),
        ("split.column", &columns.part),
    ];
    let words = words.into_iter().filter_map(|(key, word)| Some((key, json!(word.as_ref()?))));
    let lists = [("features", &columns.features), ("categorical", &columns.categorical)];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let lists = lists.map(|(key, list)| (key, json!(list)));
    let missing = if columns.drops_rows { "drop_rows" } else { "refuse" };
    let others = [("delimiter", json!(columns.delimiter)), ("missing", json!(missing))];
    files.chain(words).chain(lists).chain(others).collect()
}
