//! The words that some fields of the results have: a comparison with another word has one answer
//! only.

use minijinja::machinery::ast::Expr;

use crate::claim::Outcome;
use crate::document::suggestion;
use crate::table::GRADE_WORDS;

/// The words that fields of this name have, where they are known.
#[must_use]
pub fn words_of(field: &str) -> Option<Vec<&'static str>> {
    match field {
        "verdict" | "outcome" => Some(Outcome::ALL.map(Outcome::word).to_vec()),
        "grade" | "std_grade" => Some(GRADE_WORDS.to_vec()),
        "varies" => Some(vec!["initialisation", "data_and_initialisation", "data_of_some"]),
        _ => None,
    }
}

/// Message and hint if `field` is compared with a word that it never has.
pub(super) fn unknown_word(field: &Expr<'_>, other: &Expr<'_>) -> Option<(String, String)> {
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
    let words = words_of(name)?;
    let single = std::slice::from_ref(other);
    let all = if let Expr::List(list) = other { &list.items[..] } else { single };
    let compared = all.iter().filter_map(|one| match one {
        Expr::Const(constant) => constant.value.as_str(),
        _ => None,
    });
    let word = compared.into_iter().find(|word| !words.contains(word))?;
    Some((format!("no `{name}` is `{word}`"), suggestion(word, &words)))
}
