//! The first files of a project, and new parts of one. Pure: facts about the data → texts of files.

mod block;
mod default_paper;
mod files;
mod schemas;
mod table;

pub use block::{
    Candidates, copied, new_claim, new_experiment, new_figure, new_program, new_table,
};
pub use default_paper::{DefaultPaper, default_paper};
pub use files::{Start, start};
pub use schemas::{NewFile, schemas, with_schema};
pub use table::TableStart;

/// A Python program that fits a line.
pub const PROGRAM: &str = include_str!("scaffold/program/train.py");

/// The Python file that programs import, to read their parameters and to write their results.
pub const REPORT_LOG: &str = include_str!("../docs/report_log.py");
