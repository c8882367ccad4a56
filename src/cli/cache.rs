//! `report cache ls` and `report cache gc`.

use super::args::{CacheCommand, GcArgs, LsArgs};
use super::json;
use super::project_args::load;
use super::terminal::{columns, confirm, data, message};
use crate::format::{self, count, runs};
use crate::pipeline::{self, Error, Keep, Overrides};

pub(super) fn run(command: &CacheCommand) -> Result<(), Error> {
    match command {
        CacheCommand::Ls(args) => list(args),
        CacheCommand::Gc(args) => collect(args),
    }
}

fn list(args: &LsArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let mut history = pipeline::history(&project, &plan)?;
    history.sort_by_key(|past| (past.started_at, past.digest));
    let unused = pipeline::garbage(&project)?.records;
    let is_unused = |digest| unused.binary_search_by_key(&digest, |one| one.digest).is_ok();
    if args.json {
        let records = history.iter().map(|past| json::record(past, !is_unused(past.digest)));
        return json::print(serde_json::json!({ "records": records.collect::<Vec<_>>() }));
    }
    let head = ["record", "trained", "seconds", "needed", "run"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    for past in &history {
        let condition = past.condition.iter();
        let condition: Vec<_> =
            condition.map(|(factor, level)| format!("{factor} {level}")).collect();
        rows.push(vec![
            past.digest.short(),
            format::date(past.started_at),
            format!("{:.2}", past.seconds),
            if is_unused(past.digest) { "no" } else { "yes" }.to_owned(),
            condition.join(", "),
        ]);
    }
    for line in columns(&rows) {
        data(&line)?;
    }
    message(&format!("{} records, {} of them not needed", history.len(), unused.len()));
    let (models, bytes) = pipeline::count_models(&project)?;
    if models > 0 {
        message(&format!("models of {}, {:.1} MB", runs(models), bytes as f64 / 1e6));
    }
    Ok(())
}

fn collect(args: &GcArgs) -> Result<(), Error> {
    // Other seeds or data would make records seem unneeded.
    let root = args.place.root();
    let project = load(&root, &Overrides::default())?;
    let garbage = pipeline::garbage(&project)?;
    let unused = &garbage.records;
    for out in &garbage.reports {
        let out = out.display();
        message(&format!("`{out}` contains no report any more, so its records are not kept"));
    }
    let models = match garbage.models.len() {
        0 => String::new(),
        n => format!("models of {}, ", runs(n)),
    };
    let files = match garbage.files.len() {
        0 => String::new(),
        n => format!("{} of programs, ", count(n, "file")),
    };
    let megabytes = garbage.bytes() as f64 / 1e6;
    let total = format!("{} records, {models}{files}{megabytes:.1} MB", unused.len());
    let tell = |removed: bool| {
        if args.json {
            return json::print(json::gc(&garbage, removed));
        }
        unused.iter().try_for_each(|one| data(&one.digest.to_string()))
    };
    if !args.yes {
        tell(false)?;
    }
    if unused.is_empty() && garbage.models.is_empty() && garbage.files.is_empty() {
        message("every record is needed by the experiments or by a report");
        if !args.dry_run {
            pipeline::remove(&project, &garbage)?;
        }
        return Ok(());
    }
    if args.dry_run {
        message(&format!("`report cache gc` would remove {total}"));
        return Ok(());
    }
    if !(args.yes || confirm(&format!("Remove {total}, which are not needed?"))) {
        return Err(Error::Request {
            message: format!("{total} are not needed, and nothing was removed"),
            hint: "`report cache gc --yes` removes them".to_owned(),
        });
    }
    pipeline::remove(&project, &garbage)?;
    if args.yes {
        tell(true)?;
    }
    message(&format!("removed {total}"));
    Ok(())
}
