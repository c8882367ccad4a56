//! The keys of the files that users write: what each takes, whether it may be missing, and what it means. The reader of
//! these files, their JSON Schema and their reference page come from this one table.

mod check;
mod data;
mod experiment;
mod figure;
mod files;
mod kinds;
mod metric;
mod network;
mod paper;
mod program;
mod reference;
mod schema;
mod section;
mod settings;
mod table;
mod topic;
mod train;

pub use check::{CELL, CHECK};
pub use experiment::EXPERIMENT;
pub use files::{FILES, sections};
pub use network::LAYER;
pub use paper::{LABEL, PAPER};
pub use reference::{kinds_reference, reference};
pub use schema::schema;
pub use section::{Key, Need, Section, TAKEN, Tag, Takes, range};
pub use settings::{PROFILE, STORE};
pub use topic::{about, names};
pub use train::SCHEDULE;

#[cfg(test)]
mod tests;
