//! Labels for readers.

use super::node::{Node, Value};
use super::reader::FromNode;

/// The name of something for readers. A page shows several blanks in a row as one, so a label has
/// single blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(pub String);

/// What stands for something else in tables: a missing number, and a row of all rows.
const TAKEN: [&str; 2] = ["–", "all together"];

impl FromNode for Label {
    const EXPECTED: &'static str = "a string";

    fn from_node(node: &Node) -> Option<Self> {
        let text = String::from_node(node)?.split_whitespace().collect::<Vec<_>>().join(" ");
        (!TAKEN.contains(&text.as_str())).then_some(Self(text))
    }

    fn mismatch(node: &Node) -> String {
        match &node.value {
            Value::String(text) if !text.trim().is_empty() => {
                format!("is `{}`, which means something else in tables", text.trim())
            }
            _ => String::mismatch(node),
        }
    }
}
