//! Verdicts, and how they combine.

use serde::Serialize;

use crate::experiment::ConditionId;
use crate::format::Digits;

/// What the results say of a claim or a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// They agree with it, and not with its opposite.
    Supported,
    /// They agree with its opposite.
    Contradicted,
    /// They agree with both, or are missing.
    Undecided,
}

/// The verdict on a check, with the findings behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The verdict.
    pub outcome: Outcome,
    /// What was compared, and what each comparison says.
    pub findings: Vec<Finding>,
    /// The conditions behind the findings.
    pub conditions: Vec<ConditionId>,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was found and what was expected.
    pub text: String,
    /// What it says.
    pub outcome: Outcome,
    /// What limits it; empty if nothing.
    pub remark: String,
    /// What was measured, if it is an effect or a difference.
    #[serde(skip)]
    pub measured: Option<Measured>,
}

/// A mean difference with its interval, beside what is expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// What differs, in words.
    pub label: String,
    /// The mean.
    pub mean: f64,
    /// The bounds of its interval.
    pub interval: [f64; 2],
    /// The bounds of what is expected; infinite on an open side.
    pub expected: [f64; 2],
    /// The unit in words; empty if there is none.
    pub unit: String,
    /// How its numbers are written.
    pub digits: Digits,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Supported, Self::Contradicted, Self::Undecided];

    /// The verdict in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Contradicted => "contradicted",
            Self::Undecided => "undecided",
        }
    }
}

impl Verdict {
    /// The verdict of a single finding.
    #[must_use]
    pub fn of(finding: Finding, conditions: Vec<ConditionId>) -> Self {
        Self { outcome: finding.outcome, findings: vec![finding], conditions }
    }
}

/// Supported if at least `n` verdicts are; contradicted if `n` can no longer be reached.
#[must_use]
pub(super) fn combined(n: usize, verdicts: Vec<Verdict>) -> Verdict {
    let count = |outcome| verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
    let (supported, undecided) = (count(Outcome::Supported), count(Outcome::Undecided));
    let outcome = match () {
        () if supported >= n => Outcome::Supported,
        () if supported + undecided < n => Outcome::Contradicted,
        () => Outcome::Undecided,
    };
    let mut conditions: Vec<_> =
        verdicts.iter().flat_map(|verdict| verdict.conditions.clone()).collect();
    conditions.sort_unstable();
    conditions.dedup();
    let findings = verdicts.into_iter().flat_map(|verdict| verdict.findings).collect();
    Verdict { outcome, findings, conditions }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_combine_in_three_valued_logic() {
        use Outcome::{Contradicted, Supported, Undecided};
        let all_of = |n, outcomes: &[Outcome]| {
            let verdicts = outcomes.iter().map(|outcome| {
                let (text, remark) = (String::new(), String::new());
                Verdict::of(Finding { text, outcome: *outcome, remark, measured: None }, Vec::new())
            });
            combined(n, verdicts.collect()).outcome
        };
        assert_eq!(all_of(2, &[Supported, Supported]), Supported);
        assert_eq!(all_of(2, &[Supported, Undecided]), Undecided);
        assert_eq!(all_of(2, &[Contradicted, Undecided]), Contradicted);
        assert_eq!(all_of(1, &[Contradicted, Undecided]), Undecided);
        assert_eq!(all_of(1, &[Contradicted, Supported]), Supported);
        assert_eq!(all_of(2, &[Contradicted, Supported, Undecided]), Undecided);
        assert_eq!(all_of(2, &[Contradicted, Contradicted, Supported]), Contradicted);
    }
}
