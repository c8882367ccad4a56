//! The one integration-test binary: the `report` binary, run on projects in temporary directories.

#![expect(clippy::disallowed_methods, reason = "tests look behind the binary, at its files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authoring;
mod build;
mod bundle;
mod cache;
mod check;
mod citations;
mod claims;
mod comparable;
mod data;
mod determinism;
mod device;
mod experiments;
mod explain;
mod figures;
mod formula;
mod gallery;
mod hostile;
mod judged;
mod key;
mod latex;
mod losses;
mod markup;
mod mistakes;
mod models;
mod numerics;
#[cfg(unix)]
mod pdf;
mod paper;
mod pooled;
mod programs;
mod project;
mod prose;
mod readme;
mod report;
mod results;
mod scatter;
mod schemas;
mod serve;
mod shards;
mod silent;
#[cfg(unix)]
mod slurm;
#[cfg(unix)]
mod surroundings;
mod stopped;
mod store;
mod tasks;
mod tidy;
mod together;
mod traps;
