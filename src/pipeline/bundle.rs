//! A project with its records and its report ↔ a bundle.

mod export;
mod import;
mod place;

pub use export::{Exported, export};
pub use import::{Imported, import};
