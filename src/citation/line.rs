//! A line of the list of references, in pieces that Markdown and HTML write in their own way.

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// The title of a book or a journal.
    Emphasis(String),
    /// A link to a work on the web.
    Link {
        /// What readers see.
        text: String,
        /// Its address, which begins with `https://` or `http://`.
        address: String,
    },
}

/// A line that grows.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<Piece>);

impl Line {
    pub(super) fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
    }

    pub(super) fn emphasis(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.push(Piece::Emphasis(text.to_owned()));
        }
    }

    pub(super) fn link(&mut self, text: &str, address: &str) {
        self.0.push(Piece::Link { text: text.to_owned(), address: address.to_owned() });
    }

    /// A part after `, `. Does nothing if it is empty.
    pub(super) fn comma(&mut self, part: &str) {
        if !part.is_empty() {
            self.text(", ");
            self.text(part);
        }
    }

    /// Ends a sentence. A mark that already ends it stays alone.
    pub(super) fn stop(&mut self) {
        let last = match self.0.last() {
            Some(Piece::Text(text) | Piece::Emphasis(text)) => text.trim_end_matches('”'),
            Some(Piece::Link { .. }) | None => "",
        };
        if !last.ends_with(['.', '?', '!']) {
            self.text(".");
        }
    }

    pub(super) fn into_pieces(self) -> Vec<Piece> {
        self.0
    }
}

/// A line as plain text.
#[cfg(test)]
pub(super) fn plain(pieces: &[Piece]) -> String {
    let one = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Emphasis(text) => format!("*{text}*"),
        Piece::Link { text, address } if text == address => format!("<{address}>"),
        Piece::Link { text, address } => format!("[{text}]({address})"),
    };
    pieces.iter().map(one).collect()
}
