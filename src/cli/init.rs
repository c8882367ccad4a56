//! `report init`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::terminal::data;
use crate::format::shell_quoted;
use crate::pipeline::{self, Error};
use crate::scaffold::Start;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The directory of the new project. It may exist, but not its folders `experiments` and `templates`.
    directory: PathBuf,
    /// What the networks are trained for [default: classification; with `--data`, what the target looks like].
    #[arg(long, value_enum, value_name = "TASK")]
    task: Option<Task>,
    /// A table of your own: text with the names of the columns in its first row. It is copied into the project.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The column that the networks learn [default: the last one].
    #[arg(long, value_name = "COLUMN", requires = "data")]
    target: Option<String>,
}

/// What a project begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Task {
    /// Digits, or the classes of a table.
    Classification,
    /// The numbers of a table.
    Regression,
    /// Pairs of digits.
    Pairs,
    /// A program of your own.
    Program,
}

pub(super) fn run(args: &InitArgs) -> Result<(), Error> {
    let directory = &args.directory;
    let mut notes = Vec::new();
    let (start, table) = match (&args.data, args.task) {
        (Some(_), Some(Task::Pairs | Task::Program)) => {
            return Err(Error::Request {
                message: "`--data` is for classification and regression".to_owned(),
                hint: "leave out `--data` or `--task`".to_owned(),
            });
        }
        (Some(file), task) => {
            let are_classes = task.map(|task| task == Task::Classification);
            let (start, bytes) = pipeline::sketch(file, args.target.as_deref(), are_classes)?;
            let what = if start.are_classes { "classes" } else { "numbers" };
            notes.push(format!("The networks learn the column `{}`, as {what}.", start.target));
            let path = PathBuf::from(&start.file);
            (Start::Table(Box::new(start)), Some((path, bytes)))
        }
        (None, None | Some(Task::Classification)) => (Start::Digits, None),
        (None, Some(Task::Pairs)) => (Start::Pairs, None),
        (None, Some(Task::Program)) => (Start::Program, None),
        (None, Some(Task::Regression)) => {
            return Err(Error::Request {
                message: "a regression needs data of yours".to_owned(),
                hint: "add `--data FILE.csv`, and `--target COLUMN`".to_owned(),
            });
        }
    };
    let copied = table.as_ref().map(|(path, bytes)| (path.as_path(), &bytes[..]));
    for path in pipeline::start(directory, &start, copied)? {
        data(&format!("wrote {}", directory.join(path).display()))?;
    }
    for note in notes {
        data(&note)?;
    }
    data("To build the first page with two seeds, and to look at it while you write:")?;
    if directory != Path::new(".") {
        data(&format!("  cd {}", shell_quoted(&directory.to_string_lossy())))?;
    }
    data("  report build --seeds 2")?;
    data("  report serve")
}
