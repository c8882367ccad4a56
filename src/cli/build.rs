//! `report build`.

use std::time::Duration;

use super::args::BuildArgs;
use super::cluster_args::ExecutorKind;
use super::preview::TrainingPreview;
use super::selector::RunSelector;
use super::sharing::Sharing;
use super::slurm::Next;
use super::target::Target;
use super::terminal::{Verbosity, alert, confirm, message, verbosity};
use super::{local, sharing, slurm, status, trust};
use crate::context::{Build, without_effect_of_seeds};
use crate::diff::Snapshot;
use crate::experiment::Run;
use crate::format::{chain, runs};
use crate::pipeline::{self, Browser, Error, Keep, Project};
use crate::plan::{Cause, Plan};
use crate::provenance::Stopwatch;
use crate::train::MakeTrainer;

/// The largest number of reasons that a build prints before it starts. `report status` prints all.
const MOST_REASONS: usize = 12;

pub(super) fn run(args: &BuildArgs, trainer: MakeTrainer<'_>) -> Result<(), Error> {
    let (project, is_foreign) = load(args)?;
    project.check_names(&args.only)?;
    // Reports a missing browser before the training.
    let browser = if args.pdf { Some(Browser::find()?) } else { None };
    let device = args.project.device;
    let stopwatch = Stopwatch::start();
    let mut plan = pipeline::plan(&project, device.kind(), Keep::Extracts)?;
    let planned_in = stopwatch.elapsed();
    let selector = match &args.name {
        Some(name) => Some(RunSelector::new(&project, name, &args.levels)?),
        None => None,
    };
    if let Some(selector) = &selector {
        selector.runs(&plan)?;
    }
    let conditions = project.conditions();
    let is_wanted = |run: &Run| {
        let experiment = &conditions.experiment(run.condition).name;
        let is_selected = selector.as_ref().is_none_or(|selector| selector.selects(run));
        let is_in_shard = args.shard.is_none_or(|shard| shard.contains(run.digest));
        is_selected && is_in_shard && (args.only.is_empty() || args.only.contains(experiment))
    };
    let mut sharing = match args.dry_run {
        true => None,
        false => Sharing::begin(&project, &args.sharing, device.kind(), &mut plan, is_wanted)?,
    };
    let absent = plan.absent(is_wanted).into_iter().map(|(run, _)| run);
    let workers = args.workers(project.threads_of(absent));
    let mut preview = TrainingPreview::new(&project, &plan, is_wanted, args.retry_failed, workers);
    if args.save_models {
        preview.add_for_models(&plan, pipeline::without_models(&project, &plan, is_wanted));
    }
    let (command, options, out) = (args.command(), args.options(), args.out());
    let has_pdf = args.pdf || pipeline::has_printed_pdf(&out);
    let build = Build { command: &command, options: &options, has_pdf };
    pipeline::check_directory(&project, &out)?;
    if args.pdf {
        pipeline::check_pdf(&out)?;
    }
    // If the old snapshot cannot be read, the report has no list of changes.
    let before = pipeline::snapshot_in(&out).ok().flatten();
    if args.dry_run {
        return rehearse(&project, &plan, &preview, args, build, before.as_ref());
    }
    if args.frozen && !(preview.to_train.is_empty() && preview.failed == 0) {
        tell_reasons(&preview);
        return Err(Error::Stale(preview.to_train.len() + preview.failed));
    }

    if is_foreign && !preview.to_train.is_empty() {
        trust::ask(&project, args.yes)?;
        return run(args, trainer);
    }
    confirm_directory(&project, args)?;
    let target =
        Target { project: &project, build, out: &out, before: before.as_ref(), planned_in };
    let mut failure = None;
    if preview.to_train.is_empty() {
        let selected = plan.runs.iter().filter(|run| is_wanted(run)).count();
        message(&nothing_to_train(plan.runs.len(), selected, preview.failed));
        if args.executor == ExecutorKind::Slurm {
            slurm::tidy(&project, args)?;
        }
    } else {
        let took = prepare(&target, &plan, &preview, args)?;
        failure = match args.executor {
            ExecutorKind::Local => {
                local::train(&target, &mut plan, &preview, args, took, sharing.as_mut(), trainer)
            }
            ExecutorKind::Slurm => {
                match slurm::train(&project, &mut plan, &preview.to_train, args)? {
                    Next::Detached => return Ok(()),
                    Next::Report(failure) => failure,
                }
            }
        };
    }
    if let Some(sharing) = sharing {
        sharing.finish(&project, &plan);
    }
    if let Some(shard) = args.shard {
        message(&format!("no report of shard {shard}: `report merge` and `report build` write it"));
        return failure.map_or_else(|| some_failed(&plan, &preview, is_wanted), Err);
    }
    // The report is written even if a run has failed. The build returns the failure after that.
    let (report, failure_of_pdf) = target.with_pdf(&plan, browser)?;
    for warning in report.warnings() {
        alert(&format!("warning: {warning}"));
    }
    for name in without_effect_of_seeds(&plan, &project.experiments) {
        alert(&format!(
            "warning: all seeds of {name} gave the same numbers; does its program use the seed?"
        ));
    }
    if let (Some(_), Some(error)) = (&failure, &failure_of_pdf) {
        alert(&format!("error: {}", chain(error)));
    }
    target.write(&report, failure.or(failure_of_pdf))?;
    let result = some_failed(&plan, &preview, is_wanted).and_then(|()| incomplete(&project, &plan));
    // The process ends here: giving back the memory of a hundred thousand records takes a while.
    std::mem::forget((plan, report));
    result
}

/// Says what a build would do, and the mistakes that would stop it.
fn rehearse(
    project: &Project,
    plan: &Plan,
    preview: &TrainingPreview,
    args: &BuildArgs,
    build: Build<'_>,
    before: Option<&Snapshot>,
) -> Result<(), Error> {
    // A dry run reports the mistakes that would stop a build.
    pipeline::render(project, plan, build, before)?.check_links(project, &args.out())?;
    sharing::note(project, &args.sharing)?;
    if let Some(question) = foreign_files(project, args) {
        message(&format!("note: {question}; a build asks first, unless `--yes` is given"));
    }
    status::print(project, plan, preview, args.project.device, args.json)?;
    match args.executor {
        ExecutorKind::Slurm if !args.json => slurm::preview(project, plan, &preview.to_train, args),
        _ => Ok(()),
    }
}

/// The project, and whether it came in a bundle and nobody has agreed to run its programs. Its probes run, unless
/// nothing of the project may run.
fn load(args: &BuildArgs) -> Result<(Project, bool), Error> {
    args.check_executor()?;
    let is_foreign = pipeline::is_foreign(&args.project.root());
    let project = match args.dry_run || args.frozen || is_foreign {
        true => args.project.load()?,
        false => args.project.load_to_run()?,
    };
    Ok((project, is_foreign))
}

/// Checks everything that would stop a build after its training, and says what it trains. Returns how long a page takes.
///
/// # Errors
/// If the training cannot start.
fn prepare(
    target: &Target<'_>,
    plan: &Plan,
    preview: &TrainingPreview,
    args: &BuildArgs,
) -> Result<Duration, Error> {
    let Target { project, out, .. } = *target;
    if args.executor == ExecutorKind::Local {
        args.project.device.check().map_err(Error::Device)?;
        project.check_programs(plan, &preview.to_train)?;
    }
    pipeline::check_writable(project, args.shard.is_none().then_some(out))?;
    let stopwatch = Stopwatch::start();
    // Finds a mistake in a template before the training starts.
    target.render(plan)?;
    let took = target.planned_in + stopwatch.elapsed();
    let to_train = match args.executor {
        ExecutorKind::Local => preview.total(),
        ExecutorKind::Slurm => format!("{} to train on a cluster", runs(preview.to_train.len())),
    };
    message(&format!("{}; {to_train}", runs(plan.runs.len())));
    tell_reasons(preview);
    confirm_new_versions(preview, args.yes)?;
    if args.shard.is_none() {
        // An error is ignored here. `report.note` warns if the note cannot be written.
        let _ = pipeline::reserve(project, plan, out);
    }
    Ok(took)
}

/// Says why nothing is trained: each selected run has a record or failed before.
fn nothing_to_train(total: usize, selected: usize, failed: usize) -> String {
    let mut parts = Vec::new();
    if selected < total {
        parts.push(format!("{selected} selected"));
    }
    if failed > 0 {
        parts.push(format!("{} recorded", selected - failed));
        parts.push(format!("{failed} failed before"));
    }
    match parts.is_empty() {
        true => format!("{}, nothing to train", runs(total)),
        false => format!("{}, {}: nothing to train", runs(total), parts.join(", ")),
    }
}

/// Asks before a report is written into a directory that contains other files.
fn confirm_directory(project: &Project, args: &BuildArgs) -> Result<(), Error> {
    let Some(message) = foreign_files(project, args) else { return Ok(()) };
    match args.yes || confirm(&format!("{message}. Write the report there?")) {
        true => Ok(()),
        false => Err(Error::Request {
            message,
            hint: "`--yes` writes the report there and keeps the other files; `--out DIR` names \
                   another directory"
                .to_owned(),
        }),
    }
}

/// The statement that the directory of `--out` contains other files and no report. Returns `None`
/// if it contains a report or is empty.
fn foreign_files(project: &Project, args: &BuildArgs) -> Option<String> {
    let out = args.out.as_ref()?;
    let foreign = pipeline::foreign_files(project, out);
    let first = foreign.first()?;
    let more = match foreign.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    Some(format!(
        "`{}` contains other files and no report of this paper: `{first}`{more}",
        out.display()
    ))
}

/// Fails with status 4 if runs are missing or were accepted by hand.
fn incomplete(project: &Project, plan: &Plan) -> Result<(), Error> {
    let counts = plan.counts(&project.conditions());
    let missing = counts.iter().map(|count| count.failed + count.stale).sum();
    let accepted = counts.iter().map(|count| count.accepted).sum();
    match (missing, accepted) {
        (0, 0) => Ok(()),
        _ => Err(Error::Incomplete { total: plan.runs.len(), missing, accepted }),
    }
}

fn tell_reasons(preview: &TrainingPreview) {
    let most = if verbosity() == Verbosity::Verbose { usize::MAX } else { MOST_REASONS };
    for line in preview.lines().take(most) {
        message(&format!("  {line}"));
    }
    let more = preview.lines().count().saturating_sub(most);
    if more > 0 {
        message(&format!("  and {more} more reasons; `report status` prints all"));
    }
}

/// Asks before runs are trained again only because this version of `report` computes differently.
fn confirm_new_versions(preview: &TrainingPreview, yes: bool) -> Result<(), Error> {
    let Some((n, changes)) = preview.of_new_versions() else { return Ok(()) };
    let message = format!(
        "this version of `report` computes differently from the version that recorded {}: {changes}",
        runs(n)
    );
    match yes || confirm(&format!("{message}. Train them again?")) {
        true => Ok(()),
        false => Err(Error::Unconfirmed { message }),
    }
}

/// Fails if selected runs failed: on a cluster, or in an earlier build and were not tried again.
fn some_failed(
    plan: &Plan,
    preview: &TrainingPreview,
    is_wanted: impl Fn(&Run) -> bool,
) -> Result<(), Error> {
    let absent = plan.absent(is_wanted).into_iter();
    let failed: Vec<_> = absent
        .filter_map(|(run, absent)| match &absent.cause {
            Cause::Failed(failure) => Some((run.digest, &failure.error)),
            _ => None,
        })
        .collect();
    let Some((_, first)) = failed.first() else { return Ok(()) };
    let is_earlier = !failed.iter().any(|(run, _)| preview.to_train.contains(run));
    Err(Error::Failed { n: failed.len(), first: (*first).clone(), is_earlier })
}
