//! Examples, and the parts of them that a run needs.

use crate::digest::Digest;
use crate::run::Shape;

/// Examples before they are split.
#[derive(Clone, Debug)]
pub struct Examples {
    /// Digest of all that follows, but for names.
    pub digest: Digest,
    /// Shape of one example.
    pub shape: Shape,
    /// The values of all examples, one after the other. Empty where only splits are checked, and the values are known.
    pub values: Values,
    /// The target of each example.
    pub targets: Targets,
    /// The names of the classes. Empty if the targets are numbers.
    pub classes: Vec<String>,
    /// The columns of a table that the values come from. Empty for images and arrays.
    pub columns: Vec<Column>,
    /// The group of each example. Empty without groups.
    pub groups: Vec<u32>,
    /// The part of each example, by its file or by a column. Empty if neither says it.
    pub parts: Vec<PartName>,
    /// Where the examples of tables are. It is not in the digest.
    pub rows: TableRows,
}

/// Where the examples of tables are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRows {
    /// The line of each example in its file. Empty for images and arrays.
    pub lines: Vec<u64>,
    /// The number of rows that are left out because a value is missing.
    pub dropped: usize,
}

/// The values of examples.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Pixels from 0 to 255.
    Bytes(Vec<u8>),
    /// Numbers.
    Floats(Vec<f32>),
}

/// One value of each row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name of the column.
    pub name: String,
    /// The level, if the value says whether a categorical column has this level: 1 or 0.
    pub level: Option<String>,
}

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartName {
    /// What the network is trained on.
    Train,
    /// What is held out of the training to choose an epoch.
    Validation,
    /// What the network is tested on.
    Test,
}

impl PartName {
    /// All parts, in the order of [`Split`].
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// Its name in experiment files and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// The examples of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Examples to train on, in the order of training.
    pub train: Rows,
    /// Examples that are held out of the training. There may be none.
    pub validation: Rows,
    /// Examples to test on.
    pub test: Rows,
    /// How each column of a vector or each channel of images is standardised.
    pub input_scales: Vec<Scale>,
    /// How targets that are numbers are standardised.
    pub target_scale: Scale,
}

/// The examples of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Number of examples.
    pub n: usize,
    /// The values of each input of the network, example after example. Pairs have two inputs.
    pub inputs: Vec<Vec<f32>>,
    /// Their targets.
    pub targets: Targets,
}

/// What a network shall find out about examples.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The class of each example.
    Classes(Vec<u32>),
    /// The classes of the first and of the second image of each pair.
    Pairs([Vec<u32>; 2]),
    /// A number for each example, in the unit of the data.
    Numbers(Vec<f32>),
}

/// A number x is standardised as (x − mean) / `std_dev`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The mean, which becomes 0.
    pub mean: f32,
    /// The standard deviation, which becomes 1.
    pub std_dev: f32,
}

impl Scale {
    /// Numbers as they are.
    pub const NONE: Self = Self { mean: 0.0, std_dev: 1.0 };

    /// The standardised number.
    #[must_use]
    pub fn standardize(self, x: f32) -> f32 {
        (x - self.mean) / self.std_dev
    }

    /// The inverse of [`Self::standardize`].
    #[must_use]
    pub fn restore(self, x: f32) -> f32 {
        x * self.std_dev + self.mean
    }
}

impl Values {
    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Floats(numbers) => numbers.is_empty(),
        }
    }
}

impl Examples {
    /// Number of examples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no example.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of examples of each part that the files or a column give.
    #[must_use]
    pub fn pools(&self) -> [usize; 3] {
        PartName::ALL.map(|part| self.parts.iter().filter(|own| **own == part).count())
    }
}

impl Split {
    /// A part.
    #[must_use]
    pub fn part(&self, name: PartName) -> &Rows {
        match name {
            PartName::Train => &self.train,
            PartName::Validation => &self.validation,
            PartName::Test => &self.test,
        }
    }
}

impl Targets {
    /// Number of examples.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Pairs([first, _]) => first.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there is no example.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The targets of these examples, in this order.
    #[must_use]
    pub fn of(&self, indices: &[u32]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(pick(classes, indices)),
            Self::Pairs(both) => Self::Pairs(both.each_ref().map(|one| pick(one, indices))),
            Self::Numbers(numbers) => Self::Numbers(pick(numbers, indices)),
        }
    }
}

fn pick<T: Copy>(values: &[T], indices: &[u32]) -> Vec<T> {
    indices.iter().map(|index| values[*index as usize]).collect()
}
