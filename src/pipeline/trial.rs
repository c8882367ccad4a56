//! Runs a program twice, to say whether it needs more inputs than it declares, and whether it gives the same numbers.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::audit::Rerun;
use super::programs::Programs;
use super::{Error, Project};
use crate::cache::Cache;
use crate::execute::RunProgram as _;
use crate::experiment::{Agreement, Deviation, Run, deviations};
use crate::format::chain;
use crate::fs;
use crate::program::{ProgramError, Written};
use crate::provenance::Stopwatch;
use crate::run::{Program, ProgramConfig, RunConfig};

/// The most files of a project that are copied to find missing inputs, and the most bytes of them.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 2 << 30;

/// Larger files are not copied, but linked. Whether a program reads them is not known.
const LARGEST_COPY: u64 = 16 << 20;

/// Folders that no program reads its sources from.
const IGNORED: [&str; 4] = ["__pycache__", "node_modules", "reports", "target"];

/// The date that a file has which nobody has read, after 1970.
const UNREAD: Duration = Duration::from_secs(1_000_000_000);

/// What the executions of one run have shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// How long the first execution took.
    pub seconds: f64,
    /// What is said of the inputs and the numbers.
    pub verdict: Verdict,
    /// Files that the program read and that are no inputs.
    pub undeclared: Vec<String>,
    /// What the program's user should know of the first execution.
    pub warnings: Vec<String>,
}

/// What is said of a program.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Both executions gave numbers. Also names the largest difference of each metric.
    Compared(Agreement, Vec<Deviation>),
    /// It gives numbers only if it sees all files of the project. The text says how it failed with its inputs alone.
    NeedsMore(String),
    /// It gives other numbers if it sees all files of the project.
    Depends(Vec<Deviation>),
    /// It fails. The text says how.
    Fails(String),
}

/// Executes a run of a program in a directory with its inputs alone, and in a copy of the project. Records nothing.
///
/// # Errors
/// If files cannot be copied.
pub fn try_program(project: &Project, run: &Run) -> Result<Trial, Error> {
    let RunConfig::Program(config) = &*run.config else {
        return Err(Error::Request {
            message: "`check --run` is for programs, and this run trains a network".to_owned(),
            hint: "`report verify --sample 1` trains a network again".to_owned(),
        });
    };
    let alone = Programs::of_project(project, false);
    let stopwatch = Stopwatch::start();
    let first = alone.run(run, config, None);
    let seconds = stopwatch.elapsed().as_secs_f64();
    let cache = Cache::new(&project.root);
    fs::create_directory(&cache.scratch()).map_err(Error::File)?;
    let copy = fs::temporary_directory(&cache.scratch()).map_err(Error::File)?;
    let copied = copy_project(&project.root, copy.path())?;
    let open = ProgramConfig {
        program: Program { isolate: false, ..config.program.clone() },
        ..config.clone()
    };
    let second = Programs::of_copy(project, copy.path()).run(run, &open, None);
    let inputs = &config.program.inputs;
    let was_read = |path: &&String| {
        let read_at = fs::read_at(&copy.path().join(path));
        read_at.is_some_and(|at| u128::from(at) != UNREAD.as_nanos())
    };
    let undeclared = copied.iter().filter(|path| !inputs.contains_key(*path)).filter(was_read);
    let undeclared: Vec<_> = undeclared.cloned().collect();
    let warnings = first.as_ref().map_or_else(|_| Vec::new(), |first| first.warnings.clone());
    let verdict = match (first, second) {
        (Err(error), Ok(_)) => match alone.run(run, config, None) {
            Ok(_) => Verdict::Fails(format!(
                "the first time, {}; the next time, it gave numbers",
                chain(&error)
            )),
            Err(_) => Verdict::NeedsMore(chain(&error)),
        },
        (Err(error), Err(_)) => Verdict::Fails(chain(&error)),
        (Ok(first), second) => {
            let again = || alone.run(run, config, None);
            compare(project, run, &first, second.ok(), again)
        }
    };
    Ok(Trial { seconds, verdict, undeclared, warnings })
}

/// Compares an execution with one in a copy of the project, and with a third one if they differ.
fn compare(
    project: &Project,
    run: &Run,
    first: &Written,
    in_copy: Option<Written>,
    again: impl Fn() -> Result<Written, ProgramError>,
) -> Verdict {
    let conditions = project.conditions();
    let program = conditions.design(run.condition).program();
    let limits = &program.expect("a run of a program has its design").program.limits;
    let agreement = |second: &Written| Rerun::of_program(second, first, limits).agreement;
    if let Some(second) = &in_copy
        && agreement(second) == Agreement::Identical
    {
        return Verdict::Compared(Agreement::Identical, Vec::new());
    }
    match again() {
        Err(error) => Verdict::Fails(format!("the second time, {}", chain(&error))),
        Ok(third) => match (agreement(&third), in_copy) {
            (Agreement::Identical, Some(second)) => {
                Verdict::Depends(deviations(&second.curves, &first.curves))
            }
            (Agreement::Identical, None) => Verdict::Depends(Vec::new()),
            (differs, _) => Verdict::Compared(differs, deviations(&third.curves, &first.curves)),
        },
    }
}

/// Copies the files of a project, without hidden ones, reports, and those of other tools. Returns their paths. Links
/// lead to hidden entries such as environments.
fn copy_project(root: &Path, to: &Path) -> Result<BTreeSet<String>, Error> {
    let root = fs::physical(root);
    let mut copied = BTreeSet::new();
    let mut bytes = 0;
    let mut folders = vec![(root.clone(), String::new())];
    while let Some((folder, within)) = folders.pop() {
        for path in fs::all_entries(&folder).map_err(Error::File)? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let place =
                if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
            if fs::is_hidden(&path) {
                if within.is_empty() && ![".git", Cache::DIRECTORY].contains(&name) {
                    fs::link(&path, &to.join(&place)).map_err(Error::File)?;
                }
                continue;
            }
            if fs::is_directory(&path) {
                if !IGNORED.contains(&name) && !fs::is_link(&path) {
                    folders.push((path, place));
                }
                continue;
            }
            if !fs::is_file(&path) {
                continue;
            }
            let target = to.join(&place);
            bytes += fs::size(&path);
            if copied.len() == MOST_FILES || bytes > MOST_BYTES {
                return Err(Error::Request {
                    message: "the project has too many or too large files to try a program in a copy of it"
                        .to_owned(),
                    hint: "keep data and other projects in folders outside of it".to_owned(),
                });
            }
            if fs::size(&path) > LARGEST_COPY {
                fs::link_or_copy(&path, &target).map_err(Error::File)?;
                continue;
            }
            fs::copy(&path, &target).map_err(Error::File)?;
            // A program that reads it gives it another date, on most disks.
            let _ = fs::set_read_time(&target, UNREAD);
            copied.insert(place);
        }
    }
    Ok(copied)
}
