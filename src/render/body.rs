//! The body of the page: the parsed skeleton, with items and values in their places.

use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Parser, Tag, TagEnd};
use rayon::prelude::*;
use serde::Serialize;

use super::anchors::{self, Anchors, Heading};
use super::embedded::{image_mark, with_source};
use super::html::images_of;
use super::items::{Items, anchor_of_number};
use super::markdown::escape_html;
use super::skeleton::{Mark, OPTIONS, Part, Skeleton, parts};
use super::split::{Section, sections};
use crate::format;
use crate::template::{ITEMS_TEMPLATE, TemplateError};

/// The body of the page.
pub(super) struct Body {
    pub(super) html: String,
    /// How each number was computed.
    previews: Vec<String>,
    pub(super) contents: Vec<Entry>,
    /// The parts of the body: what stands before the first heading of the second level, and from each on.
    pub(super) sections: Vec<Section>,
}

impl Body {
    /// How numbers were computed: those that `html` opens.
    pub(super) fn previews_of(&self, html: &str) -> String {
        let number = |after: &str| after.split('"').next()?.parse::<usize>().ok();
        let opened: BTreeSet<_> = html.split(PREVIEW).skip(1).filter_map(number).collect();
        let shown = opened.iter().filter_map(|number| self.previews.get(number.checked_sub(1)?));
        shown.map(String::as_str).collect()
    }
}

/// The start of the id of a preview.
const PREVIEW: &str = "_how-";

/// An entry of the contents: a heading of the second level.
#[derive(Serialize)]
pub(super) struct Entry {
    id: String,
    title: String,
}

/// Turns the parsed skeleton into HTML.
struct Writer<'w> {
    skeleton: &'w Skeleton,
    anchors: &'w Anchors,
    /// The formulas that are left.
    formulas: std::vec::IntoIter<String>,
    items: &'w Items<'w>,
    /// The HTML of each mark, if a macro makes it.
    made: Vec<Option<String>>,
    /// The HTML of each preview, once.
    previews: Vec<String>,
    events: Vec<Event<'w>>,
    /// The anchors of numbers so far.
    numbers: BTreeSet<String>,
    /// The headings that are left.
    headings: std::slice::Iter<'w, Heading>,
    in_code: bool,
    /// How many links and images are open.
    n_links: usize,
    /// How many images are open.
    n_images: usize,
    /// The numbers of the footnotes that the prose has referred to.
    referred: BTreeSet<usize>,
    /// The labels of footnotes, in the order in which the prose refers to them.
    footnotes: Vec<String>,
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
    formulas: Vec<String>,
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
    let mut writer = Writer {
        skeleton,
        anchors,
        formulas: formulas.into_iter(),
        items,
        made,
        previews: Vec::new(),
        events: Vec::new(),
        numbers: BTreeSet::new(),
        headings: anchors.headings.iter(),
        in_code: false,
        n_links: 0,
        n_images: 0,
        referred: BTreeSet::new(),
        footnotes: Vec::new(),
        n_tables: 0,
    };
    for event in Parser::new_ext(&skeleton.text, OPTIONS) {
        writer.event(event)?;
    }
    let Writer { previews, events, .. } = writer;
    let events = without_empty_paragraphs(events);
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events.iter().cloned());
    let sections = sections(&events, anchors);
    if let Some(absent) = anchors::items(skeleton).iter().find(|anchor| !ids.contains(*anchor)) {
        let message = format!("no macro writes `id=\"{absent}\"`, but links need it");
        return Err(TemplateError::at(
            ITEMS_TEMPLATE,
            0,
            message,
            "write `id=\"{{ item.anchor }}\"`",
        ));
    }
    check_images(&html, anchors, items)?;
    let previews = previews.iter().enumerate().map(|(index, preview)| {
        format!("<div id=\"{PREVIEW}{}\" popover class=\"how\">\n{preview}</div>\n", index + 1)
    });
    let second = anchors.headings.iter().filter(|heading| heading.level == 2);
    let contents =
        second.map(|heading| Entry { id: heading.anchor.clone(), title: heading.shown() });
    let contents = contents.collect();
    Ok(Body { html, previews: previews.collect(), contents, sections })
}

/// Checks that every image of the page has become a part of it.
///
/// # Errors
/// With the first that has not.
fn check_images(html: &str, anchors: &Anchors, items: &Items<'_>) -> Result<(), TemplateError> {
    if anchors.images.is_empty() {
        return Ok(());
    }
    let marks: Vec<_> = (0..anchors.images.len()).map(image_mark).collect();
    let is_part = |address: &String| address.starts_with("data:") || marks.contains(address);
    let hint =
        "write it as `<img src=\"images/NAME\">`, on one line and without `&` in the address";
    match images_of(html).iter().find(|address| !is_part(address)) {
        None => Ok(()),
        Some(address) => {
            let message = format!(
                "the image `{}` cannot become a part of the page",
                format::visible(address)
            );
            Err(items.templates().mistake(&["<img".to_owned()], message, hint))
        }
    }
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
                let id = self.headings.next().map(|heading| CowStr::from(heading.anchor.clone()));
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
                self.n_images += 1;
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
            Event::FootnoteReference(label) => self.refer_to_footnote(&label),
            Event::Start(Tag::FootnoteDefinition(label)) => self.open_footnote(&label),
            Event::End(TagEnd::FootnoteDefinition) => {
                self.events.push(Event::Html(CowStr::from("</div>\n")));
            }
            Event::End(end @ (TagEnd::Image | TagEnd::Link)) => {
                self.n_images -= usize::from(end == TagEnd::Image);
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
            Event::InlineMath(tex) | Event::DisplayMath(tex) => {
                let formula = self.formulas.next().unwrap_or_default();
                // The text for an image has no elements.
                let event = match self.n_images {
                    0 => Event::InlineHtml(CowStr::from(formula)),
                    _ => Event::Text(self.plain(&tex)),
                };
                self.events.push(event);
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

    /// The number and the anchor of a footnote. They count in the order in which the prose needs them.
    fn footnote(&mut self, label: &str) -> (usize, String) {
        // Case does not count.
        let label = label.to_lowercase();
        let known = self.footnotes.iter().position(|other| *other == label);
        let number = 1 + known.unwrap_or_else(|| {
            self.footnotes.push(label);
            self.footnotes.len() - 1
        });
        (number, format!("footnote-{number}"))
    }

    /// A link to a footnote. The first link to it is where its own link leads back.
    fn refer_to_footnote(&mut self, label: &str) {
        let (number, id) = self.footnote(label);
        let is_first = self.referred.insert(number);
        let own = if is_first { format!(" id=\"{id}-text\"") } else { String::new() };
        let link = format!("<sup{own}><a href=\"#{id}\">{number}</a></sup>");
        self.events.push(Event::InlineHtml(CowStr::from(link)));
    }

    fn open_footnote(&mut self, label: &str) {
        let (number, id) = self.footnote(label);
        let open = format!(
            "<div class=\"footnote\" id=\"{id}\" role=\"note\"><a href=\"#{id}-text\" \
             aria-label=\"Back to the text\">{number}</a>\n"
        );
        self.events.push(Event::Html(CowStr::from(open)));
    }

    /// `text` with the texts of its marks.
    fn plain<'e>(&self, text: &str) -> CowStr<'e> {
        CowStr::from(self.skeleton.plain(text))
    }

    /// HTML of the template with the escaped texts of its marks, and with marks of its images.
    fn html<'e>(&self, html: &str) -> CowStr<'e> {
        let images = self.anchors.images.iter().enumerate();
        let html = images.fold(html.to_owned(), |html, (place, (address, _))| {
            // Single quotes: the element keeps the size that the author gives it.
            with_source(&html, address, &format!("'{}'", image_mark(place)))
        });
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
