//! Claims of the paper, decided by the results of each build.

mod cells;
mod check;
mod choose;
mod decide;
mod evidence;
mod expression;
mod interval;
mod read;
mod verdict;

use serde::Serialize;

use crate::document::{Location, Reader};
use crate::experiment::ConditionId;
use crate::paper::keys::{check_known, read_each, read_name};
use crate::paper::{Figure, Paper, Vocabulary};
use crate::table::{Results, TableItem, TableRequest, Words};

pub use check::{Best, CellReference, Check, Compare, Difference, DifferenceKind, Expected};
pub use decide::ClaimError;
pub use expression::Expression;
pub use verdict::{Finding, Measured, Outcome, Verdict};

/// A claim, and the check that decides on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// How templates refer to it.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// The same in a few words, for lists; the statement, if the file has no shorter text.
    pub short: String,
    /// Where the publication makes the claim; empty if the file does not say.
    pub source: String,
    /// What decides on it.
    #[serde(skip)]
    pub check: Check,
    /// Checks of the same claim on other conditions. They do not change the verdict.
    #[serde(skip)]
    pub also: Vec<AlsoChecked>,
    /// Names of the tables and figures that show the evidence.
    #[serde(skip)]
    pub evidence: Vec<String>,
    /// Where the check stands.
    #[serde(skip)]
    pub location: Location,
}

/// A check of a claim on other conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct AlsoChecked {
    /// How it differs from the claim, such as `without the fully connected model`.
    pub label: String,
    /// The check.
    pub check: Check,
}

/// A verdict beside that of a claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlsoJudged {
    /// How its check differs from the claim.
    pub label: String,
    /// What the results say.
    #[serde(rename = "verdict")]
    pub outcome: Outcome,
    /// What was compared, and what each comparison says.
    pub findings: Vec<Finding>,
}

/// A claim with its verdict. Templates see it but for the fields that are skipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JudgedClaim {
    /// The claim.
    #[serde(flatten)]
    pub claim: Claim,
    /// What the results say.
    #[serde(rename = "verdict")]
    pub outcome: Outcome,
    /// What was compared, and what each comparison says.
    pub findings: Vec<Finding>,
    /// Verdicts on the same claim for other conditions.
    pub also: Vec<AlsoJudged>,
    /// The conditions behind the findings.
    #[serde(skip)]
    pub conditions: Vec<ConditionId>,
}

impl JudgedClaim {
    /// The verdicts for other conditions that are not that of the claim itself.
    pub fn differing(&self) -> impl Iterator<Item = &AlsoJudged> {
        self.also.iter().filter(|also| also.outcome != self.outcome)
    }
}

/// Reads the claims of a paper file. Leaves out those with mistakes.
#[must_use]
pub fn read(
    reader: &Reader<'_>,
    vocabulary: &Vocabulary<'_>,
    paper: &Paper,
    tables: &[TableRequest],
    figures: &[Figure],
) -> Vec<Claim> {
    let words = Words { vocabulary, paper, earlier: tables };
    let items = tables.iter().map(|table| table.name.as_str());
    let items: Vec<_> = items.chain(figures.iter().map(|f| f.name.as_str())).collect();
    read_each(reader, "claim", |reader, _| {
        let name = read_name(reader);
        let statement = reader.required::<String>("statement");
        let short = reader.optional::<String>("short");
        let source = reader.optional::<String>("source").unwrap_or_default();
        let evidence = reader.optional::<Vec<String>>("evidence").unwrap_or_default();
        for item in &evidence {
            check_known(reader, "evidence", item, &items, "table or figure");
        }
        let check = read_check(reader, &words);
        let also = read_each(reader, "also", |reader, _| {
            let (label, check) = (reader.required::<String>("label"), read_check(reader, &words));
            let (label, (check, _)) = (label?, check?);
            Some((label.clone(), AlsoChecked { label, check }))
        });
        let (name, statement, (check, location)) = (name?, statement?, check?);
        let short = short.unwrap_or_else(|| statement.clone());
        let claim = Claim { name, statement, short, source, check, also, evidence, location };
        Some((claim.name.clone(), claim))
    })
}

/// The check at the key `check`, and its place.
fn read_check(reader: &Reader<'_>, words: &Words<'_>) -> Option<(Check, Location)> {
    let node = reader.node("check")?;
    let check = read::read(node, reader.path_of("check"), reader.violations(), words)?;
    Some((check, node.location.clone()))
}

/// Decides on each claim.
///
/// # Errors
/// If a check cannot be decided on, whatever the records say; with its place.
pub fn judge(
    claims: &[Claim],
    results: &Results<'_>,
    tables: &[TableItem],
) -> Result<Vec<JudgedClaim>, ClaimError> {
    let evidence = evidence::Evidence { results: *results, tables };
    let judge = |claim: &Claim| {
        let Verdict { outcome, findings, mut conditions } = evidence.decide(&claim.check)?;
        let mut also = Vec::new();
        for AlsoChecked { label, check } in &claim.also {
            let Verdict { outcome, findings, conditions: behind } = evidence.decide(check)?;
            conditions.extend(behind);
            also.push(AlsoJudged { label: label.clone(), outcome, findings });
        }
        conditions.sort_unstable();
        conditions.dedup();
        Ok(JudgedClaim { claim: claim.clone(), outcome, findings, also, conditions })
    };
    claims.iter().map(judge).collect()
}
