//! Trains runs on this machine.

use std::sync::Arc;
use std::time::Duration;

use super::args::BuildArgs;
use super::early_report::EarlyReports;
use super::interrupt;
use super::preview::TrainingPreview;
use super::progress::Progress;
use super::sharing::Sharing;
use super::target::Target;
use super::terminal::message;
use super::uploads::with_uploads;
use crate::cache::Cache;
use crate::execute::{Executor, Observer, OnFailure};
use crate::format::{count, duration, runs};
use crate::pipeline::{self, Error, Programs};
use crate::plan::Plan;
use crate::provenance::{self, Stopwatch};
use crate::train::MakeTrainer;

/// Trains the runs of `preview`, and adds their records to the plan. `took` is how long a page takes. Returns the failure
/// of runs.
pub(super) fn train(
    target: &Target<'_>,
    plan: &mut Plan,
    preview: &TrainingPreview,
    args: &BuildArgs,
    took: Duration,
    sharing: Option<&mut Sharing>,
    trainer: MakeTrainer<'_>,
) -> Option<Error> {
    let project = target.project;
    let device = args.project.device;
    let stopwatch = Stopwatch::start();
    let workers = preview.workers;
    let to_train = plan.runs.iter().filter(|run| preview.to_train.contains(&run.digest));
    let (threads, cores) = (project.threads_of(to_train), provenance::cores());
    if workers > 1 && workers * threads > cores {
        message(&format!(
            "note: {workers} programs at once may use {} threads on {}; without `-j`, builds run as many as there are cores for",
            workers * threads,
            count(cores, "core")
        ));
    }
    let progress = Progress::new(project, preview.to_train.len(), workers);
    let cache = Cache::new(&project.root);
    let leases = Arc::new(cache.leases());
    interrupt::prepare(&leases, progress.counter());
    let mut left = preview.to_train.clone();
    let to_train = plan.runs.iter().filter(|run| left.remove(&run.digest));
    let write = || target.write_early(device.kind());
    let early = EarlyReports::new(&progress, project.conditions(), to_train, took, &write);
    let observer: &dyn Observer = if args.shard.is_some() { &progress } else { &early };
    let result = with_uploads(project, sharing, observer, |observer| {
        let executor = Executor {
            trainer: &*trainer(device),
            cache: &cache,
            leases: &leases,
            workers,
            on_failure: if args.fail_fast { OnFailure::Stop } else { OnFailure::KeepGoing },
            may_start: &|_| true,
            programs: &Programs::of_project(project, true),
            keeps_models: args.save_models,
            observer,
            origin: &provenance::origin(&project.root),
        };
        pipeline::train(project, plan, &preview.to_train, &executor)
    });
    progress.finish();
    let is_recorded = |digest| plan.states.get(digest).is_some_and(|state| state.fresh().is_some());
    let n_recorded = preview.to_train.iter().filter(|digest| is_recorded(digest)).count();
    let n_taken = progress.taken();
    let n_trained = n_recorded - n_taken;
    message(&format!("trained {} in {}", runs(n_trained), duration(stopwatch.elapsed())));
    if n_taken > 0 {
        message(&format!("{} trained by another build meanwhile", runs(n_taken)));
    }
    if let Some(speed) = progress.speed() {
        message(&speed);
    }
    result.err()
}
