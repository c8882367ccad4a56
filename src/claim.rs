//! Claims of the paper, decided by the results of each build.

mod cells;
mod check;
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
pub use verdict::{Finding, Outcome, Verdict};

/// A claim, and the check that decides on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// How templates refer to it.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Where the publication makes the claim; empty if the file does not say.
    pub source: String,
    /// What decides on it.
    #[serde(skip)]
    pub check: Check,
    /// Names of the tables and figures that show the evidence.
    #[serde(skip)]
    pub evidence: Vec<String>,
    /// Where the check stands.
    #[serde(skip)]
    pub location: Location,
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
    /// The conditions behind the findings.
    #[serde(skip)]
    pub conditions: Vec<ConditionId>,
}

/// Reads the claims of a paper file. `None` if one of them is faulty.
pub fn read(
    reader: &Reader<'_>,
    vocabulary: &Vocabulary<'_>,
    paper: &Paper,
    tables: &[TableRequest],
    figures: &[Figure],
) -> Option<Vec<Claim>> {
    let words = Words { vocabulary, paper, earlier: tables };
    let items = tables.iter().map(|table| table.name.as_str());
    let items: Vec<_> = items.chain(figures.iter().map(|f| f.name.as_str())).collect();
    read_each(reader, "claim", reader.violations(), |reader, _| {
        let name = read_name(&reader);
        let statement = reader.required::<String>("statement");
        let source = reader.optional::<String>("source").unwrap_or_default();
        let evidence = reader.optional::<Vec<String>>("evidence").unwrap_or_default();
        for item in &evidence {
            check_known(&reader, "evidence", item, &items, "table or figure");
        }
        let node = reader.node("check");
        if node.is_none() {
            reader.refuse(
                "check",
                "is missing; it takes a check, like { effect = \"factor\", above = 0 }",
            );
        }
        let path = reader.path_of("check");
        let check = node.and_then(|node| read::read(node, path, reader.violations(), &words));
        reader.finish();
        let location = node?.location.clone();
        let (name, statement, check) = (name?, statement?, check?);
        Some((name.clone(), Claim { name, statement, source, check, evidence, location }))
    })
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
        let Verdict { outcome, findings, conditions } = evidence.decide(&claim.check)?;
        Ok(JudgedClaim { claim: claim.clone(), outcome, findings, conditions })
    };
    claims.iter().map(judge).collect()
}
