//! The files of a project that are in its bundle. An export writes them, and an import accepts no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::place::path_of;
use crate::bundle::{BundlePath, LICENSES};
use crate::cache::Cache;
use crate::experiment::{Experiment, probe_words};
use crate::fs;
use crate::pipeline::trust::NOTICE;
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
    let own = [template::PAPER_TEMPLATE, template::STYLE].into_iter();
    let own = own.filter(|name| fs::is_file(&templates.join(name)));
    let names = others.chain(project.templates.bibliographies.keys()).map(String::as_str);
    files.extend(own.chain(names).map(|name| templates.join(name)));
    files.extend(project.datasets.files()?);
    let programs = || project.experiments.iter().flat_map(Experiment::programs);
    let inputs: BTreeSet<_> = programs().flat_map(|own| own.program.files.inputs.keys()).collect();
    files.extend(inputs.into_iter().map(|path| root.join(path)));
    // A probe can be a script of the project.
    let words: BTreeSet<_> = programs().flat_map(|own| &own.program.probe).collect();
    let words = words.into_iter().filter(|word| !word.is_empty() && Path::new(word).is_relative());
    files.extend(words.map(|word| root.join(word)).filter(|path| fs::is_file(path)));
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
    let mut all = files.chain(report).collect::<Result<BTreeMap<_, _>, Error>>()?;
    if programs().next().is_some() {
        let cache = Cache::new(root);
        for own in programs().filter(|own| !own.program.probe.is_empty()) {
            let file = cache.probe(&probe_words(&own.program.probe, &own.program.environment));
            if fs::is_file(&file) {
                all.insert(path_in_cache(&cache, &file), Source::File(file));
            }
        }
        let mark = path_in_cache(&cache, &cache.foreign_mark());
        all.insert(mark, Source::Report(NOTICE.as_bytes().to_vec()));
    }
    Ok(all)
}

/// The path in a bundle of a file in the hidden folder of the project.
fn path_in_cache(cache: &Cache, file: &Path) -> BundlePath {
    let within = file.strip_prefix(cache.directory()).unwrap_or(file).to_string_lossy();
    BundlePath::new(&format!("{}/{within}", Cache::DIRECTORY)).expect("plain names")
}
