//! Lines of the list as in the IEEE Reference Guide.

use super::line::{Line, Piece};
use super::name::{And, Name, Names, listed};
use super::work::{Kind, Work};

/// Most names that a line lists.
const MOST_NAMES: usize = 6;

/// The line of a work.
pub(super) fn line(work: &Work) -> Vec<Piece> {
    let mut line = Line::default();
    line.text(&names(work.makers()));
    if work.is_edited() {
        line.text(if work.editors.all.len() == 1 { ", Ed." } else { ", Eds." });
    }
    let separator = if work.makers().is_empty() { "" } else { ", " };
    line.text(separator);
    match work.kind {
        Kind::Book => {
            line.emphasis(&work.title);
            line.comma(&volume(work));
            line.comma(&work.series);
            line.comma(&work.shown_edition());
            if publisher(work).is_empty() {
                line.comma(work.shown_year());
            } else {
                line.stop();
                line.text(&format!(" {}", publisher(work)));
                line.comma(work.shown_year());
            }
        }
        kind => {
            // The comma stands inside of the quotation marks.
            let mark = if work.title.ends_with(['?', '!']) { "" } else { "," };
            line.text(&format!("“{}{mark}”", work.title));
            match kind {
                Kind::Article => article(&mut line, work),
                Kind::Chapter => chapter(&mut line, work),
                _ => other(&mut line, work),
            }
        }
    }
    end(&mut line, work);
    line.into_pieces()
}

fn article(line: &mut Line, work: &Work) {
    line.text(" ");
    line.emphasis(&work.container);
    let start = if work.container.is_empty() { "" } else { ", " };
    let number = with("no. ", &work.number);
    let parts = [volume(work), number, pages(work), work.shown_year().to_owned()];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    line.text(&format!("{start}{}", parts.join(", ")));
}

fn chapter(line: &mut Line, work: &Work) {
    line.text(" in ");
    line.emphasis(&work.container);
    if !work.authors.is_empty() && !work.editors.is_empty() {
        let ending = if work.editors.all.len() == 1 { "Ed." } else { "Eds." };
        line.comma(&format!("{}, {ending}", names(&work.editors)));
    }
    line.comma(&work.series);
    line.comma(&volume(work));
    line.comma(&work.shown_edition());
    line.comma(&publisher(work));
    line.comma(work.shown_year());
    line.comma(&pages(work));
}

/// A thesis, a report, or what is no part of another work.
fn other(line: &mut Line, work: &Work) {
    let parts = match work.kind {
        Kind::Report => [
            work.institution.clone(),
            work.location.clone(),
            [work.r#type.as_str(), &work.number].join(" ").trim().to_owned(),
        ],
        Kind::Thesis => [work.r#type.clone(), work.institution.clone(), work.location.clone()],
        _ => [
            with("version ", &work.version),
            work.container.clone(),
            [&work.how_published, &publisher(work)]
                .map(String::as_str)
                .into_iter()
                .find(|part| !part.is_empty())
                .unwrap_or_default()
                .to_owned(),
        ],
    };
    // An organisation that stands for the author is not repeated.
    let organisation = work.makers().short(And::Word);
    let parts = parts.into_iter().filter(|part| !part.is_empty() && *part != organisation);
    let parts: Vec<_> = parts.chain([work.shown_year().to_owned()]).collect();
    line.text(&format!(" {}", parts.join(", ")));
}

/// The note and the address of the work.
fn end(line: &mut Line, work: &Work) {
    line.comma(&work.note);
    match work.address() {
        None => line.stop(),
        Some((text, address)) if !work.doi.is_empty() => {
            line.text(", doi: ");
            line.link(&text, &address);
            line.text(".");
        }
        Some((text, address)) if !work.arxiv.is_empty() => {
            line.text(", ");
            line.link(&text, &address);
            line.text(".");
        }
        Some((text, address)) => {
            line.stop();
            line.text(" [Online]. Available: ");
            line.link(&text, &address);
        }
    }
}

fn names(names: &Names) -> String {
    let shown: Vec<_> = names.all.iter().map(name).collect();
    match shown.len() > MOST_NAMES || names.and_others {
        true => {
            let kept = if shown.len() > MOST_NAMES { 1 } else { shown.len() };
            format!("{} et al.", shown[..kept].join(", "))
        }
        false => listed(&shown, And::Word, " ", ", "),
    }
}

fn name(name: &Name) -> String {
    let parts = [name.initials(), name.family.clone(), name.suffix.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn publisher(work: &Work) -> String {
    match (work.location.as_str(), work.publisher.as_str()) {
        ("", publisher) => publisher.to_owned(),
        (location, "") => location.to_owned(),
        (location, publisher) => format!("{location}: {publisher}"),
    }
}

fn volume(work: &Work) -> String {
    with("vol. ", &work.volume)
}

fn pages(work: &Work) -> String {
    match (work.pages.as_str(), work.eid.as_str()) {
        ("", eid) => with("Art. no. ", eid),
        (pages, _) if pages.contains(['–', ',']) => with("pp. ", pages),
        (page, _) => with("p. ", page),
    }
}

/// `text` with what stands before it. Empty if it is.
fn with(before: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{before}{text}") }
}
