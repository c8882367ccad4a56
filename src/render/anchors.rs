//! The anchors of a report, which are the same on the page and in the Markdown, and its links.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

use super::html::{Named, OpenElements, Unbalanced};
use super::links::{FileLink, check_address, check_image, loads};
use super::skeleton::{Block, Mark, OPTIONS, Part, Skeleton, parts};
use crate::template::{TemplateError, Templates};

/// The anchors of headings, and the links to files.
///
/// An image is part of the page, and not loaded by it: a page that loads nothing shows the same to all readers.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// The headings, in their order.
    pub(super) headings: Vec<Heading>,
    /// The links of the prose to files.
    pub(super) files: Vec<FileLink>,
    /// The images of the prose, and the address of each as the skeleton has it.
    pub(super) images: Vec<(String, FileLink)>,
}

/// A heading of the prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// Its level, from 1.
    pub(super) level: usize,
    pub(super) anchor: String,
    pub(super) title: String,
    /// Its number, like `2.1`; empty if sections have no numbers.
    pub(super) number: String,
}

impl Heading {
    /// The title with the number before it.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.number, self.title).trim_start().to_owned()
    }
}

/// Finds all anchors, and checks that every link of the prose leads to one of them.
///
/// # Errors
/// With the line of a link that leads nowhere, or of a heading whose anchor an item has.
pub(super) fn check(skeleton: &Skeleton, templates: &Templates) -> Result<Anchors, TemplateError> {
    let mut anchors = Anchors::default();
    let mut targets: BTreeSet<String> = BTreeSet::new();
    let (mut addresses, mut images): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut heading: Option<(usize, String)> = None;
    let mut repeats: BTreeMap<String, usize> = BTreeMap::new();
    let mut n_footnotes = 0;
    let twice = |anchor: &str, text: &str| {
        let message = format!("two headings, elements or items have the anchor `{anchor}`");
        let places = [format!("# {text}"), format!("\"{text}\""), text.to_owned()];
        Err(templates.mistake(&places, message, "give one of them another text"))
    };
    for event in Parser::new_ext(&skeleton.text, OPTIONS) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                heading = Some((level as usize, String::new()));
            }
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) => {
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
                    anchors.headings.push(Heading { level, anchor, title, number: String::new() });
                }
            }
            Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => {}
            Event::Start(Tag::Link { dest_url, .. }) => addresses.push(dest_url.to_string()),
            Event::Start(Tag::Image { dest_url, .. }) => images.push(dest_url.to_string()),
            Event::Start(Tag::FootnoteDefinition(_)) => {
                n_footnotes += 1;
                let anchor = format!("footnote-{n_footnotes}");
                for anchor in [format!("{anchor}-text"), anchor] {
                    if !targets.insert(anchor.clone()) {
                        return twice(&anchor, &anchor.replace('-', " "));
                    }
                }
            }
            _ => {}
        }
    }
    let named = elements(skeleton, templates)?;
    for anchor in named.anchors.iter().map(|anchor| skeleton.plain(anchor)) {
        if !targets.insert(anchor.clone()) {
            return twice(&anchor, &anchor);
        }
    }
    addresses.extend(named.links);
    images.extend(named.images);
    for item in items(skeleton) {
        if !targets.insert(item.clone()) {
            return twice(&item, &item.replace('-', " "));
        }
    }
    for address in &addresses {
        anchors.files.extend(check_address(address, &targets, skeleton, templates)?);
    }
    for address in images {
        let image = check_image(&address, skeleton, templates)?;
        if let Some(image) = image.filter(|_| !anchors.images.iter().any(|(a, _)| *a == address)) {
            anchors.images.push((address, image));
        }
    }
    // Equations have their labels as anchors, on the page alone.
    let mut equations = BTreeSet::new();
    for label in labels(&skeleton.text) {
        if targets.contains(label) || !equations.insert(label) {
            return twice(label, &format!("\\label{{{label}}}"));
        }
    }
    match named.loads.iter().find(|address| !address.starts_with("data:")) {
        Some(address) => Err(loads(address, skeleton, templates)),
        None => Ok(anchors),
    }
}

/// The labels of equations.
fn labels(text: &str) -> Vec<&str> {
    let formulas =
        Parser::new_ext(text, OPTIONS).into_offset_iter().filter_map(|(event, range)| {
            matches!(event, Event::InlineMath(_) | Event::DisplayMath(_)).then(|| &text[range])
        });
    let labels = formulas.flat_map(|tex| tex.split("\\label{").skip(1));
    labels.filter_map(|after| Some(after.split_once('}')?.0)).collect()
}

/// What the HTML elements of the prose name.
///
/// # Errors
/// If an element swallows the text after it, or ends what it is no part of.
fn elements(skeleton: &Skeleton, templates: &Templates) -> Result<Named, TemplateError> {
    let (mut open, mut block) = (OpenElements::default(), String::new());
    let mut found = Named::default();
    let refuse = |Unbalanced { tag, message }: Unbalanced| {
        let hint = "to show it as text, put it between backticks";
        let typed = parts(&tag).iter().find_map(Part::plain).unwrap_or(&tag).to_owned();
        templates.mistake(&[typed], format!("`{}` {message}", skeleton.plain(&tag)), hint)
    };
    for event in Parser::new_ext(&skeleton.text, OPTIONS) {
        let html = match event {
            Event::Html(line) => {
                block.push_str(&line);
                continue;
            }
            Event::End(TagEnd::HtmlBlock) => std::mem::take(&mut block),
            Event::InlineHtml(html) => html.into_string(),
            Event::Start(Tag::HtmlBlock) => continue,
            Event::Start(_) => {
                open.begin();
                continue;
            }
            Event::End(_) => {
                open.end().map_err(refuse)?;
                continue;
            }
            _ => continue,
        };
        found.extend(open.read(&html).map_err(refuse)?);
    }
    open.end().map_err(refuse)?;
    Ok(found)
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
pub(super) fn items(skeleton: &Skeleton) -> Vec<String> {
    let marks = parts(&skeleton.text).into_iter().filter_map(|part| match part {
        Part::Mark(index) => skeleton.marks.get(index),
        Part::Plain(_) => None,
    });
    let anchors = marks.flat_map(|mark| match mark {
        Mark::Block(Block::Item(item)) => vec![item.anchor()],
        Mark::Block(Block::Claims(names)) => names.iter().map(|name| claim(name)).collect(),
        Mark::Block(Block::References) => {
            skeleton.references.iter().map(|entry| reference(&entry.key)).collect()
        }
        _ => Vec::new(),
    });
    anchors.collect()
}

/// The anchor of a claim.
pub(super) fn claim(name: &str) -> String {
    format!("claim-{name}")
}

/// The anchor of a work in the list of references.
pub(super) fn reference(key: &str) -> String {
    format!("ref-{key}")
}

/// The anchor that code hosts give a heading: its letters, digits, `-` and `_`, in lower case, with
/// `-` for each space. A title without any of them gets `section`, so that the contents can lead to
/// it.
fn slug(title: &str) -> String {
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    let slug: String =
        kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect();
    if slug.is_empty() { "section".to_owned() } else { slug }
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
        let check = |text: &str| {
            let templates = Templates { paper: text.to_owned(), ..Templates::default() };
            check(&Skeleton { text: text.to_owned(), ..Skeleton::default() }, &templates)
        };
        let sound = "# H\n\n[end](#end) [note](#note) [top](#h)\n\n<a name=\"note\"></a>note\n\n## End\n\n## End\n";
        let repeated = check("## End\n\n## End 1\n\n## End\n").unwrap();
        assert_eq!(repeated.headings[2].anchor, "end-2");
        let anchors = check(sound).unwrap();
        let names: Vec<_> =
            anchors.headings.iter().map(|heading| heading.anchor.as_str()).collect();
        assert_eq!(names, ["h", "end", "end-1"]);
        let error = check("# H\n\ntext\n\n[end](#ned)\n\n## End\n").unwrap_err();
        assert_eq!(error.line, 5);
        assert!(error.hint.contains("end"), "{}", error.hint);
        for dead in ["<a href=\"#gone\">x</a>", "<a HREF = '#gone'>x</a>", "[x](./report.md#gone)"]
        {
            assert!(check(&format!("{dead}\n")).is_err(), "{dead}");
        }
        assert!(check("## 1\n\nx[^1]\n\n[^1]: note\n").is_ok());
        assert!(check("## Footnote 1\n\nx[^1]\n\n[^1]: note\n").is_err(), "one anchor for two");
        let error = check("## End\n\n<p id=\"end\">x</p>\n").unwrap_err();
        assert!(error.message.contains("have the anchor `end`"), "{error:?}");
        assert!(check("## Ünique\n\n[x](#%C3%BCnique)\n").is_ok());
        assert!(check("# H\n\n[x](report.html#h)\n").is_ok());
        assert!(check("# H\n\n[x](report.html#i)\n").is_err());
        let links = "[a](data/a%20b.csv?raw#L1) [b](https://example.org/x) ![c](./images/c%20d.png) [d](/d) [e](mailto:e)";
        let found = check(links).unwrap();
        let paths = |links: Vec<FileLink>| links.into_iter().map(|l| l.path).collect::<Vec<_>>();
        assert_eq!(paths(found.files), ["data/a b.csv"]);
        let images = found.images.into_iter().map(|(_, image)| image).collect();
        assert_eq!(paths(images), ["images/c d.png"]);
        for loaded in [
            "![x](https://example.org/x.png)",
            "![x](//example.org/x.png)",
            "<img src=\"http://example.org/x.png\">",
            "<link rel=\"stylesheet\" href=\"x.css\">",
            "<script src=\"x.js\"></script>",
            "<img srcset=\"a.png 1x\">",
            "![x](/etc/x.png)",
        ] {
            let error = check(&format!("a\n\n{loaded}\n")).unwrap_err();
            assert!(error.message.contains("the page would load"), "{loaded}: {error:?}");
            assert_eq!(error.line, 3, "{loaded}");
        }
    }
}
