//! Accepts older results for runs whose configuration has changed.

use std::sync::Arc;

use super::{Error, Project};
use crate::cache::{Cache, Lookup, PastRecord, Stored};
use crate::digest::Digest;
use crate::experiment::Run;
use crate::plan::{Absent, Fresh, Plan, Status};
use crate::provenance;
use crate::run::{Acceptance, RunProvenance, RunRecord, RunResult};
use crate::task;

/// Whether a run without a record got an older result.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It has the result of the run `from` now.
    Accepted {
        /// The run that was trained.
        from: Digest,
        /// What differs between the two.
        differences: Vec<String>,
    },
    /// It has no result. The text says why, as a phrase that follows the name of the run.
    Refused(String),
}

/// Gives the `wanted` runs of `plan` without a record the results that they had before their
/// configuration changed.
///
/// # Errors
/// If the cache cannot be read or written.
pub fn accept(
    project: &Project,
    plan: &mut Plan,
    wanted: impl Fn(&Run) -> bool,
    why: &str,
) -> Result<Vec<(Run, Answer)>, Error> {
    let cache = Cache::new(&project.root);
    let (mut records, mut answers) = (Vec::new(), Vec::new());
    for (run, absent) in plan.absent(wanted) {
        let answer = match accepted_record(&cache, run, absent, why) {
            Err(refusal) => Answer::Refused(refusal),
            Ok((record, acceptance)) => {
                if let Lookup::Damaged(_) = cache.past(run.digest).map_err(Error::Unreadable)? {
                    cache.quarantine(run.digest).map_err(Error::File)?;
                }
                match cache.store(&record).map_err(Error::File)? {
                    Stored::New => {
                        cache.forget_failure(run.digest).map_err(Error::File)?;
                        records.push(record);
                        let Acceptance { from, differences, .. } = acceptance;
                        Answer::Accepted { from, differences }
                    }
                    _ => Answer::Refused("has a record now".to_owned()),
                }
            }
        };
        answers.push((run.clone(), answer));
    }
    for record in records {
        let RunProvenance { started_at, seconds, .. } = record.result.provenance;
        plan.add_state(record.digest, Fresh { accepted: true, started_at, seconds });
    }
    Ok(answers)
}

/// Removes the accepted records of the `wanted` runs. Trained records stay. Returns the runs.
///
/// # Errors
/// If a record cannot be removed.
pub fn unaccept(
    project: &Project,
    plan: &Plan,
    wanted: impl Fn(&Run) -> bool,
) -> Result<Vec<Run>, Error> {
    let cache = Cache::new(&project.root);
    let is_accepted = |run: &&Run| wanted(run) && plan.state(run).status() == Status::Accepted;
    let runs: Vec<_> = plan.runs.iter().filter(is_accepted).cloned().collect();
    for run in &runs {
        cache.remove(run.digest).map_err(Error::File)?;
    }
    Ok(runs)
}

/// The record that a run gets from its older record.
///
/// # Errors
/// If there is none, with the reason as a phrase that follows the name of the run.
fn accepted_record(
    cache: &Cache,
    run: &Run,
    absent: &Absent,
    why: &str,
) -> Result<(RunRecord, Acceptance), String> {
    let own = absent.compared.as_ref().filter(|compared| compared.own);
    let own = own.ok_or("has no older record of its own")?;
    let Ok(Lookup::Hit(PastRecord { result, .. })) = cache.past(own.digest) else {
        return Err("has an older record that cannot be read".to_owned());
    };
    let asked = run.config.network().map(|config| config.train.epochs);
    let found = result.curves.epochs();
    if let Some(asked) = asked.filter(|asked| *asked != found) {
        return Err(format!("asks for {asked} epochs, but its older record has {found}"));
    }
    task::check(&result, &run.config)
        .map_err(|reason| format!("cannot have its older result, which {reason}"))?;
    let changed = own.differences.iter().map(ToString::to_string);
    // If the older record was accepted itself, `from` stays the run that was trained.
    let (from, differences, reasons) = match &result.accepted {
        Some(earlier) => {
            let differences = earlier.differences.iter().cloned().chain(changed);
            let is_new = earlier.why != why;
            let reasons = [Some(earlier.why.as_str()), is_new.then_some(why)];
            (earlier.from, differences.collect(), reasons)
        }
        None => (own.digest, changed.collect(), [None, Some(why)]),
    };
    let why = reasons.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let acceptance = Acceptance { from, why, differences, accepted_at: provenance::now() };
    let result = RunResult { accepted: Some(acceptance.clone()), ..result };
    let record = RunRecord { digest: run.digest, config: Arc::clone(&run.config), result };
    Ok((record, acceptance))
}
