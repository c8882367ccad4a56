//! The body of the page: rendered Markdown, with the items in their places.

mod claims;
mod figure;
mod made;
mod table;
mod tools;

use std::collections::BTreeSet;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Serialize;

use super::context::Context;
use super::made::Made;

pub(super) use claims::claims;
pub(super) use figure::figure_item;
pub(super) use table::table_item;

/// What the page holds beside its Markdown.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Items, which stand in the Markdown as marks: not all of them would survive its parser.
    blocks: Vec<String>,
    /// What is shown of numbers in the prose, each once.
    previews: Vec<String>,
    /// Items and files that were shown: their ids are taken.
    shown: BTreeSet<String>,
}

impl Page {
    /// Keeps a block, and returns what stands for it.
    pub(super) fn block(&mut self, html: String) -> String {
        self.blocks.push(html);
        format!("\n\n{}\n\n", mark(self.blocks.len() - 1))
    }

    /// Notes that an item or a file is shown; whether it is for the first time.
    pub(super) fn show(&mut self, name: &str) -> bool {
        self.shown.insert(name.to_owned())
    }

    /// Whether it has been shown.
    pub(super) fn shows(&self, name: &str) -> bool {
        self.shown.contains(name)
    }

    /// A number of the prose as a button that shows how it was made.
    pub(super) fn value(&mut self, context: &Context, text: &str, made: &Made<'_>) -> String {
        let preview = made::preview(context, text, made);
        let known = self.previews.iter().position(|other| *other == preview);
        let index = known.unwrap_or_else(|| {
            self.previews.push(preview);
            self.previews.len() - 1
        });
        let text = escape(text);
        format!(
            "<button type=\"button\" class=\"value\" popovertarget=\"how-{0}\" \
             aria-label=\"{text}, how made\">{text}</button>",
            index + 1
        )
    }
}

const MARK: &str = "<!-- block ";

fn mark(index: usize) -> String {
    format!("{MARK}{index} -->")
}

/// The body of the page.
pub(super) struct Body {
    pub(super) html: String,
    pub(super) previews: String,
    pub(super) contents: Vec<Heading>,
}

/// A heading of the second level.
#[derive(Serialize)]
pub(super) struct Heading {
    id: String,
    title: String,
}

pub(super) fn body(markdown: &str, page: &Page) -> Body {
    let mut contents: Vec<Heading> = Vec::new();
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut heading: Option<(usize, String)> = None;
    let mut n_tables = 0;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
        let event = in_place(event, page);
        match &event {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => {
                heading = Some((events.len(), String::new()));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, title)) = &mut heading {
                    title.push_str(text);
                }
            }
            // A wide table scrolls on its own, not the page with it.
            Event::Start(Tag::Table(_)) => {
                n_tables += 1;
                let open = format!(
                    "<div class=\"scroll\" role=\"region\" aria-label=\"Unnumbered table {n_tables}\" \
                     tabindex=\"0\">"
                );
                events.push(Event::Html(CowStr::from(open)));
            }
            _ => {}
        }
        let ends_heading = matches!(event, Event::End(TagEnd::Heading(HeadingLevel::H2)));
        let ends_table = matches!(event, Event::End(TagEnd::Table));
        events.push(event);
        if ends_table {
            events.push(Event::Html(CowStr::from("</div>\n")));
        }
        if let Some((start, title)) = heading.take_if(|_| ends_heading) {
            let id = unique_id(&title, &contents);
            if let Event::Start(Tag::Heading { id: slot, .. }) = &mut events[start] {
                *slot = Some(CowStr::from(id.clone()));
            }
            contents.push(Heading { id, title });
        }
    }
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events.into_iter());
    let previews = page.previews.iter().enumerate().map(|(index, preview)| {
        let id = index + 1;
        format!("<div id=\"how-{id}\" popover class=\"how\">\n{preview}</div>\n")
    });
    let previews: String = previews.collect();
    let ids: BTreeSet<&str> =
        html.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    let (html, previews) = (living_links(&html, &ids), living_links(&previews, &ids));
    Body { html, previews, contents }
}

/// The block that a mark stands for; any other event as it is.
fn in_place<'e>(event: Event<'e>, page: &'e Page) -> Event<'e> {
    let (Event::Html(text) | Event::InlineHtml(text)) = &event else { return event };
    let index = text.trim().strip_prefix(MARK).and_then(|rest| rest.strip_suffix(" -->"));
    let block = index.and_then(|index| page.blocks.get(index.parse::<usize>().ok()?));
    block.map_or(event, |block| Event::Html(CowStr::from(block.as_str())))
}

/// `html` with the text alone of links to ids that are not there: a template need not show all that
/// others refer to.
fn living_links(html: &str, ids: &BTreeSet<&str>) -> String {
    const HREF: &str = "href=\"#";
    let mut kept = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<a ") {
        let (before, link) = rest.split_at(start);
        let Some(end) = link.find("</a>") else { break };
        let (link, after) = link.split_at(end + "</a>".len());
        let target = link.split_once(HREF).and_then(|(_, target)| target.split('"').next());
        let is_dead = target.is_some_and(|target| !ids.contains(target));
        let text = link.split_once('>').map_or(link, |(_, text)| text.trim_end_matches("</a>"));
        kept.push_str(before);
        kept.push_str(if is_dead { text } else { link });
        rest = after;
    }
    kept + rest
}

/// `Table 1`, linked; the page's script previews what it names.
pub(super) fn reference(kind: &str, number: usize) -> String {
    let target = format!("{}-{number}", kind.to_lowercase());
    format!("<a class=\"reference\" href=\"#{target}\">{kind} {number}</a>")
}

/// Class of what is shown under one protocol only, the end of its ids, and what its caption adds.
fn protocol(context: &Context, metric: Option<&str>) -> (String, String, String) {
    let Some(metric) = metric else { return ("form".to_owned(), String::new(), String::new()) };
    let known = context.protocols.iter().find(|protocol| protocol.metric == metric);
    let label = known.map_or(metric, |protocol| protocol.label.as_str());
    let under = format!(" <span class=\"under\">({})</span>", escape(label));
    (format!("form protocol protocol-{metric}"), format!("-{metric}"), under)
}

/// The text of a file, folded, with an anchor on each line.
pub(super) fn file(path: &str, text: &str) -> String {
    let anchor = anchor_of(path);
    let lines = text.lines().enumerate().map(|(index, line)| {
        format!("<span id=\"{anchor}-{}\">{}</span>\n", index + 1, escape(line))
    });
    format!(
        "<details class=\"file\"><summary><code>{}</code></summary>\n<pre>{}</pre>\n\
         </details>\n",
        escape(path),
        lines.collect::<String>()
    )
}

/// What the anchors of a file's lines begin with: no two files have the same.
fn anchor_of(path: &str) -> String {
    let plain = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' => {
            char::from(byte).to_string()
        }
        other => format!("_{other:02x}"),
    };
    format!("file-{}", path.bytes().map(plain).collect::<String>())
}

/// Text as HTML shows it literally, in elements and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    super::format::visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Letters and digits of the title, joined by `-`; numbered if an earlier heading has the same, and
/// never the id of a table or figure.
fn unique_id(title: &str, contents: &[Heading]) -> String {
    let words: Vec<_> = title
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let id = format!("section-{}", words.join("-"));
    let numbered = (2..).map(|number| format!("{id}-{number}"));
    let is_free = |id: &String| contents.iter().all(|heading| heading.id != *id);
    std::iter::once(id.clone()).chain(numbered).find(is_free).unwrap_or(id)
}
