//! Rendered Markdown → the body of the page, with its table of contents.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Serialize;

use super::context::Context;

/// The body of the page.
pub(super) struct Body {
    pub(super) html: String,
    pub(super) contents: Vec<Heading>,
}

/// A heading of the second level.
#[derive(Serialize)]
pub(super) struct Heading {
    id: String,
    title: String,
}

/// Stands for the figure of that name until the Markdown is parsed: an SVG would not survive it.
pub(super) fn figure_mark(name: &str) -> String {
    format!("<!-- figure {name} -->")
}

pub(super) fn body(markdown: &str, context: &Context) -> Body {
    let mut contents: Vec<Heading> = Vec::new();
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut heading: Option<(usize, String)> = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
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
                events.push(raw(
                    "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\">",
                ));
            }
            _ => {}
        }
        let ends_heading = matches!(event, Event::End(TagEnd::Heading(HeadingLevel::H2)));
        let ends_table = matches!(event, Event::End(TagEnd::Table));
        events.push(event);
        if ends_table {
            events.push(raw("</div>\n"));
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
    for (name, figure) in &context.figures {
        let svg = inline(&figure.svg, &figure.alt);
        let caption = super::markdown::escape(&figure.caption);
        let number = figure.number;
        let inline = format!(
            "<figure id=\"figure-{number}\">\n<div class=\"drawing\" role=\"group\" aria-label=\"Drawing of figure {number}\" tabindex=\"0\">\
             {svg}</div>\n<figcaption><strong>Figure {number}.</strong> {}</figcaption>\n</figure>",
            inline_markdown(&caption)
        );
        html = html.replace(&figure_mark(name), &inline);
    }
    Body { html, contents }
}

fn raw<'e>(html: &'static str) -> Event<'e> {
    Event::Html(CowStr::from(html))
}

/// The SVG as part of the page, scaling with it, with its alternative text.
fn inline(svg: &str, alt: &str) -> String {
    let alt = escape(alt);
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{alt}\" "), 1)
}

fn inline_markdown(text: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, Parser::new(text));
    html.trim().trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}

fn escape(text: &str) -> String {
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
