//! `report check`.

use std::collections::BTreeSet;

use clap::{ArgGroup, Args, ValueEnum};

use super::datasets;
use super::json;
use super::project_args::{PlaceArgs, ProjectArgs};
use super::resolved;
use super::selector::RunSelector;
use super::terminal::{alert, data};
use super::trust;
use crate::context::Build;
use crate::diagnostic::{self, Mistake};
use crate::experiment::{Deviation, Run};
use crate::format::{chain, count, runs, two_digits};
use crate::pipeline::{self, Error, Keep, Project, Trial, Verdict};
use crate::plan::Plan;
use crate::run::RunConfig;
use crate::train::Device;

/// The most files that a message names.
const MOST_FILES: usize = 8;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["run", "resolved", "data"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct CheckArgs {
    /// With `--run`: one run of this experiment, table, figure or digest. With `--resolved` or `--data`: this experiment.
    #[arg(requires = "what")]
    name: Option<String>,
    /// With `--run`: only runs with these levels or seeds: `factor=level`, `seed=N`.
    #[arg(requires = "run")]
    levels: Vec<String>,
    /// Run the program of each experiment twice, with the first seed. Say whether it reads files that are no inputs, and
    /// whether it gives the same numbers.
    #[arg(long)]
    run: bool,
    /// Run the programs of a project that came in a bundle, without asking.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    place: PlaceArgs,
    /// Use the first N seeds of each experiment. If its file lists fewer, the next numbers follow.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: Option<u64>,
    /// Check the runs on `cpu`, `cuda` or `cuda:N`. Each kind of device has its own records [default: cpu].
    #[arg(long, value_name = "DEVICE", default_value_t, hide_default_value = true)]
    device: Device,
    /// Print one JSON object with all mistakes.
    #[arg(long, conflicts_with_all = ["format", "run"])]
    json: bool,
    /// Print each key of the experiments with its value, and where that comes from: a line of a file, a factor, or the
    /// default. With the name of an experiment, only its own.
    #[arg(long, conflicts_with = "json")]
    resolved: bool,
    /// Draw the data of each experiment, and print the size of each part and its classes or targets. With the name of an
    /// experiment, only its own.
    #[arg(long, conflicts_with = "json")]
    data: bool,
    /// How mistakes are printed. `github`: also as annotations, which mark the lines in a pull request on GitHub.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

impl CheckArgs {
    fn project(&self) -> ProjectArgs {
        ProjectArgs {
            place: self.place.clone(),
            seeds: self.seeds,
            data: None,
            device: self.device,
        }
    }
}

/// How mistakes are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As text.
    #[default]
    Text,
    /// Also as annotations.
    Github,
}

pub(super) fn run(args: &CheckArgs) -> Result<(), Error> {
    let root = args.place.root();
    if args.run && pipeline::is_foreign(&root) {
        trust::ask(&args.project().load()?, args.yes)?;
    }
    let checked = check(args);
    if args.json {
        let (mistakes, warnings, error) = match &checked {
            Ok(checked) => (Vec::new(), &checked.warnings[..], None),
            Err(Error::Invalid(invalid)) => {
                let own = |violation| Mistake::of(violation, &invalid.texts);
                (invalid.violations.iter().map(own).collect(), &[][..], None)
            }
            Err(other) => (Vec::new(), &[][..], Some(chain(other))),
        };
        json::print(json::check(&mistakes, warnings, error.as_deref()))?;
    }
    if let (Err(Error::Invalid(invalid)), Format::Github) = (&checked, args.format) {
        let lines = diagnostic::for_github(&invalid.violations, &invalid.texts);
        lines.iter().try_for_each(|line| data(line))?;
    }
    let Checked { project, plan, warnings } = checked?;
    if args.json {
        return Ok(());
    }
    for warning in warnings {
        alert(&format!("warning: {warning}"));
    }
    if args.resolved {
        return resolved::print(&project, args.name.as_ref());
    }
    if args.data {
        return datasets::print(&project, args.name.as_ref());
    }
    data(&format!(
        "no mistake in {} with {}",
        count(project.experiments.len(), "experiment"),
        runs(plan.runs.len())
    ))?;
    match args.run {
        true => try_programs(&project, &plan, args),
        false => Ok(()),
    }
}

/// A project without mistakes.
struct Checked {
    project: Project,
    plan: Plan,
    /// What may be wrong all the same.
    warnings: Vec<String>,
}

/// Looks for mistakes in all files.
fn check(args: &CheckArgs) -> Result<Checked, Error> {
    let project = if args.run { args.project().load_to_run()? } else { args.project().load()? };
    let plan = pipeline::plan(&project, args.device.kind(), Keep::Extracts)?;
    let build = Build { command: "report build", options: "", has_pdf: false };
    let report = pipeline::render(&project, &plan, build, None)?;
    report.check_links(&project, &project.root.join(pipeline::WHOLE))?;
    let old = pipeline::old_schemas(&project.root).into_iter();
    let old = old.map(|path| {
        format!("{path} is of another version of `report`; `report eject schemas` writes this one")
    });
    let warnings = report.warnings().into_iter().chain(old).collect();
    Ok(Checked { project, plan, warnings })
}

/// Tries one run of each experiment whose runs are programs.
fn try_programs(project: &Project, plan: &Plan, args: &CheckArgs) -> Result<(), Error> {
    let conditions = project.conditions();
    let is_program = |run: &&Run| matches!(&*run.config, RunConfig::Program(_));
    let chosen: Vec<&Run> = match &args.name {
        Some(name) => {
            let selected = RunSelector::new(project, name, &args.levels)?.runs(plan)?;
            selected.into_iter().filter(is_program).take(1).collect()
        }
        None => {
            let mut seen = BTreeSet::new();
            let is_first = |run: &&Run| seen.insert(conditions.experiment_index(run.condition));
            plan.runs.iter().filter(is_program).filter(is_first).collect()
        }
    };
    if chosen.is_empty() {
        return Err(Error::Request {
            message: "no run of a program is selected".to_owned(),
            hint: "`--run` tries experiments with `task = \"program\"`".to_owned(),
        });
    }
    project.check_programs(plan, &chosen.iter().map(|run| run.digest).collect())?;
    let mut faulty = Vec::new();
    for run in chosen {
        let name = conditions.run_name(run);
        let trial = pipeline::try_program(project, run)?;
        data(&format!("{name}: {:.2} s", trial.seconds))?;
        for warning in &trial.warnings {
            data(&format!("  warning: {warning}"))?;
        }
        for line in lines(&trial) {
            data(&format!("  {line}"))?;
        }
        if !is_sound(&trial) {
            faulty.push(name);
        }
    }
    match faulty.first() {
        None => Ok(()),
        Some(first) => Err(Error::Unverified {
            message: format!(
                "{} cannot be trusted yet, such as {first}",
                count(faulty.len(), "program")
            ),
            hint: "the lines above say why; docs/programs.md",
        }),
    }
}

fn is_sound(trial: &Trial) -> bool {
    match &trial.verdict {
        Verdict::Compared(agreement, _) => agreement.agrees(),
        Verdict::OnlyAlone(_) => true,
        Verdict::NeedsMore(_) | Verdict::Depends(_) | Verdict::Fails(_) => false,
    }
}

/// What a trial has shown, in sentences.
fn lines(trial: &Trial) -> Vec<String> {
    let mut lines = match &trial.verdict {
        Verdict::Compared(agreement, deviations) => {
            let mut lines = vec![format!("executions: {agreement}")];
            if !agreement.agrees() {
                lines.extend(needed(deviations));
            }
            lines
        }
        Verdict::NeedsMore(error) => vec![
            format!("with its inputs alone, {error}"),
            "it works in a copy of the whole project, so `inputs` lacks a file".to_owned(),
        ],
        Verdict::Depends(deviations) => {
            let mut lines = vec![
                "it gives other numbers if it sees all files of the project, so `inputs` lacks a file".to_owned(),
            ];
            lines.extend(deviations.iter().map(|deviation| format!("  {deviation}")));
            lines
        }
        Verdict::OnlyAlone(error) => vec![
            "executions: identical".to_owned(),
            format!("in a copy of the whole project, {error}"),
        ],
        Verdict::Fails(error) => vec![error.clone()],
    };
    let Some(undeclared) = &trial.undeclared else {
        lines.push(
            "the project is too large for a copy, so files that are no inputs were not looked for"
                .to_owned(),
        );
        return lines;
    };
    if !undeclared.is_empty() {
        let shown: Vec<_> =
            undeclared.iter().take(MOST_FILES).map(|path| format!("`{path}`")).collect();
        let more = match undeclared.len().saturating_sub(MOST_FILES) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        lines.push(format!(
            "in a copy of the whole project, it reads files that are no inputs: {}{more}",
            shown.join(", ")
        ));
    }
    lines
}

/// The tolerances that would accept these differences: about twice what was seen, with one digit.
fn needed(deviations: &[Deviation]) -> Vec<String> {
    let of = |one: &Deviation| {
        format!("\"{}\" = {{ absolute = {:.0e} }}", one.metric, 2.5 * one.absolute)
    };
    let mut lines: Vec<_> = deviations
        .iter()
        .map(|one| format!("  {one} (relative {})", two_digits(one.relative)))
        .collect();
    if !deviations.is_empty() {
        let all: Vec<_> = deviations.iter().map(of).collect();
        lines.push(format!(
            "`tolerance = {{ {} }}` accepts twice these differences; other runs may differ by more",
            all.join(", ")
        ));
    }
    lines
}
