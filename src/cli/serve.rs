//! `report serve`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::errors;
use super::preview::TrainingPreview;
use super::project_args::{ProjectArgs, notes};
use super::terminal::{Verbosity, alert, data, message, verbosity};
use crate::format::{chain, visible};
use crate::pipeline::{self, Error, Project};
use crate::plan::Plan;
use crate::serve::{Missing, Server, Setting, Terminal};
use crate::train::Device;

const AFTER_HELP: &str = "\
The page is loaded again when a file of the project changes: prose, images, experiments, data, or
records. If a file has a mistake, the last page stays, and the message of the mistake stands on it.
The server writes nothing. Missing runs are trained by `report build`, with the button of the page
or with `--build`. Only browsers on this machine can reach the server. Ctrl-C ends it.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ServeArgs {
    /// The project, or a directory whose folders are projects [default: this directory].
    #[arg(value_name = "DIR", conflicts_with = "project")]
    pub(super) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// The port of the page; 0 takes a free one [default: the first free one from 7400 to 7409].
    #[arg(long, value_name = "N")]
    pub(super) port: Option<u16>,
    /// Train missing runs without a click, as soon as there are some.
    #[arg(long)]
    pub(super) build: bool,
    /// Number of runs in parallel [default: as `report build`].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
}

pub(super) fn run(args: &ServeArgs) -> Result<(), Error> {
    let ServeArgs { project, directory, port, build, jobs } = args;
    let directory = directory.clone().unwrap_or_else(|| project.root());
    let server = Server::new(&directory, *port)?;
    let setting = Setting {
        overrides: project.overrides(),
        device: project.device.kind(),
        command: format!("report build{}", project.overriding()),
        options: project.options(),
    };
    let terminal: Arc<dyn Terminal> = Arc::new(Own { project: project.clone(), jobs: *jobs });
    data(&server.address())?;
    message("Ctrl-C ends the server");
    match server.run(setting, &terminal, *build)? {}
}

/// What the command line knows.
struct Own {
    project: ProjectArgs,
    jobs: Option<u16>,
}

impl Own {
    /// Why a build cannot train these runs without a question.
    fn refusal(&self, project: &Project, plan: &Plan, preview: &TrainingPreview) -> Option<String> {
        if pipeline::is_foreign(&project.root) && !project.commands().is_empty() {
            return Some(
                "This project came in a bundle, and nobody has agreed to run its programs: `report build` names \
                 them and asks."
                    .to_owned(),
            );
        }
        if let Some((_, changes)) = preview.of_new_versions() {
            return Some(format!(
                "`report` has changed ({changes}), so recorded runs would be trained again: `report build` asks first."
            ));
        }
        let device = self.project.device.check().map_err(Error::Device);
        let checked = device.and_then(|()| project.check_programs(plan, &preview.to_train));
        checked.err().map(|error| format!("A build cannot train them here: {}", chain(&error)))
    }
}

impl Terminal for Own {
    fn explained(&self, error: &Error) -> String {
        errors::text(error, false)
    }

    fn missing(&self, project: &Project, plan: &Plan) -> Missing {
        let absent = plan.absent(|_| true).into_iter().map(|(run, _)| run);
        let workers = self.project.workers(self.jobs, project.threads_of(absent));
        let preview = TrainingPreview::new(project, plan, |_| true, false, workers);
        let refusal = match preview.to_train.is_empty() {
            true => None,
            false => self.refusal(project, plan, &preview),
        };
        Missing {
            total: preview.total(),
            reasons: preview.lines().map(|line| visible(&line)).collect(),
            refusal,
            failed: preview.failed,
            to_train: preview.to_train,
        }
    }

    fn notes(&self, project: &Project) -> Vec<String> {
        let probe = project.without_probe().map(|name| {
            format!(
                "note: the probe of `{name}` has not run on this machine, so its runs look new; `report build` runs it first"
            )
        });
        notes(project).into_iter().chain(probe).collect()
    }

    fn build(&self, root: &Path) -> Vec<OsString> {
        let mut arguments = vec![OsString::from("build")];
        match verbosity() {
            Verbosity::Quiet => arguments.push("--quiet".into()),
            Verbosity::Normal => {}
            Verbosity::Verbose => arguments.push("--verbose".into()),
        }
        let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        if !root.as_os_str().is_empty() {
            option("--project", root.into());
        }
        if let Some(seeds) = self.project.seeds {
            option("--seeds", seeds.to_string().into());
        }
        if let Some(data) = &self.project.data {
            option("--data", data.into());
        }
        if self.project.device != Device::default() {
            option("--device", self.project.device.to_string().into());
        }
        if let Some(jobs) = self.jobs {
            option("--jobs", jobs.to_string().into());
        }
        arguments
    }

    fn say(&self, line: &str) {
        alert(line);
    }
}
