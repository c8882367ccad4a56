//! A value of the results in a prose template: shown with its source, and not compared.

use std::fmt;
use std::sync::Arc;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr, Value};

/// What `cell(…)` and its like give: as a text it is its mark.
#[derive(Debug)]
pub(super) struct ResultValue {
    pub(super) mark: String,
    /// The number, if it is one; not rounded.
    pub(super) value: Option<f64>,
}

impl Object for ResultValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "value").then(|| Value::from(self.value))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mark)
    }
}

/// Whether a value is one of the results.
pub(super) fn is_result(value: &Value) -> bool {
    value.downcast_object_ref::<ResultValue>().is_some()
}

/// The functions that give values of the results.
const FUNCTIONS: [&str; 5] = ["cell", "score", "contrast", "least", "most"];

/// The first comparison of a value of the results in `source`, with its line. Templates would compare its
/// mark.
pub(super) fn comparison(source: &str, syntax: SyntaxConfig) -> Option<(usize, String)> {
    // The parser tells of sources that are no tokens.
    let tokens: Vec<_> = tokenize(source, false, syntax).map_while(Result::ok).collect();
    let token = |at: usize| tokens.get(at).map(|(token, _)| token);
    let mut names: Vec<&str> = FUNCTIONS.to_vec();
    for (at, (one, span)) in tokens.iter().enumerate() {
        let Token::Ident(name) = one else { continue };
        let before = at.checked_sub(1).and_then(token);
        if !names.contains(name) || matches!(before, Some(Token::Dot)) {
            continue;
        }
        let is_call = matches!(token(at + 1), Some(Token::ParenOpen));
        if FUNCTIONS.contains(name) && !is_call {
            continue;
        }
        let mut end = if is_call { closing(&tokens, at + 1)? } else { at } + 1;
        // `set best = cell(…)`: the name stands for the value from here on.
        if let (Some(Token::Assign), Some(Token::BlockEnd)) = (before, token(end))
            && let Some(Token::Ident(assigned)) = at.checked_sub(2).and_then(token)
        {
            names.push(assigned);
        }
        let mut start = at;
        while start > 0
            && matches!(token(start - 1), Some(Token::ParenOpen))
            && matches!(token(end), Some(Token::ParenClose))
            && !start.checked_sub(2).and_then(token).is_some_and(is_called)
        {
            (start, end) = (start - 1, end + 1);
        }
        let left = start.checked_sub(1).and_then(token);
        if [left, token(end)].into_iter().flatten().any(compares) {
            return Some((usize::from(span.start_line), (*name).to_owned()));
        }
    }
    None
}

/// The token that closes the parenthesis at `open`.
fn closing<S>(tokens: &[(Token<'_>, S)], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, (token, _)) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::ParenOpen => depth += 1,
            Token::ParenClose => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Whether a parenthesis after the token holds arguments.
fn is_called(token: &Token<'_>) -> bool {
    let is_word = |word| ["if", "elif", "and", "or", "not", "in", "is", "else"].contains(word);
    matches!(token, Token::Ident(word) if !is_word(word))
}

fn compares(token: &Token<'_>) -> bool {
    matches!(token, Token::Eq | Token::Ne | Token::Gt | Token::Gte | Token::Lt | Token::Lte)
        || matches!(token, Token::Ident("in" | "is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Option<(usize, String)> {
        comparison(source, SyntaxConfig::default())
    }

    #[test]
    fn a_comparison_of_a_result_is_found_and_one_of_its_value_is_none() {
        for compared in [
            "{% if cell(\"t\", \"mean\", lr=0.1) > 5 %}",
            "{% if 5 <= least(\"t\", \"mean\") %}",
            "{% if (score(\"m\", \"mean\")) == 1 %}",
            "{{ 1 if x and most(\"t\", \"m\") in [1] }}",
        ] {
            assert_eq!(
                found(&format!("\n{compared}")).map(|(line, _)| line),
                Some(2),
                "{compared}"
            );
        }
        let assigned = "{% set best = cell(\"t\", \"mean\") %}\n{{ best }}\n{% if best > 1 %}";
        assert_eq!(found(assigned), Some((3, "best".to_owned())));
        for sound in [
            "{% if cell(\"t\", \"mean\").value > 5 %}",
            "{{ cell(\"t\", \"mean\") if n > 5 else \"–\" }}",
            "{{ cell(\"t\", \"mean\", **best) }} > 5",
            "{{ one.cell == 2 }}{{ count(least(1)) == 2 }}",
            "{% set best = cell(\"t\", \"mean\").value %}{% if best > 1 %}",
        ] {
            assert_eq!(found(sound), None, "{sound}");
        }
    }
}
