//! TOML documents whose values know their file and line, and a reader that reports all mistakes at
//! once.
//!
//! An experiment merges several files, and its author wants to see all mistakes at once. `serde`
//! would stop at the first mistake, and would not know which file a value comes from.

mod label;
mod node;
mod reader;
mod violation;

pub use label::Label;
pub use node::{Node, Nowhere, Table, Value, merge, parse, replace};
pub use reader::{FromNode, Reader, suggestion};
pub use violation::{Location, Violation, Violations, merged};
