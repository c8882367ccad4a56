//! The paper file that stands for that of a project without one.

use super::paper_file::PaperFile;
use crate::document;
use crate::experiment::Experiment;
use crate::paper::Vocabulary;
use crate::scaffold;

/// The text of the file. Leaves out the tables and figures that the experiments do not allow, such as a table of
/// experiments that cannot be compared.
pub(super) fn default_paper(experiments: &[Experiment]) -> String {
    let words = Vocabulary::of(experiments);
    let paper = scaffold::default_paper(experiments);
    let mut kept: Vec<String> = Vec::new();
    for alternatives in &paper.items {
        let allowed = alternatives.iter().find(|item| {
            let items: Vec<_> = kept.iter().chain([*item]).cloned().collect();
            is_allowed(&paper.with(&items), &words)
        });
        kept.extend(allowed.cloned());
    }
    paper.with(&kept)
}

/// Whether a paper file has no mistake.
pub(super) fn is_allowed(text: &str, words: &Vocabulary<'_>) -> bool {
    let document = document::parse("", text);
    document.is_ok_and(|document| PaperFile::read(&document, words).is_ok())
}
