//! Lines of the list as in APA 7.

use super::line::{Line, Piece};
use super::name::{And, Name, Names, listed};
use super::work::{Kind, Work};

/// Most names that a line lists. Of more, the first nineteen and the last stand in it.
const MOST_NAMES: usize = 20;

/// The line of a work. `year` is its year, with a letter if another work has the same label.
pub(super) fn line(work: &Work, year: &str) -> Vec<Piece> {
    let mut line = Line::default();
    let makers = names(work.makers());
    if makers.is_empty() {
        title(&mut line, work);
        line.stop();
        line.text(&format!(" ({year})."));
    } else {
        line.text(&makers);
        if work.is_edited() {
            line.text(if work.editors.all.len() == 1 { " (Ed.)" } else { " (Eds.)" });
        }
        line.stop();
        line.text(&format!(" ({year}). "));
        title(&mut line, work);
        line.stop();
    }
    match work.kind {
        Kind::Article => article(&mut line, work),
        Kind::Chapter => chapter(&mut line, work),
        _ => {}
    }
    // An organisation that stands for the author is not repeated.
    let makers = work.makers().short(And::Word);
    let houses = match work.kind {
        Kind::Thesis | Kind::Article => ["", ""],
        Kind::Report => [work.institution.as_str(), ""],
        _ => [work.how_published.as_str(), &work.publisher],
    };
    for house in houses.into_iter().filter(|house| !house.is_empty() && *house != makers) {
        line.text(&format!(" {house}"));
        line.stop();
    }
    if !work.note.is_empty() {
        line.text(&format!(" {}", work.note));
        line.stop();
    }
    if let Some((text, address)) = work.address() {
        line.text(" ");
        // A DOI is written as its address.
        line.link(if work.doi.is_empty() { &text } else { &address }, &address);
    }
    line.into_pieces()
}

/// The title with what describes the work.
fn title(line: &mut Line, work: &Work) {
    match work.kind {
        Kind::Article | Kind::Chapter => line.text(&work.title),
        _ => line.emphasis(&work.title),
    }
    let brackets = |text: &str| format!(" ({text})");
    let described = match work.kind {
        Kind::Book => described(&[&work.shown_edition(), &with("Vol. ", &work.volume)]),
        Kind::Report => described(&[[work.r#type.as_str(), &work.number].join(" ").trim()]),
        Kind::Other => described(&[&with("Version ", &work.version)]),
        Kind::Article | Kind::Chapter | Kind::Thesis => String::new(),
    };
    if !described.is_empty() {
        line.text(&brackets(&described));
    }
    if work.kind == Kind::Thesis {
        line.text(&format!(" [{}]", self::described(&[&work.r#type, &work.institution])));
    }
}

fn described(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty()).copied();
    parts.collect::<Vec<_>>().join(", ")
}

fn article(line: &mut Line, work: &Work) {
    if work.container.is_empty() {
        return;
    }
    line.text(" ");
    line.emphasis(&work.container);
    if !work.volume.is_empty() {
        line.text(", ");
        line.emphasis(&work.volume);
    }
    match (work.volume.is_empty(), work.number.is_empty()) {
        (_, true) => {}
        (false, false) => line.text(&format!("({})", work.number)),
        (true, false) => line.comma(&format!("({})", work.number)),
    }
    match work.pages.is_empty() {
        true => line.comma(&with("Article ", &work.eid)),
        false => line.comma(&work.pages),
    }
    line.stop();
}

fn chapter(line: &mut Line, work: &Work) {
    line.text(" In ");
    if !work.authors.is_empty() && !work.editors.is_empty() {
        let ending = if work.editors.all.len() == 1 { "Ed." } else { "Eds." };
        let editors: Vec<_> = work.editors.all.iter().map(forward).collect();
        let two = if editors.len() == 2 { " " } else { ", " };
        line.text(&format!("{} ({ending}), ", listed(&editors, And::Sign, two, ", ")));
    }
    line.emphasis(&work.container);
    let pages = match work.pages.contains(['–', ',']) {
        true => with("pp. ", &work.pages),
        false => with("p. ", &work.pages),
    };
    let within = described(&[&work.shown_edition(), &with("Vol. ", &work.volume), &pages]);
    if !within.is_empty() {
        line.text(&format!(" ({within})"));
    }
    line.stop();
}

fn names(names: &Names) -> String {
    let mut shown: Vec<_> = names.all.iter().map(backward).collect();
    match (shown.len() > MOST_NAMES, names.and_others) {
        (true, _) => {
            let last = shown.pop().unwrap_or_default();
            format!("{}, … {last}", shown[..MOST_NAMES - 1].join(", "))
        }
        (false, true) => format!("{}, et al.", shown.join(", ")),
        (false, false) => listed(&shown, And::Sign, ", ", ", "),
    }
}

/// `LeCun, Y.`
fn backward(name: &Name) -> String {
    described(&[&name.family, &name.initials(), &name.suffix])
}

/// `Y. LeCun`
fn forward(name: &Name) -> String {
    let parts = [name.initials(), name.family.clone(), name.suffix.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `text` with what stands before it. Empty if it is.
fn with(before: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{before}{text}") }
}
