//! `report accept`.

use std::collections::BTreeMap;

use super::args::AcceptArgs;
use super::json;
use super::terminal::{alert, data, message};
use crate::experiment::Run;
use crate::format::runs;
use crate::pipeline::{self, Answer, Error, Keep};

/// The largest number of characters of a reason.
const LONGEST: usize = 500;

pub(super) fn run(args: &AcceptArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    project.check_names(&args.experiments)?;
    let why = args.why.as_deref().unwrap_or_default().trim();
    let says_nothing = !why.chars().any(char::is_alphanumeric);
    if (says_nothing && !args.undo) || why.chars().count() > LONGEST {
        return Err(Error::Request {
            message: format!(
                "`--why` must be a text of 1 to {LONGEST} characters with letters or digits"
            ),
            hint:
                "write a sentence that says why the older results still hold; the report shows it"
                    .to_owned(),
        });
    }
    let mut plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let conditions = project.conditions();
    let is_wanted = |run: &Run| {
        let experiment = &conditions.experiment(run.condition).name;
        args.experiments.is_empty() || args.experiments.contains(experiment)
    };
    if args.undo {
        let taken_back = pipeline::unaccept(&project, &plan, is_wanted)?;
        if args.json {
            let undone: Vec<_> = taken_back.iter().map(|run| run.digest).collect();
            json::print(json::accept(&[], &[], &undone))?;
        } else {
            for run in &taken_back {
                data(&conditions.run_name(run))?;
            }
        }
        message(&match taken_back.len() {
            0 => "no run was accepted; nothing has changed".to_owned(),
            n => format!("{} no longer accepted; `report build` trains the missing runs", runs(n)),
        });
        return Ok(());
    }
    let answers = pipeline::accept(&project, &mut plan, is_wanted, why)?;
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for (run, answer) in &answers {
        let name = conditions.run_name(run);
        match answer {
            Answer::Accepted { from, differences } => {
                let line = format!("{name}: from {}: {}", from.short(), differences.join(", "));
                accepted.push((run.digest, *from, line));
            }
            Answer::Refused(why) => refused.push((run.digest, why.clone())),
        }
    }
    if args.json {
        json::print(json::accept(&accepted, &refused, &[]))?;
    } else {
        for (_, _, line) in &accepted {
            data(line)?;
        }
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, why) in &refused {
        *reasons.entry(why).or_default() += 1;
    }
    for (why, n) in reasons {
        alert(&format!("not accepted: {}; each {why}", runs(n)));
    }
    match (accepted.len(), refused.len()) {
        (0, 0) => message("no run is stale, so there is nothing to accept"),
        (0, _) => {
            return Err(Error::Request {
                message: "no run could be accepted".to_owned(),
                hint: "`report build` trains the missing runs".to_owned(),
            });
        }
        (n, _) => message(&format!("{} accepted; the report marks them", runs(n))),
    }
    Ok(())
}
