//! The YAML block at the start of the prose, between lines of `---`: title, authors, date, abstract.
//!
//! Its texts are Markdown, as in Pandoc and Quarto. They become the first lines of the report, in the Markdown
//! and on the page.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::citation::{STYLES, Style};
use crate::document::suggestion;
use crate::export::markdown::at_start;
use crate::format::visible;
use crate::template::{TemplateError, Templates};

/// What a report uses of the block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct FrontMatter {
    /// The title, above the prose unless the prose begins with one.
    pub(super) title: Option<String>,
    subtitle: Option<String>,
    #[serde(alias = "authors")]
    author: Names,
    date: Option<String>,
    /// The abstract. Search engines read it too.
    #[serde(alias = "description")]
    pub(super) r#abstract: Option<String>,
    keywords: Names,
    /// The language of the prose, like `en`.
    pub(super) lang: Option<String>,
    /// BibTeX files.
    bibliography: Names,
    /// How the prose cites, as the block says.
    citations: Option<String>,
    /// The same.
    #[serde(skip)]
    pub(super) style: Style,
    /// Whether sections have numbers.
    #[serde(rename = "number-sections")]
    pub(super) number_sections: bool,
    /// How the report is split: `sections`, or not at all.
    pages: Option<String>,
    /// What has no effect: keys that a report does not use, and a title beside that of the prose.
    #[serde(skip)]
    pub(super) unused: Vec<String>,
    /// Whether the prose begins with a title of its own.
    #[serde(skip)]
    has_other_title: bool,
}

/// Texts: one, or a list. A map stands for its `name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a list of texts, or a map with `name`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Names, E> {
        Ok(Names(vec![text.to_owned()]))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Names, E> {
        Ok(Names(vec![number.to_string()]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Names, E> {
        Ok(Names(vec![number.to_string()]))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Names, E> {
        Ok(Names(vec![number.to_string()]))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Names, E> {
        Ok(Names(vec![truth.to_string()]))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
        let mut all = Vec::new();
        while let Some(Names(names)) = list.next_element()? {
            all.extend(names);
        }
        Ok(Names(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
        // Quarto writes a name as a text, or as a map of its parts.
        let (mut name, mut parts) = (None, Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" | "literal" => name = Some(map.next_value::<Names>()?),
                "given" | "family" => parts.push(map.next_value::<String>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let parts = (!parts.is_empty()).then(|| Names(vec![parts.join(" ")]));
        name.or(parts).ok_or_else(|| de::Error::missing_field("name"))
    }
}

/// The value of `pages`.
const SECTIONS: &str = "sections";

/// The keys above, as a file may spell them.
const KEYS: [&str; 13] = [
    "title",
    "subtitle",
    "author",
    "authors",
    "date",
    "abstract",
    "description",
    "keywords",
    "lang",
    "bibliography",
    "citations",
    "number-sections",
    "pages",
];

/// The block at the start of `prose`, and the prose after it.
///
/// # Errors
/// If the block is not closed, is not valid YAML, or a key has a value of another type.
pub(super) fn split<'p>(
    prose: &'p str,
    templates: &Templates,
) -> Result<(FrontMatter, &'p str), TemplateError> {
    let prose = prose.trim_start_matches(['\n', '\r', '\u{feff}']);
    let none = Ok((FrontMatter::default(), prose));
    let Some(after) = prose.strip_prefix("---").and_then(|rest| {
        let (line, after) = rest.split_once('\n')?;
        line.trim().is_empty().then_some(after)
    }) else {
        return none;
    };
    // A rule is followed by a blank line, a block by its first key.
    let first = after.lines().next().unwrap_or_default();
    if first.trim().is_empty() {
        return none;
    }
    let mut end = 0;
    let is_end = |line: &&str| ["---", "..."].contains(&line.trim_end());
    for line in after.split_inclusive('\n') {
        if is_end(&line) {
            let mut matter = read(&after[..end], templates)?;
            let rest = &after[end + line.len()..];
            matter.has_other_title = is_title(rest.trim_start());
            if matter.has_other_title && matter.title.is_some() {
                matter.unused.push("title".to_owned());
            }
            return Ok((matter, rest));
        }
        end += line.len();
    }
    let is_key = first.split_once(':').is_some_and(|(key, _)| !key.contains(char::is_whitespace));
    match is_key {
        true => Err(templates.mistake(
            &[first.to_owned()],
            "the block of `---` at the start of the prose is not closed",
            "end it with a line `---`; to draw a rule, leave a blank line after it",
        )),
        false => none,
    }
}

fn read(yaml: &str, templates: &Templates) -> Result<FrontMatter, TemplateError> {
    // `No` is a word, and not a truth value.
    let options = || serde_saphyr::options! { strict_booleans: true };
    let keys =
        serde_saphyr::from_str_with_options::<Option<BTreeMap<String, Value>>>(yaml, options());
    let read = keys.and_then(|keys| {
        let matter = serde_saphyr::from_str_with_options::<Option<FrontMatter>>(yaml, options())?;
        Ok((keys.unwrap_or_default(), matter.unwrap_or_default()))
    });
    let (keys, mut matter) = read.map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let line = usize::try_from(line).unwrap_or(1).max(1);
        let typed = yaml.lines().nth(line - 1).unwrap_or_default();
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default();
        let first = first.rsplit_once("column ").map_or(first, |(_, after)| {
            after.split_once(": ").map_or(first, |(_, message)| message)
        });
        // The rest of the message is about options of the YAML library.
        let first = first.split(", set ").next().unwrap_or_default();
        let hint = match first.contains("duplicate") {
            true => "write each key once",
            false => {
                "put a text with `: ` or `#` between quotes; to draw a rule, leave a blank line after `---`"
            }
        };
        let message = format!("the YAML block at the start of the prose is not valid: {first}");
        templates.mistake(&[typed.to_owned()], message, hint)
    })?;
    if let Some(lang) = matter.lang.as_ref().filter(|lang| !is_language(lang)) {
        let message = format!("`lang` is `{}`, and not a language", visible(lang));
        return Err(templates.mistake(
            &["lang:".to_owned()],
            message,
            "write it like `en` or `pt-BR`",
        ));
    }
    if let Some(style) = &matter.citations {
        matter.style = known_style(style, templates)?;
    }
    if let Some(pages) = matter.pages.as_ref().filter(|pages| *pages != SECTIONS) {
        let message = format!("`pages` is `{}`, and not `{SECTIONS}`", visible(pages));
        let hint = "write `pages: sections` for a page for each section, or remove it";
        return Err(templates.mistake(&["pages:".to_owned()], message, hint));
    }
    matter.unused = keys.into_keys().filter(|key| !KEYS.contains(&key.as_str())).collect();
    Ok(matter)
}

/// The style with a name.
fn known_style(name: &str, templates: &Templates) -> Result<Style, TemplateError> {
    let known = STYLES.iter().find(|(known, _)| *known == name);
    known.map(|(_, style)| *style).ok_or_else(|| {
        let message = format!("`citations` is `{}`, and not a style", visible(name));
        let hint = suggestion(name, &STYLES.map(|(name, _)| name));
        templates.mistake(&["citations:".to_owned()], message, hint)
    })
}

/// Whether the prose begins with a heading of the first level.
fn is_title(prose: &str) -> bool {
    let mut lines = prose.lines();
    let first = lines.next().unwrap_or_default();
    let rule = lines.next().unwrap_or_default().trim_end();
    let is_underlined =
        !first.trim().is_empty() && !rule.is_empty() && rule.chars().all(|c| c == '=');
    first.starts_with("# ") || first.starts_with("#\t") || is_underlined
}

/// Whether a text has the form of a language tag.
fn is_language(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// A text of several lines as one.
fn in_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl FrontMatter {
    /// The title, if it is shown.
    pub(super) fn shown_title(&self) -> Option<&str> {
        let title = self.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
        title.filter(|_| !self.has_other_title)
    }

    /// The names of the authors.
    pub(super) fn authors(&self) -> &[String] {
        &self.author.0
    }

    /// Whether each section is a page.
    pub(super) fn has_pages(&self) -> bool {
        self.pages.is_some()
    }

    /// The names of BibTeX files.
    pub(super) fn bibliography(&self) -> &[String] {
        &self.bibliography.0
    }

    /// The keywords, with commas.
    pub(super) fn keywords(&self) -> String {
        self.keywords.0.join(", ")
    }

    /// The prose with the block as Markdown at its start, below its title if it begins with one.
    pub(super) fn above(&self, prose: &str) -> String {
        let prose = prose.trim_start();
        let (title, rest) = match prose.split_once('\n') {
            Some((title, rest)) if title.starts_with("# ") => (title.to_owned(), rest),
            _ => (
                self.shown_title()
                    .map_or_else(String::new, |title| format!("# {}", in_line(title))),
                prose,
            ),
        };
        let byline = [self.authors().join(", "), self.date.clone().unwrap_or_default()];
        let byline = byline.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let part = |before: &str, text: &str, after: &str| match text.trim() {
            "" => String::new(),
            text => format!("{before}{text}{after}"),
        };
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        let parts = [
            title,
            part("*", &in_line(&of(&self.subtitle)), "*"),
            part(
                "<div class=\"byline\">\n\n",
                &at_start(&in_line(&byline.join(" · "))),
                "\n\n</div>",
            ),
            part("**Abstract.** ", &of(&self.r#abstract), ""),
            part("Keywords: ", &self.keywords(), ""),
            rest.to_owned(),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_of(prose: &str) -> Result<(FrontMatter, String), TemplateError> {
        let templates = Templates { paper: prose.to_owned(), ..Templates::default() };
        split(prose, &templates).map(|(matter, rest)| (matter, rest.to_owned()))
    }

    #[test]
    fn the_block_becomes_the_first_lines_of_the_report() {
        let (matter, rest) = split_of(
            "---\ntitle: \"Two: digits\"\nauthor:\n  - A. One\n  - name: B. Two\n    orcid: 1\ndate: 2026-11\n\
             abstract: |\n  We compare.\nkeywords: [x, No]\nformat: html\n---\n\nText\n",
        )
        .unwrap();
        assert_eq!(
            matter.above(&rest),
            "# Two: digits\n\n<div class=\"byline\">\n\nA. One, B. Two · 2026-11\n\n</div>\n\n**Abstract.** We compare.\n\nKeywords: x, No\n\nText\n"
        );
        assert_eq!(matter.unused, ["format"]);
        assert!(
            matter
                .above("# Own\n\nText\n")
                .starts_with("# Own\n\n<div class=\"byline\">\n\nA. One")
        );
    }

    #[test]
    fn a_rule_is_no_block_and_a_faulty_block_names_its_line() {
        for prose in
            ["---\n\ntext\n\n---\n", "# A\n", "text\n---\n", "---\ntext: not closed here\n"]
        {
            let read = split_of(prose);
            match prose.contains("not closed") {
                false => assert_eq!(read.unwrap(), (FrontMatter::default(), prose.to_owned())),
                true => assert!(read.unwrap_err().message.contains("is not closed")),
            }
        }
        for (prose, line) in [
            ("---\ntitle: A: b\n---\n", 2),
            ("---\ntitle: a\ntitle: b\n---\n", 3),
            ("---\ntitle: a\nauthor: {x: 1}\n---\n", 3),
            ("---\n- a\n---\n", 2),
        ] {
            let error = split_of(prose).unwrap_err();
            assert_eq!(error.line, line, "{prose}: {error:?}");
            assert!(error.message.contains("is not valid: "), "{error:?}");
        }
        assert_eq!(split_of("---\n# nothing\n---\nx").unwrap().1, "x");
    }
}
