//! Compares each run that has no record with the nearest record.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::difference::{Difference, Fingerprint};
use super::state::{Absent, Cause, Compared, Fresh, State};
use crate::digest::Digest;
use crate::experiment::{ConditionId, Conditions, Run, SEED_KEYS};
use crate::run::{Extent, KeyValues, RunConfig, key_values, operations};

/// The largest number of designs that a run without an older record is compared with. The newest
/// are used.
const MOST_DESIGNS: usize = 1000;

/// An existing record, of any configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRun {
    /// Its digest.
    pub digest: Digest,
    /// The canonical JSON of its configuration, which takes less memory than the configuration.
    pub config: String,
    /// Its seed.
    pub seed: u64,
    /// `experiment` and each factor, with the level at the time of the training.
    pub condition: BTreeMap<String, String>,
    /// Whether the user has accepted an older result in place of a training.
    pub accepted: bool,
    /// When its training started, in seconds since 1970.
    pub started_at: u64,
    /// How long the training took.
    pub seconds: f64,
}

/// Records that differ only in the seed.
struct SameDesign<'k> {
    values: KeyValues,
    fingerprint: Fingerprint,
    records: Vec<&'k PastRun>,
}

/// The state of each run. `found` is what a look-up of each run found, in order of the runs.
pub(super) fn states(
    conditions: &Conditions<'_>,
    found: &[(Run, Result<Fresh, Cause>)],
    history: &[PastRun],
) -> BTreeMap<Digest, State> {
    let mut comparison = Comparison::with(history);
    let mut states = Vec::with_capacity(found.len());
    let mut explained = BTreeSet::new();
    for (run, found) in found {
        match found {
            Ok(fresh) => states.push((run.digest, State::Fresh(*fresh))),
            // If two conditions ask for a run, it is explained for the first.
            Err(cause) if explained.insert(run.digest) => {
                let levels = conditions.names(run.condition);
                let absent = comparison.absent(run, &levels, cause.clone());
                states.push((run.digest, State::Absent(Box::new(absent))));
            }
            Err(_) => {}
        }
    }
    // Collecting all entries at once is several times faster than inserting them.
    states.into_iter().collect()
}

/// The command of each record of a program, and the seconds of the records with each command.
type ProgramTimes = (BTreeMap<Digest, String>, BTreeMap<String, Vec<f64>>);

/// Finds the record that a run is compared with.
struct Comparison<'k> {
    history: &'k [PastRun],
    /// The records of each condition and seed.
    own: BTreeMap<(&'k BTreeMap<String, String>, u64), Vec<&'k PastRun>>,
    /// Computed when the first run without an older record needs them.
    designs: OnceCell<Vec<SameDesign<'k>>>,
    /// The median speed of the history, computed when the first run needs it.
    speed: OnceCell<Option<f64>>,
    /// The command of each record of a program, and the seconds of all records with a command, in ascending order.
    /// Computed when the first run needs them.
    programs: Option<ProgramTimes>,
    /// The nearest design, which is the same for all seeds of a condition.
    nearest_of: BTreeMap<ConditionId, Option<usize>>,
}

impl<'k> Comparison<'k> {
    fn with(history: &'k [PastRun]) -> Self {
        let mut own: BTreeMap<_, Vec<&PastRun>> = BTreeMap::new();
        for past in history {
            own.entry((&past.condition, past.seed)).or_default().push(past);
        }
        let (designs, speed) = (OnceCell::new(), OnceCell::new());
        Self { history, own, designs, speed, programs: None, nearest_of: BTreeMap::new() }
    }

    /// Why a run of a condition with these levels has no record.
    fn absent(&mut self, run: &Run, levels: &BTreeMap<String, String>, cause: Cause) -> Absent {
        let config = serde_json::to_value(&*run.config).unwrap_or_default();
        let mut values = key_values(&config);
        values.remove("seed");
        let found = self.own(run, levels, &values).or_else(|| self.nearest(run, &values));
        let then = found.as_ref().and_then(|(past, _)| {
            let config = serde_json::from_str(&past.config).ok()?;
            operations_a_second(&config, past.seconds)
        });
        let speed = then.or_else(|| *self.speed.get_or_init(|| speed(self.history)));
        let seconds = match run.config.network() {
            Some(_) => speed.and_then(|speed| Some(operations_of_all(&run.config)? / speed)),
            None => self.seconds_of_program(run, found.as_ref().map(|(past, _)| *past)),
        };
        let compared = found.map(|(past, differences)| Compared {
            digest: past.digest,
            seed: past.seed,
            started_at: past.started_at,
            own: past.condition == *levels && past.seed == run.config.seed(),
            differences,
        });
        Absent { cause, compared, seconds }
    }

    /// How long a run of a program is expected to take: as long as the run that it is compared with, if that has the same
    /// command, or else as the median of those that have it.
    fn seconds_of_program(&mut self, run: &Run, compared: Option<&PastRun>) -> Option<f64> {
        let RunConfig::Program(own) = &*run.config else { return None };
        let command = own.program.command.join("\0");
        if self.programs.is_none() {
            let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            let mut commands = BTreeMap::new();
            for past in self.history {
                if let Ok(RunConfig::Program(config)) = serde_json::from_str(&past.config) {
                    let command = config.program.command.join("\0");
                    commands.insert(past.digest, command.clone());
                    all.entry(command).or_default().push(past.seconds);
                }
            }
            for seconds in all.values_mut() {
                seconds.sort_by(f64::total_cmp);
            }
            self.programs = Some((commands, all));
        }
        let (commands, all) = self.programs.as_ref()?;
        let own = compared.filter(|past| commands.get(&past.digest) == Some(&command));
        own.map(|past| past.seconds).or_else(|| {
            let seconds = all.get(&command)?;
            seconds.get(seconds.len() / 2).copied()
        })
    }

    /// The nearest record of the same condition and seed: the record with the fewest differences.
    /// In a tie, the record that was trained last.
    fn own(
        &self,
        run: &Run,
        levels: &BTreeMap<String, String>,
        values: &KeyValues,
    ) -> Option<(&'k PastRun, Vec<Difference>)> {
        let all = self.own.get(&(levels, run.config.seed())).into_iter().flatten();
        let compared = all.map(|past| {
            let mut old = key_values(&parsed(&past.config));
            old.remove("seed");
            (*past, Difference::between(&old, values))
        });
        // An accepted record has the date of the trained record that it repeats.
        compared.min_by_key(|(past, differences)| {
            (differences.len(), past.accepted, Reverse(past.started_at), past.digest)
        })
    }

    /// A record of the nearest design: the record with the same seed, else the newest record.
    fn nearest(&mut self, run: &Run, values: &KeyValues) -> Option<(&'k PastRun, Vec<Difference>)> {
        let designs = self.designs.get_or_init(|| designs(self.history));
        let nearest = self.nearest_of.entry(run.condition);
        let design = &designs[(*nearest.or_insert_with(|| nearest_design(designs, values)))?];
        let key = |past: &&&PastRun| (past.seed == run.config.seed(), past.started_at, past.digest);
        let past = design.records.iter().max_by_key(key)?;
        let mut own = values.clone();
        let mut old = match past.digest == design.records[0].digest {
            true => design.values.clone(),
            false => key_values(&parsed(&past.config)),
        };
        old.remove("seed");
        // A draw by the seed of each run is no change of the draw.
        for key in SEED_KEYS {
            if follows(&old, key, past.seed) && follows(&own, key, run.config.seed()) {
                old.remove(key);
                own.remove(key);
            }
        }
        Some((past, Difference::between(&old, &own)))
    }
}

/// Whether the seed at this key of the data is that of the run. A seed of 0 can be left out.
fn follows(values: &KeyValues, key: &str, seed: u64) -> bool {
    values.get(key).map_or("0", String::as_str) == seed.to_string()
}

/// The records by design, the newest first.
fn designs(history: &[PastRun]) -> Vec<SameDesign<'_>> {
    let mut newest: Vec<&PastRun> = history.iter().collect();
    newest.sort_by_key(|past| Reverse((past.started_at, past.digest)));
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut designs: Vec<SameDesign<'_>> = Vec::new();
    for past in newest {
        let mut config = parsed(&past.config);
        if let Value::Object(entries) = &mut config {
            entries.remove("seed");
        }
        let text = config.to_string();
        match places.get(&text) {
            Some(place) => designs[*place].records.push(past),
            None if designs.len() < MOST_DESIGNS => {
                places.insert(text, designs.len());
                let values = key_values(&config);
                let fingerprint = Fingerprint::of(&values);
                designs.push(SameDesign { values, fingerprint, records: vec![past] });
            }
            None => {}
        }
    }
    designs
}

/// The design with the fewest keys that differ. In a tie, the newest design.
fn nearest_design(designs: &[SameDesign<'_>], values: &KeyValues) -> Option<usize> {
    let found = Fingerprint::of(values);
    (0..designs.len()).min_by_key(|index| designs[*index].fingerprint.distance(&found))
}

fn parsed(config: &str) -> Value {
    serde_json::from_str(config).unwrap_or_default()
}

/// The median speed of the runs whose configuration this version can read.
fn speed(history: &[PastRun]) -> Option<f64> {
    let speed = |past: &PastRun| {
        operations_a_second(&serde_json::from_str(&past.config).ok()?, past.seconds)
    };
    let mut speeds: Vec<_> = history.iter().filter_map(speed).collect();
    speeds.sort_by(f64::total_cmp);
    speeds.get(speeds.len() / 2).copied()
}

fn operations_a_second(config: &RunConfig, seconds: f64) -> Option<f64> {
    let operations = operations_of_all(config)?;
    (seconds > 0.0).then(|| operations / seconds).filter(|speed| *speed > 0.0)
}

/// The operations of all epochs of a run. `None` for a program. Runs that stop early are compared as if they did not: they are expected to
/// stop as early as those before them.
fn operations_of_all(config: &RunConfig) -> Option<f64> {
    let config = config.network()?;
    Some(operations(config, Extent::whole(config)))
}
