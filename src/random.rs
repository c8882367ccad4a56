//! Named random streams. Each pair of a seed and a purpose has its own `ChaCha8` generator.
//!
//! No two purposes share a stream. So evaluating a model, or adding a layer, does not change the
//! numbers that other purposes draw. The generator and all conversions are fixed here, because
//! `rand` may change its standard generator and its distributions.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::digest::Digest;

/// Name and version of this rule. It is part of the seed of each stream.
const RULE: &str = "report/stream/1";

/// A deterministic stream of numbers.
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of this seed and purpose. A purpose is a path such as `dropout/train/3`.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        let name = format!("{RULE}\n{seed}\n{purpose}");
        Self(ChaCha8Rng::from_seed(*Digest::of_bytes(name.as_bytes()).as_bytes()))
    }

    /// A uniform value in [0, 1), a multiple of 2⁻²⁴. Every such value is an exact `f32`.
    pub fn unit(&mut self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "24 bits fit the mantissa")]
        let numerator = (self.0.next_u32() >> 8) as f32;
        numerator / 16_777_216.0
    }

    /// A uniform value in [−bound, bound).
    pub fn symmetric(&mut self, bound: f32) -> f32 {
        (2.0 * self.unit() - 1.0) * bound
    }

    /// A uniform value in `0..n`, without bias: draws in the incomplete last block are discarded.
    ///
    /// # Panics
    /// Panics if `n` is zero.
    pub fn below(&mut self, n: u32) -> u32 {
        assert!(n > 0, "an empty range has no draw");
        let incomplete = u32::MAX - (u32::MAX % n + 1) % n;
        loop {
            let draw = self.0.next_u32();
            if draw <= incomplete {
                return draw % n;
            }
        }
    }

    /// Draws `k` of `0..n` without replacement: the first `k` of a Fisher–Yates shuffle.
    ///
    /// # Panics
    /// Panics if `k` exceeds `n`.
    pub fn choose(&mut self, n: u32, k: u32) -> Vec<u32> {
        assert!(k <= n, "cannot draw {k} of {n} without replacement");
        let mut items: Vec<u32> = (0..n).collect();
        for i in 0..k {
            let j = i + self.below(n - i);
            items.swap(i as usize, j as usize);
        }
        items.truncate(k as usize);
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_gives_the_same_stream_and_another_name_another() {
        let draws = |seed, purpose| {
            let mut stream = Stream::new(seed, purpose);
            (0..8).map(|_| stream.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1, "a"), draws(1, "a"));
        assert_ne!(draws(1, "a"), draws(2, "a"));
        assert_ne!(draws(1, "a"), draws(1, "b"));
        assert_ne!(draws(1, "1"), draws(11, ""), "seed and purpose do not run together");
    }

    #[test]
    fn a_draw_without_replacement_has_no_repeats_and_covers_the_pool() {
        let mut all = Stream::new(0, "pool").choose(1000, 1000);
        assert_ne!(all, (0..1000).collect::<Vec<_>>());
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn uniform_draws_have_the_mean_and_variance_of_the_uniform_distribution() {
        let mut stream = Stream::new(7, "moments");
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| f64::from(stream.symmetric(3.0))).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        // Standard errors: 3/√(3n) = 0.0055 for the mean, about 0.0085 for the variance (3).
        assert!(mean.abs() < 0.025, "{mean}");
        assert!((variance - 3.0).abs() < 0.04, "{variance}");
        assert!(draws.iter().all(|x| (-3.0..3.0).contains(x)));
    }

    #[test]
    fn each_value_below_n_is_equally_likely() {
        let mut stream = Stream::new(3, "below");
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Chi-squared with 6 degrees of freedom: 22.5 is the 99.9 % point.
        let chi_squared: f64 =
            counts.iter().map(|&c| (f64::from(c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi_squared < 22.5, "{counts:?}");
    }
}
