//! The paths of the files of a project in a bundle.

use std::path::{Component, Path, PathBuf};

use crate::bundle::BundlePath;
use crate::cache::Cache;
use crate::digest::Digest;
use crate::fs;
use crate::pipeline::Error;

/// The path of the record of `digest`.
pub(super) fn record_path(digest: Digest) -> BundlePath {
    BundlePath::new(&format!("{}/records/{digest}.json", Cache::DIRECTORY))
        .expect("a digest is a plain name")
}

/// The digest in the path of a record.
pub(super) fn digest_of(record: &BundlePath) -> Option<Digest> {
    let (_, name) = record.as_str().rsplit_once('/')?;
    let digest = Digest::try_from(name.strip_suffix(".json")?.to_owned()).ok()?;
    (record_path(digest) == *record).then_some(digest)
}

/// The path in a bundle of a file of the project at `root`.
///
/// # Errors
/// If the file is outside the project, or its path is not allowed in a bundle.
pub(super) fn path_of(root: &Path, file: &Path) -> Result<BundlePath, Error> {
    let refused = |why: &str, hint: &str| Error::Request {
        message: format!("a bundle cannot contain `{}`: it {why}", file.display()),
        hint: hint.to_owned(),
    };
    let outside =
        || refused("is outside the project", "move it into the project, and correct what names it");
    let within = within(root, file).ok_or_else(outside)?;
    // A link can lead outside.
    if !fs::physical(file).starts_with(fs::physical(root)) {
        return Err(outside());
    }
    let text =
        within.to_str().ok_or_else(|| refused("has a name that is not UTF-8", "rename it"))?;
    let text = text.replace(std::path::MAIN_SEPARATOR, "/");
    BundlePath::new(&text).map_err(|why| refused(why, "rename it, and correct what names it"))
}

/// The path of a file from the directory `root`, if it is in there.
fn within(root: &Path, file: &Path) -> Option<PathBuf> {
    let absolute = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // `absolute` drops each `.`.
        fs::without_dots(&path)
    };
    let within = absolute(file).strip_prefix(absolute(root)).ok()?.to_owned();
    within.components().all(|part| matches!(part, Component::Normal(_))).then_some(within)
}
