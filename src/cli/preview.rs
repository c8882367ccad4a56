//! What a build would train, why, and how long that takes.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::experiment::Run;
use crate::format::{self, runs};
use crate::pipeline::Project;
use crate::plan::{self, Absent, Cause, Compared, Difference, Group, Plan, Reason};

/// The largest number of differences on one line.
const MOST_DIFFERENCES: usize = 4;

/// The runs that a build would train, and why.
#[derive(Debug)]
pub(super) struct TrainingPreview {
    /// The runs that the build trains.
    pub(super) to_train: BTreeSet<Digest>,
    /// Number of failed runs that it does not try again.
    pub(super) failed: usize,
    /// Number of runs to train that have a record but no model.
    pub(super) for_models: usize,
    /// The runs to train and the failed runs, by reason.
    pub(super) groups: Vec<Group>,
    /// How long the training takes, in seconds. `None` if no record gives a speed.
    pub(super) seconds: Option<f64>,
    pub(super) workers: usize,
}

impl TrainingPreview {
    /// Previews a build of the `wanted` runs.
    pub(super) fn new(
        project: &Project,
        plan: &Plan,
        wanted: impl Fn(&Run) -> bool,
        retries_failed: bool,
        workers: usize,
    ) -> Self {
        let absent = plan.absent(wanted);
        let is_trained =
            |absent: &Absent| retries_failed || !matches!(absent.cause, Cause::Failed(_));
        let trained = || absent.iter().filter(|(_, absent)| is_trained(absent));
        let seconds: Vec<_> = trained().map(|(_, absent)| absent.seconds).collect();
        Self {
            to_train: trained().map(|(run, _)| run.digest).collect(),
            failed: absent.len() - seconds.len(),
            for_models: 0,
            groups: plan::group(&project.conditions(), &absent),
            seconds: plan::predict(&seconds, workers),
            workers,
        }
    }

    /// Adds recorded runs of `plan` that are trained again for their models.
    pub(super) fn add_for_models(&mut self, plan: &Plan, runs: BTreeSet<Digest>) {
        self.for_models = runs.len();
        let seconds = runs.iter().map(|run| plan.records.get(run).map(|record| record.seconds));
        let again = plan::predict(&seconds.collect::<Vec<_>>(), self.workers);
        self.seconds = match (self.to_train.is_empty(), self.seconds) {
            (true, _) => again,
            (false, own) => own.zip(again).map(|(own, again)| own + again),
        };
        self.to_train.extend(runs);
    }

    /// One line for each reason.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let again = (self.for_models > 0).then(|| {
            format!("{} trained again for their models: they have records", runs(self.for_models))
        });
        again.into_iter().chain(self.groups.iter().map(|group| line(group, self.workers)))
    }

    /// `40 runs to train, about 1 min 20 s on 2 workers`.
    pub(super) fn total(&self) -> String {
        let n = self.to_train.len();
        let workers = match self.workers {
            1 => "1 worker".to_owned(),
            several => format!("{several} workers"),
        };
        match self.seconds {
            _ if n == 0 => "nothing to train".to_owned(),
            Some(seconds) => {
                format!("{} to train, {} on {workers}", runs(n), about(seconds))
            }
            None => {
                format!("{} to train on {workers}; the time is known after the first run", runs(n))
            }
        }
    }

    /// How many runs have to be trained because this version of `report` computes differently, and
    /// which part versions differ. Returns `None` if there are no such runs.
    pub(super) fn of_new_versions(&self) -> Option<(usize, String)> {
        let mut count = 0;
        let mut changes = BTreeSet::new();
        for group in &self.groups {
            let Reason::Changed { differences } = &group.reason else { continue };
            if !group.compared.as_ref().is_some_and(|compared| compared.own) {
                continue;
            }
            let is_of_program = |difference: &&Difference| {
                difference.key.starts_with("versions.") || difference.key == "contract"
            };
            let found: Vec<_> =
                differences.iter().filter(is_of_program).map(ToString::to_string).collect();
            if !found.is_empty() {
                count += group.runs.len();
                changes.extend(found);
            }
        }
        (count > 0).then(|| (count, changes.into_iter().collect::<Vec<_>>().join(", ")))
    }
}

/// `deep: 40 runs, about 1 min 20 s: train.optimizer.lr: 0.2 → 0.1 (compared with 3f2a… of …)`.
fn line(group: &Group, workers: usize) -> String {
    let cost = group.seconds.map(|seconds| about(seconds / workers.min(group.runs.len()) as f64));
    let cost = cost.map_or_else(String::new, |cost| format!(", {cost}"));
    let why = match &group.reason {
        Reason::Changed { differences } => {
            let compared = group.compared.as_ref().map_or_else(String::new, compared_with);
            format!("{}{compared}", listed(differences))
        }
        Reason::NewSeed => format!("no record with {}", seeds(&group.seeds)),
        Reason::New => "no similar record".to_owned(),
        Reason::Damaged { damage } => format!("a record {damage}"),
        Reason::Quarantined => "its damaged record is in quarantine".to_owned(),
        Reason::Failed { error } => format!("failed: {error}"),
    };
    format!("{}: {}{cost}: {why}", group.experiment, runs(group.runs.len()))
}

/// Differences on one line.
pub(super) fn listed(differences: &[Difference]) -> String {
    let mut parts: Vec<_> =
        differences.iter().take(MOST_DIFFERENCES).map(ToString::to_string).collect();
    if differences.len() > MOST_DIFFERENCES {
        parts.push(format!("and {} more", differences.len() - MOST_DIFFERENCES));
    }
    parts.join(", ")
}

fn compared_with(compared: &Compared) -> String {
    let kind = if compared.own { "" } else { ", the nearest" };
    let (digest, seed) = (compared.digest.short(), compared.seed);
    let date = format::date(compared.started_at);
    format!(" (compared with {digest}{kind}, seed {seed}, of {date})")
}

/// `seed 3`, `seeds 3 to 7`, `seeds 1, 4, 6`.
fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [one] => format!("seed {one}"),
        [first, .., last] if last - first == seeds.len() as u64 - 1 => {
            format!("seeds {first} to {last}")
        }
        _ => {
            let mut parts: Vec<_> = seeds.iter().take(8).map(ToString::to_string).collect();
            if seeds.len() > 8 {
                parts.push("…".to_owned());
            }
            format!("seeds {}", parts.join(", "))
        }
    }
}

fn about(seconds: f64) -> String {
    let duration = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    match seconds {
        s if s < 1.0 => "less than a second".to_owned(),
        _ => format!("about {}", format::duration(duration)),
    }
}
