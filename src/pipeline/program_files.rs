//! Finds the files of programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use glob::{MatchOptions, Pattern};

use super::whole::WHOLE;
use crate::cache::Cache;
use crate::digest::Digest;
use crate::experiment::{FileFaults, FoundFiles, NamedFiles, plain_path, probe_words};
use crate::format::chain;
use crate::fs;
use crate::program::{self, Digests};
use crate::provenance;

/// The most files that the inputs of a program may be.
const MOST_FILES: usize = 100_000;

/// The most folders that a pattern leads through. The limit ends the search if a link leads to a folder above.
const DEEPEST: usize = 32;

/// Folders whose files are no inputs, unless a pattern names them.
const IGNORED: [&str; 2] = ["__pycache__", "node_modules"];

/// What a probe said, if it has run; or what is wrong with it.
type Said = Result<Option<String>, String>;

/// What a program names: its executable, its inputs, its probe, and both kinds of variables.
type Named = (String, Vec<String>, Vec<String>, BTreeMap<String, String>, Vec<String>);

/// Finds the files of programs, each once.
pub(super) struct ProgramFinder<'f> {
    root: &'f Path,
    /// Whether probes run. What they said before is used otherwise.
    runs_probes: bool,
    digests: Arc<Digests>,
    probes: Mutex<BTreeMap<Vec<String>, Said>>,
    /// The files of each program that was asked for: conditions of a matrix share them.
    known: Mutex<BTreeMap<Named, Result<Arc<FoundFiles>, FileFaults>>>,
}

impl<'f> ProgramFinder<'f> {
    pub(super) fn new(root: &'f Path, runs_probes: bool) -> Self {
        // Programs cannot start in a directory without a name.
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let file = Cache::new(root).digests_file();
        let digests = Digests::read(&fs::read(&file).unwrap_or_default());
        Self {
            root,
            runs_probes,
            digests: Arc::new(digests),
            probes: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// The files of a program, or all that is wrong with them.
    pub(super) fn find(&self, named: &NamedFiles<'_>) -> Result<Arc<FoundFiles>, FileFaults> {
        let NamedFiles { executable, inputs, probe, environment, pass_environment } = *named;
        let key = (
            executable.to_owned(),
            inputs.to_vec(),
            probe.to_vec(),
            environment.clone(),
            pass_environment.to_vec(),
        );
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.entry(key).or_insert_with(|| self.look(named).map(Arc::new)).clone()
    }

    /// Looks for the files of a program.
    fn look(&self, named: &NamedFiles<'_>) -> Result<FoundFiles, FileFaults> {
        let mut faults = Vec::new();
        let mut inputs = BTreeMap::new();
        for pattern in named.inputs {
            match self.matches(pattern) {
                Ok(found) => inputs.extend(found),
                Err(fault) => faults.push(("inputs", fault)),
            }
        }
        let absent = match self.executable(named, &inputs) {
            Ok(absent) => absent,
            Err(fault) => {
                faults.insert(0, ("command", fault));
                None
            }
        };
        let probe = match named.probe.is_empty() {
            true => Ok(None),
            false => self.probe(named),
        };
        match (probe, faults.is_empty()) {
            (Ok(probe), true) => Ok(FoundFiles { inputs, probe, absent }),
            (Ok(_), false) => Err(faults),
            (Err(fault), _) => {
                faults.push(("probe", fault));
                Err(faults)
            }
        }
    }

    /// Why a program cannot be started on this machine, if it is not here. A name without a folder is looked for in
    /// `PATH`.
    ///
    /// # Errors
    /// If it cannot be started on any machine: it is a file of the project, and no input.
    fn executable(
        &self,
        named: &NamedFiles<'_>,
        inputs: &BTreeMap<String, Digest>,
    ) -> Result<Option<String>, String> {
        let name = named.executable;
        if !name.contains('/') {
            if inputs.contains_key(name) {
                return Err(format!(
                    "names `{name}`, which means a program in `PATH`; write `./{name}` for the input"
                ));
            }
            let own = named.environment.get("PATH").cloned();
            let path = own.or_else(|| provenance::variable("PATH")).unwrap_or_default();
            let is_there =
                std::env::split_paths(&path).any(|folder| fs::is_file(&folder.join(name)));
            let absent =
                || format!("names `{name}`, but no folder of `PATH` has a program of this name");
            return Ok((!is_there).then(absent));
        }
        if inputs.contains_key(&plain_path(name)) {
            return Ok(None);
        }
        let is_there = fs::is_file(&self.root.join(name));
        // The environment may be missing on this machine.
        let is_hidden = name.starts_with('.') && !name.starts_with("./") && !name.starts_with("..");
        let is_elsewhere = Path::new(name).is_absolute()
            || if is_there { self.is_of_environment(name) } else { is_hidden };
        match (is_there, is_elsewhere) {
            (true, true) => Ok(None),
            (true, false) => Err(format!(
                "names `{name}`, a file of the project that is no input; add it to `inputs`"
            )),
            (false, true) => {
                Ok(Some(format!("names `{name}`, but there is no such file on this machine")))
            }
            (false, false) => {
                Err(format!("names `{name}`, but there is no such file in the project"))
            }
        }
    }

    /// Whether a file belongs to an environment such as `.venv`, which each machine has for itself: it is a link that
    /// leads out of the project, or in a folder that `venv` or `conda` has made.
    fn is_of_environment(&self, name: &str) -> bool {
        const MARKS: [&str; 2] = ["pyvenv.cfg", "conda-meta"];
        let file = self.root.join(name);
        let leads_out = !fs::physical(&file).starts_with(fs::physical(self.root));
        let folders = Path::new(name).ancestors().skip(1);
        let mut folders = folders.filter(|folder| !folder.as_os_str().is_empty());
        leads_out
            || folders.any(|folder| {
                MARKS.iter().any(|mark| fs::is_there(&self.root.join(folder).join(mark)))
            })
    }

    /// The files that match a pattern, by their paths from the project.
    fn matches(&self, pattern: &str) -> Result<BTreeMap<String, Digest>, String> {
        if Path::new(pattern).is_absolute() {
            return Err(format!("names `{pattern}`, which is no path from the project"));
        }
        if Path::new(pattern).components().any(|part| part.as_os_str() == "..") {
            return Err(format!(
                "names `{pattern}`; write the path from the project, without `..`"
            ));
        }
        let pattern = &*plain_path(pattern);
        let compiled = Pattern::new(pattern)
            .map_err(|error| format!("has the pattern `{pattern}`, which is wrong: {error}"))?;
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        let mut found = Vec::new();
        let literal = pattern.find(['*', '?', '[']).map_or(pattern, |at| &pattern[..at]);
        if literal.len() == pattern.len() {
            found.extend(fs::is_file(&self.root.join(pattern)).then(|| pattern.to_owned()));
        } else {
            let folder = literal.rfind('/').map_or("", |at| &literal[..at]);
            self.walk(folder, pattern, &|path| compiled.matches_with(path, options), &mut found)?;
        }
        if found.is_empty() {
            return Err(format!("has `{pattern}`, which no file matches"));
        }
        found.sort();
        let digest = |path: String| Ok((path.clone(), self.digest(&path)?));
        found.into_iter().map(digest).collect()
    }

    /// Adds the files below a folder that match.
    fn walk(
        &self,
        folder: &str,
        pattern: &str,
        matches: &dyn Fn(&str) -> bool,
        found: &mut Vec<String>,
    ) -> Result<(), String> {
        let directory = self.root.join(folder);
        if !fs::is_directory(&directory) {
            return Ok(());
        }
        if folder.matches('/').count() > DEEPEST {
            return Err(format!(
                "has `{pattern}`, which leads through more than {DEEPEST} folders; is there a link to a folder above?"
            ));
        }
        for entry in fs::entries(&directory).map_err(|error| chain(&error))? {
            let Some(name) = entry.file_name().and_then(|name| name.to_str()) else {
                return Err(format!(
                    "has `{pattern}`, but the name of `{}` is not UTF-8; rename it",
                    entry.display()
                ));
            };
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            if fs::is_directory(&entry) {
                // What a build writes is no input of its runs.
                if !IGNORED.contains(&name) && path != WHOLE {
                    self.walk(&path, pattern, matches, found)?;
                }
            } else if matches(&path) {
                found.push(path);
                if found.len() > MOST_FILES {
                    return Err(format!(
                        "has `{pattern}`, which matches more than {MOST_FILES} files"
                    ));
                }
            }
        }
        Ok(())
    }

    fn digest(&self, path: &str) -> Result<Digest, String> {
        self.digests.of(&self.root.join(path)).map_err(|error| chain(&error))
    }

    /// The digests of large files, for the runs. Keeps them for the next command, if this one may write.
    pub(super) fn into_digests(self) -> Arc<Digests> {
        if self.runs_probes && !self.digests.is_empty() {
            let file = Cache::new(self.root).digests_file();
            // Without them, the next command only takes longer.
            let _ = fs::write_atomic(&file, self.digests.text().as_bytes());
        }
        self.digests
    }

    /// What a probe says, or said before.
    fn probe(&self, named: &NamedFiles<'_>) -> Result<Option<String>, String> {
        let environment = program::shared(named.environment, named.pass_environment);
        let words = probe_words(named.probe, named.environment);
        let mut known = self.probes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let said = known.entry(words).or_insert_with_key(|words| {
            let cache = Cache::new(self.root);
            let file = cache.probe(words);
            if !self.runs_probes {
                let said = fs::read_if_there(&file).map_err(|error| chain(&error))?;
                return Ok(said.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
            }
            let scratch = cache.scratch();
            fs::create_directory(&scratch).map_err(|error| chain(&error))?;
            let said = program::probe(self.root, named.probe, environment, &scratch)?;
            fs::write_atomic(&file, said.as_bytes()).map_err(|error| chain(&error))?;
            Ok(Some(said))
        });
        said.clone()
    }
}
