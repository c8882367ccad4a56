//! All mistakes in templates at once. An evaluation ends at its first mistake, so it is repeated without
//! this mistake.

use crate::template::{Masked, TemplateError, Templates, is_bibliography, masked, uses};

/// The most mistakes that are looked for.
const MOST: usize = 50;

/// The first mistake, and those that a report has without it.
pub(super) fn all(
    first: TemplateError,
    templates: &Templates,
    try_render: &dyn Fn(&Templates) -> Result<(), TemplateError>,
) -> Vec<TemplateError> {
    let mut templates = templates.clone();
    let (mut found, mut lost): (Vec<TemplateError>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut error, mut has_masked_tags, mut has_all_works) = (first, false, true);
    for _ in 0..MOST {
        let text = templates.text(&error.template).to_owned();
        // A link to an item that was masked leads nowhere. So does a citation without its file.
        let follows = uses(&text, &error, &lost)
            || (has_masked_tags && error.message.starts_with("a link leads to `#"))
            || (!has_all_works && error.message.starts_with("no entry of "));
        let template = error.template.clone();
        let masked = match is_bibliography(&template) {
            true => Some(Masked { text: String::new(), lost: Vec::new(), is_tag: false }),
            false => masked(&text, &error),
        };
        has_all_works &= !is_bibliography(&template);
        found.extend((!follows).then_some(error));
        let Some(Masked { text, lost: names, is_tag }) = masked else { break };
        templates.set(&template, text);
        lost.extend(names);
        has_masked_tags |= is_tag;
        match try_render(&templates) {
            Ok(()) => break,
            Err(next) => error = next,
        }
    }
    found.sort_by(|a, b| (&a.template, a.line, a.span).cmp(&(&b.template, b.line, b.span)));
    found.dedup();
    found
}
