//! Data that an experiment names.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::dataset::{Facts, Source};
use crate::document::Reader;

/// Data that an experiment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where they are. Equal data have equal sources.
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

/// The source as settings show it.
pub(super) fn spelled<S: Serializer>(found: &Found, serializer: S) -> Result<S::Ok, S::Error> {
    match &found.source {
        Source::Mnist => serializer.serialize_str("embedded"),
        // With a slash, a directory of that name is not taken for the embedded digits.
        Source::Directory(path) => serializer.serialize_str(&format!("{}/", path.display())),
        Source::Files(files) => files.serialize(serializer),
    }
}
