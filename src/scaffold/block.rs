//! New parts of a project: experiments, and tables, figures and claims of the paper file.

use super::table::quoted;
use crate::experiment::Experiment;
use crate::paper::Metric;

/// What a new part of the paper file can refer to.
#[derive(Clone, Copy)]
pub struct Candidates<'c> {
    /// The metrics of the paper.
    pub metrics: &'c [Metric],
    /// The experiments.
    pub experiments: &'c [Experiment],
}

/// The most pairs of experiments that a new claim tries.
const MOST_PAIRS: usize = 20;

/// A name of an item from any text: `draws/Deep_1` becomes `draws-deep-1`.
#[must_use]
pub(super) fn item_name(text: &str) -> String {
    let plain =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let plain: String = plain.collect();
    let words: Vec<_> = plain.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "item".to_owned() } else { words.join("-") }
}

/// A new experiment that extends the file at `base`, a path from the new file.
#[must_use]
pub fn new_experiment(title: &str, base: &str) -> String {
    format!(
        "# Everything that this file does not say is as in `{base}`.\n\
         extends = {}\n\
         title = {}\n\
         question = \"What does it add?\"\n\
         \n\
         # Write here what differs. This varies a setting, with one run of each level for each seed:\n\
         #\n\
         # [factors]\n\
         # \"train.optimizer.lr\" = [0.001, 0.01]\n",
        quoted(base),
        quoted(title)
    )
}

/// A new experiment of the program in the file `program`.
#[must_use]
pub fn new_program(title: &str, program: &str) -> String {
    let text = include_str!("program/train.toml");
    let title = format!("title = {}", quoted(title));
    let text = text.replace("title = \"a line\"", &title);
    text.replace("\"train.py\"", &quoted(program))
}

/// New tables with this name, the best first. Some may not be allowed.
#[must_use]
pub fn new_table(name: &str, of: Candidates<'_>) -> Vec<String> {
    let table = |metric: &Metric, by: &[&str], filter: &str| {
        let by: Vec<_> = by.iter().map(|factor| quoted(factor)).collect();
        format!(
            "[[table]]\nname = {}\ncaption = {}\nmetric = {}\nby = [{}]\n{filter}",
            quoted(name),
            quoted(&format!("The {} of each row.", metric.label)),
            quoted(&metric.name),
            by.join(", ")
        )
    };
    let one = |metric: &Metric| {
        let of_each = of.experiments.iter().map(|experiment| {
            let factors: Vec<_> = experiment.factors.iter().map(|one| one.name.as_str()).collect();
            let by = if factors.is_empty() { vec!["experiment"] } else { factors };
            table(metric, &by, &only(experiment))
        });
        let of_all = table(metric, &["experiment"], "");
        std::iter::once(of_all).chain(of_each).collect::<Vec<_>>()
    };
    of.metrics.iter().flat_map(one).collect()
}

fn only(experiment: &Experiment) -> String {
    format!("where = {{ experiment = {} }}\n", quoted(&experiment.name))
}

/// New figures with this name, the best first. Some may not be allowed.
#[must_use]
pub fn new_figure(name: &str, of: Candidates<'_>) -> Vec<String> {
    let figure = |metric: &Metric, filter: &str| {
        let curve = metric.curve()?;
        Some(format!(
            "[[figure]]\nname = {}\nkind = \"learning-curves\"\ncaption = {}\ncurve = {}\n{filter}",
            quoted(name),
            quoted(
                "The curve over the epochs: mean over the seeds, and a band of one standard deviation."
            ),
            quoted(curve.name)
        ))
    };
    let one = |metric: &Metric| {
        let of_each = of.experiments.iter().map(|experiment| figure(metric, &only(experiment)));
        std::iter::once(figure(metric, "")).chain(of_each).flatten().collect::<Vec<_>>()
    };
    of.metrics.iter().flat_map(one).collect()
}

/// New claims with this name, the best first. Some may not be allowed.
#[must_use]
pub fn new_claim(name: &str, of: Candidates<'_>) -> Vec<String> {
    let claim = |statement: String, check: String| {
        format!(
            "[[claim]]\nname = {}\nstatement = {}\n\n[claim.check]\n{check}above = 0\n",
            quoted(name),
            quoted(&statement)
        )
    };
    let pairs =
        of.experiments.iter().enumerate().flat_map(|(index, one)| {
            of.experiments[index + 1..].iter().map(move |other| (other, one))
        });
    let of_pairs = pairs.take(MOST_PAIRS).map(|(one, other)| {
        claim(
            format!("The score of `{}` is higher than that of `{}`.", one.title, other.title),
            format!(
                "difference = [{{ experiment = {} }}, {{ experiment = {} }}]\n",
                quoted(&one.name),
                quoted(&other.name)
            ),
        )
    });
    let of_factors = of.experiments.iter().flat_map(|experiment| {
        experiment.factors.iter().map(move |factor| {
            claim(
                format!(
                    "The first level of `{}` gives a higher score than the second.",
                    factor.name
                ),
                format!("effect = {}\n{}", quoted(&factor.name), only(experiment)),
            )
        })
    });
    of_pairs.chain(of_factors).collect()
}

/// A copy of a part of the paper file with another name. `key` is `table`, `figure` or `claim`. `None` if the file has
/// no such part.
#[must_use]
pub fn copied(paper: &str, key: &str, from: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = paper.lines().collect();
    let head = format!("[[{key}]]");
    let is_header =
        |line: &&str| line.trim_start().starts_with('[') && line.trim_end().ends_with(']');
    let of_item = |line: &str| {
        let line = line.trim_start();
        line.starts_with(&format!("[{key}.")) || line.starts_with(&format!("[[{key}."))
    };
    let starts = lines.iter().enumerate().filter(|(_, line)| line.trim() == head).map(|(at, _)| at);
    let named = |text: &str| {
        let (own, value) = text.split_once('=')?;
        (own.trim() == "name").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    let mut blocks = starts.map(|start| {
        let rest = &lines[start + 1..];
        let end = rest.iter().position(|line| is_header(line) && !of_item(line));
        &lines[start..end.map_or(lines.len(), |end| start + 1 + end)]
    });
    let block =
        blocks.find(|block| block.iter().any(|line| named(line).as_deref() == Some(from)))?;
    let renamed = block.iter().map(|line| match named(line).as_deref() == Some(from) {
        true => format!("name = {}", quoted(name)),
        false => (*line).to_owned(),
    });
    let text = renamed.collect::<Vec<_>>().join("\n");
    // Comments above the next part belong to it.
    let kept: Vec<&str> = text.lines().collect();
    let end = kept
        .iter()
        .rposition(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    Some(kept[..=end?].join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_copied_with_its_tables_and_without_its_name() {
        let paper = "[[table]]\nname = \"a\"\n\n[[claim]]\nname = \"c\"\nstatement = \"x\"\n[claim.check]\n\
                     effect = \"lr\"\n# about the next\n[[table]]\nname = \"b\"\n";
        assert_eq!(
            copied(paper, "claim", "c", "d").unwrap(),
            "[[claim]]\nname = \"d\"\nstatement = \"x\"\n[claim.check]\neffect = \"lr\"\n"
        );
        assert_eq!(copied(paper, "table", "b", "n").unwrap(), "[[table]]\nname = \"n\"\n");
        assert_eq!(copied(paper, "table", "c", "n"), None);
    }

    #[test]
    fn names_of_items_are_plain() {
        assert_eq!(item_name("draws/Deep_1"), "draws-deep-1");
        assert_eq!(item_name("é"), "item");
    }
}
