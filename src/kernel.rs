//! The arithmetic of a training step, on slices of `f32`.
//!
//! Every kernel gives the same bits on every processor, for three reasons:
//! - Each result is one expression in a fixed order, with fused multiply-adds. No sum goes across the
//!   lanes of a vector. AVX-512, AVX2, NEON and plain instructions (`lanes`) differ only in how many
//!   results they compute at once.
//! - `exp` and `cos` are not those of the platform.
//! - No block size depends on the caches of the processor.

#![expect(
    clippy::inline_always,
    reason = "code for an instruction set must be inlined into the function that enables it"
)]
#![expect(clippy::needless_range_loop, reason = "iterators over arrays are not always inlined")]
#![expect(clippy::many_single_char_names, reason = "the names of the formulas")]

pub mod activation;
pub mod avg_pool;
pub mod batch;
pub mod buffer;
pub mod chain;
pub mod clip;
pub mod convolution;
mod direct;
pub mod elementwise;
mod finite;
mod fourier;
mod frame;
mod karatsuba;
pub mod kept;
pub(crate) mod lanes;
pub mod layer_norm;
mod layout;
pub mod linear;
pub mod max_pool;
pub mod normalization;
pub mod offsets;
pub mod optimizer;
mod pixels;
mod pooled_product;
pub mod prepared;
pub mod product;
pub mod self_gated;
pub mod shape;
mod spectral;
mod sums;
pub mod support;
mod tile;
mod transform;
pub mod workspace;

#[cfg(test)]
mod tests;
