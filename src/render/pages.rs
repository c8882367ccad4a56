//! A report on several pages: the first with all that stands before the first section of the second level, then one
//! for each of these sections.

use std::collections::{BTreeMap, BTreeSet};

use html5gum::{DefaultEmitter, Token, Tokenizer};
use serde_json::json;

use super::body::Body;
use super::html::{OpenElements, Unbalanced};
use super::links::percent_decoded;
use super::page::{Around, Neighbour, View};
use super::skeleton::Skeleton;
use super::split::Section;
use crate::citation::Piece;
use crate::context::Context;
use crate::template::{TemplateError, Templates};

/// The first page.
pub const FIRST: &str = "report.html";

/// The end of the other pages. A file with another end belongs to the user.
pub const PAGE_MARK: &str = "<!-- A page of report.html. -->\n";

/// A page of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file, beside `report.md`.
    pub file: String,
    /// Its HTML.
    pub html: String,
}

/// The pages of the report. Empty if it has no section.
///
/// # Errors
/// If an element of the prose is open where a section begins.
pub(super) fn pages(around: &Around<'_>, body: &Body) -> Result<Vec<Page>, TemplateError> {
    let Around { templates, context, skeleton, about, .. } = *around;
    if body.sections.len() < 2 {
        return Ok(Vec::new());
    }
    let files = files(&body.sections);
    // The file of each anchor.
    let mut places: BTreeMap<String, &str> = BTreeMap::new();
    for (section, file) in body.sections.iter().zip(&files) {
        let anchors = anchors_of(section, templates)?;
        places.extend(anchors.into_iter().map(|anchor| (anchor, file.as_str())));
    }
    let texts = texts(context, skeleton);
    let neighbour = |index: usize| {
        let section = body.sections.get(index)?;
        let title = if index == 0 { &about.title } else { &section.title };
        Some(Neighbour { address: files[index].clone(), title: title.clone() })
    };
    let one = |(index, section): (usize, &Section)| {
        let file = &files[index];
        let leads_elsewhere = |id: &String| places.get(id).is_some_and(|place| place != file);
        let targets = targets(&section.html).into_iter().filter(leads_elsewhere);
        let texts: BTreeMap<_, _> = targets.filter_map(|id| texts.get_key_value(&id)).collect();
        let mut anchors: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        // Readers may have addresses of the report as one page.
        if index == 0 {
            // Anchors with `_` are not for readers.
            let is_elsewhere =
                |(anchor, place): &(&String, &&str)| **place != file && !anchor.starts_with('_');
            for (anchor, place) in places.iter().filter(is_elsewhere) {
                anchors.entry(place).or_default().push(anchor);
            }
        }
        let view = View {
            html: &section.html,
            previews: body.previews_of(&section.html),
            contents: &body.contents,
            title: match index {
                0 => about.title.clone(),
                _ => format!("{} – {}", section.title, about.title),
            },
            home: (index > 0).then(|| neighbour(0)).flatten(),
            previous: index.checked_sub(1).and_then(neighbour),
            next: neighbour(index + 1),
            has_list: index == 0,
            elsewhere: Some(json!({ "anchors": anchors, "texts": texts })),
        };
        let html = around.page(&view)?;
        let mut html = linked(&html, file, &places);
        if index > 0 {
            html.push_str(PAGE_MARK);
        }
        Ok(Page { file: file.clone(), html })
    };
    body.sections.iter().enumerate().map(one).collect()
}

/// The name of the file of each page, after the anchor of its section.
fn files(sections: &[Section]) -> Vec<String> {
    const LONGEST: usize = 60;
    let mut files: Vec<String> = Vec::new();
    for section in sections {
        if files.is_empty() {
            files.push(FIRST.to_owned());
            continue;
        }
        let letters = section.anchor.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-');
        let mut name: String = letters.take(LONGEST).collect::<String>().to_ascii_lowercase();
        if name.trim_matches('-').is_empty() {
            "section".clone_into(&mut name);
        }
        let named = |n: usize| match n {
            1 => format!("report-{name}.html"),
            n => format!("report-{name}-{n}.html"),
        };
        let file = (1..=sections.len()).map(named).find(|file| !files.contains(file));
        files.extend(file);
    }
    files
}

/// The anchors of a section.
fn anchors_of(section: &Section, templates: &Templates) -> Result<Vec<String>, TemplateError> {
    let mut open = OpenElements::default();
    let read = open.read(&section.html).and_then(|named| open.end().map(|()| named.anchors));
    read.map_err(|Unbalanced { tag, message }| {
        let title = &section.title;
        let of = if title.is_empty() { "before the first section" } else { title };
        let message = format!("`pages: sections`: on the page of “{of}”, `{tag}` {message}");
        let places = [tag.clone(), format!("# {title}"), title.clone()];
        templates.mistake(
            &places,
            message,
            "let an HTML element end in the section where it begins",
        )
    })
}

/// What the page shows of tables, figures and works before a click on a link to them.
fn texts(context: &Context, skeleton: &Skeleton) -> BTreeMap<String, String> {
    let tables = context.items.iter().map(|item| {
        (format!("table-{}", item.number), format!("Table {}. {}", item.number, item.caption))
    });
    let figures = context.figures.values().map(|figure| {
        let text = format!("Figure {}. {}", figure.number, figure.caption);
        (format!("figure-{}", figure.number), text)
    });
    let works = skeleton.references.iter().map(|entry| {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) | Piece::Emphasis(text) | Piece::Link { text, .. } => text.clone(),
        };
        (super::anchors::reference(&entry.key), entry.line.iter().map(piece).collect())
    });
    tables.chain(figures).chain(works).collect()
}

/// A link to an anchor of the report.
struct Target {
    /// Where the value of its attribute begins in the HTML.
    start: usize,
    /// How much of it names the report.
    length: usize,
    anchor: String,
}

/// The links to anchors.
fn links(html: &str) -> Vec<Target> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut found = Vec::new();
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        let Token::StartTag(tag) = token else { continue };
        if tag.name[..] != *b"a" {
            continue;
        }
        let Some(address) = tag.attributes.get(&b"href"[..]) else { continue };
        let read = String::from_utf8_lossy(&address.value);
        let Some((file, anchor)) = read.split_once('#') else { continue };
        let is_own = ["", FIRST].contains(&file.trim_start_matches("./"));
        // The span is that of the whole attribute: `href = "…"`.
        let typed = html.get(address.span.start..).unwrap_or_default();
        let Some((name, after)) = typed.split_once('=') else { continue };
        let value = after.trim_start();
        let quote = usize::from(value.starts_with(['"', '\'']));
        if is_own && value[quote..].starts_with(file) {
            let start = address.span.start + name.len() + 1 + after.len() - value.len() + quote;
            found.push(Target { start, length: file.len(), anchor: percent_decoded(anchor) });
        }
    }
    found
}

/// The anchors that links lead to.
fn targets(html: &str) -> BTreeSet<String> {
    links(html).into_iter().map(|link| link.anchor).collect()
}

/// The page with the file in each link to another page.
fn linked(html: &str, file: &str, places: &BTreeMap<String, &str>) -> String {
    let (mut changed, mut at) = (String::with_capacity(html.len()), 0);
    for Target { start, length, anchor } in links(html) {
        let Some(place) = places.get(&anchor) else { continue };
        changed.push_str(&html[at..start]);
        if *place != file {
            changed.push_str(place);
        }
        at = start + length;
    }
    changed.push_str(&html[at..]);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_page_of_its_anchor() {
        let places =
            BTreeMap::from([("a".to_owned(), "report.html"), ("é".to_owned(), "report-b.html")]);
        let html = "<a href=\"#a\">x</a><a class='y' href='#%C3%A9'>x</a><a href=#é>x</a><a href=\"report.html#é\">\
                    x</a><a HREF = \"./report.html#a\">x</a><a href=\"#none\">x</a><a href=\"x.html#a\">x</a>\
                    <!-- <a href=\"#é\"> --><script>\"<a href='#é'>\"</script><a href=\"report.html\">x</a>";
        assert_eq!(
            linked(html, "report.html", &places),
            "<a href=\"#a\">x</a><a class='y' href='report-b.html#%C3%A9'>x</a><a href=report-b.html#é>x</a>\
             <a href=\"report-b.html#é\">x</a><a HREF = \"#a\">x</a><a href=\"#none\">x</a><a href=\"x.html#a\">x</a>\
             <!-- <a href=\"#é\"> --><script>\"<a href='#é'>\"</script><a href=\"report.html\">x</a>"
        );
    }

    #[test]
    fn files_have_plain_names_and_no_two_have_the_same() {
        let section = |anchor: &str| Section {
            anchor: anchor.to_owned(),
            title: String::new(),
            html: String::new(),
        };
        let sections = ["", "task", "größe", "gre", "日本", "../x", &"a".repeat(99)].map(section);
        let files = files(&sections);
        assert_eq!(
            files[..6],
            [
                "report.html",
                "report-task.html",
                "report-gre.html",
                "report-gre-2.html",
                "report-section.html",
                "report-x.html"
            ]
        );
        assert!(files[6].len() < 80);
    }
}
