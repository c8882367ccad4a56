//! The syntax of templates, and what their text may not have.

use std::collections::BTreeSet;

use minijinja::machinery::ast::Stmt;
use minijinja::machinery::{Token, parse, tokenize};
use minijinja::syntax::SyntaxConfig;

/// The syntax of templates. A line that contains only tags leaves no trace. What follows an
/// `{% include %}` starts on a new line, since the last newline of the file stays.
#[must_use]
pub fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().expect("the delimiters are the default ones")
}

/// A prose template with its line ends kept after a tag or comment that shares its line with text.
/// minijinja removes the line end after every tag, and would join the last word before it with the
/// first word of the next line. A `+` before the end of the tag keeps it.
#[must_use]
pub fn with_line_ends(name: &str, text: &str) -> String {
    if name.contains(".html") {
        return text.to_owned();
    }
    let start = text.as_ptr() as usize;
    let data = tokenize(text, false, syntax()).map_while(Result::ok);
    // What `{% raw %}` quotes is data, and no tag.
    let data = data.filter_map(|(token, _)| match token {
        Token::TemplateData(data) => {
            let from = data.as_ptr() as usize - start;
            Some(from..from + data.len())
        }
        _ => None,
    });
    let data: Vec<_> = data.collect();
    let (mut kept, mut at) = (String::with_capacity(text.len()), 0);
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let end = at + body.len().saturating_sub(2);
        let is_tag = ["%}", "#}"].iter().any(|tag| body.ends_with(tag))
            && !["-", "+"].iter().any(|sign| body[..body.len() - 2].ends_with(sign))
            && !data.iter().any(|data| data.contains(&end));
        if is_tag && has_text(lines_of_tag(&text[..at + body.len()])) {
            kept.push_str(&body[..body.len() - 2]);
            kept.push('+');
            kept.push_str(&line[body.len() - 2..]);
        } else {
            kept.push_str(line);
        }
        at += line.len();
    }
    kept
}

/// The lines of the tag or comment that `text` ends with.
fn lines_of_tag(text: &str) -> &str {
    let opening = if text.ends_with("%}") { "{%" } else { "{#" };
    let start = text.rfind(opening).unwrap_or(0);
    &text[text[..start].rfind('\n').map_or(0, |end| end + 1)..]
}

/// Whether lines that end with a tag or comment have anything else.
fn has_text(line: &str) -> bool {
    let mut rest = line.trim_start();
    while let Some(tag) = ["%", "#"].into_iter().find(|tag| rest.starts_with(&format!("{{{tag}"))) {
        match rest.split_once(&format!("{tag}}}")) {
            Some((_, after)) => rest = after.trim_start(),
            None => return false,
        }
    }
    !rest.is_empty()
}

/// Whether a character is kept for the marks of values in evaluated prose.
#[must_use]
pub fn is_reserved(character: char) -> bool {
    ('\u{fdd0}'..='\u{fdef}').contains(&character)
}

/// The names of the macros of a template; `None` if it does not parse, which minijinja reports.
pub(super) fn macros(name: &str, text: &str) -> Option<BTreeSet<String>> {
    let Stmt::Template(template) = parse(text, name, syntax()).ok()? else { return None };
    let macros = template.children.iter().filter_map(|one| match one {
        Stmt::Macro(one) => Some(one.name.to_owned()),
        _ => None,
    });
    Some(macros.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_stays_after_a_tag_that_shares_its_line_with_text() {
        let shown = |text: &str| {
            let mut environment = minijinja::Environment::new();
            environment.set_syntax(syntax());
            environment.render_str(&with_line_ends("t", text), ()).unwrap()
        };
        for (text, expected) in [
            ("a{% if true %} b{% endif %}\nc", "a b\nc"),
            ("{% if true %}\na\n  {% endif %}\nb", "a\nb"),
            ("{% if true %}{% endif %}\nb", "b"),
            ("a{# c #}\r\nb{# c #}\nc", "a\r\nb\nc"),
            ("a{% if true -%}\n b{%- endif +%}\nc", "ab\nc"),
            ("{% raw %}{{ x }}{% endraw %}\n```", "{{ x }}\n```"),
            ("a {% raw %}\nb {% x %}\n{% endraw %}\nc", "a \nb {% x %}\nc"),
            ("{{ 1 }}{# é #}\n{# c\nd #}\ne", "1\ne"),
            ("| 1 | {# c\nd #}\n| 2 |", "| 1 | \n| 2 |"),
            ("x {% set a =\n 1 %}\n## H", "x \n## H"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
