//! Rows of fields as CSV (RFC 4180).

use std::collections::BTreeSet;

use crate::experiment::Levels;
use crate::paper::EXPERIMENT;
use crate::summary::Summary;

/// `experiment` and all factors.
pub(super) fn factors(summary: &Summary) -> Vec<&str> {
    let levels = summary.conditions().iter().flat_map(|condition| condition.levels.keys());
    let factors: BTreeSet<&str> = levels.map(String::as_str).collect();
    let mut factors: Vec<&str> = factors.into_iter().collect();
    factors.sort_by_key(|factor| *factor != EXPERIMENT);
    factors
}

/// The level of a factor as the experiment file spells it. Empty if the condition does not have the factor.
pub(super) fn level(levels: &Levels, factor: &str) -> String {
    levels.get(factor).map_or_else(String::new, |level| level.spelled().to_owned())
}

/// Rows of one length as CSV (RFC 4180).
///
/// # Panics
/// If the rows differ in their length.
pub fn csv(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).expect("rows of one length are written to memory");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("made of strings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_commas_quotes_and_lines_are_quoted() {
        let rows =
            [vec!["a".to_owned(), "b".to_owned()], vec!["1,2\n".to_owned(), "\"x\"".to_owned()]];
        assert_eq!(csv(rows.into_iter()), "a,b\n\"1,2\n\",\"\"\"x\"\"\"\n");
    }
}
