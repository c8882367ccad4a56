//! The gallery: each paper builds from nothing to the report that is committed.

use std::path::Path;

use crate::project::{Outcome, Project, repository};

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

/// PyTorch gives other bits on other processors, so its numbers are not compared with the committed ones. Its paper
/// compares them with those of the built-in engine.
#[test]
#[cfg(unix)]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn pytorch_and_the_built_in_engine_agree() {
    let Some(python) = std::env::var_os("REPORT_TEST_TORCH") else {
        eprintln!("skipped: `REPORT_TEST_TORCH` names no Python with PyTorch");
        return;
    };
    let directory = repository().join("gallery/pytorch");
    let project = Project::empty();
    copy(&directory, &project, "");
    project.write("bin/README", "The Python of the tests.");
    std::os::unix::fs::symlink(&python, project.path("bin/python3")).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", project.path("bin").display());
    let outcome = Outcome::of(project.command(&["build"]).env("PATH", path));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let built = project.read("reports/report.md");
    for claim in ["same-best", "same-last"] {
        assert!(built.contains(&format!("<a id=\"claim-{claim}\"></a>**supported:**")), "{built}");
    }
    let of_engine = |table: &str| -> Vec<String> {
        let rows = table.lines().filter(|line| !line.contains("pytorch"));
        rows.map(str::to_owned).collect()
    };
    for table in ["scores-best", "scores-last"] {
        let file = format!("reports/data/{table}.csv");
        let committed = std::fs::read_to_string(directory.join(&file)).unwrap();
        assert_eq!(of_engine(&project.read(&file)), of_engine(&committed), "{table}");
    }
}

#[test]
fn the_helper_for_python_is_the_same_in_the_gallery() {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap();
    assert_eq!(read("gallery/pytorch/report_log.py"), read("docs/report_log.py"));
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
