//! Draws pairs of digits without replacement, and average-pools their images.

use super::{Dataset, Digits};
use crate::random::Stream;
use crate::run::{DataConfig, IMAGE_SIDE};

/// The pairs of one split.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// Number of pairs.
    pub n: usize,
    /// Pooled images of the first digits and of the second digits, each `n × pixels`, from 0 to
    /// 255.
    pub images: [Vec<f32>; 2],
    /// Classes of the first digits and of the second digits.
    pub classes: [Vec<u8>; 2],
}

impl Pairs {
    /// For each pair, whether the first digit is less than or equal to the second.
    pub fn targets(&self) -> impl Iterator<Item = bool> + '_ {
        self.classes[0].iter().zip(&self.classes[1]).map(|(a, b)| a <= b)
    }
}

/// The training, held-out and test pairs. No digit is in two of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Pairs to train on, in the order of training.
    pub train: Pairs,
    /// Pairs of the training pool that are held out of the training, to choose an epoch.
    pub validation: Pairs,
    /// Pairs to test on.
    pub test: Pairs,
}

/// Names of the pools, in errors and in the names of the streams that draw the pairs.
const SPLITS: [&str; 2] = ["training", "test"];

/// A pool has too few digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pairs} pairs need {} {split} digits, but the dataset has {digits}", 2 * pairs)]
pub struct DrawError {
    /// `training` or `test`.
    pub split: &'static str,
    /// Number of pairs asked for, with those that are held out.
    pub pairs: usize,
    /// Number of digits in the pool.
    pub digits: usize,
}

/// Checks that pools of these sizes have enough digits for the pairs of `config`. Held-out pairs
/// come from the training pool.
///
/// # Errors
/// Returns an error if a pool has too few digits.
pub fn check_pools(pairs: [usize; 2], digits: [usize; 2]) -> Result<(), DrawError> {
    for ((split, pairs), digits) in SPLITS.into_iter().zip(pairs).zip(digits) {
        if pairs.saturating_mul(2) > digits {
            return Err(DrawError { split, pairs, digits });
        }
    }
    Ok(())
}

/// Draws the pairs of `config`. Each digit is used at most once.
///
/// # Errors
/// Returns an error if a pool has too few digits.
pub fn draw(config: &DataConfig, dataset: &Dataset) -> Result<Split, DrawError> {
    let of_training = config.train_pairs.saturating_add(config.validation_pairs);
    let n_pairs = [of_training, config.test_pairs];
    check_pools(n_pairs, [dataset.train.len(), dataset.test.len()])?;
    // A longer draw begins with the pairs of a shorter one. So held-out pairs do not change the
    // pairs that are trained on.
    let drawn = drawn(config.seed, SPLITS[0], &dataset.train, of_training);
    let (train, validation) = drawn.split_at(2 * config.train_pairs);
    let test = self::drawn(config.seed, SPLITS[1], &dataset.test, config.test_pairs);
    Ok(Split {
        train: pairs(&dataset.train, train, config.pooling),
        validation: pairs(&dataset.train, validation, config.pooling),
        test: pairs(&dataset.test, &test, config.pooling),
    })
}

/// Indices of the digits of `n` pairs of a pool: the first and the second of each pair in turn.
fn drawn(seed: u64, split: &str, pool: &Digits, n: usize) -> Vec<u32> {
    let [size, needed] = [pool.len(), 2 * n]
        .map(|count| u32::try_from(count).expect("a dataset has fewer than 2³² digits"));
    Stream::new(seed, &format!("draw/{split}")).choose(size, needed)
}

fn pairs(pool: &Digits, drawn: &[u32], pooling: usize) -> Pairs {
    let digits_of = |side: usize| drawn.iter().skip(side).step_by(2).map(|i| *i as usize);
    let images_of = |side| digits_of(side).flat_map(|i| pooled(pool, i, pooling)).collect();
    let classes_of = |side| digits_of(side).map(|i| pool.labels[i]).collect();
    let n = drawn.len() / 2;
    Pairs { n, images: [images_of(0), images_of(1)], classes: [classes_of(0), classes_of(1)] }
}

/// One image, average-pooled with a square window.
fn pooled(pool: &Digits, index: usize, window: usize) -> Vec<f32> {
    let pixels = &pool.images[index * IMAGE_SIDE * IMAGE_SIDE..][..IMAGE_SIDE * IMAGE_SIDE];
    let side = IMAGE_SIDE / window;
    let mean_at = |row: usize, column: usize| {
        let sum: u32 = (0..window)
            .flat_map(|y| (0..window).map(move |x| (row * window + y, column * window + x)))
            .map(|(y, x)| u32::from(pixels[y * IMAGE_SIDE + x]))
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "at most 784 · 255, exact in an f32")]
        let mean = sum as f32 / (window * window) as f32;
        mean
    };
    (0..side).flat_map(|row| (0..side).map(move |column| mean_at(row, column))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(seed: u64, train_pairs: usize) -> DataConfig {
        DataConfig {
            dataset: crate::dataset::embedded_digest(),
            seed,
            train_pairs,
            test_pairs: 1000,
            validation_pairs: 0,
            pooling: 2,
        }
    }

    /// 5,000 digits for training and 5,000 for testing, with a pixel of their own.
    fn dataset() -> Dataset {
        let digits = |first: usize| {
            let classes = (0..5000).map(|i| ((first + i * i) % 10) as u8);
            let mut images = vec![0; 5000 * IMAGE_SIDE * IMAGE_SIDE];
            for (index, image) in images.chunks_mut(IMAGE_SIDE * IMAGE_SIDE).enumerate() {
                image[(first + index) % 700] = 200;
            }
            Digits { images, labels: classes.collect() }
        };
        let digest = crate::digest::Digest::of_bytes(b"digits");
        Dataset { digest, train: digits(0), test: digits(1) }
    }

    #[test]
    fn pooling_averages_each_window_without_rounding() {
        let mut images = vec![0; IMAGE_SIDE * IMAGE_SIDE];
        images[0] = 255; // row 0, column 0
        images[IMAGE_SIDE + 1] = 2; // row 1, column 1: the same window
        images[2] = 8; // the next window
        let digits = Digits { images, labels: vec![0] };
        let pixels = pooled(&digits, 0, 2);
        assert_eq!(pixels.len(), 14 * 14);
        assert_eq!(&pixels[..3], [64.25, 2.0, 0.0]);
    }

    #[test]
    fn a_draw_of_the_whole_pool_uses_every_digit_once() {
        let dataset = dataset();
        let split = draw(&config(5, 2500), &dataset).unwrap();
        let mut drawn: Vec<u8> = split.train.classes.concat();
        let mut pool = dataset.train.labels.clone();
        drawn.sort_unstable();
        pool.sort_unstable();
        assert_eq!(drawn, pool);
    }

    #[test]
    fn pairs_that_are_held_out_are_other_digits_and_change_no_other_pair() {
        let dataset = dataset();
        let without = draw(&config(5, 2000), &dataset).unwrap();
        let with =
            draw(&DataConfig { validation_pairs: 500, ..config(5, 2000) }, &dataset).unwrap();
        assert_eq!((&with.train, &with.test), (&without.train, &without.test));
        assert_eq!((without.validation.n, with.validation.n), (0, 500));
        let mut drawn = [with.train.classes.concat(), with.validation.classes.concat()].concat();
        let mut pool = dataset.train.labels.clone();
        drawn.sort_unstable();
        pool.sort_unstable();
        assert_eq!(drawn, pool, "all digits of the pool, each once");
    }

    #[test]
    fn the_data_seed_alone_decides_the_draw() {
        let dataset = dataset();
        let split = |seed| draw(&config(seed, 1000), &dataset).unwrap();
        assert_eq!(split(0), split(0));
        assert_ne!(split(0), split(1));
    }

    #[test]
    fn the_target_says_that_the_first_digit_is_not_larger() {
        let pairs =
            Pairs { n: 3, images: [vec![], vec![]], classes: [vec![1, 2, 2], vec![2, 2, 1]] };
        assert_eq!(pairs.targets().collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn a_pool_that_is_too_small_is_an_error_with_both_numbers() {
        let error = draw(&config(0, 2501), &dataset()).unwrap_err();
        let expected = "2501 pairs need 5002 training digits, but the dataset has 5000";
        assert_eq!(error.to_string(), expected);
    }
}
