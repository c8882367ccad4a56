//! Roots of functions.

/// The largest number of steps. Bisection alone needs fewer for any interval of floats.
const MOST_STEPS: usize = 3000;

/// The root of `function` between two points at which its signs differ, exact to the last bits.
///
/// Takes inverse quadratic steps where they are safe, and halves the interval elsewhere.
/// Source: Chandrupatla (1997), *A new hybrid quadratic/bisection algorithm for finding the zero of
/// a nonlinear function without using derivatives*, Advances in Engineering Software 28, 145–149.
pub(super) fn root(function: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    // The newest point, the one on the other side of the root, and the one before.
    let mut newest = (to, function(to));
    let mut opposite = (from, function(from));
    if let Some((at, _)) = [newest, opposite].iter().find(|(_, value)| *value == 0.0) {
        return *at;
    }
    let mut step = 0.5;
    for _ in 0..MOST_STEPS {
        let at = newest.0 + step * (opposite.0 - newest.0);
        let next = (at, function(at));
        let previous;
        if (next.1 > 0.0) == (newest.1 > 0.0) {
            previous = newest;
        } else {
            previous = opposite;
            opposite = newest;
        }
        newest = next;
        let best = if newest.1.abs() < opposite.1.abs() { newest } else { opposite };
        let width = (opposite.0 - newest.0).abs();
        let smallest_step = 2.0 * f64::EPSILON * best.0.abs() / width;
        if best.1 == 0.0 || smallest_step.is_nan() || smallest_step > 0.5 {
            return best.0;
        }
        step = quadratic_step(newest, opposite, previous)
            .unwrap_or(0.5)
            .clamp(smallest_step, 1.0 - smallest_step);
    }
    newest.0
}

/// The inverse quadratic step through three points, as a fraction of the way from the first to the
/// second. Returns `None` if the function may not be monotone between them.
fn quadratic_step(newest: (f64, f64), opposite: (f64, f64), previous: (f64, f64)) -> Option<f64> {
    let ([x1, x2, x3], [f1, f2, f3]) =
        ([newest.0, opposite.0, previous.0], [newest.1, opposite.1, previous.1]);
    let xi = (x1 - x2) / (x3 - x2);
    let phi = (f1 - f2) / (f3 - f2);
    (phi.powi(2) < xi && (1.0 - phi).powi(2) < 1.0 - xi).then(|| {
        f1 / (f2 - f1) * f3 / (f2 - f3) + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn roots_are_exact_to_the_last_bits_and_found_in_few_steps() {
        let steps = Cell::new(0);
        let count = |value: f64| {
            steps.set(steps.get() + 1);
            value
        };
        for (found, expected) in [
            (root(|x| count(x * x - 2.0), 0.0, 2.0), 2f64.sqrt()),
            (root(|x| count(2.0 - x * x), 0.0, 4.0), 2f64.sqrt()),
            (root(|x| count(1.0 / x - 1e-3), 1.0, 1e6), 1e3),
            (root(|x| count(x.powi(9)), -1.0, 4.0), 0.0),
        ] {
            assert!((found - expected).abs() <= 4.0 * f64::EPSILON * expected.max(1e-3));
        }
        assert!(steps.get() < 400, "{}", steps.get());
    }

    #[test]
    fn a_root_at_an_end_is_found() {
        assert_eq!(root(|x| x - 1.0, 1.0, 3.0), 1.0);
        assert_eq!(root(|x| x - 3.0, 1.0, 3.0), 3.0);
    }

    #[test]
    fn a_function_that_is_not_a_number_comes_to_an_end() {
        assert!(root(|_| f64::NAN, 0.0, 1.0) <= 1.0);
    }
}
