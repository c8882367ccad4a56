//! The files that users write.

use super::experiment::EXPERIMENT;
use super::paper::PAPER;
use super::section::{Section, Takes};
use super::settings::{PROFILES, STORE};

/// The files of a project that users write: the name of their schema, and what they take.
pub static FILES: [(&str, Takes); 4] = [
    ("experiment", Takes::Table(&EXPERIMENT)),
    ("paper", Takes::Table(&PAPER)),
    ("slurm", PROFILES),
    ("store", Takes::Table(&STORE)),
];

/// All sections of all files, each once.
#[must_use]
pub fn sections() -> Vec<&'static Section> {
    fn collect(takes: &'static Takes, found: &mut Vec<&'static Section>) {
        match takes {
            Takes::List(of) | Takes::Map(of) => collect(of, found),
            Takes::Either(forms, _) => forms.iter().for_each(|form| collect(form, found)),
            Takes::Table(section) if !found.iter().any(|own| std::ptr::eq(*own, *section)) => {
                found.push(section);
                section.all().for_each(|key| collect(&key.takes, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (_, takes) in &FILES {
        collect(takes, &mut found);
    }
    found
}
