//! The arguments of `report bundle`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::project_args::PlaceArgs;
use crate::train::Device;

#[derive(Debug, Subcommand)]
pub(super) enum BundleCommand {
    /// Write a report, its experiments and its records into one file. Changes nothing else.
    Export(ExportArgs),
    /// Check a bundle, and write its files and records into an empty directory.
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The bundle, such as `paper.tar.zst`.
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) place: PlaceArgs,
    /// Use the records of `cpu` or `cuda` [default: cpu].
    #[arg(long, value_name = "DEVICE", default_value_t, hide_default_value = true)]
    pub(super) device: Device,
    /// Replace the file, if it exists.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The bundle.
    pub(super) file: PathBuf,
    /// Where the project goes [default: this directory]. Creates the directory if it is missing.
    #[arg(long, short = 'C', value_name = "DIR")]
    pub(super) project: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}
