//! A bundle → the files and records of a project.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::contents::{Source, contents};
use super::place::{digest_of, path_of};
use super::plain::plain_report;
use crate::bundle::{BundlePath, METADATA, Manifest, UnpackError, unpack};
use crate::cache::{Cache, Lookup, Stored};
use crate::digest::Digest;
use crate::experiment::Experiment;
use crate::format::{chain, count};
use crate::fs::{self, FileError};
use crate::pipeline::audit::contradiction;
use crate::pipeline::trust::NOTICE;
use crate::pipeline::{Error, Keep, Overrides, Project, WHOLE, load, plan};
use crate::run::DeviceKind;

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// Number of files that were written.
    pub new: usize,
    /// Number of files that were here already.
    pub same: usize,
    /// Number of records of the bundle.
    pub records: usize,
    /// The kind of device that its runs were trained on.
    pub device: DeviceKind,
    /// Number of runs of the project.
    pub runs: usize,
    /// Number of runs without a record.
    pub missing: usize,
    /// Number of runs whose result was accepted by hand.
    pub accepted: usize,
    /// The commands of its programs, which a build runs.
    pub commands: Vec<String>,
    /// Its inputs that can be run.
    executables: Vec<String>,
    /// Files of the report that differ from the report of the records, and were left out.
    pub left_out: Vec<String>,
}

/// Checks a bundle, and writes its files and records into the directory `root`. Replaces nothing. Writes nothing
/// unless the whole bundle is sound and each file is new or the same.
///
/// # Errors
/// If the bundle is refused, differs from what is there, or cannot be read or written.
pub fn import(root: &Path, bundle: &Path) -> Result<Imported, Error> {
    let is_new = !fs::is_there(root);
    let imported = import_into(root, bundle);
    if is_new && imported.is_err() {
        fs::remove_empty_directory(root);
    }
    imported
}

fn import_into(root: &Path, bundle: &Path) -> Result<Imported, Error> {
    // A bundle that cannot be opened leaves no directory.
    let (archive, size) = fs::open(bundle).map_err(|error| unreadable(&error))?;
    fs::create_directory(root).map_err(Error::File)?;
    fs::sweep(root);
    // Experiments are named by their place in the project, which a path with `..` would hide.
    let staging = fs::temporary_directory(&fs::physical(root)).map_err(Error::File)?;
    let manifest = unpacked(archive, size, bundle, staging.path())?;
    let (mut imported, wanted) =
        check(staging.path(), &manifest).map_err(|why| refused(bundle, &why))?;
    let (records, files): (Vec<_>, Vec<_>) = wanted.iter().partition(|path| path.is_record());
    if let Some(why) = obstacle(root, staging.path(), &files, &records)? {
        return Err(Error::Request {
            message: why,
            hint: "nothing was written; import the bundle into an empty directory".to_owned(),
        });
    }
    if !imported.commands.is_empty() {
        // Whatever the bundle says of itself, nobody has agreed to run its programs.
        let mark = Cache::new(root).foreign_mark();
        fs::write_atomic(&mark, NOTICE.as_bytes()).map_err(Error::File)?;
    }
    imported.new = write(root, staging.path(), &files, &records)?;
    make_executable(root, &imported.executables)?;
    imported.records = records.len();
    imported.same = wanted.len() - imported.new;
    Ok(imported)
}

fn unreadable(error: &FileError) -> Error {
    Error::Request {
        message: chain(error),
        hint: "name a file that `report bundle export` has written".to_owned(),
    }
}

/// Writes what is not there yet: the records first, so that a report is never there without them. Returns how many
/// files are new.
fn write(
    root: &Path,
    staging: &Path,
    files: &[&BundlePath],
    records: &[&BundlePath],
) -> Result<usize, Error> {
    let here = Cache::new(root);
    let folders = records
        .iter()
        .chain(files)
        .filter_map(|path| root.join(path.as_str()).parent().map(Path::to_owned));
    folders.collect::<BTreeSet<_>>().iter().for_each(|folder| fs::sweep(folder));
    let appeared = |path: &BundlePath| Error::Request {
        message: format!("`{}` has appeared during the import", root.join(path.as_str()).display()),
        hint: "let one command at a time write into this directory, and import again".to_owned(),
    };
    let read = |path: &BundlePath| fs::read(&staging.join(path.as_str())).map_err(Error::File);
    let of_records = records.par_iter().map(|path| {
        let digest = digest_of(path).ok_or_else(|| appeared(path))?;
        match here.publish(digest, &read(path)?).map_err(Error::File)? {
            Stored::New => Ok(1),
            Stored::Same => Ok(0),
            Stored::Different | Stored::Damaged(_) => Err(appeared(path)),
        }
    });
    let new: Vec<usize> = of_records.collect::<Result<_, Error>>()?;
    let of_files = files.iter().map(|path| {
        let bytes = read(path)?;
        match fs::publish(&root.join(path.as_str()), &bytes).map_err(Error::File)? {
            None => Ok(1),
            Some(present) if present == bytes => Ok(0),
            Some(_) => Err(appeared(path)),
        }
    });
    let more: Vec<usize> = of_files.collect::<Result<_, Error>>()?;
    Ok(new.iter().chain(&more).sum())
}

/// Unpacks the `archive` of `size` bytes of a bundle into an empty directory.
fn unpacked(
    archive: impl Read,
    size: u64,
    bundle: &Path,
    directory: &Path,
) -> Result<Manifest, Error> {
    let create = |path: &BundlePath| fs::create(&directory.join(path.as_str()));
    unpack(archive, size, create).map_err(|error| match error {
        UnpackError::Refused(why) => refused(bundle, &why),
        UnpackError::Read(source) => {
            unreadable(&FileError { action: "read", path: bundle.to_owned(), source })
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
        hint: "nothing was written; get the bundle again from its author".to_owned(),
    }
}

/// Checks that a directory with the files of `manifest` is a project with sound records, and contains nothing else.
/// Returns what to write. Otherwise, the error says why not.
fn check(
    directory: &Path,
    manifest: &Manifest,
) -> Result<(Imported, BTreeSet<BundlePath>), String> {
    let paths: BTreeSet<_> = manifest.files().map(|(path, _)| path.clone()).collect();
    check_records(directory, &paths)?;
    // The paths in messages are those in the bundle.
    let within = format!("{}/", directory.display());
    let no_project =
        |error: Error| format!("it is no project: {}", chain(&error).replace(&within, ""));
    let overrides = Overrides { is_confined: true, ..Overrides::default() };
    let project = load(directory, &overrides).map_err(no_project)?;
    // An experiment can extend a file anywhere.
    if let Some(foreign) =
        project.sources.keys().find(|path| !paths.iter().any(|own| own.as_str() == *path))
    {
        return Err(format!("it does not contain `{foreign}`, which an experiment extends"));
    }
    let records = paths.iter().filter(|path| path.is_record()).count();
    check_size(&project, records)?;
    let on = |device| plan(&project, device, Keep::Extracts).map_err(no_project);
    let (mut device, mut plan) = (DeviceKind::Cpu, on(DeviceKind::Cpu)?);
    if plan.records.is_empty() {
        let cuda = on(DeviceKind::Cuda)?;
        if !cuda.records.is_empty() {
            (device, plan) = (DeviceKind::Cuda, cuda);
        }
    }
    let own: BTreeSet<_> = plan.runs.iter().map(|run| run.digest).collect();
    // Another version may know the runs by other digests.
    let is_of_runs = |path| {
        plan.records.is_empty() || digest_of(path).is_some_and(|digest| own.contains(&digest))
    };

    let out = directory.join(WHOLE);
    let (report, _) = plain_report(&project, &plan).map_err(no_project)?;
    let expected = contents(&project, &report, &out).map_err(no_project)?;
    let artifacts = artifacts_of(&Cache::new(directory), &own);
    let (mut wanted, mut left_out) = (BTreeSet::new(), Vec::new());
    for (path, digest) in
        manifest.files().filter(|(path, _)| path.as_str() != METADATA && !path.is_mark())
    {
        let is_wanted = match expected.get(path) {
            Some(Source::Report(bytes)) => Digest::of_bytes(bytes) == digest,
            found => {
                let is_artifact = path.artifact().is_some_and(|own| {
                    own == digest && (plan.records.is_empty() || artifacts.contains(&own))
                });
                found.is_some() || is_artifact || (path.is_record() && is_of_runs(path))
            }
        };
        match is_wanted {
            true => {
                wanted.insert(path.clone());
            }
            // Another version may write another report, and somebody may have changed this one.
            false if path.as_str().starts_with("reports/") => left_out.push(path.to_string()),
            false => return Err(format!("`{path}` is not a file of this project")),
        }
    }
    let accepted = plan.accepted();
    let missing = plan.absent(|_| true).len();
    let runs = plan.runs.len();
    if let Some(lacking) =
        artifacts.iter().find(|one| !paths.contains(&BundlePath::of_artifact(**one)))
    {
        return Err(format!(
            "it lacks `{}`, which a program has left",
            BundlePath::of_artifact(*lacking)
        ));
    }
    let executables = executables(&project, directory)?;
    let commands = project.commands();
    let (new, same, records) = (0, 0, 0);
    let imported = Imported {
        new,
        same,
        records,
        device,
        runs,
        missing,
        accepted,
        commands,
        executables,
        left_out,
    };
    Ok((imported, wanted))
}

/// The inputs of programs that begin as scripts and programs do. An archive of a bundle has no permissions.
fn executables(project: &Project, directory: &Path) -> Result<Vec<String>, String> {
    let programs = project.experiments.iter().flat_map(Experiment::programs);
    let inputs: BTreeSet<&String> =
        programs.flat_map(|own| own.program.files.inputs.keys()).collect();
    let mut executables = Vec::new();
    for input in inputs {
        let bytes = fs::read(&directory.join(input)).map_err(|error| chain(&error))?;
        if bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF") {
            executables.push(input.clone());
        }
    }
    Ok(executables)
}

fn make_executable(root: &Path, paths: &[String]) -> Result<(), Error> {
    paths.iter().try_for_each(|path| fs::make_executable(&root.join(path)).map_err(Error::File))
}

/// The artefacts in the records of these runs.
fn artifacts_of(cache: &Cache, runs: &BTreeSet<Digest>) -> BTreeSet<Digest> {
    let of = |run: &Digest| Some(cache.past(*run).ok()?.hit()?.result.artifacts);
    runs.iter().filter_map(of).flat_map(BTreeMap::into_values).collect()
}

/// Refuses a project that has more runs than records can be for, before a plan of them takes all memory.
fn check_size(project: &Project, records: usize) -> Result<(), String> {
    let of = |one: &Experiment| one.conditions.len().saturating_mul(one.seeds.len());
    // Each experiment may have the same runs.
    let runs = project.experiments.iter().map(of).max().unwrap_or_default();
    match runs <= records {
        true => Ok(()),
        false => Err(format!("it has {} for {runs} runs", count(records, "record"))),
    }
}

/// Checks each record of a directory.
fn check_records(directory: &Path, paths: &BTreeSet<BundlePath>) -> Result<(), String> {
    let cache = Cache::new(directory);
    paths.par_iter().filter(|path| path.is_record()).try_for_each(|path| {
        let digest = digest_of(path)
            .ok_or_else(|| format!("`{path}` does not have the name of a record"))?;
        let damage = match cache.past(digest).map_err(|error| chain(&error))? {
            Lookup::Hit(past) => contradiction(past),
            Lookup::Damaged(damage) => Some(damage),
            Lookup::Miss => Some("is not there".to_owned()),
        };
        damage.map_or(Ok(()), |damage| Err(format!("`{path}` {damage}")))
    })
}

/// Why the files of a bundle cannot be written into `root`: one of them differs, something else is in its place, or
/// `root` has other experiments or templates.
fn obstacle(
    root: &Path,
    staging: &Path,
    files: &[&BundlePath],
    records: &[&BundlePath],
) -> Result<Option<String>, Error> {
    let shown = |path: &str| format!("`{}`", root.join(path).display());
    for path in files.iter().chain(records) {
        let folders = Path::new(path.as_str()).ancestors().skip(1);
        let mut folders = folders.filter(|folder| !folder.as_os_str().is_empty());
        if let Some(link) = folders.find(|folder| fs::is_link(&root.join(folder))) {
            return Ok(Some(format!("{} is a link", shown(&link.to_string_lossy()))));
        }
    }
    for folder in ["experiments", crate::template::TEMPLATES] {
        for file in files_within(&root.join(folder))? {
            let path = path_of(root, &file).ok();
            if !path.is_some_and(|path| files.contains(&&path)) {
                return Ok(Some(format!("`{}` is not in the bundle", file.display())));
            }
        }
    }
    let (here, there) = (Cache::new(root), Cache::new(staging));
    let of_files = files.par_iter().map(|path| {
        let target = root.join(path.as_str());
        if !fs::is_there(&target) {
            return Ok(None);
        }
        if !fs::is_file(&target) {
            return Ok(Some(format!("{} is no regular file", shown(path.as_str()))));
        }
        let present = fs::read(&target).map_err(Error::File)?;
        let own = fs::read(&staging.join(path.as_str())).map_err(Error::File)?;
        Ok((present != own)
            .then(|| format!("{} differs from the file in the bundle", shown(path.as_str()))))
    });
    let of_records = records.par_iter().map(|path| {
        let Some(digest) = digest_of(path) else { return Ok(None) };
        if !fs::is_there(&here.path(digest)) {
            return Ok(None);
        }
        let Lookup::Hit((bytes, _)) = there.past_bytes(digest).map_err(Error::File)? else {
            return Ok(None);
        };
        Ok(match here.compare(digest, &bytes).map_err(Error::Unreadable)? {
            Stored::New | Stored::Same => None,
            Stored::Different => Some(format!(
                "{} has another result than the record in the bundle",
                shown(path.as_str())
            )),
            Stored::Damaged(damage) => Some(format!("{} {damage}", shown(path.as_str()))),
        })
    });
    let all: Vec<Option<String>> = of_files.chain(of_records).collect::<Result<_, Error>>()?;
    Ok(all.into_iter().flatten().next())
}

/// The files in a directory and its folders, without hidden ones. None if it does not exist.
fn files_within(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop().filter(|folder| fs::is_directory(folder)) {
        let entries = fs::entries(&folder).map_err(Error::File)?;
        let (inner, found): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|path| fs::is_directory(path) && !fs::is_link(path));
        folders.extend(inner);
        files.extend(found);
    }
    Ok(files)
}
