//! What the publication claims, decided on by this build's results.
//!
//! A claim's `expression` is one of minijinja, and its value a verdict. Effects are:
//!
//! - `effect("weight_sharing", experiment=["deep"])`: with the factor less without it, paired by
//!   seed, over the conditions with these levels
//! - `difference({"experiment": "deep"}, {"experiment": "deep-sigmoid"}, weight_sharing=false)`: the
//!   conditions with the first levels less those with the second
//!
//! both by the metric of the first protocol, or by `metric="…"`, and with the fields `mean`, `lower`,
//! `upper`, `p` and `n`. Numbers are `cell("table2", "mean", weight_sharing=true)` and
//! `parameters["deep"]`. Verdicts are:
//!
//! - `above(effect, 0)`, `below(effect, 0)`: supported if the 95 % interval is wholly on that side,
//!   not supported if wholly on the other, else undecided
//! - `near(effect, 0.9, 0.5)`: supported if the interval is wholly within 0.5 of 0.9, not supported if
//!   wholly outside, else undecided; of fewer than six seeds, all three are undecided
//! - `larger(a, b, "a is larger than b")`: of two numbers
//! - `reproduced("table4", experiment="deep")`: as the scorecard judges the published mean
//! - `best({"experiment": "deep"}, weight_sharing=true)`: above every other condition with those levels
//! - `all(…)`, `any(…)`, `at_least(5, …)`: of verdicts, in three-valued logic
//!
//! `and`, `or`, `not`, `if` and `else` are refused: a verdict is neither true nor false.

mod results;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::RenderError;
use super::context::{ExperimentContext, Names};
use crate::paper::Claim;
use crate::summary::Summary;

/// Names of the functions of expressions, for hints.
const FUNCTIONS: [&str; 12] = [
    "effect()",
    "difference()",
    "above()",
    "below()",
    "near()",
    "larger()",
    "reproduced()",
    "best()",
    "cell()",
    "all()",
    "any()",
    "at_least()",
];

/// A claim and what the results say of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimContext {
    /// Its name in the paper file.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Where the publication does.
    pub source: String,
    /// What the results say.
    pub verdict: Outcome,
    /// What was looked at, and what each says.
    pub checks: Vec<Check>,
    /// Indices of the conditions that were looked at.
    pub conditions: Vec<usize>,
    /// The expression that decides.
    pub expression: String,
    /// Where it stands, as `file:line`.
    pub place: String,
    /// Names of the tables and figures that show the evidence.
    pub evidence: Vec<String>,
}

/// What results say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// They support it.
    Supported,
    /// They contradict it.
    NotSupported,
    /// They are compatible with it and with its opposite, or missing.
    Undecided,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What was found: effect, interval, and what it was compared with.
    pub text: String,
    /// What it says.
    pub outcome: Outcome,
}

impl Outcome {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::NotSupported => "not supported",
            Self::Undecided => "undecided",
        }
    }
}

/// The first word of an expression, outside of its strings, by which verdicts could be lost: to the
/// language of templates they have no truth of their own.
fn forbidden(expression: &str) -> Option<&str> {
    const WORDS: [&str; 5] = ["and", "or", "not", "if", "else"];
    let (mut rest, mut quote) = (expression, None);
    while let Some(character) = rest.chars().next() {
        let n = match (quote, character) {
            (Some(_), '\\') => rest.chars().take(2).map(char::len_utf8).sum(),
            (Some(open), _) => {
                quote = Some(open).filter(|open| *open != character);
                character.len_utf8()
            }
            (None, '"' | '\'') => {
                quote = Some(character);
                1
            }
            (None, c) if c.is_alphanumeric() || c == '_' => {
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
                if WORDS.contains(&word) {
                    return Some(word);
                }
                word.len()
            }
            (None, other) => other.len_utf8(),
        };
        rest = &rest[n..];
    }
    None
}

/// Decides on each claim of the paper.
///
/// # Errors
/// If an expression cannot be evaluated, or is no verdict; naming its line.
pub(super) fn judge(
    names: Names<'_>,
    summary: &Arc<Summary>,
    experiments: &[ExperimentContext],
) -> Result<Vec<ClaimContext>, RenderError> {
    let (environment, seen) = results::environment(names, summary);
    let parameters: BTreeMap<&str, usize> =
        experiments.iter().map(|e| (e.name.as_str(), e.parameters)).collect();
    let variables = minijinja::context! { parameters };
    let judge = |claim: &Claim| {
        let fail = |message: String| RenderError {
            template: claim.location.file.to_string(),
            line: claim.location.line,
            message: format!("the expression of claim `{}`: {message}", claim.name),
            hint: format!("expressions know {}, and `parameters`", FUNCTIONS.join(", ")),
        };
        if let Some(word) = forbidden(&claim.expression) {
            let message =
                format!("`{word}` would decide without telling: use all(), any() or at_least()");
            return Err(fail(message));
        }
        let value = environment
            .compile_expression(&claim.expression)
            .and_then(|expression| expression.eval(&variables))
            .map_err(|error| fail(RenderError::message_of(&error, &claim.expression)))?;
        let verdict::Verdict { outcome, checks } = verdict::of(&value)
            .map_err(|error| fail(error.detail().unwrap_or("is no verdict").to_owned()))?;
        Ok(ClaimContext {
            name: claim.name.clone(),
            statement: claim.statement.clone(),
            source: claim.source.clone(),
            verdict: outcome,
            checks,
            conditions: seen.take(),
            expression: claim.expression.trim().to_owned(),
            place: claim.location.to_string(),
            evidence: claim.evidence.clone(),
        })
    };
    names.paper.claims.iter().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_lose_verdicts_are_found_outside_of_strings_alone() {
        assert_eq!(forbidden("above(e, 0) and below(e, 0)"), Some("and"));
        assert_eq!(forbidden("1 if not x"), Some("if"));
        assert_eq!(forbidden("(not x)"), Some("not"));
        let none = r#"larger(1, 2, "a and \" or b") | notable(anderson, 'if', "é else")"#;
        assert_eq!(forbidden(none), None);
        assert_eq!(forbidden("\"unclosed and"), None);
        assert_eq!(forbidden("\"\\"), None);
    }
}
