//! Numbers of sections, and references to sections.

use pulldown_cmark::{Event, Parser, Tag};

use super::anchors::Anchors;
use super::citations::{SectionLink, for_text};
use super::skeleton::{Mark, OPTIONS, Skeleton, mark};
use crate::document::suggestion;
use crate::template::{TemplateError, Templates};

/// Gives headings from the second level on their numbers, and a mark before each of these headings. The list of
/// references has no number if the prose did not write its heading.
pub(super) fn number(skeleton: &mut Skeleton, anchors: &mut Anchors) {
    let mut starts = Vec::new();
    let mut events = Parser::new_ext(&skeleton.text, OPTIONS).into_offset_iter().peekable();
    while let Some((event, _)) = events.next() {
        if matches!(event, Event::Start(Tag::Heading { .. })) {
            starts.push(events.peek().map(|(_, range)| range.start));
        }
    }
    let last = anchors.headings.len().saturating_sub(1);
    let (mut counts, mut text, mut at) = (Vec::new(), String::new(), 0);
    for (index, (heading, start)) in anchors.headings.iter_mut().zip(starts).enumerate() {
        let is_list = skeleton.has_own_references && index == last;
        if heading.level < 2 || is_list {
            continue;
        }
        counts.resize(heading.level - 1, 0_usize);
        if let Some(own) = counts.last_mut() {
            *own += 1;
        }
        heading.number = counts.iter().map(usize::to_string).collect::<Vec<_>>().join(".");
        // A heading without text has only its end inside.
        let Some(start) = start.filter(|_| !heading.title.is_empty()) else { continue };
        text.push_str(&skeleton.text[at..start]);
        text.push_str(&mark(skeleton.marks.len()));
        text.push(' ');
        skeleton.marks.push(Mark::Section(heading.number.clone(), heading.anchor.clone()));
        at = start;
    }
    text.push_str(&skeleton.text[at..]);
    skeleton.text = text;
}

/// Gives each reference to a section its text: its number, or else its title.
///
/// # Errors
/// With the line of the first that no heading has.
pub(super) fn link(
    skeleton: &mut Skeleton,
    links: &[SectionLink],
    anchors: &Anchors,
    templates: &Templates,
) -> Result<(), TemplateError> {
    for SectionLink { mark, anchor } in links {
        let heading = anchors.headings.iter().find(|heading| heading.anchor == *anchor);
        let Some(heading) = heading else {
            let known = anchors.headings.iter().map(|heading| format!("sec-{}", heading.anchor));
            let known: Vec<_> = known.collect();
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            let typed = format!("@sec-{anchor}");
            let message = format!("`{typed}` names no section of the report");
            let near = suggestion(&typed[1..], &known);
            let hint = for_text(&near);
            return Err(templates.mistake(&[typed], message, hint));
        };
        if let Some(Mark::Link(link)) = skeleton.marks.get_mut(*mark) {
            link.text = match heading.number.as_str() {
                "" => heading.title.clone(),
                number => format!("Section {number}"),
            };
        }
    }
    Ok(())
}
