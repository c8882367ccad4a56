//! `report serve`, asked as a browser asks it, and as a browser never would.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::project::Project;

/// The longest time that a change may take to be seen. The machine may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
struct Served {
    child: Child,
    port: u16,
}

/// What it answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn of(project: &Project, args: &[&str]) -> Self {
        let mut command = project.command(&[&["serve", "--port", "0"], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port =
            line.trim().strip_prefix("http://localhost:").unwrap().strip_suffix('/').unwrap();
        Self { child, port: port.parse().unwrap() }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends these bytes, and reads the answer to its end.
    fn send(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: bytes[at + 4..].to_vec() }
    }

    /// A request with these headers, each with its line end, after a right `Host`.
    fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let host = format!("Host: localhost:{}", self.port);
        self.send(format!("{method} {path} HTTP/1.1\r\n{host}\r\n{headers}\r\n").as_bytes())
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// What a page tells its script.
    fn start(&self, path: &str) -> Value {
        let page = self.get(path);
        assert_eq!(page.status, 200, "{page:?}");
        let text = page.text();
        let (_, rest) =
            text.split_once("<script data-serve type=\"application/json\" id=\"_serve\">").unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    /// Waits until the state of the page is as wanted, and returns it.
    #[track_caller]
    fn until(&self, path: &str, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let state = self.start(path)["state"].take();
            if is_wanted(&state) {
                return state;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {state:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the first page.
    #[track_caller]
    fn ready(&self) -> Value {
        self.until("/", "a page", |state| state["page"] != 0)
    }

    /// The headers of a request from the page itself.
    fn own_headers(&self) -> String {
        let token = self.start("/")["token"].as_str().unwrap().to_owned();
        format!("Origin: http://localhost:{}\r\nX-Report-Token: {token}\r\n", self.port)
    }
}

/// Starts a server, and fails if it shows no page.
pub(crate) fn starts(project: &Project, args: &[&str]) {
    Served::of(project, args).ready();
}

fn all_left(state: &Value) -> u64 {
    state["left"].as_u64().unwrap()
}

#[test]
fn a_project_without_a_record_is_shown_and_nothing_is_written() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    let state = served.ready();
    assert_eq!(
        (&state["runs"], &state["left"], &state["missing"]["count"]),
        (&8.into(), &8.into(), &8.into())
    );
    assert_eq!((&state["error"], &state["title"]), (&Value::Null, &"A small paper".into()));
    let dry_run = project.run(&["build", "--dry-run"]);
    for reason in state["missing"]["reasons"].as_array().unwrap() {
        let reason = reason.as_str().unwrap();
        assert!(dry_run.stdout.lines().any(|line| line == reason), "{reason}\n{dry_run:#?}");
    }
    let page = served.get("/");
    assert!(page.text().contains("<h1 id=") && page.text().contains("A small paper"));
    assert!(page.head.contains("X-Frame-Options: DENY") && page.head.contains("no-store"));
    for (path, kind, content) in [
        ("/report.md", "text/plain", "# A small paper"),
        ("/figures/models.svg", "image/svg+xml", "<svg"),
        ("/figures/models.png", "image/png", "PNG"),
        ("/data/all.csv", "text/plain", "weight"),
        ("/data/report.json", "application/json", "{"),
    ] {
        let file = served.get(path);
        assert_eq!(file.status, 200, "{path}");
        assert!(file.head.contains(&format!("Content-Type: {kind}")), "{path}: {}", file.head);
        assert!(file.text().contains(content), "{path}");
        let head = served.ask("HEAD", path, "");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    assert!(!project.path("reports").exists() && !project.path(".report").exists());
}

#[test]
fn the_page_without_the_panel_is_the_page_of_a_build() {
    let project = Project::new();
    project.build(&[]);
    let served = Served::of(&project, &[]);
    served.until("/", "no run is missing", |state| state["page"] != 0 && all_left(state) == 0);
    let page = served.get("/").text();
    let (head, rest) = page.split_once("<script data-serve>").unwrap();
    let (_, rest) = rest.split_once("</script>").unwrap();
    let (body, rest) = rest.split_once("<script data-serve type=\"application/json\"").unwrap();
    let (_, rest) = rest.split_once("</script>\n<script data-serve>").unwrap();
    let (_, end) = rest.split_once("</script>\n").unwrap();
    let without = |text: &str| -> String {
        let mut parts = text.split("<!-- provenance -->");
        let first = parts.next().unwrap().to_owned();
        parts
            .fold(first, |all, part| all + part.split_once("<!-- end of provenance -->").unwrap().1)
    };
    assert_eq!(without(&[head, body, end].concat()), project.report()[1]);
}

#[test]
fn a_foreign_host_is_refused() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    served.ready();
    let port = served.port;
    let with_host = |host: &str| {
        served.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).status
    };
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "localhost".to_owned(),
        format!("localhost:{}", port ^ 1),
    ] {
        assert_eq!(with_host(&host), 403, "{host}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(with_host(&format!("{host}:{port}")), 200, "{host}");
    }
    assert_eq!(served.send(b"GET / HTTP/1.1\r\n\r\n").status, 400);
    let answer =
        served.send(format!("GET / HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n").as_bytes());
    assert!(!answer.text().contains("A small paper") && !answer.head.contains("Access-Control"));
    // Another address of this machine.
    assert!(TcpStream::connect(SocketAddr::from(([127, 0, 0, 2], port))).is_err());
}

#[test]
fn a_training_needs_the_token_and_the_origin_of_the_page() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    served.ready();
    let own = served.own_headers();
    let (origin, token) = own.split_once("\r\n").unwrap();
    for headers in [
        String::new(),
        format!("{origin}\r\n"),
        token.to_owned(),
        format!("Origin: http://evil.example\r\n{token}"),
        format!("{origin}\r\nX-Report-Token: {}\r\n", "0".repeat(32)),
    ] {
        assert_eq!(served.ask("POST", "/_train", &headers).status, 403, "{headers}");
    }
    assert_eq!(served.ask("GET", "/_train", &own).status, 405);
    assert_eq!(served.ask("POST", "/", &own).status, 405);
    assert_eq!(served.ask("PUT", "/_train", &own).status, 405);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(project.count_records(), 0);
    // A second click does no harm.
    for _ in 0..2 {
        assert_eq!(served.ask("POST", "/_train", &own).status, 202);
    }
    let state = served.until("/", "all runs are trained", |state| {
        all_left(state) == 0 && state["training"]["is_running"] == false
    });
    assert_eq!((project.count_records(), &state["training"]["failure"]), (8, &Value::Null));
    assert!(project.path("reports/report.html").exists());
}

#[test]
fn no_path_leads_to_a_file_that_the_report_does_not_have() {
    let project = Project::new();
    project.build(&[]);
    project.write("reports/secret.txt", "secret").write("reports/figures/own.svg", "secret");
    let served = Served::of(&project, &[]);
    served.ready();
    for path in [
        "/experiments/paper.toml",
        "/.report/records",
        "/secret.txt",
        "/figures/own.svg",
        "/reports/report.md",
        "/etc/passwd",
        "/figures",
        "/figures/",
        "/_serve",
        "/digits/",
    ] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    for path in [
        "/../experiments/paper.toml",
        "/figures/../../experiments/paper.toml",
        "/%2e%2e/experiments/paper.toml",
        "//etc/passwd",
    ] {
        assert_eq!(served.get(path).status, 400, "{path}");
    }
}

#[test]
fn a_file_that_the_prose_links_to_is_served() {
    let project = Project::new();
    project.write("reports/notes.txt", "my notes").write("reports/other.txt", "other");
    project.edit("templates/paper.md.jinja", "## End", "[notes](notes.txt)\n\n## End");
    let served = Served::of(&project, &[]);
    served.ready();
    assert_eq!(served.get("/notes.txt").text(), "my notes");
    assert_eq!(served.get("/other.txt").status, 404);
}

#[test]
fn what_is_too_long_or_too_slow_is_refused_and_holds_up_nobody() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    served.ready();
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(1 << 20));
    let mut stream = served.connect();
    // The server may answer before it has read everything.
    let _ = stream.write_all(long.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&answer));
    let many = served.ask("GET", "/", &"a: b\r\n".repeat(500));
    assert_eq!(many.status, 431);
    let body = format!("{}Content-Length: 1000000\r\n", served.own_headers());
    assert_eq!(served.ask("POST", "/_train", &body).status, 413);
    // Clients that begin a request and never end it.
    let mut slow: Vec<_> = (0..40).map(|_| served.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    }
    let begun = Instant::now();
    assert_eq!(served.get("/").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5));
    // After a while they are sent away.
    let mut answer = String::new();
    slow[0].read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn too_many_clients_are_refused_and_later_ones_are_served_again() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    served.ready();
    let idle: Vec<_> = (0..120).map(|_| served.connect()).collect();
    let begun = Instant::now();
    let mut stream = served.connect();
    let _ = stream.write_all(b"GET / HTTP/1.1\r\n");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(idle);
    while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], served.port))).is_err()
        || !is_served(&served)
    {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_served(served: &Served) -> bool {
    let mut stream = served.connect();
    let request = format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", served.port);
    let mut answer = Vec::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut answer);
    answer.starts_with(b"HTTP/1.1 200 ")
}

#[test]
fn a_mistake_is_told_as_the_terminal_tells_it_and_the_last_page_stays() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    let first = served.ready();
    for (file, from, to) in [
        ("templates/paper.md.jinja", "## End", "{{ table(\"al\") }}\n\n## End"),
        ("experiments/deep.toml", "kernel = 3", "kernel = 0"),
        ("experiments/paper.toml", "kind = \"diagram\"", "kind = \"diagramm\""),
    ] {
        project.edit(file, from, to);
        let state = served.until("/", file, |state| state["error"] != Value::Null);
        let told = project.run(&["build", "--dry-run"]);
        assert_eq!(told.code, 2);
        assert_eq!(state["error"].as_str().unwrap(), told.stderr.trim_end(), "{file}");
        let page = served.get("/").text();
        assert!(page.contains("<h1 id=") && !page.contains("There is no page"), "{file}");
        assert_eq!(state["page"], first["page"], "{file}");
        project.edit(file, to, from);
        served.until("/", "the mistake is gone", |state| state["error"] == Value::Null);
    }
    project.edit("templates/paper.md.jinja", "## End", "A new sentence.\n\n## End");
    served.until("/", "a new page", |state| state["page"] != first["page"]);
    assert!(served.get("/").text().contains("A new sentence."));
}

#[test]
fn a_mistake_at_the_start_is_a_page_of_its_own_until_it_is_mended() {
    let project = Project::new();
    project.edit("experiments/deep.toml", "kernel = 3", "kernel = \"<b>\"");
    let served = Served::of(&project, &[]);
    served.until("/", "an error", |state| state["error"] != Value::Null);
    let page = served.get("/").text();
    assert!(
        page.contains("There is no page before this is mended:") && page.contains("&lt;b&gt;"),
        "{page}"
    );
    assert_eq!(served.get("/report.md").status, 404);
    project.edit("experiments/deep.toml", "kernel = \"<b>\"", "kernel = 3");
    served.until("/", "mended", |state| state["error"] == Value::Null);
    assert!(served.get("/").text().contains("<h1 id="));
}

#[test]
fn an_editor_that_removes_a_file_and_writes_it_again_shows_no_error() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    served.ready();
    let mut stream = served.connect();
    let request = format!("GET /_events HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", served.port);
    stream.write_all(request.as_bytes()).unwrap();
    let text = project.read("templates/paper.md.jinja");
    std::fs::remove_file(project.path("templates/paper.md.jinja")).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    project.write("templates/paper.md.jinja", text.replace("## End", "Written again.\n\n## End"));
    // The next event is that of the new page.
    let mut events = BufReader::new(stream).lines().map_while(Result::ok);
    let states = events.by_ref().filter_map(|line| {
        let told: Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
        Some(told["state"].clone())
    });
    for state in states {
        assert_eq!(state["error"], Value::Null);
        if state["page"] == 2 {
            break;
        }
    }
    assert!(served.get("/").text().contains("Written again."));
}

#[test]
fn a_changed_experiment_says_which_runs_are_missing_now_and_why() {
    let project = Project::new();
    project.build(&[]);
    let served = Served::of(&project, &[]);
    served.until("/", "all recorded", |state| state["page"] != 0 && all_left(state) == 0);
    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.02");
    let state = served.until("/", "all stale", |state| all_left(state) == 8);
    let reasons = state["missing"]["reasons"].to_string();
    assert!(reasons.contains("train.optimizer.lr: 0.01 → 0.02"), "{reasons}");
    assert!(state["missing"]["total"].as_str().unwrap().starts_with("8 runs to train, "));
    // A build in another terminal trains them.
    project.build(&[]);
    served.until("/", "all trained", |state| all_left(state) == 0);
    project.edit("experiments/base/protocol.toml", "lr = 0.02", "lr = 0.01");
    std::thread::sleep(Duration::from_millis(500));
    served.until("/", "the old records again", |state| all_left(state) == 0);
}

#[test]
fn with_build_missing_runs_are_trained_without_a_click_and_a_failure_is_told_once() {
    let project = Project::new();
    let served = Served::of(&project, &["--build"]);
    served.until("/", "all trained", |state| state["page"] != 0 && all_left(state) == 0);
    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.02");
    served.until("/", "all trained again", |state| {
        all_left(state) == 0 && project.count_records() == 16
    });
    // A file where the report belongs stops a build.
    served.until("/", "the training ends", |state| state["training"]["is_running"] == false);
    std::fs::remove_dir_all(project.path("reports")).unwrap();
    project.write("reports", "a file");
    project.edit("experiments/base/protocol.toml", "lr = 0.02", "lr = 0.03");
    let state = served.until("/", "a failure", |state| state["training"]["failure"] != Value::Null);
    let failure = state["training"]["failure"].as_str().unwrap();
    assert!(failure.contains("is a file; a report is a directory"), "{failure}");
    std::thread::sleep(Duration::from_millis(500));
    let later = served.ready();
    assert_eq!(later["training"], state["training"], "it is not tried again");
}

/// Makes each run take seconds.
fn slow(project: &Project) {
    project.edit("experiments/base/protocol.toml", "epochs = 2", "epochs = 60000").edit(
        "experiments/base/protocol.toml",
        "train_pairs = 20",
        "train_pairs = 200",
    );
}

#[test]
fn runs_in_training_are_shown_with_their_curves_whoever_trains_them() {
    let project = Project::new();
    slow(&project);
    let served = Served::of(&project, &[]);
    served.ready();
    let mut build = project.command(&["build", "-j", "1"]);
    let mut build = build.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let has_curve = |state: &Value| {
        let live = &state["live"][0];
        let points = live["curves"][0]["points"].as_array();
        live["progress"].as_str().is_some_and(|text| text.contains(" of 60000"))
            && points.is_some_and(|points| points.len() > 10)
    };
    let state = served.until("/", "a curve", has_curve);
    assert_eq!(state["live"].as_array().unwrap().len(), 1);
    assert!(state["live"][0]["name"].as_str().unwrap().contains("seed"), "{state}");
    assert_eq!(state["live"][0]["curves"][0]["name"], "published_test_accuracy");
    assert!(state["live"][0]["curves"][1]["name"].as_str().unwrap().contains("loss"));
    assert!(state["live"][0]["curves"][0]["points"].as_array().unwrap().len() <= 100);
    // What a killed build leaves does not count, and the next build removes it.
    build.kill().unwrap();
    build.wait().unwrap();
    served.until("/", "nothing is trained", |state| state["live"].as_array().unwrap().is_empty());
    assert!(!project.file_texts(".report/live").is_empty());
    project.edit("experiments/base/protocol.toml", "epochs = 60000", "epochs = 2");
    project.build(&[]);
    for (name, text) in project.file_texts(".report/live") {
        assert!(project.path(".report/leases").join(&name).exists(), "{name}: {text}");
    }
}

/// A program that leaves a file, writes a curve, and goes on until it may end.
fn with_program(project: &Project) {
    let experiment = "title = \"program\"\ntask = \"program\"\nseeds = 1\n\n[program]\n\
         command = [\"sh\", \"train.sh\"]\ninputs = [\"train.sh\"]\nisolate = false\n\
         metrics = { loss = \"lower\" }\n";
    let script = "touch has-run\n\
         for step in 1 2 3; do printf '{\"step\": %s, \"loss\": 0.%s}\\n' $step $step >> \"$REPORT_RESULT\"; done\n\
         printf '{\"progress\": 0.5}\\n' >> \"$REPORT_RESULT\"\n\
         while [ ! -e may-end ]; do sleep 0.05; done\n";
    project
        .write("experiments/program.toml", experiment)
        .write("experiments/paper.toml", "title = \"Programs\"\n")
        .write("templates/paper.md.jinja", "# {{ title }}\n")
        .write("train.sh", script);
}

#[test]
fn a_program_in_training_is_shown_with_what_it_has_written() {
    let project = Project::empty();
    with_program(&project);
    let served = Served::of(&project, &["--build"]);
    let state =
        served.until("/", "its curve", |state| state["live"][0]["progress"] == "step 3, 50 %");
    let curve = &state["live"][0]["curves"][0];
    assert_eq!(
        (&curve["name"], curve["points"].to_string()),
        (&"loss".into(), "[[1,0.1],[2,0.2],[3,0.3]]".to_owned())
    );
    project.write("may-end", "");
    served.until("/", "it is recorded", |state| {
        all_left(state) == 0 && state["live"][0] == Value::Null
    });
    assert!(project.file_texts(".report/live").is_empty());
}

#[test]
fn a_program_of_a_bundle_does_not_run() {
    let project = Project::empty();
    with_program(&project);
    project.write(".report/from-bundle", "from a bundle").write("may-end", "");
    let served = Served::of(&project, &["--build"]);
    let state = served.ready();
    let refusal = state["missing"]["refusal"].as_str().unwrap();
    assert!(refusal.contains("came in a bundle"), "{refusal}");
    served.ask("POST", "/_train", &served.own_headers());
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        !project.path("has-run").exists()
            && served.start("/")["state"]["training"]["is_running"] == false
    );
}

#[test]
fn a_training_of_the_server_can_be_stopped_and_ends_with_the_server() {
    let project = Project::new();
    slow(&project);
    let mut served = Served::of(&project, &[]);
    served.ready();
    let own = served.own_headers();
    let is_running =
        |state: &Value| state["training"]["is_running"] == true && state["live"][0] != Value::Null;
    served.ask("POST", "/_train", &own);
    served.until("/", "it trains", is_running);
    assert_eq!(served.ask("POST", "/_stop", &own).status, 202);
    let state = served.until("/", "it ends", |state| state["training"]["is_running"] == false);
    assert_eq!(state["training"]["failure"], Value::Null);
    assert!(project.file_texts(".report/leases").is_empty());
    served.ask("POST", "/_train", &own);
    served.until("/", "it trains again", is_running);
    let (_, lease) = project.file_texts(".report/leases").into_iter().next().unwrap();
    let lease: Value = serde_json::from_str(&lease).unwrap();
    let process = format!("/proc/{}", lease["process"]);
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    let begun = Instant::now();
    // The process may stay as a zombie where nobody waits for it.
    let is_alive = || {
        std::fs::read_to_string(format!("{process}/stat")).is_ok_and(|text| !text.contains(") Z "))
    };
    while cfg!(target_os = "linux") && is_alive() {
        assert!(begun.elapsed() < PATIENCE, "{process} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_gallery_has_a_list_and_each_paper_has_its_place() {
    let [good, bad] = [Project::new(), Project::new()];
    bad.edit("experiments/deep.toml", "kernel = 3", "kernel = 0");
    let gallery = Project::empty();
    for (name, from) in [("good one", &good), ("bad", &bad)] {
        for file in [
            "experiments/base/protocol.toml",
            "experiments/deep.toml",
            "experiments/fully-connected.toml",
            "experiments/paper.toml",
            "templates/paper.md.jinja",
        ] {
            gallery.write(&format!("{name}/{file}"), from.read(file));
        }
    }
    gallery.write("notes/text.txt", "no project");
    let served = Served::of(&gallery, &["."]);
    served.until("/good%20one/", "a page", |state| state["page"] != 0);
    served.until("/bad/", "an error", |state| state["error"] != Value::Null);
    let list = served.get("/").text();
    assert!(list.contains("<a href=\"good%20one/\">A small paper</a>"), "{list}");
    assert!(
        list.contains("0 of 8 runs recorded") && list.contains("<p class=\"error\">error: "),
        "{list}"
    );
    assert!(!list.contains("notes"));
    let moved = served.get("/good%20one");
    assert!(moved.status == 301 && moved.head.ends_with("\r\nLocation: /good%20one/"), "{moved:?}");
    assert!(served.get("/good%20one/figures/models.svg").text().contains("<svg"));
    for path in
        ["/figures/models.svg", "/notes/", "/notes", "/good%20one/bad/", "/good%20one/../bad/"]
    {
        assert!([400, 404].contains(&served.get(path).status), "{path}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_a_remedy() {
    let project = Project::new();
    let served = Served::of(&project, &[]);
    let outcome = project.run(&["serve", "--port", &served.port.to_string()]);
    assert_eq!(outcome.code, 2);
    assert!(
        outcome
            .stderr
            .contains(&format!("error: the server cannot listen on port {}", served.port)),
        "{outcome:?}"
    );
    assert!(outcome.stderr.contains("hint: `--port N` names another port"), "{outcome:?}");
    let outcome = Project::empty().run(&["serve"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("has no folder `experiments/`"), "{outcome:?}");
}
