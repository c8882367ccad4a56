//! The anchors of a report, which are the same on the page and in the Markdown, and its links.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::error::RenderError;
use super::names::PAPER_TEMPLATE;
use super::skeleton::{Block, Mark, OPTIONS, Part, Skeleton, is_of_marks, parts};

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
    let mut addresses: Vec<String> = Vec::new();
    let mut heading: Option<(usize, String)> = None;
    let mut repeats: BTreeMap<String, usize> = BTreeMap::new();
    let twice = |anchor: &str, text: &str| {
        let message = format!("two headings, elements or items have the anchor `{anchor}`");
        let hint = "give one of them another text";
        Err(RenderError::at(PAPER_TEMPLATE, line_of(source, text), message, hint))
    };
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
                    let anchor = unused(&slug(&title), &mut repeats);
                    if !targets.insert(anchor.clone()) {
                        return twice(&anchor, &title);
                    }
                    anchors.headings.push((level, anchor, title));
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                addresses.push(dest_url.to_string());
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                // An element may have the same anchor under both names.
                let own: BTreeSet<_> = attributes(&html, &["id", "name"]).into_iter().collect();
                for anchor in own.iter().map(|anchor| skeleton.plain(anchor)) {
                    if !targets.insert(anchor.clone()) {
                        return twice(&anchor, &anchor);
                    }
                }
                addresses.extend(attributes(&html, &["href", "src"]));
            }
            _ => {}
        }
    }
    for item in items(skeleton) {
        if !targets.insert(item.clone()) {
            return twice(&item, &item.replace('-', " "));
        }
    }
    for address in &addresses {
        check_address(address, &targets, skeleton, source)?;
    }
    Ok(anchors)
}

/// Refuses a link to an anchor that is nowhere, and one that would run what a value holds.
fn check_address(
    address: &str,
    targets: &BTreeSet<String>,
    skeleton: &Skeleton,
    source: &str,
) -> Result<(), RenderError> {
    let plain = skeleton.plain(address);
    let place = line_of(source, parts(address).iter().find_map(Part::plain).unwrap_or(&plain));
    let scheme: String = plain.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let scheme = scheme.split(':').next().unwrap_or_default().to_lowercase();
    let is_code = ["javascript", "vbscript", "data"].contains(&scheme.as_str());
    if is_code && address.contains(is_of_marks) {
        let message = format!("a link would run what a value holds: `{plain}`");
        let hint = "write the start of the address into the template, like `https://`";
        return Err(RenderError::at(PAPER_TEMPLATE, place, message, hint));
    }
    let Some(link) = plain.strip_prefix('#').filter(|link| !link.is_empty()) else { return Ok(()) };
    let is_target = |target: &String| target == link || percent_encoded(target) == link;
    if targets.iter().any(is_target) {
        return Ok(());
    }
    let known: Vec<_> = targets.iter().map(String::as_str).collect();
    let message = format!("a link leads to `#{link}`, which is nowhere in the report");
    let hint = crate::document::suggestion(link, &known);
    Err(RenderError::at(PAPER_TEMPLATE, line_of(source, &plain), message, hint))
}

/// `slug`, or with the first number from 1 that makes an anchor which no heading has.
fn unused(slug: &str, repeats: &mut BTreeMap<String, usize>) -> String {
    let mut anchor = slug.to_owned();
    while repeats.contains_key(&anchor) {
        let n = repeats.entry(slug.to_owned()).or_default();
        *n += 1;
        anchor = format!("{slug}-{n}");
    }
    repeats.insert(anchor.clone(), 0);
    anchor
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

/// `text` as a part of an address in a link.
pub(super) fn percent_encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:?#&=%+,;@".contains(&byte);
    let encoded = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
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
        let repeated = check("## End\n\n## End 1\n\n## End\n").unwrap();
        assert_eq!(repeated.headings[2].1, "end-2");
        let anchors = check(sound).unwrap();
        let names: Vec<_> = anchors.headings.iter().map(|(_, anchor, _)| anchor.as_str()).collect();
        assert_eq!(names, ["h", "end", "end-1"]);
        let error = check("# H\n\ntext\n\n[end](#ned)\n\n## End\n").unwrap_err();
        assert_eq!(error.line, 5);
        assert!(error.hint.contains("end"), "{}", error.hint);
        assert!(check("<a href=\"#gone\">x</a>\n").is_err());
        let error = check("## End\n\n<p id=\"end\">x</p>\n").unwrap_err();
        assert!(error.message.contains("have the anchor `end`"), "{error}");
        assert!(check("## Ünique\n\n[x](#%C3%BCnique)\n").is_ok());
    }
}
