//! Mistakes in templates that are known without results: their syntax, and names of items that the paper file does
//! not declare.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Environment;
use minijinja::machinery::{Token, tokenize};

use super::error::{TemplateError, check_comments};
use super::source::Templates;
use super::syntax::{syntax, with_line_ends};
use crate::document::suggestion;

/// What a paper file declares: the names of its items, by the key of their tables in the file.
pub type Declared = BTreeMap<&'static str, BTreeSet<String>>;

/// The functions whose first argument is the name of an item, and where the paper file declares it.
const FUNCTIONS: [(&str, &[&str]); 10] = [
    ("table", &["table"]),
    ("figure", &["figure"]),
    ("reference", &["table", "figure"]),
    ("claim", &["claim"]),
    ("cell", &["table"]),
    ("contrast", &["table"]),
    ("least", &["table"]),
    ("most", &["table"]),
    ("count_above", &["table"]),
    ("score", &["metric"]),
];

/// The mistakes that need no results. Without `declared`, only those of the syntax.
#[must_use]
pub fn without_results(templates: &Templates, declared: Option<&Declared>) -> Vec<TemplateError> {
    let mut found = Vec::new();
    for (name, text) in templates.all() {
        let mut environment = Environment::new();
        environment.set_syntax(syntax());
        let parsed = environment.add_template_owned(name, with_line_ends(name, text));
        found.extend(parsed.err().map(|error| templates.error(&error, name)));
        found.extend(check_comments(name, text).err());
        found.extend(declared.into_iter().flat_map(|declared| unknown(name, text, declared)));
    }
    found
}

/// The calls that name an item which is not declared.
fn unknown(template: &str, text: &str, declared: &Declared) -> Vec<TemplateError> {
    let tokens: Vec<_> = tokenize(text, false, syntax()).map_while(Result::ok).collect();
    let calls = tokens.windows(3).filter_map(|window| {
        let [(Token::Ident(function), _), (Token::ParenOpen, _), (Token::Str(name), span)] = window
        else {
            return None;
        };
        let (_, keys) = FUNCTIONS.iter().find(|(own, _)| own == function)?;
        let known: Vec<&str> = keys
            .iter()
            .flat_map(|key| declared.get(key).into_iter().flatten())
            .map(String::as_str)
            .collect();
        if known.contains(name) {
            return None;
        }
        let span = (span.start_offset as usize, span.end_offset as usize);
        let message = format!("there is no {} `{name}`", keys.join(" or "));
        Some(TemplateError::within(template, text, span, message, suggestion(name, &known)))
    });
    calls.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_paper_file_does_not_declare_are_found_wherever_they_stand() {
        let paper = "{{ table(\"scores\") }}\n{% if cell(\"scroes\", \"mean\").value > 1 %}{% endif %}\n\
                     {# {{ table(\"no\") }} #}{{ reference('curves') }}{{ x.table(\"scores\") }}\n";
        let templates = Templates { paper: paper.to_owned(), ..Templates::default() };
        let declared = Declared::from([("table", BTreeSet::from(["scores".to_owned()]))]);
        let found = without_results(&templates, Some(&declared));
        let found: Vec<_> = found.iter().map(|one| (one.line, &*one.message, &*one.hint)).collect();
        let expected = [
            (2, "there is no table `scroes`", "did you mean `scores`?"),
            (3, "there is no table or figure `curves`", "known: scores"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn each_template_that_does_not_parse_is_named() {
        let others = BTreeMap::from([("part.md".to_owned(), "a\n{{ b".to_owned())]);
        let templates =
            Templates { paper: "{% if x %}".to_owned(), others, ..Templates::default() };
        let found = without_results(&templates, None);
        let found: Vec<_> = found.iter().map(|one| (&*one.template, one.line)).collect();
        assert_eq!(found, [("paper.md.jinja", 1), ("part.md", 2)]);
    }
}
