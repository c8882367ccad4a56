//! Why runs have to be trained: each is compared with a record, and runs with the same answer are
//! told together.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::difference::{Difference, Fingerprint, Leaves, leaves};
use super::{Plan, PlannedRun, State};
use crate::digest::Digest;
use crate::experiment::{DataSeed, Experiment};
use crate::run::{Outcome, RunConfig, work};

/// Most kinds of records that a run is compared with when none is of its own condition; the newest.
const MOST_KINDS: usize = 1000;

/// A record that there is, of whatever configuration.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its digest.
    pub digest: Digest,
    /// The canonical JSON of its configuration: a hundred thousand of them have to fit the memory.
    pub config: String,
    /// Its seed, if its configuration has one.
    pub seed: Option<u64>,
    /// What its condition was called.
    pub condition: Option<BTreeMap<String, String>>,
    /// Whether the user has put it there in place of a training.
    pub accepted: bool,
    /// When its training started, in seconds since 1970.
    pub started_at: u64,
    /// What the training took.
    pub seconds: f64,
}

/// The record that a run was compared with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Its digest.
    pub digest: Digest,
    /// Its seed, if its configuration has one.
    pub seed: Option<u64>,
    /// When its training started, in seconds since 1970.
    pub started_at: u64,
    /// Whether it is the run's own older record: of the same condition and seed, as they were called
    /// then. One that does not say its condition, as those of the first format, is if it is the
    /// nearest, has the same seed, and no experiment asks for it now.
    pub own: bool,
    /// Whether its configuration is one that this version cannot read.
    pub older_schema: bool,
}

/// Why a run has to be trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// Its configuration is not that of the record that it is nearest to.
    Changed {
        /// What differs, but for the seed.
        differences: Vec<Difference>,
    },
    /// There are records of its condition, with other seeds.
    NewSeed,
    /// There is no record to compare it with.
    New,
    /// Its record is damaged.
    Damaged {
        /// How.
        damage: String,
    },
    /// Its record was damaged and is in quarantine.
    Quarantined,
    /// It failed when it was last tried.
    Failed {
        /// How.
        error: String,
    },
}

/// Why one run has to be trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Why.
    pub reason: Reason,
    /// What it was compared with.
    pub compared: Option<Compared>,
    /// What differs from that, but for the seed.
    pub differences: Vec<Difference>,
    /// What it will take, if records let that be told.
    pub seconds: Option<f64>,
}

/// Runs of one experiment that have to be trained for the same reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Name of the experiment.
    pub experiment: String,
    /// Why.
    pub reason: Reason,
    /// What the first of them was compared with.
    pub compared: Option<Compared>,
    /// The runs, in order.
    pub runs: Vec<Digest>,
    /// Their seeds, without repeats, in order.
    pub seeds: Vec<u64>,
    /// Number of their conditions.
    pub conditions: usize,
    /// What they will take on one worker, if records let that be told.
    pub seconds: Option<f64>,
}

/// Records that differ in the seed alone.
struct Kind<'k> {
    leaves: Leaves,
    fingerprint: Fingerprint,
    records: Vec<&'k Known>,
}

/// Explains each of `runs`, which have no record. `known` are all records that there are.
#[must_use]
pub fn explain(
    experiments: &[Experiment],
    plan: &Plan,
    runs: &[&PlannedRun],
    known: &[Known],
) -> Vec<Explanation> {
    // The newest records of each condition and seed: several, if they started in the same second.
    let mut of_condition: BTreeMap<(&BTreeMap<String, String>, u64), Vec<&Known>> = BTreeMap::new();
    for one in known {
        if let (Some(condition), Some(seed)) = (&one.condition, one.seed) {
            let newest = of_condition.entry((condition, seed)).or_default();
            let newest_start = newest.first().map_or(0, |first| first.started_at);
            if one.started_at > newest_start {
                newest.clear();
            }
            if one.started_at >= newest_start {
                newest.push(one);
            }
        }
    }
    // Only runs without a record of their own need these, and not all projects have such.
    let (kinds, speed) = (LazyCell::new(|| kinds(known)), LazyCell::new(|| speed(known)));
    // The nearest kind is the same for all seeds of a condition.
    let mut nearest_of: BTreeMap<(usize, usize), Option<usize>> = BTreeMap::new();
    let explain_one = |run: &&PlannedRun| {
        let config = serde_json::to_value(&*run.config).unwrap_or_default();
        let mut found = leaves(&config);
        found.remove("seed");
        let condition = super::condition_of(experiments, run);
        let own = of_condition.get(&(&condition, run.config.seed)).into_iter().flatten();
        let own = own.map(|one| (leaves_without_seed(&one.config), *one));
        // What was accepted has the date of what was trained, which is to be preferred.
        let own = own.min_by_key(|(old, one)| {
            (one.accepted, Difference::between(old, &found).len(), one.digest)
        });
        let nearest = own.or_else(|| {
            let nearest = nearest_of
                .entry((run.experiment, run.condition))
                .or_insert_with(|| nearest(&kinds, &Fingerprint::of(&found)));
            let kind = &kinds[(*nearest)?];
            Some((kind.leaves.clone(), kind.likest(run.config.seed)?))
        });
        let (mut compared, mut differences, mut speed_then) = (None, Vec::new(), None);
        if let Some((old, one)) = nearest {
            let config = serde_json::from_str::<RunConfig>(&one.config).ok();
            let is_unnamed = one.condition.is_none()
                && one.seed == Some(run.config.seed)
                && !plan.states.contains_key(&one.digest);
            compared = Some(Compared {
                digest: one.digest,
                seed: one.seed,
                started_at: one.started_at,
                own: is_unnamed
                    || (one.condition.as_ref() == Some(&condition)
                        && one.seed == Some(run.config.seed)),
                older_schema: config.is_none(),
            });
            differences = Difference::between(&old, &found);
            speed_then = config.and_then(|config| operations_a_second(&config, one.seconds));
        }
        let reason = match plan.state(run) {
            State::Damaged(damage) => Reason::Damaged { damage: damage.clone() },
            State::Quarantined => Reason::Quarantined,
            State::Failed(failure) => Reason::Failed { error: failure.error.clone() },
            _ if compared.is_none() => Reason::New,
            _ if differences.is_empty() => Reason::NewSeed,
            _ => Reason::Changed { differences: differences.clone() },
        };
        let seconds = speed_then.or(*speed).map(|speed| operations(&run.config) / speed);
        Explanation { reason, compared, differences, seconds }
    };
    runs.iter().map(explain_one).collect()
}

/// Puts runs with the same reason together, in order of their first; an experiment's stay apart
/// from another's.
#[must_use]
pub fn group(
    experiments: &[Experiment],
    runs: &[&PlannedRun],
    explanations: &[Explanation],
) -> Vec<Group> {
    let mut groups: Vec<(usize, Group, Vec<usize>)> = Vec::new();
    let mut places: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for (run, explanation) in runs.iter().zip(explanations) {
        let reason = as_asked(experiments, run, &explanation.reason);
        let key = serde_json::to_string(&reason).unwrap_or_default();
        let place = *places.entry((run.experiment, key)).or_insert_with(|| {
            let group = Group {
                experiment: experiments[run.experiment].name.clone(),
                reason,
                compared: explanation.compared.clone(),
                runs: Vec::new(),
                seeds: Vec::new(),
                conditions: 0,
                seconds: Some(0.0),
            };
            groups.push((run.experiment, group, Vec::new()));
            groups.len() - 1
        });
        let (_, group, conditions) = &mut groups[place];
        group.runs.push(run.digest);
        group.seeds.push(run.config.seed);
        group.seconds = group.seconds.zip(explanation.seconds).map(|(sum, one)| sum + one);
        conditions.push(run.condition);
    }
    let finished = groups.into_iter().map(|(_, mut group, mut conditions)| {
        group.seeds.sort_unstable();
        group.seeds.dedup();
        conditions.sort_unstable();
        conditions.dedup();
        group.conditions = conditions.len();
        group
    });
    finished.collect()
}

/// The reason with the seed of the data as the experiment file gives it: where each run draws anew,
/// runs of different seeds are trained for one reason.
fn as_asked(experiments: &[Experiment], run: &PlannedRun, reason: &Reason) -> Reason {
    let design = &experiments[run.experiment].conditions[run.condition].design;
    let mut reason = reason.clone();
    if let (DataSeed::Run, Reason::Changed { differences }) = (design.data_seed, &mut reason) {
        for difference in differences.iter_mut().filter(|d| d.key == "data.seed") {
            difference.new = Some("run".to_owned());
        }
    }
    reason
}

/// Seconds that runs of these seconds take on so many workers: an even share, and at least the
/// longest.
#[must_use]
pub fn predict(seconds: &[Option<f64>], workers: usize) -> Option<f64> {
    let seconds = seconds.iter().copied().collect::<Option<Vec<_>>>()?;
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    Some(longest.max(seconds.iter().sum::<f64>() / workers as f64))
}

impl<'k> Kind<'k> {
    /// The record with this seed, else the newest.
    fn likest(&self, seed: u64) -> Option<&'k Known> {
        let key = |one: &&&Known| (one.seed == Some(seed), one.started_at, one.digest);
        self.records.iter().max_by_key(key).copied()
    }
}

/// The newest kinds of records.
fn kinds(known: &[Known]) -> Vec<Kind<'_>> {
    let mut newest: Vec<&Known> = known.iter().collect();
    newest.sort_by_key(|one| std::cmp::Reverse((one.started_at, one.digest)));
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for one in newest {
        let mut config = parsed(&one.config);
        if let Value::Object(entries) = &mut config {
            entries.remove("seed");
        }
        let text = config.to_string();
        match places.get(&text) {
            Some(place) => kinds[*place].records.push(one),
            None if kinds.len() < MOST_KINDS => {
                places.insert(text, kinds.len());
                let leaves = leaves(&config);
                let fingerprint = Fingerprint::of(&leaves);
                kinds.push(Kind { leaves, fingerprint, records: vec![one] });
            }
            None => {}
        }
    }
    kinds
}

/// The kind with the fewest keys that differ; of equals, the newest.
fn nearest(kinds: &[Kind<'_>], found: &Fingerprint) -> Option<usize> {
    (0..kinds.len()).min_by_key(|index| kinds[*index].fingerprint.distance(found))
}

fn parsed(config: &str) -> Value {
    serde_json::from_str(config).unwrap_or_default()
}

fn leaves_without_seed(config: &str) -> Leaves {
    let mut leaves = leaves(&parsed(config));
    leaves.remove("seed");
    leaves
}

/// The median speed of the known runs that this version understands.
fn speed(known: &[Known]) -> Option<f64> {
    let speed =
        |one: &Known| operations_a_second(&serde_json::from_str(&one.config).ok()?, one.seconds);
    let mut speeds: Vec<_> = known.iter().filter_map(speed).collect();
    speeds.sort_by(f64::total_cmp);
    speeds.get(speeds.len() / 2).copied()
}

fn operations_a_second(config: &RunConfig, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| operations(config) / seconds).filter(|speed| *speed > 0.0)
}

fn operations(config: &RunConfig) -> f64 {
    work(config, Outcome::Completed).operations
}
