//! `report build`.

use super::BuildArgs;
use super::progress::Progress;
use super::terminal::{data, message, runs};
use crate::pipeline::{self, Error};
use crate::provenance::{self, Stopwatch};
use crate::render::duration;
use crate::train::DfdxTrainer;

pub(super) fn run(args: &BuildArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    project.check_names(&args.only)?;
    let device = args.project.device();
    let mut planned = pipeline::plan(&project, device.kind())?;
    super::warn_of_unreadable(&planned);

    let is_wanted = |index: usize| {
        let name = &project.experiments[index].name;
        args.only.is_empty() || args.only.contains(name)
    };
    let missing = planned.plan.misses(is_wanted).len();
    let (total, workers) = (planned.plan.runs.len(), args.workers());
    let mut failure = None;
    if missing == 0 {
        let all_missing = planned.plan.misses(|_| true).len();
        message(&format!("{}, nothing to train", runs(total)));
        if all_missing > 0 {
            message(&format!("{} of other experiments missing", runs(all_missing)));
        }
    } else {
        device.check().map_err(Error::Device)?;
        pipeline::check_writable(&args.out())?;
        // A fault in a template is better told before an hour of training than after it.
        pipeline::render(&project, &planned.plan)?;
        message(&format!("{}, {missing} to train on {workers} workers", runs(total)));
        // Measured now, while the cores are idle.
        provenance::gemm_gflops();
        let stopwatch = Stopwatch::start();
        let progress = Progress::new(&project, missing, workers);
        let plan = &mut planned.plan;
        failure =
            pipeline::train(&project, plan, is_wanted, &DfdxTrainer { device }, workers, &progress)
                .err();
        progress.finish();
        let trained = missing - planned.plan.misses(is_wanted).len();
        message(&format!("trained {} in {}", runs(trained), duration(stopwatch.elapsed())));
        if let Some(speed) = progress.speed() {
            message(&speed);
        }
    }
    // The report is written from the runs that there are; then a failure is told.
    let report = pipeline::render(&project, &planned.plan)?;
    let written = report.write(&args.out());
    if let Some(failure) = failure {
        return Err(failure);
    }
    for path in written? {
        data(&path.display().to_string())?;
    }
    Ok(())
}
