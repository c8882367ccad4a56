//! The paper file of a project that has none.

use std::fmt::Write as _;

use super::block::item_name;
use super::table::quoted;
use crate::experiment::{Design, Experiment};
use crate::run::{Direction, TaskKind};

/// The most conditions of a figure of learning curves.
const MOST_CURVES: usize = 6;

/// The most models of a diagram.
const MOST_MODELS: usize = 8;

/// The paper file of a project that has none, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultPaper {
    /// Its title and its metrics.
    pub head: String,
    /// Tables and figures, each with alternatives. The first that the experiments allow is taken.
    pub items: Vec<Vec<String>>,
}

/// A metric, and the experiments that have scores by it.
struct Scored<'e> {
    name: String,
    label: String,
    curve: String,
    experiments: Vec<&'e Experiment>,
}

/// The paper file: a table and a figure for each experiment, and a table of all of them.
#[must_use]
pub fn default_paper(experiments: &[Experiment]) -> DefaultPaper {
    let title = match experiments {
        [one] => one.title.clone(),
        _ => format!("Report on {} experiments", experiments.len()),
    };
    let scored = scored(experiments);
    let mut head = format!("title = {}\n", quoted(&title));
    for Scored { name, label, curve, .. } in &scored {
        let _ = write!(
            head,
            "\n[[metric]]\nname = {}\nlabel = {}\ncurve = {}\nreduction = \"last\"\n",
            quoted(name),
            quoted(label),
            quoted(curve)
        );
    }
    let networks = experiments.iter().filter(|one| first_design(one).program().is_none());
    let networks: Vec<_> = networks.map(|one| one.name.as_str()).take(MOST_MODELS + 1).collect();
    let mut items = Vec::new();
    if (1..=MOST_MODELS).contains(&networks.len()) {
        items.push(vec![format!(
            "[[figure]]\nname = \"models\"\nkind = \"diagram\"\ncaption = \"The networks.\"\nexperiments = {}\n",
            list(&networks)
        )]);
    }
    for one in &scored {
        if one.experiments.len() > 1 {
            items.push(comparison(one));
        }
        for experiment in &one.experiments {
            items.push(vec![table(one, experiment)]);
            items.push(vec![figure(one, experiment)]);
        }
    }
    DefaultPaper { head, items }
}

fn first_design(experiment: &Experiment) -> &Design {
    &experiment.conditions[0].design
}

fn list(texts: &[&str]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

/// The metrics of the experiments, in the order of the first experiment of each.
fn scored(experiments: &[Experiment]) -> Vec<Scored<'_>> {
    let mut all: Vec<Scored<'_>> = Vec::new();
    for experiment in experiments {
        for (curve, label) in curves(first_design(experiment)) {
            match all.iter_mut().find(|one| one.curve == curve) {
                Some(known) => known.experiments.push(experiment),
                None => all.push(Scored {
                    name: item_name(&curve),
                    label,
                    curve,
                    experiments: vec![experiment],
                }),
            }
        }
    }
    all
}

/// The curves that scores are taken from, each with a label.
fn curves(design: &Design) -> Vec<(String, String)> {
    let one = |curve: &str, label: &str| vec![(curve.to_owned(), label.to_owned())];
    match design {
        Design::Network(network) => match network.task {
            TaskKind::Pairs => one("corrected_test_accuracy", "test accuracy"),
            TaskKind::Classification => one("test_accuracy", "test accuracy"),
            TaskKind::Regression => one("test_rmse", "test error (root mean square)"),
        },
        Design::Program(program) => {
            let metrics = program.program.metrics.iter();
            metrics.map(|curve| (curve.name.to_owned(), curve.name.replace('_', " "))).collect()
        }
    }
}

/// The table of all experiments with a metric. Experiments with different data need a word about that.
fn comparison(scored: &Scored<'_>) -> Vec<String> {
    let names: Vec<_> = scored.experiments.iter().map(|one| one.name.as_str()).collect();
    let order = match has_direction(scored) {
        true => "order = \"best\"\n",
        false => "",
    };
    let table = format!(
        "[[table]]\nname = \"all-{}\"\ncaption = {}\nmetric = {}\nby = [\"experiment\"]\nwhere = {{ experiment = {} }}\n{order}",
        scored.name,
        quoted(&format!("All experiments by their {}.", scored.label)),
        quoted(&scored.name),
        list(&names)
    );
    let differing = ["data", "task"].map(|key| format!("{table}differs = [\"{key}\"]\n"));
    std::iter::once(table).chain(differing).collect()
}

fn has_direction(scored: &Scored<'_>) -> bool {
    let direction = scored.experiments.iter().find_map(|one| {
        let program = first_design(one).program()?;
        program.program.metrics.iter().find(|curve| curve.name == scored.curve).map(|c| c.better)
    });
    direction.is_none_or(|better: Option<Direction>| better.is_some())
}

/// The table of one experiment.
fn table(scored: &Scored<'_>, experiment: &Experiment) -> String {
    let factors: Vec<_> = experiment.factors.iter().map(|one| one.name.as_str()).collect();
    let by = if factors.is_empty() { vec!["experiment"] } else { factors };
    format!(
        "[[table]]\nname = \"{}-{}\"\ncaption = {}\nmetric = {}\nby = {}\nwhere = {{ experiment = {} }}\n",
        item_name(&experiment.name),
        scored.name,
        quoted(&format!("{}: {}.", experiment.title, scored.label)),
        quoted(&scored.name),
        list(&by),
        quoted(&experiment.name)
    )
}

/// The figure of one experiment: its learning curves, or its runs if there would be too many curves.
fn figure(scored: &Scored<'_>, experiment: &Experiment) -> String {
    let name = item_name(&experiment.name);
    let (kind, what, of) = match experiment.conditions.len() <= MOST_CURVES {
        true => (
            "learning-curves",
            "the curve, as a mean with a band of one standard deviation",
            format!(
                "curve = {}\nwhere = {{ experiment = {} }}\n",
                quoted(&scored.curve),
                quoted(&experiment.name)
            ),
        ),
        false => ("seeds", "every run", format!("table = \"{name}-{}\"\n", scored.name)),
    };
    format!(
        "[[figure]]\nname = \"{name}-{}-{}\"\nkind = \"{kind}\"\ncaption = {}\n{of}",
        scored.name,
        if kind == "seeds" { "runs" } else { "curve" },
        quoted(&format!("{}, {}: {what}.", experiment.title, scored.label)),
    )
}

impl DefaultPaper {
    /// The file with these items, in order.
    #[must_use]
    pub fn with(&self, items: &[String]) -> String {
        std::iter::once(&self.head).chain(items).map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}
