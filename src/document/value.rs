//! The types that a value can be read as.

use super::{Node, Value};

/// A type that a value can be read as.
pub trait FromNode: Sized {
    /// The value. Returns `None` if it has another type.
    fn from_node(node: &Node) -> Option<Self>;
}

impl FromNode for bool {
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }
}

impl FromNode for u64 {
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Integer(value) => value.try_into().ok(),
            _ => None,
        }
    }
}

impl FromNode for usize {
    fn from_node(node: &Node) -> Option<Self> {
        u64::from_node(node)?.try_into().ok()
    }
}

impl FromNode for f64 {
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Float(value) => Some(value),
            #[expect(clippy::cast_precision_loss, reason = "`1` is a spelling of `1.0`")]
            Value::Integer(value) => Some(value as Self),
            _ => None,
        }
    }
}

impl FromNode for String {
    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(value) => Some(value.clone()),
            _ => None,
        }
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::Array(items) => items.iter().map(T::from_node).collect(),
            _ => None,
        }
    }
}

/// The name of something for readers. A page shows several blanks in a row as one, so a label has
/// single blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(pub String);

impl FromNode for Label {
    fn from_node(node: &Node) -> Option<Self> {
        let text = String::from_node(node)?;
        Some(Self(text.split_whitespace().collect::<Vec<_>>().join(" ")))
    }
}
