//! Draws pairs of images without replacement.

use super::error::DrawError;
use super::examples::{Examples, PartName, Rows, Scale, Split, Targets};
use super::prepare::pooled;
use crate::random::Stream;
use crate::run::PairData;

/// Names of the pools, in errors and in the names of the streams that draw the pairs.
const SPLITS: [&str; 2] = ["training", "test"];

/// Checks that pools of these sizes have enough images for training pairs and test pairs. Held-out pairs
/// come from the training pool.
///
/// # Errors
/// Returns an error if a pool has too few images.
pub fn check_pools(pairs: [usize; 2], images: [usize; 2]) -> Result<(), DrawError> {
    for ((split, pairs), images) in SPLITS.into_iter().zip(pairs).zip(images) {
        if pairs.saturating_mul(2) > images {
            return Err(DrawError::Pool { split, pairs, images });
        }
    }
    Ok(())
}

/// Draws the pairs of `config`. Each image is used at most once.
///
/// # Errors
/// Returns an error if a pool has too few images.
pub(super) fn draw(config: &PairData, examples: &Examples) -> Result<Split, DrawError> {
    let of_training = config.train_pairs.saturating_add(config.validation_pairs);
    let [train_pool, test_pool] = [PartName::Train, PartName::Test].map(|part| {
        let indices = (0..).zip(&examples.parts).filter(|(_, own)| **own == part);
        indices.map(|(index, _)| index).collect::<Vec<u32>>()
    });
    check_pools([of_training, config.test_pairs], [train_pool.len(), test_pool.len()])?;
    // A longer draw begins with the pairs of a shorter one. So held-out pairs do not change the
    // pairs that are trained on.
    let drawn = drawn(config.seed, SPLITS[0], &train_pool, of_training);
    let (train, validation) = drawn.split_at(2 * config.train_pairs);
    let test = self::drawn(config.seed, SPLITS[1], &test_pool, config.test_pairs);
    Ok(Split {
        train: pairs(examples, train, config.pooling),
        validation: pairs(examples, validation, config.pooling),
        test: pairs(examples, &test, config.pooling),
        input_scales: vec![Scale::NONE; config.image.channels()],
        target_scale: Scale::NONE,
    })
}

/// Indices of the images of `n` pairs of a pool: the first and the second of each pair in turn.
fn drawn(seed: u64, split: &str, pool: &[u32], n: usize) -> Vec<u32> {
    let [size, needed] = [pool.len(), 2 * n]
        .map(|count| u32::try_from(count).expect("the data have fewer than 2³² images"));
    let places = Stream::new(seed, &format!("draw/{split}")).choose(size, needed);
    places.into_iter().map(|place| pool[place as usize]).collect()
}

fn pairs(examples: &Examples, drawn: &[u32], pooling: usize) -> Rows {
    let of_side = |side: usize| drawn.iter().skip(side).step_by(2).copied().collect::<Vec<u32>>();
    let sides = [of_side(0), of_side(1)];
    let classes_of = |side: &Vec<u32>| match &examples.targets {
        Targets::Classes(classes) => side.iter().map(|i| classes[*i as usize]).collect(),
        Targets::Pairs(_) | Targets::Numbers(_) => unreachable!("pairs are drawn from classes"),
    };
    Rows {
        n: drawn.len() / 2,
        inputs: sides
            .iter()
            .map(|side| pooled(&examples.values, examples.shape, side, pooling))
            .collect(),
        targets: Targets::Pairs(sides.each_ref().map(classes_of)),
    }
}
