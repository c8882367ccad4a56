//! A project with its records and its report → a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use rayon::prelude::*;

use super::contents::{Source, contents};
use super::place::{path_of, record_path};
use crate::bundle::{
    BundlePath, Description, LICENSES, METADATA, Manifest, PackError, Trained, most_unpacked, pack,
};
use crate::cache::Cache;
use crate::digest::{Digest, Hasher};
use crate::fs::{self, FileError};
use crate::pipeline::{Error, Project, Report, artifacts};
use crate::plan::Plan;

/// A bundle that was written.
#[derive(Debug)]
pub struct Exported {
    /// The digest of the archive.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// Number of records.
    pub records: usize,
    /// Number of files other than records.
    pub files: usize,
    /// Whether the project has a file with a license.
    pub has_license: bool,
}

/// Writes a bundle of the project, of the records in `plan`, and of `report` as it would be in `out`.
///
/// # Errors
/// If a file is outside the project, has changed, or cannot be read or written.
pub fn export(
    project: &Project,
    plan: &Plan,
    report: &Report,
    out: &Path,
    bundle: &Path,
) -> Result<Exported, Error> {
    let mut files = contents(project, report, out)?;
    check_place(project, &files, bundle)?;
    let paths: Vec<_> = files.keys().cloned().collect();
    let has_license = paths.iter().any(|path| LICENSES.contains(&path.as_str()));
    let description = Description {
        about: &report.about,
        files: &paths,
        trained: &trained(plan),
        version: env!("CARGO_PKG_VERSION"),
    };
    let metadata = BundlePath::new(METADATA).expect("a plain name");
    files.insert(metadata, Source::Report(description.text().into_bytes()));
    let cache = Cache::new(&project.root);
    let runs: BTreeSet<_> = plan.runs.iter().map(|run| run.digest).collect();
    let records =
        runs.iter().map(|digest| (record_path(*digest), Source::File(cache.path(*digest))));
    files.extend(records);
    let artifacts = artifacts(project, &plan.runs)?.into_iter();
    files
        .extend(artifacts.map(|one| (BundlePath::of_artifact(one.digest), Source::File(one.file))));
    let read = |path: &BundlePath| match &files[path] {
        Source::File(file) => fs::read(file),
        Source::Report(bytes) => Ok(bytes.clone()),
    };
    let all: Vec<_> = files.keys().cloned().collect();
    let digests = all.into_par_iter().map(|path| {
        let bytes = read(&path).map_err(Error::Input)?;
        Ok((path, Digest::of_bytes(&bytes), bytes.len() as u64))
    });
    let digests = digests.collect::<Result<Vec<_>, Error>>()?;
    let is_other = |(path, digest, _): &&(BundlePath, Digest, u64)| {
        path.artifact().is_some_and(|own| own != *digest)
    };
    if let Some((path, ..)) = digests.iter().find(is_other) {
        return Err(Error::Request {
            message: format!("`{path}` is damaged: it has another digest than its name"),
            hint: "`report verify` names its record; remove both, and build again".to_owned(),
        });
    }
    let unpacked: u64 = digests.iter().map(|(_, _, size)| size).sum();
    let manifest = Manifest::new(digests.into_iter().map(|(path, digest, _)| (path, digest)));
    let manifest = manifest.map_err(|why| Error::Request {
        message: format!("the project cannot be in one bundle: {why}"),
        hint: "rename one of these files".to_owned(),
    })?;

    fs::physical(bundle).parent().into_iter().for_each(fs::sweep);
    let written = fs::write_filled(bundle, |file| {
        let measured = Measured { inner: file, hasher: Hasher::default(), bytes: 0 };
        let measured = pack(&manifest, measured, read).map_err(|error| unwritten(error, bundle))?;
        match unpacked <= most_unpacked(measured.bytes) {
            true => Ok((measured.hasher.finish(), measured.bytes)),
            false => Err(Error::Request {
                message:
                    "the files of the project compress more than 200 times, and an import refuses such a bundle"
                        .to_owned(),
                hint:
                    "remove large files with repeated bytes from what the prose shows or links to, from the inputs of programs, \
                     and from their artefacts"
                        .to_owned(),
            }),
        }
    });
    let (digest, bytes) = written.map_err(Error::File)??;
    Ok(Exported { digest, bytes, records: runs.len(), files: paths.len(), has_license })
}

fn unwritten(error: PackError<FileError>, bundle: &Path) -> Error {
    match error {
        PackError::Content(error) => Error::Input(error),
        PackError::Write(source) => {
            Error::File(FileError { action: "write", path: bundle.to_owned(), source })
        }
        PackError::Changed(_) => Error::Request {
            message: error.to_string(),
            hint: "run the same command again while nothing changes the project".to_owned(),
        },
    }
}

/// Refuses a place of the bundle where it would replace something else.
fn check_place(
    project: &Project,
    files: &BTreeMap<BundlePath, Source>,
    bundle: &Path,
) -> Result<(), Error> {
    let own = ["experiments/", "reports/", "templates/", ".report/"];
    let is_own = |path: &BundlePath| {
        files.contains_key(path) || own.iter().any(|folder| path.as_str().starts_with(folder))
    };
    let shown = bundle.display();
    let refused = |message: String| {
        Err(Error::Request { message, hint: "name a new file, such as `paper.tar.zst`".to_owned() })
    };
    // `path_of` refuses hidden paths, so `.report/` needs a check of its own.
    let is_hidden =
        fs::physical(bundle).starts_with(fs::physical(&project.root.join(Cache::DIRECTORY)));
    // The project may be named through a link.
    let places = [
        path_of(&project.root, bundle),
        path_of(&fs::physical(&project.root), &fs::physical(bundle)),
    ];
    if is_hidden || places.into_iter().flatten().any(|path| is_own(&path)) {
        return refused(format!("`{shown}` belongs to the project"));
    }
    match fs::is_there(bundle) && !fs::is_plain_file(bundle) {
        true => refused(format!("`{shown}` is no regular file")),
        false => Ok(()),
    }
}

/// A stream whose bytes are counted and digested.
struct Measured<W> {
    inner: W,
    hasher: Hasher,
    bytes: u64,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// The runs of a plan, by the version of the program that trained them.
fn trained(plan: &Plan) -> BTreeMap<String, Trained> {
    let mut all: BTreeMap<String, Trained> = BTreeMap::new();
    for record in plan.records.values() {
        let ended_at = record.started_at.saturating_add(record.seconds.ceil() as u64);
        let own = Trained { started_at: record.started_at, ended_at, runs: 0 };
        let of_version = all.entry(record.source.version.clone()).or_insert(own);
        of_version.started_at = of_version.started_at.min(record.started_at);
        of_version.ended_at = of_version.ended_at.max(ended_at);
        of_version.runs += 1;
    }
    all
}
