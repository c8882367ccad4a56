//! The HTML page: the parsed skeleton, with items and values in their places.

use minijinja::{Environment, Value};
use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Parser, Tag, TagEnd};
use rayon::prelude::*;
use serde::Serialize;

use super::anchors::{self, Anchors};
use super::items::Items;
use super::markdown::escape_html;
use super::skeleton::{Mark, OPTIONS, Part, Skeleton, parts};
use super::strict::html_value;
use crate::context::Context;
use crate::figure;
use crate::format;
use crate::template::{ITEMS_TEMPLATE, PAGE_TEMPLATE, TemplateError, Templates};

/// The body of the page.
pub(super) struct Body {
    html: String,
    previews: String,
    contents: Vec<Entry>,
}

/// An entry of the contents: a heading of the second level.
#[derive(Serialize)]
struct Entry {
    id: String,
    title: String,
}

/// Turns the parsed skeleton into HTML.
struct Writer<'w> {
    skeleton: &'w Skeleton,
    items: &'w Items<'w>,
    /// The HTML of each mark, if a macro makes it.
    made: Vec<Option<String>>,
    /// The HTML of each preview, once.
    previews: Vec<String>,
    events: Vec<Event<'w>>,
}

/// The body of the page.
///
/// # Errors
/// If a macro of the items template fails.
pub(super) fn body(
    skeleton: &Skeleton,
    anchors: &Anchors,
    items: &Items<'_>,
) -> Result<Body, TemplateError> {
    let shown: BTreeSet<usize> = parts(&skeleton.text).iter().filter_map(Part::mark).collect();
    let html_of = |(index, mark): (usize, &Mark)| match shown.contains(&index) {
        true => items.make(mark),
        false => Ok((None, Vec::new())),
    };
    // The macros take longer than all other steps of a report, so they run on all cores.
    let made: Vec<_> = skeleton.marks.par_iter().enumerate().map(html_of).collect();
    // The first error in order, whatever thread meets one first.
    let made = made.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (made, ids): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    let ids: BTreeSet<String> = ids.into_iter().flatten().collect();
    let mut writer = Writer { skeleton, items, made, previews: Vec::new(), events: Vec::new() };
    let mut headings = anchors.headings.iter();
    let (mut in_code, mut n_links, mut n_tables) = (false, 0_usize, 0);
    for event in Parser::new_ext(&skeleton.text, OPTIONS) {
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = headings.next().map(|(_, anchor, _)| CowStr::from(anchor.clone()));
                writer.events.push(Event::Start(Tag::Heading { level, id, classes, attrs }));
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                in_code = true;
                let kind = match kind {
                    CodeBlockKind::Fenced(info) => CodeBlockKind::Fenced(writer.plain(&info)),
                    CodeBlockKind::Indented => CodeBlockKind::Indented,
                };
                writer.events.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::End(TagEnd::CodeBlock) => {
                in_code = false;
                writer.events.push(event);
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                n_links += 1;
                let (dest_url, title) = (writer.plain(&dest_url), writer.plain(&title));
                writer.events.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
            }
            Event::End(TagEnd::Image | TagEnd::Link) => {
                n_links -= 1;
                writer.events.push(event);
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                n_links += 1;
                let (dest_url, title) = (writer.plain(&dest_url), writer.plain(&title));
                writer.events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            // Text in code, in a link and for an image has no elements.
            Event::Text(text) if in_code || n_links > 0 => {
                let text = Event::Text(writer.plain(&text));
                writer.events.push(text);
            }
            Event::Text(text) => writer.text(&text)?,
            Event::Code(text) => {
                let text = Event::Code(writer.plain(&text));
                writer.events.push(text);
            }
            Event::Html(html) => {
                let html = Event::Html(writer.html(&html));
                writer.events.push(html);
            }
            Event::InlineHtml(html) => {
                let html = Event::InlineHtml(writer.html(&html));
                writer.events.push(html);
            }
            // A wide table scrolls on its own.
            Event::Start(Tag::Table(_)) => {
                n_tables += 1;
                let open = format!(
                    "<div class=\"scroll\" role=\"region\" aria-label=\"Unnumbered table {n_tables}\" \
                     tabindex=\"0\">"
                );
                writer.events.push(Event::Html(CowStr::from(open)));
                writer.events.push(event);
            }
            Event::End(TagEnd::Table) => {
                writer.events.push(event);
                writer.events.push(Event::Html(CowStr::from("</div>\n")));
            }
            other => writer.events.push(other),
        }
    }
    let Writer { previews, events, .. } = writer;
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, without_empty_paragraphs(events).into_iter());
    if let Some(absent) = anchors::items(skeleton).iter().find(|anchor| !ids.contains(*anchor)) {
        let message = format!("no macro writes `id=\"{absent}\"`, but links need it");
        return Err(TemplateError::at(
            ITEMS_TEMPLATE,
            0,
            message,
            "write `id=\"{{ item.anchor }}\"`",
        ));
    }
    let previews = previews.iter().enumerate().map(|(index, preview)| {
        format!("<div id=\"_how-{}\" popover class=\"how\">\n{preview}</div>\n", index + 1)
    });
    let second = anchors.headings.iter().filter(|(level, _, _)| *level == 2);
    let contents =
        second.map(|(_, id, title)| Entry { id: id.clone(), title: title.clone() }).collect();
    Ok(Body { html, previews: previews.collect(), contents })
}

/// An item is a block of its own, and not part of the paragraph that its mark was.
fn without_empty_paragraphs(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut kept: Vec<Event<'_>> = Vec::with_capacity(events.len());
    for event in events {
        let is_paragraph_of_block = matches!(event, Event::End(TagEnd::Paragraph))
            && matches!(kept.last(), Some(Event::Html(_)))
            && matches!(kept.iter().nth_back(1), Some(Event::Start(Tag::Paragraph)));
        if is_paragraph_of_block {
            let block = kept.pop();
            kept.pop();
            kept.extend(block);
        } else {
            kept.push(event);
        }
    }
    kept
}

impl Writer<'_> {
    /// `text` with the texts of its marks.
    fn plain<'e>(&self, text: &str) -> CowStr<'e> {
        CowStr::from(self.skeleton.plain(text))
    }

    /// HTML of the template with the escaped texts of its marks.
    fn html<'e>(&self, html: &str) -> CowStr<'e> {
        let part = |part: Part<'_>| match part {
            Part::Plain(html) => html.to_owned(),
            Part::Mark(index) => escape_html(&self.skeleton.marks[index].plain()),
        };
        CowStr::from(parts(html).into_iter().map(part).collect::<String>())
    }

    /// Text with numbers, links and items in place of its marks.
    fn text(&mut self, text: &str) -> Result<(), TemplateError> {
        for part in parts(text) {
            let event = match part {
                Part::Plain(text) => Event::Text(CowStr::from(text.to_owned())),
                Part::Mark(index) => {
                    match (&self.skeleton.marks[index], self.made[index].as_ref()) {
                        (Mark::Number(text, _), Some(preview)) => {
                            let place = place_of(&mut self.previews, preview);
                            let number = self.items.number(text, place)?;
                            Event::InlineHtml(CowStr::from(number))
                        }
                        (Mark::Block(_), Some(html)) => Event::Html(CowStr::from(html.clone())),
                        (_, Some(html)) => Event::InlineHtml(CowStr::from(html.clone())),
                        (mark, None) => Event::Text(CowStr::from(format::visible(&mark.plain()))),
                    }
                }
            };
            self.events.push(event);
        }
        Ok(())
    }
}

/// The number of a preview, from 1. Equal previews are one.
fn place_of(previews: &mut Vec<String>, preview: &str) -> usize {
    let known = previews.iter().position(|other| *other == *preview);
    known.unwrap_or_else(|| {
        previews.push(preview.to_owned());
        previews.len() - 1
    }) + 1
}

/// `text` as a string of CSS. Every character that could end the string or the style is escaped.
fn css_string(text: &str) -> String {
    let one = |c: char| match c {
        c if c.is_alphanumeric() || " -.,:;()".contains(c) => c.to_string(),
        c => format!("\\{:x} ", u32::from(c)),
    };
    format!("\"{}\"", format::visible(text).chars().map(one).collect::<String>())
}

/// The page around the body.
///
/// # Errors
/// Naming template and line.
pub(super) fn around(
    environment: &Environment<'_>,
    templates: &Templates,
    context: &Context,
    body: &Body,
) -> Result<String, TemplateError> {
    let values = minijinja::context! {
        title => html_value(&context.title),
        title_in_css => Value::from_safe_string(css_string(&context.title)),
        protocols => html_value(&context.protocols),
        figure_style => Value::from_safe_string(figure::theme(".drawing ")),
        contents => html_value(&body.contents),
        body => Value::from_safe_string(body.html.clone()),
        previews => Value::from_safe_string(body.previews.clone()),
    };
    let rendered = environment.get_template(PAGE_TEMPLATE).and_then(|page| page.render(values));
    let page = rendered.map_err(|error| templates.error(&error, PAGE_TEMPLATE))?;
    match page.contains(&body.html) {
        true => Ok(page),
        false => {
            let message = "the page does not show the report";
            Err(TemplateError::at(PAGE_TEMPLATE, 0, message, "write `{{ body }}` where it belongs"))
        }
    }
}
