//! The arithmetic of a training step, on slices of `f32`.
//!
//! Everything here gives the same bits on every processor: each result is one expression in a fixed
//! order, with fused multiply-adds and no reduction across the lanes of a vector, so AVX-512, AVX2,
//! NEON and plain instructions (`lanes`) only differ in how many results they compute at once.
//! There is no `exp` or `cos` of the platform, and no block size that depends on its caches.

#![expect(
    clippy::inline_always,
    reason = "code for an instruction set must be inlined into the function that enables it"
)]
#![expect(clippy::needless_range_loop, reason = "iterators over arrays are not always inlined")]
#![expect(clippy::many_single_char_names, reason = "the names of the formulas")]

pub mod activation;
pub mod convolution;
mod direct;
pub mod elementwise;
mod form;
mod fourier;
pub(crate) mod lanes;
pub mod max_pool;
mod pooled_product;
pub mod product;
mod spectral;
mod transform;
pub mod workspace;
pub mod yardstick;

#[cfg(test)]
mod tests;
