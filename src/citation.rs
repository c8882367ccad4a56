//! References of a paper: BibTeX files → works → labels in the text and a list of references. Pure.
//!
//! Two styles are supported: numbers as in the IEEE Reference Guide, and authors with years as in APA 7.

mod author_year;
mod cycle;
mod library;
mod line;
mod name;
mod numbers;
mod style;
mod text;
#[cfg(test)]
mod tests;
mod work;

pub use library::{BibliographyError, Library};
pub use line::Piece;
pub use style::{Cited, Entry, STYLES, Style};
