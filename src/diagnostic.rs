//! Mistakes in files, as people and other tools read them: with the line at fault, as JSON, and as
//! annotations of GitHub. Pure.

mod place;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};

use crate::document::{Location, Violation};
use crate::format::visible;

pub use place::{Mistake, Place};

/// The most mistakes that are shown. More are counted.
const MOST: usize = 200;

/// The most other places that are shown of a mistake.
const MOST_PLACES: usize = 3;

/// The most columns of a line that are shown around a place.
const WIDTH: usize = 140;

/// Each mistake with the lines that it is about. `texts` has the texts of the files.
#[must_use]
pub fn show(violations: &[Violation], texts: &BTreeMap<String, String>, is_styled: bool) -> String {
    let renderer = if is_styled { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let shown = violations.iter().take(MOST).map(|violation| {
        let title = Level::ERROR.primary_title(visible(&violation.to_string()));
        let own = snippet(&violation.location, None, texts);
        let also = violation.also.iter().take(MOST_PLACES).filter_map(|(location, note)| {
            let snippet = snippet(location, Some(visible(note)), texts)?;
            Some(snippet.path(visible(&location.file)))
        });
        let group = title.elements(own.into_iter().chain(also));
        let group = match violation.also.len().saturating_sub(MOST_PLACES) {
            0 => group,
            n => group.element(Level::NOTE.message(format!("and {n} more places"))),
        };
        renderer.render(&[group])
    });
    let mut shown: Vec<_> = shown.collect();
    if let Some(more) = violations.len().checked_sub(MOST + 1) {
        shown.push(format!("and {} more", more + 1));
    }
    shown.join("\n\n")
}

/// The line of a place, with a mark below it. `None` for a file as a whole.
fn snippet<'t>(
    location: &Location,
    label: Option<String>,
    texts: &'t BTreeMap<String, String>,
) -> Option<Snippet<'t, Annotation<'t>>> {
    let text = texts.get(&*location.file)?;
    let (start, end) = location.span?;
    let lines = place::lines(text, start, end)?;
    let kind = if label.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
    let mark = kind.span(start - lines.start..end - lines.start).label(label);
    Some(Snippet::source(&text[lines]).line_start(location.line).annotation(mark))
}

/// Each mistake as an annotation of GitHub: a line of a workflow's log that marks a line of a file.
#[must_use]
pub fn for_github(violations: &[Violation], texts: &BTreeMap<String, String>) -> Vec<String> {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let line = |violation: &Violation| {
        let place = Place::of(&violation.location, texts);
        let message = data(&visible(&violation.said()));
        format!(
            "::error file={},line={},col={},endLine={},endColumn={}::{message}",
            property(&visible(&place.file)),
            place.line,
            place.column,
            place.end_line,
            place.end_column
        )
    };
    violations.iter().map(line).collect()
}
