//! Groups the runs that have to be trained for the same reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Absent, Cause, Compared, Difference};
use crate::digest::Digest;
use crate::experiment::{ConditionId, Conditions, DataSeed, Run, SEED_KEYS};

/// Why a run has to be trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// Its configuration differs from that of the record that it is compared with.
    Changed {
        /// The keys that differ, without the seed.
        differences: Vec<Difference>,
    },
    /// There are records of its condition, with other seeds.
    NewSeed,
    /// There is no record to compare it with.
    New,
    /// Its record is damaged.
    Damaged {
        /// How, as a phrase that follows the name of the file.
        damage: String,
    },
    /// Its damaged record is in quarantine.
    Quarantined,
    /// Its last training failed.
    Failed {
        /// The error.
        error: String,
    },
}

/// Runs of one experiment that have to be trained for the same reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Name of the experiment.
    pub experiment: String,
    /// Why they have to be trained.
    pub reason: Reason,
    /// The record that the first run is compared with.
    pub compared: Option<Compared>,
    /// The runs, in order.
    pub runs: Vec<Digest>,
    /// Their seeds, in order, each once.
    pub seeds: Vec<u64>,
    /// Number of their conditions.
    pub conditions: usize,
    /// How long one worker takes to train them, in seconds. `None` if no record gives a speed.
    pub seconds: Option<f64>,
}

impl Absent {
    /// Why the run has to be trained.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match (&self.cause, &self.compared) {
            (Cause::Damaged(damage), _) => Reason::Damaged { damage: damage.clone() },
            (Cause::Quarantined, _) => Reason::Quarantined,
            (Cause::Failed(failure), _) => Reason::Failed { error: failure.error.clone() },
            (Cause::Missing, None) => Reason::New,
            (Cause::Missing, Some(old)) if old.differences.is_empty() => Reason::NewSeed,
            (Cause::Missing, Some(old)) => Reason::Changed { differences: old.differences.clone() },
        }
    }
}

/// The runs by experiment and reason, in order of their first run.
#[must_use]
pub fn group(conditions: &Conditions<'_>, runs: &[(&Run, &Absent)]) -> Vec<Group> {
    let mut groups: Vec<(Group, BTreeSet<ConditionId>)> = Vec::new();
    let mut places: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for (run, absent) in runs {
        let reason = as_asked(conditions, run, absent.reason());
        let key = serde_json::to_string(&reason).expect("a reason has plain values");
        let experiment = conditions.experiment_index(run.condition);
        let place = *places.entry((experiment, key)).or_insert_with(|| {
            let group = Group {
                experiment: conditions.experiments()[experiment].name.clone(),
                reason,
                compared: absent.compared.clone(),
                runs: Vec::new(),
                seeds: Vec::new(),
                conditions: 0,
                seconds: Some(0.0),
            };
            groups.push((group, BTreeSet::new()));
            groups.len() - 1
        });
        let (group, of_group) = &mut groups[place];
        group.runs.push(run.digest);
        group.seeds.push(run.config.seed());
        group.seconds = group.seconds.zip(absent.seconds).map(|(sum, one)| sum + one);
        of_group.insert(run.condition);
    }
    let finished = groups.into_iter().map(|(mut group, of_group)| {
        group.seeds.sort_unstable();
        group.seeds.dedup();
        group.conditions = of_group.len();
        group
    });
    finished.collect()
}

/// The reason, with the seed of the data as in the experiment file. With `seed = "run"`, runs with
/// different seeds then have the same reason.
fn as_asked(conditions: &Conditions<'_>, run: &Run, mut reason: Reason) -> Reason {
    let data_seed = conditions.design(run.condition).data_seed();
    if let (Some(DataSeed::Run), Reason::Changed { differences }) = (data_seed, &mut reason) {
        for difference in differences.iter_mut().filter(|d| SEED_KEYS.contains(&d.key.as_str())) {
            difference.new = Some("run".to_owned());
        }
    }
    reason
}

/// How long several workers take for runs of these durations: the sum divided by the number of
/// workers, but at least the longest run. Returns `None` if a duration is not known.
#[must_use]
pub fn predict(seconds: &[Option<f64>], workers: usize) -> Option<f64> {
    let seconds = seconds.iter().copied().collect::<Option<Vec<_>>>()?;
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    Some(longest.max(seconds.iter().sum::<f64>() / workers as f64))
}
