//! A bundle → the files and records of a project.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use super::place::{ABOUT, digest_of, path_of};
use crate::bundle::{BundlePath, LICENSES, METADATA, Manifest, UnpackError, unpack};
use crate::cache::{Cache, Lookup, Stored};
use crate::format::chain;
use crate::fs::{self, FileError};
use crate::pipeline::audit::contradiction;
use crate::pipeline::{Error, Overrides, Project, WHOLE, load};
use crate::template;

/// What an import did.
#[derive(Debug, Default)]
pub struct Imported {
    /// Number of files that were written.
    pub new: usize,
    /// Number of files that were here already.
    pub same: usize,
    /// Number of records of the bundle.
    pub records: usize,
}

/// Checks a bundle, and writes its files and records into the directory `root`. Replaces nothing. Writes nothing
/// unless the whole bundle is sound and each file is new or the same.
///
/// # Errors
/// If the bundle is refused, differs from what is there, or cannot be read or written.
pub fn import(root: &Path, bundle: &Path) -> Result<Imported, Error> {
    fs::create_directory(root).map_err(Error::File)?;
    fs::sweep(root);
    let staging = fs::temporary_directory(root).map_err(Error::File)?;
    let manifest = unpacked(bundle, staging.path())?;
    check(staging.path(), &manifest).map_err(|why| refused(bundle, &why))?;
    let paths = manifest.files().map(|(path, _)| path).filter(|path| path.as_str() != METADATA);
    let (records, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_record());

    let differing = differing(root, staging.path(), &files, &records)?;
    if let Some(first) = differing.first() {
        let more = match differing.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        return Err(Error::Request {
            message: format!(
                "`{}` differs from the file in `{}`{more}",
                root.join(first).display(),
                bundle.display()
            ),
            hint: "nothing was written; import the bundle into an empty directory".to_owned(),
        });
    }
    write(root, staging.path(), &files, &records)
}

/// Writes what is not there yet: the records first, so that a report is never there without them.
fn write(
    root: &Path,
    staging: &Path,
    files: &[&BundlePath],
    records: &[&BundlePath],
) -> Result<Imported, Error> {
    let written = records.par_iter().chain(files).map(|path| {
        let bytes = fs::read(&staging.join(path.as_str())).map_err(Error::File)?;
        let present = fs::publish(&root.join(path.as_str()), &bytes).map_err(Error::File)?;
        Ok(usize::from(present.is_none()))
    });
    let new = written.collect::<Result<Vec<_>, Error>>()?.into_iter().sum();
    let total = records.len() + files.len();
    Ok(Imported { new, same: total - new, records: records.len() })
}

/// Unpacks a bundle into an empty directory.
fn unpacked(bundle: &Path, directory: &Path) -> Result<Manifest, Error> {
    let (archive, size) = fs::open(bundle).map_err(Error::Input)?;
    let create = |path: &BundlePath| fs::create(&directory.join(path.as_str()));
    unpack(archive, size, create).map_err(|error| match error {
        UnpackError::Refused(why) => refused(bundle, &why),
        UnpackError::Read(source) => {
            Error::Input(FileError { action: "read", path: bundle.to_owned(), source })
        }
        UnpackError::Create(error) => Error::File(error),
        UnpackError::Write(path, source) => {
            Error::File(FileError { action: "write", path: directory.join(path.as_str()), source })
        }
    })
}

fn refused(bundle: &Path, why: &str) -> Error {
    Error::Request {
        message: format!("the bundle `{}` is refused: {why}", bundle.display()),
        hint: "nothing was written; get the bundle again from where it comes from".to_owned(),
    }
}

/// Checks that a directory with the files of `manifest` is a project with sound records, and contains nothing else.
/// Otherwise, the error says why not.
fn check(directory: &Path, manifest: &Manifest) -> Result<(), String> {
    let cache = Cache::new(directory);
    let paths: Vec<_> = manifest.files().map(|(path, _)| path).collect();
    paths.par_iter().filter(|path| path.is_record()).try_for_each(|path| {
        let digest =
            digest_of(path).ok_or_else(|| format!("`{path}` has not the name of a record"))?;
        let damage = match cache.past(digest).map_err(|error| chain(&error))? {
            Lookup::Hit(past) => contradiction(past),
            Lookup::Damaged(damage) => Some(damage),
            Lookup::Miss => Some("is not there".to_owned()),
        };
        damage.map_or(Ok(()), |damage| Err(format!("`{path}` {damage}")))
    })?;
    // The paths in messages are those in the bundle.
    let within = format!("{}/", directory.display());
    let project = load(directory, &Overrides::default())
        .map_err(|error| format!("it is no project: {}", chain(&error).replace(&within, "")))?;
    let data = project.datasets.files().map_err(|error| chain(&error))?;
    let data = data.iter().map(|file| path_of(directory, file).map_err(|error| error.to_string()));
    let data = data.collect::<Result<BTreeSet<_>, String>>()?;
    let foreign = |path: &&&BundlePath| !is_of(&project, &data, path);
    match paths.iter().find(foreign) {
        Some(path) => Err(format!("`{path}` is no file of a project")),
        None => Ok(()),
    }
}

/// Whether a bundle of a project may contain a file: what the project reads, records, reports, and documents that the
/// prose may show or link to. So a bundle puts no program and no settings of other programs into a directory.
fn is_of(project: &Project, data: &BTreeSet<BundlePath>, path: &BundlePath) -> bool {
    const DOCUMENTS: [&str; 8] = ["bib", "csv", "html", "json", "md", "pdf", "tex", "txt"];
    let text = path.as_str();
    let within = |folder: &str| text.split_once('/').is_some_and(|(first, _)| first == folder);
    let ending = text.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_document = DOCUMENTS.contains(&ending) && text.contains('/');
    let is_about = text == METADATA || LICENSES.iter().chain(&ABOUT).any(|name| *name == text);
    path.is_record()
        || is_about
        || is_document
        || template::is_image(text)
        || within(template::TEMPLATES)
        || within(WHOLE)
        || project.sources.contains_key(text)
        || data.contains(path)
}

/// The paths whose files here differ from those of the bundle.
fn differing<'p>(
    root: &Path,
    staging: &Path,
    files: &[&'p BundlePath],
    records: &[&'p BundlePath],
) -> Result<Vec<&'p str>, Error> {
    let (here, there) = (Cache::new(root), Cache::new(staging));
    let of_files = files.par_iter().map(|path| {
        let present = fs::read_if_there(&root.join(path.as_str())).map_err(Error::File)?;
        let Some(present) = present else { return Ok(None) };
        let own = fs::read(&staging.join(path.as_str())).map_err(Error::File)?;
        Ok((present != own).then_some(path.as_str()))
    });
    let of_records = records.par_iter().map(|path| {
        let Some(digest) = digest_of(path) else { return Ok(None) };
        let Lookup::Hit((bytes, _)) = there.past_bytes(digest).map_err(Error::File)? else {
            return Ok(None);
        };
        let compared = here.compare(digest, &bytes).map_err(Error::Unreadable)?;
        Ok((!matches!(compared, Stored::New | Stored::Same)).then_some(path.as_str()))
    });
    let all = of_files.chain(of_records).collect::<Result<Vec<_>, Error>>()?;
    Ok(all.into_iter().flatten().collect())
}
