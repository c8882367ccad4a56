//! The parts of the body: one for each section of the second level.

use pulldown_cmark::{Event, HeadingLevel, Tag};

use super::anchors::{Anchors, Heading};

/// A part of the body.
pub(super) struct Section {
    /// The anchor and the title of its heading; empty before the first.
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) html: String,
}

/// The parts of the body. A heading in a list or a quotation begins no part.
pub(super) fn sections(events: &[Event<'_>], anchors: &Anchors) -> Vec<Section> {
    let (mut depth, mut starts) = (0_usize, vec![(0, String::new())]);
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, id: Some(id), .. })
                if depth == 0 =>
            {
                starts.push((at, id.to_string()));
                depth += 1;
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([events.len()]);
    let parts = starts.iter().zip(ends).map(|((start, anchor), end)| {
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, events[*start..end].iter().cloned());
        let heading = anchors.headings.iter().find(|heading| heading.anchor == *anchor);
        let title = heading.map(Heading::shown).unwrap_or_default();
        Section { anchor: anchor.clone(), title, html }
    });
    parts.collect()
}
