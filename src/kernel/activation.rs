//! Activations and their slopes.

use pulp::Simd;

use super::lanes::Lanewise;

/// max(x, 0), and NaN of NaN: a zero would hide that a run has diverged.
#[derive(Clone, Copy, Debug)]
pub struct Relu;

/// Leaves of the upstream gradient what passes where y, the output of [`Relu`], is positive; a NaN
/// of y stays one.
#[derive(Clone, Copy, Debug)]
pub struct ReluSlope;

/// 1 / (1 + e⁻ˣ).
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid;

/// Multiplies the upstream gradient by y (1 − y), with y the sigmoid.
#[derive(Clone, Copy, Debug)]
pub struct SigmoidSlope;

/// The hyperbolic tangent.
#[derive(Clone, Copy, Debug)]
pub struct Tanh;

/// Multiplies the upstream gradient by 1 − y², with y the hyperbolic tangent.
#[derive(Clone, Copy, Debug)]
pub struct TanhSlope;

impl Lanewise<1, 0> for Relu {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        let zero = simd.splat_f32s(0.0);
        [simd.select_f32s(simd.less_than_or_equal_f32s(x, zero), zero, x)]
    }
}

impl Lanewise<1, 1> for ReluSlope {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [y]: [S::f32s; 1]) -> [S::f32s; 1] {
        let zero = simd.splat_f32s(0.0);
        let passed = simd.select_f32s(simd.greater_than_f32s(y, zero), dy, zero);
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

impl Lanewise<1, 1> for SigmoidSlope {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [y]: [S::f32s; 1]) -> [S::f32s; 1] {
        let slope = simd.mul_f32s(y, simd.sub_f32s(simd.splat_f32s(1.0), y));
        [simd.mul_f32s(dy, slope)]
    }
}

impl Lanewise<1, 0> for Tanh {
    /// The polynomial of Cephes' `tanhf` (Moshier) below 0.625, where 1 − 2 / (e²ˣ + 1) would lose
    /// digits, and that beyond.
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

impl Lanewise<1, 1> for TanhSlope {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [dy]: [S::f32s; 1], [y]: [S::f32s; 1]) -> [S::f32s; 1] {
        let slope = simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(y, y));
        [simd.mul_f32s(dy, slope)]
    }
}

/// eˣ to about one unit in the last place, by the method of Cephes' `expf` (Moshier): x = n ln 2 + r
/// with |r| ≤ ½ ln 2, a polynomial for eʳ, and n into the exponent. Beyond ±87, where the exponent
/// would overflow or the result would lose digits, that of ±87.
#[inline(always)]
fn exponential<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const LIMIT: f32 = 87.0;
    // Adding 1.5 · 2²³ rounds to a whole number, which then stands in the lowest bits.
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
    // n + 127, the biased exponent, moved from the lowest bits to its place.
    let biased = simd.add_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(127));
    let exponent = simd.wrapping_dyn_shl_u32s(biased, simd.splat_u32s(23));
    simd.mul_f32s(power, simd.transmute_f32s_u32s(exponent))
}
