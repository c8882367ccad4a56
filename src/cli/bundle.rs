//! `report bundle`.

use super::bundle_args::{BundleCommand, ExportArgs, ImportArgs};
use super::json;
use super::project_args::load;
use super::terminal::{alert, confirm, data, message};
use crate::format::{count, runs};
use crate::fs;
use crate::pipeline::{self, Error, Keep, Overrides, bundle};
use crate::run::DeviceKind;

pub(super) fn run(command: &BundleCommand) -> Result<(), Error> {
    match command {
        BundleCommand::Export(args) => export(args),
        BundleCommand::Import(args) => import(args),
    }
}

fn export(args: &ExportArgs) -> Result<(), Error> {
    let root = args.place.root();
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
    let out = project.root.join(pipeline::WHOLE);
    let (report, has_other_pdf) = bundle::plain_report(&project, &plan)?;
    if has_other_pdf {
        message(&format!(
            "note: `{}` was printed from another page, so the bundle has no PDF file; run `report build --pdf` first, in the \
             directory of the project",
            out.join(pipeline::PDF).display()
        ));
    }
    for warning in report.warnings() {
        alert(&format!("warning: {warning}"));
    }
    if plan.accepted() > 0 {
        message(&accepted(plan.accepted(), plan.runs.len()));
    }
    let exported = bundle::export(&project, &plan, &report, &out, &args.file)?;
    if !exported.has_license {
        message(
            "note: the project has no file `LICENSE`: without one, readers have no right to use it",
        );
    }
    message(&format!(
        "{} and {} in {}, sha256 {}",
        count(exported.records, "record"),
        count(exported.files, "other file"),
        size(exported.bytes),
        exported.digest
    ));
    match args.json {
        true => json::print(json::bundle_export(&args.file, &exported)),
        false => data(&args.file.display().to_string()),
    }
}

/// `1.5 MB`, `14 kB`.
fn size(bytes: u64) -> String {
    match bytes {
        1_000_000.. => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{} kB", bytes.div_ceil(1000)),
    }
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

fn accepted(n: usize, total: usize) -> String {
    format!(
        "note: {n} of {} were accepted by hand, and not trained; the report marks them",
        runs(total)
    )
}

fn import(args: &ImportArgs) -> Result<(), Error> {
    let root = args.project.clone().unwrap_or_default();
    let imported = bundle::import(&root, &args.file)?;
    message(&format!(
        "wrote {} ({} were here already); the bundle has {}",
        count(imported.new, "file"),
        imported.same,
        count(imported.records, "record")
    ));
    if let Some(first) = imported.left_out.first() {
        alert(&format!(
            "warning: {} of the report in the bundle, such as `{first}`, left out: not what this version of `report` \
             writes from the records",
            count(imported.left_out.len(), "file"),
        ));
    }
    if imported.accepted > 0 {
        message(&accepted(imported.accepted, imported.runs));
    }
    if !imported.commands.is_empty() {
        message(
            "the project has programs of its author; before a build runs them, it names them and asks",
        );
    }
    let option = match imported.device {
        DeviceKind::Cpu => "",
        DeviceKind::Cuda => " --device cuda",
    };
    message(&match imported.missing {
        0 => format!(
            "all {} have a record; `report build{option}` writes the report",
            runs(imported.runs)
        ),
        n => format!(
            "{n} of {} have no record; `report build{option}` trains them",
            runs(imported.runs)
        ),
    });
    match args.json {
        true => json::print(json::bundle_import(&imported)),
        false => Ok(()),
    }
}
