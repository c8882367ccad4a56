//! Templates + results → a Markdown report and an HTML page. Pure.
//!
//! The prose template is evaluated once, to a `skeleton`: Markdown in which each value and item is
//! a mark. One parse of the skeleton tells the context of each mark, and the anchors of the report.
//! Then `markdown` and `body` put the values in their places, escaped for where they stand. The
//! HTML of items is made by the macros of `templates/items.html.jinja`.

mod anchors;
mod arguments;
mod bibliography;
mod body;
mod citations;
mod condition_list;
mod embedded;
mod environment;
mod front_matter;
mod functions;
mod html;
mod interval_line;
mod items;
mod letters;
mod links;
mod lost;
mod markdown;
mod math;
mod mentions;
mod mistakes;
mod notebook;
mod notes;
mod page;
mod pages;
mod references;
mod result;
mod rows;
mod sections;
mod skeleton;
mod split;
mod strict;

use std::sync::{Arc, PoisonError};

use self::page::View;
use crate::context::Context;
use crate::template::{self, TemplateError, Templates};

pub use embedded::with_images;
pub use links::FileLink;
pub use page::About;
pub use pages::{FIRST, PAGE_MARK, Page};

/// A rendered report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Title, authors and abstract.
    pub about: About,
    /// Markdown that links its figures in `figures/`.
    pub markdown: String,
    /// The whole report as a page that needs no other file.
    pub html: String,
    /// The same on several pages, if the prose wants them.
    pub pages: Vec<Page>,
    /// The links of the prose to files.
    pub files: Vec<FileLink>,
    /// The images of the prose, which [`with_images`] puts into the page.
    pub images: Vec<FileLink>,
    /// Names of templates that no template includes.
    pub unused: Vec<String>,
    /// Keys of the block at the start of the prose that the report does not use.
    pub unused_keys: Vec<String>,
    /// Warnings about citations.
    pub warnings: Vec<String>,
}

/// Renders both forms of the report.
///
/// # Errors
/// With all mistakes that can be told apart, in order of template and line.
pub fn render(
    templates: &Templates,
    context: &Arc<Context>,
) -> Result<Rendered, Vec<TemplateError>> {
    let try_render = |templates: &Templates| render_once(templates, context).map(drop);
    render_once(templates, context).map_err(|first| mistakes::all(first, templates, &try_render))
}

fn render_once(templates: &Templates, context: &Arc<Context>) -> Result<Rendered, TemplateError> {
    let included = environment::Included::default();
    let environment = environment::environment(templates, &context.levels(), &included)?;
    let mut skeleton = functions::evaluate(&environment, templates, context)?;
    let mut resolved = citations::resolve(&mut skeleton, context, templates)?;
    lost::check(&skeleton, templates)?;
    let formulas = math::formulas(&skeleton, templates)?;
    let mut anchors = anchors::check(&skeleton, templates)?;
    if skeleton.front.number_sections {
        sections::number(&mut skeleton, &mut anchors);
    }
    sections::link(&mut skeleton, &resolved.sections, &anchors, templates)?;
    let about = page::about(context, &skeleton);
    // Both forms take about the same time, and a writer waits for them.
    let (markdown, pages) = rayon::join(
        || markdown::render(&skeleton, context, templates),
        || {
            let items = items::Items::new(&environment, templates, context, &skeleton);
            let body = body::body(&skeleton, &anchors, formulas, &items)?;
            let around = page::Around {
                environment: &environment,
                templates,
                context,
                skeleton: &skeleton,
                about: &about,
            };
            let whole = around.page(&View::of_all(&body, &about))?;
            let pages = match skeleton.front.has_pages() {
                true => pages::pages(&around, &body)?,
                false => Vec::new(),
            };
            Ok((whole, pages))
        },
    );
    // The first error in this order, whichever comes first.
    let (markdown, (html, pages)) = (markdown?, pages?);
    if skeleton.front.has_pages() && pages.is_empty() {
        let warning =
            "`pages: sections` has no effect: no heading of the second level begins a section";
        resolved.warnings.push(warning.to_owned());
    }
    let included = included.lock().unwrap_or_else(PoisonError::into_inner);
    let is_unused = |name: &&String| !template::is_default(name) && !included.contains(*name);
    let unused = templates.others.keys().filter(is_unused).cloned().collect();
    let unused_keys = skeleton.front.unused;
    let images = anchors.images.into_iter().map(|(_, image)| image).collect();
    Ok(Rendered {
        about,
        markdown,
        html,
        pages,
        files: anchors.files,
        images,
        unused,
        unused_keys,
        warnings: resolved.warnings,
    })
}
