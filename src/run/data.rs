//! Which examples a run trains and is tested on.

use serde::{Deserialize, Serialize};

use super::Shape;
use crate::digest::Digest;

/// Which examples a run trains and is tested on. Each family of tasks describes them in its own way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DataConfig {
    /// Pairs of images.
    Pairs(PairData),
    /// The rows of a table, or single images.
    Examples(ExampleData),
}

/// Which pairs are drawn from which images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairData {
    /// Digest of the images and their classes.
    pub dataset: Digest,
    /// Seeds the draw of the pairs.
    pub seed: u64,
    /// Number of training pairs.
    pub train_pairs: usize,
    /// Number of test pairs.
    pub test_pairs: usize,
    /// Number of pairs of the training pool that are held out of the training, to choose an epoch
    /// by.
    #[serde(default, skip_serializing_if = "is::none")]
    pub validation_pairs: usize,
    /// Side of the average-pooling window applied to each image.
    pub pooling: usize,
    /// Shape of one image in the data.
    #[serde(default = "mnist_image", skip_serializing_if = "is::mnist_image")]
    pub image: Shape,
    /// Number of classes of images.
    #[serde(default = "mnist_classes", skip_serializing_if = "is::mnist_classes")]
    pub classes: usize,
}

/// Which part of some examples is for what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleData {
    /// Digest of the values, the targets and what the split needs to know of each example.
    pub dataset: Digest,
    /// Number of examples in the data.
    pub n: usize,
    /// Shape of one example in the data.
    pub input: Shape,
    /// Side of the average-pooling window applied to each image.
    #[serde(default = "one", skip_serializing_if = "is::one")]
    pub pooling: usize,
    /// Number of classes. 0 if the targets are numbers.
    #[serde(default, skip_serializing_if = "is::none")]
    pub classes: usize,
    /// Whether the values are standardised with the mean and the standard deviation of the training
    /// part: each column of a table, each channel of images.
    #[serde(default, skip_serializing_if = "is::off")]
    pub standardize: bool,
    /// Whether the targets are, too. Losses are then those of standardised targets. Metrics are in
    /// the unit of the data.
    #[serde(default, skip_serializing_if = "is::off")]
    pub standardize_target: bool,
    /// Which examples belong to which part.
    pub split: SplitConfig,
}

/// How examples are split into a training, a validation and a test part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// How the examples of a part are chosen.
    pub kind: SplitKind,
    /// Size of the training part. `None` means all that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<Size>,
    /// Size of the validation part, which is not trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Size>,
    /// Size of the test part. `None` if the kind of split gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Size>,
    /// Number of folds. 0 without folds.
    #[serde(default, skip_serializing_if = "is::none")]
    pub folds: usize,
    /// Whether each class has the same share in each part.
    #[serde(default, skip_serializing_if = "is::off")]
    pub stratified: bool,
    /// Whether the examples of a group stay together.
    #[serde(default, skip_serializing_if = "is::off")]
    pub grouped: bool,
    /// Whether examples with equal values stay together.
    #[serde(default, skip_serializing_if = "is::off")]
    pub together: bool,
    /// Seeds the order in which examples are chosen. 0 where nothing is random.
    #[serde(default, skip_serializing_if = "is::no_seed")]
    pub seed: u64,
}

/// How the examples of a part are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    /// By chance.
    Random,
    /// In their order in the file: training, validation, test.
    Ordered,
    /// A column names the part.
    Column,
    /// Each part has its own file. Counts and shares choose by chance within a file.
    Files,
    /// By chance into folds of one size. Each fold is the test part once.
    Folds,
}

impl SplitKind {
    /// Its name in experiment files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Ordered => "ordered",
            Self::Column => "column",
            Self::Files => "files",
            Self::Folds => "folds",
        }
    }
}

/// A number of examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// This many.
    Count(usize),
    /// This share of all.
    Share(f64),
}

impl Size {
    /// The number of examples among `n`. A share is rounded to the nearest number, halves up.
    #[must_use]
    pub fn of(self, n: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Share(share) => (share * n as f64 + 0.5).floor() as usize,
        }
    }
}

impl ExampleData {
    /// The sizes of the training, validation and test part. With folds, groups or classes they can be off by a
    /// few examples.
    #[must_use]
    pub fn sizes(&self) -> [usize; 3] {
        let SplitConfig { train, validation, test, folds, .. } = &self.split;
        let of = |size: &Option<Size>, n: usize| size.map_or(0, |size| size.of(n)).min(n);
        let test = self.n.checked_div(*folds).unwrap_or_else(|| of(test, self.n));
        let validation = of(validation, self.n).min(self.n - test);
        let rest = self.n - test - validation;
        [train.map_or(rest, |size| size.of(self.n).min(rest)), validation, test]
    }
}

impl DataConfig {
    /// The pairs, if they are pairs.
    pub fn pairs_mut(&mut self) -> Option<&mut PairData> {
        match self {
            Self::Pairs(data) => Some(data),
            Self::Examples(_) => None,
        }
    }

    /// The sizes of the training, validation and test part of one split.
    #[must_use]
    pub fn sizes(&self) -> [usize; 3] {
        match self {
            Self::Pairs(data) => [data.train_pairs, data.validation_pairs, data.test_pairs],
            Self::Examples(data) => data.sizes(),
        }
    }

    /// The seed of the draw.
    #[must_use]
    pub fn seed(&self) -> u64 {
        match self {
            Self::Pairs(data) => data.seed,
            Self::Examples(data) => data.split.seed,
        }
    }

    /// Digest of the data.
    #[must_use]
    pub fn dataset(&self) -> Digest {
        match self {
            Self::Pairs(data) => data.dataset,
            Self::Examples(data) => data.dataset,
        }
    }

    /// Shape of one input of the network.
    #[must_use]
    pub fn input(&self) -> Shape {
        match self {
            Self::Pairs(data) => pooled(data.image, data.pooling),
            Self::Examples(data) => pooled(data.input, data.pooling),
        }
    }

    /// Number of classes. 0 if the targets are numbers.
    #[must_use]
    pub fn classes(&self) -> usize {
        match self {
            Self::Pairs(data) => data.classes,
            Self::Examples(data) => data.classes,
        }
    }

    /// Whether a part is held out of the training and of the test.
    #[must_use]
    pub fn has_validation(&self) -> bool {
        match self {
            Self::Pairs(data) => data.validation_pairs > 0,
            Self::Examples(data) => data.split.validation.is_some(),
        }
    }

    /// The key in experiment files that gives the validation part a size.
    #[must_use]
    pub fn validation_key(&self) -> &'static str {
        match self {
            Self::Pairs(_) => "data.validation_pairs",
            Self::Examples(_) => "data.split.validation",
        }
    }

    /// Number of splits that a run trains on, one after the other: one for each fold.
    #[must_use]
    pub fn folds(&self) -> usize {
        match self {
            Self::Pairs(_) => 1,
            Self::Examples(data) => data.split.folds.max(1),
        }
    }
}

/// Shape of an image after average pooling with windows of `window` × `window`. Vectors are not pooled.
#[must_use]
pub fn pooled(shape: Shape, window: usize) -> Shape {
    match shape {
        Shape::Image { height, width, channels } => {
            Shape::Image { height: height / window, width: width / window, channels }
        }
        Shape::Vector(_) => shape,
    }
}

/// Shape of an image of MNIST.
#[must_use]
pub fn mnist_image() -> Shape {
    Shape::Image { height: 28, width: 28, channels: 1 }
}

/// Number of classes of MNIST.
#[must_use]
pub fn mnist_classes() -> usize {
    10
}

fn one() -> usize {
    1
}

/// Predicates for `skip_serializing_if`: only the exact default is left out of the key.
mod is {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]

    use super::Shape;

    pub(super) fn none(count: &usize) -> bool {
        *count == 0
    }

    pub(super) fn one(count: &usize) -> bool {
        *count == 1
    }

    pub(super) fn off(is_on: &bool) -> bool {
        !is_on
    }

    pub(super) fn no_seed(seed: &u64) -> bool {
        *seed == 0
    }

    pub(super) fn mnist_image(shape: &Shape) -> bool {
        *shape == super::mnist_image()
    }

    pub(super) fn mnist_classes(classes: &usize) -> bool {
        *classes == super::mnist_classes()
    }
}
