//! What can be wrong with data.

/// Why bytes are no data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` {reason}")]
pub struct DataError {
    /// The file at fault, by the name that the caller gave.
    pub file: String,
    /// What is wrong with it, as a phrase that follows the name.
    pub reason: String,
}

impl DataError {
    /// An error of this file.
    pub fn of<R: ToString>(file: &str) -> impl FnOnce(R) -> Self {
        move |reason| Self { file: file.to_owned(), reason: reason.to_string() }
    }
}

/// Why the parts of a run cannot be drawn from the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// A pool has too few images for the pairs.
    #[error("{pairs} pairs need {} {split} images, but the data have {images}", 2 * pairs)]
    Pool {
        /// `training` or `test`.
        split: &'static str,
        /// Number of pairs asked for, with those that are held out.
        pairs: usize,
        /// Number of images in the pool.
        images: usize,
    },
    /// The parts are larger than the data.
    #[error("the {part} part needs {needed} examples, but {left} are left for it")]
    TooFew {
        /// The name of the part.
        part: &'static str,
        /// Number of examples asked for.
        needed: usize,
        /// Number of examples that other parts do not have.
        left: usize,
    },
    /// Groups do not fit into a part.
    #[error(
        "the {part} part gets {n} examples instead of {asked}, because groups stay whole; write a size that whole \
         groups can make"
    )]
    Groups {
        /// The name of the part.
        part: &'static str,
        /// Number of examples asked for.
        asked: usize,
        /// Number of examples of the groups that fit best.
        n: usize,
    },
    /// A part has no example.
    #[error("the {part} part is empty")]
    Empty {
        /// The name of the part.
        part: &'static str,
    },
    /// There are fewer examples or groups than folds.
    #[error("{folds} folds need at least {folds} {units}, but there are {n}")]
    Folds {
        /// Number of folds.
        folds: usize,
        /// `examples` or `groups`.
        units: &'static str,
        /// Number of these.
        n: usize,
    },
    /// The values of the training part cannot be standardised.
    #[error("{0}")]
    Constant(String),
}

impl DrawError {
    /// Whether a pool of test images is too small.
    #[must_use]
    pub fn is_of_test(&self) -> bool {
        matches!(self, Self::Pool { split: "test", .. })
    }
}
