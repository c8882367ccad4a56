//! `report`: a notebook for seeded experiments.
pub mod digest;
pub mod document;
pub mod random;
pub mod run;
pub mod experiment;
pub mod dataset;
pub mod train;
pub mod paper;
pub mod plan;
pub mod fs;
pub mod provenance;
pub mod cache;
pub mod execute;
pub mod pipeline;
pub mod cli;
