//! `report new`, and `report eject`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::project_args::PlaceArgs;
use super::terminal::{alert, data};
use crate::experiment;
use crate::fs;
use crate::pipeline::{self, Error, Overrides, Part, Project};
use crate::scaffold;

#[derive(Debug, Subcommand)]
pub(super) enum NewCommand {
    /// Write an experiment that extends another one.
    Experiment(NewArgs),
    /// Write an experiment of a program, and a Python program that it runs.
    Program(NewArgs),
    /// Add a table to `experiments/paper.toml`.
    Table(NewArgs),
    /// Add a figure to `experiments/paper.toml`.
    Figure(NewArgs),
    /// Add a claim to `experiments/paper.toml`.
    Claim(NewArgs),
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// The name of the new part.
    name: String,
    /// Begin with this part of the same kind [default: the first experiment; a table, figure or claim that fits].
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct EjectArgs {
    /// Which default.
    #[arg(value_enum)]
    what: Default,
    #[command(flatten)]
    place: PlaceArgs,
}

/// What a project may have its own of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Default {
    /// The HTML page.
    Page,
    /// The HTML of tables, figures and claims.
    Items,
    /// The Markdown of the banner and of the blocks about the build.
    Blocks,
    /// The colours and fonts of the page.
    Style,
    /// The prose.
    Prose,
    /// The paper file.
    Paper,
    /// The schemas of the files in `experiments/`, for editors. Those of another version are replaced.
    Schemas,
}

impl Default {
    /// The file of a project that replaces it.
    fn file(self) -> &'static str {
        match self {
            Self::Page => "templates/page.html.jinja",
            Self::Items => "templates/items.html.jinja",
            Self::Blocks => "templates/blocks.md.jinja",
            Self::Style => "templates/style.css",
            Self::Prose => "templates/paper.md.jinja",
            Self::Paper => "experiments/paper.toml",
            Self::Schemas => "schemas",
        }
    }
}

pub(super) fn run(command: &NewCommand) -> Result<(), Error> {
    match command {
        NewCommand::Experiment(args) => experiment(args),
        NewCommand::Program(args) => program(args),
        NewCommand::Table(args) => part(args, Part::Table),
        NewCommand::Figure(args) => part(args, Part::Figure),
        NewCommand::Claim(args) => part(args, Part::Claim),
    }
}

pub(super) fn eject(args: &EjectArgs) -> Result<(), Error> {
    let root = args.place.root();
    if args.what == Default::Schemas {
        let written = pipeline::write_schemas(&root)?;
        return written.iter().try_for_each(|path| data(&format!("wrote {}", path.display())));
    }
    let project = match args.what {
        Default::Paper => Some(load(&root)?),
        _ => None,
    };
    let file = args.what.file();
    pipeline::eject(&root, file, project.as_ref())?;
    data(&format!("wrote {}", root.join(file).display()))
}

fn load(root: &Path) -> Result<Project, Error> {
    pipeline::load(root, &Overrides::default())
}

/// The path of the file of an experiment, and its title.
fn named(name: &str) -> (PathBuf, String) {
    let title = name.replace(['/', '-', '_'], " ");
    (PathBuf::from(format!("experiments/{name}.toml")), title)
}

fn check_name(name: &str) -> Result<(), Error> {
    match experiment::is_plain_name(name) {
        true => Ok(()),
        false => Err(Error::Request {
            message: format!("an experiment cannot be called `{name}`"),
            hint: "a name has letters, digits, `-` and `_`, and `/` between the names of folders"
                .to_owned(),
        }),
    }
}

fn experiment(args: &NewArgs) -> Result<(), Error> {
    check_name(&args.name)?;
    let root = args.place.root();
    let project = load(&root)?;
    project.check_names(args.from.as_slice())?;
    let from = args.from.as_ref().unwrap_or(&project.experiments[0].name);
    let (path, title) = named(&args.name);
    let up = "../".repeat(args.name.matches('/').count());
    let base = format!("{up}{from}.toml");
    let text = scaffold::new_experiment(&title, &base);
    write(&root, vec![(path, text)])
}

fn program(args: &NewArgs) -> Result<(), Error> {
    check_name(&args.name)?;
    if args.from.is_some() {
        return Err(Error::Request {
            message: "`report new program` takes no `--from`".to_owned(),
            hint: "`report new experiment NAME --from PROGRAM` extends the experiment of a program"
                .to_owned(),
        });
    }
    let root = args.place.root();
    let (path, title) = named(&args.name);
    let program = format!("{}.py", args.name.replace(['/', '-'], "_"));
    let mut files = vec![
        (path, scaffold::new_program(&title, &program)),
        (PathBuf::from(&program), scaffold::PROGRAM.to_owned()),
    ];
    if !fs::is_there(&root.join("report_log.py")) {
        files.push((PathBuf::from("report_log.py"), scaffold::REPORT_LOG.to_owned()));
    }
    write(&root, files)
}

/// Writes the files, and says what a check of the project finds then.
fn write(root: &Path, files: Vec<(PathBuf, String)>) -> Result<(), Error> {
    let file = |(path, text): (PathBuf, String)| {
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        let text = match is_toml {
            true => scaffold::with_schema(&path.to_string_lossy(), &text),
            false => text,
        };
        (path, text.into_bytes())
    };
    let mut files: Vec<_> = files.into_iter().map(file).collect();
    let schemas = scaffold::schemas().into_iter();
    let missing = schemas.filter(|schema| !fs::is_there(&root.join(&schema.path)));
    files.extend(missing.map(|schema| (schema.path.into(), schema.text.into_bytes())));
    for path in pipeline::write_new(root, &files)? {
        data(&format!("wrote {}", root.join(path).display()))?;
    }
    if let Err(error) = load(root) {
        alert("note: the files are written, and other files of the project must change now:");
        return Err(error);
    }
    Ok(())
}

fn part(args: &NewArgs, part: Part) -> Result<(), Error> {
    let root = args.place.root();
    let project = load(&root)?;
    pipeline::add_part(&project, part, &args.name, args.from.as_deref())?;
    let (key, name) = (part.key(), &args.name);
    data(&format!(
        "added the {key} `{name}` to {}",
        root.join("experiments/paper.toml").display()
    ))?;
    match part {
        Part::Claim => data(&format!(
            "`{{{{ verdicts() }}}}` shows all claims; `{{{{ claim(\"{name}\") }}}}` is the verdict of this one"
        )),
        _ => data(&format!("`{{{{ {key}(\"{name}\") }}}}` shows it in templates/paper.md.jinja")),
    }
}
