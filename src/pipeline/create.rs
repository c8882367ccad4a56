//! Adds files to a project, and parts to its paper file.

use std::path::{Path, PathBuf};

use super::default_paper::{default_paper, is_allowed};
use super::{Error, Project};
use crate::dataset;
use crate::document::suggestion;
use crate::fs;
use crate::paper::Vocabulary;
use crate::scaffold::{self, Candidates, NewFile, Start, TableStart};
use crate::template;

/// The paper file of a project.
const PAPER: &str = "experiments/paper.toml";

/// A kind of part of a paper file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A table.
    Table,
    /// A figure.
    Figure,
    /// A claim.
    Claim,
}

impl Part {
    /// The key of such a part in the file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Figure => "figure",
            Self::Claim => "claim",
        }
    }
}

/// Writes the files of a new project into `directory`, and a copy of its data.
///
/// # Errors
/// If a file is there already, or cannot be written. Then nothing is written.
pub fn start(
    directory: &Path,
    start: &Start,
    data: Option<(&Path, &[u8])>,
) -> Result<Vec<PathBuf>, Error> {
    for folder in ["experiments", "templates"] {
        if fs::is_there(&directory.join(folder)) {
            return Err(there(&directory.join(folder)));
        }
    }
    let files = scaffold::start(start).into_iter();
    let files = files.map(|NewFile { path, text }| (PathBuf::from(path), text.into_bytes()));
    let data = data.map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
    write_new(directory, &files.chain(data).collect::<Vec<_>>())
}

/// Writes new files, all or none.
///
/// # Errors
/// If one is there already, or cannot be written.
pub fn write_new(directory: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<Vec<PathBuf>, Error> {
    if let Some((path, _)) = files.iter().find(|(path, _)| fs::is_there(&directory.join(path))) {
        return Err(there(&directory.join(path)));
    }
    let placed: Vec<_> = files.iter().map(|(path, bytes)| (directory.join(path), bytes)).collect();
    fs::write_all_atomic(&placed).map_err(Error::File)?;
    Ok(files.iter().map(|(path, _)| path.clone()).collect())
}

fn there(path: &Path) -> Error {
    Error::Request {
        message: format!("`{}` is there already, and nothing is written", path.display()),
        hint: "choose another name, or move it away".to_owned(),
    }
}

/// Reads what the columns of a table look like, for a new project that learns `target`. Without a target, the last
/// column. The table is copied into the project at the returned path.
///
/// # Errors
/// If it is no table, or has no such column.
pub fn sketch(
    file: &Path,
    target: Option<&str>,
    task: Option<bool>,
) -> Result<(TableStart, Vec<u8>), Error> {
    let bytes = fs::read(file).map_err(Error::Input)?;
    let unusable = |why: String| {
        Error::Request {
        message: format!("`{}` {why}", file.display()),
        hint: "`report init --data` takes a table: text with the names of the columns in its first row. For arrays and \
               images, start without `--data`, and see docs/tasks.md"
            .to_owned(),
    }
    };
    let sketch = dataset::sketch(&bytes).map_err(unusable)?;
    let names: Vec<_> = sketch.columns.iter().map(|column| column.name.as_str()).collect();
    let target = match target {
        Some(target) => target.to_owned(),
        None => names.last().map_or_else(String::new, |name| (*name).to_owned()),
    };
    let Some(column) = sketch.columns.iter().find(|column| column.name == target) else {
        return Err(Error::Request {
            message: format!("`{}` has no column `{target}`", file.display()),
            hint: suggestion(&target, &names),
        });
    };
    // Whole numbers with few values are more often classes than amounts.
    let few = column.are_integers && column.n_values <= MOST_CLASSES;
    let are_classes = task.unwrap_or(!column.are_numbers || few);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let file = format!("experiments/data/{name}");
    Ok((TableStart { file, sketch, target, are_classes }, bytes))
}

/// The most whole numbers that count as classes.
const MOST_CLASSES: usize = 10;

/// Adds a part with this name to the paper file of a project: a copy of `from`, or one that fits the experiments.
///
/// # Errors
/// If the name is taken, there is no `from`, or no part fits.
pub fn add_part(
    project: &Project,
    part: Part,
    name: &str,
    from: Option<&str>,
) -> Result<(), Error> {
    let path = project.root.join(PAPER);
    let text = match fs::is_there(&path) {
        true => fs::read_to_string(&path).map_err(Error::Input)?,
        false => default_paper(&project.experiments),
    };
    let of = Candidates { metrics: &project.file.paper.metrics, experiments: &project.experiments };
    let candidates = match (from, part) {
        (Some(from), _) => {
            let copy = scaffold::copied(&text, part.key(), from, name);
            vec![copy.ok_or_else(|| unknown(project, part, from))?]
        }
        (None, Part::Table) => scaffold::new_table(name, of),
        (None, Part::Figure) => scaffold::new_figure(name, of),
        (None, Part::Claim) => scaffold::new_claim(name, of),
    };
    let words = Vocabulary::of(&project.experiments);
    let with = |block: &String| format!("{}\n\n{block}", text.trim_end());
    let Some(new) = candidates.iter().map(with).find(|new| is_allowed(new, &words)) else {
        let first = candidates.first().map_or_else(String::new, with);
        // What is wrong with the first candidate says why.
        let wrong = crate::document::parse(PAPER, &first)
            .and_then(|document| super::PaperFile::read(&document, &words).map(|_| ()));
        return Err(match wrong {
            Err(violations) if !candidates.is_empty() => Error::invalid(violations, PAPER, &first),
            _ => Error::Request {
                message: format!("no {} fits this project yet", part.key()),
                hint: "a table and a figure need a metric; a claim needs two experiments, or a factor with two levels"
                    .to_owned(),
            },
        });
    };
    fs::write_atomic(&path, new.as_bytes()).map_err(Error::File)
}

fn unknown(project: &Project, part: Part, from: &str) -> Error {
    let names: Vec<&str> = match part {
        Part::Table => project.file.tables.iter().map(|one| one.name.as_str()).collect(),
        Part::Figure => project.file.figures.iter().map(|one| one.name.as_str()).collect(),
        Part::Claim => project.file.claims.iter().map(|one| one.name.as_str()).collect(),
    };
    Error::Request {
        message: format!("the paper has no {} `{from}`", part.key()),
        hint: suggestion(from, &names),
    }
}

/// Writes the schemas of this version of `report` into a project, and returns their paths.
///
/// # Errors
/// If one cannot be written.
pub fn write_schemas(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let schemas = scaffold::schemas();
    let files: Vec<_> =
        schemas.iter().map(|file| (root.join(&file.path), file.text.as_bytes())).collect();
    fs::write_all_atomic(&files).map_err(Error::File)?;
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// The schemas of a project that another version of `report` has written.
#[must_use]
pub fn old_schemas(root: &Path) -> Vec<String> {
    let is_old = |file: &NewFile| {
        let there = fs::read_if_there(&root.join(&file.path)).ok().flatten();
        there.is_some_and(|there| there != file.text.as_bytes())
    };
    scaffold::schemas().into_iter().filter(is_old).map(|file| file.path).collect()
}

/// Writes a default of `report` into the file of a project that replaces it. `project` gives the paper file.
///
/// # Errors
/// If the file is there already, or cannot be written.
pub fn eject(root: &Path, file: &str, project: Option<&Project>) -> Result<(), Error> {
    let text = match project {
        Some(project) => scaffold::with_schema(file, &default_paper(&project.experiments)),
        None => template::default_text(file.rsplit('/').next().unwrap_or(file)),
    };
    write_new(root, &[(PathBuf::from(file), text.into_bytes())]).map(drop)
}
