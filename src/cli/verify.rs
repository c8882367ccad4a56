//! `report verify`.

use std::collections::BTreeMap;

use super::args::VerifyArgs;
use super::json;
use super::terminal::{alert, data, message};
use super::trust;
use crate::experiment::{Agreement, Run};
use crate::format::runs;
use crate::pipeline::{self, Check, Error, Keep, Problem, Project, Rerun};
use crate::plan::Status;
use crate::provenance;
use crate::random::Stream;
use crate::train::MakeTrainer;

pub(super) fn run(args: &VerifyArgs, trainer: MakeTrainer<'_>) -> Result<(), Error> {
    let project = load(args)?;
    let checks = pipeline::check_all(&project)?;
    let Faulty { damaged, unreadable, without } = tell(&project, &checks)?;
    if unreadable > 0 {
        if args.json {
            json::print(json::verify(&checks, &[]))?;
        }
        let n = checks.len();
        return Err(Error::Unverified {
            message: format!("{unreadable} of {n} records cannot be read, {damaged} are damaged"),
            hint: "the lines above say why; run this command as a user who may read them",
        });
    }

    let device = args.project.device;
    let plan = pipeline::plan(&project, device.kind(), Keep::States)?;
    // An accepted record was not trained with its configuration.
    let is_trained = |run: &&Run| plan.state(run).status() == Status::Fresh;
    let all: BTreeMap<_, _> = plan.runs.iter().map(|run| (run.digest, run)).collect();
    let n_planned = all.len();
    let candidates: Vec<_> = all.into_values().filter(is_trained).collect();
    let total = candidates.len();
    let is_asked = args.all || args.sample.is_some_and(|n| n > 0);
    let n = if args.all { total } else { args.sample.unwrap_or(0).min(total) };
    let chosen = draw(candidates, n);
    let mut same = Vec::new();
    if n > 0 {
        device.check().map_err(Error::Device)?;
        project.check_programs(&plan, &chosen.iter().map(|run| run.digest).collect())?;
        message(&format!("training {} again", runs(n)));
        let conditions = project.conditions();
        let done = |run: &Run, Rerun { agreement, artifacts }: &Rerun| {
            let others = match artifacts.is_empty() {
                true => String::new(),
                false => format!("; other bytes in {}", artifacts.join(", ")),
            };
            let name = conditions.run_name(run);
            message(&format!("  {} {name}: {agreement}{others}", run.digest.short()));
        };
        let threads = project.threads_of(chosen.iter().copied());
        let by_default = || (provenance::cores() / threads).max(1);
        let workers = args.jobs.map_or_else(by_default, usize::from);
        same = pipeline::rerun(&project, &chosen, &*trainer(device), workers, done)?;
    }
    let n_identical = same.iter().filter(|rerun| rerun.agreement == Agreement::Identical).count();
    let n_agreeing = same.iter().filter(|rerun| rerun.agreement.agrees()).count();
    if args.json {
        let rerun: Vec<_> = chosen.iter().map(|run| run.digest).zip(same).collect();
        json::print(json::verify(&checks, &rerun))?;
    } else {
        let sound = checks.len() - damaged - without;
        data(&format!("{sound} of {} records sound", checks.len()))?;
        if n > 0 {
            data(&format!("{n_identical} of {n} reruns identical"))?;
        }
        if n_agreeing > n_identical {
            data(&format!("{} of {n} within tolerance", n_agreeing - n_identical))?;
        }
        if is_asked {
            data(&format!("{total} of {} have a record to compare with", runs(n_planned)))?;
        }
    }
    if without > 0 && damaged == 0 && n == n_agreeing {
        return Err(Error::Unverified {
            message: format!("{without} of {} records without a sound artefact", checks.len()),
            hint: "the lines above say which",
        });
    }
    match (damaged, n - n_agreeing) {
        (0, 0) if is_asked && total == 0 => Err(Error::Unverified {
            message: "no run was trained again: none has a record that was trained with its \
                      present configuration"
                .to_owned(),
            hint: "`report build` with the same options trains runs without a record; `report accept \
                   --undo` takes accepted results back",
        }),
        (0, 0) => Ok(()),
        (damaged, different) => Err(Error::Unverified {
            message: format!(
                "{damaged} of {} records damaged, {different} of {n} reruns different",
                checks.len()
            ),
            hint: "`report build` trains the runs of damaged records again; if a rerun of a network differs, the \
                   record or the machine is faulty: `report explain` says where it was trained; if a rerun of a \
                   program differs, `report check --run` says whether it gives the same numbers twice",
        }),
    }
}

/// The project. Its programs run only if the user agrees, if it came in a bundle.
fn load(args: &VerifyArgs) -> Result<Project, Error> {
    let root = args.project.root();
    if pipeline::is_foreign(&root) && (args.all || args.sample.is_some()) {
        trust::ask(&args.project.load()?, args.yes)?;
    }
    match pipeline::is_foreign(&root) || !(args.all || args.sample.is_some()) {
        true => args.project.load(),
        false => args.project.load_to_run(),
    }
}

/// How many records are faulty.
struct Faulty {
    damaged: usize,
    unreadable: usize,
    /// Without a sound artefact.
    without: usize,
}

/// Tells what is wrong with records, and moves damaged ones to the quarantine.
fn tell(project: &Project, checks: &[Check]) -> Result<Faulty, Error> {
    let (mut damaged, mut unreadable, mut without) = (0, 0, 0);
    for Check { digest, problem } in checks {
        match problem {
            None => {}
            Some(Problem::Damaged(damage)) => {
                damaged += 1;
                let to = pipeline::quarantine(project, *digest)?;
                alert(&format!("record {digest} {damage}; moved to `{}`", to.display()));
            }
            Some(Problem::Artifact(why)) => {
                without += 1;
                alert(&format!(
                    "record {digest} {why}; copy the file from where it is sound, or remove the record: then `report \
                     build` computes the run again"
                ));
            }
            Some(Problem::Unreadable(why)) => {
                unreadable += 1;
                alert(&format!("record {digest} {why}; it was not moved"));
            }
        }
    }
    Ok(Faulty { damaged, unreadable, without })
}

/// `n` of the runs, chosen at random.
fn draw(mut runs: Vec<&Run>, n: usize) -> Vec<&Run> {
    let mut stream = Stream::new(provenance::now(), "verify");
    let len = runs.len();
    for index in 0..n {
        let left = u32::try_from(len - index).unwrap_or(u32::MAX);
        runs.swap(index, index + stream.below(left) as usize);
    }
    runs.truncate(n);
    runs
}
