//! Whether a value is what its key takes.

use super::{FromNode, Location, Node, Value};
use crate::keys::{TAKEN, Takes};

/// All that is wrong with a value, each with its place. A table with keys of its own is checked by its reader.
pub(super) fn faults<'n>(takes: &Takes, node: &'n Node) -> Vec<(&'n Location, String)> {
    match (takes, &node.value) {
        (Takes::List(of), Value::Array(items)) => {
            let items = items.iter().enumerate();
            let item = |(index, item)| {
                let found = faults(of, item).into_iter();
                found.map(move |(at, message)| (at, format!("has an item {index} that {message}")))
            };
            items.flat_map(item).collect()
        }
        (Takes::Map(of), Value::Table(entries)) => {
            let entry = |(name, node)| {
                let found = faults(of, node).into_iter();
                found.map(move |(at, message)| (at, format!("has `{name}`, which {message}")))
            };
            entries.iter().flat_map(entry).collect()
        }
        (Takes::Either(forms, _), value) => match forms.iter().find(|form| is_form(form, value)) {
            // One word, or one of two kinds of numbers, says less than all forms together.
            Some(form) if !is_part_of_a_choice(form, forms) => faults(form, node),
            Some(form) if fault(form, node).is_none() => Vec::new(),
            _ => vec![(&node.location, mismatch(takes, node))],
        },
        _ => fault(takes, node).map(|message| (&node.location, message)).into_iter().collect(),
    }
}

/// What is wrong with a value that has no parts.
fn fault(takes: &Takes, node: &Node) -> Option<String> {
    match (takes, &node.value) {
        (Takes::Any(_) | Takes::Table(_), _) | (Takes::Boolean, Value::Bool(_)) => None,
        (Takes::Integer(least, most), Value::Integer(value)) => {
            (!(*least..=*most).contains(value)).then(|| out_of_range(takes, &node.value))
        }
        (Takes::Number(..), Value::Integer(_) | Value::Float(_)) => {
            let is_within = f64::from_node(node).is_some_and(|value| takes.contains(value));
            (!is_within).then(|| out_of_range(takes, &node.value))
        }
        (Takes::Text | Takes::Label | Takes::Name(_), Value::String(text)) => match text.trim() {
            "" => Some(mismatch(takes, node)),
            text if matches!(takes, Takes::Label) && TAKEN.contains(&text) => Some(format!(
                "is `{text}`, which means something else in tables; choose another text"
            )),
            _ => None,
        },
        (Takes::Word(what, words), Value::String(word)) if !word.trim().is_empty() => {
            let hint = || suggestion(word, words);
            (!words.contains(&word.as_str()))
                .then(|| format!("names an unknown {what}, `{}`; {}", shorten(word), hint()))
        }
        _ => Some(mismatch(takes, node)),
    }
}

/// Whether the message about a form alone would hide others that the value may have meant.
fn is_part_of_a_choice(form: &Takes, forms: &[Takes]) -> bool {
    let is_number = |form: &&Takes| matches!(form, Takes::Integer(..) | Takes::Number(..));
    matches!(form, Takes::Word(_, [_]))
        || (is_number(&form) && forms.iter().filter(is_number).count() > 1)
}

/// Whether a value has the type of a form.
fn is_form(form: &Takes, value: &Value) -> bool {
    match form {
        Takes::Boolean => matches!(value, Value::Bool(_)),
        Takes::Integer(..) => matches!(value, Value::Integer(_)),
        Takes::Number(..) => matches!(value, Value::Integer(_) | Value::Float(_)),
        Takes::Text | Takes::Label | Takes::Name(_) | Takes::Word(..) => {
            matches!(value, Value::String(_))
        }
        Takes::List(_) => matches!(value, Value::Array(_)),
        Takes::Map(_) | Takes::Table(_) => matches!(value, Value::Table(_)),
        Takes::Either(forms, _) => forms.iter().any(|form| is_form(form, value)),
        Takes::Any(_) => true,
    }
}

/// The message for a value of another type.
pub(super) fn mismatch(takes: &Takes, node: &Node) -> String {
    let found = node.value.type_name();
    let shown = match &node.value {
        Value::String(text) if text.trim().is_empty() => "empty".to_owned(),
        Value::Array(_) | Value::Table(_) => found.to_owned(),
        scalar => format!("{found}, `{}`", shorten(&scalar.to_string())),
    };
    format!("must be {}, but is {shown}", takes.kind())
}

fn out_of_range(takes: &Takes, value: &Value) -> String {
    format!("must be {}, but is {value}", takes.limits())
}

/// The candidate that `word` most likely misspells.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // The edit distance of a very long key would be slow, and such a key misspells no candidate.
    if word.len() > 64 {
        return None;
    }
    let similarity = |candidate: &str| match candidate.contains(word) && word.len() > 2 {
        true => 0.9,
        false => strsim::jaro_winkler(word, candidate),
    };
    candidates
        .into_iter()
        .map(|candidate| (similarity(candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// A suggestion in place of `word`: the candidate that it most likely misspells, or else all
/// candidates.
#[must_use]
pub fn suggestion(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => "there are none".to_owned(),
        None => format!("known: {}", candidates.join(", ")),
    }
}

/// `text`, cut to a length that fits into a message.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    text.chars().take(59).chain(['…']).collect()
}
