//! Runs a program twice, to say whether it needs more inputs than it declares, and whether it gives the same numbers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::audit::Rerun;
use super::programs::Programs;
use super::{Error, Project};
use crate::cache::Cache;
use crate::execute::RunProgram as _;
use crate::experiment::{Agreement, Deviation, Run, deviations};
use crate::fs;
use crate::program::{LARGEST_COPY, ProgramError, Written};
use crate::provenance::{self, Stopwatch};
use crate::run::{Program, ProgramConfig, RunConfig};

/// The most files of a project that are copied to find missing inputs, and the most bytes that are copied.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 2 << 30;

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
    /// Files that the program read and that are no inputs. `None` if the project is too large for a copy.
    pub undeclared: Option<Vec<String>>,
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
    /// It gives the same numbers twice with its inputs alone, but fails in a copy of the project. The text says how.
    OnlyAlone(String),
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
    let scratch = fs::owned_directory(&cache.scratch(), provenance::host()).map_err(Error::File)?;
    let copy = scratch.0.path().join("copy");
    let copied = copy_project(&project.root, &copy, config)?;
    let open = ProgramConfig {
        program: Arc::new(Program { isolate: false, ..(*config.program).clone() }),
        ..config.clone()
    };
    let second = match copied {
        Some(_) => Programs::of_copy(project, &copy).run(run, &open, None),
        None => alone.run(run, config, None),
    };
    let inputs = &config.program.inputs;
    let was_read = |path: &&String| {
        let read_at = fs::read_at(&copy.join(path));
        read_at.is_some_and(|at| u128::from(at) != UNREAD.as_nanos())
    };
    let undeclared = copied.map(|copied| {
        let others = copied.iter().filter(|path| !inputs.contains_key(*path));
        others.filter(was_read).cloned().collect()
    });
    let warnings = first.as_ref().map_or_else(|_| Vec::new(), |first| first.warnings.clone());
    let verdict = match (first, second) {
        (Err(error), Ok(_)) => match alone.run(run, config, None) {
            Ok(_) => Verdict::Fails(format!(
                "the first time, {}; the next time, it gave numbers",
                error.short()
            )),
            Err(_) => Verdict::NeedsMore(error.short()),
        },
        (Err(error), Err(_)) => Verdict::Fails(error.short()),
        (Ok(first), second) => {
            let again = || alone.run(run, config, None);
            compare(project, run, &first, second, again)
        }
    };
    Ok(Trial { seconds, verdict, undeclared, warnings })
}

/// Compares an execution with one in a copy of the project, and with a third one if they differ.
fn compare(
    project: &Project,
    run: &Run,
    first: &Written,
    in_copy: Result<Written, ProgramError>,
    again: impl Fn() -> Result<Written, ProgramError>,
) -> Verdict {
    let conditions = project.conditions();
    let program = conditions.design(run.condition).program();
    let limits = &program.expect("a run of a program has its design").program.limits;
    let agreement = |second: &Written| Rerun::of_program(second, first, limits).agreement;
    if let Ok(second) = &in_copy
        && agreement(second) == Agreement::Identical
    {
        return Verdict::Compared(Agreement::Identical, Vec::new());
    }
    match again() {
        Err(error) => Verdict::Fails(format!("the second time, {}", error.short())),
        Ok(third) => match (agreement(&third), in_copy) {
            (Agreement::Identical, Ok(second)) => {
                Verdict::Depends(deviations(&second.curves, &first.curves))
            }
            (Agreement::Identical, Err(error)) => Verdict::OnlyAlone(error.short()),
            (differs, _) => Verdict::Compared(differs, deviations(&third.curves, &first.curves)),
        },
    }
}

/// Copies the files of a project, without hidden ones, reports, and those of other tools, but with the inputs of the
/// program. Returns their paths. Links lead to hidden entries such as environments. `None` if there are too many files.
fn copy_project(
    root: &Path,
    to: &Path,
    config: &ProgramConfig,
) -> Result<Option<BTreeSet<String>>, Error> {
    fs::create_directory(to).map_err(Error::File)?;
    let root = fs::physical(root);
    let mut paths: BTreeSet<String> = config.program.inputs.keys().cloned().collect();
    let mut bytes = 0;
    let mut folders = vec![(root.clone(), String::new())];
    while let Some((folder, within)) = folders.pop() {
        for path in fs::all_entries(&folder).map_err(Error::File)? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let place =
                if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
            let is_input = config.program.inputs.keys().any(|input| input.starts_with(&place));
            if fs::is_hidden(&path) && !is_input {
                if within.is_empty() && ![".git", Cache::DIRECTORY].contains(&name) {
                    fs::link(&path, &to.join(&place)).map_err(Error::File)?;
                }
            } else if fs::is_directory(&path) {
                if !IGNORED.contains(&name) && !fs::is_link(&path) {
                    folders.push((path, place));
                }
            } else if fs::is_file(&path) {
                let size = fs::size(&path);
                bytes += if size > LARGEST_COPY { 0 } else { size };
                paths.insert(place);
                if paths.len() > MOST_FILES || bytes > MOST_BYTES {
                    return Ok(None);
                }
            }
        }
    }
    for path in &paths {
        let (from, target) = (root.join(path), to.join(path));
        if fs::size(&from) > LARGEST_COPY {
            fs::link_or_copy(&fs::physical(&from), &target).map_err(Error::File)?;
            continue;
        }
        fs::copy(&from, &target).map_err(Error::File)?;
        // A program that reads it gives it another date, on most disks.
        let _ = fs::set_read_time(&target, UNREAD);
    }
    // Whether a program reads a linked file is not known.
    paths.retain(|path| fs::size(&root.join(path)) <= LARGEST_COPY);
    Ok(Some(paths))
}
