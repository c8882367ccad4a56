//! `report merge`.

use super::args::MergeArgs;
use super::json;
use super::terminal::{alert, message};
use crate::format::{count, runs};
use crate::pipeline::{self, Error, Keep};

pub(super) fn run(args: &MergeArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let merged = pipeline::merge(&project, &args.directories)?;
    let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let missing = plan.absent(|_| true).len();
    if args.json {
        json::print(json::merge(&merged, missing))?;
    }
    for (path, why) in &merged.refused {
        alert(&format!("`{}` {why}; it was not copied", path.display()));
    }
    let new = count(merged.new.len(), "record");
    message(&format!("copied {new}; {} were here already", merged.same));
    if merged.failed > 0 {
        message(&format!(
            "{} failed there; `report build --retry-failed` trains them",
            runs(merged.failed)
        ));
    }
    message(&match missing {
        0 => format!(
            "none of {} is missing; `report build` writes the report",
            runs(plan.runs.len())
        ),
        n => format!("{n} of {} are missing; `report build` trains them", runs(plan.runs.len())),
    });
    match merged.refused.len() {
        0 => Ok(()),
        n => Err(Error::Unverified {
            message: format!("{} were not copied", count(n, "record")),
            hint: "the lines above say why; if two results of one run differ, `report verify` says which \
                   of them this machine computes",
        }),
    }
}
