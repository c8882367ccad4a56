//! The words that some fields of the results have: a comparison with another word has one answer
//! only.

use minijinja::machinery::ast::Expr;

use crate::claim::Outcome;
use crate::document::suggestion;
use crate::summary::SeedVariation;
use crate::table::GRADE_WORDS;

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
#[must_use]
pub fn unknown_word(name: &str, word: &str) -> Option<(String, String)> {
    let words = words_of(name).filter(|words| !words.contains(&word))?;
    Some((format!("no `{name}` is `{word}`"), suggestion(word, &words)))
}

/// Message and hint if `field` is compared with a word that it never has.
pub(super) fn wrong_comparison(field: &Expr<'_>, other: &Expr<'_>) -> Option<(String, String)> {
    let name = match field {
        Expr::GetAttr(field) => field.name,
        Expr::GetItem(item) => match &item.subscript_expr {
            Expr::Const(constant) => constant.value.as_str()?,
            _ => return None,
        },
        Expr::Call(call) => match &call.expr {
            Expr::Var(name) if name.id == "claim" => "verdict",
            _ => return None,
        },
        _ => return None,
    };
    let single = std::slice::from_ref(other);
    let all = if let Expr::List(list) = other { &list.items[..] } else { single };
    all.iter().find_map(|one| match one {
        Expr::Const(constant) => unknown_word(name, constant.value.as_str()?),
        _ => None,
    })
}
