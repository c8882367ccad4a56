//! The environment of a program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::experiment::Limits;
use crate::provenance;
use crate::run::ProgramConfig;

/// Variables that every program gets from the build.
const PASSED: [&str; 7] =
    ["PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH"];

/// Variables that set a number of threads.
const THREADS: [&str; 5] = [
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
];

/// The places where a build and a program tell each other something.
pub(super) struct Exchange {
    /// The file with the parameters.
    pub(super) told: PathBuf,
    /// The file for the results.
    pub(super) results: PathBuf,
    /// The directory for the artefacts.
    pub(super) artifacts: PathBuf,
}

/// All variables.
pub(super) fn of(
    config: &ProgramConfig,
    limits: &Limits,
    exchange: &Exchange,
) -> BTreeMap<String, String> {
    let threads = limits.threads.to_string();
    let threads = THREADS.iter().map(|name| ((*name).to_owned(), threads.clone()));
    let own = [
        ("REPORT_CONFIG", exchange.told.display().to_string()),
        ("REPORT_RESULT", exchange.results.display().to_string()),
        ("REPORT_ARTIFACTS", exchange.artifacts.display().to_string()),
        ("REPORT_SEED", config.seed.to_string()),
        // Python then gives the same bits twice, shows its output at once, and leaves no files beside the inputs.
        ("PYTHONHASHSEED", "0".to_owned()),
        ("PYTHONUNBUFFERED", "1".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    let mut all: BTreeMap<String, String> = threads.chain(own).collect();
    all.extend(shared(&config.program.environment, &limits.pass_environment));
    all
}

/// The variables that a program and its probe have in common: those that are passed, and those that are declared.
#[must_use]
pub fn shared(
    declared: &BTreeMap<String, String>,
    pass_environment: &[String],
) -> BTreeMap<String, String> {
    let passed = PASSED.iter().copied().chain(pass_environment.iter().map(String::as_str));
    let passed = passed.filter_map(|name| Some((name.to_owned(), provenance::variable(name)?)));
    let mut all: BTreeMap<String, String> = passed.collect();
    all.extend(declared.clone());
    all
}
