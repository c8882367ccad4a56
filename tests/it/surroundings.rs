//! No silent wrong answers of kinds 7 to 11: files, places, permissions, messages, partial reports.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use crate::project::{Outcome, Project, trained};

/// Gives a file or directory these permissions.
fn permit(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs a command as a user who does not own the project: permissions mean nothing to root.
fn as_other_user(project: &Project, args: &[&str]) -> Outcome {
    let mut command = project.command(args);
    if project.is_root() {
        let binary = project.path("report-binary");
        std::fs::copy(command.get_program(), &binary).unwrap();
        permit(&binary, 0o755);
        let mut other = std::process::Command::new(&binary);
        other.args(command.get_args()).current_dir(project.path("")).uid(65534).gid(65534);
        command = other;
    }
    Outcome::of(&mut command)
}

#[test]
fn kind_7_input_that_is_not_seen_is_read_or_named() {
    let project = Project::new();
    let deep =
        project.read("experiments/deep.toml").replace("title = \"deep\"", "title = \"deeper\"");
    let deep = deep.replace("base/", "../../base/").replace("channels = 2", "channels = 3");
    project.write("experiments/a/b/deeper.toml", deep);
    project.write("experiments/notes.tml", "x").write("experiments/old.toml~", "x");
    project.write("experiments/.lost.toml", "x").write("experiments/base/spare.toml", "x");
    project.write("experiments/.deep.toml.swp", "of an editor");
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("a/b/deeper"), "a deeper folder is read: {outcome:#?}");
    assert!(outcome.stderr.contains("not read; "), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("notes.tml") && outcome.stderr.contains("old.toml~"),
        "{outcome:#?}"
    );
    assert!(outcome.stderr.contains(".lost.toml"), "{outcome:#?}");
    assert!(!outcome.stderr.contains(".swp"), "{outcome:#?}");
    let unused = "base/spare.toml`: no experiment extends it";
    assert!(outcome.stderr.contains(unused), "{outcome:#?}");
    // A template in UTF-16 says so where it is included.
    project.write("templates/wide.md", b"\xff\xfea\0");
    project.write("templates/paper.md.jinja", "# A\n\n{% include \"wide.md\" %}\n");
    let outcome = project.run(&["build"]);
    let expected = "templates/paper.md.jinja:3: ";
    assert!(outcome.stderr.contains(expected), "{outcome:#?}");
    assert!(outcome.stderr.contains("it is UTF-16 text; save it as UTF-8"), "{outcome:#?}");
    // A template that nothing includes may be one with a wrong name.
    project.write("templates/paper.md.jinja", "# A\n").write("templates/items.html", "x");
    let outcome = project.run(&["build", "--seeds", "1"]);
    let warning = "warning: templates/items.html is included by no template";
    assert!(outcome.stderr.contains(warning), "{outcome:#?}");
    // The name of a file may be what is wrong with another.
    std::fs::rename(project.path("experiments/deep.toml"), project.path("experiments/deep.TOML"))
        .unwrap();
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("deep.TOML"), "{outcome:#?}");
    std::fs::rename(project.path("experiments/deep.TOML"), project.path("experiments/deep.toml"))
        .unwrap();
    std::fs::write(project.path("experiments").join(bad_name()), "x").unwrap();
    let outcome = project.run(&["status"]);
    let is_named = outcome.stderr.contains("x\u{fffd}y");
    assert!(is_named, "a name that is not UTF-8 is named: {outcome:#?}");
}

#[test]
fn kind_9_names_links_and_file_systems_are_taken_as_the_system_takes_them() {
    // A directory whose name is not UTF-8 gets the report, and nothing else does.
    let project = Project::new();
    let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"o\xfft".to_vec());
    let outcome = Outcome::of(project.command(&["build", "--out"]).arg(&name));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(project.path("").join(&name).join("report.md").exists());
    assert!(!project.path("o\u{fffd}t").exists());
    assert!(outcome.stderr.contains("its name is not UTF-8"), "gc is not told: {outcome:#?}");

    // `..` leads out of the folder that a link leads to, not out of the one that the link is in.
    let elsewhere = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = elsewhere.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let base = project.read("experiments/base/protocol.toml");
    let linked = project.read("experiments/deep.toml").replace("title = \"deep\"", "title = \"x\"");
    write("base/protocol.toml", &base.replace("lr = 0.01", "lr = 0.07"));
    write("experiments/x.toml", &linked.replace("base/", "../base/"));
    symlink(elsewhere.path().join("experiments"), project.path("experiments/linked")).unwrap();
    let explained = project.run(&["explain", "linked/x"]);
    assert!(explained.stdout.contains("train.optimizer.lr = 0.07"), "{explained:#?}");
    std::fs::remove_file(project.path("experiments/linked")).unwrap();

    // The quarantine may be on another file system, where no file can be renamed to.
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    symlink(other.path(), project.path(".report/quarantine")).unwrap();
    let record = project.record_files().remove(0);
    std::fs::write(&record, "damaged").unwrap();
    let outcome = project.run(&["build"]);
    assert_eq!((outcome.code, trained(&outcome)), (0, 1), "{outcome:#?}");
    let moved = other.path().join(record.file_name().unwrap());
    assert_eq!(std::fs::read_to_string(moved).unwrap(), "damaged");
}

/// `x` and `y` with a byte between them that is no text.
fn bad_name() -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(b"x\xffy.toml".to_vec())
}

#[test]
fn kind_8_references_by_absolute_path_do_not_keep_records_for_ever() {
    let outer = tempfile::tempdir().unwrap();
    let project = Project::new();
    project.build(&[]);
    project.build(&["--out", "taste"]);
    std::fs::remove_dir_all(project.path("taste")).unwrap();
    // The project moves, another rate is built, and the old records can go.
    let moved = outer.path().join("moved");
    let copied = std::process::Command::new("cp")
        .args(["-r".as_ref(), project.path("").as_os_str(), moved.as_os_str()])
        .status();
    assert!(copied.unwrap().success());
    let base = moved.join("experiments/base/protocol.toml");
    let text = std::fs::read_to_string(&base).unwrap().replace("lr = 0.01", "lr = 0.02");
    std::fs::write(base, text).unwrap();
    let run = |args: &[&str]| Outcome::of(project.command(args).current_dir(&moved));
    let kept = run(&["cache", "gc", "--dry-run"]);
    assert!(
        kept.stderr.contains("every record is needed"),
        "the moved report shows them: {kept:#?}"
    );
    assert_eq!(trained(&run(&["build"])), 8);
    let told = run(&["cache", "gc", "--yes", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["unused"].as_array().unwrap().len(), 8, "{told:#}");
    assert_eq!(trained(&run(&["build"])), 0);
}

#[test]
fn kind_9_the_environment_is_not_taken_for_damage() {
    // A finished report on a read-only project ends well.
    let project = Project::new();
    project.build(&[]);
    let own = tempfile::tempdir().unwrap();
    permit(own.path(), 0o777);
    project.make_readable();
    let out = own.path().join("report");
    let outcome = as_other_user(&project, &["build", "--frozen", "--out", out.to_str().unwrap()]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(out.join("report.html").exists());
    assert!(outcome.stderr.contains("warning: "), "what was not written is said: {outcome:#?}");

    // A record that another user may not read is no damage: it stays where it is.
    let project = Project::new();
    project.build(&[]);
    project.make_readable();
    let record = project.record_files().remove(0);
    permit(&record, 0o000);
    let outcome = as_other_user(&project, &["status"]);
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("ermission denied"), "{outcome:#?}");
    assert!(outcome.stderr.contains("chmod a+r"), "the remedy: {outcome:#?}");
    assert!(record.exists() && !project.path(".report/quarantine").exists());
    permit(&record, 0o644);
    assert_eq!(trained(&project.run(&["build"])), 0);

    // A project behind a link is the same project.
    let link = own.path().join("link");
    symlink(project.path(""), &link).unwrap();
    let outcome = Outcome::of(project.command(&["build"]).current_dir(&link));
    assert_eq!((outcome.code, trained(&outcome)), (0, 0), "{outcome:#?}");
    let notes = std::fs::read_dir(project.path(".report/reports")).unwrap().count();
    assert_eq!(notes, 1, "one report, however the project is reached");
}

#[test]
fn kind_10_messages_that_mislead_in_files() {
    // Why nothing is trained although runs are missing.
    let project = Project::new();
    project.build(&["--only", "deep"]);
    let outcome = project.run(&["build", "--only", "deep"]);
    assert!(outcome.stderr.contains("8 runs, 4 selected: nothing to train"), "{outcome:#?}");

    // A reserved name is refused by name.
    let project = Project::new();
    project.write(
        "experiments/all.toml",
        project.read("experiments/deep.toml").replace("title = \"deep\"", "title = \"all\""),
    );
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(
        outcome.stderr.contains("all.toml:1") && outcome.stderr.contains("`all`"),
        "{outcome:#?}"
    );

    // An array of tables in the file of an experiment is the mistake of that file.
    let project = Project::new();
    project.edit("experiments/deep.toml", "[model]", "[[model]]");
    let outcome = project.run(&["status"]);
    assert!(outcome.stderr.starts_with("error: experiments/deep.toml:"), "{outcome:#?}");

    // A missing comma is the only error.
    let project = Project::new();
    project.edit("experiments/deep.toml", "kernel = 3, padding", "kernel = 3 padding");
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.stderr.matches("error: ").count(), 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("put a comma after `3`"), "{outcome:#?}");

    // A trial on other data is not what a later edit is compared with.
    let project = Project::new();
    project.build(&[]);
    project.write_digits("digits");
    project.build(&["--data", "digits", "--out", "trial"]);
    project.edit("experiments/base/protocol.toml", "batch_size = 10", "batch_size = 5");
    let outcome = project.run(&["status"]);
    assert!(outcome.stdout.contains("train.batch_size: 10 → 5"), "{outcome:#?}");
    assert!(!outcome.stdout.contains("data.dataset"), "{outcome:#?}");
}

#[test]
fn kind_11_a_partial_report_replaces_no_whole_one() {
    let project = Project::new();
    project.build(&[]);
    let whole = project.file_texts("reports");
    for args in
        [&["build", "--only", "deep"][..], &["build", "--seeds", "1"], &["build", "sharing"]]
    {
        let outcome = project.run(args);
        assert!(outcome.stdout.contains("reports/partial/report.html"), "{outcome:#?}");
        let mut now = project.file_texts("reports");
        now.retain(|path, _| !path.contains("partial"));
        assert_eq!(now, whole, "{args:?}");
    }
    // The prose cannot hide the banner, which stands below the title or above everything else.
    let prose = project.read("templates/paper.md.jinja");
    let command = "> **The command line changed the experiments:**";
    for (text, start) in [
        ("<div hidden>\n\n# {{ title }}\n\n</div>\n", command.to_owned()),
        ("# {{ title }}\nprose\n", format!("# A small paper\n\n{command}")),
    ] {
        project.write("templates/paper.md.jinja", text);
        project.run(&["build", "--only", "deep", "--seeds", "3", "--out", "part"]);
        let part = project.read("part/report.md");
        assert!(part.starts_with(&start), "{part}");
    }
    let part = project.read("part/report.md");
    assert!(part.contains("> **This report is partial:** 2 of 12 runs are missing"), "{part}");
    assert!(project.read("part/report.html").contains("This report is partial"));
    project.run(&["build", "--out", "whole"]);
    assert!(project.read("whole/report.md").starts_with("# A small paper\n\nprose\n"));
    project.write("templates/paper.md.jinja", prose);
    project.write("mine/notes.txt", "x");
    let outcome = project.run(&["build", "--out", "mine"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(
        outcome
            .stderr
            .contains("`mine` contains other files and no report of this paper: `notes.txt`"),
        "{outcome:#?}"
    );
    assert!(!project.path("mine/report.md").exists());
    assert_eq!(project.run(&["build", "--out", "mine", "--yes"]).code, 0);
    assert_eq!(project.read("mine/notes.txt"), "x");
    assert_eq!(project.run(&["build", "--out", "mine"]).code, 0, "it holds a report by now");
    // Other data are another report, and the report of another paper is not ours.
    project.write_digits("digits");
    let outcome = project.run(&["build", "--data", "digits"]);
    assert!(outcome.stdout.contains("reports/partial/report.html"), "{outcome:#?}");
    assert!(
        project.read("reports/partial/report.md").contains("replaces the data of all experiments"),
        "it says so"
    );
    let other = Project::new();
    other.edit("experiments/paper.toml", "title = \"A small paper\"", "title = \"Another paper\"");
    let theirs = project.path("reports").display().to_string();
    let outcome = other.run(&["build", "--seeds", "1", "--out", &theirs]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("and no report of this paper"), "{outcome:#?}");
    for (out, expected) in [
        ("mine/notes.txt", "`mine/notes.txt` is a file"),
        ("templates", "`templates` is in `templates/`"),
        ("mine/../experiments/new", "is in `experiments/`"),
        (".report", "`.report` is in `.report/`"),
    ] {
        let outcome = project.run(&["build", "--yes", "--out", out]);
        assert_eq!(outcome.code, 2, "{out}: {outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{out}: {outcome:#?}");
    }
}

#[test]
fn kind_10_one_mistake_is_one_message_with_its_remedy() {
    let project = Project::new();
    let base = "experiments/base/protocol.toml";
    let two = "[true, false]";
    for (file, from, to, message) in [
        (base, "[data]", "[dta]", "`dta` is not a known key; did you mean `data`?"),
        (
            base,
            two,
            "[true, false]\n\"train.optimiser.lr\" = [1, 2]",
            "there is no `optimiser`; did you mean `optimizer`?",
        ),
        (
            base,
            two,
            "[true, false]\n\"model.weight_sharng\" = [true, false]",
            "`model.weight_sharng` is not a known key",
        ),
        (
            base,
            "train_pairs = 20",
            "train_pairs = 20\nvalidation_pairs = 30000",
            "asks for too many pairs: 30020 pairs need 60040 training images, but the data have 60000; lower `train_pairs` or",
        ),
        (base, "epochs = 2\n", "", "`train.epochs` is missing; it takes"),
        ("experiments/deep.toml", "", "", "is empty; docs/files.md says"),
    ] {
        let text = project.read(file);
        let edited = if from.is_empty() { String::new() } else { text.replace(from, to) };
        project.write(file, edited);
        let outcome = project.run(&["status"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains(message), "{message}: {outcome:#?}");
        // A shared file is read once for each of the two experiments.
        let errors: Vec<_> =
            outcome.stderr.lines().filter(|line| line.starts_with("error")).collect();
        assert!(errors.iter().all(|line| line.contains(message)), "{message}: {outcome:#?}");
        assert!(errors.len() <= 2, "{message}: {outcome:#?}");
        project.write(file, text);
    }
    // A file that is no text hides no mistake of another.
    std::fs::write(project.path("experiments/other.toml"), b"title = 1\n\xff").unwrap();
    project.edit("experiments/deep.toml", "kernel = 3", "kernel = 99");
    let outcome = project.run(&["status"]);
    assert!(outcome.stderr.contains("line 2 is not UTF-8 text"), "{outcome:#?}");
    assert!(outcome.stderr.contains("experiments/deep.toml"), "{outcome:#?}");
}

#[test]
fn kind_10_a_level_of_another_type_is_named_with_its_remedy() {
    let project = Project::new();
    let paper = project.read("experiments/paper.toml");
    let table = "\n[[table]]\nname = \"x\"\ncaption = \"c\"\nmetric = \"published\"\nby = [\"weight_sharing\"]\nwhere = { weight_sharing = \"true\" }\n";
    project.write("experiments/paper.toml", paper.clone() + table);
    let outcome = project.run(&["status"]);
    assert!(outcome.stderr.contains("it is not text: remove the quotes"), "{outcome:#?}");
    project.write("experiments/paper.toml", paper);
    for (call, message) in [
        (
            "score(\"published\", \"mean\", weight_sharing=\"true\")",
            "it is not text: remove the quotes",
        ),
        (
            "score(\"published\", \"mean\")",
            "4 conditions match, with no level given: give more levels",
        ),
        ("score(\"published\", \"mean\", experiment=\"deeep\")", "did you mean `deep`?"),
    ] {
        project
            .write("templates/paper.md.jinja", format!("# {{{{ title }}}}\n\n{{{{ {call} }}}}\n"));
        let outcome = project.run(&["build"]);
        assert!(outcome.code == 2 && outcome.stderr.contains(message), "{message}: {outcome:#?}");
    }
    for (prose, message) in [
        ("text {{ title\n\nmore\n", "jinja:3: `{{` is never closed"),
        ("text {% if title\n\nmore\n", "jinja:3: `{%` is never closed"),
        ("{{ cell(\"all\",\n \"mean\") oops }}\n", "unexpected identifier"),
    ] {
        project.write("templates/paper.md.jinja", format!("# {{{{ title }}}}\n\n{prose}"));
        let outcome = project.run(&["build"]);
        assert!(outcome.code == 2 && outcome.stderr.contains(message), "{message}: {outcome:#?}");
    }
}
