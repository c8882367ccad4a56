//! A project with its records and its report → a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::place::{ABOUT, path_of, record_path};
use crate::bundle::{
    BundlePath, Description, LICENSES, METADATA, Manifest, PackError, Trained, pack,
};
use crate::cache::Cache;
use crate::digest::{Digest, Hasher};
use crate::fs::{self, FileError};
use crate::pipeline::{Error, Project, Report};
use crate::plan::Plan;
use crate::template;

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
    let mut files = plain_files(project, report, out)?;
    let paths: Vec<_> = files.keys().cloned().collect();
    let has_license = paths.iter().any(|path| LICENSES.contains(&path.as_str()));
    let description = Description {
        about: &report.about,
        files: &paths,
        trained: &trained(plan),
        version: env!("CARGO_PKG_VERSION"),
    };
    let metadata = BundlePath::new(METADATA).expect("a plain name");
    files.insert(metadata, Source::Bytes(description.text().into_bytes()));
    let cache = Cache::new(&project.root);
    let runs: BTreeSet<_> = plan.runs.iter().map(|run| run.digest).collect();
    let records =
        runs.iter().map(|digest| (record_path(*digest), Source::File(cache.path(*digest))));
    files.extend(records);
    let read = |path: &BundlePath| match &files[path] {
        Source::File(file) => fs::read(file),
        Source::Bytes(bytes) => Ok(bytes.clone()),
    };
    let all: Vec<_> = files.keys().cloned().collect();
    let digests = all.into_par_iter().map(|path| {
        let digest = read(&path).map(|bytes| Digest::of_bytes(&bytes));
        digest.map(|digest| (path, digest)).map_err(Error::Input)
    });
    let manifest = Manifest::new(digests.collect::<Result<Vec<_>, Error>>()?);
    let manifest = manifest.map_err(|why| Error::Request {
        message: format!("the project cannot be in one bundle: {why}"),
        hint: "rename one of these files".to_owned(),
    })?;

    fs::sweep(bundle.parent().unwrap_or(Path::new(".")));
    let written = fs::write_filled(bundle, |file| {
        let measured = Measured { inner: file, hasher: Hasher::default(), bytes: 0 };
        pack(&manifest, measured, read).map(|archive| (archive.hasher.finish(), archive.bytes))
    });
    let (digest, bytes) = written.map_err(Error::File)?.map_err(|error| match error {
        PackError::Content(error) => Error::Input(error),
        PackError::Write(source) => {
            Error::File(FileError { action: "write", path: bundle.to_owned(), source })
        }
        PackError::Changed(_) => Error::Request {
            message: error.to_string(),
            hint: "run the same command again while nothing changes the project".to_owned(),
        },
    })?;
    Ok(Exported { digest, bytes, records: runs.len(), files: paths.len(), has_license })
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

/// The files of a project that are no records, by their paths in a bundle.
fn plain_files(
    project: &Project,
    report: &Report,
    out: &Path,
) -> Result<BTreeMap<BundlePath, Source>, Error> {
    let root = &project.root;
    let mut files: Vec<PathBuf> = project.sources.keys().map(|path| root.join(path)).collect();
    files.extend(files_within(&root.join(template::TEMPLATES))?);
    files.extend(project.datasets.files()?);
    for file in report.files_of_prose(project, out) {
        if fs::is_directory(&file) {
            return Err(Error::Request {
                message: format!(
                    "the prose links to the directory `{}`, which a bundle does not contain",
                    file.display()
                ),
                hint: "link to a file in it".to_owned(),
            });
        }
        files.push(file);
    }
    let about = LICENSES.iter().chain(&ABOUT).map(|name| root.join(name));
    files.extend(about.filter(|path| fs::is_file(path)));
    let files = files.into_iter().map(|file| Ok((path_of(root, &file)?, Source::File(file))));
    // The report is not read from its directory, where it could be older than the records and the prose.
    let report = report.contents(out)?.into_iter();
    let report =
        report.map(|(path, bytes)| Ok((path_of(root, &out.join(path))?, Source::Bytes(bytes))));
    files.chain(report).collect()
}

/// Where the content of a file in a bundle comes from.
enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// The files in a directory and its folders, without hidden ones.
fn files_within(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::entries(&folder).map_err(Error::Input)?;
        let (inner, found): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|path| fs::is_directory(path));
        folders.extend(inner);
        files.extend(found);
    }
    Ok(files)
}
