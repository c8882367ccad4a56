//! `metrics`: the numbers that a program writes.

use crate::document::{Node, Reader, Value};
use crate::run::{Curve, Direction, Unit};
use crate::task;

/// Reads `metrics = { loss = "lower", accuracy = { better = "higher", unit = "fraction" } }`.
pub(super) fn read(reader: &Reader<'_>) -> Option<Vec<&'static Curve>> {
    let entries = reader.entries("metrics");
    if entries.is_empty() {
        if reader.is_sound() || reader.node("metrics").is_none() {
            let message = "must name the numbers that the program writes, with the better direction, such as \
                           `{ test_accuracy = \"higher\" }`";
            reader.refuse("metrics", message);
        }
        return None;
    }
    let curves = entries.into_iter().map(|(name, node)| read_one(reader, name, node));
    curves.collect::<Vec<_>>().into_iter().collect()
}

fn read_one(reader: &Reader<'_>, name: &str, node: &Node) -> Option<&'static Curve> {
    let refuse = |message: String| {
        reader.violations().push(
            &node.location,
            reader.path_of(&format!("metrics.{name}")),
            message,
        );
        None
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.is_empty()
        || ["step", "progress", "default"].contains(&name)
        || !name.chars().all(is_name)
    {
        return refuse("must have a name of letters, digits, `_`, `-` and `.`, which is not `step`, `progress` or `default`".to_owned());
    }
    let (better, unit) = match &node.value {
        Value::String(better) => (Some(better.as_str()), None),
        Value::Table(table) => {
            let text = |key: &str| match table.get(key).map(|node| &node.value) {
                Some(Value::String(text)) => Some(text.as_str()),
                _ => None,
            };
            if let Some(other) =
                table.keys().find(|key| !["better", "unit"].contains(&key.as_str()))
            {
                return refuse(format!("has the key `{other}`; known are `better` and `unit`"));
            }
            (text("better"), table.contains_key("unit").then(|| text("unit").unwrap_or_default()))
        }
        other => {
            return refuse(format!(
                "must be `\"higher\"`, `\"lower\"` or a table, but is {}",
                other.type_name()
            ));
        }
    };
    let better = match better {
        Some("higher") => Some(Direction::Higher),
        Some("lower") => Some(Direction::Lower),
        Some("none") => None,
        _ => {
            return refuse(
                "must say which values are better: `\"higher\"`, `\"lower\"` or `\"none\"`"
                    .to_owned(),
            );
        }
    };
    let unit = match unit {
        None => Unit::Number,
        Some("fraction") => Unit::Fraction,
        Some(_) => return refuse("has a `unit` that is not `\"fraction\"`; other units belong to the metric of the paper".to_owned()),
    };
    task::declared(name, unit, better).map_or_else(refuse, Some)
}
