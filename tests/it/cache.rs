//! Records that are damaged, interrupted or cannot be written.

use std::process::Stdio;
use std::time::Duration;

use crate::project::{Project, trained};

#[test]
fn a_damaged_record_is_named_and_its_run_trained_again_to_the_same_bits() {
    let project = Project::new();
    project.build(&[]);
    let records = project.records();
    let files = project.record_files();
    let whole = std::fs::read(&files[0]).unwrap();
    let other = std::fs::read(&files[1]).unwrap();
    let wrong_format =
        String::from_utf8(whole.clone()).unwrap().replace("\"format\": 1", "\"format\": 9");
    let short_curve = {
        let mut record: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        record["curve"]["comparison_accuracy"].as_array_mut().unwrap().pop();
        serde_json::to_vec(&record).unwrap()
    };
    let impossible = String::from_utf8(whole.clone()).unwrap();
    let first = impossible.split_once("\"published_test_accuracy\": [").unwrap().1;
    let first = first.split(',').next().unwrap().trim();
    let impossible = impossible.replacen(&format!("{first},"), "7.5,", 1);
    for (damage, bytes) in [
        ("empty", Vec::new()),
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("of another run", other),
        ("of another format", wrong_format.into_bytes()),
        ("with a short curve", short_curve),
        ("with an accuracy of 750 %", impossible.into_bytes()),
        ("no text", vec![0xff; 100]),
    ] {
        std::fs::write(&files[0], bytes).unwrap();
        let outcome = project.run(&["build"]);
        assert_eq!((outcome.code, trained(&outcome)), (0, 1), "{damage}: {outcome:#?}");
        let name = files[0].file_name().unwrap().to_string_lossy();
        assert!(outcome.stderr.contains(&*name), "{damage}: {}", outcome.stderr);
        assert_eq!(project.records(), records, "{damage}");
    }
}

#[test]
fn after_kill_minus_9_the_same_command_ends_with_the_records_of_an_uninterrupted_build() {
    let whole = Project::new();
    let slow = |project: &Project| {
        project.edit("experiments/base/protocol.toml", "seeds = 2", "seeds = 5");
        project.edit("experiments/base/protocol.toml", "epochs = 2", "epochs = 20");
    };
    slow(&whole);
    let total = whole.build(&[]);
    for milliseconds in [5, 20, 60, 90, 120, 150, 200, 300] {
        let project = Project::new();
        slow(&project);
        let mut command = project.command(&["build", "-j", "2"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        let survived = match project.path(".report/records").exists() {
            true => project.record_files().iter().filter(|p| p.extension().is_some()).count(),
            false => 0,
        };
        assert_eq!(project.build(&[]), total - survived, "killed after {milliseconds} ms");
        let records: Vec<_> = whole.records().into_iter().collect();
        for (name, record) in records {
            let text = project.read(&format!(".report/records/{name}"));
            let mut found: serde_json::Value = serde_json::from_str(&text).unwrap();
            found.as_object_mut().unwrap().remove("provenance");
            assert_eq!(found, record, "killed after {milliseconds} ms");
        }
        assert_eq!(project.report(), whole.report());
    }
}

#[test]
fn a_record_that_cannot_be_written_fails_the_build_with_its_path() {
    let project = Project::new();
    project.write(".report", "a file where a directory is needed");
    let outcome = project.run(&["build"]);
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(
        outcome.stderr.contains("error: ") && outcome.stderr.contains(".report"),
        "{outcome:#?}"
    );
    assert!(outcome.stderr.contains("hint: "), "{outcome:#?}");
}

#[test]
fn a_place_that_takes_no_report_is_told_before_anything_is_trained() {
    let project = Project::new();
    project.write("blocked", "a file");
    let fails = || {
        let outcome = project.run(&["build", "--out", "blocked/reports"]);
        assert_eq!(outcome.code, 1, "{outcome:#?}");
        assert!(outcome.stderr.contains("blocked"), "{outcome:#?}");
        assert!(outcome.stderr.contains("hint: "), "{outcome:#?}");
    };
    fails();
    assert!(!project.path(".report").exists());
    assert_eq!(project.build(&[]), 8);
    fails();
    assert_eq!(project.build(&[]), 0);
}

#[test]
fn a_full_disk_fails_the_build_and_says_so() {
    let project = Project::new();
    project.build(&[]);
    let status = std::process::Stdio::from(std::fs::File::create("/dev/full").unwrap());
    let output = project.command(&["status"]).stdout(status).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("cannot write to `standard output`"), "{message}");
}

#[test]
fn a_template_that_fails_names_its_line_and_leaves_the_old_report_whole() {
    let project = Project::new();
    project.build(&[]);
    let report = project.report();
    for (from, to, line, message) in [
        ("{{ title }}", "{{ titel }}", 1, "titel"),
        ("experiment=\"deep\"", "experiment=\"depe\"", 5, "no row with experiment=depe"),
        ("table(\"all\")", "table(\"al\")", 7, "did you mean `all`?"),
        ("{{ provenance_block() }}", "{{ provenance_block( }}", 19, "syntax error"),
    ] {
        project.edit("templates/paper.md.jinja", from, to);
        let outcome = project.run(&["build"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        let place = format!("error: templates/paper.md.jinja:{line}: ");
        assert!(outcome.stderr.contains(&place), "{place}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
        assert_eq!(project.report(), report);
        project.edit("templates/paper.md.jinja", to, from);
    }
}

#[test]
fn a_rate_of_seventeen_digits_reads_back_as_itself() {
    let project = Project::new();
    for rate in ["0.23333333333333334", "0.1234567890123456", "1.0000000000000002e-5"] {
        let protocol = project.read("experiments/base/protocol.toml");
        project.edit("experiments/base/protocol.toml", "lr = 0.01", &format!("lr = {rate}"));
        assert_eq!(project.build(&[]), 8, "{rate}");
        assert_eq!(project.build(&[]), 0, "{rate}");
        project.write("experiments/base/protocol.toml", protocol);
    }
}
