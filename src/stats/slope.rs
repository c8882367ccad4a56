//! The slope of a straight line through points.

/// The slope of the least-squares line through points (x, y): Σ(x − x̄)(y − ȳ) / Σ(x − x̄)². Returns `None` unless two
/// values of x differ, or if a number is not finite.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let [x_mean, y_mean] = [0, 1].map(|side| {
        let values = points.iter().map(|(x, y)| if side == 0 { x } else { y });
        values.sum::<f64>() / n
    });
    let (mut products, mut squares) = (0.0, 0.0);
    for (x, y) in points {
        products += (x - x_mean) * (y - y_mean);
        squares += (x - x_mean) * (x - x_mean);
    }
    let slope = products / squares;
    slope.is_finite().then_some(slope)
}

#[cfg(test)]
mod tests {
    use super::super::{assert_close, log10};
    use super::*;

    #[test]
    fn slopes_are_those_of_scipy() {
        // scipy.stats.linregress(x, y).slope, and numpy.polyfit(numpy.log10(x), y, 1)[0]
        let points = [(0.001, 71.25), (0.01, 74.5), (0.03, 76.125), (0.1, 73.0)];
        let logs = points.map(|(x, y)| (log10(x), y));
        let found = [slope(&points).unwrap(), slope(&logs).unwrap()];
        assert_close(found, [0.937_901_587_696_386_8, 1.335_066_231_805_072_3]);
        assert_eq!(slope(&[(1.0, 2.0)]), None);
        assert_eq!(slope(&[(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(slope(&[]), None);
    }
}
