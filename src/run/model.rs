//! The network of a run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Layer, Shape, ShapeError, infer};

/// The layers of a network, and how they are joined. All seeds of a condition share the layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ModelConfig {
    /// One branch for each of two images, and a head that joins them.
    Pair(PairModel),
    /// One list of layers.
    Single(SingleModel),
}

/// The layers of a pair network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairModel {
    /// One branch: an image → one output for each class.
    pub branch: Arc<[Layer]>,
    /// Concatenated outputs of both branches → the outputs of the network.
    pub head: Arc<[Layer]>,
    /// Whether both images go through one branch.
    pub weight_sharing: bool,
}

/// The layers of a network with one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleModel {
    /// An example → the outputs of the network.
    pub layers: Arc<[Layer]>,
}

/// A list of layers of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'m> {
    /// Its key in experiment files.
    pub key: &'static str,
    /// Its layers.
    pub layers: &'m [Layer],
    /// The shape of what comes in.
    pub input: Shape,
    /// How many inputs go through it for one example.
    pub passes: usize,
    /// How many copies with parameters of their own there are.
    pub copies: usize,
    /// Whether an example of the data comes in, whose gradient nobody needs.
    pub is_first: bool,
}

impl ModelConfig {
    /// The layers, if it is a pair network.
    #[must_use]
    pub fn pair(&self) -> Option<&PairModel> {
        match self {
            Self::Pair(model) => Some(model),
            Self::Single(_) => None,
        }
    }

    /// Whether a layer normalises over a batch in training.
    #[must_use]
    pub fn normalizes_batch(&self) -> bool {
        let lists: &[&[Layer]] = match self {
            Self::Pair(PairModel { branch, head, .. }) => &[branch, head],
            Self::Single(SingleModel { layers }) => &[layers],
        };
        lists.iter().flat_map(|layers| *layers).any(Layer::normalizes_batch)
    }

    /// The lists of layers, in order. `input` is the shape of one example of the data.
    ///
    /// # Errors
    /// Returns an error if the layers of the branch do not fit together, because the input of the head
    /// is unknown then.
    pub fn parts(&self, input: Shape) -> Result<Vec<Part<'_>>, ShapeError> {
        match self {
            Self::Pair(PairModel { branch, head, weight_sharing }) => {
                let output = output_of(branch, input)?.len();
                let copies = if *weight_sharing { 1 } else { 2 };
                let branch = Part {
                    key: "branch",
                    layers: branch,
                    input,
                    passes: 2,
                    copies,
                    is_first: true,
                };
                let head = Part {
                    key: "head",
                    layers: head,
                    input: Shape::Vector(2 * output),
                    passes: 1,
                    copies: 1,
                    is_first: false,
                };
                Ok(vec![branch, head])
            }
            Self::Single(SingleModel { layers }) => Ok(vec![Part {
                key: "layers",
                layers,
                input,
                passes: 1,
                copies: 1,
                is_first: true,
            }]),
        }
    }
}

/// The shape that a list of layers puts out.
///
/// # Errors
/// Returns an error if the layers do not fit together.
pub fn output_of(layers: &[Layer], input: Shape) -> Result<Shape, ShapeError> {
    Ok(infer(layers, input)?.last().copied().unwrap_or(input))
}
