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
//! - `above(effect, 0)`, `below(effect, 0)`: undecided below six seeds; else supported if the 95 % interval is wholly on that side,
//!   not supported if wholly on the other, else undecided
//! - `near(effect, 0.9, 0.5)`: likewise supported if the interval is wholly within 0.5 of 0.9, not supported if
//!   wholly outside, else undecided
//! - `larger(a, b, "what is compared")`: whether the number a is larger than b
//! - `reproduced("table4", experiment="deep")`: as the scorecard judges the published mean
//! - `best({"experiment": "deep"}, weight_sharing=true)`: above every other condition with those levels
//! - `all(…)`, `any(…)`, `at_least(5, …)`: of verdicts, in three-valued logic

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
        let value = environment
            .compile_expression(&claim.expression)
            .and_then(|expression| expression.eval(&variables))
            .map_err(|error| fail(RenderError::of(&error, "", &claim.expression).message))?;
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
