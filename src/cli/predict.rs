//! `report predict`.

use super::json;
use super::predict_args::PredictArgs;
use super::selector::RunSelector;
use super::terminal::{data, message};
use crate::experiment::{Conditions, Run};
use crate::export;
use crate::format::{runs, shell_quoted};
use crate::pipeline::{self, Error, Keep, Predictions};
use crate::task;

/// The largest number of runs that an error lists.
const MOST_RUNS: usize = 8;

pub(super) fn run(args: &PredictArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let selector = RunSelector::new(&project, &args.name, &args.levels)?;
    let run = one(&selector.runs(&plan)?, &project.conditions(), &args.name)?;
    let words = [&args.name].into_iter().chain(&args.levels).map(|word| shell_quoted(word));
    let retry = format!(
        "report build --save-models {}{}",
        words.collect::<Vec<_>>().join(" "),
        args.project.options()
    );
    let predictions = pipeline::predict(&project, run, &args.file, &retry)?;
    if args.json {
        return json::print(json::predict(run, &predictions));
    }
    if predictions.folds > 1 {
        message(&format!("each prediction is the mean over {} folds", predictions.folds));
    }
    if args.csv {
        return table(run, &predictions).lines().try_for_each(data);
    }
    predictions.examples.iter().try_for_each(|own| data(&line(&predictions.classes, own)))
}

/// The only run among those that are selected.
pub(super) fn one<'p>(
    selected: &[&'p Run],
    conditions: &Conditions<'_>,
    name: &str,
) -> Result<&'p Run, Error> {
    let first = selected.first().ok_or_else(|| Error::Request {
        message: format!("`{name}` is a diagram of the experiment files, so it has no runs"),
        hint: "name an experiment, or a table or figure with runs".to_owned(),
    })?;
    if selected.iter().all(|run| run.digest == first.digest) {
        return Ok(first);
    }
    let names = selected
        .iter()
        .take(MOST_RUNS)
        .map(|run| format!("{} ({})", conditions.run_name(run), run.digest.short()));
    let more = match selected.len().saturating_sub(MOST_RUNS) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    Err(Error::Request {
        message: format!("{} match, but this command needs one", runs(selected.len())),
        hint: format!(
            "add levels such as `seed=0`, or write a digest: {}{more}",
            names.collect::<Vec<_>>().join("; ")
        ),
    })
}

/// The most probable class with its probability, or the only number.
fn line(classes: &[String], own: &[f64]) -> String {
    match best(classes, own) {
        Some((class, p)) => format!("{class}  {p:.4}"),
        None => number(own),
    }
}

/// The most probable class, and the first of several.
fn best<'c>(classes: &'c [String], own: &[f64]) -> Option<(&'c String, f64)> {
    let both = classes.iter().zip(own.iter().copied());
    both.reduce(|best, other| if other.1 > best.1 { other } else { best })
}

/// The number of a regression, or the probability of a pair, in the digits of an `f32`.
fn number(own: &[f64]) -> String {
    own.first().map_or_else(String::new, |x| (*x as f32).to_string())
}

/// All predictions as CSV.
fn table(run: &Run, Predictions { classes, examples, .. }: &Predictions) -> String {
    let task = run.config.network().map(|config| task::of(config.task));
    let name = task.map_or("prediction", |task| task.prediction());
    let header = std::iter::once(name.to_owned()).chain(classes.iter().cloned()).collect();
    let rows = examples.iter().map(|own| match best(classes, own) {
        Some((class, _)) => {
            std::iter::once(class.clone()).chain(own.iter().map(f64::to_string)).collect()
        }
        None => vec![number(own)],
    });
    export::csv_of_rows(std::iter::once(header).chain(rows))
}
