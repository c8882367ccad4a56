//! Notes on which runs each report shows, so that `cache gc` keeps their records.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Cache;
use crate::digest::Digest;
use crate::fs::{self, FileError};

/// Which runs a report shows.
#[derive(Deserialize, Serialize)]
struct Reported {
    /// Its directory, relative to the project if it is inside.
    out: String,
    /// Whether the report is written. If not, a build will write it.
    is_written: bool,
    runs: Vec<Digest>,
}

/// The content of all notes about reports.
#[derive(Debug, Default)]
pub struct Reports {
    /// The runs that the reports show.
    pub runs: BTreeSet<Digest>,
    /// The directories of reports that do not exist any more.
    pub vanished: Vec<PathBuf>,
}

impl Cache {
    /// Notes which runs the report in `out` shows, so that their records are kept. `is_written`
    /// says whether the report is written already.
    ///
    /// # Errors
    /// If the note cannot be written.
    pub fn store_reported(
        &self,
        out: &Path,
        is_written: bool,
        digests: &[Digest],
    ) -> Result<(), FileError> {
        let place = self.place(out)?;
        let path = self.note(&place);
        let reported = Reported { out: place, is_written, runs: digests.to_vec() };
        let text = serde_json::to_string(&reported).expect("plain values");
        fs::write_atomic(&path, format!("{text}\n").as_bytes())
    }

    /// The runs that the report in `out` shows. Empty if they are not known.
    #[must_use]
    pub fn reported_in(&self, out: &Path) -> BTreeSet<Digest> {
        let bytes = self.place(out).and_then(|place| fs::read(&self.note(&place))).ok();
        let reported = bytes.and_then(|bytes| serde_json::from_slice::<Reported>(&bytes).ok());
        reported.map_or_else(BTreeSet::new, |reported| reported.runs.into_iter().collect())
    }

    /// The runs of the last report in each directory, or the path of a damaged note.
    /// `holds_report` says whether a directory contains a report.
    ///
    /// # Errors
    /// If a note exists but cannot be read.
    pub fn reported(
        &self,
        holds_report: impl Fn(&Path) -> bool,
    ) -> Result<Result<Reports, PathBuf>, FileError> {
        let mut reports = Reports::default();
        let home = self.home();
        for place in self.named_in("reports")? {
            let path = self.file("reports", place);
            let Some(bytes) = fs::read_if_there(&path)? else { continue };
            let Ok(Reported { out, is_written, runs }) = serde_json::from_slice(&bytes) else {
                return Ok(Err(path));
            };
            let out = home.join(out);
            match if is_written { holds_report(&out) } else { fs::is_directory(&out) } {
                true => reports.runs.extend(runs),
                false => reports.vanished.push(out),
            }
        }
        Ok(Ok(reports))
    }

    /// Removes the note about a report that does not exist any more.
    ///
    /// # Errors
    /// If the note cannot be removed.
    pub fn forget_report(&self, out: &Path) -> Result<(), FileError> {
        fs::remove(&self.note(&self.place(out)?))
    }

    /// The parent directory of the cache. This is the project, unless the cache is a link.
    fn home(&self) -> PathBuf {
        let directory = fs::physical(&self.directory);
        directory.parent().map_or_else(PathBuf::new, Path::to_owned)
    }

    /// The name of a directory in notes. It is relative to the project if the directory is inside,
    /// so that the project can be moved.
    fn place(&self, out: &Path) -> Result<String, FileError> {
        let out = fs::physical(out);
        let home = self.home();
        let place = out.strip_prefix(&home).unwrap_or(&out);
        place.to_str().map(str::to_owned).ok_or_else(|| FileError::not_utf8(&out))
    }

    fn note(&self, place: &str) -> PathBuf {
        self.file("reports", Digest::of_bytes(place.as_bytes()))
    }
}
