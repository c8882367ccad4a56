//! The figure of a confusion matrix: the mean over the runs of one condition.

use super::super::{Error, Project};
use super::remarks::{few_runs, nothing, unreadable};
use crate::context::Drawing;
use crate::experiment::ConditionId;
use crate::figure::{self, ConfusionMatrix, Width};
use crate::format::{count, visible};
use crate::paper::{Figure, Names, Selection};
use crate::summary::{ConditionSummary, Summary};
use crate::table::class_names;

/// The drawing of the only selected condition.
///
/// # Errors
/// Returns an error if the drawing would not be readable.
pub(super) fn drawing(
    project: &Project,
    summary: &Summary,
    selection: &Selection,
    figure: &Figure,
) -> Result<Drawing, Error> {
    let names = Names { paper: &project.file.paper, experiments: &project.experiments };
    let ids = summary.select(selection);
    let classes: Vec<_> = ids.iter().take(1).flat_map(|id| class_names(names, *id)).collect();
    let matrix = ConfusionMatrix {
        shares: mean_shares(summary, &ids, classes.len()),
        classes: classes.iter().map(|class| visible(class)).collect(),
    };
    let draw = |width| figure::confusion(&matrix, width).map_err(|error| unreadable(figure, error));
    let labels = ids.iter().map(|id| visible(&names.describe(&summary.condition(*id).levels)));
    let label = labels.collect::<Vec<_>>().join("; ");
    Ok(Drawing {
        metric: None,
        kind: format!("Confusion matrix of {label}{}.", few_runs(summary, &ids)),
        finding: finding(summary, &ids, &matrix.classes),
        formula: format!(
            "Row: the class of a test example. Column: the class that the network answers. Cell: percentage of the \
             examples of the row, as a mean over the seeds. {}",
            summary.network_note(&ids)
        ),
        svg: draw(Width::Wide)?,
        narrow: draw(Width::Narrow)?,
    })
}

/// The mean share of each answer over the runs that have examples of the class.
fn mean_shares(summary: &Summary, ids: &[ConditionId], n: usize) -> Vec<Vec<Option<f64>>> {
    let answers: Vec<_> = summary.all(ids).flat_map(ConditionSummary::answers).collect();
    let mean = |class: usize, answer: usize| {
        let of_run = |run: &Vec<Vec<Option<f64>>>| *run.get(class)?.get(answer)?;
        let shares: Vec<f64> = answers.iter().filter_map(of_run).collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    };
    (0..n).map(|class| (0..n).map(|answer| mean(class, answer)).collect()).collect()
}

/// For each class, how many of its examples were found, over all runs together.
fn finding(summary: &Summary, ids: &[ConditionId], classes: &[String]) -> String {
    let confusions: Vec<_> =
        summary.all(ids).flat_map(|condition| condition.confusions().collect::<Vec<_>>()).collect();
    if confusions.is_empty() {
        return nothing(summary, ids);
    }
    let of_class = |(class, name): (usize, &String)| {
        let rows = || confusions.iter().filter_map(|counts| counts.get(class));
        let found: u64 = rows().filter_map(|row| row.get(class)).sum();
        let all: u64 = rows().flatten().sum();
        format!("{name}: {found} of {all}")
    };
    let classes = classes.iter().enumerate().map(of_class).collect::<Vec<_>>().join("; ");
    format!(
        "Test examples that were found, in {} together: {classes}.",
        count(confusions.len(), "run")
    )
}
