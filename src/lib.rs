//! `report` is a notebook for seeded experiments. Experiments are TOML files, and prose is a
//! Markdown template. `report build` trains exactly the missing runs. It renders tables, figures
//! and the numbers in the prose from the records of the runs.
//!
//! This page is the map of the code. A build is a chain of steps, each with a type as its result:
//!
//! ```text
//! experiments/*.toml → Experiment → Run → Plan → RunRecord → Summary → TableItem → Context → report.md
//!                                                                    ├→ JudgedClaim ┤     report.html
//!                                                                    └→ Drawing ────┘     data/, figures/
//! ```
//!
//! # Floors
//! Modules are declared from bottom to top. Each module uses only modules above it in this file.
//! There are no circular dependencies between files. Tests enforce both.
//!
//! 1. Vocabulary, pure:
//!    - [`digest`] – canonical JSON and SHA-256
//!    - [`random`] – named streams of random numbers
//!    - [`keys`] – what each key of a file takes and means, also as JSON Schema
//!    - [`document`] – TOML that keeps the line of each value, checked against the table of keys
//!    - [`mod@format`] – numbers, dates and texts as readers see them
//!    - [`stats`] – samples → estimates, intervals and p values (statrs)
//!    - [`run`] – the configuration and the record of a run
//!    - [`dataset`] – tables, arrays and images → examples → the parts of a run (csv, npyz)
//!    - [`task`] – what a network is trained for: outputs, losses, metrics, curves, evaluation
//!    - [`experiment`] – files → conditions → runs
//!    - [`paper`] – metrics, protocols, labels and figures of the paper file
//! 2. Stages, pure:
//!    - [`plan`] – which runs have no record, and why
//!    - [`job`] – runs without a record → tasks for other machines
//!    - [`kernel`] – the arithmetic of a training step (pulp)
//!    - [`summary`] – records → scores, paired differences, curves (polars)
//!    - [`table`] – results as typed tables; each kind of table is one file
//!    - [`claim`] – checks of the paper → verdicts
//!    - [`figure`] – data → SVG → PNG (plotters, resvg)
//!    - [`diff`] – what changed between two reports
//!    - [`export`] – tables and runs as CSV and LaTeX
//!    - [`context`] – all values for templates
//!    - [`citation`] – BibTeX files → labels in the text and a list of references (biblatex)
//!    - [`template`] – the templates of a project, and mistakes in them
//!    - [`render`] – templates → Markdown and HTML (minijinja, pulldown-cmark, math-core)
//!    - [`scaffold`] – the files of a new project, and new parts of one
//!    - [`bundle`] – a project with its records ↔ one archive (tar, zstd)
//!    - [`diagnostic`] – mistakes in files → their lines with marks, JSON, annotations (annotate-snippets)
//! 3. Effects:
//!    - [`fs`] – the only file access
//!    - [`provenance`] – the only clock
//!    - [`process`] – other programs, each for a limited time
//!    - [`program`] – the user's programs: staged, supervised, read
//!    - [`cache`] – one immutable file per run with a checksum, and leases of running builds
//!    - [`store`] – records that several machines share, elsewhere (`object_store`)
//!    - [`train`] – networks, gradients and optimisers (dfdx)
//!    - [`model`] – trained networks ↔ files (safetensors)
//!    - [`execute`] – workers
//!    - [`slurm`] – the commands of Slurm: what is submitted, what is in the queue
//! 4. Composition: [`pipeline`] (the steps of a build, images of the project, and the browser that prints the PDF
//!    file), [`serve`] (the page in a browser while files change, on `std::net`) and [`cli`] (flags, text, exit codes).
//!
//! # Invariants
//! - A [`run::RunConfig`] holds everything that can change a result; its digest is its identity.
//!   Titles, prose, paths and the number of workers are never in it.
//! - Nothing below floor 3 does I/O, reads the clock or the environment, or draws from an unseeded
//!   generator. Every stream has a name: (seed, purpose, epoch).
//! - dfdx, pulp, polars, plotters and safetensors are each used in one module. minijinja is used in `template`
//!   and `render`, and in `claim` for arithmetic. Their types never leave these modules.
//! - Tables and verdicts never depend on how they are shown.
//! - The same records render to the same bytes. Only `data/report.json`, `report.pdf` and the parts of the
//!   report between provenance marks can differ between two builds. All files of a report come from one build's results.
//! - A program of the user runs from copies of its inputs, whose digests are in its key, under a supervisor that ends
//!   it with the build. Its artefacts are written before its record. The programs of a bundle never run unasked.
//! - On the CPU, a run of a network gives the same bits on every processor. Sums have a fixed order. Functions
//!   like `exp` come from this crate or from `libm`. A test compares records with those of emulated
//!   x86-64 processors. On CUDA devices, some of dfdx's kernels add in no fixed order.
//! - No order comes from a hash map, a directory listing or a thread: `-j 1` and `-j N` leave the
//!   same records, except for durations.
//! - A record is written when its run ends, completely or not at all. Its checksum is checked at
//!   each read. A build reports a damaged record, moves it to the quarantine, and trains the run
//!   again. Only `cache gc` deletes trained records, and `accept --undo` deletes accepted records.
//! - Models are written on request, before the record of their run. The same run gives the same bytes, as long as
//!   columns and classes keep their names.
//! - There is no lock and no repair command: after any kill, the same command continues. Two builds
//!   at once share the work by leases. Leases only avoid double work.
//! - What a run in training shows of itself (`.report/live`) has no way into a record, a key or a report.
//! - [`serve`] can be reached only from this machine, under its names. It writes nothing, and serves only what a report
//!   has. It starts a build only for a request with the token of the page, or with `--build`.
//! - Before the training, a build says which runs it trains, why, and how long that takes.
//! - Only [`cli`] prints.

pub mod digest;
pub mod random;
pub mod format;
pub mod keys;
pub mod document;
pub mod stats;
pub mod run;
pub mod dataset;
pub mod task;
pub mod experiment;
pub mod paper;

pub mod plan;
pub mod job;
pub mod kernel;
pub mod summary;
pub mod table;
pub mod claim;
pub mod figure;
pub mod diff;
pub mod export;
pub mod context;
pub mod citation;
pub mod template;
pub mod render;
pub mod scaffold;
pub mod bundle;
pub mod diagnostic;

pub mod fs;
pub mod provenance;
pub mod process;
pub mod program;
pub mod cache;
pub mod store;
pub mod train;
pub mod model;
pub mod execute;
pub mod slurm;

pub mod pipeline;
pub mod serve;
pub mod cli;
