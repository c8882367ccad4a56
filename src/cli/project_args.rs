//! The arguments that choose a project.

use std::path::{Path, PathBuf};

use clap::Args;

use super::terminal::message;
use crate::context::{LeftOut, left_out};
use crate::format::shell_quoted;
use crate::fs;
use crate::pipeline::{self, Error, Overrides};
use crate::provenance;
use crate::run::DeviceKind;
use crate::train::Device;

/// The argument that names a project.
#[derive(Clone, Debug, Args)]
pub(super) struct PlaceArgs {
    /// The project: the directory with `experiments/` [default: this directory, or the nearest one above it that has
    /// `experiments/`]. Its records are in `DIR/.report/`.
    #[arg(long, short = 'C', value_name = "DIR")]
    pub(super) project: Option<PathBuf>,
}

impl PlaceArgs {
    /// The directory of the project.
    pub(super) fn root(&self) -> PathBuf {
        root_of(self.project.as_ref())
    }
}

/// The directory of the project that an argument names. Without one, the nearest project.
pub(super) fn root_of(project: Option<&PathBuf>) -> PathBuf {
    let nearest = || fs::directory_above("experiments").unwrap_or_default();
    project.cloned().unwrap_or_else(nearest)
}

#[derive(Clone, Debug, Args)]
pub(super) struct ProjectArgs {
    #[command(flatten)]
    pub(super) place: PlaceArgs,
    /// Use the first N seeds of each experiment. If its file lists fewer, the next numbers follow.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(super) seeds: Option<u64>,
    /// Use the four standard MNIST files in DIR as the data of all experiments.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Compute on `cpu`, `cuda` or `cuda:N`. Each kind of device has its own records [default: cpu].
    #[arg(long, value_name = "DEVICE", default_value_t, hide_default_value = true)]
    pub(super) device: Device,
}

impl ProjectArgs {
    pub(super) fn root(&self) -> PathBuf {
        self.place.root()
    }

    pub(super) fn overrides(&self) -> Overrides {
        Overrides { seeds: self.seeds, data: self.data.clone(), ..Overrides::default() }
    }

    /// The options that change the experiments, each after a space.
    pub(super) fn overriding(&self) -> String {
        let seeds = self.seeds.map(|count| format!(" --seeds {count}"));
        seeds.into_iter().chain(path_option("data", self.data.as_deref())).collect()
    }

    /// The number of runs that a build trains at once, if each run has this many threads. `jobs` is what the user says.
    pub(super) fn workers(&self, jobs: Option<u16>, threads: usize) -> usize {
        let by_default = match self.device.kind() {
            DeviceKind::Cpu => (provenance::cores() / threads).max(1),
            // More than one run at a time makes all of them slower: docs/performance.md has the times.
            DeviceKind::Cuda => 1,
        };
        jobs.map_or(by_default, usize::from)
    }

    /// These arguments for another command, each after a space.
    pub(super) fn options(&self) -> String {
        let device =
            (self.device != Device::default()).then(|| format!(" --device {}", self.device));
        let project = path_option("project", self.place.project.as_deref());
        project.into_iter().chain([self.overriding()]).chain(device).collect()
    }

    /// The project, for a command that may run its programs.
    pub(super) fn load_to_run(&self) -> Result<pipeline::Project, Error> {
        load(&self.root(), &Overrides { runs_probes: true, ..self.overrides() })
    }

    pub(super) fn load(&self) -> Result<pipeline::Project, Error> {
        load(&self.root(), &self.overrides())
    }
}

/// An option with a path, after a space.
pub(super) fn path_option(name: &str, path: Option<&Path>) -> Option<String> {
    Some(format!(" --{name} {}", shell_quoted(&path?.to_string_lossy())))
}

/// Loads the project at `root`, and names files that have no part in it.
pub(super) fn load(root: &Path, overrides: &Overrides) -> Result<pipeline::Project, Error> {
    let project = pipeline::load(root, overrides)?;
    for note in notes(&project) {
        message(&note);
    }
    Ok(project)
}

/// Notes about files in `experiments/` that are not read or not used, and about rows of tables that are left out.
pub(super) fn notes(project: &pipeline::Project) -> Vec<String> {
    const MOST: usize = 5;
    let of_files = [
        (
            &project.skipped,
            "not read; the name of an experiment file ends in `.toml` and does not start with a dot",
        ),
        (&project.unused, "no experiment extends it"),
    ]
    .into_iter()
    .filter_map(|(files, why)| {
        let shown = files.iter().take(MOST).map(|path| format!("`{}`", path.display()));
        let names = shown.collect::<Vec<_>>().join(", ");
        match files.len() {
            0 => None,
            n if n > MOST => Some(format!("note: {names} and {} more: {why}", n - MOST)),
            _ => Some(format!("note: {names}: {why}")),
        }
    });
    let of_rows = left_out(&project.experiments).into_iter().map(|LeftOut { file, dropped, rows }| {
        format!(
            "note: {dropped} of {rows} rows of `{file}` are left out, because a value that is used is missing"
        )
    });
    of_files.chain(of_rows).collect()
}
