//! What a report needs of a record.

use std::sync::Arc;

use super::{Acceptance, Curve, Origin, Outcome, RunConfig, RunProvenance, RunRecord};
use crate::digest::Digest;

/// What a report needs of a record. A report keeps this of all its runs in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordExtract {
    /// The configuration of the run. The plan has it too.
    pub config: Arc<RunConfig>,
    /// How the run ended.
    pub outcome: Outcome,
    /// The curves that the report shows.
    pub curves: ChosenCurves,
    /// How often a test example of each class (row) was taken for each class (column), if the report shows it.
    pub confusion: Option<Confusion>,
    /// The acceptance, if the user accepted an older result for this run.
    pub accepted: Option<Box<Acceptance>>,
    /// Digest of the outcome and of all curves, also of those that are left out.
    pub content: Digest,
    /// Start of the training, seconds since 1970 (UTC).
    pub started_at: u64,
    /// Wall-clock seconds of the training.
    pub seconds: f64,
    /// What computed the run. Many runs share it.
    pub source: Arc<Source>,
}

/// Counts of a confusion matrix: a row for each class, a column for each answer.
pub type Confusion = Arc<[Vec<u64>]>;

/// What a report reads of each record, beside what it always reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The curves that it shows.
    pub curves: Vec<&'static Curve>,
    /// Whether it shows confusion matrices.
    pub has_confusion: bool,
}

/// Some curves of a run, each with its values in each fold.
#[derive(Clone, Debug, PartialEq)]
pub struct ChosenCurves(Vec<(&'static Curve, Vec<Vec<f64>>)>);

/// The program and the machine that computed runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Version of `report`.
    pub version: String,
    /// Operating system and processor family.
    pub platform: String,
    /// Machine and sources.
    pub origin: Origin,
}

impl ChosenCurves {
    /// The values of `chosen` in each fold, in this order. A curve that the run does not have has no values.
    #[must_use]
    pub fn new(chosen: &[&'static Curve], mut folds: impl FnMut(&Curve) -> Vec<Vec<f64>>) -> Self {
        Self(chosen.iter().map(|curve| (*curve, folds(curve))).collect())
    }

    /// The values of a curve in each fold, in order of the epochs. They are empty if the run does not have this curve.
    ///
    /// # Panics
    /// If the curve was not chosen. An empty answer would mean that the run does not have it.
    #[must_use]
    pub fn folds(&self, curve: &Curve) -> &[Vec<f64>] {
        let found = self.0.iter().find(|(chosen, _)| chosen.name == curve.name);
        &found.expect("a report reads only the curves that its paper names").1
    }
}

impl Source {
    /// The source of a run.
    #[must_use]
    pub fn of(provenance: RunProvenance) -> Self {
        let RunProvenance { version, platform, origin, .. } = provenance;
        Self { version, platform, origin }
    }
}

impl RecordExtract {
    /// The extract of a record with what is wanted of it.
    #[must_use]
    pub fn of(record: RunRecord, wanted: &Wanted) -> Self {
        let content = Digest::of_bytes(record.result.content().as_bytes());
        let RunRecord { config, result, .. } = record;
        let n_folds = config.folds();
        let of_folds = |curve: &Curve| {
            let of_fold = |fold| result.curves.of_fold(n_folds, fold, curve).to_vec();
            (0..n_folds).map(of_fold).collect()
        };
        Self {
            curves: ChosenCurves::new(&wanted.curves, of_folds),
            confusion: result.confusion.filter(|_| wanted.has_confusion).map(Arc::from),
            config,
            outcome: result.outcome,
            accepted: result.accepted.map(Box::new),
            content,
            started_at: result.provenance.started_at,
            seconds: result.provenance.seconds,
            source: Arc::new(Source::of(result.provenance)),
        }
    }
}
