//! The keys of the files that users write: what each takes, whether it may be missing, and what it means. The reader of
//! these files, their JSON Schema and their reference page come from this one table.

mod check;
mod data;
mod experiment;
mod figure;
mod files;
mod metric;
mod network;
mod paper;
mod program;
mod schema;
mod section;
mod settings;
mod table;
mod topic;
mod train;

pub use check::{CELL, CHECK};
pub use data::{EXAMPLES, PAIRS, SPLIT};
pub use experiment::EXPERIMENT;
pub use figure::FIGURE;
pub use files::{FILES, sections};
pub use metric::{METRIC, PROTOCOL};
pub use network::{LAYER, LAYERS, PAIR_NETWORK};
pub use paper::{ALSO, CLAIM, LABEL, PAPER};
pub use program::PROGRAM;
pub use schema::schema;
pub use section::{Key, Need, Section, TAKEN, Tag, Takes, range};
pub use settings::{PROFILE, PROFILES, STORE};
pub use table::{JOINT, PUBLISHED, TABLE};
pub use topic::{about, names};
pub use train::{
    CLASSIFICATION, EARLY_STOPPING, LOSS_OF_CLASSES, LOSS_OF_NUMBERS, OF_PAIRS, OPTIMIZER,
    REGRESSION, SCHEDULE,
};

#[cfg(test)]
mod tests;
