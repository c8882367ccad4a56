//! What a plan says of runs, on two conditions of two seeds each.

use std::sync::Arc;

use std::collections::BTreeMap;

use super::*;
use crate::digest::canonical_json;
use crate::experiment::Experiment;
use crate::experiment::samples::experiment;
use crate::run::DeviceKind;

fn experiments(lr: &str) -> Vec<Experiment> {
    let text = format!(
        "seeds = 2\n[factors]\n\"model.weight_sharing\" = [true, false]\n\
         [train.optimizer]\nlr = {lr}\n"
    );
    vec![experiment("small", &text)]
}

/// The runs of the experiment with this learning rate, on data of this name.
fn runs_on(lr: &str, data: &str) -> Vec<Run> {
    let mut experiments = experiments(lr);
    let digest = Digest::of_bytes(data.as_bytes());
    for condition in experiments.iter_mut().flat_map(|experiment| &mut experiment.conditions) {
        Arc::make_mut(&mut condition.design.network_mut().unwrap().data.found_mut().facts).digest =
            digest;
    }
    Conditions::of(&experiments).expand(DeviceKind::Cpu, |run, _| run).unwrap()
}

fn runs(lr: &str) -> Vec<Run> {
    runs_on(lr, "digits")
}

/// The records of runs that were trained at `started_at` and took two seconds each.
fn recorded(runs: &[Run], started_at: u64) -> Vec<PastRun> {
    let experiments = experiments("0.1");
    let conditions = Conditions::of(&experiments);
    let past = |run: &Run| PastRun {
        digest: run.digest,
        config: canonical_json(&*run.config).unwrap(),
        seed: run.config.seed(),
        condition: conditions.names(run.condition),
        accepted: false,
        started_at,
        seconds: 2.0,
    };
    runs.iter().map(past).collect()
}

/// The plan of runs that all have the same look-up.
fn plan(runs: Vec<Run>, found: &Result<Fresh, Cause>, history: &[PastRun]) -> Plan {
    let experiments = experiments("0.1");
    let found = runs.into_iter().map(|run| (run, found.clone())).collect();
    Plan::new(&Conditions::of(&experiments), found, history)
}

fn missing(runs: Vec<Run>, history: &[PastRun]) -> Plan {
    plan(runs, &Err(Cause::Missing), history)
}

fn statuses(plan: &Plan) -> Vec<Status> {
    plan.runs.iter().map(|run| plan.state(run).status()).collect()
}

fn absent(plan: &Plan, index: usize) -> &Absent {
    plan.state(&plan.runs[index]).absent().unwrap()
}

fn keys(absent: &Absent) -> Vec<String> {
    let differences = &absent.compared.as_ref().unwrap().differences;
    differences.iter().map(ToString::to_string).collect()
}

#[test]
fn a_run_with_a_record_is_fresh_and_one_that_was_accepted_says_so() {
    for (accepted, status) in [(false, Status::Fresh), (true, Status::Accepted)] {
        let plan = plan(runs("0.1"), &Ok(Fresh { accepted, started_at: 1, seconds: 2.0 }), &[]);
        assert_eq!(statuses(&plan), [status; 4]);
        assert!(plan.absent(|_| true).is_empty());
        let experiments = experiments("0.1");
        let [counts] = plan.counts(&Conditions::of(&experiments))[..] else { panic!() };
        let accepted = if accepted { 4 } else { 0 };
        assert_eq!(counts, RunCounts { fresh: 4, accepted, failed: 0, stale: 0 });
    }
}

#[test]
fn a_run_whose_key_has_changed_is_stale_and_names_the_key_and_both_values() {
    let history = recorded(&runs("0.1"), 7);
    let plan = missing(runs("0.2"), &history);
    assert_eq!(statuses(&plan), [Status::Stale; 4]);
    for (index, past) in history.iter().enumerate() {
        let absent = absent(&plan, index);
        assert_eq!(keys(absent), ["train.optimizer.lr: 0.1 → 0.2"]);
        let compared = absent.compared.as_ref().unwrap();
        assert_eq!((compared.digest, compared.seed), (past.digest, past.seed), "its own record");
        assert!(compared.own);
        assert_eq!(absent.seconds, Some(2.0), "as long as then: the arithmetic is the same");
        let Reason::Changed { differences } = absent.reason() else { panic!("{absent:?}") };
        assert_eq!(differences, compared.differences);
    }
    let experiments = experiments("0.2");
    let [counts] = plan.counts(&Conditions::of(&experiments))[..] else { panic!() };
    assert_eq!(counts, RunCounts { stale: 4, ..RunCounts::default() });
}

#[test]
fn of_several_own_records_the_one_with_the_fewest_differences_is_compared() {
    // The last training was a trial on other data; what the user edits now is the rate.
    let mut history = recorded(&runs("0.1"), 1);
    history.extend(recorded(&runs_on("0.1", "a trial"), 2));
    let plan = missing(runs("0.2"), &history);
    assert_eq!(keys(absent(&plan, 0)), ["train.optimizer.lr: 0.1 → 0.2"]);
    // Of equally near ones, the last trained.
    history.extend(recorded(&runs("0.3"), 3));
    let plan = missing(runs("0.2"), &history);
    assert_eq!(keys(absent(&plan, 0)), ["train.optimizer.lr: 0.3 → 0.2"]);
    // Of those, the one that was trained and not accepted.
    let mut accepted = recorded(&runs("0.4"), 4);
    for past in &mut accepted {
        past.accepted = true;
    }
    history.extend(accepted);
    let plan = missing(runs("0.2"), &history);
    assert_eq!(keys(absent(&plan, 0)), ["train.optimizer.lr: 0.3 → 0.2"]);
}

#[test]
fn without_a_record_of_its_own_a_run_is_compared_with_the_nearest_of_the_same_seed() {
    let elsewhere = |mut past: Vec<PastRun>| {
        for one in &mut past {
            one.condition = BTreeMap::from([("experiment".to_owned(), "other".to_owned())]);
        }
        past
    };
    // The newest record differs in two keys, the older one in one.
    let mut history = elsewhere(recorded(&runs("0.1"), 1));
    history.extend(elsewhere(recorded(&runs_on("0.3", "other data"), 2)));
    let plan = missing(runs("0.2"), &history);
    assert_eq!(statuses(&plan), [Status::Missing; 4]);
    for run in &plan.runs {
        let absent = plan.state(run).absent().unwrap();
        assert_eq!(keys(absent), ["train.optimizer.lr: 0.1 → 0.2"]);
        let compared = absent.compared.as_ref().unwrap();
        assert_eq!((compared.own, compared.seed), (false, run.config.seed()));
    }
}

#[test]
fn without_any_record_a_run_is_new_and_its_time_is_not_known() {
    let plan = missing(runs("0.1"), &[]);
    assert_eq!(statuses(&plan), [Status::Missing; 4]);
    let absent = absent(&plan, 0);
    assert_eq!((absent.reason(), absent.seconds), (Reason::New, None));
}

#[test]
fn a_new_seed_of_a_condition_is_no_change() {
    let (old, new): (Vec<_>, Vec<_>) =
        runs("0.1").into_iter().partition(|run| run.config.seed() == 0);
    let plan = missing(new, &recorded(&old, 1));
    assert_eq!(statuses(&plan), [Status::Missing; 2]);
    assert_eq!(absent(&plan, 0).reason(), Reason::NewSeed);
}

#[test]
fn damage_quarantine_and_failure_are_told_before_any_difference() {
    let history = recorded(&runs("0.1"), 1);
    let failure =
        FailureRecord { digest: runs("0.2")[0].digest, error: "boom".to_owned(), failed_at: 3 };
    for (cause, status, reason) in [
        (
            Cause::Damaged("is empty".to_owned()),
            Status::Damaged,
            Reason::Damaged { damage: "is empty".to_owned() },
        ),
        (Cause::Quarantined, Status::Quarantined, Reason::Quarantined),
        (Cause::Failed(failure), Status::Failed, Reason::Failed { error: "boom".to_owned() }),
    ] {
        let plan = plan(runs("0.2"), &Err(cause), &history);
        assert_eq!(statuses(&plan), [status; 4]);
        assert_eq!(absent(&plan, 0).reason(), reason);
        assert!(absent(&plan, 0).compared.is_some());
    }
}

#[test]
fn a_run_that_two_conditions_ask_for_is_trained_once_and_explained_for_the_first() {
    let all = runs("0.1");
    let mut twice = all[0].clone();
    twice.condition = all[2].condition;
    let plan = missing(vec![all[0].clone(), twice], &recorded(&runs("0.2"), 1));
    assert_eq!(plan.absent(|_| true).len(), 1);
    assert_eq!(plan.absent(|run| run.condition == all[2].condition).len(), 1);
    let compared = absent(&plan, 0).compared.as_ref().unwrap();
    assert_eq!(compared.digest, runs("0.2")[0].digest);
}

#[test]
fn a_failure_in_training_takes_the_place_of_the_cause() {
    let mut plan = missing(runs("0.1"), &[]);
    let digest = plan.runs[0].digest;
    plan.add_failure(FailureRecord { digest, error: "boom".to_owned(), failed_at: 3 });
    assert_eq!(statuses(&plan)[..2], [Status::Failed, Status::Missing]);
}

#[test]
fn runs_of_one_reason_are_one_group_with_their_seeds_conditions_and_time() {
    let experiments = experiments("0.1");
    let conditions = Conditions::of(&experiments);
    let history = recorded(&runs("0.1"), 1);
    let plan = missing(runs("0.2"), &history);
    let groups = group(&conditions, &plan.absent(|_| true));
    let [group] = &groups[..] else { panic!("{groups:?}") };
    assert_eq!((group.experiment.as_str(), group.conditions), ("small", 2));
    assert_eq!((group.runs.len(), &group.seeds[..]), (4, &[0, 1][..]));
    assert_eq!(group.seconds, Some(8.0));
    assert_eq!(predict(&[Some(2.0); 4], 2), Some(4.0));
    assert_eq!(predict(&[Some(9.0), Some(1.0)], 2), Some(9.0), "not less than the longest run");
    assert_eq!(predict(&[Some(9.0), None], 2), None);
}
