//! Computes estimates, intervals and p values of samples. Pure: no I/O, no random numbers.
//!
//! A function returns `None` if a number cannot be computed from the data. One value has no
//! standard deviation. Equal values have no interval, because they do not show how much values
//! vary. A standard deviation within the rounding error of the values counts as zero.
//!
//! Distribution functions come from statrs. Its types do not leave this module. Quantiles are
//! computed here, because those of statrs are not exact enough: the relative error is up to 5·10⁻⁸
//! for F with one denominator degree of freedom, and 3·10⁻³ for t with 10⁶. They can also loop
//! forever (its issue 435).

mod dip;
mod estimate;
mod f_distribution;
mod holm;
mod interval;
mod paired_comparison;
mod new_draw;
mod proportion;
mod quadrature;
mod root;
mod sample;
mod sign_flip;
mod slope;
mod special;
mod spread;
mod student;
mod variance_split;
mod welch;

pub use dip::is_bimodal;
pub use estimate::Estimate;
pub use holm::holm;
pub use interval::{ConfidenceInterval, Level};
pub use new_draw::{NewDraw, PredictionInterval};
pub use paired_comparison::{MOST_SIGN_FLIPS, PairedComparison, PairedTest, Significance};
pub use proportion::Proportion;
pub use sample::Sample;
pub use sign_flip::FEWEST_DECISIVE;
pub use slope::slope;
pub use special::log10;
pub use spread::{Spread, f_test};
pub use variance_split::VarianceSplit;
pub use welch::WelchComparison;

/// Panics unless `actual` and `expected` have eleven digits in common.
#[cfg(test)]
fn assert_close<const N: usize>(actual: [f64; N], expected: [f64; N]) {
    for (a, e) in actual.iter().zip(&expected) {
        assert!((a - e).abs() <= 1e-11 * e.abs(), "{actual:?} instead of {expected:?}");
    }
}
