//! Activations and their gradients.

use pulp::Simd;

use super::lanes::{Lanewise, map};

/// An element-wise activation. All of them are non-decreasing, so their gradient follows from their
/// output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// x, or this number times x if x is negative. The number is not negative.
    LeakyRelu(f32),
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// Applies the activation in place.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Relu => map(Relu, [values], []),
            Self::LeakyRelu(slope) => map(LeakyRelu { slope }, [values], []),
            Self::Sigmoid => map(Sigmoid, [values], []),
            Self::Tanh => map(Tanh, [values], []),
        }
    }

    /// Turns the gradient of the output into the gradient of the input, in place. `y` is the
    /// output.
    pub fn backward(self, y: &[f32], dy: &mut [f32]) {
        match self {
            Self::Relu => map(ReluGradient, [dy], [y]),
            Self::LeakyRelu(slope) => map(LeakyReluGradient { slope }, [dy], [y]),
            Self::Sigmoid => map(SigmoidGradient, [dy], [y]),
            Self::Tanh => map(TanhGradient, [dy], [y]),
        }
    }
}

/// max(x, 0). The result of NaN is NaN: a zero would hide that a run has diverged.
#[derive(Clone, Copy)]
struct Relu;

/// Keeps the upstream gradient where y, the output of [`Relu`], is positive, and sets it to 0
/// elsewhere. Where y is NaN, the result is NaN.
#[derive(Clone, Copy)]
struct ReluGradient;

/// x, or `slope` times x if x is not positive (Maas et al., 2013). The result of NaN is NaN.
#[derive(Clone, Copy)]
struct LeakyRelu {
    slope: f32,
}

/// Keeps the upstream gradient where y, the output of [`LeakyRelu`], is positive, and multiplies it by
/// `slope` elsewhere. Where y is NaN, the result is NaN.
#[derive(Clone, Copy)]
struct LeakyReluGradient {
    slope: f32,
}

/// 1 / (1 + e⁻ˣ).
#[derive(Clone, Copy)]
struct Sigmoid;

/// Multiplies the upstream gradient by y (1 − y), with y the sigmoid. Where the sigmoid is
/// near 0 or 1, the result can be subnormal. Then it is 0, because some processors are a hundred times
/// slower with subnormal numbers.
#[derive(Clone, Copy)]
struct SigmoidGradient;

/// The hyperbolic tangent.
#[derive(Clone, Copy)]
struct Tanh;

/// Multiplies the upstream gradient by 1 − y², with y the hyperbolic tangent. Subnormal results are set
/// to 0, as in [`SigmoidGradient`].
#[derive(Clone, Copy)]
struct TanhGradient;

impl Lanewise<1, 0> for Relu {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        let zero = simd.splat_f32s(0.0);
        [simd.select_f32s(simd.less_than_or_equal_f32s(x, zero), zero, x)]
    }
}

impl Lanewise<1, 1> for ReluGradient {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [y]: [S::f32s; 1]) -> [S::f32s; 1] {
        let zero = simd.splat_f32s(0.0);
        let passed = simd.select_f32s(simd.greater_than_f32s(y, zero), dy, zero);
        [simd.select_f32s(simd.equal_f32s(y, y), passed, y)]
    }
}

impl Lanewise<1, 0> for LeakyRelu {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        let low = simd.mul_f32s(x, simd.splat_f32s(self.slope));
        [simd.select_f32s(simd.greater_than_f32s(x, simd.splat_f32s(0.0)), x, low)]
    }
}

impl Lanewise<1, 1> for LeakyReluGradient {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [y]: [S::f32s; 1]) -> [S::f32s; 1] {
        let low = simd.mul_f32s(dy, simd.splat_f32s(self.slope));
        let passed = simd.select_f32s(simd.greater_than_f32s(y, simd.splat_f32s(0.0)), dy, low);
        [simd.select_f32s(simd.equal_f32s(y, y), passed, y)]
    }
}

impl Lanewise<1, 0> for Sigmoid {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        let one = simd.splat_f32s(1.0);
        [simd.div_f32s(one, simd.add_f32s(one, exponential(simd, simd.neg_f32s(x))))]
    }
}

impl Lanewise<1, 1> for SigmoidGradient {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [y]: [S::f32s; 1]) -> [S::f32s; 1] {
        let slope = simd.mul_f32s(y, simd.sub_f32s(simd.splat_f32s(1.0), y));
        [without_subnormals(simd, simd.mul_f32s(dy, slope))]
    }
}

impl Lanewise<1, 0> for Tanh {
    /// Below 0.625, the polynomial of Cephes' `tanhf` (Moshier). Beyond, 1 − 2 / (e²ˣ + 1), which
    /// would lose digits below.
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        let splat = |value| simd.splat_f32s(value);
        let magnitude = simd.abs_f32s(x);
        let square = simd.mul_f32s(x, x);
        let mut series = splat(-5.704_988_7e-3);
        for coefficient in [2.063_908_8e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1] {
            series = simd.mul_add_f32s(series, square, splat(coefficient));
        }
        let near = simd.mul_add_f32s(simd.mul_f32s(series, square), x, x);
        let power = exponential(simd, simd.add_f32s(magnitude, magnitude));
        let rest = simd.div_f32s(splat(2.0), simd.add_f32s(power, splat(1.0)));
        let far = simd.sub_f32s(splat(1.0), rest);
        let far = simd.select_f32s(simd.less_than_f32s(x, splat(0.0)), simd.neg_f32s(far), far);
        [simd.select_f32s(simd.less_than_f32s(magnitude, splat(0.625)), near, far)]
    }
}

impl Lanewise<1, 1> for TanhGradient {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [y]: [S::f32s; 1]) -> [S::f32s; 1] {
        let slope = simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(y, y));
        [without_subnormals(simd, simd.mul_f32s(dy, slope))]
    }
}

/// eˣ to about one unit in the last place, by the method of Cephes' `expf` (Moshier): with x = n ln
/// 2 + r and |r| ≤ ½ ln 2, a polynomial gives eʳ, and n goes into the exponent. Beyond ±87, the
/// exponent would overflow or the result would lose digits, so x is clamped to ±87.
#[inline(always)]
pub(super) fn exponential<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const LIMIT: f32 = 87.0;
    // Adding 1.5 · 2²³ rounds to a whole number, which is then in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 355.0 / 512.0;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let splat = |value| simd.splat_f32s(value);
    let clamped = {
        let high = simd.select_f32s(simd.greater_than_f32s(x, splat(LIMIT)), splat(LIMIT), x);
        simd.select_f32s(simd.less_than_f32s(high, splat(-LIMIT)), splat(-LIMIT), high)
    };
    let shifted = simd.mul_add_f32s(clamped, splat(std::f32::consts::LOG2_E), splat(ROUND));
    let n = simd.sub_f32s(shifted, splat(ROUND));
    let r = simd.mul_add_f32s(n, splat(-LN_2_HIGH), clamped);
    let r = simd.mul_add_f32s(n, splat(-LN_2_LOW), r);
    let mut series = splat(1.987_569_1e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        series = simd.mul_add_f32s(series, r, splat(coefficient));
    }
    let power = simd.mul_add_f32s(simd.mul_f32s(r, r), series, simd.add_f32s(r, splat(1.0)));
    // The biased exponent n + 127, shifted from the lowest bits to its place.
    let biased = simd.add_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(127));
    let exponent = simd.wrapping_dyn_shl_u32s(biased, simd.splat_u32s(23));
    simd.mul_f32s(power, simd.transmute_f32s_u32s(exponent))
}

/// `x`, with 0 for numbers closer to 0 than 2⁻¹²⁶, the smallest normal one. A processor has a mode for
/// this, but Rust does not let a program change it.
#[inline(always)]
fn without_subnormals<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let is_tiny = simd.less_than_f32s(simd.abs_f32s(x), simd.splat_f32s(f32::MIN_POSITIVE));
    simd.select_f32s(is_tiny, simd.splat_f32s(0.0), x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::forced::on_each_instruction_set;
    use crate::kernel::lanes::map;
    use crate::kernel::tests::{assert_all_equal, bits};

    fn applied<const INPUTS: usize>(
        function: impl Lanewise<1, INPUTS>,
        start: &[f32],
        inputs: [&[f32]; INPUTS],
    ) -> Vec<f32> {
        let results = on_each_instruction_set(|| {
            let mut output = start.to_vec();
            map(function, [&mut output], inputs);
            bits(&output)
        });
        assert_all_equal(&results);
        results[0].iter().map(|bits| f32::from_bits(*bits)).collect()
    }

    #[test]
    fn sigmoid_and_tanh_are_right_to_a_few_units_in_the_last_place_everywhere() {
        let x: Vec<f32> = (-40_000..=40_000).map(|i: i32| i as f32 / 400.0).collect();
        let [sigmoid, tanh] = [applied(Sigmoid, &x, []), applied(Tanh, &x, [])];
        for ((x, sigmoid), tanh) in x.iter().zip(sigmoid).zip(tanh) {
            let exact = 1.0 / (1.0 + (-f64::from(*x)).exp());
            // Below −87, x is clamped.
            if *x > -87.0 {
                assert!(
                    (f64::from(sigmoid) - exact).abs() <= 4e-7 * exact,
                    "sigmoid({x}) = {sigmoid}"
                );
            }
            assert!((0.0..2e-38).contains(&sigmoid) || *x > -87.0);
            let exact = f64::from(*x).tanh();
            assert!((f64::from(tanh) - exact).abs() <= 4e-7 * exact.abs(), "tanh({x}) = {tanh}");
        }
    }

    #[test]
    fn no_activation_hides_a_nan() {
        let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0, -1.0];
        let nan = |values: Vec<f32>| values.iter().map(|v| v.is_nan()).collect::<Vec<_>>();
        let only_first = [true, false, false, false, false];
        assert_eq!(applied(Relu, &x, [])[1..], [f32::INFINITY, 0.0, 1.0, 0.0]);
        assert_eq!(nan(applied(Relu, &x, [])), only_first);
        let leaky = LeakyRelu { slope: 0.25 };
        assert_eq!(applied(leaky, &x, [])[1..], [f32::INFINITY, f32::NEG_INFINITY, 1.0, -0.25]);
        assert_eq!(nan(applied(leaky, &x, [])), only_first);
        assert_eq!(nan(applied(Sigmoid, &x, [])), only_first);
        assert_eq!(nan(applied(Tanh, &x, [])), only_first);
        let slope = applied(ReluGradient, &[2.0; 5], [&x]);
        assert_eq!(slope[1..], [2.0, 0.0, 2.0, 0.0]);
        assert_eq!(nan(slope), only_first);
        let slope = applied(LeakyReluGradient { slope: 0.25 }, &[2.0; 5], [&x]);
        assert_eq!(slope[1..], [2.0, 0.5, 2.0, 0.5]);
        assert_eq!(nan(slope), only_first);
    }

    #[test]
    fn gradients_multiply_the_upstream_gradient_by_the_derivative() {
        let y = [0.25, 0.5, 0.75];
        assert_eq!(applied(SigmoidGradient, &[2.0; 3], [&y]), [0.375, 0.5, 0.375]);
        assert_eq!(applied(TanhGradient, &[2.0; 3], [&y]), [1.875, 1.5, 0.875]);
    }

    #[test]
    fn gradients_of_saturated_activations_are_normal_numbers_zero_or_nan() {
        let (upstream, y) = ([1e-20, -1e-20, 1e-20, f32::NAN], [1e-17, 1e-19, 1e-30, 1e-30]);
        let slope = applied(SigmoidGradient, &upstream, [&y]);
        assert_eq!(slope[..3], [1e-20 * 1e-17, 0.0, 0.0]);
        assert!(slope[3].is_nan());
        assert_eq!(applied(TanhGradient, &[1e-33], [&[1.0 - f32::EPSILON]]), [0.0]);
    }
}
