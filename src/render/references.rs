//! The list of references, as Markdown and as data for the page.

use serde_json::{Value as Json, json};

use super::anchors::reference;
use super::links::percent_encoded;
use super::skeleton::{Item, Link, Skeleton};
use crate::citation::{Entry, Piece};
use crate::export::markdown::{at_start, escape};

/// The list as Markdown: with the numbers of the works, or without.
pub(super) fn markdown(entries: &[Entry]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => escape(text),
        Piece::Emphasis(text) => format!("*{}*", escape(text).trim()),
        Piece::Link { text, address } => {
            format!("[{}]({})", escape(text), percent_encoded(address))
        }
    };
    let one = |entry: &Entry| {
        let mark = entry.number.map_or_else(|| "-".to_owned(), |number| format!("{number}."));
        let line: String = entry.line.iter().map(piece).collect();
        format!("{mark} <a id=\"{}\"></a>{}", reference(&entry.key), at_start(&line))
    };
    match entries.is_empty() {
        true => String::new(),
        // The comment ends a list before it.
        false => format!("<!-- -->\n\n{}", entries.iter().map(one).collect::<Vec<_>>().join("\n")),
    }
}

/// The list for the macro of references.
pub(super) fn data(skeleton: &Skeleton) -> Json {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => json!({ "text": text, "is_title": false, "address": Json::Null }),
        Piece::Emphasis(text) => json!({ "text": text, "is_title": true, "address": Json::Null }),
        Piece::Link { text, address } => {
            json!({ "text": text, "address": percent_encoded(address) })
        }
    };
    let one = |entry: &Entry| {
        json!({
            "anchor": reference(&entry.key),
            "number": entry.number,
            "pieces": entry.line.iter().map(piece).collect::<Vec<_>>(),
        })
    };
    skeleton.references.iter().map(one).collect()
}

/// A link within the report, for the macro of references to items.
pub(super) fn link(link: &Link) -> Json {
    json!({ "title": link.text, "anchor": percent_encoded(&link.anchor) })
}

/// The same for a link to an item.
pub(super) fn item(item: &Item) -> Json {
    json!({ "title": item.title(), "anchor": item.anchor() })
}
