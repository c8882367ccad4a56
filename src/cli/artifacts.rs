//! `report artifacts`.

use std::path::PathBuf;

use clap::Args;

use super::project_args::ProjectArgs;
use super::selector::RunSelector;
use super::terminal::{columns, data, message};
use crate::format::count;
use crate::fs;
use crate::pipeline::{self, Artifact, Error, Keep};

#[derive(Debug, Args)]
pub(super) struct ArtifactsArgs {
    /// An experiment, a table or figure of the paper, or the beginning of a digest.
    name: String,
    /// Only runs with these levels or seeds: `factor=level`, `seed=N`.
    levels: Vec<String>,
    /// Copy the files into DIR: a folder for each run.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Lists the files that programs have left, or copies them.
pub(super) fn run(args: &ArtifactsArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let selector = RunSelector::new(&project, &args.name, &args.levels)?;
    let runs = selector.runs(&plan)?;
    let conditions = project.conditions();
    let mut rows = vec![["run", "file", "bytes", "place"].map(str::to_owned).to_vec()];
    let mut n = 0;
    for run in &runs {
        let name = conditions.run_name(run);
        for artifact in pipeline::artifacts(&project, [*run])? {
            n += 1;
            let Artifact { file, name: file_name, .. } = &artifact;
            let place = match &args.to {
                None => file.clone(),
                Some(to) => {
                    let place = to.join(folder(&name, &run.digest.short())).join(file_name);
                    artifact.copy(&place)?;
                    place
                }
            };
            let (bytes, place) = (fs::size(file).to_string(), place.display().to_string());
            rows.push(vec![name.clone(), file_name.clone(), bytes, place]);
        }
    }
    if n == 0 {
        return Err(Error::Request {
            message: format!("no run of `{}` has left a file", args.name),
            hint:
                "`artifacts` in `[program]` names the files that a program leaves; docs/programs.md"
                    .to_owned(),
        });
    }
    for line in columns(&rows) {
        data(&line)?;
    }
    if let Some(to) = &args.to {
        message(&format!("copied {} to `{}`", count(n, "file"), to.display()));
    }
    Ok(())
}

/// The name of the folder of a run: readable, and another one for each run.
fn folder(run: &str, digest: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let words: Vec<_> = run.split(|c| !is_plain(c)).filter(|word| !word.is_empty()).collect();
    format!("{}-{digest}", words.join("-"))
}
