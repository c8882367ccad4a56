//! `report bundle`.

use std::path::PathBuf;

use super::args::load;
use super::bundle_args::{BundleCommand, ExportArgs, ImportArgs};
use super::json;
use super::terminal::{confirm, data, message};
use crate::context::Build;
use crate::format::{count, runs};
use crate::fs;
use crate::pipeline::{self, Error, Keep, Overrides, Project, Report, bundle};
use crate::plan::Plan;
use crate::provenance;
use crate::run::DeviceKind;

pub(super) fn run(command: &BundleCommand) -> Result<(), Error> {
    match command {
        BundleCommand::Export(args) => export(args),
        BundleCommand::Import(args) => import(args),
    }
}

fn export(args: &ExportArgs) -> Result<(), Error> {
    let root = args.project.clone().unwrap_or_default();
    let project = load(&root, &Overrides::default())?;
    let plan = pipeline::plan(&project, args.device.kind(), Keep::Extracts)?;
    match plan.absent(|_| true).len() {
        0 => {}
        n => {
            return Err(Error::Request {
                message: format!("{n} of {} have no record", runs(plan.runs.len())),
                hint: "`report build` trains them; `report status` says why they are missing"
                    .to_owned(),
            });
        }
    }
    confirm_replacement(args)?;
    let (report, out) = report(&project, &plan)?;
    for warning in report.warnings() {
        message(&format!("warning: {warning}"));
    }
    let exported = bundle::export(&project, &plan, &report, &out, &args.file)?;
    if !exported.has_license {
        message(
            "note: the project has no file `LICENSE`: without one, readers have no right to use it",
        );
    }
    message(&format!(
        "{} and {} in {:.1} MB, sha256 {}",
        count(exported.records, "record"),
        count(exported.files, "other file"),
        exported.bytes as f64 / 1e6,
        exported.digest
    ));
    match args.json {
        true => json::print(json::bundle_export(&args.file, &exported)),
        false => data(&args.file.display().to_string()),
    }
}

/// The report that `report build` would write in the directory of the project, and where. Writes nothing.
fn report(project: &Project, plan: &Plan) -> Result<(Report, PathBuf), Error> {
    let out = project.root.join(pipeline::WHOLE);
    let before = pipeline::snapshot_in(&out).ok().flatten();
    let has_pdf = pipeline::has_printed_pdf(&out);
    let (command, workers) = ("report build", provenance::cores());
    let render = |has_pdf| {
        let build = Build { command, options: "", workers, has_pdf };
        let report = pipeline::render(project, plan, build, before.as_ref())?;
        report.check_links(project, &out)?;
        Ok(report)
    };
    let mut report = render(has_pdf)?;
    if has_pdf && !report.add_pdf(project, &out, None)? {
        message(&format!(
            "note: `{}` shows another page than this bundle, which therefore has none; run `report build --pdf` \
             first, in the directory of the project",
            out.join(pipeline::PDF).display()
        ));
        report = render(false)?;
    }
    Ok((report, out))
}

/// Asks before an existing file is replaced.
fn confirm_replacement(args: &ExportArgs) -> Result<(), Error> {
    let shown = args.file.display();
    if !fs::is_there(&args.file) || args.yes || confirm(&format!("`{shown}` exists. Replace it?")) {
        return Ok(());
    }
    Err(Error::Request {
        message: format!("`{shown}` exists already"),
        hint: "`--yes` replaces it".to_owned(),
    })
}

fn import(args: &ImportArgs) -> Result<(), Error> {
    let root = args.project.clone().unwrap_or_default();
    let imported = bundle::import(&root, &args.file)?;
    let project = load(&root, &Overrides::default())?;
    let missing = |device| {
        let plan = pipeline::plan(&project, device, Keep::States)?;
        Ok((plan.absent(|_| true).len(), plan.runs.len()))
    };
    // The bundle does not say which device its runs were trained on.
    let (mut missing_runs, total) = missing(DeviceKind::Cpu)?;
    let mut option = "";
    if missing_runs == total && imported.records > 0 {
        let on_cuda = missing(DeviceKind::Cuda)?.0;
        if on_cuda < total {
            (missing_runs, option) = (on_cuda, " --device cuda");
        }
    }
    message(&format!(
        "imported {}, with {}; {} were here already",
        count(imported.new, "file"),
        count(imported.records, "record"),
        imported.same
    ));
    message(&match missing_runs {
        0 => {
            format!("none of {} is missing; `report build{option}` writes the report", runs(total))
        }
        n => format!("{n} of {} are missing; `report build{option}` trains them", runs(total)),
    });
    match args.json {
        true => json::print(json::bundle_import(&imported, missing_runs)),
        false => Ok(()),
    }
}
