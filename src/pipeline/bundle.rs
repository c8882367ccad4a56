//! A project with its records and its report ↔ a bundle.

mod contents;
mod export;
mod import;
mod place;
mod plain;

pub use export::{Exported, export};
pub use import::{Imported, import};
pub use plain::plain_report;
