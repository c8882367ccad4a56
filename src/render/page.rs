//! The HTML page: the parsed skeleton, with items and values in their places.

use math_core::MathDisplay;
use minijinja::{Environment, Value};
use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Parser, Tag, TagEnd};
use rayon::prelude::*;
use serde::Serialize;

use super::anchors::{self, Anchors};
use super::items::{Items, anchor_of_number};
use super::markdown::escape_html;
use super::math::mathml;
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
    anchors: &'w Anchors,
    templates: &'w Templates,
    items: &'w Items<'w>,
    /// The HTML of each mark, if a macro makes it.
    made: Vec<Option<String>>,
    /// The HTML of each preview, once.
    previews: Vec<String>,
    events: Vec<Event<'w>>,
    /// The anchors of numbers so far.
    numbers: BTreeSet<String>,
    /// The headings that are left.
    headings: std::slice::Iter<'w, (usize, String, String)>,
    in_code: bool,
    /// How many links and images are open.
    n_links: usize,
    /// Number of tables of the prose so far.
    n_tables: usize,
}

/// The body of the page.
///
/// # Errors
/// If a macro of the items template fails.
pub(super) fn body(
    skeleton: &Skeleton,
    anchors: &Anchors,
    items: &Items<'_>,
    templates: &Templates,
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
    let mut writer = Writer {
        skeleton,
        anchors,
        templates,
        items,
        made,
        previews: Vec::new(),
        events: Vec::new(),
        numbers: BTreeSet::new(),
        headings: anchors.headings.iter(),
        in_code: false,
        n_links: 0,
        n_tables: 0,
    };
    for event in Parser::new_ext(&skeleton.text, OPTIONS) {
        writer.event(event)?;
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

/// What stands in the page for the address of image number `index`.
fn image_mark(index: usize) -> String {
    format!("image-of-report-{index}")
}

/// The page with its images, of which each is a `data:` address with its width and height in pixels, if known.
pub(super) fn with_images(page: &str, images: &[(String, Option<[usize; 2]>)]) -> String {
    images.iter().enumerate().fold(page.to_owned(), |page, (index, (data, size))| {
        let mark = image_mark(index);
        let size = size.map(|[w, h]| format!(" width=\"{w}\" height=\"{h}\"")).unwrap_or_default();
        page.replace(&format!("src=\"{mark}\""), &format!("src=\"{data}\"{size}"))
            .replace(&format!("src='{mark}'"), &format!("src=\"{data}\""))
    })
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

impl<'w> Writer<'w> {
    /// Adds an event of the skeleton, with what its marks stand for.
    fn event(&mut self, event: Event<'w>) -> Result<(), TemplateError> {
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = self.headings.next().map(|(_, anchor, _)| CowStr::from(anchor.clone()));
                self.events.push(Event::Start(Tag::Heading { level, id, classes, attrs }));
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                self.in_code = true;
                let kind = match kind {
                    CodeBlockKind::Fenced(info) => CodeBlockKind::Fenced(self.plain(&info)),
                    CodeBlockKind::Indented => CodeBlockKind::Indented,
                };
                self.events.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::End(TagEnd::CodeBlock) => {
                self.in_code = false;
                self.events.push(event);
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                self.n_links += 1;
                let place =
                    self.anchors.images.iter().position(|(address, _)| **address == *dest_url);
                let dest_url = match place {
                    Some(place) => CowStr::from(image_mark(place)),
                    None => self.plain(&dest_url),
                };
                let title = self.plain(&title);
                self.events.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
            }
            Event::End(TagEnd::Image | TagEnd::Link) => {
                self.n_links -= 1;
                self.events.push(event);
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                self.n_links += 1;
                let (dest_url, title) = (self.plain(&dest_url), self.plain(&title));
                self.events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            // Text in code, in a link and for an image has no elements.
            Event::Text(text) if self.in_code || self.n_links > 0 => {
                let text = Event::Text(self.plain(&text));
                self.events.push(text);
            }
            Event::Text(text) => self.text(&text)?,
            Event::Code(text) => {
                let text = Event::Code(self.plain(&text));
                self.events.push(text);
            }
            Event::InlineMath(tex) => {
                let formula = mathml(self.skeleton, &tex, MathDisplay::Inline, self.templates)?;
                self.events.push(Event::InlineHtml(CowStr::from(formula)));
            }
            Event::DisplayMath(tex) => {
                let formula = mathml(self.skeleton, &tex, MathDisplay::Block, self.templates)?;
                self.events.push(Event::InlineHtml(CowStr::from(formula)));
            }
            Event::Html(html) => {
                let html = Event::Html(self.html(&html));
                self.events.push(html);
            }
            Event::InlineHtml(html) => {
                let html = Event::InlineHtml(self.html(&html));
                self.events.push(html);
            }
            Event::TaskListMarker(is_done) => {
                let [state, label] = if is_done { [" checked", "done"] } else { ["", "open"] };
                let marker =
                    format!("<input type=\"checkbox\" disabled{state} aria-label=\"{label}\"> ");
                self.events.push(Event::InlineHtml(CowStr::from(marker)));
            }
            // A wide table scrolls on its own.
            Event::Start(Tag::Table(_)) => {
                self.n_tables += 1;
                let open = format!(
                    "<div class=\"scroll\" role=\"region\" aria-label=\"Unnumbered table {}\" \
                     tabindex=\"0\">",
                    self.n_tables
                );
                self.events.push(Event::Html(CowStr::from(open)));
                self.events.push(event);
            }
            Event::End(TagEnd::Table) => {
                self.events.push(event);
                self.events.push(Event::Html(CowStr::from("</div>\n")));
            }
            other => self.events.push(other),
        }
        Ok(())
    }

    /// `text` with the texts of its marks.
    fn plain<'e>(&self, text: &str) -> CowStr<'e> {
        CowStr::from(self.skeleton.plain(text))
    }

    /// HTML of the template with the escaped texts of its marks, and with marks of its images.
    fn html<'e>(&self, html: &str) -> CowStr<'e> {
        let mut html = html.to_owned();
        for (place, (address, _)) in self.anchors.images.iter().enumerate() {
            // Single quotes: the element keeps the size that the author gives it.
            let new = format!("'{}'", image_mark(place));
            for old in [format!("\"{address}\""), format!("'{address}'")] {
                html = html.replace(&format!("src={old}"), &format!("src={new}"));
            }
        }
        let html = &html;
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
                        (Mark::Number(text, source), Some(preview)) => {
                            let place = place_of(&mut self.previews, preview);
                            let anchor = anchor_of_number(source);
                            let is_first = self.numbers.insert(anchor.clone());
                            let anchor = is_first.then_some(anchor.as_str());
                            let number = self.items.number(text, place, anchor)?;
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
    skeleton: &Skeleton,
    body: &Body,
) -> Result<String, TemplateError> {
    let front = &skeleton.front;
    let plain = |text: &Option<String>| text.as_ref().map(|text| skeleton.plain(text.trim()));
    let title = plain(&front.title).unwrap_or_else(|| context.title.clone());
    let values = minijinja::context! {
        title => html_value(&title),
        title_in_css => Value::from_safe_string(css_string(&title)),
        language => html_value(&plain(&front.lang).unwrap_or_else(|| "en".to_owned())),
        about => html_value(&[
            ("author", skeleton.plain(&front.authors())),
            ("description", plain(&front.r#abstract).unwrap_or_default()),
            ("keywords", skeleton.plain(&front.keywords())),
        ]),
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
