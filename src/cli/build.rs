//! `report build`.

use super::BuildArgs;
use super::progress::Progress;
use crate::pipeline::{self, Error};
use crate::provenance::Stopwatch;
use crate::render::duration;
use crate::train::DfdxTrainer;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "what a command is for")]
pub(super) fn run(args: &BuildArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    project.check_names(&args.only)?;
    let mut planned = pipeline::plan(&project)?;
    for (path, reason) in &planned.unreadable {
        eprintln!("warning: `{}` {reason}; its run counts as missing", path.display());
    }

    let stopwatch = Stopwatch::start();
    let wanted =
        |experiment: &str| args.only.is_empty() || args.only.iter().any(|n| n == experiment);
    let is_wanted = |index: usize| wanted(&project.experiments[index].name);
    let missing = planned.plan.misses(is_wanted).len();
    let (total, workers) = (planned.plan.runs.len(), args.workers());
    if missing == 0 {
        eprintln!("{total} runs, nothing to train");
    } else {
        eprintln!("{total} runs, {missing} to train on {workers} workers");
    }
    let progress = Progress::new(&project, missing, workers);
    let trained = pipeline::train(
        &project,
        &mut planned.plan,
        |experiment| wanted(&experiment.name),
        &DfdxTrainer,
        workers,
        &progress,
    );
    progress.finish();
    if missing > 0 {
        let trained = trained.as_ref().copied().unwrap_or_default();
        eprintln!("trained {trained} runs in {}", duration(stopwatch.elapsed()));
    }
    // The report is written from the runs that succeeded, then a failure is told.
    for path in pipeline::render(&project, &planned.plan, &args.out())? {
        println!("{}", path.display());
    }
    trained.map(|_| ())
}
