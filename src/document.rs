//! TOML documents in which every value knows its file and line, and a reader that reports every
//! violation of a document at once.
//!
//! `serde` stops at the first error and forgets where values came from once files are merged; an
//! experiment is several files merged, and its author wants all mistakes in one go.

mod node;
mod reader;
mod violation;

pub use node::{Node, Table, Value, merge, parse, replace};
pub use reader::{FromNode, Reader, suggestion};
pub use violation::{Location, Violation, Violations};
