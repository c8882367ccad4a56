//! Tells the program which revision of its sources it is built from, for `report --version`.

#![expect(clippy::disallowed_methods, reason = "the modules of the program are not built yet")]

use std::process::Command;

fn main() {
    // A commit alone compiles nothing again: until the next change of these, the program still names the commit before,
    // with `+`.
    for path in SOURCES {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=REPORT_REVISION");
    let revision = given().or_else(packaged).or_else(checked_out);
    let revision = revision.unwrap_or_else(|| "unknown revision".to_owned());
    println!("cargo::rustc-env=REPORT_BUILT_FROM={revision}");
}

/// What the program is made of.
const SOURCES: [&str; 6] =
    ["src", "templates", "experiments/data", "docs/report_log.py", "Cargo.toml", "Cargo.lock"];

/// The revision that the environment names: for builds without the repository, such as those of containers.
fn given() -> Option<String> {
    std::env::var("REPORT_REVISION").ok().filter(|revision| !revision.is_empty())
}

/// The revision that `cargo package` has noted.
fn packaged() -> Option<String> {
    let note = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = note.split_once("\"sha1\": \"")?;
    let mark = if note.contains("\"dirty\": true") { "+" } else { "" };
    Some(format!("{}{mark}", rest.get(..12)?))
}

/// What git says: the last commit, with `+` if the sources of the program differ from it.
fn checked_out() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").arg("--no-optional-locks").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let root = git(&["rev-parse", "--show-toplevel"])?;
    let here = std::env::current_dir().ok()?.canonicalize().ok()?;
    // A copy of the sources in another repository has no revision of its own.
    if std::path::Path::new(&root).canonicalize().ok()? != here {
        return None;
    }
    let revision = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&[&["status", "--porcelain", "--"], &SOURCES[..]].concat())?;
    let mark = if changed.is_empty() { "" } else { "+" };
    Some(format!("{revision}{mark}"))
}
