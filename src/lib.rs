//! `report` is a notebook for seeded experiments. A paper's experiments are TOML files, its prose
//! is a Markdown template; `report build` trains exactly the runs that are missing, and renders
//! tables, figures and every number in the prose from their records.
//!
//! This page is the map. A build goes one way, and each arrow is a type:
//!
//! ```text
//! experiments/*.toml → Experiment → RunConfig → Plan → RunRecord → Summary → Context → report.md
//!                                                                     └→ figures ──┘    report.html
//!                                                                                       data/
//! ```
//!
//! # Floors
//! Modules are declared bottom-up; each names only modules above it in this file, which a test
//! enforces.
//!
//! 1. Vocabulary, pure: [`digest`] (canonical JSON, SHA-256), [`parallel`] (the same work for many
//!    items), [`random`] (named streams), [`document`] (TOML that knows its lines), [`stats`] (samples →
//!    estimates, intervals and p values; statrs), [`run`] (what a
//!    run is), [`experiment`] (files → conditions → runs), [`paper`] (what tables and figures show,
//!    and what was published).
//! 2. Stages, pure: [`plan`] (what is stale, and why), [`dataset`] (IDX files → pairs), [`kernel`] (the
//!    arithmetic of a training step; pulp), [`summary`] (records → estimates; polars), [`figure`]
//!    (data → SVG → PNG; plotters, resvg), [`render`] (claims → verdicts, template → Markdown and HTML,
//!    tables → CSV and LaTeX, two reports → what changed; minijinja).
//! 3. Effects: [`fs`] (the only file access), [`provenance`] (the only clock), [`cache`] (one
//!    immutable file a run, with its checksum; claims of builds under way), [`train`] (networks, tape and optimisers; dfdx), [`execute`] (workers).
//! 4. Composition: [`pipeline`] (the story), [`cli`] (flags, text, exit codes).
//!
//! # Invariants
//! - A [`run::RunConfig`] holds everything that can change a result; its digest is its identity.
//!   Titles, prose, paths and the number of workers are never in it.
//! - Nothing below floor 3 does I/O, reads the clock or the environment, or draws from an unseeded
//!   generator. Every stream is named: (seed, purpose, epoch).
//! - dfdx, pulp, polars, plotters and minijinja each live in one module; their types never leave it.
//! - The same records render to the same bytes. What differs between two executions of the same
//!   runs, or tells what the report before said, stands between marks, and in `data/report.json`.
//! - On the CPU, a run gives the same bits whatever the processor. Sums have one order, and functions
//!   like `exp` are this crate's or `libm`'s; a test compares records with those of emulated x86-64
//!   processors. (CUDA devices promise less: some of dfdx's kernels there add in no fixed order.)
//! - No order comes from a hash map, a directory listing or a thread: `-j 1` and `-j N` leave the
//!   same records, durations aside.
//! - A record is written whole or not at all, the moment that its run ends, and checked whenever it is
//!   read. One that is damaged is named, moved aside, and trained again; records are deleted only by
//!   `cache gc` and, of accepted results, `accept --undo`. There is no lock and no repair command: after any kill the same command
//!   goes on, and two builds at once share the work by claims that are mere advice.
//! - What a build trains is told before, with the keys that differ from which record and the cost.
//! - Only [`cli`] prints.

pub mod digest;
pub mod parallel;
pub mod random;
pub mod document;
pub mod stats;
pub mod run;
pub mod experiment;
pub mod paper;

pub mod plan;
pub mod dataset;
pub mod kernel;
pub mod summary;
pub mod figure;
pub mod render;

pub mod fs;
pub mod provenance;
pub mod cache;
pub mod train;
pub mod execute;

pub mod pipeline;
pub mod cli;
