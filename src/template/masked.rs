//! A template without one of its mistakes, so that the search for others can go on.

use minijinja::machinery::{Token, tokenize};

use super::error::TemplateError;
use super::syntax::syntax;

/// A template without a mistake. It has the same length and the same lines.
pub struct Masked {
    /// Its text.
    pub text: String,
    /// The names that the masked part would have defined. An expression with them may fail for that.
    pub lost: Vec<String>,
    /// Whether the masked part is a tag. It may have shown an item that links lead to.
    pub is_tag: bool,
}

/// Masks a mistake in the text of its template. `None` if the rest would have no meaning without it.
#[must_use]
pub fn masked(text: &str, error: &TemplateError) -> Option<Masked> {
    let span = error.span.or_else(|| line(text, error.line))?;
    let Some(tag) = tag_at(text, span) else {
        let text = replaced(text, span, "", 'x')?;
        return Some(Masked { text, lost: Vec::new(), is_tag: false });
    };
    let words = text[tag.start + 2..tag.end - 2].trim_matches(['-', '+']).trim();
    let span = |part: &str| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        (start, start + part.len())
    };
    let whole = (tag.start, tag.end);
    let (span, instead, lost) = match words.split_whitespace().next().filter(|_| tag.is_block) {
        None | Some("include" | "do") => (whole, "", Vec::new()),
        Some("if" | "elif") => (span(words.split_once("if")?.1), " 0", Vec::new()),
        Some("for") => (span(words.split_once(" in ")?.1), "[]", Vec::new()),
        Some("set") => {
            let (names, value) = words.strip_prefix("set")?.split_once('=')?;
            let names = names.split(',').map(|name| name.trim().to_owned()).collect();
            (span(value), " 0", names)
        }
        Some(_) => return None,
    };
    Some(Masked { text: replaced(text, span, instead, ' ')?, lost, is_tag: true })
}

/// Whether the tag of a mistake, or its own text, has one of these names.
#[must_use]
pub fn uses(text: &str, error: &TemplateError, names: &[String]) -> bool {
    let Some(span) = error.span.or_else(|| line(text, error.line)) else { return false };
    let part = match tag_at(text, span) {
        Some(tag) => text.get(tag.start..tag.end),
        None => text.get(span.0..span.1),
    };
    let words = part.unwrap_or_default().split(|c: char| !c.is_alphanumeric() && c != '_');
    words.into_iter().any(|word| names.iter().any(|name| name == word))
}

/// A tag with its delimiters.
struct Tag {
    start: usize,
    end: usize,
    /// Whether it is a statement, and not a value.
    is_block: bool,
}

/// The first tag that a span touches, as far as the template can be read.
fn tag_at(text: &str, (start, end): (usize, usize)) -> Option<Tag> {
    let mut open = None;
    let tokens = tokenize(text, false, syntax()).map_while(Result::ok);
    let mut tags = tokens.filter_map(|(token, span)| {
        let at = span.start_offset as usize;
        let close = match token {
            Token::VariableStart | Token::BlockStart => {
                open = Some(at);
                return None;
            }
            Token::VariableEnd => "}}",
            Token::BlockEnd => "%}",
            _ => return None,
        };
        // The token of an end takes the end of its line along.
        let end = at + text[at..].find(close)? + close.len();
        Some(Tag { start: open.take()?, end, is_block: close == "%}" })
    });
    tags.find(|tag| tag.start < end.max(start + 1) && start < tag.end)
}

/// The bytes of a line, from 1.
fn line(text: &str, line: usize) -> Option<(usize, usize)> {
    let line = text.split_inclusive('\n').nth(line.checked_sub(1)?)?;
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    Some((start, start + line.trim_end().len()))
}

/// `text` with these bytes replaced by `instead` and as many fillers as keep its length. Line ends stay.
fn replaced(
    text: &str,
    (start, end): (usize, usize),
    instead: &str,
    filler: char,
) -> Option<String> {
    let rest = text.get(start..end).filter(|old| !old.is_empty())?.get(instead.len()..)?;
    let masks = rest.chars().map(|c| match c {
        '\n' | '\r' => c.to_string(),
        _ => filler.to_string().repeat(c.len_utf8()),
    });
    Some(format!("{}{instead}{}{}", &text[..start], masks.collect::<String>(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, part: &str) -> TemplateError {
        let start = text.find(part).unwrap();
        TemplateError::within("t", text, (start, start + part.len()), "is wrong", "")
    }

    #[test]
    fn a_mistake_is_masked_with_its_tag() {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (text, part, expected, lost) in [
            ("a {{ b.c }}\nd", "b.c", "a d", None),
            ("{% if b.c %}x{% endif %}", "b.c", "{% if 0 %}x{% endif %}", None),
            ("{% for x in b.c -%}{% endfor %}", "b.c", "{% for x in [] -%}{% endfor %}", None),
            ("{%- set x = b.c %}", "b.c", "{%- set x = 0 %}", Some("x")),
            ("see [é](#a)\n", "(#a)", "see [é]xxxx", None),
        ] {
            let masked = masked(text, &at(text, part)).unwrap();
            assert_eq!(masked.text.len(), text.len());
            assert_eq!(plain(&masked.text), expected);
            assert_eq!(masked.lost.first().map(String::as_str), lost);
        }
        let text = "{% macro m(a) %}{% endmacro %}";
        assert!(masked(text, &at(text, "m(a)")).is_none());
    }

    #[test]
    fn an_expression_with_a_lost_name_is_known() {
        let text = "{{ x.y + 1 }} {{ xy }}";
        let names = ["x".to_owned()];
        assert!(uses(text, &at(text, "+"), &names));
        assert!(!uses(text, &at(text, "xy"), &names));
    }
}
