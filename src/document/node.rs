//! The tree of a TOML document with locations, and merging of documents.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Location, Violation};

/// Nodes by key, in sorted order. The order in the file has no meaning.
pub type Table = BTreeMap<String, Node>;

/// A value and its location.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The place of the value. Its line is that of the key.
    pub location: Location,
    /// The place of its key. `None` for an item of an array.
    pub key: Option<Location>,
}

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number with a point or exponent.
    Float(f64),
    /// Text.
    String(String),
    /// Values in order.
    Array(Vec<Node>),
    /// Values by key.
    Table(Table),
}

impl Value {
    /// The name of the type, with its article.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Shows a scalar as a user would type it, and a string without quotes. This is the name of a
/// level.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::String(value) => f.write_str(value),
            Self::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{}", if index > 0 { ", " } else { "" }, item.value)?;
                }
                f.write_str("]")
            }
            Self::Table(table) => {
                f.write_str("{")?;
                for (index, (key, item)) in table.iter().enumerate() {
                    write!(f, "{}{key} = {}", if index > 0 { ", " } else { "" }, item.value)?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Parses the text of `file`.
///
/// # Errors
/// Returns the first syntax error of the text: errors after it are guesswork. Without a syntax
/// error, returns every date (no key takes one) and every float that is not finite.
pub fn parse(file: &str, text: &str) -> Result<Node, Vec<Violation>> {
    let lines = Lines::of(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    if let Some(first) = errors.iter().min_by_key(|error| start(error)) {
        let message = format!("is not TOML: {}", syntax_error(first, text));
        let span = first.span().unwrap_or(0..0);
        return Err(vec![Violation::new(lines.of_span(span), "", message)]);
    }
    let mut violations = Vec::new();
    let table = convert_table(root.get_ref(), "", &lines, &mut violations);
    if violations.is_empty() {
        Ok(Node { value: Value::Table(table), location: lines.first(), key: None })
    } else {
        Err(violations)
    }
}

/// What is wrong. The parser takes `3 padding` for a string without quotes, also where a comma is
/// missing.
fn syntax_error(error: &toml::de::Error, text: &str) -> String {
    let words = error.span().and_then(|span| text.get(span)).unwrap_or_default();
    match words.split_once(char::is_whitespace) {
        Some((first, _)) if error.message().starts_with("string values must be quoted") => {
            let words = words.trim_end();
            format!("`{words}` is not one value; put a comma after `{first}`, or quotes around it")
        }
        _ => error.message().to_owned(),
    }
}

fn convert_table(
    table: &DeTable<'_>,
    path: &str,
    lines: &Lines,
    violations: &mut Vec<Violation>,
) -> Table {
    table
        .iter()
        .filter_map(|(key, value)| {
            let path = join(path, key.get_ref());
            let location = lines.of_span(key.span());
            let mut node = convert(value, &path, lines, violations)?;
            // A value on several lines is easier to find by its key.
            let is_one_line = lines.line_of(value.span().end) == location.line
                && node.location.line == location.line
                && value.span().start >= key.span().end;
            if !is_one_line {
                node.location = location.clone();
            }
            node.key = Some(location);
            Some((key.get_ref().to_string(), node))
        })
        .collect()
}

fn convert(
    value: &Spanned<DeValue<'_>>,
    path: &str,
    lines: &Lines,
    violations: &mut Vec<Violation>,
) -> Option<Node> {
    let location = lines.of_span(value.span());
    let mut refuse = |message: String| {
        violations.push(Violation::new(location.clone(), path, message));
        None
    };
    let value = match value.get_ref() {
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(value) => Value::Integer(value),
            Err(_) => return refuse(format!("is an integer beyond 64 bits, {digits}")),
        },
        DeValue::Float(digits) => match digits.as_str().parse::<f64>() {
            Ok(value) if value.is_finite() => Value::Float(value),
            _ => return refuse(format!("is not a finite number, {digits}")),
        },
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Datetime(date) => {
            return refuse(format!("is a date, {date}; write it as a string if it is text"));
        }
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .enumerate()
                .filter_map(|(i, item)| {
                    convert(item, &join(path, &i.to_string()), lines, violations)
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(table, path, lines, violations)),
    };
    Some(Node { value, location, key: None })
}

/// `base` with the values of `over`, which win. Tables are merged key by key. Other values are
/// replaced.
#[must_use]
pub fn merge(base: Node, over: Node) -> Node {
    match (base, over) {
        (
            Node { value: Value::Table(mut base), .. },
            Node { value: Value::Table(over), location, key },
        ) => {
            for (key, node) in over {
                let merged = match base.remove(&key) {
                    Some(below) => merge(below, node),
                    None => node,
                };
                base.insert(key, merged);
            }
            Node { value: Value::Table(base), location, key }
        }
        (_, over) => over,
    }
}

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Nowhere {
    /// The key that does not exist.
    pub key: String,
    /// The keys that exist in its place.
    pub known: Vec<String>,
    /// If this key cannot exist: the path of the value that has no such keys, the type of this
    /// value, and where it stands.
    pub blocked_by: Option<Box<(String, &'static str, Location)>>,
}

/// Puts `node` in place of the value at the dotted `path`; numbers index arrays. The last key may
/// be new, so that a key left at its default can be a factor.
///
/// # Errors
/// If the path leads nowhere.
pub fn replace(root: &mut Node, path: &str, node: Node) -> Result<(), Nowhere> {
    let keys: Vec<&str> = path.split('.').collect();
    let mut parent = root;
    for (depth, key) in keys.iter().enumerate() {
        let is_last = depth + 1 == keys.len();
        let has_keys = match &parent.value {
            Value::Table(_) => true,
            Value::Array(_) => key.parse::<usize>().is_ok(),
            _ => false,
        };
        let blocked_by = (!has_keys).then(|| {
            Box::new((keys[..depth].join("."), parent.value.type_name(), parent.location.clone()))
        });
        let known = match &parent.value {
            Value::Table(table) => table.keys().cloned().collect(),
            Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
            _ => Vec::new(),
        };
        let child = match &mut parent.value {
            Value::Table(table) if is_last => {
                table.insert((*key).to_owned(), node);
                return Ok(());
            }
            Value::Table(table) => table.get_mut(*key),
            Value::Array(items) => key.parse::<usize>().ok().and_then(|i| items.get_mut(i)),
            _ => None,
        };
        parent = child.ok_or_else(|| Nowhere { key: (*key).to_owned(), known, blocked_by })?;
    }
    *parent = node;
    Ok(())
}

/// The path `parent.key`, or `key` at the root.
pub(super) fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") }
}

/// The byte offsets of the lines of a file.
struct Lines {
    file: Arc<str>,
    starts: Vec<usize>,
    /// Number of bytes of the file.
    len: usize,
}

impl Lines {
    fn of(file: &str, text: &str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
            .collect();
        Self { file: file.into(), starts, len: text.len() }
    }

    /// The line of a byte, from 1.
    fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    fn of_span(&self, span: Range<usize>) -> Location {
        let line = self.line_of(span.start);
        Location { file: Arc::clone(&self.file), line, span: Some((span.start, span.end)) }
    }

    /// The first line, which stands for the whole document.
    fn first(&self) -> Location {
        let end = self.starts.get(1).map_or(self.len, |next| next - 1);
        Location { file: Arc::clone(&self.file), line: 1, span: Some((0, end)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(node: &Node) -> String {
        node.value.to_string()
    }

    #[test]
    fn merging_goes_key_by_key_and_keeps_the_line_of_each_value() {
        let base = parse("base.toml", "[train]\nepochs = 30\nlr = 0.1\n").unwrap();
        let over = parse("over.toml", "\n\n[train]\nlr = 0.2\n").unwrap();
        let merged = merge(base, over);
        assert_eq!(text(&merged), "{train = {epochs = 30, lr = 0.2}}");
        let Value::Table(root) = &merged.value else { unreachable!() };
        let Value::Table(train) = &root["train"].value else { unreachable!() };
        assert_eq!(train["epochs"].location.to_string(), "base.toml:2");
        assert_eq!(train["lr"].location.to_string(), "over.toml:4");
    }

    #[test]
    fn a_path_reaches_into_tables_and_arrays() {
        let mut root = parse("a.toml", "a = [{ b = 1 }, { b = 2 }]").unwrap();
        let three = Node { value: Value::Integer(3), location: root.location.clone(), key: None };
        replace(&mut root, "a.1.b", three.clone()).unwrap();
        assert_eq!(text(&root), "{a = [{b = 1}, {b = 3}]}");
        for (path, key) in [("a.2.b", "2"), ("c.b", "c")] {
            let nowhere = replace(&mut root, path, three.clone()).unwrap_err();
            assert_eq!((&*nowhere.key, nowhere.blocked_by), (key, None));
        }
        for (path, blocked) in [("a.b.c", "a"), ("a.b", "a"), ("a.0.b.c", "a.0.b")] {
            let nowhere = replace(&mut root, path, three.clone()).unwrap_err();
            assert_eq!(nowhere.blocked_by.unwrap().0, blocked, "{path}");
        }
        replace(&mut root, "a.1", three).unwrap();
        assert_eq!(text(&root), "{a = [{b = 1}, 3]}");
    }

    #[test]
    fn every_syntax_error_and_every_hostile_number_has_its_line() {
        let broken = "a = nan\nb = 99999999999999999999\nc = 2019-05-17\nd = [1, inf]\n";
        let lines: Vec<_> =
            parse("x.toml", broken).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert!(lines[0].starts_with("x.toml:1: `a` is not a finite number"), "{lines:#?}");
        assert!(lines[1].starts_with("x.toml:2: `b` is an integer beyond 64 bits"), "{lines:#?}");
        assert!(lines[2].starts_with("x.toml:3: `c` is a date"), "{lines:#?}");
        assert!(lines[3].starts_with("x.toml:4: `d.1` is not a finite"), "{lines:#?}");

        let syntax = parse("x.toml", "a = 1\nb = = 2\n").unwrap_err();
        assert_eq!(syntax[0].location.line, 2, "{syntax:?}");
    }

    #[test]
    fn messages_that_mislead_a_missing_comma_is_the_only_error() {
        for (broken, message) in [
            ("\na = { k = 3 p = 1 }", "`3 p` is not one value; put a comma after `3`"),
            ("\na = [1 2]", "`1 2` is not one value; put a comma after `1`"),
            ("\na = { l = true p = 1, q = 2 }", "`true p` is not one value; put a comma"),
            ("\na = { l = \"x\" p = 1 }", "missing comma between key-value pairs"),
            ("\na = [{ l = 1 } { l = 2 }]", "missing comma between array elements"),
        ] {
            let errors = parse("x.toml", &format!("{broken}\nb = 2\n")).unwrap_err();
            assert_eq!(errors.len(), 1, "{broken}: {errors:#?}");
            let text = errors[0].to_string();
            assert!(
                text.starts_with("x.toml:2: is not TOML: ") && text.contains(message),
                "{text}"
            );
        }
    }
}
