//! Integrals of smooth functions.

use std::f64::consts::PI;

/// Number of nodes. With it, the integrals of this crate are exact to ten digits.
const NODES: usize = 48;

/// Nodes and weights of the Gauss–Legendre rule.
pub(super) struct Quadrature([(f64, f64); NODES]);

impl Quadrature {
    /// The rule. Its nodes are the roots of the Legendre polynomial of degree 48, by Newton's method.
    ///
    /// Source: Abramowitz & Stegun (1964), *Handbook of Mathematical Functions*, 25.4.29 and 22.16.6.
    pub(super) fn new() -> Self {
        let n = NODES as f64;
        let node = |index: usize| {
            let mut x = libm::cos(PI * (index as f64 + 0.75) / (n + 0.5));
            let mut slope = 0.0;
            // Newton's method doubles the digits, and the start has two.
            for _ in 0..6 {
                let [mut before, mut value] = [1.0, x];
                for degree in 2..=NODES {
                    let degree = degree as f64;
                    let next =
                        ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree;
                    [before, value] = [value, next];
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                x -= value / slope;
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        };
        Self(std::array::from_fn(node))
    }

    /// Points between two bounds with their weights: the sum of weight · f(point) is the integral of f.
    pub(super) fn points(&self, from: f64, to: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let [middle, half] = [f64::midpoint(from, to), 0.5 * (to - from)];
        self.0.iter().map(move |(x, weight)| (middle + half * x, half * weight))
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn integrals_are_those_of_calculus() {
        let rule = Quadrature::new();
        let integral = |from, to, f: fn(f64) -> f64| {
            rule.points(from, to).map(|(x, weight)| weight * f(x)).sum()
        };
        assert_close(
            [
                integral(0.0, 2.0, |x| x.powi(9)),
                integral(0.0, PI, libm::sin),
                integral(-7.5, 7.5, |x| libm::exp(-0.5 * x * x)),
            ],
            [102.4, 2.0, (2.0 * PI).sqrt()],
        );
    }
}
