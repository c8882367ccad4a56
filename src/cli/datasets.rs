//! `report check --data`.

use super::terminal::{columns, data};
use crate::dataset::{PartName, SplitSummary, TargetSummary};
use crate::experiment::{Experiment, Found};
use crate::format::{count, thousands, two_digits};
use crate::pipeline::{self, DataSummary, Error, Project};
use crate::run::Shape;

/// The most classes, folds or input files that are listed.
const MOST: usize = 20;

/// Prints what the experiments read, and what each part of their data has. `name` chooses one experiment.
pub(super) fn print(project: &Project, name: Option<&String>) -> Result<(), Error> {
    project.check_names(name.map(std::slice::from_ref).unwrap_or_default())?;
    let is_chosen = |one: &Experiment| name.is_none_or(|name| one.name == *name);
    let summaries = pipeline::data_summaries(project, is_chosen)?;
    let networks = summaries.iter().flat_map(lines);
    let programs = project.experiments.iter().filter(|one| is_chosen(one)).filter_map(of_program);
    networks.chain(programs).try_for_each(|line| data(&line))
}

/// The data of networks.
fn lines(summary: &DataSummary<'_>) -> Vec<String> {
    let DataSummary { of, found, input, seed, split } = summary;
    let mut lines = vec![format!("{}: {}", of.join(", "), described(found, *input))];
    if found.facts.dropped > 0 {
        let dropped = count(found.facts.dropped, "row");
        lines.push(format!("  {dropped} left out, because a value that is used is missing"));
    }
    lines.push(match seed {
        Some((seed, n)) => {
            format!(
                "  split of seed {seed} (each of the {} has a different split)",
                count(*n, "seed")
            )
        }
        None => "  all seeds use this split".to_owned(),
    });
    match split {
        Err(error) => lines.push(format!("  error: {error}")),
        Ok(split) => lines.extend(
            columns(&rows(split, &found.facts.classes)).iter().map(|line| format!("  {line}")),
        ),
    }
    lines
}

/// Where the data are, and what they are.
fn described(found: &Found, input: Shape) -> String {
    let paths = found.source.paths();
    let name = match paths.is_empty() {
        true => "MNIST".to_owned(),
        false => paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
    };
    let facts = &found.facts;
    let targets = match facts.classes.len() {
        0 => "with numbers as targets".to_owned(),
        n => format!("of {n} classes"),
    };
    let pooled = if input == facts.shape { String::new() } else { format!(", pooled to {input}") };
    format!(
        "{name} ({}): {} examples {targets}, each of {} numbers{pooled}",
        facts.digest.short(),
        thousands(facts.n),
        facts.shape
    )
}

/// A table: a column for each part, and rows of sizes and targets.
fn rows(split: &SplitSummary, classes: &[String]) -> Vec<Vec<String>> {
    let row = |name: String, cells: [String; 3]| [vec![name], cells.to_vec()].concat();
    let mut rows = vec![row(String::new(), PartName::ALL.map(|part| part.name().to_owned()))];
    let is_folded = split.sizes.len() > 1;
    let noun = if matches!(split.targets, TargetSummary::Pairs(_)) { "pairs" } else { "examples" };
    for (fold, sizes) in split.sizes.iter().enumerate().take(MOST) {
        let name = if is_folded { format!("{noun}, fold {}", fold + 1) } else { noun.to_owned() };
        rows.push(row(name, sizes.map(thousands)));
    }
    let of_fold = if is_folded { ", fold 1" } else { "" };
    match &split.targets {
        TargetSummary::Classes(counts) => {
            let named = classes.iter().zip(counts).take(MOST);
            rows.extend(
                named.map(|(class, n)| row(format!("class {class}{of_fold}"), n.map(thousands))),
            );
            let others = counts.len().saturating_sub(MOST);
            if others > 0 {
                let mut sums = [0; 3];
                for counts in &counts[MOST..] {
                    sums = std::array::from_fn(|part| sums[part] + counts[part]);
                }
                rows.push(row(format!("{others} other classes{of_fold}"), sums.map(thousands)));
            }
        }
        TargetSummary::Pairs(n) => rows.push(row("first ≤ second".to_owned(), n.map(thousands))),
        TargetSummary::Numbers(parts) => {
            for (at, name) in ["mean", "smallest", "largest"].into_iter().enumerate() {
                let cell = |part: Option<[f64; 3]>| {
                    part.map_or_else(|| "–".to_owned(), |numbers| two_digits(numbers[at]))
                };
                rows.push(row(format!("{name} target{of_fold}"), parts.map(cell)));
            }
        }
    }
    rows
}

/// What the program of an experiment reads.
fn of_program(experiment: &Experiment) -> Option<String> {
    let program = experiment.conditions.first()?.design.program()?;
    let inputs = &program.program.files.inputs;
    let shown: Vec<_> = inputs.keys().take(MOST).map(String::as_str).collect();
    let more = match inputs.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Some(format!("{}: a program, which reads {}{more}", experiment.name, shown.join(", ")))
}
