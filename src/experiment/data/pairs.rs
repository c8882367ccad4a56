//! The table `[data]` of pairs of images.

use std::path::PathBuf;

use serde::Serialize;

use super::found::{FindData, Found, directory, found};
use super::pooling::check_pooling;
use super::seed::DataSeed;
use crate::dataset::{Source, check_pools};
use crate::document::Reader;
use crate::run::PairData;

/// Which pairs are drawn from which images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairDesign {
    /// The images.
    #[serde(rename = "directory", serialize_with = "directory")]
    pub found: Found,
    /// The seed of the draw of the pairs.
    pub seed: DataSeed,
    /// Number of training pairs.
    pub train_pairs: usize,
    /// Number of test pairs.
    pub test_pairs: usize,
    /// Number of pairs held out of training.
    pub validation_pairs: usize,
    /// Side of the average-pooling window.
    pub pooling: usize,
}

impl PairDesign {
    /// The configuration for the run with this seed.
    pub(super) fn resolve(&self, run: u64) -> PairData {
        PairData {
            dataset: self.found.facts.digest,
            seed: self.seed.resolve(run),
            train_pairs: self.train_pairs,
            test_pairs: self.test_pairs,
            validation_pairs: self.validation_pairs,
            pooling: self.pooling,
            image: self.found.facts.shape,
            classes: self.found.facts.classes.len(),
        }
    }
}

pub(super) fn read(reader: &Reader<'_>, find: FindData<'_>) -> Option<PairDesign> {
    let directory = reader.optional::<String>("directory").map(PathBuf::from);
    let seed = reader.required::<DataSeed>("seed");
    let train_pairs = reader.required::<usize>("train_pairs");
    let test_pairs = reader.required::<usize>("test_pairs");
    let validation_pairs = reader.optional::<usize>("validation_pairs").unwrap_or(0);
    let source = directory.map_or(Source::Mnist, Source::Directory);
    let found = found(reader, "directory", &source, find);
    let pooling = reader.required::<usize>("pooling").filter(|pooling| match &found {
        Some(found) => check_pooling(reader, *pooling, found.facts.shape).is_some(),
        None => *pooling > 0,
    });
    if let (Some(train), Some(test), Some(found)) = (train_pairs, test_pairs, &found) {
        let [train_pool, _, test_pool] = found.facts.pools;
        let pairs = [train.saturating_add(validation_pairs), test];
        if let Err(error) = check_pools(pairs, [train_pool, test_pool]) {
            let keys = match error.is_of_test() {
                true => "`test_pairs`",
                false => "`train_pairs` or `validation_pairs`",
            };
            let message = format!("asks for too many pairs: {error}; lower {keys}");
            reader.violations().push(reader.location(), "data", message);
        }
    }
    Some(PairDesign {
        found: found?,
        seed: seed?,
        train_pairs: train_pairs?,
        test_pairs: test_pairs?,
        validation_pairs,
        pooling: pooling?,
    })
}
