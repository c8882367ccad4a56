//! The files of a new project.

use std::path::Path;

use super::REPORT_LOG;
use super::schemas::{NewFile, schemas, with_schema};
use super::table::{self, TableStart};

/// What a new project begins with.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Networks that recognise the digits of the binary.
    Digits,
    /// Networks that compare two of these digits.
    Pairs,
    /// Networks that learn a column of a table.
    Table(Box<TableStart>),
    /// A program of the user.
    Program,
}

/// What git ignores in a project.
const GITIGNORE: &str = "\
# Records, and what makes builds fast. `report build` makes them again, but that takes the time of the training.
/.report/
# Reports of a part of the experiments.
/reports/partial/
";

/// The files of a new project.
#[must_use]
pub fn start(start: &Start) -> Vec<NewFile> {
    let files: Vec<(&str, String)> = match start {
        Start::Digits => vec![
            ("experiments/baseline.toml", include_str!("digits/baseline.toml").to_owned()),
            ("experiments/network.toml", include_str!("digits/network.toml").to_owned()),
            ("experiments/paper.toml", include_str!("digits/paper.toml").to_owned()),
            ("templates/paper.md.jinja", include_str!("digits/paper.md.jinja").to_owned()),
        ],
        Start::Pairs => vec![
            ("experiments/baseline.toml", include_str!("pairs/baseline.toml").to_owned()),
            ("experiments/sharing.toml", include_str!("pairs/sharing.toml").to_owned()),
            ("experiments/paper.toml", include_str!("pairs/paper.toml").to_owned()),
            ("templates/paper.md.jinja", include_str!("pairs/paper.md.jinja").to_owned()),
        ],
        Start::Table(start) => table::files(start),
        Start::Program => vec![
            ("experiments/train.toml", include_str!("program/train.toml").to_owned()),
            ("experiments/paper.toml", include_str!("program/paper.toml").to_owned()),
            ("templates/paper.md.jinja", include_str!("program/paper.md.jinja").to_owned()),
            ("train.py", include_str!("program/train.py").to_owned()),
            ("report_log.py", REPORT_LOG.to_owned()),
        ],
    };
    let files = files.into_iter().chain([(".gitignore", GITIGNORE.to_owned())]);
    let file = |(path, text): (&str, String)| {
        let is_toml = Path::new(path).extension().is_some_and(|ending| ending == "toml");
        let text = if is_toml { with_schema(path, &text) } else { text };
        NewFile { path: path.to_owned(), text }
    };
    files.map(file).chain(schemas()).collect()
}
