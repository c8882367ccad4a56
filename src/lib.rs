//! `report` is a notebook for seeded experiments. A paper's experiments are TOML files, its prose
//! is a Markdown template; `report build` trains exactly the runs that are missing, and renders
//! tables, figures and every number in the prose from their records.
//!
//! This page is the map. A build goes one way, and each arrow is a type:
//!
//! ```text
//! experiments/*.toml → Experiment → Run → Plan → RunRecord → Summary → TableItem → Context → report.md
//!                                                                    ├→ JudgedClaim ┤     report.html
//!                                                                    └→ Drawing ────┘     data/, figures/
//! ```
//!
//! # Floors
//! Modules are declared bottom-up. Each module names only modules above it in this file, and no two
//! files need each other; tests enforce both.
//!
//! 1. Vocabulary, pure:
//!    - [`digest`] – canonical JSON and SHA-256
//!    - [`random`] – named streams of random numbers
//!    - [`document`] – TOML that keeps the line of each value
//!    - [`mod@format`] – numbers, dates and texts as readers see them
//!    - [`stats`] – samples → estimates, intervals and p values (statrs)
//!    - [`run`] – what a run is, and what it measured
//!    - [`experiment`] – files → conditions → runs
//!    - [`paper`] – metrics, protocols, labels and figures of the paper file
//! 2. Stages, pure:
//!    - [`plan`] – which runs have no record, and why
//!    - [`dataset`] – IDX files → pairs
//!    - [`kernel`] – the arithmetic of a training step (pulp)
//!    - [`summary`] – records → scores, paired differences, curves (polars)
//!    - [`table`] – results as typed tables; each kind of table is one file
//!    - [`claim`] – checks of the paper → verdicts
//!    - [`figure`] – data → SVG → PNG (plotters, resvg)
//!    - [`diff`] – what changed between two reports
//!    - [`export`] – tables and runs as CSV and LaTeX
//!    - [`context`] – everything that templates see
//!    - [`template`] – the templates of a project, and mistakes in them
//!    - [`render`] – templates → Markdown and HTML (minijinja)
//! 3. Effects:
//!    - [`fs`] – the only file access
//!    - [`provenance`] – the only clock
//!    - [`cache`] – one immutable file a run with its checksum, and leases of builds under way
//!    - [`train`] – networks, gradients and optimisers (dfdx)
//!    - [`execute`] – workers
//! 4. Composition: [`pipeline`] (the steps of a build) and [`cli`] (flags, text, exit codes).
//!
//! # Invariants
//! - A [`run::RunConfig`] holds everything that can change a result; its digest is its identity.
//!   Titles, prose, paths and the number of workers are never in it.
//! - Nothing below floor 3 does I/O, reads the clock or the environment, or draws from an unseeded
//!   generator. Every stream has a name: (seed, purpose, epoch).
//! - dfdx, pulp, polars and plotters each live in one module. minijinja lives in `template` and
//!   `render`, and evaluates the arithmetic of `claim`. Their types never leave these modules.
//! - Tables and verdicts never depend on how they are shown.
//! - The same records render to the same bytes. What differs between two executions of the same runs
//!   stands between marks in the report, and in `data/report.json`.
//! - On the CPU, a run gives the same bits on every processor. Sums have one order, and functions
//!   like `exp` are this crate's or `libm`'s. A test compares records with those of emulated x86-64
//!   processors. CUDA devices promise less: some of dfdx's kernels add in no fixed order.
//! - No order comes from a hash map, a directory listing or a thread: `-j 1` and `-j N` leave the
//!   same records, except for durations.
//! - A record is written whole or not at all, when its run ends, and its checksum is checked at each
//!   read. A damaged record is named, moved aside, and its run trained again. Only `cache gc` deletes
//!   records, and `accept --undo` deletes accepted ones.
//! - There is no lock and no repair command: after any kill, the same command goes on. Two builds at
//!   once share the work by leases, which are advice only.
//! - A build says which runs it trains before it trains them: the keys that differ from which record,
//!   and the cost.
//! - Only [`cli`] prints.

pub mod digest;
pub mod random;
pub mod document;
pub mod format;
pub mod stats;
pub mod run;
pub mod experiment;
pub mod paper;

pub mod plan;
pub mod dataset;
pub mod kernel;
pub mod summary;
pub mod table;
pub mod claim;
pub mod figure;
pub mod diff;
pub mod export;
pub mod context;
pub mod template;
pub mod render;

pub mod fs;
pub mod provenance;
pub mod cache;
pub mod train;
pub mod execute;

pub mod pipeline;
pub mod cli;
