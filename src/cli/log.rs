//! `report log`.

use super::log_args::LogArgs;
use super::predict::one;
use super::selector::RunSelector;
use super::terminal::data;
use crate::cache::Cache;
use crate::fs;
use crate::pipeline::{self, Error, Keep};

/// Prints the log of the last execution of a run.
pub(super) fn run(args: &LogArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let selector = RunSelector::new(&project, &args.name, &args.levels)?;
    let run = one(&selector.runs(&plan)?, &project.conditions(), &args.name)?;
    let path = Cache::new(&project.root).log(run.digest);
    let Some(bytes) = fs::read_if_there(&path).map_err(Error::File)? else {
        return Err(Error::Request {
            message: format!("the run {} has no log on this machine", run.digest.short()),
            hint: "only runs of programs that this machine has executed have one".to_owned(),
        });
    };
    String::from_utf8_lossy(&bytes).lines().try_for_each(data)
}
