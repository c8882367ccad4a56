//! What documented commands print, compared with `tests/fixtures/commands/`. Times, digests, dates and what depends on
//! the machine are masked.

use std::path::PathBuf;

use regex::Regex;
use snapbox::{Assert, Data, Redactions};

use crate::project::{Outcome, Project, repository};

/// The most lines of one output that are compared.
const MOST: usize = 60;

/// What stands for each thing that differs between two executions.
const MASKS: [(&str, &str); 14] = [
    ("[SPEED]", r"(?<redacted>[\d.]+) examples/s"),
    (
        "[TIME]",
        r"(?<redacted>(about )?\d+(\.\d+)? (ms|s|min|h|days?)( \d+ (s|min|h))?|less than a second)( per run|\b)",
    ),
    ("[DIGEST]", r"(^|[^.0-9a-f])(?<redacted>[0-9a-f]{12,64})\b"),
    ("[DATE]", r"(?<redacted>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?(\s+\d+\.\d\d)?)"),
    ("[WORKERS]", r"on (?<redacted>\d+ workers?)"),
    ("[SECONDS]", r#"("seconds"|"started_at"|"accepted_at"|"created_at"):(?<redacted>[\d.e-]+)"#),
    ("[COUNT]", r#"("bytes"|"workers"):(?<redacted>\d+)"#),
    ("[PLATFORM]", r#""platform":"(?<redacted>[^"]*)""#),
    ("[ORIGIN]", r#""origin":(?<redacted>\{[^}]*\})"#),
    ("[CONDITION]", r#""condition":(?<redacted>\{[^}]*\})"#),
    ("[VERSION]", r#"(report |"version":")(?<redacted>\d+\.\d+\.\d+( \([^)]*\))?)"#),
    ("[SIZE]", r"(?<redacted>\d+(\.\d+)? [kMG]B|\d+ bytes)"),
    // `verify --sample` chooses by chance.
    ("[RUN]", r"(?<redacted>[\w-]+ \(weight_sharing (true|false)\) seed \d): identical"),
    ("[SYSTEM]", r"on (?<redacted>(linux|macos|windows) \w+)"),
];

/// Commands with what they printed.
#[derive(Default)]
pub(super) struct Transcript {
    entries: Vec<(String, String)>,
}

impl Transcript {
    pub(super) fn add(&mut self, command: &str, outcome: &Outcome) {
        let lines = outcome.stdout.lines().chain(outcome.stderr.lines());
        let mut lines: Vec<_> = lines.filter(|line| !is_progress(line)).collect();
        // Records of one second have no order.
        lines.chunk_by_mut(|a, b| is_record(a) && is_record(b)).for_each(<[&str]>::sort_unstable);
        let is_cut = lines.len() > MOST;
        lines.truncate(MOST);
        lines.extend(is_cut.then_some("..."));
        let text = lines.join("\n") + if lines.is_empty() { "" } else { "\n" };
        self.entries.push((command.to_owned(), text));
    }

    /// How the commands of a document differ from what is pinned, if they do.
    pub(super) fn difference(&self, document: &str, project: &Project) -> Option<String> {
        if self.entries.is_empty() {
            return None;
        }
        let entries =
            self.entries.iter().map(|(command, text)| format!("$ report {command}\n{text}\n"));
        let name = document.replace('/', "-").replace(".md", ".txt");
        let path = repository().join("tests/fixtures/commands").join(name);
        let actual = Data::text(entries.collect::<String>());
        let assert = Assert::new().action_env("SNAPSHOTS").normalize_paths(false);
        let assert = assert.redact_with(masks(project));
        let found = assert.try_eq(Some(&document), actual, pinned(&path));
        found.err().map(|error| error.to_string())
    }

    /// How the output of a command differs from a text in its document, if it does.
    pub(super) fn difference_of(
        &self,
        command: &str,
        shown: &str,
        project: &Project,
    ) -> Option<String> {
        let Some((_, text)) = self.entries.iter().rev().find(|(own, _)| own == command) else {
            return Some(format!("`{command}` did not run"));
        };
        let masks = masks(project);
        let [actual, shown] =
            [text.trim(), shown.trim()].map(|text| Data::text(masks.redact(text)));
        let found = Assert::new().try_eq(Some(&command), actual, shown.raw());
        found.err().map(|error| error.to_string())
    }
}

/// The text of a file. A missing one is empty, so that it can be written.
fn pinned(path: &PathBuf) -> Data {
    if !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    Data::read_from(path, None)
}

fn masks(project: &Project) -> Redactions {
    let mut masks = Redactions::new();
    masks.insert("[ROOT]", project.path("").display().to_string()).unwrap();
    for (mask, pattern) in MASKS {
        masks.insert(mask, Regex::new(pattern).unwrap()).unwrap();
    }
    masks
}

/// Whether a line begins with the digest of a record.
fn is_record(line: &str) -> bool {
    line.trim_start().bytes().take_while(u8::is_ascii_hexdigit).count() >= 12
}

/// Lines whose number and order depend on how fast the machine is.
fn is_progress(line: &str) -> bool {
    let is_count = line.starts_with('[') && line.contains("] ");
    is_count || line.contains("the page so far") || line.ends_with(" left")
}
