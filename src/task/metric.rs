//! Metrics, as scikit-learn defines them.

use super::ranks::ranks;

/// The share of `true`.
pub(super) fn fraction(right: impl Iterator<Item = bool>) -> f64 {
    let (mut n, mut n_right) = (0u32, 0u32);
    for right in right {
        n += 1;
        n_right += u32::from(right);
    }
    f64::from(n_right) / f64::from(n)
}

/// The class with the largest output in each of `n` rows. Of equal outputs, the first counts. Returns
/// `None` for a row with a NaN.
pub(super) fn largest(outputs: &[f32], n: usize) -> Vec<Option<u32>> {
    let largest = |row: &[f32]| {
        let mut best = 0;
        for (class, output) in row.iter().enumerate() {
            if output.is_nan() {
                return None;
            }
            if *output > row[best] {
                best = class;
            }
        }
        u32::try_from(best).ok()
    };
    outputs.chunks_exact((outputs.len() / n.max(1)).max(1)).map(largest).collect()
}

/// How often an example of each class (row) was taken for each of `k` classes (column). A row with a NaN
/// counts nowhere.
pub(super) fn confusion(found: &[Option<u32>], classes: &[u32], k: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; k]; k];
    for (found, class) in found.iter().zip(classes) {
        if let Some(found) = found {
            counts[*class as usize][*found as usize] += 1;
        }
    }
    counts
}

/// Mean of the shares of each class that are found, over the classes that occur.
pub(super) fn balanced_accuracy(counts: &[Vec<u64>], classes: &[u32]) -> f64 {
    let recalls = (0..counts.len()).filter_map(|class| {
        let n = classes.iter().filter(|own| **own as usize == class).count();
        (n > 0).then(|| counts[class][class] as f64 / n as f64)
    });
    mean(recalls)
}

/// Mean of the F1 scores 2 TP / (2 TP + FP + FN) of the classes that occur among targets or answers.
pub(super) fn f1_macro(counts: &[Vec<u64>], classes: &[u32]) -> f64 {
    let scores = (0..counts.len()).filter_map(|class| {
        let n = classes.iter().filter(|own| **own as usize == class).count() as u64;
        let taken: u64 = counts.iter().map(|row| row[class]).sum();
        (n + taken > 0).then(|| 2.0 * counts[class][class] as f64 / (n + taken) as f64)
    });
    mean(scores)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0u32), |(sum, n), value| (sum + value, n + 1));
    sum / f64::from(n.max(1))
}

/// Area under the receiver operating characteristic: the probability that a positive example has a larger score than
/// a negative one, where equal scores count half (Mann and Whitney, 1947). `None` without examples of both kinds.
fn area_under_curve(
    scores: &[f64],
    is_positive: impl Iterator<Item = bool> + Clone,
) -> Option<f64> {
    let positive = is_positive.clone().filter(|positive| *positive).count() as f64;
    let negative = scores.len() as f64 - positive;
    let ranks = ranks(scores);
    let sum: f64 =
        ranks.iter().zip(is_positive).filter(|(_, yes)| *yes).map(|(rank, _)| rank).sum();
    let area = (sum - positive * (positive + 1.0) / 2.0) / (positive * negative);
    (positive > 0.0 && negative > 0.0).then_some(area)
}

/// Two classes: the area for the second class. More: the mean of the areas of each class against the others, over
/// the classes that occur.
pub(super) fn roc_auc(probabilities: &[f64], classes: &[u32], k: usize) -> f64 {
    let of_class = |class: usize| {
        let scores: Vec<_> = probabilities.iter().skip(class).step_by(k).copied().collect();
        area_under_curve(&scores, classes.iter().map(move |own| *own as usize == class))
    };
    match k {
        2 => of_class(1).unwrap_or(0.0),
        _ => mean((0..k).filter_map(of_class)),
    }
}

/// Mean squared error of the probabilities: of the second of two classes, or summed over more classes (Brier, 1950).
pub(super) fn brier(probabilities: &[f64], classes: &[u32], k: usize) -> f64 {
    let of_row = |(row, class): (&[f64], &u32)| {
        let errors = row.iter().enumerate().map(|(index, p)| {
            let target = if index == *class as usize { 1.0 } else { 0.0 };
            (p - target) * (p - target)
        });
        errors.sum::<f64>() * if k == 2 { 0.5 } else { 1.0 }
    };
    mean(probabilities.chunks_exact(k).zip(classes).map(of_row))
}

/// Root of the mean squared error.
pub(super) fn rmse(errors: impl Iterator<Item = f64>) -> f64 {
    mean(errors.map(|error| error * error)).sqrt()
}

/// Mean of the absolute errors.
pub(super) fn mae(errors: impl Iterator<Item = f64>) -> f64 {
    mean(errors.map(f64::abs))
}

/// 1 − (sum of squared errors) / (sum of squared deviations of the targets from their mean). The targets must differ.
pub(super) fn r2(outputs: &[f64], targets: &[f64]) -> f64 {
    let average = mean(targets.iter().copied());
    let errors: f64 = outputs.iter().zip(targets).map(|(y, t)| (y - t) * (y - t)).sum();
    let all: f64 = targets.iter().map(|t| (t - average) * (t - average)).sum();
    1.0 - errors / all
}

/// Pearson's correlation of the ranks. 0 if all outputs are equal: they order nothing.
pub(super) fn spearman(outputs: &[f64], targets: &[f64]) -> f64 {
    let [a, b] = [outputs, targets].map(|numbers| {
        let ranks = ranks(numbers);
        let average = mean(ranks.iter().copied());
        ranks.into_iter().map(|rank| rank - average).collect::<Vec<_>>()
    });
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let size = (product(&a, &a) * product(&b, &b)).sqrt();
    if size == 0.0 { 0.0 } else { product(&a, &b) / size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_outputs_is_found_and_nan_is_no_class() {
        let mut outputs = vec![0.0; 30];
        outputs[13] = 2.0;
        outputs[17] = 2.0;
        outputs[25] = f32::NAN;
        assert_eq!(largest(&outputs, 3), [Some(0), Some(3), None]);
    }
}
