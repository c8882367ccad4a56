//! Keeps one paper up to date: looks at its files, renders what has changed, and trains on request.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::edition::{Edition, Setting};
use super::live;
use super::paper::{Paper, Wish};
use super::state;
use super::terminal::Terminal;
use super::training::Training;
use super::watch::{Stale, Stamps};
use crate::cache::{Cache, Leases};
use crate::digest::Digest;
use crate::fs;
use crate::pipeline::{Error, Report};
use crate::provenance::Stopwatch;

/// How often the files are looked at while somebody reads the page, and otherwise.
const LOOK: Duration = Duration::from_millis(20);
const IDLE_LOOK: Duration = Duration::from_millis(250);

/// A look may take at most one part in this many of the time: many files are looked at less often.
const REST: u32 = 20;

/// How often runs in training are looked at.
const LIVE_LOOK: Duration = Duration::from_millis(300);

/// An error is shown if it is still there after this time: some editors remove a file and write it again.
const SETTLE: Duration = Duration::from_millis(120);

/// During a training, new records are shown at most this often, and never in more than a part of [`REST`] of the time.
const RECORDS_PAUSE: Duration = Duration::from_secs(2);

/// The most runs in training that are shown.
const MOST_LIVE: usize = 12;

/// Keeps a paper up to date.
pub(super) struct Keeper {
    paper: Arc<Paper>,
    setting: Arc<Setting>,
    terminal: Arc<dyn Terminal>,
    /// Whether missing runs are trained unasked.
    builds: bool,
    edition: Edition,
    stamps: Stamps,
    /// Files outside of the folders of the project.
    inputs: Vec<PathBuf>,
    prose: Vec<PathBuf>,
    cache: Cache,
    leases: Leases,
    training: Option<Training>,
    /// The runs that were trained or tried.
    tried: BTreeSet<Digest>,
    /// Whether a process trained a run of the paper at the last look.
    is_active: bool,
    looked_at_live: Stopwatch,
    /// When the records were read last, and how long that took.
    records_read: (Stopwatch, Duration),
}

impl Keeper {
    pub(super) fn new(
        paper: Arc<Paper>,
        setting: Arc<Setting>,
        terminal: Arc<dyn Terminal>,
        builds: bool,
    ) -> Self {
        let cache = Cache::new(&paper.root);
        let mut edition = Edition::default();
        edition.note(Stale::ALL);
        Self {
            leases: cache.leases(),
            cache,
            paper,
            setting,
            terminal,
            builds,
            edition,
            stamps: Stamps::default(),
            inputs: Vec::new(),
            prose: Vec::new(),
            training: None,
            tried: BTreeSet::new(),
            is_active: false,
            looked_at_live: Stopwatch::start(),
            records_read: (Stopwatch::start(), Duration::ZERO),
        }
    }

    /// Works until the process ends.
    pub(super) fn work(mut self) -> ! {
        loop {
            let stopwatch = Stopwatch::start();
            let stamps = Stamps::of(&self.paper.root, &self.inputs, &self.prose);
            let took = stopwatch.elapsed();
            self.follow(stamps);
            self.look_at_runs();
            let look = if self.paper.has_listeners() { LOOK } else { IDLE_LOOK };
            std::thread::sleep(look.max(REST * took));
        }
    }

    /// Reads and renders what has changed since the last look.
    fn follow(&mut self, stamps: Stamps) {
        let mut stale = stamps.since(&self.stamps);
        let (since, took) = self.records_read;
        let is_early = since.elapsed() < RECORDS_PAUSE.max(REST * took);
        if stale.records && !stale.inputs && self.is_active && is_early {
            // They are read later, and until then only counted.
            stale.records = false;
            self.count_records();
            self.stamps = stamps.with_records_of(&self.stamps);
        } else {
            self.stamps = stamps;
        }
        if !stale.is_any() {
            return;
        }
        self.edition.note(stale);
        let stopwatch = Stopwatch::start();
        let result = self.made();
        match stale {
            Stale { inputs: true, .. } => self.records_read.0 = Stopwatch::start(),
            Stale { records: true, .. } => {
                self.records_read = (Stopwatch::start(), stopwatch.elapsed());
            }
            _ => {}
        }
        if result.is_err() {
            std::thread::sleep(SETTLE);
            let now = Stamps::of(&self.paper.root, &self.inputs, &self.prose);
            let Stale { prose, inputs, .. } = now.since(&self.stamps);
            if prose || inputs {
                // The next look finds the change.
                return;
            }
        }
        match result {
            Ok(Some(report)) => self.paper.publish(Ok(report)),
            // The mistake was undone.
            Ok(None) => self.paper.change(|state| state.error = None),
            Err(error) => self.paper.publish(Err(error)),
        }
    }

    /// The report of the files as they are, if it is another one than before. The error is a text for the reader.
    fn made(&mut self) -> Result<Option<Report>, String> {
        // A fault of this program must not end the server without a word.
        match catch_unwind(AssertUnwindSafe(|| self.make())) {
            Ok(made) => made.map_err(|error| self.terminal.explained(&error)),
            Err(_) => {
                self.edition = Edition::default();
                Err("error: this program has a fault, see its messages".to_owned())
            }
        }
    }

    fn make(&mut self) -> Result<Option<Report>, Error> {
        let root = &self.paper.root;
        self.edition.read(root, &self.setting)?;
        if let Some((project, plan)) = self.edition.plan() {
            self.inputs = project.outer_sources();
            let missing = self.terminal.missing(project, plan);
            let is_absent = |run: &&_| plan.state(run).fresh().is_none();
            let (runs, left) = (plan.runs.len(), plan.runs.iter().filter(is_absent).count());
            let (title, notes) = (project.file.paper.title.clone(), self.terminal.notes(project));
            self.paper.change(|state| {
                (state.title, state.notes, state.missing) = (title, notes, missing);
                (state.runs, state.left) = (runs, left);
            });
        }
        let report = self.edition.render(&self.setting)?;
        if let (Some(report), Some((project, _))) = (&report, self.edition.plan()) {
            self.prose = report.sources(project);
            let notes = report.warnings().into_iter().map(|warning| format!("warning: {warning}"));
            self.paper.change(|state| {
                state.notes.retain(|note| !note.starts_with("warning: "));
                state.notes.extend(notes);
            });
        }
        Ok(report)
    }

    /// Counts the runs whose record has come since the plan was made.
    fn count_records(&self) {
        let Some((_, plan)) = self.edition.plan() else { return };
        let recorded: BTreeSet<_> = self.cache.digests().unwrap_or_default().into_iter().collect();
        let is_left = |run: &&crate::experiment::Run| {
            plan.state(run).fresh().is_none() && !recorded.contains(&run.digest)
        };
        let left = plan.runs.iter().filter(is_left).count();
        self.paper.change(|state| state.left = left);
    }

    /// Starts and stops the training, and shows the runs that any process trains.
    fn look_at_runs(&mut self) {
        self.answer_wish();
        if self.looked_at_live.elapsed() < LIVE_LOOK {
            return;
        }
        self.looked_at_live = Stopwatch::start();
        let Some((project, plan)) = self.edition.plan() else { return };
        let held: BTreeSet<_> = self.leases.held_by_any().into_iter().collect();
        let conditions = project.conditions();
        let mut seen = BTreeSet::new();
        let runs =
            plan.runs.iter().filter(|run| held.contains(&run.digest) && seen.insert(run.digest));
        let runs: Vec<_> = runs.collect();
        let shown = runs.iter().take(MOST_LIVE).map(|run| {
            let curves = self.cache.live_curves(run.digest);
            live::state(conditions.run_name(run), run, curves, &project.file.paper.metrics)
        });
        let (shown, more) = (shown.collect::<Vec<_>>(), runs.len().saturating_sub(MOST_LIVE));
        let was_active = self.is_active;
        self.is_active = !runs.is_empty() || self.training.is_some();
        let training = self.training.as_ref().map(|own| {
            let is_done = |digest: &&Digest| fs::is_there(&self.cache.path(**digest));
            (own.line(), own.runs.iter().filter(is_done).count())
        });
        self.paper.change(|state| {
            (state.live, state.more) = (shown, more);
            if let Some((line, done)) = training {
                (state.training.line, state.training.done) = (line, done);
            }
        });
        if was_active && !self.is_active {
            self.stamps.forget_records();
        }
    }

    /// Follows the wishes of readers, and of the command line.
    fn answer_wish(&mut self) {
        if let Some(training) = &mut self.training
            && let Some(result) = training.ended()
        {
            self.training = None;
            self.paper.change(|state| {
                state.training = state::Training { failure: result.err(), ..Default::default() };
            });
            // Its last records may have the date of the last look.
            self.stamps.forget_records();
            return;
        }
        let wish = self.paper.take_wish();
        let is_unneeded = self.builds && self.trains_unneeded();
        if let Some(training) = &mut self.training {
            if (wish == Some(Wish::Stop) || is_unneeded) && !training.is_stopping {
                training.stop();
                self.paper.change(|state| state.training.is_stopping = true);
            }
            return;
        }
        let (_, state) = self.paper.state();
        let missing = state.missing;
        let is_new = !missing.to_train.is_subset(&self.tried);
        let is_wanted = wish == Some(Wish::Train) || (self.builds && is_new);
        let can_start = missing.refusal.is_none() && state.error.is_none() && state.page > 0;
        if is_wanted && can_start && !missing.to_train.is_empty() {
            self.train(missing.to_train);
        }
    }

    /// Whether the training has runs that the experiments do not have any more.
    fn trains_unneeded(&self) -> bool {
        let (Some(training), Some((_, plan))) = (&self.training, self.edition.plan()) else {
            return false;
        };
        training.runs.iter().any(|digest| !plan.states.contains_key(digest))
    }

    fn train(&mut self, runs: BTreeSet<Digest>) {
        let total = runs.len();
        self.tried.extend(runs.iter().copied());
        let arguments = self.terminal.build(&self.paper.root);
        let started = Training::start(arguments, runs, &self.terminal);
        let failure =
            started.as_ref().err().map(|error| format!("a build cannot be started: {error}"));
        self.training = started.ok();
        let is_running = self.training.is_some();
        self.is_active |= is_running;
        self.paper.change(|state| {
            state.training = state::Training { is_running, total, failure, ..Default::default() };
        });
    }
}
