//! TOML documents whose values know their file and line, and a reader that reports all mistakes at
//! once.
//!
//! An experiment merges several files, and its author wants to see all mistakes at once. `serde`
//! would stop at the first mistake, and would not know which file a value comes from.

mod node;
mod reader;
mod shape;
mod value;
mod violation;

pub use node::{Node, Nowhere, Table, Value, merge, parse, replace};
pub use reader::{Reader, kind_of};
pub use shape::suggestion;
pub use value::{FromNode, Label};
pub use violation::{Location, Violation, Violations, merged};
