//! `report verify`.

use super::json;
use super::terminal::{data, message, runs};
use super::{MakeTrainer, VerifyArgs};
use crate::pipeline::{self, Error, Keep};
use crate::plan::{PlannedRun, State};
use crate::provenance;
use crate::random::Stream;

pub(super) fn run(args: &VerifyArgs, trainer: MakeTrainer<'_>) -> Result<(), Error> {
    let project = args.project.load()?;
    let checks = pipeline::check_all(&project)?;
    let damaged: Vec<_> = checks.iter().filter(|check| check.damage.is_some()).collect();
    let unsummed =
        checks.iter().filter(|check| check.damage.is_none() && !check.has_checksum).count();
    for check in &damaged {
        let damage = check.damage.as_deref().unwrap_or_default();
        let to = pipeline::quarantine(&project, check.digest)?;
        message(&format!("record {} {damage}; moved to `{}`", check.digest, to.display()));
    }

    let device = args.project.device();
    let plan = pipeline::plan(&project, device.kind(), Keep::Records)?;
    // What was accepted was not trained as its configuration says.
    let is_trained =
        |run: &&PlannedRun| matches!(plan.state(run), State::Fresh { accepted: false, .. });
    let mut candidates: Vec<_> = plan.runs.iter().filter(is_trained).collect();
    candidates.sort_by_key(|run| run.digest);
    candidates.dedup_by_key(|run| run.digest);
    let total = candidates.len();
    let n = if args.all { total } else { args.sample.unwrap_or(0).min(total) };
    let chosen = draw(candidates, n);
    let mut same = Vec::new();
    if n > 0 {
        device.check().map_err(Error::Device)?;
        message(&format!("training {} again", runs(n)));
        let tell = |run: &PlannedRun, is_same: bool| {
            let answer = if is_same { "identical" } else { "DIFFERENT" };
            message(&format!("  {} {}: {answer}", run.digest.short(), project.name_of(run)));
        };
        let workers = args.jobs.map_or_else(provenance::cores, usize::from);
        same = pipeline::rerun(&project, &plan, &chosen, &*trainer(device), workers, tell)?;
    }
    let n_same = same.iter().filter(|same| **same).count();
    if args.json {
        let rerun: Vec<_> = chosen.iter().map(|run| run.digest).zip(same).collect();
        json::print(&json::Verify::new(&checks, &rerun))?;
    } else {
        let sound = checks.len() - damaged.len();
        let unsummed = match unsummed {
            0 => String::new(),
            n => format!(" ({n} of an older version, without checksum)"),
        };
        data(&format!("{sound} of {} records sound{unsummed}", checks.len()))?;
        if n > 0 {
            data(&format!("{n_same} of {n} reruns identical, of {} that could be", runs(total)))?;
        }
    }
    match (damaged.len(), n - n_same) {
        (0, 0) => Ok(()),
        (damaged, different) => Err(Error::Unverified(format!(
            "{damaged} of {} records damaged, {different} of {n} reruns different",
            checks.len()
        ))),
    }
}

/// `n` of the runs, others at each call.
fn draw(mut runs: Vec<&PlannedRun>, n: usize) -> Vec<&PlannedRun> {
    let mut stream = Stream::new(provenance::now(), "verify");
    let len = runs.len();
    for index in 0..n {
        let left = u32::try_from(len - index).unwrap_or(u32::MAX);
        runs.swap(index, index + stream.below(left) as usize);
    }
    runs.truncate(n);
    runs
}
