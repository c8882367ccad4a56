//! Checks that choose among conditions.

use super::check::{Best, Expected};
use super::evidence::Evidence;
use super::verdict::{Finding, Outcome, Verdict, combined};
use crate::experiment::ConditionId;
use crate::paper::selects;
use crate::run::Direction;
use crate::summary::{Contrast, chosen};

impl Evidence<'_> {
    /// One condition of each side, which `select` chooses, and the words for it. No condition if the scores of a side
    /// are not complete.
    pub(super) fn chosen(
        self,
        sides: [Vec<ConditionId>; 2],
        words: [String; 2],
        select: &str,
        metric: &str,
    ) -> ([Vec<ConditionId>; 2], [String; 2]) {
        let (summary, selector) = (self.results.summary, self.results.metric(select));
        let better = selector.better().unwrap_or(Direction::Higher);
        let choose = |(ids, words): (Vec<ConditionId>, String)| {
            let candidates = summary.candidates(&ids, select, metric);
            let is_whole = candidates.len() == ids.len();
            match chosen(&candidates, better).filter(|_| is_whole) {
                Some(one) => (
                    vec![one.id],
                    format!("{} (chosen by {})", self.described(one.id), selector.label),
                ),
                None => (Vec::new(), words),
            }
        };
        let [first, second] = sides;
        let [first_words, second_words] = words;
        let (first, first_words) = choose((first, first_words));
        let (second, second_words) = choose((second, second_words));
        ([first, second], [first_words, second_words])
    }

    pub(super) fn best(self, check: &Best) -> Verdict {
        let summary = self.results.summary;
        let (this, others): (Vec<_>, Vec<_>) = summary
            .select(&check.among)
            .into_iter()
            .partition(|id| selects(&check.levels, &summary.condition(*id).levels));
        let own = this.iter().map(|id| self.described(*id)).collect::<String>();
        let is_lower = self.results.metric(&check.metric).better() == Some(Direction::Lower);
        let (side, expected) = match is_lower {
            true => ("below", Expected::Below(0.0)),
            false => ("above", Expected::Above(0.0)),
        };
        let one = |rival: ConditionId| {
            let contrast = Contrast::of(summary, [this.clone(), vec![rival]], &check.metric);
            let rival = self.described(rival);
            let metric = self.metric_words(&check.metric);
            let label = format!("{own} minus {rival}{metric}");
            let interval = contrast.comparison.and_then(|one| one.difference.interval);
            // The bound of the interval that is nearest to the rival's side.
            let near = interval.map(|one| if is_lower { -one.upper } else { one.lower });
            (near.unwrap_or(f64::NEG_INFINITY), {
                self.finding(&label, &contrast, expected, &check.metric)
            })
        };
        let mut findings: Vec<_> = others.iter().map(|rival| one(*rival)).collect();
        // The findings that decide come first, and among them the nearest rivals.
        let is_better = |finding: &Finding| finding.outcome == Outcome::Supported;
        let rank = |finding: &Finding| match finding.outcome {
            Outcome::Contradicted => 0,
            Outcome::Undecided => 1,
            Outcome::Supported => 2,
        };
        findings
            .sort_by(|(a, first), (b, second)| rank(first).cmp(&rank(second)).then(a.total_cmp(b)));
        let n = findings.len();
        let n_better = findings.iter().filter(|(_, finding)| is_better(finding)).count();
        let conditions = [this, others].concat();
        let verdicts = findings.into_iter().map(|(_, finding)| Verdict::of(finding, Vec::new()));
        let mut verdict = combined(n, verdicts.collect());
        verdict.findings.truncate(2);
        let of_all =
            if n_better == n { format!("all {n}") } else { format!("{n_better} of the {n}") };
        let shortened = match n > 2 {
            true if n_better == n => " The list shows the two closest.",
            true => " The list shows two of these comparisons; those that decide come first.",
            false => "",
        };
        let text = format!("{own} is {side} {of_all} other conditions.{shortened}");
        let finding =
            Finding { text, outcome: verdict.outcome, remark: String::new(), measured: None };
        let among = std::slice::from_ref(&check.among);
        verdict.findings.push(self.limited(finding, &check.differs, among));
        Verdict { conditions, ..verdict }
    }
}
