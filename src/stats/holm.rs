//! Adjustment of p values for several tests.

/// Adjusts p values for several tests, in their order. If every adjusted value of at most α is
/// called significant, the probability of a false positive among all tests is at most α.
///
/// The k-th smallest of m values becomes the largest of (m − i + 1) · p₍ᵢ₎ over i ≤ k, at most 1.
/// NaN stays NaN and does not count, like `NA` in R's `p.adjust`. Source: Holm (1979), *A simple
/// sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6, 65–70.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<_> = (0..p_values.len()).filter(|at| !p_values[*at].is_nan()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut largest = 0f64;
    for (rank, at) in order.iter().enumerate() {
        largest = largest.max((order.len() - rank) as f64 * p_values[*at]).min(1.0);
        adjusted[*at] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_p_values_are_those_of_statsmodels() {
        // multipletests(p, method='holm')[1] of statsmodels.stats.multitest
        for (p_values, expected) in [
            (vec![0.01, 0.04, 0.03, 0.005, 0.5], vec![0.04, 0.09, 0.09, 0.025, 0.5]),
            (vec![0.04, 0.01, 0.04, 0.01], vec![0.08, 0.04, 0.08, 0.04]),
            (vec![0.6, 0.7, 0.2], vec![1.0, 1.0, 0.600_000_000_000_000_1]),
        ] {
            let adjusted = holm(&p_values);
            assert!(adjusted.iter().zip(&expected).all(|(a, e)| (a - e).abs() < 1e-15));
        }
    }

    #[test]
    fn adjusted_p_values_are_no_smaller_and_keep_their_order() {
        let p_values: Vec<_> = (0..40).map(|i| f64::from(i * 17 % 40) / 45.0).collect();
        let adjusted = holm(&p_values);
        for (p, a) in p_values.iter().zip(&adjusted) {
            assert!(a >= p && *a <= 1.0);
            assert!(p_values.iter().zip(&adjusted).all(|(q, b)| p > q || a <= b));
        }
    }

    #[test]
    fn one_p_value_stays_and_none_make_none() {
        assert_eq!(holm(&[0.03]), [0.03]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }

    #[test]
    fn what_is_not_a_number_neither_counts_nor_spreads() {
        let adjusted = holm(&[0.02, f64::NAN, 0.01]);
        assert!(adjusted[1].is_nan());
        assert_eq!([adjusted[0], adjusted[2]], [0.02, 0.02]);
    }
}
