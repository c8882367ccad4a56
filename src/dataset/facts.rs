//! What an experiment needs to know of its data before any run.

use super::examples::{Examples, Values};
use super::mnist;
use crate::digest::Digest;
use crate::run::{Shape, mnist_classes, mnist_image};

/// What an experiment needs to know of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Digest of the data.
    pub digest: Digest,
    /// Number of examples.
    pub n: usize,
    /// Shape of one example.
    pub shape: Shape,
    /// The names of the classes. Empty if the targets are numbers.
    pub classes: Vec<String>,
    /// Numbers of examples of each part, by their files or a column. All 0 if neither says it.
    pub pools: [usize; 3],
    /// The number of rows that are left out because a value is missing.
    pub dropped: usize,
    /// Whether values are pixels from 0 to 255.
    pub are_bytes: bool,
}

impl Facts {
    /// Those of MNIST in this binary, without unpacking it.
    #[must_use]
    pub fn of_mnist() -> Self {
        Self {
            digest: mnist::embedded_digest(),
            n: mnist::EMBEDDED_POOLS.iter().sum(),
            shape: mnist_image(),
            classes: (0..mnist_classes()).map(|class| class.to_string()).collect(),
            pools: mnist::EMBEDDED_POOLS,
            dropped: 0,
            are_bytes: true,
        }
    }

    /// Those of `examples`.
    #[must_use]
    pub fn of(examples: &Examples) -> Self {
        Self {
            digest: examples.digest,
            n: examples.len(),
            shape: examples.shape,
            classes: examples.classes.clone(),
            pools: examples.pools(),
            dropped: examples.rows.dropped,
            are_bytes: matches!(examples.values, Values::Bytes(_)),
        }
    }
}
