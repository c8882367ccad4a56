//! The keys of columns: what a value means, in data files and templates.

use std::fmt;

/// The meaning of a value of a column. Its text names the column in data files and templates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is the name that data files give it")]
pub enum Key {
    /// The level of a factor, or the experiment.
    Level(String),
    Table,
    Row,
    Factor,
    N,
    Expected,
    Mean,
    Std,
    PublishedMean,
    PublishedStd,
    Difference,
    SampleStd,
    Seeds,
    Lower,
    Upper,
    Varies,
    Effect,
    EffectStd,
    P,
    PHolm,
    Improvement,
    ImprovementLower,
    ImprovementUpper,
    NOneDraw,
    ExpectedOneDraw,
    NOtherDraws,
    ExpectedOtherDraws,
    MeanOneDraw,
    MeanOtherDraws,
    StdOneDraw,
    StdOtherDraws,
    Share,
    ShareLower,
    ShareUpper,
    /// The mean by a metric.
    MeanBy(String),
    /// The change of the mean from the metric before to this one.
    ChangeBy(String),
    Total,
    TotalLower,
    TotalUpper,
    Below,
    Above,
    Draws,
    DetectableShift,
    Parameters,
    Operations,
    Seconds,
    Grade,
    StdGrade,
    Better,
    Chosen,
    BestOnTest,
    Optimism,
    NestedMean,
    NestedLower,
    NestedUpper,
    Class,
    Recall,
    RecallLower,
    RecallUpper,
    Precision,
    PrecisionLower,
    PrecisionUpper,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(factor) => f.write_str(factor),
            Self::MeanBy(metric) => write!(f, "mean_{metric}"),
            Self::ChangeBy(metric) => write!(f, "change_{metric}"),
            // `PublishedMean` → `published_mean`.
            other => {
                for (index, character) in format!("{other:?}").char_indices() {
                    if index > 0 && character.is_ascii_uppercase() {
                        f.write_str("_")?;
                    }
                    write!(f, "{}", character.to_ascii_lowercase())?;
                }
                Ok(())
            }
        }
    }
}

impl Key {
    /// Whether the value was published. A published value has no runs.
    #[must_use]
    pub fn is_published(&self) -> bool {
        matches!(self, Self::PublishedMean | Self::PublishedStd)
    }
}

/// Whether the column of this name has the unit of the metric. The others have counts, shares and p
/// values.
#[must_use]
pub fn has_unit(key: &str) -> bool {
    let is_count = ["seeds", "below", "above", "draws", "parameters", "operations"].contains(&key);
    let is_of = |what: &str| key == what || key.starts_with(&format!("{what}_"));
    !is_count && !["n", "expected", "p", "improvement", "share"].iter().any(|what| is_of(what))
}
