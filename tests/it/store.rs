//! Records that several checkouts share through a store.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::project::{Outcome, Project, trained, with_checksum};

/// A store in a directory.
fn directory() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let address = directory.path().to_str().unwrap().to_owned();
    (directory, address)
}

fn records_in(directory: &Path) -> usize {
    std::fs::read_dir(directory.join("records")).map_or(0, Iterator::count)
}

/// A web server of the files in `directory`. Returns its address.
fn serve(directory: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let directory = directory.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, directory) = (stream.unwrap(), directory.clone());
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let n = stream.read(&mut request).unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..n]).into_owned();
                let path = request
                    .split(' ')
                    .nth(1)
                    .unwrap_or_default()
                    .trim_start_matches('/')
                    .to_owned();
                let answer = match std::fs::read(directory.join(path)) {
                    Ok(bytes) if request.starts_with("GET") => {
                        let head = format!(
                            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nLast-Modified: Thu, 26 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n",
                            bytes.len()
                        );
                        [head.as_bytes(), &bytes].concat()
                    }
                    _ => {
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                            .to_vec()
                    }
                };
                let _ = stream.write_all(&answer);
            });
        }
    });
    address
}

/// Trains in one checkout, and builds in a second one that trains nothing.
#[track_caller]
fn assert_shared(writing: &str, reading: &str, variables: &[(&str, &str)]) {
    let run = |project: &Project, args: &[&str]| {
        Outcome::of(project.command(args).envs(variables.iter().copied()))
    };
    let (first, second) = (Project::new(), Project::new());
    let outcome = run(&first, &["build", "--store", writing]);
    assert_eq!((outcome.code, trained(&outcome)), (0, 8), "{outcome:#?}");
    assert!(outcome.stderr.contains("put 8 records into the store"), "{outcome:#?}");
    let outcome = run(&second, &["build", "--frozen", "--store", reading]);
    assert_eq!((outcome.code, trained(&outcome)), (0, 0), "{outcome:#?}");
    assert!(outcome.stderr.contains("took 8 records from the store"), "{outcome:#?}");
    assert_eq!(second.report(), first.report());
    let again = run(&second, &["build", "--store", reading]);
    assert!(again.code == 0 && !again.stderr.contains("the store"), "{again:#?}");
}

#[test]
fn a_second_checkout_takes_the_records_from_a_directory_and_trains_nothing() {
    let (place, address) = directory();
    assert_shared(&address, &address, &[]);
    assert_eq!(records_in(place.path()), 8);
    let (_place, address) = directory();
    assert_shared(&address, &format!("file://{address}"), &[]);
}

#[test]
fn a_web_server_is_read_and_never_written() {
    let (place, address) = directory();
    let web = serve(place.path());
    assert_shared(&address, &web, &[]);
    let project = Project::new();
    project.build(&[]);
    let outcome = project.run(&["store", "push", "--store", &web]);
    assert!(outcome.code == 2 && outcome.stderr.contains("which is only read"), "{outcome:#?}");
    let outcome = project.run(&["store", "status", "--store", &web]);
    assert!(outcome.code == 2 && outcome.stderr.contains("cannot list"), "{outcome:#?}");
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn a_second_checkout_takes_the_records_from_s3_and_trains_nothing() {
    let Ok(address) = std::env::var("REPORT_TEST_S3") else {
        eprintln!(
            "skipped: there is no S3 server; `tests/store/server.sh cargo test --release` starts one"
        );
        return;
    };
    let secret = "a-secret-that-nobody-may-see";
    let variables = [
        ("AWS_ENDPOINT_URL", address.as_str()),
        ("AWS_ACCESS_KEY_ID", "tester"),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_REGION", "us-east-1"),
    ];
    let paper = format!("s3://report-test/{}", std::process::id());
    assert_shared(&paper, &paper, &variables);
    // The credentials are in no message, record or report.
    let project = Project::new();
    let outcome = Outcome::of(project.command(&["build", "--store", &paper]).envs(variables));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let missing = ["store", "status", "--store", "s3://no-such-bucket/paper"];
    let refused = Outcome::of(project.command(&missing).envs(variables));
    assert_eq!(refused.code, 4, "{refused:#?}");
    assert!(refused.stderr.contains("NoSuchBucket"), "{refused:#?}");
    let mut written = vec![format!("{outcome:?}{refused:?}")];
    for folder in [".report/records", "reports", "reports/data"] {
        written.extend(project.file_texts(folder).into_values());
    }
    assert!(written.iter().all(|text| !text.contains(secret)));
}

#[test]
fn a_store_that_does_not_answer_is_a_warning_and_the_build_goes_on() {
    // Nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let variables = [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_ACCESS_KEY_ID", "tester".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "hunter22".to_owned()),
    ];
    let missing = format!("{}/not-mounted", Project::new().path("").display());
    for store in ["s3://bucket/paper", &format!("http://127.0.0.1:{port}/paper"), &missing] {
        let project = Project::new();
        let build = ["build", "--only", "deep", "--store", store];
        let outcome = Outcome::of(project.command(&build).envs(variables.clone()));
        assert_eq!(trained(&outcome), 4, "{outcome:#?}");
        assert!(outcome.stderr.contains("warning: cannot "), "{outcome:#?}");
        assert!(!outcome.stderr.contains("hunter22"), "{outcome:#?}");
        let outcome = Outcome::of(
            project.command(&["store", "pull", "--store", store]).envs(variables.clone()),
        );
        assert_eq!(outcome.code, 4, "{outcome:#?}");
    }
}

/// A server that answers every request like this; nothing means that it never answers.
fn answering(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(answer) = answer else {
                silent.push(stream);
                continue;
            };
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_store_that_refuses_or_never_answers_costs_a_build_less_than_a_minute() {
    let forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLast-Modified: Thu, 26 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n\r\nhello";
    for (answer, why) in
        [(Some(forbidden), "403"), (Some(page), "a record from the store"), (None, "cannot read")]
    {
        let project = Project::new();
        let address = answering(answer);
        let start = Instant::now();
        let outcome = project.run(&["build", "--store", &address]);
        assert_eq!((outcome.code, trained(&outcome)), (0, 8), "{outcome:#?}");
        assert!(outcome.stderr.contains(why), "{outcome:#?}");
        assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    }
}

#[test]
fn no_message_has_the_password_of_an_endpoint() {
    let project = Project::new();
    let outcome =
        Outcome::of(project.command(&["store", "status", "--store", "s3://bucket/paper"]).envs([
            ("AWS_ENDPOINT_URL_S3", "http://minio:hunter22@127.0.0.1:9"),
            ("AWS_ACCESS_KEY_ID", "tester-key"),
            ("AWS_SECRET_ACCESS_KEY", "hunter23"),
        ]));
    assert_eq!(outcome.code, 4, "{outcome:#?}");
    assert!(
        !outcome.stderr.contains("hunter2") && !outcome.stderr.contains("tester-key"),
        "{outcome:#?}"
    );
}

#[test]
fn a_setting_of_wrong_form_is_a_warning_that_names_the_variable_and_not_its_value() {
    let endpoint = "AWS_ENDPOINT_URL";
    for (name, value) in [
        (endpoint, "localhost:9"),
        (endpoint, "http://"),
        (endpoint, "http://127.0.0.1:99999"),
        (endpoint, "http://me:hunter22@127.0.0.1:9"),
        ("AWS_SESSION_TOKEN", "hunter\u{1}22"),
    ] {
        let project = Project::new();
        let mut command = project.command(&["build", "--store", "s3://bucket/paper"]);
        let outcome = Outcome::of(command.env("AWS_ACCESS_KEY_ID", "tester").env(name, value));
        assert_eq!((outcome.code, trained(&outcome)), (0, 8), "{outcome:#?}");
        assert!(outcome.stderr.contains(&format!("`{name}`")), "{outcome:#?}");
        assert!(!outcome.stderr.contains("hunter"), "{outcome:#?}");
    }
}

#[cfg(unix)]
#[test]
fn one_odd_file_in_a_directory_does_not_stop_the_others() {
    let (place, address) = directory();
    let project = Project::new();
    project.build(&["--store", &address]);
    let records = place.path().join("records");
    std::os::unix::fs::symlink("..", records.join("up")).unwrap();
    let name = std::fs::read_dir(&records)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some());
    let first = name.unwrap();
    std::fs::remove_file(&first).unwrap();
    std::os::unix::fs::symlink(&first, &first).unwrap();
    let other = Project::new();
    let outcome = other.run(&["build", "--store", &address]);
    assert_eq!((outcome.code, trained(&outcome)), (0, 1), "{outcome:#?}");
}

#[test]
fn a_damaged_record_here_is_replaced_by_the_sound_one_of_the_store() {
    let (_place, address) = directory();
    let project = Project::new();
    project.build(&["--store", &address]);
    let file = &project.record_files()[0];
    let sound = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, &sound[..sound.len() / 2]).unwrap();
    let outcome = project.run(&["build", "--frozen", "--store", &address]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("took 1 record from the store"), "{outcome:#?}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), sound);
    assert_eq!(project.file_texts(".report/quarantine").len(), 1);
}

#[test]
fn a_record_that_is_not_sound_on_arrival_goes_to_the_quarantine_and_is_not_used() {
    let (place, address) = directory();
    let first = Project::new();
    first.run(&["build", "--store", &address]);
    let mut names: Vec<_> = std::fs::read_dir(place.path().join("records"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    // One with another digit, one with the name of another run, one that is cut, and one with another length.
    let text = std::fs::read_to_string(&names[0]).unwrap();
    std::fs::write(&names[0], text.replacen("0.", "1.", 1)).unwrap();
    std::fs::copy(&names[2], &names[1]).unwrap();
    let cut = &text[..text.len() / 2];
    std::fs::write(&names[2], cut).unwrap();
    let text = std::fs::read_to_string(&names[3]).unwrap();
    let (before, after) = text.split_once("\"curves\":{\"").unwrap();
    let (name, numbers) = after.split_once(":[").unwrap();
    let longer = format!("{before}\"curves\":{{\"{name}:[0.5,{numbers}");
    std::fs::write(&names[3], with_checksum(&longer)).unwrap();
    let second = Project::new();
    let outcome = second.run(&["build", "--store", &address]);
    assert_eq!((outcome.code, trained(&outcome)), (0, 4), "{outcome:#?}");
    assert_eq!(
        outcome.stderr.matches("warning: a record from the store").count(),
        4,
        "{outcome:#?}"
    );
    assert_eq!(second.file_texts(".report/quarantine/from-store").len(), 4);
    assert_eq!(second.records(), first.records());
    // Nobody replaces a record in a store.
    assert_eq!(std::fs::read_to_string(&names[2]).unwrap(), cut);
    let outcome = Project::new().run(&["store", "pull", "--store", &address, "--json"]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    let printed: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&printed["new"], printed["damaged"].as_array().unwrap().len()), (&4.into(), 4));
}

#[test]
fn the_project_can_name_its_store_and_a_mistake_in_that_file_is_told_with_its_line() {
    let project = Project::new();
    let (place, address) = directory();
    project.write("experiments/store.toml", format!("url = \"{address}\"\n"));
    let outcome = project.run(&["build", "--dry-run"]);
    assert!(
        outcome.stderr.contains("a build first takes the records that the store"),
        "{outcome:#?}"
    );
    assert_eq!(records_in(place.path()), 0);
    project.build(&["--no-store"]);
    assert_eq!(records_in(place.path()), 0);
    project.build(&[]);
    assert_eq!(records_in(place.path()), 8);
    let outcome = project.run(&["store", "status", "--json"]);
    let printed: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        (&printed["there"], &printed["to_push"], &printed["to_pull"]),
        (&8.into(), &0.into(), &0.into())
    );
    for (text, why) in [
        ("url = 1", "experiments/store.toml:1"),
        ("address = \"x\"", "experiments/store.toml:1"),
        ("url = \"https://me:hunter22@example.org\"", "contains credentials"),
        ("url = \"ftp://example.org\"", "unknown scheme"),
    ] {
        project.write("experiments/store.toml", text);
        let outcome = project.run(&["build"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(
            outcome.stderr.contains(why) && !outcome.stderr.contains("hunter22"),
            "{outcome:#?}"
        );
    }
    // The store of an author is not that of a reader.
    project.write("experiments/store.toml", format!("url = \"{address}\"\n"));
    let outcome = project.run(&["bundle", "export", "b.zst"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let tar = zstd::decode_all(&std::fs::read(project.path("b.zst")).unwrap()[..]).unwrap();
    assert!(!String::from_utf8_lossy(&tar).contains("store.toml"));
}

#[test]
fn accepted_results_stay_in_their_project() {
    let (place, address) = directory();
    let project = Project::new();
    project.build(&[]);
    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.02");
    assert_eq!(project.run(&["accept", "--why", "test"]).code, 0);
    let outcome = project.run(&["build", "--store", &address]);
    assert_eq!(outcome.code, 4, "{outcome:#?}");
    assert_eq!(records_in(place.path()), 0);
}

#[test]
fn two_builds_at_once_share_one_store() {
    let (place, address) = directory();
    let projects = [Project::new(), Project::new()];
    let builds: Vec<_> = projects
        .iter()
        .map(|project| crate::project::spawn(project.command(&["build", "--store", &address])))
        .collect();
    for build in builds {
        let outcome = crate::project::ended(build);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
    }
    assert_eq!(records_in(place.path()), 8);
    assert_eq!(projects[0].records(), projects[1].records());
}

#[test]
fn records_go_into_the_store_while_other_runs_are_in_training() {
    let (place, address) = directory();
    let project = Project::new();
    project.edit("experiments/base/protocol.toml", "seeds = 2", "seeds = 400");
    let mut build =
        crate::project::spawn(project.command(&["build", "-j", "1", "--store", &address]));
    for _ in 0..600 {
        std::thread::sleep(Duration::from_millis(50));
        if records_in(place.path()) >= 5 || build.try_wait().unwrap().is_some() {
            break;
        }
    }
    assert!(build.try_wait().unwrap().is_none(), "the build still trains");
    build.kill().unwrap();
    build.wait().unwrap();
    // What a killed build has put there is complete.
    let other = Project::new();
    other.edit("experiments/base/protocol.toml", "seeds = 2", "seeds = 400");
    let outcome = other.run(&["store", "pull", "--store", &address]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(other.count_records() >= 5);
}
