//! What a server needs of a project and its report: single files, and the places that they come from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::pdf::PDF;
use super::snapshot::SNAPSHOT;
use super::{Error, Project, Report, WHOLE, drawing};
use crate::experiment::Experiment;
use crate::fs;

impl Project {
    /// The files outside of `experiments/` and `templates/` that the project is read from, and the folders in which a new
    /// file may become an input of a program.
    #[must_use]
    pub fn outer_sources(&self) -> Vec<PathBuf> {
        let mut sources: BTreeSet<_> =
            self.datasets.files().unwrap_or_default().into_iter().collect();
        let programs = self.experiments.iter().flat_map(Experiment::programs);
        for input in programs.flat_map(|design| design.program.files.inputs.keys()) {
            let input = self.root.join(input);
            sources.extend(input.parent().map(Path::to_owned));
            sources.insert(input);
        }
        sources.into_iter().collect()
    }
}

impl Report {
    /// The files of the user that the prose shows or links to.
    #[must_use]
    pub fn sources(&self, project: &Project) -> Vec<PathBuf> {
        self.files_of_prose(project, &project.root.join(WHOLE))
    }

    /// The bytes of a file of the report of the project at `root`, by its path in the directory of the report. Draws a
    /// figure as PNG on demand. Reads a file from the disk only if the prose names exactly this path. Returns `None` if
    /// the report has no such file.
    ///
    /// # Errors
    /// If a figure cannot be drawn, or a file cannot be read.
    pub fn file(&self, root: &Path, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let is_it = |own: &Path| own == Path::new(path);
        if let Some((_, text)) = self.files.iter().find(|(own, _)| is_it(own)) {
            return Ok(Some(text.clone().into_bytes()));
        }
        if path == SNAPSHOT {
            return Ok(Some(self.snapshot.write().into_bytes()));
        }
        let mut drawn = self.drawn.iter().filter(|(name, _)| is_it(&drawing::path(name, "png")));
        if let Some(figure) = drawn.next() {
            let pngs = drawing::pngs(std::iter::once(figure))?;
            return Ok(pngs.into_iter().next().map(|(_, bytes)| bytes));
        }
        if let Some(image) = self.images.iter().find(|image| image.path == path) {
            return Ok(Some(image.bytes.clone()));
        }
        if path == PDF || !self.links.iter().any(|link| link.path == path) {
            return Ok(None);
        }
        fs::read_if_there(&root.join(WHOLE).join(path)).map_err(Error::Input)
    }
}
