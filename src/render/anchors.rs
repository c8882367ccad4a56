//! The anchors of a report, which are the same on the page and in the Markdown, and its links.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::error::RenderError;
use super::names::PAPER_TEMPLATE;
use super::skeleton::{Block, Mark, OPTIONS, Part, Skeleton, parts};

/// The anchors of headings, in the order of the headings.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// Level from 1, anchor and title of each heading.
    pub(super) headings: Vec<(usize, String, String)>,
}

/// Finds all anchors, and checks that every link of the prose leads to one of them.
///
/// # Errors
/// With the line of a link that leads nowhere, or of a heading whose anchor an item has.
pub(super) fn check(skeleton: &Skeleton, source: &str) -> Result<Anchors, RenderError> {
    let mut anchors = Anchors::default();
    let mut targets: BTreeSet<String> = BTreeSet::new();
    let mut links: Vec<String> = Vec::new();
    let mut heading: Option<(usize, String)> = None;
    let mut repeats: BTreeMap<String, usize> = BTreeMap::new();
    for event in Parser::new_ext(&skeleton.text, OPTIONS) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                heading = Some((level as usize, String::new()));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, title)) = &mut heading {
                    title.push_str(&skeleton.plain(&text));
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, title)) = heading.take() {
                    let slug = slug(&title);
                    let n = repeats.entry(slug.clone()).or_default();
                    let anchor = if *n == 0 { slug } else { format!("{slug}-{n}") };
                    *n += 1;
                    targets.insert(anchor.clone());
                    anchors.headings.push((level, anchor, title));
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                let address = skeleton.plain(&dest_url);
                links.extend(address.strip_prefix('#').map(str::to_owned));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = skeleton.plain(&html);
                targets.extend(attributes(&html, &["id", "name"]));
                let addresses = attributes(&html, &["href"]).into_iter();
                links.extend(addresses.filter_map(|a| a.strip_prefix('#').map(str::to_owned)));
            }
            _ => {}
        }
    }
    for item in items(skeleton) {
        if !targets.insert(item.clone()) {
            let line = line_of(source, &item.replace('-', " "));
            let message =
                format!("a heading or element has the anchor `{item}`, which an item has");
            return Err(RenderError::at(PAPER_TEMPLATE, line, message, "give it another text"));
        }
    }
    for link in links.iter().filter(|link| !link.is_empty()) {
        if !targets.contains(link) {
            let line = line_of(source, &format!("#{link}"));
            let known: Vec<_> = targets.iter().map(String::as_str).collect();
            let message = format!("a link leads to `#{link}`, which is nowhere in the report");
            let hint = crate::document::suggestion(link, &known);
            return Err(RenderError::at(PAPER_TEMPLATE, line, message, hint));
        }
    }
    Ok(anchors)
}

/// The anchors of the tables, figures and claims that the prose shows.
fn items(skeleton: &Skeleton) -> Vec<String> {
    let marks = parts(&skeleton.text).into_iter().filter_map(|part| match part {
        Part::Mark(index) => skeleton.marks.get(index),
        Part::Plain(_) => None,
    });
    let anchors = marks.flat_map(|mark| match mark {
        Mark::Block(Block::Item(item)) => vec![item.anchor()],
        Mark::Block(Block::Claims(names)) => names.iter().map(|name| claim(name)).collect(),
        _ => Vec::new(),
    });
    anchors.collect()
}

/// The anchor of a claim.
pub(super) fn claim(name: &str) -> String {
    format!("claim-{name}")
}

/// The anchor that code hosts give a heading: its letters, digits, `-` and `_`, in lower case, with `-`
/// for each space.
fn slug(title: &str) -> String {
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The values of attributes in a piece of HTML.
fn attributes(html: &str, names: &[&str]) -> Vec<String> {
    let mut values = Vec::new();
    for name in names {
        for (start, _) in html.match_indices(&format!("{name}=")) {
            let is_whole = html[..start].ends_with(|c: char| c.is_whitespace());
            let rest = &html[start + name.len() + 1..];
            let value = match rest.chars().next() {
                Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next(),
                _ => rest.split(|c: char| c.is_whitespace() || c == '>').next(),
            };
            values.extend(value.filter(|_| is_whole).map(str::to_owned));
        }
    }
    values
}

/// The first line of `source` with this text, from 1; 0 if no line has it.
pub(super) fn line_of(source: &str, text: &str) -> usize {
    let text = text.to_lowercase();
    let found = source.lines().position(|line| line.to_lowercase().contains(&text));
    found.map_or(0, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_the_anchors_that_code_hosts_give_them() {
        assert_eq!(slug("What the protocol changes"), "what-the-protocol-changes");
        assert_eq!(
            slug("Do the branches recognise their digits?"),
            "do-the-branches-recognise-their-digits"
        );
        assert_eq!(slug("A – b_c, d-e"), "a--b_c-d-e");
    }

    #[test]
    fn two_outputs_two_sets_of_anchors_a_dead_link_is_found_with_its_line() {
        let check =
            |text: &str| check(&Skeleton { text: text.to_owned(), ..Skeleton::default() }, text);
        let sound = "# H\n\n[end](#end) [note](#note) [top](#h)\n\n<a name=\"note\"></a>note\n\n## End\n\n## End\n";
        let anchors = check(sound).unwrap();
        let names: Vec<_> = anchors.headings.iter().map(|(_, anchor, _)| anchor.as_str()).collect();
        assert_eq!(names, ["h", "end", "end-1"]);
        let error = check("# H\n\ntext\n\n[end](#ned)\n\n## End\n").unwrap_err();
        assert_eq!(error.line, 5);
        assert!(error.hint.contains("end"), "{}", error.hint);
        assert!(check("<a href=\"#gone\">x</a>\n").is_err());
    }
}
