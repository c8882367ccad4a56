//! What the README says is so.

use crate::project::{Project, repository};

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The lines of all console blocks, without comments.
fn commands() -> Vec<String> {
    let readme = readme();
    let blocks = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).map(|line| line.split('#').next().unwrap().trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_report_command_of_the_readme_runs() {
    let project = Project::new();
    let mut n = 0;
    for command in commands() {
        let args =
            command.strip_prefix("cargo run --release -- ").or(command.strip_prefix("report "));
        if let Some(args) = args {
            let args: Vec<_> = args.split_whitespace().collect();
            let outcome = project.run(&args);
            assert_eq!(outcome.code, 0, "`{command}`: {outcome:#?}");
            n += 1;
        }
    }
    assert!(n >= 3, "the README shows commands");
}

#[test]
fn ci_runs_the_readmes_test_command() {
    let test = commands().into_iter().find(|command| command.starts_with("cargo test")).unwrap();
    let ci = std::fs::read_to_string(repository().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line.trim() == test), "`{test}` is not in .ci/run");
}

#[test]
fn every_file_that_the_readme_links_exists() {
    for link in readme().split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        if !link.starts_with("http") && !link.starts_with('#') {
            assert!(repository().join(link).exists(), "`{link}`");
        }
    }
}

#[test]
fn help_explains_every_option_and_the_exit_status() {
    let project = Project::new();
    let help = project.run(&["--help"]).stdout;
    for part in ["build", "status", "Examples:", "Exit status: 0 done, 1", "Interrupt a build"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    let build = project.run(&["build", "--help"]).stdout;
    for option in ["--only", "--seeds", "--jobs", "--data", "--out", "--project", "--device"] {
        assert!(build.contains(option), "{option}: {build}");
    }
}
