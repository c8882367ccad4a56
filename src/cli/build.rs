//! `report build`.

use std::sync::Arc;

use super::named::Named;
use super::progress::Progress;
use super::survey::Survey;
use super::terminal::{confirm, data, message, runs};
use super::{BuildArgs, MakeTrainer, interrupt, status};
use crate::cache::Cache;
use crate::execute::OnFailure;
use crate::pipeline::{self, Error, Keep, Project, Training};
use crate::plan::{Plan, PlannedRun, State};
use crate::provenance::{self, Stopwatch};
use crate::render::{Build, duration};

/// Most reasons that are told before a build starts; `report status` tells all.
const MOST_REASONS: usize = 12;

pub(super) fn run(args: &BuildArgs, trainer: MakeTrainer<'_>) -> Result<(), Error> {
    let project = args.project.load()?;
    project.check_names(&args.only)?;
    let device = args.project.device();
    let mut plan = pipeline::plan(&project, device.kind(), Keep::Records)?;
    let named = match &args.name {
        Some(name) => Some(Named::new(&project, name, &args.levels)?),
        None => None,
    };
    if let Some(named) = &named {
        named.runs(&plan)?;
    }
    let is_wanted = |run: &PlannedRun| {
        let experiment = &project.experiments[run.experiment].name;
        let is_named = named.as_ref().is_none_or(|named| named.means(run));
        is_named && (args.only.is_empty() || args.only.contains(experiment))
    };
    let workers = args.workers();
    let survey = Survey::of(&project, &mut plan, is_wanted, args.retry_failed, workers)?;
    let command = args.command();
    let options = args.options();
    let build = Build { command: &command, options: &options, workers };
    if args.dry_run {
        // What would keep a build from its report is told here as well.
        pipeline::render(&project, &plan, build, None)?;
        return status::print(&project, &plan, &survey, args.json);
    }
    let total = plan.runs.len();
    if args.frozen && !(survey.to_train.is_empty() && survey.failed == 0) {
        tell_reasons(&survey);
        return Err(Error::Stale(survey.to_train.len() + survey.failed));
    }

    let mut failure = None;
    if survey.to_train.is_empty() {
        message(&format!("{}, nothing to train", runs(total)));
    } else {
        device.check().map_err(Error::Device)?;
        pipeline::check_writable(&project, &args.out())?;
        // A fault in a template is better told before an hour of training than after it.
        pipeline::render(&project, &plan, build, None)?;
        message(&format!("{}; {}", runs(total), survey.total()));
        tell_reasons(&survey);
        confirm_new_versions(&survey, args.yes)?;
        pipeline::reserve(&project, &plan, &args.out())?;
        // Measured now, while the cores are idle.
        provenance::gemm_gflops();
        let stopwatch = Stopwatch::start();
        let progress = Progress::new(&project, survey.to_train.len(), workers);
        let claims = Arc::new(Cache::new(&project.root).claims());
        interrupt::prepare(&claims, progress.counter());
        let training = Training {
            trainer: &*trainer(device),
            claims: &claims,
            workers,
            on_failure: if args.fail_fast { OnFailure::Stop } else { OnFailure::KeepGoing },
            observer: &progress,
        };
        let result = pipeline::train(&project, &mut plan, &survey.to_train, &training);
        progress.finish();
        let is_recorded = |digest| plan.states.get(digest).is_some_and(State::is_fresh);
        let n_recorded = survey.to_train.iter().filter(|digest| is_recorded(digest)).count();
        let n_taken = progress.taken();
        let n_trained = n_recorded - n_taken;
        message(&format!("trained {} in {}", runs(n_trained), duration(stopwatch.elapsed())));
        if n_taken > 0 {
            message(&format!("{} trained by another build meanwhile", runs(n_taken)));
        }
        if let Some(speed) = progress.speed() {
            message(&speed);
        }
        failure = result.err();
    }
    // The report is written from the runs that there are; then a failure is told.
    // One that cannot be read is written anew.
    let before = pipeline::snapshot_in(&args.out()).ok().flatten();
    let report = pipeline::render(&project, &plan, build, before.as_ref())?;
    let written = report.write(&project, &args.out());
    if let Some(failure) = failure {
        return Err(failure);
    }
    for path in written? {
        data(&path.display().to_string())?;
    }
    let result = failed_before(&plan, is_wanted).and_then(|()| incomplete(&project, &plan));
    // The process ends here: giving back the memory of a hundred thousand records takes a while.
    std::mem::forget((plan, report));
    result
}

/// A report of which not every run is recorded as its experiment says is told apart from a whole one.
fn incomplete(project: &Project, plan: &Plan) -> Result<(), Error> {
    let counts = plan.counts(&project.experiments);
    let missing = counts.iter().map(|count| count.failed + count.stale).sum();
    let accepted = counts.iter().map(|count| count.accepted).sum();
    match (missing, accepted) {
        (0, 0) => Ok(()),
        _ => Err(Error::Incomplete { total: plan.runs.len(), missing, accepted }),
    }
}

fn tell_reasons(survey: &Survey) {
    for line in survey.lines().take(MOST_REASONS) {
        message(&format!("  {line}"));
    }
    let more = survey.groups.len().saturating_sub(MOST_REASONS);
    if more > 0 {
        message(&format!("  and {more} more reasons, which `report status` tells"));
    }
}

/// Runs that a new version of this program would train again are not trained without being asked
/// for: nothing that the user has written has changed.
fn confirm_new_versions(survey: &Survey, yes: bool) -> Result<(), Error> {
    let Some((n, changes)) = survey.of_new_versions() else { return Ok(()) };
    let message = format!(
        "this version of `report` computes otherwise than the one that recorded {}: {changes}",
        runs(n)
    );
    match yes || confirm(&format!("{message}. Train them again?")) {
        true => Ok(()),
        false => Err(Error::Unconfirmed { message }),
    }
}

/// Runs that failed before and were not tried again are a failure of this build too.
fn failed_before(plan: &Plan, is_wanted: impl Fn(&PlannedRun) -> bool) -> Result<(), Error> {
    let failed = plan.misses(is_wanted, true).into_iter();
    let mut errors = failed.filter_map(|run| match plan.state(run) {
        State::Failed(failure) => Some(failure.error.clone()),
        _ => None,
    });
    match errors.next() {
        None => Ok(()),
        Some(first) => Err(Error::FailedBefore { n: 1 + errors.count(), first }),
    }
}
