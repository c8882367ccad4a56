//! The files of a project that are in its bundle. An export writes them, and an import accepts no others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::place::path_of;
use crate::bundle::{BundlePath, LICENSES};
use crate::fs;
use crate::pipeline::{Error, Project, Report};
use crate::template;

/// Files of a project, apart from those with a license, that a bundle contains if they are there.
const ABOUT: [&str; 2] = ["CITATION.cff", "README.md"];

/// Endings of the files that a bundle contains because the prose links to them. None of them is a program or a setting.
const DOCUMENTS: [&str; 8] = ["bib", "csv", "html", "ipynb", "md", "pdf", "tex", "txt"];

fn is_document(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    DOCUMENTS.contains(&ending.as_str()) || template::is_image(path)
}

/// Where the content of a file in a bundle comes from.
pub(super) enum Source {
    /// A file of the project.
    File(PathBuf),
    /// The report, which need not be written anywhere.
    Report(Vec<u8>),
}

/// The files of a project that are no records, by their paths in a bundle: what is read for a build, `report` as it
/// would be in `out`, and what its prose shows or links to.
///
/// # Errors
/// If a file is outside the project, or cannot be read.
pub(super) fn contents(
    project: &Project,
    report: &Report,
    out: &Path,
) -> Result<BTreeMap<BundlePath, Source>, Error> {
    let root = &project.root;
    let mut files: Vec<PathBuf> = project.sources.keys().map(|path| root.join(path)).collect();
    let templates = root.join(template::TEMPLATES);
    let others = project.templates.others.keys().filter(|name| !report.unused.contains(name));
    let own = std::iter::once(template::PAPER_TEMPLATE);
    files.extend(own.chain(others.map(String::as_str)).map(|name| templates.join(name)));
    files.extend(project.datasets.files()?);
    for file in report.files_of_prose(project, out) {
        if fs::is_directory(&file) {
            return Err(Error::Request {
                message: format!(
                    "the prose links to the directory `{}`, which a bundle does not contain",
                    file.display()
                ),
                hint: "link to a file in it".to_owned(),
            });
        }
        let path = path_of(root, &file)?;
        if !is_document(path.as_str()) {
            return Err(Error::Request {
                message: format!("the prose links to `{path}`, which a bundle does not contain"),
                hint: format!("link to a text, a table or an image: {}", DOCUMENTS.join(", ")),
            });
        }
        files.push(file);
    }
    let about = LICENSES.iter().chain(&ABOUT).map(|name| root.join(name));
    files.extend(about.filter(|path| fs::is_file(path)));
    let files = files.into_iter().map(|file| Ok((path_of(root, &file)?, Source::File(file))));
    let report = report.contents(out)?.into_iter();
    let report =
        report.map(|(path, bytes)| Ok((path_of(root, &out.join(path))?, Source::Report(bytes))));
    files.chain(report).collect()
}
