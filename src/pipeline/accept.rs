//! Keeping results that the user vouches for.

use super::{Error, Project, explain};
use crate::cache::Cache;
use crate::digest::Digest;
use crate::plan::{Explanation, Plan, PlannedRun, State};
use crate::provenance;
use crate::run::{Acceptance, RunRecord, RunResult};

/// What became of a run without a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It has the result of this run now.
    Accepted {
        /// The run that was trained.
        from: Digest,
        /// What differs between the two.
        differences: Vec<String>,
    },
    /// It has none, and why not.
    Refused(String),
}

/// Gives runs of `plan` without a record, of experiments whose index `is_wanted`, the results that
/// they had before their configuration changed.
///
/// # Errors
/// If the cache cannot be read or written.
pub fn accept(
    project: &Project,
    plan: &mut Plan,
    is_wanted: impl Fn(usize) -> bool,
    why: &str,
) -> Result<Vec<(PlannedRun, Answer)>, Error> {
    let runs: Vec<PlannedRun> =
        plan.misses(|run| is_wanted(run.experiment), true).into_iter().cloned().collect();
    let explanations = explain(project, plan, &runs.iter().collect::<Vec<_>>())?;
    let cache = Cache::new(&project.root);
    let mut answers = Vec::with_capacity(runs.len());
    for (run, explanation) in runs.into_iter().zip(explanations) {
        let answer = match old_result(&cache, &run, &explanation) {
            Err(refusal) => Answer::Refused(refusal),
            Ok((from, result)) => {
                let mut differences = Vec::new();
                let mut reasons = Vec::new();
                // What was accepted before has changed twice.
                if let Some(earlier) = &result.accepted {
                    differences.clone_from(&earlier.differences);
                    reasons.push(earlier.why.clone());
                }
                differences.extend(explanation.differences.iter().map(ToString::to_string));
                reasons.push(why.to_owned());
                reasons.dedup();
                let accepted = Acceptance {
                    from,
                    why: reasons.join("; "),
                    differences: differences.clone(),
                    accepted_at: provenance::now(),
                };
                let result = RunResult { accepted: Some(accepted), ..result };
                let (digest, config) = (run.digest, run.config.clone());
                // What stands there now is damaged, or another build has made it meanwhile.
                match cache.past(digest) {
                    None => {}
                    Some(Err(_)) => drop(cache.quarantine(digest).map_err(Error::File)?),
                    Some(Ok(_)) => {
                        answers.push((run, Answer::Refused("has a record by now".to_owned())));
                        continue;
                    }
                }
                let record = RunRecord { digest, config, result };
                cache.store(&record).map_err(Error::File)?;
                cache.forget_failure(digest).map_err(Error::File)?;
                plan.add(record);
                Answer::Accepted { from, differences }
            }
        };
        answers.push((run, answer));
    }
    Ok(answers)
}

/// Takes back what was accepted for fresh runs of experiments whose index `is_wanted`: their records
/// are removed, and those that were trained stay. Returns the runs.
///
/// # Errors
/// If a record cannot be removed.
pub fn unaccept(
    project: &Project,
    plan: &Plan,
    is_wanted: impl Fn(usize) -> bool,
) -> Result<Vec<PlannedRun>, Error> {
    let cache = Cache::new(&project.root);
    let is_accepted = |run: &&PlannedRun| {
        is_wanted(run.experiment) && matches!(plan.state(run), State::Fresh { accepted: true, .. })
    };
    let runs: Vec<_> = plan.runs.iter().filter(is_accepted).cloned().collect();
    for run in &runs {
        cache.remove(run.digest).map_err(Error::File)?;
    }
    Ok(runs)
}

/// The result that the run had before, or why there is none.
fn old_result(
    cache: &Cache,
    run: &PlannedRun,
    explanation: &Explanation,
) -> Result<(Digest, RunResult), String> {
    let compared = explanation.compared.as_ref();
    let Some(compared) = compared.filter(|compared| compared.own) else {
        return Err("has no older record of its own".to_owned());
    };
    let Some(Ok(past)) = cache.past(compared.digest) else {
        return Err("has an older record that cannot be read".to_owned());
    };
    let (found, asked) = (past.result.curve.epochs(), run.config.train.epochs);
    match past.result.curve.answers(&run.config) {
        true => Ok((compared.digest, past.result)),
        false if found == asked => Err("measures more than its older record has".to_owned()),
        false => Err(format!("asks for {asked} epochs, but its older record has {found}")),
    }
}
