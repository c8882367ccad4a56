//! What factors change.

use std::collections::BTreeSet;

use super::{Cell, Column, Dot, Form, Line, Style, WhatVaries, digests, expected};
use crate::paper::Effects;
use crate::render::context::Names;
use crate::stats::{MOST_SIGN_FLIPS, PairedTest};
use crate::summary::{ConditionSummary, Effect, Varies};

pub(super) fn form(
    names: Names<'_>,
    all: &[ConditionSummary],
    spec: &Effects,
    effects: &[Effect],
) -> Form {
    let mut columns = vec![Column::text("effect of", "factor")];
    columns.extend(spec.by.iter().map(|name| Column::text(names.paper.factor_label(name), name)));
    columns.push(Column::number("seeds", &["seeds", "expected"]));
    columns.push(Column::number("points", &["effect", "effect_std"]));
    columns.push(Column::number("95 % interval", &["lower", "upper"]));
    columns.push(Column::number("p", &["p"]));
    columns.push(Column::number("p, Holm", &["p_holm"]));
    let keys = ["improvement", "improvement_lower", "improvement_upper"];
    columns.push(Column::number("better in", &keys));
    let of_effect = |effect: &Effect| Varies::of(all, &effect.contrast.conditions.concat());
    let varies = WhatVaries::of(effects.iter().map(of_effect));
    columns.extend(varies.column.clone());
    let line = |effect: &Effect| {
        let mut line = line(names, all, spec, effect);
        line.cells.extend(varies.cell(of_effect(effect)));
        line
    };
    let rows = effects.iter().map(line).collect();
    Form { metric: None, columns, rows, notes: notes(names, all, spec, effects, varies.note) }
}

fn line(names: Names<'_>, all: &[ConditionSummary], spec: &Effects, effect: &Effect) -> Line {
    let factor = names.paper.factor_label(&effect.factor);
    let label = match effect.levels.each_ref().map(String::as_str) {
        ["true", "false"] => factor.to_owned(),
        levels => {
            let [first, second] = levels.map(|level| names.level(&effect.factor, level));
            format!("{factor}: {first} − {second}")
        }
    };
    let mut cells = vec![Cell::text(label, &effect.factor)];
    cells.extend(spec.by.iter().enumerate().map(|(index, name)| match &effect.group {
        Some(group) => Cell::text(names.level(name, &group[index]), &group[index]),
        None => Cell::text("all together", "all"),
    }));
    let comparison = effect.contrast.comparison;
    let difference = comparison.map(|comparison| comparison.difference);
    let n = difference.map_or(0, |d| d.n);
    let (expected, marks) = expected(all, &effect.contrast.conditions.concat());
    cells.push(Cell::count(n, expected, marks));
    let mean = difference.map(|d| d.mean);
    let values = [mean, difference.and_then(|d| d.std_dev)];
    cells.push(Cell::numbers(Style::Signed.write(mean), Style::Signed, &values));
    let bounds = difference.and_then(|d| d.interval).map(|i| [i.lower, i.upper]);
    cells.push(Cell::interval(bounds, Style::Signed));
    let p_value = comparison.and_then(|c| c.significance).map(|s| s.p_value);
    cells.push(Cell::number(p_value, Style::PValue));
    cells.push(match effect.group {
        Some(_) => Cell::number(effect.adjusted_p, Style::PValue),
        None => Cell::number(None, Style::PValue),
    });
    let improvement = comparison.map(|c| c.improvement);
    cells.push(Cell::share(improvement.map(|i| i.share), improvement.map(|i| i.interval)));
    let [with, without] = &effect.contrast.conditions;
    let dot = |(seed, value): &(u64, f64)| Dot {
        value: *value,
        title: format!(
            "seed {seed}: {}, runs {} less {}",
            Style::Signed.write(Some(*value)),
            digests(all, with, *seed),
            digests(all, without, *seed)
        ),
    };
    let dots = effect.contrast.differences.iter().map(dot).collect();
    Line { cells, conditions: effect.contrast.conditions.concat(), dots }
}

fn notes(
    names: Names<'_>,
    all: &[ConditionSummary],
    spec: &Effects,
    effects: &[Effect],
    varies: &str,
) -> Vec<String> {
    let metric = names.paper.metric(&spec.metric);
    let score = metric.map_or_else(String::new, |metric| {
        format!(
            "points: {}, with the factor less without it; of each seed the mean over the other \
             factors, and of these differences the mean over the seeds, with Student's t interval.",
            metric.label
        )
    });
    let n_tests = effects.iter().filter(|effect| effect.adjusted_p.is_some()).count();
    let tests = effects.iter().filter_map(|effect| effect.contrast.comparison?.significance);
    let kinds: BTreeSet<_> = tests.map(|significance| significance.test).collect();
    let exact = "exact sign-flip test of the mean, over all patterns of signs";
    let test = match (kinds.contains(&PairedTest::SignFlip), kinds.contains(&PairedTest::StudentT))
    {
        (true, true) => format!("{exact} of up to {MOST_SIGN_FLIPS} seeds, paired t test of more"),
        (false, true) => "paired t test".to_owned(),
        (_, false) => exact.to_owned(),
    };
    let tests = match n_tests {
        _ if spec.by.is_empty() => "nothing is adjusted for".to_owned(),
        0 => "no single group can be tested yet".to_owned(),
        1 => "one single group is tested, so that there is nothing to adjust for".to_owned(),
        n => format!("p, Holm: adjusted for the {n} tests of single groups in this table"),
    };
    let mut notes = vec![
        score,
        format!(
            "The differences are paired: all conditions of one seed share it, and between the seeds {varies}."
        ),
        format!("p: two-sided, {test}; {tests}."),
        "better in: share of the seeds in which the factor raises the score, ties counting half \
         (probability of improvement), with Wilson's 95 % interval."
            .to_owned(),
    ];
    let unmatched: BTreeSet<_> = effects.iter().flat_map(|e| &e.contrast.unmatched).collect();
    let unmatched = unmatched.into_iter().map(|index| names.describe(all[*index].levels.iter()));
    let unmatched: Vec<_> = unmatched.collect();
    if !unmatched.is_empty() {
        notes.push(format!(
            "Left out where no condition differs from it in the factor alone: {}.",
            unmatched.join("; ")
        ));
    }
    notes
}
