//! The arguments about a store.

use clap::{Args, Subcommand};

use super::project_args::ProjectArgs;

#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// Share records through this store: take from it what is missing, and put into it what is new. A directory, or
    /// an address such as `s3://BUCKET/PAPER` [default: the one in `experiments/store.toml`].
    #[arg(long, value_name = "URL")]
    pub(super) store: Option<String>,
    /// Use no store.
    #[arg(long, conflicts_with = "store")]
    pub(super) no_store: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Compare the records here with those in the store.
    Status(SyncArgs),
    /// Copy the records of the experiments into the store.
    Push(SyncArgs),
    /// Copy the missing records of the experiments from the store.
    Pull(SyncArgs),
}

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// A directory, or an address such as `s3://BUCKET/PAPER` [default: the one in `experiments/store.toml`].
    #[arg(long, value_name = "URL")]
    pub(super) store: Option<String>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}
