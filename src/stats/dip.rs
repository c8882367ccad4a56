//! Hartigan's dip test: whether values fall in two groups.

use super::Sample;

/// The dip that a uniform sample of n values exceeds with a probability of 1 %. A table of the R package
/// diptest (Maechler 2003), simulated with a million samples for each n.
const CRITICAL: [(f64, f64); 17] = [
    (4.0, 0.231_796_259),
    (5.0, 0.196_509_140),
    (6.0, 0.191_862_828),
    (7.0, 0.184_118_659),
    (8.0, 0.172_988_528),
    (9.0, 0.164_164_644),
    (10.0, 0.159_684_158),
    (15.0, 0.135_983_569),
    (20.0, 0.120_624_043),
    (30.0, 0.101_478_559),
    (50.0, 0.081_199_842),
    (100.0, 0.059_024_132),
    (200.0, 0.042_686_480),
    (500.0, 0.027_451_802),
    (1000.0, 0.019_608_026),
    (5000.0, 0.008_863_579),
    (72_000.0, 0.002_357_828),
];

/// Whether the dip test refuses, with p below 0.01, that the values have a single mode. Of all
/// distributions with one mode, the uniform one has the largest dips; the test compares with it.
///
/// Scores are shares of a number of pairs, so that some are equal by rounding. Equal values are spread evenly
/// over the step between neighbouring values: otherwise each would count as a mode.
///
/// Source: Hartigan & Hartigan (1985), *The dip test of unimodality*, Annals of Statistics 13, 70–84.
#[must_use]
pub fn is_bimodal(sample: &Sample<'_>) -> bool {
    let varies =
        sample.values().iter().any(|value| (value - sample.values()[0]).abs() > sample.rounding());
    varies && sample.n() >= 4 && dip(&spread(sample.values())) > critical(sample.n() as f64)
}

/// The critical value for `n`. Between the sizes of the table, √n · dip is linear in n, as in the package.
fn critical(n: f64) -> f64 {
    let at = |(size, dip): (f64, f64)| size.sqrt() * dip;
    let above = CRITICAL.iter().position(|(size, _)| *size >= n).unwrap_or(CRITICAL.len() - 1);
    let (low, high) = (CRITICAL[above.saturating_sub(1)], CRITICAL[above]);
    let share = if high.0 > low.0 { ((n - low.0) / (high.0 - low.0)).min(1.0) } else { 1.0 };
    (at(low) + share * (at(high) - at(low))) / n.sqrt()
}

/// The values in order. Equal ones are spread over the smallest step between different values.
fn spread(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Steps within rounding errors are none.
    let tolerance = 1e-9 * sorted.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let groups = sorted.chunk_by(|one, next| next - one <= tolerance);
    let steps = sorted.windows(2).map(|pair| pair[1] - pair[0]);
    let step = steps.filter(|step| *step > tolerance).fold(f64::INFINITY, f64::min);
    let groups: Vec<_> = groups.collect();
    // A single step says nothing of rounding.
    let step = if groups.len() == 2 { 0.01 * step } else { step };
    groups
        .into_iter()
        .flat_map(|group| {
            let n = group.len() as f64;
            (0..group.len()).map(move |i| group[0] + step * ((i as f64 + 0.5) / n - 0.5))
        })
        .collect()
}

/// The dip of values in order: the largest distance between their distribution function and the nearest one
/// with a single mode.
///
/// In the interval that is left, the greatest convex minorant of the lower steps and the least concave
/// majorant of the upper steps are compared. The mode lies where they are farthest apart. Outside of it, the
/// distribution must follow the minorant on the left, and the majorant on the right. Source: Hartigan (1985),
/// *Algorithm AS 217*, Applied Statistics 34, 320–325.
fn dip(x: &[f64]) -> f64 {
    let n = x.len();
    let (mut from, mut to) = (0, n - 1);
    let below: Vec<f64> = (0..n).map(|i| i as f64 / n as f64).collect();
    let above: Vec<f64> = (0..n).map(|i| (i + 1) as f64 / n as f64).collect();
    let mut dip = 1.0 / n as f64;
    while from < to {
        let range = from..=to;
        let (minorant, low) = Hull::of(&x[range.clone()], &below[range.clone()], 1.0);
        let (majorant, high) = Hull::of(&x[range.clone()], &above[range.clone()], -1.0);
        let gap = |i: &usize| high[*i] - low[*i];
        // The first of the largest gaps at touching points of the minorant, and the last of the others.
        let by_gap = |a: &&usize, b: &&usize| gap(a).total_cmp(&gap(b));
        let left = *minorant.0.iter().rev().max_by(by_gap).expect("a hull has two ends");
        let right = *majorant.0.iter().max_by(by_gap).expect("a hull has two ends");
        if gap(&left).max(gap(&right)) <= dip + 1e-15 {
            break;
        }
        let (left, right) = match gap(&right) > gap(&left) {
            true => (minorant.last_up_to(right), right),
            false => (left, majorant.first_from(left)),
        };
        let distances_left = (0..=left).map(|i| above[from + i] - low[i]);
        let distances_right = (right..=to - from).map(|i| high[i] - below[from + i]);
        dip = distances_left.chain(distances_right).fold(dip, f64::max);
        if (left, right) == (0, to - from) {
            break;
        }
        (from, to) = (from + left, from + right);
    }
    dip / 2.0
}

/// The indices at which a convex or concave hull touches its points, in order.
struct Hull(Vec<usize>);

impl Hull {
    /// The greatest convex minorant of points (`side` 1), or their least concave majorant (−1), and its
    /// values.
    fn of(x: &[f64], y: &[f64], side: f64) -> (Self, Vec<f64>) {
        let mut touching: Vec<usize> = Vec::new();
        for next in 0..x.len() {
            while let [.., a, b] = touching[..] {
                let turn = (y[b] - y[a]) * (x[next] - x[a]) - (y[next] - y[a]) * (x[b] - x[a]);
                if side * turn < 0.0 {
                    break;
                }
                touching.pop();
            }
            touching.push(next);
        }
        let mut values = vec![y[0]];
        for pair in touching.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            let slope = (y[b] - y[a]) / (x[b] - x[a]);
            values.extend(
                (a + 1..=b).map(|i| if i == b { y[b] } else { y[a] + slope * (x[i] - x[a]) }),
            );
        }
        (Self(touching), values)
    }

    fn last_up_to(&self, index: usize) -> usize {
        self.0.iter().copied().rfind(|touching| *touching <= index).unwrap_or(0)
    }

    fn first_from(&self, index: usize) -> usize {
        self.0.iter().copied().find(|touching| *touching >= index).unwrap_or(index)
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    /// Runs of the fully connected model with auxiliary loss and weight sharing, on 30 draws.
    const IN_TWO_GROUPS: [f64; 30] = [
        52.1, 52.3, 52.5, 52.7, 53.0, 53.1, 53.6, 54.1, 54.3, 54.5, 57.3, 62.5, 75.8, 76.7, 77.2,
        77.4, 77.5, 77.6, 77.7, 78.0, 78.05, 78.1, 79.4, 79.5, 79.6, 80.0, 80.5, 80.8, 82.5, 83.7,
    ];

    /// Uniform values, by the generator of Knuth's MMIX.
    fn uniform(seed: u64, n: usize) -> Vec<f64> {
        let mut state = seed;
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / 2f64.powi(53)
        };
        (0..n).map(next).collect()
    }

    #[test]
    fn dips_are_those_of_the_package_diptest() {
        // diptest.dipstat(x), of the package for Python
        assert_close([dip(&IN_TWO_GROUPS)], [0.146_413_502_109_704_66]);
        let few = [0.3, 1.1, 1.2, 1.9, 2.5, 3.3, 3.4, 4.9, 6.0, 7.7];
        assert_close([dip(&few)], [0.090_909_090_909_090_87]);
        assert_close([dip(&[1.0, 2.0, 3.0, 10.0, 11.0, 12.0])], [0.194_444_444_444_444_45]);
        // The sum over 200 samples: skewed, uniform, and in two groups.
        let weighted = (0..200u64).map(|seed| {
            let values = uniform(seed, 5 + seed as usize % 60).into_iter().enumerate();
            let values = values.map(|(i, u)| match seed % 3 {
                0 => u.powi(3),
                1 => u,
                _ => u + 2.0 * (i % 2) as f64,
            });
            let mut values: Vec<_> = values.collect();
            values.sort_by(f64::total_cmp);
            dip(&values) * (seed + 1) as f64
        });
        assert_close([weighted.sum()], [1_866.245_363_632_675]);
    }

    #[test]
    fn values_in_two_groups_are_told_from_values_in_one() {
        let is = |values: &[f64]| is_bimodal(&Sample::new(values).unwrap());
        assert!(is(&IN_TWO_GROUPS));
        assert!(!is(&IN_TWO_GROUPS[..10]));
        assert!(!is(&[50.0, 80.0, 81.0]), "too few to tell");
        assert!(!is(&[50.0; 30]));
        assert!(is(&[[50.0; 15], [80.0; 15]].concat()));
        // One of a hundred uniform samples is called bimodal, at most.
        let called = (0..1000).filter(|seed| is(&uniform(*seed, 30))).count();
        assert!((3..=20).contains(&called), "{called}");
    }

    #[test]
    fn scores_that_are_equal_by_rounding_are_no_modes() {
        // Shares of 50 pairs: only a few different values.
        let rounded = |seed| -> Vec<f64> {
            let sums = uniform(seed, 120);
            sums.chunks(4)
                .map(|four| 70.0 + 2.0 * (2.0 * four.iter().sum::<f64>()).round())
                .collect()
        };
        let called =
            (0..300).filter(|seed| is_bimodal(&Sample::new(&rounded(*seed)).unwrap())).count();
        assert!(called <= 3, "{called}");
    }
}
