//! What some fields of the results can be: a comparison with anything else has one answer only.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::machinery::ast::{CallArg, Expr};

use crate::claim::Outcome;
use crate::document::suggestion;
use crate::experiment::Level;
use crate::summary::SeedVariation;
use crate::table::GRADE_WORDS;

/// The levels of each factor.
pub type FactorLevels = BTreeMap<String, Vec<Level>>;

/// Fields that are numbers.
const NUMBERS: [&str; 8] =
    ["value", "n", "expected", "missing", "recorded", "failed", "stale", "diverged"];

/// Filters that give some of their items as they are.
const KEEPING: [&str; 9] =
    ["list", "unique", "sort", "first", "last", "select", "reject", "selectattr", "rejectattr"];

/// A field whose values are known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    /// One of some words, by its name.
    Word(String),
    /// The level of a factor.
    Level(String),
    /// A number, by its name.
    Number(String),
}

/// The words of a field, by the last part of its path, where they are known.
fn words_of(field: &str) -> Option<Vec<&'static str>> {
    match field.rsplit('.').next()? {
        "verdict" | "outcome" => Some(Outcome::ALL.map(Outcome::word).to_vec()),
        "grade" | "std_grade" => Some(GRADE_WORDS.to_vec()),
        "varies" => Some(SeedVariation::ALL.map(SeedVariation::word).to_vec()),
        _ => None,
    }
}

/// Message and hint if the field called `name` never has this word.
pub(super) fn unknown_word(name: &str, word: &str) -> Option<(String, String)> {
    let words = words_of(name).filter(|words| !words.contains(&word))?;
    Some((format!("no `{name}` is `{word}`"), suggestion(word, &words)))
}

impl Field {
    /// The field at the end of a path such as `one.levels.lr`.
    fn at(path: &[&str]) -> Option<Self> {
        match path {
            [.., "levels", factor] => Some(Self::Level((*factor).to_owned())),
            [.., name] if words_of(name).is_some() => Some(Self::Word((*name).to_owned())),
            [.., name] if NUMBERS.contains(name) => Some(Self::Number((*name).to_owned())),
            _ => None,
        }
    }

    /// The field whose values an expression gives. `bound` has the fields of variables.
    pub(super) fn of(expression: &Expr<'_>, bound: &BTreeMap<String, Self>) -> Option<Self> {
        match expression {
            Expr::Var(name) => bound.get(name.id).cloned(),
            Expr::GetAttr(_) | Expr::GetItem(_) => Self::at(&path_of(expression)),
            Expr::Call(call) => match &call.expr {
                Expr::Var(name) if name.id == "claim" => Some(Self::Word("verdict".to_owned())),
                _ => None,
            },
            Expr::Filter(filter) if filter.name == "map" => {
                filter.args.iter().find_map(|argument| match argument {
                    CallArg::Kwarg("attribute", Expr::Const(path)) => Self::at_path(&path.value),
                    _ => None,
                })
            }
            Expr::Filter(filter) if KEEPING.contains(&filter.name) => {
                Self::of(filter.expr.as_ref()?, bound)
            }
            _ => None,
        }
    }

    /// The field at a path such as `levels.lr`.
    pub(super) fn at_path(path: &Value) -> Option<Self> {
        Self::at(&path.as_str()?.split('.').collect::<Vec<_>>())
    }

    /// Message and hint if the field never has this value.
    fn refuses(&self, value: &Value, levels: &FactorLevels) -> Option<(String, String)> {
        match self {
            Self::Word(name) => match value.as_str() {
                Some(word) => unknown_word(name, word),
                None => Some((
                    format!("no `{name}` is `{value}`"),
                    suggestion("", &words_of(name).unwrap_or_default()),
                )),
            },
            Self::Number(name) => value.as_str().map(|text| {
                let message = format!("`{name}` is compared with the text `{text}`");
                (message, "it is a number: remove the quotes".to_owned())
            }),
            Self::Level(factor) => {
                let known = levels.get(factor)?;
                let level = Level::of_json(&serde_json::to_value(value).ok()?)?;
                (!known.contains(&level)).then(|| {
                    let message = format!("no level of `{factor}` is {}", level.to_json());
                    (message, level.instead(known))
                })
            }
        }
    }

    /// Message and hint if the field never has the value of a constant, or one of those of a list.
    pub(super) fn wrong(
        &self,
        other: &Expr<'_>,
        levels: &FactorLevels,
    ) -> Option<(String, String)> {
        let single = std::slice::from_ref(other);
        let all = if let Expr::List(list) = other { &list.items[..] } else { single };
        all.iter().find_map(|one| match one {
            Expr::Const(constant) => self.refuses(&constant.value, levels),
            _ => None,
        })
    }
}

/// The names of the fields of an expression such as `one.levels["lr"]`, from the left.
fn path_of<'e>(expression: &'e Expr<'_>) -> Vec<&'e str> {
    let (parent, name) = match expression {
        Expr::GetAttr(field) => (&field.expr, field.name),
        Expr::GetItem(item) => match &item.subscript_expr {
            Expr::Const(constant) => (&item.expr, constant.value.as_str().unwrap_or_default()),
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let mut path = path_of(parent);
    path.push(name);
    path
}
