//! `report check --resolved`.

use super::terminal::data;
use crate::experiment::{Experiment, Origin};
use crate::format::{count, runs};
use crate::pipeline::{Error, Project};

/// Prints each key of the experiments with its value, and where that comes from. `name` chooses one experiment.
pub(super) fn print(project: &Project, name: Option<&String>) -> Result<(), Error> {
    project.check_names(name.map(std::slice::from_ref).unwrap_or_default())?;
    let is_chosen = |one: &&Experiment| name.is_none_or(|name| one.name == *name);
    for experiment in project.experiments.iter().filter(is_chosen) {
        let conditions = count(experiment.conditions.len(), "condition");
        let n_runs = experiment.conditions.len() * experiment.seeds.len();
        data(&format!("{}: {conditions}, {}", experiment.name, runs(n_runs)))?;
        let settings = experiment.settings();
        let origin = |origin: &Origin| match origin {
            Origin::File(at) => at.to_string(),
            Origin::Factor(at) => format!("{at} (factor)"),
            Origin::Default => "default".to_owned(),
        };
        let lines: Vec<_> = settings
            .into_iter()
            .map(|setting| (setting.key, setting.value, origin(&setting.origin)))
            .collect();
        let of_keys = widest(lines.iter().map(|line| &line.0));
        let of_values = widest(lines.iter().map(|line| &line.1));
        for (key, value, origin) in &lines {
            data(&format!("  {key:of_keys$}  {value:of_values$}  {origin}"))?;
        }
    }
    Ok(())
}

/// The width of a column. A long text of one line does not widen it.
fn widest<'t>(texts: impl Iterator<Item = &'t String>) -> usize {
    const MOST: usize = 48;
    texts.map(|text| text.chars().count()).max().unwrap_or(0).min(MOST)
}
