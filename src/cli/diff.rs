//! `report diff`: what changed between two reports.

use std::path::Path;

use super::args::DiffArgs;
use super::json;
use super::terminal::data;
use crate::diff::Changes;
use crate::export::markdown;
use crate::fs;
use crate::pipeline::{self, Error, Keep, Overrides, Project};

pub(super) fn run(args: &DiffArgs) -> Result<(), Error> {
    let device = args.project.device.kind();
    let of_project = |project: &Project| {
        let plan = pipeline::plan(project, device, Keep::Extracts)?;
        pipeline::snapshot(project, &plan)
    };
    let of = |path: &Path| match pipeline::snapshot_in(path)? {
        Some(snapshot) => Ok(snapshot),
        None if fs::is_directory(&path.join("experiments")) => {
            of_project(&pipeline::load(path, &Overrides::default())?)
        }
        None => Err(nothing_at(path)),
    };
    let before = of(&args.before)?;
    let after = match &args.after {
        Some(path) => of(path)?,
        None => of_project(&args.project.load()?)?,
    };
    let changes = Changes::between(&before, &after);
    if args.json {
        return json::print(json::diff(&changes));
    }
    if args.markdown {
        return markdown::changes(&changes, usize::MAX).lines().try_for_each(data);
    }
    tell(&changes)
}

fn nothing_at(path: &Path) -> Error {
    Error::Request {
        message: format!("there is no report in `{}`", path.display()),
        hint: format!(
            "give the directory of a report, in which `{}` is, or a project with `experiments/`",
            pipeline::SNAPSHOT
        ),
    }
}

fn tell(changes: &Changes) -> Result<(), Error> {
    if let Some((old, new)) = &changes.title {
        data(&format!("title: {old} → {new}"))?;
    }
    for change in &changes.cells {
        let noise = match change.beyond_noise {
            Some(true) => ", beyond seed noise",
            Some(false) => ", within seed noise",
            None => "",
        };
        data(&format!(
            "{}, {}: {} {} → {}{noise}",
            change.table, change.row, change.column, change.old, change.new
        ))?;
    }
    for (name, old, new) in &changes.claims {
        data(&format!("claim {name}: {old} → {new}"))?;
    }
    for row in &changes.added {
        data(&format!("added {row}"))?;
    }
    for row in &changes.removed {
        data(&format!("removed {row}"))?;
    }
    data(&changes.summary())
}
