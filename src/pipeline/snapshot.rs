//! The snapshot of a report: its numbers and verdicts, as data beside it.

use std::path::Path;

use super::Error;
use crate::diff::Snapshot;
use crate::fs;

/// The file of the snapshot of a report, in its directory.
pub const SNAPSHOT: &str = "data/report.json";

/// The snapshot of the report in `out`. Returns `None` if there is no snapshot.
///
/// # Errors
/// If the file cannot be read, is damaged, or has the format of another version.
pub fn snapshot_in(out: &Path) -> Result<Option<Snapshot>, Error> {
    let path = out.join(SNAPSHOT);
    let Some(bytes) = fs::read_if_there(&path).map_err(Error::Input)? else { return Ok(None) };
    let snapshot = str::from_utf8(&bytes).ok().and_then(Snapshot::read);
    snapshot.map(Some).ok_or_else(|| Error::Request {
        message: format!("`{}` is damaged, or of another version of `report`", path.display()),
        hint: "build this report again".to_owned(),
    })
}
