//! Which files a paper is made of, and which kind of them has changed.
//!
//! Files are polled: a stamp of each costs a microsecond, and works on every disk. What notifies of changes differs between
//! systems, and is silent on network disks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cache::Cache;
use crate::fs::{self, Stamp};
use crate::pipeline::{SNAPSHOT, WHOLE};
use crate::template::TEMPLATES;

/// The folder of the experiments, the paper file, and often of the data.
pub(super) const EXPERIMENTS: &str = "experiments";

/// The most levels of folders, as the reader of a project has it.
const DEEPEST: usize = 8;

/// The folders of the cache that change with the state of a run.
const OF_RUNS: [&str; 3] = ["records", "failures", "quarantine"];

/// What must be read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stale {
    /// Templates, and images of the prose.
    pub(super) prose: bool,
    /// Experiments, the paper file, data, and what programs are made of.
    pub(super) inputs: bool,
    /// Records, and the numbers of the previous report.
    pub(super) records: bool,
}

impl Stale {
    /// Everything.
    pub(super) const ALL: Self = Self { prose: true, inputs: true, records: true };

    /// Whether anything is.
    pub(super) fn is_any(self) -> bool {
        self.prose || self.inputs || self.records
    }

    /// What one or the other says.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            prose: self.prose || other.prose,
            inputs: self.inputs || other.inputs,
            records: self.records || other.records,
        }
    }
}

/// The stamps of all files that a paper is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamps {
    prose: BTreeMap<PathBuf, Option<Stamp>>,
    inputs: BTreeMap<PathBuf, Option<Stamp>>,
    records: BTreeMap<PathBuf, Option<Stamp>>,
}

impl Stamps {
    /// The stamps now. `inputs` and `prose` are files outside of the folders of the project.
    pub(super) fn of(root: &Path, inputs: &[PathBuf], prose: &[PathBuf]) -> Self {
        let stamped = |path: &PathBuf| (path.clone(), fs::stamp(path).ok());
        let below = |folder: &str| fs::stamps_below(&root.join(folder), DEEPEST);
        let cache = root.join(Cache::DIRECTORY);
        let mut own = Self {
            prose: below(TEMPLATES),
            inputs: below(EXPERIMENTS),
            records: OF_RUNS.iter().map(|part| stamped(&cache.join(part))).collect(),
        };
        own.prose.extend(prose.iter().map(stamped));
        own.inputs.extend(inputs.iter().map(stamped));
        // What a probe says is a part of the key of a run.
        own.inputs.extend([stamped(&cache.join("probes"))]);
        own.records.extend([stamped(&root.join(WHOLE).join(SNAPSHOT))]);
        own
    }

    /// The same with the records of `other`: a later look finds them changed.
    pub(super) fn with_records_of(self, other: &Self) -> Self {
        Self { records: other.records.clone(), ..self }
    }

    /// Makes the next look find the records changed.
    pub(super) fn forget_records(&mut self) {
        self.records.clear();
    }

    /// What has changed since `before`.
    pub(super) fn since(&self, before: &Self) -> Stale {
        Stale {
            prose: self.prose != before.prose,
            inputs: self.inputs != before.inputs,
            records: self.records != before.records,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_makes_only_what_depends_on_it_stale() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let write = |name: &str, text: &str| fs::append(&root.join(name), text.as_bytes()).unwrap();
        for name in [
            "templates/paper.md.jinja",
            "experiments/a.toml",
            ".report/records/a.json",
            "train.py",
            "plot.png",
        ] {
            write(name, "1");
        }
        let (inputs, prose) = ([root.join("train.py")], [root.join("plot.png")]);
        let look = || Stamps::of(root, &inputs, &prose);
        let after = |name: &str| {
            let before = look();
            assert!(!look().since(&before).is_any());
            write(name, "2");
            look().since(&before)
        };
        let none = Stale::default();
        for name in ["templates/paper.md.jinja", "templates/parts/new.md", "plot.png"] {
            assert_eq!(after(name), Stale { prose: true, ..none }, "{name}");
        }
        for name in
            ["experiments/a.toml", "experiments/data/new.csv", "train.py", ".report/probes/a"]
        {
            assert_eq!(after(name), Stale { inputs: true, ..none }, "{name}");
        }
        for name in
            [".report/records/b.json", ".report/failures/b.json", "reports/data/report.json"]
        {
            assert_eq!(after(name), Stale { records: true, ..none }, "{name}");
        }
        for name in
            ["other.txt", "templates/.paper.md.jinja.swp", "reports/report.html", ".report/live/a"]
        {
            assert_eq!(after(name), none, "{name}");
        }
    }

    #[test]
    fn a_file_that_is_replaced_by_one_of_the_same_size_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("templates/paper.md.jinja");
        fs::write_atomic(&path, b"one").unwrap();
        let before = Stamps::of(directory.path(), &[], &[]);
        fs::write_atomic(&path, b"two").unwrap();
        assert!(Stamps::of(directory.path(), &[], &[]).since(&before).prose);
    }
}
