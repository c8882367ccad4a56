//! Ranks of numbers.

/// The rank of each number, from 1. Equal numbers share the mean of their ranks.
pub(super) fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    // −0 and 0 are equal.
    order.sort_by(|a, b| (numbers[*a] + 0.0).total_cmp(&(numbers[*b] + 0.0)));
    let mut ranks = vec![0.0; numbers.len()];
    let mut start = 0;
    while start < order.len() {
        let equal = |index: &&usize| numbers[**index] == numbers[order[start]];
        let n = order[start..].iter().take_while(equal).count().max(1);
        let mean = start as f64 + f64::midpoint(n as f64, 1.0);
        for index in &order[start..start + n] {
            ranks[*index] = mean;
        }
        start += n;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, -1.0, 3.0, 0.0, -0.0, 3.0]), [5.0, 1.0, 5.0, 2.5, 2.5, 5.0]);
        assert!(ranks(&[]).is_empty());
    }
}
