//! The arguments of `report log`.

use clap::Args;

use super::project_args::ProjectArgs;

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// An experiment, a table or figure of the paper, or the beginning of a digest. With LEVELS, it selects one run.
    pub(super) name: String,
    /// Levels and the seed of the run: `factor=level`, `seed=N`.
    pub(super) levels: Vec<String>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
}
