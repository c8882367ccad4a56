//! The sign-flip test of a mean: the share of sign patterns whose mean is at least as far from 0.

/// The smallest number of pairs that can be significant at 5 %. At least two of the 2ⁿ patterns of
/// signs are the most extreme, and 2 / 2⁵ is more than 0.05. With fewer pairs, an interval depends
/// only on the assumption of normality.
pub const FEWEST_DECISIVE: usize = 6;

/// The two-sided p value of the mean of `differences`: the share of all 2ⁿ patterns of signs whose
/// sum is at least as far from 0 as the observed sum. Sums that differ by at most `tolerance` count
/// as equal.
///
/// The test is exact under the hypothesis that both signs of each difference are equally likely.
/// The differences need not be normal. The smallest p value is 2 / 2ⁿ. Sources: Fisher (1935), *The
/// Design of Experiments*, section 21; Pitman (1937), *Significance tests which may be applied to
/// samples from any populations*, Supplement to the Journal of the Royal Statistical Society 4,
/// 119–130.
///
/// Each pattern combines a pattern of the left half with one of the right half. So 2 · 2ⁿᐟ² sums
/// are enough for all 2ⁿ patterns.
pub(super) fn p_value(differences: &[f64], tolerance: f64) -> f64 {
    let (left, right) = differences.split_at(differences.len() / 2);
    let (left, mut right) = (signed_sums(left), signed_sums(right));
    let bound = (left[0] + right[0]).abs() - tolerance;
    if bound <= 0.0 {
        return 1.0;
    }
    right.sort_unstable_by(f64::total_cmp);
    let beyond = |sum: &f64| right.len() - right.partition_point(|other| sum + other < bound);
    let n_beyond: usize = left.iter().map(beyond).sum();
    // Each pattern has an opposite pattern, whose sum is exactly the negative.
    2.0 * n_beyond as f64 / (left.len() as f64 * right.len() as f64)
}

/// The sums of `values` under all patterns of signs. The first is the sum without a change.
fn signed_sums(values: &[f64]) -> Vec<f64> {
    values.iter().fold(vec![0.0], |sums, value| {
        sums.iter().flat_map(|sum| [sum + value, sum - value]).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // d = [7, -3, …]
    const TWENTY: [f64; 20] = [
        7.0, -3.0, 5.0, 11.0, -2.0, 9.0, 4.0, -6.0, 8.0, 1.0, 13.0, -10.0, 3.0, 2.0, -1.0, 6.0,
        12.0, -4.0, 10.0, 5.0,
    ];

    #[test]
    fn p_values_are_those_of_scipy() {
        // stats.permutation_test((d, np.zeros(len(d))),
        //     lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type='samples', n_resamples=np.inf).pvalue
        assert_eq!(p_value(&[1.0, -2.0, 3.0, 4.0, -0.5, 2.5, 6.0, -1.0], 1e-9), 0.15625);
        assert_eq!(p_value(&TWENTY, 1e-9), 0.027_227_401_733_398_438);
    }

    #[test]
    fn sums_that_only_rounding_separates_are_ties() {
        // The same call. As floats, 0.1 + 0.2 exceeds 0.3, which would break the tie.
        assert_eq!(p_value(&[0.1, 0.2, 0.3, -0.3, 0.1], 1e-12), 0.5625);
        assert_eq!(p_value(&[0.1, 0.2, -0.3], 1e-12), 1.0);
    }

    #[test]
    fn differences_of_one_sign_have_the_smallest_p_value() {
        for n in 1..=20 {
            let differences: Vec<f64> = (0..n).map(|i| 1.0 + f64::from(i)).collect();
            assert_eq!(p_value(&differences, 1e-9), 2.0 / f64::from(1 << n));
        }
    }

    #[test]
    fn neither_sign_nor_order_nor_scale_matters() {
        let p = p_value(&TWENTY, 1e-9);
        let changed = |change: fn(f64) -> f64| TWENTY.map(change);
        assert_eq!(p_value(&changed(|d| -d), 1e-9), p);
        assert_eq!(p_value(&changed(|d| 0.1 * d), 1e-9), p);
        let mut reversed = TWENTY;
        reversed.reverse();
        assert_eq!(p_value(&reversed, 1e-9), p);
    }

    #[test]
    fn differences_of_zero_have_p_1() {
        assert_eq!(p_value(&[0.0; 5], 0.0), 1.0);
    }
}
