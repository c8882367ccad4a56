//! A report with its experiments and records as one file, and back.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use report::digest::Digest;
use serde_json::Value;

use crate::project::{Outcome, Project, forged};

/// The paths and bytes of an archive, in order.
type Entries = Vec<(String, Vec<u8>)>;

const MANIFEST: &str = "manifest-sha256.txt";

/// A project that is built, and its bundle.
fn exported() -> (Project, Vec<u8>) {
    let project = Project::new();
    project.build(&[]);
    let bundle = export(&project);
    (project, bundle)
}

fn export(project: &Project) -> Vec<u8> {
    let outcome = project.run(&["bundle", "export", "paper.tar.zst", "--yes"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "paper.tar.zst\n"), "{outcome:#?}");
    std::fs::read(project.path("paper.tar.zst")).unwrap()
}

/// Imports a bundle into the directory `within` of an empty directory.
fn import(bundle: &[u8]) -> (tempfile::TempDir, Outcome) {
    let directory = tempfile::tempdir().unwrap();
    let outcome = import_into(&directory.path().join("paper"), bundle);
    (directory, outcome)
}

fn import_into(directory: &Path, bundle: &[u8]) -> Outcome {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bundle).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_report"));
    let place = directory.to_str().unwrap();
    Outcome::of(command.args(["bundle", "import", "--project", place]).arg(file.path()))
}

/// All files below a directory, hidden ones too.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

fn entries(bundle: &[u8]) -> Entries {
    let tar = zstd::decode_all(bundle).unwrap();
    let mut archive = tar::Archive::new(&tar[..]);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (path, bytes)
    };
    archive.entries().unwrap().map(read).collect()
}

/// A bundle of these files with a right manifest, as somebody could make it by hand.
fn bundle_of(mut entries: Entries) -> Vec<u8> {
    entries.retain(|(path, _)| path != MANIFEST);
    entries.sort();
    let line = |(path, bytes): &(String, Vec<u8>)| format!("{}  {path}\n", Digest::of_bytes(bytes));
    let manifest: String = entries.iter().map(line).collect();
    entries.insert(0, (MANIFEST.to_owned(), manifest.into_bytes()));
    packed(&entries)
}

fn packed(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o777);
        // The library itself refuses to write paths that lead out of the directory.
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, &bytes[..]).unwrap();
    }
    zstd::encode_all(&archive.into_inner().unwrap()[..], 3).unwrap()
}

/// Checks that a bundle is refused whole, with `why` in the message.
#[track_caller]
fn assert_refused(bundle: &[u8], why: &str) {
    let (directory, outcome) = import(bundle);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(
        outcome.stderr.contains("is refused: ") && outcome.stderr.contains(why),
        "{outcome:#?}"
    );
    assert!(outcome.stderr.contains("nothing was written"), "{outcome:#?}");
    assert!(!outcome.stderr.contains(".writing-"), "{outcome:#?}");
    assert_eq!(files(directory.path()), BTreeMap::new(), "nothing is left");
}

#[test]
fn a_bundle_gives_the_same_report_in_an_empty_directory_without_training() {
    let project = Project::new();
    project.write("LICENSE", "All rights reserved.\n").build(&[]);
    let bundle = export(&project);
    let (directory, outcome) = import(&bundle);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("all 8 runs have a record"), "{outcome:#?}");
    let paper = directory.path().join("paper");
    let before = files(&paper);
    let again = Outcome::of(project.command(&["build"]).current_dir(&paper));
    assert!(again.code == 0 && again.stderr.contains("nothing to train"), "{again:#?}");
    let mut after = files(&paper);
    after.retain(|path, _| !path.starts_with(".report/reports/"));
    assert!(before.keys().eq(after.keys()), "{:?} {:?}", before.keys(), after.keys());
    assert!(before == after, "the build writes the same bytes");
    for name in ["reports/report.md", "reports/report.html", "reports/data/report.json", "LICENSE"]
    {
        assert!(before[name] == std::fs::read(project.path(name)).unwrap(), "{name}");
    }
}

#[test]
fn the_same_project_gives_the_same_bundle_and_the_export_changes_nothing() {
    let (project, bundle) = exported();
    std::fs::remove_file(project.path("paper.tar.zst")).unwrap();
    let before = files(&project.path(""));
    let again = export(&project);
    std::fs::remove_file(project.path("paper.tar.zst")).unwrap();
    assert!(bundle == again && files(&project.path("")) == before);
    // The report in a bundle is that of its records and prose, whatever is in `reports/`.
    project.write("reports/report.md", "old");
    assert!(export(&project) == bundle);
}

#[test]
fn a_bundle_describes_itself_and_other_programs_can_check_it() {
    let project = Project::new();
    let prose = project.read("templates/paper.md.jinja");
    project.write(
        "templates/paper.md.jinja",
        format!("---\nauthor: [A. One, B. Two]\nabstract: Two networks.\n---\n{prose}"),
    );
    project.build(&[]);
    let entries = entries(&export(&project));
    let digests = entries[1..].iter().map(|(path, bytes)| (path, Digest::of_bytes(bytes)));
    let digests: Vec<_> = digests.map(|(path, digest)| format!("{digest}  {path}\n")).collect();
    let digests = digests.concat();
    assert_eq!((entries[0].0.as_str(), entries[0].1.as_slice()), (MANIFEST, digests.as_bytes()));
    let (_, description) =
        entries.iter().find(|(path, _)| path == "ro-crate-metadata.json").unwrap();
    let description: Value = serde_json::from_slice(description).unwrap();
    let graph = description["@graph"].as_array().unwrap();
    let find = |id: &str| graph.iter().find(|entity| entity["@id"] == id).unwrap();
    assert_eq!(
        (&find("./")["name"], &find("./")["description"]),
        (&"A small paper".into(), &"Two networks.".into())
    );
    assert_eq!(find("#author-2")["name"], "B. Two");
    assert_eq!(find("#training-0.1.0")["name"], "training of 8 runs");
    for (path, _) in &entries[1..] {
        let is_listed = path.starts_with(".report/records/") || path == "ro-crate-metadata.json";
        assert!(is_listed || find(path)["@type"] == "File", "{path}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn a_validator_of_research_objects_accepts_a_bundle() {
    let Ok(python) = std::env::var("REPORT_TEST_PYTHON") else {
        eprintln!(
            "skipped: REPORT_TEST_PYTHON names no Python with roc-validator; `.ci/run` installs it"
        );
        return;
    };
    let (project, _) = exported();
    let script = crate::project::repository().join("tests/bundle/validate.py");
    let outcome = Outcome::of(
        std::process::Command::new(python).arg(script).arg(project.path("paper.tar.zst")),
    );
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("the validator notices each fault"), "{outcome:#?}");
}

#[test]
fn a_bundle_contains_the_data_images_and_files_that_the_project_uses() {
    let project = Project::new();
    project.write_digits("my data");
    project.edit("experiments/base/protocol.toml", "[data]", "[data]\ndirectory = \"my data\"");
    project.write("my data/notes.txt", "not read");
    let pixel =
        std::fs::read(crate::project::repository().join("reports/figures/seeds.png")).unwrap();
    project.write("templates/images/one.png", &pixel).write("pictures/two.png", &pixel);
    project.write("notes/method.md", "# Method\n");
    let prose = project.read("templates/paper.md.jinja");
    let shown =
        "![one](images/one.png)\n\n![two](pictures/two.png)\n\n[method](../notes/method.md)\n";
    project.write("templates/paper.md.jinja", prose + shown);
    project.build(&[]);
    let (directory, outcome) = import(&export(&project));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let paper = directory.path().join("paper");
    let files = files(&paper);
    for name in [
        "my data/train-images-idx3-ubyte",
        "pictures/two.png",
        "reports/images/one.png",
        "notes/method.md",
    ] {
        assert!(files.contains_key(name), "{name}: {:?}", files.keys());
    }
    assert!(!files.contains_key("my data/notes.txt"));
    let again = Outcome::of(project.command(&["build", "--frozen"]).current_dir(&paper));
    assert_eq!(again.code, 0, "{again:#?}");
}

#[test]
fn a_project_that_is_not_complete_or_not_in_one_place_is_not_exported() {
    let project = Project::new();
    project.build(&["--only", "deep"]);
    let refused = |why: &str| {
        let outcome = project.run(&["bundle", "export", "paper.tar.zst"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains(why), "{outcome:#?}");
        assert!(!project.path("paper.tar.zst").exists());
    };
    refused("4 of 8 runs have no record");
    project.build(&[]);
    let other = Project::new();
    other.write_digits("data");
    let data = other.path("data").display().to_string();
    project.edit(
        "experiments/base/protocol.toml",
        "[data]",
        &format!("[data]\ndirectory = \"{data}\""),
    );
    project.build(&[]);
    refused("is outside the project");
}

#[test]
fn an_existing_file_is_replaced_only_if_asked_for() {
    let (project, bundle) = exported();
    project.write("paper.tar.zst", "mine");
    let outcome = project.run(&["bundle", "export", "paper.tar.zst"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("exists already"), "{outcome:#?}");
    assert_eq!(project.read("paper.tar.zst"), "mine");
    assert!(export(&project) == bundle);
    let outcome = project.run(&["bundle", "export", "none/there/paper.tar.zst", "--json"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let printed: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&printed["records"], &printed["bytes"]), (&8.into(), &bundle.len().into()));
    assert_eq!(printed["sha256"], Digest::of_bytes(&bundle).to_string());
}

#[test]
fn an_import_replaces_nothing_and_can_be_repeated() {
    let (_, bundle) = exported();
    let directory = tempfile::tempdir().unwrap();
    let paper = directory.path();
    assert_eq!(import_into(paper, &bundle).code, 0);
    let all = files(paper);
    // As after a kill in the middle of an import.
    for name in all.keys().filter(|name| name.contains("records")).take(3) {
        std::fs::remove_file(paper.join(name)).unwrap();
    }
    let outcome = import_into(paper, &bundle);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("wrote 3 files ("), "{outcome:#?}");
    assert!(files(paper) == all);
    // One file of the user, and one record with another result: nothing at all is written.
    std::fs::remove_file(paper.join("experiments/deep.toml")).unwrap();
    std::fs::write(paper.join("templates/paper.md.jinja"), "mine").unwrap();
    let before = files(paper);
    let outcome = import_into(paper, &bundle);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("templates/paper.md.jinja` differs"), "{outcome:#?}");
    assert!(files(paper) == before);
    std::fs::remove_file(paper.join("templates/paper.md.jinja")).unwrap();
    let (name, record) = all.iter().find(|(name, _)| name.contains("records")).unwrap();
    let record = String::from_utf8(record.clone()).unwrap();
    std::fs::write(paper.join(name), forged(&record)).unwrap();
    let outcome = import_into(paper, &bundle);
    assert!(
        outcome.code == 2
            && outcome.stderr.contains("has another result than the record in the bundle"),
        "{outcome:#?}"
    );
    assert!(!paper.join("experiments/deep.toml").exists());
}

#[test]
fn a_bundle_with_paths_that_are_not_of_a_project_is_refused_whole() {
    let (_, bundle) = exported();
    for path in [
        "../evil",
        "/tmp/evil",
        "experiments/../../evil",
        ".git/hooks/post-commit",
        ".report/jobs/x/plan.json",
        "Makefile",
        "reports.sh",
        "templates/Makefile",
        "templates/conftest.py",
        "notes/method.md",
        "templates/unused.jinja",
        "my data/train-images-idx3-ubyte",
        "pictures/one.png",
        "Cargo.toml",
        "src/main.rs",
        "experiments/evil.sh",
        ".bashrc",
        "a\\b",
        "COM1:x",
        ".report/records/evil.json",
        ".report/records/x/y.json",
    ] {
        let mut entries = entries(&bundle);
        entries.push((path.to_owned(), b"evil".to_vec()));
        assert_refused(&bundle_of(entries), "");
    }
    for (path, other) in
        [("Templates/paper.md.jinja", "twice"), ("experiments/deep.toml/x.md", "is also a file")]
    {
        let mut entries = entries(&bundle);
        entries.push((path.to_owned(), b"evil".to_vec()));
        assert_refused(&bundle_of(entries), other);
    }
}

#[cfg(unix)]
#[test]
fn a_bundle_is_imported_into_a_directory_that_any_path_names() {
    let (_, bundle) = exported();
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("a")).unwrap();
    std::os::unix::fs::symlink("a", directory.path().join("link")).unwrap();
    for path in ["a/../b", "link/c", "./d/e"] {
        let outcome = import_into(&directory.path().join(path), &bundle);
        assert_eq!(outcome.code, 0, "{path}: {outcome:#?}");
    }
    assert!(directory.path().join("b/experiments/deep.toml").exists());
}

#[test]
fn a_forged_drawing_is_left_out() {
    let (project, bundle) = exported();
    let mut entries = entries(&bundle);
    // A file that says of itself that it shows the figure.
    let path = "reports/figures/curves.png";
    let drawn = std::fs::read(project.path(path)).unwrap();
    let other = std::fs::read(project.path("reports/figures/seeds.png")).unwrap();
    let text = |png: &[u8]| {
        let start = png.windows(4).position(|four| four == b"tEXt").unwrap() - 4;
        let length = u32::from_be_bytes(png[start..start + 4].try_into().unwrap()) as usize;
        start..start + length + 12
    };
    let (own, old) = (text(&drawn), text(&other));
    let forged = [&other[..old.start], &drawn[own], &other[old.end..]].concat();
    entries.iter_mut().find(|(name, _)| name == path).unwrap().1 = forged;
    let (directory, outcome) = import(&bundle_of(entries));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("such as `reports/figures/curves.png`"), "{outcome:#?}");
    assert!(!directory.path().join("paper").join(path).exists());
}

#[test]
fn a_bundle_that_asks_for_endless_work_or_has_other_records_is_refused_whole() {
    let (_, bundle) = exported();
    let changed = |name: &str, from: &str, to: &str| {
        let mut entries = entries(&bundle);
        let (_, bytes) = entries.iter_mut().find(|(path, _)| path == name).unwrap();
        *bytes = String::from_utf8(bytes.clone()).unwrap().replacen(from, to, 1).into_bytes();
        bundle_of(entries)
    };
    let endless =
        "{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}## End";
    let loops = changed("templates/paper.md.jinja", "## End", endless);
    assert_refused(&loops, "the template writes more than 32 MB");
    let silent = endless.replace('x', "{% set c = a * b %}");
    let loops = changed("templates/paper.md.jinja", "## End", &silent);
    assert_refused(&loops, "the template takes too many steps");
    let runs = changed("experiments/base/protocol.toml", "seeds = 2", "seeds = 400000");
    assert_refused(&runs, "it has 8 records for");
    // Sound records of other runs would be used later, when somebody adds seeds.
    let other = Project::new();
    other.edit("experiments/base/protocol.toml", "seeds = 2", "seeds = 3");
    other.build(&[]);
    let mut entries = entries(&bundle);
    for file in other.record_files() {
        let path = format!(".report/records/{}", file.file_name().unwrap().to_str().unwrap());
        if !entries.iter().any(|(own, _)| *own == path) {
            entries.push((path, std::fs::read(file).unwrap()));
        }
    }
    assert_refused(&bundle_of(entries), "is not a file of this project");
}

#[test]
fn a_bundle_with_faulty_content_is_refused_whole() {
    let (_, bundle) = exported();
    let changed = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut entries = entries(&bundle);
        let (_, bytes) = entries.iter_mut().find(|(path, _)| path.contains(name)).unwrap();
        change(bytes);
        entries
    };
    let digit = |bytes: &mut Vec<u8>| {
        let place = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
        bytes[place] ^= 1;
    };
    // Only the manifest is right.
    assert_refused(&bundle_of(changed("records/", &digit)), "is damaged");
    // Only the content is right.
    assert_refused(
        &packed(&changed("report.md", &digit)),
        "does not have the digest of its manifest",
    );
    assert_refused(
        &bundle_of(changed("deep.toml", &|bytes| bytes.extend(b"\nx = 1"))),
        "it is no project",
    );
    let without = |name: &str| {
        let mut entries = entries(&bundle);
        entries.retain(|(path, _)| !path.contains(name));
        entries
    };
    assert_refused(&bundle_of(without("protocol.toml")), "it is no project");
    assert_refused(&packed(&without("report.md")), "where its manifest has `reports/report.md`");
    assert_refused(&packed(&without(MANIFEST)), "does not begin with `manifest-sha256.txt`");
    assert_refused(b"", "ends too early");
    assert_refused(b"text", "is damaged, or no bundle");
    assert_refused(&bundle[..bundle.len() / 2], "ends too early");
    assert_refused(&[&bundle[..], b"more"].concat(), "is damaged, or no bundle");
    // A run that was trained on data outside is asked for data that are not there.
    let data = "[data]\ndirectory = \"/etc\"";
    let with_data = changed("protocol.toml", &|bytes| {
        *bytes = String::from_utf8_lossy(bytes).replace("[data]", data).into_bytes();
    });
    assert_refused(&bundle_of(with_data), "names data that the project does not contain, `/etc`");
}

#[test]
fn a_bundle_of_links_or_with_a_bomb_is_refused_whole() {
    let (_, bundle) = exported();
    let mut all = entries(&bundle);
    all.push(("reports/zeros.csv".to_owned(), vec![0; 300 << 20]));
    let bomb = bundle_of(all);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    assert_refused(&bomb, "unpacks to more than 200 times its size");

    // A link out of the directory, and a file that is written through it.
    let target = tempfile::tempdir().unwrap();
    let manifest = format!("{}  link\n", Digest::of_bytes(b""));
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(manifest.len() as u64);
    archive.append_data(&mut header, MANIFEST, manifest.as_bytes()).unwrap();
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    archive.append_link(&mut link, "link", target.path()).unwrap();
    let archive = zstd::encode_all(&archive.into_inner().unwrap()[..], 3).unwrap();
    assert_refused(&archive, "`link` is a link");
    assert_eq!(files(target.path()), BTreeMap::new());
}

#[test]
fn an_experiment_cannot_extend_a_file_outside_the_bundle() {
    let (_, bundle) = exported();
    let outside = Project::new();
    let absolute = outside.path("experiments/base/protocol.toml").display().to_string();
    for extended in [absolute.as_str(), "../../../protocol.toml"] {
        let mut entries = entries(&bundle);
        let (_, deep) =
            entries.iter_mut().find(|(path, _)| path == "experiments/deep.toml").unwrap();
        let text = String::from_utf8(deep.clone()).unwrap();
        *deep = text.replace("base/protocol.toml", extended).into_bytes();
        assert_refused(&bundle_of(entries), "");
    }
}

#[test]
fn a_report_that_is_not_that_of_the_records_is_left_out() {
    let (_, bundle) = exported();
    let mut entries = entries(&bundle);
    let (_, page) = entries.iter_mut().find(|(path, _)| path == "reports/report.html").unwrap();
    page.extend(b"<script>false</script>");
    entries.push(("reports/run.sh".to_owned(), b"evil".to_vec()));
    let (directory, outcome) = import(&bundle_of(entries));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("2 files of the report in the bundle"), "{outcome:#?}");
    let files = files(&directory.path().join("paper"));
    assert!(!files.contains_key("reports/report.html") && !files.contains_key("reports/run.sh"));
    assert!(files.contains_key("reports/report.md"));
}

#[cfg(unix)]
#[test]
fn an_import_goes_only_into_a_directory_without_other_experiments_and_links() {
    let (_, bundle) = exported();
    let elsewhere = tempfile::tempdir().unwrap();
    for place in [
        "experiments/other.toml",
        "templates/items.html.jinja",
        "reports",
        ".report/records",
        "reports/report.html",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join(place);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        match place.starts_with("experiments") || place.starts_with("templates") {
            true => std::fs::write(&target, "mine").unwrap(),
            false => std::os::unix::fs::symlink(elsewhere.path(), &target).unwrap(),
        }
        let outcome = import_into(directory.path(), &bundle);
        assert_eq!(outcome.code, 2, "{place}: {outcome:#?}");
        assert!(outcome.stderr.contains("nothing was written"), "{outcome:#?}");
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "{place}");
        assert!(!directory.path().join("experiments/deep.toml").exists(), "{place}");
    }
}

#[cfg(unix)]
#[test]
fn an_export_replaces_no_file_of_the_project_and_no_device() {
    let (project, _) = exported();
    let status = std::process::Command::new("mkfifo").arg(project.path("pipe")).status().unwrap();
    assert!(status.success());
    project.write("README.md", "# Paper");
    for file in ["experiments/paper.toml", "reports/new.zst", ".report/x.zst", "README.md", "pipe"]
    {
        let outcome = project.run(&["bundle", "export", file, "--yes"]);
        assert_eq!(outcome.code, 2, "{file}: {outcome:#?}");
        assert!(outcome.stderr.contains("name a new file"), "{outcome:#?}");
    }
    assert!(project.read("experiments/paper.toml").contains("A small paper"));
}

#[cfg(unix)]
#[test]
fn links_lead_no_private_file_and_no_setting_into_a_bundle() {
    let (project, _) = exported();
    let outside = Project::new();
    outside.write("private.txt", "secret");
    let link = |name: &str| {
        std::os::unix::fs::symlink(outside.path("private.txt"), project.path(name)).unwrap();
    };
    let refused = |why: &str| {
        let outcome = project.run(&["bundle", "export", "x.zst"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains(why), "{outcome:#?}");
    };
    link("LICENSE");
    refused("LICENSE`: it is outside the project");
    std::fs::remove_file(project.path("LICENSE")).unwrap();
    let prose = project.read("templates/paper.md.jinja");
    link("notes.txt");
    project.write("templates/paper.md.jinja", format!("{prose}\n[x](../notes.txt)\n"));
    refused("notes.txt`: it is outside the project");
    project.write("experiments/store.toml", "url = \"../evil\"").write("run.sh", "true");
    for name in ["experiments/store.toml", "run.sh"] {
        project.write("templates/paper.md.jinja", format!("{prose}\n[x](../{name})\n"));
        refused(&format!("the prose links to `{name}`, which a bundle does not contain"));
    }
}

#[test]
fn a_bundle_does_not_depend_on_how_the_project_is_named() {
    let (project, bundle) = exported();
    let root = project.path("");
    let name = root.file_name().unwrap().to_str().unwrap();
    for path in [root.display().to_string(), format!("{}/../{name}", root.display())] {
        let outcome = project.run(&["bundle", "export", "b.zst", "--yes", "-C", &path]);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
        assert!(std::fs::read(project.path("b.zst")).unwrap() == bundle, "{path}");
    }
}

#[test]
fn a_file_outside_is_refused_wherever_the_command_runs() {
    let around = Project::new();
    around.write("private.md", "secret");
    let prose = around.read("templates/paper.md.jinja");
    for name in [
        "experiments/base/protocol.toml",
        "experiments/deep.toml",
        "experiments/fully-connected.toml",
        "experiments/paper.toml",
    ] {
        around.write(&format!("paper/{name}"), around.read(name));
    }
    let root = around.path("");
    let name = root.file_name().unwrap().to_str().unwrap();
    let absolute = format!("{}/../{name}/paper", root.display());
    for (link, code) in [("../../private.md", 2), ("../notes.md", 0)] {
        around.write("paper/templates/paper.md.jinja", format!("{prose}\n[x]({link})\n"));
        around.write("paper/notes.md", "open");
        assert_eq!(around.run(&["build", "-C", "paper"]).code, 0);
        for project in ["paper", "./paper", &absolute] {
            let outcome = around.run(&["bundle", "export", "b.zst", "--yes", "-C", project]);
            assert_eq!(outcome.code, code, "{project}: {outcome:#?}");
            assert_eq!(
                outcome.stderr.contains("it is outside the project"),
                code == 2,
                "{outcome:#?}"
            );
        }
    }
}

#[test]
fn what_is_no_file_is_no_bundle() {
    let project = Project::new();
    for (name, why) in
        [("none.tar.zst", "cannot read `none.tar.zst`"), ("experiments", "not a regular file")]
    {
        let outcome = project.run(&["bundle", "import", name, "-C", "elsewhere"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains(why), "{outcome:#?}");
    }
}
