//! `report cache ls` and `report cache gc`.

use super::json;
use super::terminal::{columns, confirm, data, message};
use super::{CacheCommand, GcArgs, LsArgs};
use crate::pipeline::{self, Error, Keep};
use crate::render;

pub(super) fn run(command: &CacheCommand) -> Result<(), Error> {
    match command {
        CacheCommand::Ls(args) => list(args),
        CacheCommand::Gc(args) => collect(args),
    }
}

fn list(args: &LsArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let plan = pipeline::plan(&project, args.project.device().kind(), Keep::States)?;
    let mut known = pipeline::history(&project, &plan)?;
    known.sort_by_key(|one| (one.started_at, one.digest));
    let unused = pipeline::unused(&project)?;
    let is_unused = |digest| unused.binary_search_by_key(&digest, |one| one.digest).is_ok();
    if args.json {
        let records = known.iter().map(|one| json::Listed::new(one, !is_unused(one.digest)));
        return json::print(&json::Ls::new(records.collect()));
    }
    let head = ["record", "trained", "seconds", "needed", "run"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    for one in &known {
        let condition = one.condition.iter().flatten();
        let condition: Vec<_> =
            condition.map(|(factor, level)| format!("{factor} {level}")).collect();
        rows.push(vec![
            one.digest.short(),
            render::date(one.started_at),
            format!("{:.2}", one.seconds),
            if is_unused(one.digest) { "no" } else { "yes" }.to_owned(),
            condition.join(", "),
        ]);
    }
    for line in columns(&rows) {
        data(&line)?;
    }
    message(&format!("{} records, {} of them not needed", known.len(), unused.len()));
    Ok(())
}

fn collect(args: &GcArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let unused = pipeline::unused(&project)?;
    let megabytes = unused.iter().map(|one| one.bytes).sum::<u64>() as f64 / 1e6;
    let total = format!("{} records, {megabytes:.1} MB", unused.len());
    let tell = |removed: bool| {
        if args.json {
            return json::print(&json::Gc::new(&unused, removed));
        }
        unused.iter().try_for_each(|one| data(&one.digest.to_string()))
    };
    if !args.yes {
        tell(false)?;
    }
    if unused.is_empty() {
        message("every record is needed by the experiments or by the last report");
        return Ok(());
    }
    if args.dry_run {
        message(&format!("`report cache gc` removes {total}"));
        return Ok(());
    }
    if !(args.yes || confirm(&format!("Remove {total}, which nothing needs?"))) {
        return Err(Error::Request {
            message: format!("{total} are not needed, and nothing was removed"),
            hint: "`report cache gc --yes` removes them".to_owned(),
        });
    }
    for one in &unused {
        pipeline::remove(&project, one.digest)?;
    }
    if args.yes {
        tell(true)?;
    }
    message(&format!("removed {total}"));
    Ok(())
}
