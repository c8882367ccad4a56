//! Samples → estimates, intervals and p values. Pure: no I/O, no random numbers.
//!
//! Whatever the data do not support is `None` instead of a number: one value has no deviation, and
//! equal values say nothing about how far the next would lie from them. Deviations no larger than
//! the rounding of the values count as zero.
//!
//! Distribution functions come from statrs, whose types stay inside. Quantiles are found here: those
//! of statrs are off by up to 5·10⁻⁸ of themselves where F has one degree of freedom below, by
//! 3·10⁻³ where t has 10⁶, and can loop without end (its issue 435).

mod estimate;
mod f_distribution;
mod holm;
mod interval;
mod paired_comparison;
mod prediction;
mod proportion;
mod root;
mod sample;
mod sign_flip;
mod special;
mod spread;
mod student;
mod variance_split;
mod welch;

pub use estimate::Estimate;
pub use holm::holm;
pub use interval::{ConfidenceInterval, Level};
pub use paired_comparison::{MOST_SIGN_FLIPS, PairedComparison, PairedTest, Significance};
pub use prediction::{Prediction, PredictionInterval};
pub use proportion::Proportion;
pub use sample::Sample;
pub use sign_flip::FEWEST_DECISIVE;
pub use spread::{Spread, f_test};
pub use variance_split::VarianceSplit;
pub use welch::WelchComparison;

/// Fails unless `actual` has at least eleven digits in common with `expected`.
#[cfg(test)]
fn assert_close<const N: usize>(actual: [f64; N], expected: [f64; N]) {
    for (a, e) in actual.iter().zip(&expected) {
        assert!((a - e).abs() <= 1e-11 * e.abs(), "{actual:?} instead of {expected:?}");
    }
}
