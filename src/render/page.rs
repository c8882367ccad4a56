//! The HTML page around its body.

use minijinja::{Environment, Value};
use pulldown_cmark::{Event, Parser, TagEnd};

use super::body::Body;
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

/// The page around the body.
///
/// # Errors
/// Naming template and line.
pub(super) fn around(
    environment: &Environment<'_>,
    templates: &Templates,
    context: &Context,
    skeleton: &Skeleton,
    about: &About,
    body: &Body,
) -> Result<String, TemplateError> {
    let front = &skeleton.front;
    let keywords = plain_of(&skeleton.plain(front.keywords().trim()));
    let values = minijinja::context! {
        title => html_value(&about.title),
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
