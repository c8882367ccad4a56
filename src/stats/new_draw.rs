//! The distribution of a mean of several runs on one more draw of the data.

use std::f64::consts::FRAC_1_SQRT_2;

use super::quadrature::Quadrature;
use super::root::root;
use super::{Estimate, Level};

/// What our runs say of the mean of some runs on one more draw of the data, in the unit of the values.
///
/// The model is the random one-way layout: a value is the sum of a mean, an effect of its draw with the
/// variance D, and an effect of its initialisation with the variance E; both are independent and normal. The
/// variance T of k values, each on its own draw, estimates D + E. The variance W of n values on one draw
/// estimates E. The mean of m runs on one more draw then differs from the mean of the k values by a normal
/// variable with the variance D(1 + 1/k) + E(1/k + 1/m).
///
/// T and W are known only to within their own errors. So E is replaced by (n − 1)W/χ²ₙ₋₁, and D by
/// max(0, (k − 1)T/χ²ₖ₋₁ − E), with independent χ² variables: a generalised pivotal quantity. Probabilities
/// are means over both χ² variables, by quadrature. Sources: Weerahandi (1993), *Generalized confidence
/// intervals*, Journal of the American Statistical Association 88, 899–905; Hannig, Iyer & Patterson (2006),
/// *Fiducial generalized confidence intervals*, the same journal, 101, 254–269.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDraw {
    center: f64,
    /// Standard deviations of the difference from the center, with their probabilities.
    spreads: Vec<(f64, f64)>,
}

/// The interval that contains a new value with the probability `level`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictionInterval {
    /// The probability.
    pub level: Level,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// Parts of the distribution with a smaller probability are left out.
const NEGLIGIBLE: f64 = 1e-13;

impl NewDraw {
    /// The distribution of the mean of `m` runs, from values that each have their own draw, and from values
    /// on one draw.
    ///
    /// Returns `None` if `m` is 0, or if a standard deviation is missing or that over draws is 0.
    #[must_use]
    pub fn of_mean(over_draws: &Estimate, on_one_draw: &Estimate, m: usize) -> Option<Self> {
        let variance = |estimate: &Estimate| estimate.std_dev.map(|std_dev| std_dev.powi(2));
        let (total, within) = (variance(over_draws)?, variance(on_one_draw)?);
        if m == 0 || total == 0.0 {
            return None;
        }
        let [k, n, m] = [over_draws.n, on_one_draw.n, m].map(|count| count as f64);
        let rule = Quadrature::new();
        let [of_total, of_within] = [k - 1.0, n - 1.0].map(CubeRootOfChiSquared::new);
        let mut spreads = Vec::new();
        let mut add = |draw: f64, initialisation: f64, probability: f64| {
            if probability > NEGLIGIBLE {
                let variance = draw * (1.0 + 1.0 / k) + initialisation * (1.0 / k + 1.0 / m);
                spreads.push((variance.sqrt(), probability));
            }
        };
        for (root, probability) in of_within.points(&rule, f64::INFINITY) {
            if probability <= NEGLIGIBLE {
                continue;
            }
            let initialisation = (n - 1.0) * within / root.powi(3);
            // Beyond this root, the total is less than the part of the initialisation.
            let end = ((k - 1.0) * total / initialisation).cbrt();
            let mut rest = 1.0;
            for (root, share) in of_total.points(&rule, end) {
                let draw = ((k - 1.0) * total / root.powi(3) - initialisation).max(0.0);
                add(draw, initialisation, probability * share);
                rest -= share;
            }
            add(0.0, initialisation, probability * rest);
        }
        Some(Self { center: over_draws.mean, spreads })
    }

    /// The probability that a new mean is at least as far from the center as `value`, on either side.
    /// Returns `None` if `value` is not finite.
    #[must_use]
    pub fn p_value(&self, value: f64) -> Option<f64> {
        value.is_finite().then(|| self.outside((value - self.center).abs()))
    }

    /// The interval that contains a new mean with the probability `level`.
    #[must_use]
    pub fn interval(&self, level: Level) -> PredictionInterval {
        let distance = self.distance(level);
        PredictionInterval { level, lower: self.center - distance, upper: self.center + distance }
    }

    /// The shift of the new mean that puts it outside the interval with this probability, on the side of the
    /// shift.
    #[must_use]
    pub fn detectable_shift(&self, interval: &PredictionInterval, probability: Level) -> f64 {
        let distance = interval.upper - self.center;
        let missed = |shift: f64| {
            let beyond = |(spread, share): &(f64, f64)| share * above((distance - shift) / spread);
            self.spreads.iter().map(beyond).sum::<f64>() - (1.0 - probability.outside())
        };
        root(missed, 0.0, upper_bound(distance, missed))
    }

    /// Half of the width of the interval.
    fn distance(&self, level: Level) -> f64 {
        let excess = |distance: f64| level.outside() - self.outside(distance);
        let typical = self.spreads.iter().map(|(spread, share)| spread * share).sum();
        root(excess, 0.0, upper_bound(typical, excess))
    }

    /// The probability of a difference from the center above `distance`, on either side.
    fn outside(&self, distance: f64) -> f64 {
        let beyond = |(spread, share): &(f64, f64)| share * 2.0 * above(distance / spread);
        self.spreads.iter().map(beyond).sum::<f64>().min(1.0)
    }
}

/// A number at which a rising function is positive: `start`, doubled as often as needed.
fn upper_bound(start: f64, rising: impl Fn(f64) -> f64) -> f64 {
    let mut bound = start.max(f64::MIN_POSITIVE);
    while rising(bound) <= 0.0 && bound.is_finite() {
        bound *= 2.0;
    }
    bound
}

/// The probability that a standard normal variable is above `z`.
fn above(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// The cube root of a χ² variable. It is nearly normal (Wilson & Hilferty 1931, *The distribution of
/// chi-square*, PNAS 17, 684–688), so that quadrature is exact.
struct CubeRootOfChiSquared {
    degrees_of_freedom: f64,
    /// All of it but less than 10⁻¹⁵ is between these bounds.
    bounds: [f64; 2],
}

impl CubeRootOfChiSquared {
    fn new(degrees_of_freedom: f64) -> Self {
        let variance = 2.0 / (9.0 * degrees_of_freedom);
        let scale = degrees_of_freedom.cbrt();
        let bound = |deviations: f64| scale * (1.0 - variance + deviations * variance.sqrt());
        Self { degrees_of_freedom, bounds: [bound(-8.0).max(0.0), bound(9.0)] }
    }

    /// Values up to `end`, with their probabilities.
    fn points(&self, rule: &Quadrature, end: f64) -> Vec<(f64, f64)> {
        let power = 1.5 * self.degrees_of_freedom - 1.0;
        let mode = (2.0 * power / 3.0).cbrt();
        // The logarithm of the density, up to a constant.
        let log_density = |t: f64| power * libm::log(t / mode) - 0.5 * (t.powi(3) - mode.powi(3));
        let density = |t: f64| libm::exp(log_density(t));
        let [from, to] = self.bounds;
        let total: f64 = rule.points(from, to).map(|(t, weight)| weight * density(t)).sum();
        let points = rule.points(from, to.min(end).max(from));
        points.map(|(t, weight)| (t, weight * density(t) / total)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Sample, assert_close};
    use super::*;
    use crate::random::Stream;

    const LEVEL: Level = Level::NINETY_FIVE;

    fn estimate(n: usize, mean: f64, variance: f64) -> Estimate {
        Estimate::of_moments(n, mean, Some(variance.sqrt()), LEVEL).unwrap()
    }

    #[test]
    fn probabilities_ranges_and_detectable_shifts_are_those_of_numpy() {
        // A midpoint rule over 2000 × 2000 cube roots of chi-squared values, with the densities of scipy:
        // outside 1.7; half of the 95 % range; the shift that leaves it with a probability of 80 %.
        for ((total, k), (within, n), m, expected) in [
            ((1.6, 30), (0.9, 10), 10, [0.074_372_4, 1.917_416, 2.613_601]),
            ((1.2, 10), (1.5, 10), 10, [0.053_207_3, 1.736_029, 2.350_466]),
            ((150.0, 30), (140.0, 10), 10, [0.790_086_3, 15.173_506, 20.712_006]),
            ((2.5, 6), (0.1, 6), 3, [0.356_773_7, 4.348_159, 5.887_533]),
            ((1.0, 1000), (0.5, 200), 10, [0.022_220_8, 1.453_750, 2.074_512]),
        ] {
            let new =
                NewDraw::of_mean(&estimate(k, 80.0, total), &estimate(n, 81.0, within), m).unwrap();
            let interval = new.interval(LEVEL);
            let PredictionInterval { lower, upper, .. } = interval;
            let shift = new.detectable_shift(&interval, Level::new(0.8).unwrap());
            let found = [new.p_value(81.7).unwrap(), upper - 80.0, shift];
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 2e-6 * expected, "{found} {expected} {total}");
            }
            assert_close([80.0 - lower], [upper - 80.0]);
            assert_close([new.p_value(78.3).unwrap()], [found[0]]);
        }
    }

    /// Normal values, from a uniform stream by the method of Box and Muller.
    fn normal(stream: &mut Stream) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - f64::from(stream.unit()))).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * f64::from(stream.unit()))
    }

    const TRIALS: usize = 4000;

    /// The share of published means, shifted by `shift` standard deviations over draws, that lies inside the
    /// 95 % range: for ten runs on one draw and `k` runs on other draws.
    fn share_inside(k: usize, share_of_draw: f64, shift: f64) -> f64 {
        let (draw, initialisation) = (share_of_draw.sqrt(), (1.0 - share_of_draw).sqrt());
        let mut stream = Stream::new(0, &format!("test/coverage/{k}/{share_of_draw}/{shift}"));
        let inside = (0..TRIALS).filter(|_| {
            let mut values = |n: usize, scale: f64| -> Vec<f64> {
                (0..n).map(|_| scale * normal(&mut stream)).collect()
            };
            let (effects, on_draws) = (values(k, draw), values(k, initialisation));
            let (on_one, published) = (values(10, initialisation), values(10, initialisation));
            let over: Vec<_> = effects.iter().zip(&on_draws).map(|(a, b)| a + b).collect();
            let published =
                published.iter().sum::<f64>() / 10.0 + draw * normal(&mut stream) + shift;
            let [over, on_one] =
                [&over, &on_one].map(|values| Estimate::of(&Sample::new(values).unwrap(), LEVEL));
            let new = NewDraw::of_mean(&over, &on_one, 10).unwrap();
            new.p_value(published).unwrap() >= 0.05
        });
        inside.count() as f64 / TRIALS as f64
    }

    #[test]
    fn the_range_has_its_coverage_whatever_the_share_of_the_draw() {
        // As in an independent simulation with numpy, of 4000 trials, which replaces the quadrature by
        // 4000 draws of both chi-squared variables.
        for (k, expected) in [(10, [0.9975, 0.9458, 0.951]), (30, [0.9983, 0.9285, 0.9403])] {
            for (share_of_draw, expected) in [0.0, 0.5, 0.95].into_iter().zip(expected) {
                let found = share_inside(k, share_of_draw, 0.0);
                assert!((found - expected).abs() < 0.015, "{k} {share_of_draw}: {found}");
            }
        }
    }

    #[test]
    fn a_shift_of_two_deviations_is_detected_in_more_than_half_of_the_cases() {
        let found = share_inside(30, 0.5, 2.0);
        assert!(found < 0.5, "{found}");
    }

    #[test]
    fn what_does_not_vary_over_draws_has_no_range() {
        let fixed = Estimate { std_dev: Some(0.0), ..estimate(10, 80.0, 1.0) };
        let one = Estimate { n: 1, std_dev: None, ..fixed };
        let other = estimate(10, 80.0, 1.0);
        assert_eq!(NewDraw::of_mean(&fixed, &other, 10), None);
        assert_eq!(NewDraw::of_mean(&one, &other, 10), None);
        assert_eq!(NewDraw::of_mean(&other, &one, 10), None);
        assert_eq!(NewDraw::of_mean(&other, &other, 0), None);
        // Runs on one draw that do not vary: all of the spread comes from the draw.
        let new = NewDraw::of_mean(&other, &fixed, 10).unwrap();
        // stats.t.ppf(.975, 9) * np.sqrt(1 + 1/10), to the digits of the quadrature
        let distance = new.interval(LEVEL).upper - 80.0;
        assert!((distance - 2.372_570_448_294_24).abs() < 1e-9, "{distance}");
    }
}
