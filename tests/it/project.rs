//! A project in a temporary directory, and the binary run on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The root of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A project whose runs take milliseconds. Experiments are named as the shipped ones: `deep`, with
/// a convolution, and `fully-connected`; two conditions and two seeds each, so eight runs.
pub(crate) struct Project {
    directory: TempDir,
}

/// What a command left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

const BASE: &str = r#"
seeds = 2

[factors]
"model.weight_sharing" = [true, false]

[data]
seed = 0
train_pairs = 20
test_pairs = 20
pooling = 2

[model]
weight_sharing = false
head = [
  { layer = "linear", outputs = 1 },
  "batch_norm",
  { layer = "dropout", probability = 0.25 },
  "sigmoid",
]

[train]
auxiliary_loss = true
epochs = 2
batch_size = 10

[train.optimizer]
kind = "adam"
lr = 0.01
"#;

const DEEP: &str = r#"
extends = "base/protocol.toml"
title = "deep"
question = "Does a convolution help?"

[model]
branch = [
  { layer = "conv2d", channels = 2, kernel = 3, padding = 1 },
  "relu",
  { layer = "max_pool2d", size = 2 },
  "flatten",
  { layer = "linear", outputs = 10 },
  "batch_norm",
]
"#;

/// Every kernel: convolutions through the Fourier transform and direct, with and without pooling,
/// and all activations.
const EVERY_LAYER: &str = r#"
extends = "base/protocol.toml"
title = "deep"

[model]
branch = [
  { layer = "conv2d", channels = 5, kernel = 3, padding = 1 },
  "relu",
  { layer = "max_pool2d", size = 2 },
  { layer = "conv2d", channels = 20, kernel = 5, padding = 4 },
  "tanh",
  { layer = "max_pool2d", size = 3, stride = 2 },
  { layer = "conv2d", channels = 30, kernel = 3, padding = 2 },
  "batch_norm",
  { layer = "max_pool2d", size = 2, stride = 1 },
  { layer = "conv2d", channels = 3, kernel = 2, stride = 2 },
  "sigmoid",
  "flatten",
  { layer = "dropout", probability = 0.1 },
  { layer = "linear", outputs = 10 },
  "batch_norm",
  "relu",
]
"#;

const FULLY_CONNECTED: &str = r#"
extends = "base/protocol.toml"
title = "fully connected"

[model]
branch = ["flatten", { layer = "linear", outputs = 10 }]
"#;

const PAPER: &str = r#"
title = "A small paper"
source = "nobody"

[labels.weight_sharing]
label = "weight sharing"
levels = { true = "yes", false = "no" }

[[metric]]
name = "published"
label = "test accuracy"
curve = "published_test_accuracy"
reduction = "best"

[[table]]
name = "all"
caption = "All conditions."
metric = "published"
by = ["experiment", "weight_sharing"]
published = [{ row = ["deep", true], mean = 50.0, std = 1.0 }]

[[table]]
name = "sharing"
caption = "With and without sharing."
metric = "published"
by = ["weight_sharing"]

[[figure]]
name = "models"
kind = "diagram"
caption = "The models."
experiments = ["deep", "fully-connected"]

[[figure]]
name = "curves"
kind = "learning-curves"
caption = "The curves."
curve = "published_test_accuracy"

[[figure]]
name = "seeds"
kind = "seeds"
caption = "The runs."
table = "all"
"#;

const TEMPLATE: &str = r#"# {{ title }}

The mean is {{ cell("all", "mean", experiment="deep", weight_sharing=true) }}.

{{ table("all") }}

{{ table("sharing") }}

{{ figure("models") }}

{{ figure("curves") }}

{{ figure("seeds") }}

## End

{{ changes() }}

{{ provenance_block() }}
"#;

impl Project {
    /// Declares that all tables and curves compare conditions that differ in this key.
    pub(crate) fn declare_difference(&self, key: &str) -> &Self {
        let differs = format!("\ndiffers = [\"{key}\"]\n");
        let paper = self.read("experiments/paper.toml");
        let paper = paper
            .replace("\nby = [\"experiment\"", &format!("{differs}by = [\"experiment\""))
            .replace("\nby = [\"weight_sharing\"", &format!("{differs}by = [\"weight_sharing\""))
            .replace(
                "\nkind = \"learning-curves\"",
                &format!("{differs}kind = \"learning-curves\""),
            );
        self.write("experiments/paper.toml", paper)
    }

    /// A project without a file.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// The small project.
    pub(crate) fn new() -> Self {
        let project = Self::empty();
        project
            .write("experiments/base/protocol.toml", BASE)
            .write("experiments/deep.toml", DEEP)
            .write("experiments/fully-connected.toml", FULLY_CONNECTED)
            .write("experiments/paper.toml", PAPER)
            .write("templates/paper.md.jinja", TEMPLATE);
        project
    }

    /// The small project with more kinds of layers in `deep`.
    pub(crate) fn with_every_layer() -> Self {
        let project = Self::new();
        project.write("experiments/deep.toml", EVERY_LAYER);
        project
    }

    /// The shipped experiments and templates, without records.
    pub(crate) fn shipped() -> Self {
        let project = Self::empty();
        for name in [
            "experiments/base/protocol.toml",
            "experiments/deep.toml",
            "experiments/deep-sigmoid.toml",
            "experiments/extended/deep.toml",
            "experiments/extended/deep-sigmoid.toml",
            "experiments/extended/fully-connected.toml",
            "experiments/fully-connected.toml",
            "experiments/paper.toml",
            "templates/paper.md.jinja",
        ] {
            project.write(name, std::fs::read(repository().join(name)).unwrap());
        }
        project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces `from`, which must be there, by `to`.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) -> &Self {
        let text = self.read(name);
        assert!(text.contains(from), "`{name}` has no `{from}`");
        self.write(name, text.replace(from, to))
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_report"));
        command.args(args).current_dir(self.directory.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(args))
    }

    /// Whether the tests run as root, whom no permission stops.
    #[cfg(unix)]
    pub(crate) fn is_root(&self) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(self.path("")).unwrap().uid() == 0
    }

    /// Lets every user read the project, and nobody else write it.
    #[cfg(unix)]
    pub(crate) fn make_readable(&self) {
        let status = Command::new("chmod").args(["-R", "a+rX,go-w"]).arg(self.path("")).status();
        assert!(status.unwrap().success());
        if !self.is_root() {
            let status = Command::new("chmod").args(["-R", "a-w"]).arg(self.path("")).status();
            assert!(status.unwrap().success());
        }
    }

    /// Writes the four standard files with 60 made-up digits each.
    pub(crate) fn write_digits(&self, directory: &str) {
        for (name, magic, pixels) in [
            ("train-images-idx3-ubyte", [0, 0, 8, 3], true),
            ("train-labels-idx1-ubyte", [0, 0, 8, 1], false),
            ("t10k-images-idx3-ubyte", [0, 0, 8, 3], true),
            ("t10k-labels-idx1-ubyte", [0, 0, 8, 1], false),
        ] {
            let mut bytes = [&magic[..], &[0, 0, 0, 60]].concat();
            if pixels {
                bytes.extend([0, 0, 0, 28, 0, 0, 0, 28]);
            }
            let values = if pixels { 60 * 784 } else { 60 };
            let value = |i: usize| if pixels { (i % 251) as u8 } else { (i % 10) as u8 };
            bytes.extend((0..values).map(value));
            self.write(&format!("{directory}/{name}"), bytes);
        }
    }

    /// Builds, which must succeed, and returns how many runs were trained. The report is partial if
    /// experiments are left out.
    #[track_caller]
    pub(crate) fn build(&self, args: &[&str]) -> usize {
        let outcome = self.run(&[&["build"], args].concat());
        let may_be_partial = args.contains(&"--only") && outcome.code == 4;
        assert!(outcome.code == 0 || may_be_partial, "{outcome:#?}");
        trained(&outcome)
    }

    /// The files of all records.
    pub(crate) fn record_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path(".report/records")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        // A killed build may have left a record half written, under another name.
        let mut files: Vec<_> =
            paths.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        files
    }

    /// The texts of all files in a directory, by name.
    pub(crate) fn file_texts(&self, directory: &str) -> BTreeMap<String, String> {
        let Ok(entries) = std::fs::read_dir(self.path(directory)) else { return BTreeMap::new() };
        let read = |path: PathBuf| {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            (path.file_name().unwrap().to_string_lossy().into_owned(), text)
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).map(read).collect()
    }

    /// Makes all records those of a version of this program with another trainer.
    pub(crate) fn age_records(&self) {
        for file in self.record_files() {
            let mut record: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            record["config"]["versions"]["train"] = 1.into();
            let digest = report::digest::Digest::of(&record["config"]).unwrap();
            record["digest"] = digest.to_string().into();
            std::fs::remove_file(&file).unwrap();
            self.write_record(&digest.to_string(), &record);
        }
    }

    /// Writes a record with a right checksum.
    pub(crate) fn write_record(&self, digest: &str, record: &Value) {
        let mut entries = record.as_object().unwrap().clone();
        let mut body = format!(
            r#"{{"format":{},"digest":"{digest}","config":{},"#,
            entries.remove("format").unwrap(),
            report::digest::canonical_json(&entries.remove("config").unwrap()).unwrap(),
        );
        entries.remove("digest");
        entries.remove("checksum");
        let rest = serde_json::to_string(&entries).unwrap();
        body.push_str(&rest[1..rest.len() - 1]);
        let checksum = report::digest::Digest::of_bytes(body.as_bytes());
        let text = format!("{body},\"checksum\":\"{checksum}\"}}\n");
        self.write(&format!(".report/records/{digest}.json"), text);
    }

    /// How many records there are.
    pub(crate) fn count_records(&self) -> usize {
        if self.path(".report/records").exists() { self.record_files().len() } else { 0 }
    }

    /// All records by file name, without what differs between two executions.
    pub(crate) fn records(&self) -> BTreeMap<String, Value> {
        let read = |path: PathBuf| {
            let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            for volatile in ["provenance", "checksum"] {
                record.as_object_mut().unwrap().remove(volatile).unwrap();
            }
            (path.file_name().unwrap().to_string_lossy().into_owned(), record)
        };
        self.record_files().into_iter().map(read).collect()
    }

    /// The report's two files, without the blocks of what differs between two executions.
    pub(crate) fn report(&self) -> [String; 2] {
        ["reports/report.md", "reports/report.html"].map(|name| {
            let text = self.read(name);
            let mut parts = text.split("<!-- provenance -->");
            let mut kept = parts.next().unwrap().to_owned();
            for part in parts {
                kept.push_str(part.split_once("<!-- end of provenance -->").unwrap().1);
            }
            assert_ne!(kept, text, "{name} has a block of provenance");
            kept
        })
    }
}

impl Outcome {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().expect("the command was not killed"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Starts a command whose output [`ended`] collects.
pub(crate) fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a started command left. The status of a killed one is −1.
pub(crate) fn ended(child: Child) -> Outcome {
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A record that was changed, with the checksum of its text.
pub(crate) fn with_checksum(record: &str) -> String {
    let (body, _) = record.split_once(",\"checksum\":\"").unwrap();
    let checksum = report::digest::Digest::of_bytes(body.as_bytes());
    format!("{body},\"checksum\":\"{checksum}\"}}\n")
}

/// The record with another number in its first curve, and with the checksum of this text.
pub(crate) fn forged(record: &str) -> String {
    let place = record.find("_loss\":[").or_else(|| record.find("\":[")).unwrap();
    let digit = place + record[place..].find("0.").unwrap() + 2;
    let other = if &record[digit..=digit] == "7" { "6" } else { "7" };
    with_checksum(&format!("{}{other}{}", &record[..digit], &record[digit + 1..]))
}

/// How many runs a build says that it trained.
#[track_caller]
pub(crate) fn trained(outcome: &Outcome) -> usize {
    if outcome.stderr.contains("nothing to train") {
        return 0;
    }
    let line = outcome.stderr.lines().find_map(|line| line.strip_prefix("trained ")).unwrap();
    line.split_once(' ').unwrap().0.parse().unwrap()
}
