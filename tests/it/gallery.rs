//! The gallery: each paper builds from nothing to the report that is committed.

use std::path::Path;

use crate::project::{Project, repository};

/// Copies the files below `from`, without records and reports. Follows links.
fn copy(from: &Path, project: &Project, to: &str) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let place = if to.is_empty() { name.clone() } else { format!("{to}/{name}") };
        if entry.path().is_dir() {
            if to.is_empty() && ["reports", ".report"].contains(&name.as_str()) {
                continue;
            }
            copy(&entry.path(), project, &place);
        } else {
            project.write(&place, std::fs::read(entry.path()).unwrap());
        }
    }
}

/// A text without what differs between two builds: the parts between marks of provenance.
fn stable(text: &str) -> String {
    let mut parts = text.split("<!-- provenance -->");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts
        .map(|part| part.split_once("<!-- end of provenance -->").map_or("", |(_, after)| after));
    first + &rest.collect::<String>()
}

#[track_caller]
fn check(name: &str) {
    let directory = repository().join("gallery").join(name);
    let project = Project::empty();
    copy(&directory, &project, "");
    project.build(&[]);
    let committed = std::fs::read_to_string(directory.join("reports/report.md")).unwrap();
    let built = project.read("reports/report.md");
    assert!(
        stable(&built) == stable(&committed),
        "build `gallery/{name}` again:\n{}",
        stable(&built)
    );
    for word in ["publication", "published", "reproduc"] {
        assert!(!built.to_lowercase().contains(word), "{name} says `{word}`");
    }
}

#[test]
fn the_paper_on_penguins_is_what_its_files_say() {
    check("penguins");
}

#[test]
fn the_paper_on_digits_is_what_its_files_say() {
    check("digits");
}

#[test]
fn the_paper_on_pairs_is_what_its_files_say() {
    check("pairs");
}
