//! Activations that multiply a value by a gate between 0 and 1 that depends on it. They fall before
//! they rise, so their gradient needs the input.

use pulp::Simd;

use super::activation::exponential;
use super::lanes::{Lanewise, map};

/// An element-wise activation with a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfGated {
    /// x · Φ(x), with Φ the distribution function of the normal distribution (Hendrycks and Gimpel,
    /// 2016).
    Gelu,
    /// x / (1 + e⁻ˣ) (Elfwing et al., 2018).
    Silu,
}

impl SelfGated {
    /// Applies the activation in place.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Gelu => map(Gelu, [values], []),
            Self::Silu => map(Silu, [values], []),
        }
    }

    /// Turns the gradient of the output into the gradient of the input, in place. `x` is the input.
    pub fn backward(self, x: &[f32], dy: &mut [f32]) {
        match self {
            Self::Gelu => map(GeluGradient, [dy], [x]),
            Self::Silu => map(SiluGradient, [dy], [x]),
        }
    }
}

/// x · Φ(x)
#[derive(Clone, Copy)]
struct Gelu;

/// Multiplies the upstream gradient by Φ(x) + x · φ(x), with φ the density of the normal
/// distribution.
#[derive(Clone, Copy)]
struct GeluGradient;

/// x · σ(x)
#[derive(Clone, Copy)]
struct Silu;

/// Multiplies the upstream gradient by σ(x) · (1 + x · (1 − σ(x))).
#[derive(Clone, Copy)]
struct SiluGradient;

impl Lanewise<1, 0> for Gelu {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        let [distribution, _] = normal(simd, x);
        [simd.mul_f32s(x, distribution)]
    }
}

impl Lanewise<1, 1> for GeluGradient {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [x]: [S::f32s; 1]) -> [S::f32s; 1] {
        let [distribution, density] = normal(simd, x);
        [simd.mul_f32s(dy, simd.mul_add_f32s(x, density, distribution))]
    }
}

impl Lanewise<1, 0> for Silu {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        [simd.mul_f32s(x, sigmoid(simd, x))]
    }
}

impl Lanewise<1, 1> for SiluGradient {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [x]: [S::f32s; 1]) -> [S::f32s; 1] {
        let one = simd.splat_f32s(1.0);
        let gate = sigmoid(simd, x);
        let rest = simd.mul_add_f32s(x, simd.sub_f32s(one, gate), one);
        [simd.mul_f32s(dy, simd.mul_f32s(gate, rest))]
    }
}

/// The distribution function and the density of the normal distribution. Beyond ±13, the density
/// is 0: its product with any finite number is 0 too.
///
/// With z = |x| / √2, the complementary error function is a polynomial in 1 / (1 + 0.3275911 z), times
/// e^(−z²) (Abramowitz and Stegun, 7.1.26). Its error is at most 1.5e-7.
#[inline(always)]
fn normal<S: Simd>(simd: S, x: S::f32s) -> [S::f32s; 2] {
    /// 1 / √(2π)
    const DENSITY_AT_0: f32 = 0.398_942_3;
    /// The exponential function does not go below e⁻⁸⁷.
    const LARGEST: f32 = 87.0;
    let splat = |value| simd.splat_f32s(value);
    let z = simd.mul_f32s(simd.abs_f32s(x), splat(std::f32::consts::FRAC_1_SQRT_2));
    let square = simd.mul_f32s(z, z);
    let power = exponential(simd, simd.neg_f32s(square));
    let is_beyond = simd.greater_than_f32s(square, splat(LARGEST));
    let power = simd.select_f32s(is_beyond, splat(0.0), power);
    let t = simd.div_f32s(splat(1.0), simd.mul_add_f32s(z, splat(0.327_591_1), splat(1.0)));
    let mut series = splat(1.061_405_4);
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        series = simd.mul_add_f32s(series, t, splat(coefficient));
    }
    let tail = simd.mul_f32s(simd.mul_f32s(series, t), simd.mul_f32s(power, splat(0.5)));
    let is_negative = simd.less_than_f32s(x, splat(0.0));
    let distribution = simd.select_f32s(is_negative, tail, simd.sub_f32s(splat(1.0), tail));
    [distribution, simd.mul_f32s(power, splat(DENSITY_AT_0))]
}

/// 1 / (1 + e⁻ˣ). Below −87 it is 0: its product with any finite number is 0 too.
#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let gate = simd.div_f32s(one, simd.add_f32s(one, exponential(simd, simd.neg_f32s(x))));
    let is_beyond = simd.less_than_f32s(x, simd.splat_f32s(-87.0));
    simd.select_f32s(is_beyond, simd.splat_f32s(0.0), gate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::forced::on_each_instruction_set;
    use crate::kernel::tests::{assert_all_equal, bits};

    /// The activation and its derivative at each `x`.
    fn applied(activation: SelfGated, x: &[f32]) -> [Vec<f32>; 2] {
        let results = on_each_instruction_set(|| {
            let (mut y, mut slope) = (x.to_vec(), vec![1.0; x.len()]);
            activation.apply(&mut y);
            activation.backward(x, &mut slope);
            // The sign of a NaN means nothing, and depends on the instructions.
            let all = y.into_iter().chain(slope);
            bits(&all.map(|v| if v.is_nan() { f32::NAN } else { v }).collect::<Vec<_>>())
        });
        assert_all_equal(&results);
        let all: Vec<_> = results[0].iter().map(|bits| f32::from_bits(*bits)).collect();
        let (y, slope) = all.split_at(x.len());
        [y.to_vec(), slope.to_vec()]
    }

    #[test]
    fn gelu_and_silu_and_their_derivatives_are_right_everywhere() {
        let x: Vec<f32> = (-40_000..=40_000).map(|i: i32| i as f32 / 400.0).collect();
        let [gelu, gelu_slope] = applied(SelfGated::Gelu, &x);
        let [silu, silu_slope] = applied(SelfGated::Silu, &x);
        for (index, x) in x.iter().map(|x| f64::from(*x)).enumerate() {
            let near = |what: &str, found: f32, exact: f64| {
                let error = (f64::from(found) - exact).abs() / x.abs().max(1.0);
                assert!(error < 3e-7, "{what}({x}) = {found}, but {exact}");
            };
            let distribution = 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
            let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            near("gelu", gelu[index], x * distribution);
            near("gelu'", gelu_slope[index], distribution + x * density);
            let gate = 1.0 / (1.0 + (-x).exp());
            near("silu", silu[index], x * gate);
            near("silu'", silu_slope[index], gate * (1.0 + x * (1.0 - gate)));
        }
    }

    #[test]
    fn large_values_keep_their_limits_and_no_nan_is_hidden() {
        let x = [f32::NAN, f32::MAX, -f32::MAX, f32::INFINITY];
        for activation in [SelfGated::Gelu, SelfGated::Silu] {
            let [y, slope] = applied(activation, &x);
            assert!(y[0].is_nan() && slope[0].is_nan());
            assert_eq!((y[1], y[2], y[3]), (f32::MAX, 0.0, f32::INFINITY));
            assert_eq!((slope[1], slope[2]), (1.0, 0.0));
        }
    }
}
