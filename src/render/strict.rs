//! Values of templates in which an unknown field is an error, also inside of filters.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, Rest, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State};

use super::result::is_result;
use crate::document::suggestion;
use crate::format;
use crate::template::{check_wanted, is_reserved};

/// A map whose unknown fields are errors.
#[derive(Debug)]
struct Record {
    fields: BTreeMap<String, Value>,
    /// What the map is, for errors.
    place: String,
}

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.fields.get(key.as_str()?).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let known = || self.fields.keys().map(String::as_str).collect::<Vec<_>>();
        Some(self.fields.get(key).cloned().unwrap_or_else(|| {
            let hint = suggestion(key, &known());
            Value::from(undefined(format!("{} has no `{key}`; {hint}", self.place)))
        }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.fields.keys().map(|key| Value::from(key.as_str())).collect())
    }
}

fn undefined(message: String) -> Error {
    Error::new(ErrorKind::UndefinedError, message)
}

/// JSON as a value for templates; `place` is what it is, for errors.
pub(super) fn value(json: &serde_json::Value, place: &str) -> Value {
    match json {
        serde_json::Value::Object(entries) => {
            let field = |(key, item): (&String, &serde_json::Value)| {
                (key.clone(), value(item, &format!("{place}.{key}")))
            };
            let fields = entries.iter().map(field).collect();
            Value::from_object(Record { fields, place: format!("`{place}`") })
        }
        serde_json::Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(index, item)| value(item, &format!("{place}[{index}]"))).collect()
        }
        // A number that is missing has no order, and arithmetic with it has no value.
        serde_json::Value::Null => Value::UNDEFINED,
        serde_json::Value::Bool(truth) => Value::from(*truth),
        serde_json::Value::String(text) => Value::from(text.replace(is_reserved, "\u{fffd}")),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::from(integer),
            (None, Some(integer)) => Value::from(integer),
            (None, None) => Value::from(number.as_f64()),
        },
    }
}

/// The same with visible text; lines stay lines.
pub(super) fn visible(json: serde_json::Value) -> serde_json::Value {
    match json {
        serde_json::Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, visible(value))).collect()
        }
        serde_json::Value::Array(items) => items.into_iter().map(visible).collect(),
        serde_json::Value::String(text) => format::visible_lines(&text).into(),
        other => other,
    }
}

/// Serialised data as a value for HTML templates. Characters that hide or reorder text become
/// visible.
pub(super) fn html_value(data: &impl serde::Serialize) -> Value {
    value(&visible(serde_json::to_value(data).unwrap_or_default()), "item")
}

/// Filters that take the name of an attribute at `attribute`, and its place among the other
/// arguments.
const BY_ATTRIBUTE: [(&str, Option<usize>); 10] = [
    ("selectattr", Some(0)),
    ("rejectattr", Some(0)),
    ("map", None),
    ("groupby", Some(0)),
    ("sort", None),
    ("unique", None),
    ("sum", Some(0)),
    ("join", Some(1)),
    ("min", None),
    ("max", None),
];

/// Filters that compare items.
const COMPARING: [&str; 4] = ["sort", "unique", "min", "max"];

/// Makes an unknown attribute an error in each filter that takes one, and values of the results an
/// error in each filter that compares items.
pub(super) fn add_filters(environment: &mut Environment<'_>) {
    use minijinja::filters;
    environment.add_filter("plain selectattr", filters::selectattr);
    environment.add_filter("plain rejectattr", filters::rejectattr);
    environment.add_filter("plain map", filters::map);
    environment.add_filter("plain groupby", filters::groupby);
    environment.add_filter("plain sort", filters::sort);
    environment.add_filter("plain unique", filters::unique);
    environment.add_filter("plain sum", filters::sum);
    environment.add_filter("plain join", filters::join);
    environment.add_filter("plain min", filters::min);
    environment.add_filter("plain max", filters::max);
    for (name, place) in BY_ATTRIBUTE {
        let filter = move |state: &mut State<'_, '_>,
                           items: Value,
                           positional: Rest<Value>,
                           named: Kwargs| {
            let attribute = place.and_then(|place| positional.get(place)).and_then(Value::as_str);
            let attribute = attribute.map(str::to_owned);
            let attribute = attribute.or_else(|| named.peek::<String>("attribute").ok());
            if let Some(attribute) = attribute {
                // To show, or to ask whether it is there, a number may be missing.
                let test = positional.get(1).and_then(Value::as_str);
                let asks = name == "map" || matches!(test, Some("defined" | "undefined"));
                check_items(&items, &attribute, asks)?;
            }
            if let ("selectattr" | "rejectattr", [field, test, wanted]) = (name, &positional[..])
                && let (Some(field), Some(test)) = (field.as_str(), test.as_str())
            {
                match test {
                    "eq" | "equalto" | "==" | "ne" | "!=" => check_wanted(&items, field, wanted)?,
                    "in" => {
                        for one in wanted.try_iter()? {
                            check_wanted(&items, field, &one)?;
                        }
                    }
                    _ => {}
                }
            }
            let combines = COMPARING.contains(&name) || ["sum", "join"].contains(&name);
            if combines && items.try_iter()?.any(|item| item.is_undefined()) {
                let message = format!(
                    "`{name}` has a missing number among its items; first select those that have it, \
                     with `select(\"defined\")`"
                );
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
            if COMPARING.contains(&name) && has_results(&items) {
                let message = format!(
                    "`{name}` cannot compare numbers with their sources; their numbers are `.value`, \
                     like `cell(…).value`"
                );
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
            let has_named = named.args().next().is_some();
            let named = has_named.then(|| Value::from(named));
            let positional = positional.iter().cloned();
            let all: Vec<Value> = [items].into_iter().chain(positional).chain(named).collect();
            state.apply_filter(&format!("plain {name}"), &all)
        };
        environment.add_filter(name, filter);
    }
}

fn has_results(items: &Value) -> bool {
    items.try_iter().is_ok_and(|mut items| items.any(|item| is_result(&item)))
}

/// Refuses an attribute that an item lacks. A missing number is refused too, unless the filter
/// `asks` whether it is there.
fn check_items(items: &Value, attribute: &str, asks: bool) -> Result<(), Error> {
    let Ok(items) = items.try_iter() else { return Ok(()) };
    for item in items {
        let mut found = item;
        for part in attribute.split('.') {
            let parent = found;
            found = match part.parse::<usize>() {
                Ok(index) => parent.get_item_by_index(index)?,
                Err(_) => parent.get_attr(part)?,
            };
            if found.kind() == ValueKind::Invalid {
                let carried = found.to_string();
                let message = carried.split_once(": `").map_or(carried.as_str(), |(_, rest)| rest);
                return Err(undefined(format!("`{}", message.trim_end_matches('>'))));
            }
            match found.is_undefined() {
                false => {}
                true if parent.downcast_object_ref::<Record>().is_none() => {
                    return Err(undefined(format!("an item has no `{attribute}`")));
                }
                true if asks => break,
                true => {
                    let message = format!(
                        "`{attribute}` of an item is missing, as its runs are; first select those \
                         that have it, with `selectattr(\"{attribute}\", \"defined\")`"
                    );
                    return Err(Error::new(ErrorKind::InvalidOperation, message));
                }
            }
        }
    }
    Ok(())
}
