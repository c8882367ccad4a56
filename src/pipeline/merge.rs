//! Copies the records of other directories into a project.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Error, Project};
use crate::cache::{Cache, Lookup, Stored};
use crate::digest::Digest;
use crate::fs;
use crate::program::Digests;

/// What `merge` did with the records of other directories.
#[derive(Debug, Default)]
pub struct Merged {
    /// Records that were copied.
    pub new: Vec<Digest>,
    /// Number of records that the project had already, with the same result.
    pub same: usize,
    /// Files that were not copied. The text says why, as a phrase that follows the name of the file.
    pub refused: Vec<(PathBuf, String)>,
    /// Number of notes on failed runs that were copied.
    pub failed: usize,
}

/// Checks every record in `directories`, and copies the sound ones into the project. Replaces no record.
/// Each directory is a project, or its `.report`.
///
/// # Errors
/// If a directory has no records, or a record cannot be read or written.
pub fn merge(project: &Project, directories: &[PathBuf]) -> Result<Merged, Error> {
    let own = Cache::new(&project.root);
    let caches = directories.iter().map(|directory| cache_in(&own, directory));
    let caches = caches.collect::<Result<Vec<_>, _>>()?;
    let mut merged = Merged::default();
    for other in caches {
        let digests = other.digests().map_err(Error::File)?;
        let copied = digests.par_iter().map(|digest| copy(&own, &other, *digest));
        for (digest, copied) in digests.iter().zip(copied.collect::<Vec<_>>()) {
            match copied? {
                Ok(Stored::New) => merged.new.push(*digest),
                Ok(Stored::Same) => merged.same += 1,
                Ok(Stored::Different) => {
                    let why = "has another result than the record of this project".to_owned();
                    merged.refused.push((other.path(*digest), why));
                }
                Ok(Stored::Damaged(damage)) => merged.refused.push((own.path(*digest), damage)),
                Err(damage) => merged.refused.push((other.path(*digest), damage)),
            }
        }
        for failed in other.failed().map_err(Error::File)? {
            let is_recorded = fs::is_file(&own.path(failed));
            if let Some(failure) = other.failure(failed).filter(|_| !is_recorded) {
                own.store_failure(&failure).map_err(Error::File)?;
                merged.failed += 1;
            }
        }
    }
    for digest in &merged.new {
        own.forget_failure(*digest).map_err(Error::File)?;
    }
    Ok(merged)
}

/// Copies a record, if it is sound. Otherwise, the inner error says why not.
fn copy(own: &Cache, other: &Cache, digest: Digest) -> Result<Result<Stored, String>, Error> {
    let found = other.past_bytes(digest).map_err(Error::Unreadable)?;
    Ok(match found {
        Lookup::Hit((bytes, past)) => {
            let artifacts: Vec<_> = past.result.artifacts.values().copied().collect();
            if let Some(damage) = super::audit::contradiction(past) {
                return Ok(Err(damage));
            }
            for artifact in artifacts {
                let (from, to) = (other.artifact(artifact), own.artifact(artifact));
                if fs::is_file(&to) {
                    continue;
                }
                if !fs::is_file(&from) {
                    return Ok(Err(format!("is without its artefact `{}`", from.display())));
                }
                if Digests::default().of(&from).map_err(Error::File)? != artifact {
                    return Ok(Err(format!("has a damaged artefact, `{}`", from.display())));
                }
                fs::copy_content(&from, &to).map_err(Error::File)?;
            }
            Ok(own.publish(digest, &bytes).map_err(Error::File)?)
        }
        Lookup::Damaged(damage) => Err(damage),
        Lookup::Miss => Err("does not exist any more".to_owned()),
    })
}

/// The cache in a directory: that of a project, or the `.report` of one.
fn cache_in(own: &Cache, directory: &Path) -> Result<Cache, Error> {
    let has = |name: &str| fs::is_directory(&directory.join(name));
    let cache = match () {
        () if has(Cache::DIRECTORY) => Cache::new(directory),
        () if has("records") => Cache::at(directory),
        // A shard without runs leaves no record.
        () if has("experiments") => Cache::new(directory),
        () => {
            return Err(Error::Request {
                message: format!("`{}` has no records", directory.display()),
                hint: format!(
                    "name a project that has been built, or its `{}` directory",
                    Cache::DIRECTORY
                ),
            });
        }
    };
    match cache.is_same_place(own) {
        false => Ok(cache),
        true => Err(Error::Request {
            message: format!("`{}` is the project that the records go to", directory.display()),
            hint: "name other directories; `--project DIR` says where the records go".to_owned(),
        }),
    }
}
