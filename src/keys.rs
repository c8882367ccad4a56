//! The keys of the files that users write: what each takes, whether it may be missing, and what it means. The reader of
//! these files, their JSON Schema and their reference page come from this one table.

mod check;
mod data;
mod experiment;
mod figure;
mod metric;
mod network;
mod paper;
mod program;
mod schema;
mod section;
mod settings;
mod table;
mod train;

pub use check::{CELL, CHECK};
pub use data::{EXAMPLES, PAIRS, SPLIT};
pub use experiment::EXPERIMENT;
pub use figure::FIGURE;
pub use metric::{METRIC, PROTOCOL};
pub use network::{LAYER, LAYERS, PAIR_NETWORK};
pub use paper::{ALSO, CLAIM, LABEL, PAPER};
pub use program::PROGRAM;
pub use schema::schema;
pub use section::{Key, Need, Section, TAKEN, Tag, Takes, range};
pub use settings::{PROFILE, PROFILES, STORE};
pub use table::{JOINT, PUBLISHED, TABLE};
pub use train::{
    CLASSIFICATION, EARLY_STOPPING, LOSS_OF_CLASSES, LOSS_OF_NUMBERS, OF_PAIRS, OPTIMIZER,
    REGRESSION, SCHEDULE,
};

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

#[cfg(test)]
mod tests;
