//! Reads an experiment from its file and the files that it extends.

use std::path::{Path, PathBuf};

use super::document::{Documents, shown};
use crate::document::{Location, Node, Violation};
use crate::experiment::{self, Experiment, Find};
use crate::fs;
use crate::paper::FaultyExperiment;

/// The largest number of files that an experiment may be read from.
const LONGEST_CHAIN: usize = 16;

/// An experiment, or its mistakes.
pub(super) type Read = Result<Experiment, (FaultyExperiment, Vec<Violation>)>;

/// Reads the experiment at `path`.
pub(super) fn read(root: &Path, path: &Path, find: Find<'_>, documents: &mut Documents) -> Read {
    let within = path.strip_prefix(root.join("experiments")).unwrap_or(path).with_extension("");
    let name = within.to_string_lossy().into_owned();
    let faulty =
        |factors, violations| Err((FaultyExperiment { name: name.clone(), factors }, violations));
    if let Some(why) = unusable(&within) {
        let location = Location::of_file(&shown(root, path));
        return faulty(Some(Vec::new()), vec![Violation::new(location, "", why)]);
    }
    let file = match documents.read(path) {
        Ok(file) => file,
        Err(violations) => return faulty(None, violations),
    };
    let chain = match read_chain(path, &file, documents) {
        Ok(chain) => chain,
        Err(violations) => return faulty(None, violations),
    };
    let links: Vec<_> = chain
        .iter()
        .map(|(link, document)| (link.clone(), document.location.file.clone()))
        .collect();
    let extended: Vec<_> = chain.into_iter().map(|(_, document)| document).collect();
    let factors = experiment::declared_factors(std::iter::once(&file).chain(&extended));
    Experiment::from_documents(&name, file, extended, find).map_err(|mut violations| {
        for violation in &mut violations {
            let of = links.iter().position(|(_, file)| *file == violation.location.file);
            let way = links.iter().take(of.map_or(0, |index| index + 1));
            violation.also.extend(
                way.map(|(link, file)| (link.clone(), format!("`{file}` is extended here"))),
            );
        }
        (FaultyExperiment { name: name.clone(), factors: Some(factors) }, violations)
    })
}

/// Why a file cannot be an experiment, by its path within `experiments/` without its ending.
fn unusable(within: &Path) -> Option<String> {
    let parts = within.components().map(|part| part.as_os_str().to_string_lossy());
    if !experiment::is_plain_name(&parts.collect::<Vec<_>>().join("/")) {
        return Some(
            "is read as an experiment, so its name may have only letters, digits, `-` and `_`; rename the file"
                .to_owned(),
        );
    }
    let name = within.to_string_lossy();
    let (_, meaning) = experiment::RESERVED.iter().find(|(reserved, _)| *reserved == name)?;
    Some(format!("cannot be called `{name}`, which means {meaning}; rename the file"))
}

/// The files that `file` extends, the nearest first, each with the place that names it.
fn read_chain(
    path: &Path,
    file: &Node,
    documents: &mut Documents,
) -> Result<Vec<(Location, Node)>, Vec<Violation>> {
    let refused = |location: &Location, message: String| {
        Err(vec![Violation::new(location.clone(), "extends", message)])
    };
    let mut chain: Vec<(Location, Node)> = Vec::new();
    let mut path: PathBuf = path.to_owned();
    while let Some((relative, location)) =
        experiment::extends(chain.last().map_or(file, |(_, document)| document))
    {
        if chain.len() + 1 == LONGEST_CHAIN {
            let message =
                format!("leads through more than {LONGEST_CHAIN} files; is there a cycle?");
            return refused(location, message);
        }
        path = path.with_file_name(relative);
        if !fs::is_file(&path) {
            return refused(location, format!("names a file that does not exist, `{relative}`"));
        }
        let location = location.clone();
        let document = documents.read(&path)?;
        chain.push((location, document));
    }
    Ok(chain)
}
