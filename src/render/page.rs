//! The HTML page around its body.

use minijinja::{Environment, Value};
use pulldown_cmark::{Event, Parser, TagEnd};
use serde::Serialize;
use serde_json::Value as Json;

use super::body::{Body, Entry};
use super::skeleton::{OPTIONS, Skeleton};
use super::strict::html_value;
use crate::context::Context;
use crate::figure;
use crate::format;
use crate::template::{PAGE_TEMPLATE, STYLE, TemplateError, Templates};

/// The text of Markdown, without its marks.
fn plain_of(markdown: &str) -> String {
    let texts = Parser::new_ext(markdown, OPTIONS).map(|event| match event {
        Event::Text(text) | Event::Code(text) | Event::InlineMath(text) => text.into_string(),
        Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph) => " ".to_owned(),
        _ => String::new(),
    });
    texts.collect::<String>().trim().to_owned()
}

/// `text` as a string of CSS. Every character that could end the string or the style is escaped.
fn css_string(text: &str) -> String {
    let one = |c: char| match c {
        c if c.is_alphanumeric() || " -.,:;()".contains(c) => c.to_string(),
        c => format!("\\{:x} ", u32::from(c)),
    };
    format!("\"{}\"", format::visible(text).chars().map(one).collect::<String>())
}

/// Data for a script of the page. Nothing in it ends the script.
fn in_script(json: &Json) -> String {
    json.to_string().replace('<', "\\u003c")
}

/// What a report says of itself, as plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its title.
    pub title: String,
    /// The names of its authors.
    pub authors: Vec<String>,
    /// Its abstract; empty if it has none.
    pub summary: String,
}

/// What the report says of itself.
pub(super) fn about(context: &Context, skeleton: &Skeleton) -> About {
    let front = &skeleton.front;
    let plain = |text: &str| plain_of(&skeleton.plain(text.trim()));
    About {
        title: front.shown_title().map_or_else(|| context.title.clone(), plain),
        authors: front.authors().iter().map(|name| plain(name)).collect(),
        summary: plain(front.r#abstract.as_deref().unwrap_or_default()),
    }
}

/// The style of the project.
///
/// # Errors
/// If it would end the element that it stands in.
fn style(style: &str) -> Result<String, TemplateError> {
    match style.to_lowercase().contains("</style") {
        false => Ok(style.to_owned()),
        true => {
            let message = "`</style` would end the style of the page";
            Err(TemplateError::at(STYLE, 0, message, "remove it"))
        }
    }
}

/// A page beside another.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Neighbour {
    pub(super) address: String,
    pub(super) title: String,
}

/// What a page shows.
pub(super) struct View<'v> {
    /// The prose with its items.
    pub(super) html: &'v str,
    /// How its numbers were computed.
    pub(super) previews: String,
    pub(super) contents: &'v [Entry],
    pub(super) title: String,
    /// The first page, if this is another one.
    pub(super) home: Option<Neighbour>,
    pub(super) previous: Option<Neighbour>,
    pub(super) next: Option<Neighbour>,
    /// Whether it lists the sections below its prose.
    pub(super) has_list: bool,
    /// The anchors of other pages, and what this page shows of what they have.
    pub(super) elsewhere: Option<Json>,
}

impl<'v> View<'v> {
    /// The whole report as one page.
    pub(super) fn of_all(body: &'v Body, about: &About) -> Self {
        Self {
            html: &body.html,
            previews: body.previews_of(&body.html),
            contents: &body.contents,
            title: about.title.clone(),
            home: None,
            previous: None,
            next: None,
            has_list: false,
            elsewhere: None,
        }
    }
}

/// What each page of a report has around it.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) environment: &'a Environment<'a>,
    pub(super) templates: &'a Templates,
    pub(super) context: &'a Context,
    pub(super) skeleton: &'a Skeleton,
    pub(super) about: &'a About,
}

impl Around<'_> {
    /// The page around what it shows.
    ///
    /// # Errors
    /// Naming template and line.
    pub(super) fn page(&self, view: &View<'_>) -> Result<String, TemplateError> {
        let Self { environment, templates, context, skeleton, about } = *self;
        let front = &skeleton.front;
        let keywords = plain_of(&skeleton.plain(front.keywords().trim()));
        let elsewhere =
            view.elsewhere.as_ref().map(|json| Value::from_safe_string(in_script(json)));
        let elsewhere = elsewhere.unwrap_or(Value::UNDEFINED);
        let values = minijinja::context! {
            title => html_value(&view.title),
            title_in_css => Value::from_safe_string(css_string(&about.title)),
            language => html_value(&front.lang.as_deref().unwrap_or("en")),
            about => html_value(&[
                ("author", about.authors.join(", ")),
                ("description", about.summary.clone()),
                ("keywords", keywords),
            ]),
            protocols => html_value(&context.protocols),
            figure_style => Value::from_safe_string(figure::theme(".drawing ")),
            style => Value::from_safe_string(style(&templates.style)?),
            contents => html_value(&view.contents),
            home => html_value(&view.home),
            previous => html_value(&view.previous),
            next => html_value(&view.next),
            has_list => view.has_list,
            elsewhere => elsewhere,
            body => Value::from_safe_string(view.html.to_owned()),
            previews => Value::from_safe_string(view.previews.clone()),
        };
        let rendered = environment.get_template(PAGE_TEMPLATE).and_then(|page| page.render(values));
        let page = rendered.map_err(|error| templates.error(&error, PAGE_TEMPLATE))?;
        match page.contains(view.html) {
            true => Ok(page),
            false => {
                let message = "the page does not show the report";
                Err(TemplateError::at(
                    PAGE_TEMPLATE,
                    0,
                    message,
                    "write `{{ body }}` where it belongs",
                ))
            }
        }
    }
}
