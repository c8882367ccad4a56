//! The letters of the prose that are text, and not code, links or HTML.

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

use super::skeleton::OPTIONS;

/// A letter of a block of the prose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    /// Its place in the prose.
    pub(super) at: usize,
    pub(super) c: char,
    /// Whether it stands for itself: it is not escaped, and stands for no markup.
    pub(super) is_text: bool,
}

/// A paragraph, a heading or a cell of a table.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub(super) all: Vec<Letter>,
    pub(super) is_heading: bool,
}

/// What stands for markup among letters.
const MARKUP: char = '\u{fffc}';

/// The letters of each block, and the texts of links and images.
pub(super) fn letters(text: &str) -> (Vec<Letters>, Vec<String>) {
    let mut blocks = vec![Letters::default()];
    let (mut links, mut link, mut n_links, mut is_bare) = (Vec::new(), String::new(), 0, false);
    // Where the text before ends.
    let mut end = 0;
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        let block = blocks.last_mut().expect("there is one");
        let mut markup = |c: char| block.all.push(Letter { at: range.start, c, is_text: false });
        match event {
            Event::Text(_) if n_links > 0 => {
                if !is_bare {
                    link.push_str(&text[range.clone()]);
                }
            }
            Event::Text(shown) if *shown == text[range.clone()] => {
                let is_escaped = range.start != end && text[..range.start].ends_with('\\');
                end = range.end;
                let of_text = text[range.clone()].char_indices().map(|(at, c)| Letter {
                    at: range.start + at,
                    c,
                    is_text: !(is_escaped && at == 0),
                });
                block.all.extend(of_text);
            }
            Event::SoftBreak | Event::HardBreak => markup(' '),
            Event::Start(Tag::Link { link_type, .. }) => {
                n_links += 1;
                is_bare = matches!(link_type, LinkType::Autolink | LinkType::Email);
                markup(MARKUP);
            }
            Event::Start(Tag::Image { .. }) => {
                n_links += 1;
                is_bare = false;
                markup(MARKUP);
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                n_links -= 1;
                links.push(std::mem::take(&mut link));
            }
            Event::Start(Tag::CodeBlock(_)) => {
                // Its text is code, as that of a link is none of the prose.
                (n_links, is_bare) = (n_links + 1, true);
                blocks.push(Letters::default());
            }
            Event::End(TagEnd::CodeBlock) => {
                n_links -= 1;
                blocks.push(Letters::default());
            }
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough)
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough)
            | Event::Text(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => markup(MARKUP),
            Event::Start(tag) => {
                let is_heading = matches!(tag, Tag::Heading { .. });
                blocks.push(Letters { all: Vec::new(), is_heading });
            }
            Event::End(_) => blocks.push(Letters::default()),
            Event::Html(_) | Event::Rule => {}
        }
    }
    blocks.retain(|block| !block.all.is_empty());
    (blocks, links)
}
