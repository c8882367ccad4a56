//! Each published value beside ours, with a judgement.

use super::choices::row_label;
use super::{Cell, Column, Datum, Form, Line, Style, dots};
use crate::paper::Scorecard;
use crate::render::context::Names;
use crate::render::format::{MISSING, count};
use crate::stats::FEWEST_DECISIVE;
use crate::summary::{Grade, Judgement, Marks, Score, Summary};

pub(super) fn form(
    names: Names<'_>,
    summary: &Summary,
    spec: &Scorecard,
    scores: &[Score],
) -> Form {
    let mut columns = vec![Column::text("table", "table"), Column::text("row", "row")];
    columns.push(Column::number("published mean", &["published_mean"]));
    columns.push(Column::number("our mean", &["mean"]));
    columns.push(Column::number("difference", &["difference"]));
    columns.push(Column::number("expected range", &["lower", "upper"]));
    columns.push(Column::number("draws below", &["below", "draws"]));
    columns.push(Column { is_number: false, ..Column::number("mean is", &["grade"]) });
    columns.push(Column::number("published std", &["published_std"]));
    columns.push(Column::number("our std", &["std"]));
    columns.push(Column { is_number: false, ..Column::number("std is", &["std_grade"]) });
    let rows = scores.iter().filter_map(|score| line(names, summary, score)).collect();
    let percent = |share: f64| format!("{} %", (1e4 * share).round() / 100.0);
    let notes = vec![
        format!(
            "Rule for means: the expected range is the {} prediction interval (Student's t) of the score \
             on one more draw of the data, from the draws here; a published mean inside it is reproduced, \
             inside the {} interval near, else it differs. A mean of {} runs on one draw varies less \
             than the single run that the interval is of. So the rule favours “reproduced”: of means that \
             agree it calls at least so many reproduced, and of means that do not, some.",
            percent(spec.reproduced),
            percent(spec.near),
            spec.published_seeds
        ),
        format!(
            "Rule for standard deviations: the square of published / ours within the central {} of its F \
             distribution is reproduced, within {} near, else it differs. It supposes normal scores, and \
             compares one draw of the data with one.",
            percent(spec.reproduced),
            percent(spec.near)
        ),
        format!(
            "Neither is known from fewer than {FEWEST_DECISIVE} draws or runs of a condition, which \
             nearly any value would agree with."
        ),
        "draws below: on how many of the draws here the mean lies below the published one."
            .to_owned(),
    ];
    Form { metric: None, columns, rows, notes }
}

fn line(names: Names<'_>, summary: &Summary, score: &Score) -> Option<Line> {
    let levels = names.paper.table(&score.table)?.levels()?;
    let row = summary.table(&score.table)?.levels()?.rows.get(score.row)?;
    let mut cells = vec![
        Cell::text(names.table(&score.table), &score.table),
        Cell::text(row_label(names, &levels.by, &row.levels), row.levels.join(", ")),
    ];
    let fixed = |value| Cell::number(value, Style::Fixed);
    let difference = score.mean.ours.map(|ours| ours - score.mean.published);
    let bounds = score.interval.map(|interval| [interval.lower, interval.upper]);
    cells.push(fixed(Some(score.mean.published)));
    let mut ours = fixed(score.mean.ours);
    if row.n < row.expected || row.marks != Marks::default() {
        ours.text = format!("{} (n: {})", ours.text, count(row.n, row.expected, row.marks));
    }
    cells.push(ours);
    cells.push(Cell::number(difference, Style::Signed));
    cells.push(Cell::interval(bounds, Style::Fixed));
    let below = score.below.map(|(below, of)| [below as f64, of as f64]);
    let text =
        score.below.map_or_else(|| MISSING.to_owned(), |(below, of)| format!("{below} of {of}"));
    let values = [below.map(|b| b[0]), below.map(|b| b[1])];
    cells.push(Cell::numbers(text, Style::Whole, &values));
    cells.push(grade(&score.mean));
    cells.push(fixed(Some(score.std_dev.published)));
    cells.push(fixed(score.std_dev.ours));
    cells.push(grade(&score.std_dev));
    let dots = dots(&summary.conditions, names, &score.repetitions, &levels.metric);
    let conditions = [row.conditions.clone(), score.repetitions.clone()].concat();
    Some(Line { cells, conditions, dots })
}

fn grade(judgement: &Judgement) -> Cell {
    let (word, tone) = match judgement.grade {
        Some(Grade::Reproduced) => ("reproduced", "good"),
        Some(Grade::Near) => ("near", "fair"),
        Some(Grade::Differs) => ("differs", "poor"),
        None => ("not known", "unknown"),
    };
    Cell { text: word.to_owned(), data: vec![Datum::Text(word.to_owned())], tone }
}
