//! Records that are damaged, interrupted or cannot be written.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use report::cache::Lookup;

use crate::project::{Project, trained};

#[test]
fn a_damaged_record_is_named_moved_aside_and_its_run_trained_again_to_the_same_bits() {
    let project = Project::new();
    project.build(&[]);
    let records = project.records();
    let files = project.record_files();
    let whole = std::fs::read(&files[0]).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let other = std::fs::read(&files[1]).unwrap();
    let digit = text.find("0.").unwrap() + 2;
    let mut flipped = whole.clone();
    flipped[digit] ^= 1;
    for (number, (damage, bytes)) in [
        ("is empty", Vec::new()),
        ("is truncated", whole[..whole.len() / 2].to_vec()),
        ("is truncated", whole[..whole.len() - 3].to_vec()),
        ("is damaged: its checksum is that of other content", flipped),
        ("is damaged", whole[..whole.len() - 1].to_vec()),
        ("is damaged", [&whole[..], b" "].concat()),
        ("contains the record of another run", other),
        ("has format 9; this version reads format 4", text.replacen(":4,", ":9,", 1).into_bytes()),
        ("is not a record", vec![0xff; 100]),
        ("is not a record", b"null".to_vec()),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(&files[0], &bytes).unwrap();
        let name = files[0].file_name().unwrap().to_str().unwrap();
        let status = project.run(&["status"]);
        assert!(status.stdout.contains(damage), "{damage}: {status:#?}");
        assert_eq!(std::fs::read(&files[0]).unwrap(), bytes, "asking changes nothing");
        let outcome = project.run(&["build"]);
        assert_eq!((outcome.code, trained(&outcome)), (0, 1), "{damage}: {outcome:#?}");
        let warning = outcome.stderr.lines().find(|line| line.starts_with("warning: ")).unwrap();
        assert!(warning.contains(name) && warning.contains(damage), "{warning}");
        assert_eq!(project.records(), records, "{damage}");
        let number = if number == 0 { String::new() } else { format!(".{}", number + 1) };
        let kept = std::fs::read(project.path(&format!(".report/quarantine/{name}{number}")));
        assert_eq!(kept.unwrap(), bytes, "nothing is deleted");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_the_place_of_a_record_is_moved_aside_as_well() {
    let project = Project::new();
    project.build(&[]);
    let records = project.records();
    let file = project.record_files().remove(0);
    for command in ["mkdir", "mkfifo", "ln -s /dev/zero", "ln -s nowhere"] {
        std::fs::remove_file(&file).unwrap();
        let script = format!("{command} {}", file.display());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
        let outcome = project.run(&["build"]);
        assert_eq!((outcome.code, trained(&outcome)), (0, 1), "{command}: {outcome:#?}");
        assert_eq!(project.records(), records, "{command}");
    }
}

#[test]
fn no_single_flipped_bit_of_a_record_passes() {
    let project = Project::new();
    project.build(&["--only", "fully-connected", "--seeds", "1"]);
    let file = &project.record_files()[0];
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let digest = report::digest::Digest::try_from(name).unwrap();
    let cache = report::cache::Cache::new(&project.path(""));
    let whole = std::fs::read(file).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    let canonical = report::digest::canonical_json(&record["config"]).unwrap();
    let config = std::sync::Arc::new(serde_json::from_str(&canonical).unwrap());
    assert!(matches!(cache.past(digest), Ok(Lookup::Hit(_))));
    assert!(matches!(cache.lookup(digest, &canonical, &config), Ok(Lookup::Hit(_))));
    assert!(matches!(cache.lookup_state(digest, &canonical), Ok(Lookup::Hit(_))));
    for bit in 0..8 * whole.len() {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(file, bytes).unwrap();
        assert!(matches!(cache.past(digest), Ok(Lookup::Damaged(_))), "bit {bit}");
        assert!(matches!(cache.lookup(digest, &canonical, &config), Ok(Lookup::Damaged(_))));
        assert!(matches!(cache.lookup_state(digest, &canonical), Ok(Lookup::Damaged(_))));
    }
}

#[test]
fn kill_minus_9_at_a_hundred_random_points_loses_at_most_the_runs_in_flight() {
    let whole = Project::new();
    let started = Instant::now();
    let total = whole.build(&["--seeds", "10", "--out", "reports"]);
    let took = started.elapsed().as_micros() as u32;
    let records = whole.records();
    let project = Project::new();
    let seed = report::provenance::now();
    let mut stream = report::random::Stream::new(seed, "kills");
    let (mut kills, mut interrupted) = (0, 0);
    while kills < 100 {
        // A build that was left to end is followed by one from the beginning.
        if project.path(".report").exists() && project.count_records() == total {
            assert_eq!(project.build(&["--seeds", "10", "--out", "reports"]), 0);
            assert_eq!(project.records(), records);
            assert_eq!(project.report(), whole.report());
            std::fs::remove_dir_all(project.path(".report")).unwrap();
            std::fs::remove_dir_all(project.path("reports")).unwrap();
        }
        let before = project.count_records();
        let mut command =
            project.command(&["build", "-j", "2", "--seeds", "10", "--out", "reports"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // At any time of a build; every other time after it has recorded something, which on a busy
        // machine is late.
        let mut range = took;
        if kills % 2 == 1 {
            range = took / 8;
            while child.try_wait().unwrap().is_none() && project.count_records() == before {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        std::thread::sleep(Duration::from_micros(u64::from(stream.below(range))));
        child.kill().unwrap();
        let ended = child.wait().unwrap().success();
        kills += usize::from(!ended);
        let after = project.count_records();
        assert!(after >= before, "a record is gone (seed {seed})");
        interrupted += usize::from(!ended && after > before && after < total);
    }
    assert!(interrupted > 5, "{interrupted} kills came among the records (seed {seed})");
    // No record that was half written ever stood under its name.
    assert!(!project.path(".report/quarantine").exists(), "seed {seed}");
    project.build(&["--seeds", "10", "--out", "reports"]);
    assert_eq!(project.records(), records);
    assert_eq!(project.report(), whole.report());
}

#[test]
fn a_cache_that_is_no_directory_fails_the_build_with_its_path() {
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
        ("experiment=\"deep\"", "experiment=\"depe\"", 3, "no row with experiment=\"depe\""),
        ("table(\"all\")", "table(\"al\")", 5, "did you mean `all`?"),
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
