//! The paths of the files of a project in a bundle.

use std::path::{Component, Path};

use crate::bundle::BundlePath;
use crate::cache::Cache;
use crate::digest::Digest;
use crate::fs;
use crate::pipeline::Error;

/// Files of a project, apart from those with a license, that a bundle contains if they are there.
pub(super) const ABOUT: [&str; 2] = ["CITATION.cff", "README.md"];

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
pub(super) fn path_of(root: &Path, file: &Path) -> Result<BundlePath, Error> {
    let refused = |why: &str, hint: &str| Error::Request {
        message: format!("a bundle cannot contain `{}`: it {why}", file.display()),
        hint: hint.to_owned(),
    };
    let file = fs::without_dots(file);
    let within = file.strip_prefix(root).unwrap_or(&file);
    let outside =
        || refused("is outside the project", "move it into the project, and correct what names it");
    if !within.is_relative() || within.starts_with("..") {
        return Err(outside());
    }
    let mut parts = Vec::new();
    for part in within.components().filter(|part| *part != Component::CurDir) {
        let part = part.as_os_str().to_str();
        parts.push(part.ok_or_else(|| refused("has a name that is not UTF-8", "rename it"))?);
    }
    BundlePath::new(&parts.join("/")).map_err(|why| refused(why, "rename it"))
}
