//! The configuration of one condition, read from the tables `data`, `model` and `train`.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::{layers, optimizer};
use crate::digest::Digest;
use crate::document::{FromNode, Node, Reader, Value, Violations};
use crate::run::{
    self, CLASSES, DataConfig, DeviceKind, IMAGE_SIDE, KeyValues, Layer, ModelConfig, NumberType,
    PartVersions, RunConfig, Shape, TrainConfig, infer, key_values,
};

/// The tables of a configuration.
pub(super) const PARTS: [&str; 3] = ["data", "model", "train"];

/// The largest number of steps, pairs or values. It is larger than any real size, and small enough
/// for the memory.
const MOST: usize = 1 << 20;

/// The largest number of parameters of a branch or head: 256 MiB, without gradients and moments.
const MOST_PARAMETERS: usize = 1 << 26;

/// The largest number of outputs of one layer for a batch: 1 GiB.
const MOST_VALUES: usize = 1 << 28;

/// A [`RunConfig`] without the seed, and with the source of the data instead of their digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Design {
    /// The digits, and the pairs that are drawn from them.
    pub data: DataDesign,
    /// Layers and how they are shared.
    pub model: ModelConfig,
    /// Losses, batches and optimiser.
    pub train: TrainConfig,
}

/// A [`DataConfig`] with the place of the data instead of their digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataDesign {
    /// Where the digits come from.
    #[serde(rename = "directory")]
    pub source: DataSource,
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

/// Where digits come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataSource {
    /// The digits inside the binary: the whole of MNIST.
    Embedded,
    /// A directory with the four standard MNIST files.
    Directory(PathBuf),
}

impl Serialize for DataSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Embedded => serializer.serialize_str("embedded"),
            // With a slash, a directory of that name is not taken for the embedded digits.
            Self::Directory(path) => serializer.serialize_str(&format!("{}/", path.display())),
        }
    }
}

/// The pairs that the runs of a condition use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSeed {
    /// One draw for all runs, with this seed.
    Fixed(u64),
    /// A different draw for each run, with the seed of the run: `seed = "run"`.
    Run,
}

impl DataSeed {
    /// The seed of the draw for the run with this seed.
    #[must_use]
    pub fn resolve(self, run: u64) -> u64 {
        match self {
            Self::Fixed(seed) => seed,
            Self::Run => run,
        }
    }
}

impl Serialize for DataSeed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(seed) => serializer.serialize_u64(*seed),
            Self::Run => serializer.serialize_str("run"),
        }
    }
}

impl FromNode for DataSeed {
    const EXPECTED: &'static str =
        "an integer that is not negative, or \"run\" to draw with the seed of each run";

    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(word) if word == "run" => Some(Self::Run),
            _ => u64::from_node(node).map(Self::Fixed),
        }
    }
}

impl Design {
    /// The full configuration of one run.
    #[must_use]
    pub fn resolve(&self, dataset: Digest, seed: u64, device: DeviceKind) -> RunConfig {
        let data = &self.data;
        RunConfig {
            data: DataConfig {
                dataset,
                seed: data.seed.resolve(seed),
                train_pairs: data.train_pairs,
                test_pairs: data.test_pairs,
                validation_pairs: data.validation_pairs,
                pooling: data.pooling,
            },
            model: self.model.clone(),
            train: self.train.clone(),
            seed,
            device,
            number_type: NumberType::F32,
            versions: PartVersions::CURRENT,
        }
    }

    /// Every setting by the path of its key in an experiment file, with its value as JSON.
    #[must_use]
    pub fn settings(&self) -> KeyValues {
        key_values(&serde_json::to_value(self).expect("a design has plain keys"))
    }

    /// Number of trained parameters; `None` if the layers do not fit together.
    #[must_use]
    pub fn parameters(&self) -> Option<usize> {
        run::parameter_count(&self.model, self.image()).ok().map(|count| count.all)
    }

    /// Shape of one image after average pooling.
    #[must_use]
    pub fn image(&self) -> Shape {
        run::pooled_image(self.data.pooling)
    }

    /// Reads the three tables of `root`.
    pub(super) fn read(root: &Node, violations: &Violations) -> Option<Self> {
        let all = Reader::new(root, "", violations)?;
        let data = all.table("data").and_then(|reader| read_data(reader));
        let model = all.table("model").and_then(|reader| {
            let pooling = data.as_ref().map(|data| data.pooling);
            read_model(reader, pooling)
        });
        let train =
            all.table("train").and_then(|reader| read_train(reader, data.as_ref(), model.as_ref()));
        Some(Self { data: data?, model: model?, train: train? })
    }
}

fn read_data(reader: Reader<'_>) -> Option<DataDesign> {
    let directory = reader.optional::<String>("directory");
    let seed = reader.required::<DataSeed>("seed");
    let train_pairs = reader.required_in("train_pairs", 2..=MOST);
    let test_pairs = reader.required_in("test_pairs", 2..=MOST);
    let validation_pairs = reader.optional_in("validation_pairs", 0..=MOST).unwrap_or(0);
    let pooling = reader.required::<usize>("pooling").filter(|pooling| {
        let divides = *pooling > 0 && IMAGE_SIDE.is_multiple_of(*pooling);
        if !divides {
            let message = format!("must divide the image side of {IMAGE_SIDE}, but is {pooling}");
            reader.refuse("pooling", message);
        }
        divides
    });
    reader.finish();
    Some(DataDesign {
        source: directory.map_or(DataSource::Embedded, |path| DataSource::Directory(path.into())),
        seed: seed?,
        train_pairs: train_pairs?,
        test_pairs: test_pairs?,
        validation_pairs,
        pooling: pooling?,
    })
}

fn read_model(reader: Reader<'_>, pooling: Option<usize>) -> Option<ModelConfig> {
    let weight_sharing = reader.required::<bool>("weight_sharing");
    let branch = layers::read(&reader, "branch");
    let head = layers::read(&reader, "head");
    if let (Some(branch), Some(pooling)) = (&branch, pooling) {
        let image = run::pooled_image(pooling);
        let digits = format!("must end in {CLASSES} outputs, one for each digit");
        check_layers(&reader, "branch", branch, image, Shape::Vector(CLASSES), &digits);
    }
    if let Some(head) = &head {
        let single = "must end in one output, the probability that a ≤ b";
        let pair = Shape::Vector(2 * CLASSES);
        check_layers(&reader, "head", head, pair, Shape::Vector(1), single);
        if !matches!(head.last(), Some(Layer::Sigmoid) | None) {
            reader.refuse("head", "must end in `sigmoid`: the main loss takes a probability");
        }
    }
    reader.finish();
    Some(ModelConfig {
        branch: branch?.into(),
        head: head?.into(),
        weight_sharing: weight_sharing?,
    })
}

fn check_layers(
    reader: &Reader<'_>,
    key: &'static str,
    layers: &[Layer],
    input: Shape,
    expected: Shape,
    requirement: &str,
) {
    let refuse_layer = |index: usize, message: String| {
        let layer = reader.items(key).into_iter().nth(index);
        let location = layer.as_ref().map_or(reader.location(), |(_, node)| &node.location);
        let path = layer.as_ref().map_or(key, |(path, _)| path);
        reader.violations().push(location, path, message);
    };
    match infer(layers, input) {
        Err(error) => refuse_layer(error.layer, format!("({}) {error}", layers[error.layer])),
        Ok(shapes) => {
            let output = shapes.last().copied().unwrap_or(input);
            if output != expected {
                reader.refuse(key, format!("{requirement}, but ends in {output}"));
            }
            let parameters = run::count(layers, input);
            if parameters > MOST_PARAMETERS {
                let message = format!("has more than {MOST_PARAMETERS} parameters");
                reader.refuse(key, message);
            }
        }
    }
}

fn read_train(
    reader: Reader<'_>,
    data: Option<&DataDesign>,
    model: Option<&ModelConfig>,
) -> Option<TrainConfig> {
    let auxiliary_loss = reader.required::<bool>("auxiliary_loss");
    let epochs = reader.required_in("epochs", 1..=MOST);
    let batch_size = reader.required_in("batch_size", 1..=MOST);
    let optimizer = reader.table("optimizer").and_then(optimizer::read);
    if let (Some(batch_size), Some(data)) = (batch_size, data) {
        let pairs = data.train_pairs;
        let normalizes = model.is_some_and(|model| {
            let mut layers = model.branch.iter().chain(model.head.iter());
            layers.any(|layer| matches!(layer, Layer::BatchNorm { .. }))
        });
        let largest = model.and_then(|model| largest_output(model, data.pooling)).unwrap_or(0);
        if batch_size.saturating_mul(largest) > MOST_VALUES {
            let message =
                format!("of {batch_size} is too large for a layer with {largest} outputs");
            reader.refuse("batch_size", message);
        } else if batch_size > pairs {
            let message = format!("is {batch_size}, more than the {pairs} training pairs");
            reader.refuse("batch_size", message);
        } else if normalizes && (batch_size == 1 || pairs % batch_size == 1) {
            let message = format!(
                "of {batch_size} makes a batch of one pair out of {pairs} pairs, but `batch_norm` needs at \
                 least two pairs"
            );
            reader.refuse("batch_size", message);
        }
    }
    reader.finish();
    Some(TrainConfig {
        auxiliary_loss: auxiliary_loss?,
        epochs: epochs?,
        batch_size: batch_size?,
        optimizer: optimizer?,
    })
}

/// The number of outputs of the largest layer for one pair or image. `None` if the layers do not
/// fit together.
fn largest_output(model: &ModelConfig, pooling: usize) -> Option<usize> {
    let mut shapes = infer(&model.branch, run::pooled_image(pooling)).ok()?;
    shapes.extend(infer(&model.head, Shape::Vector(2 * CLASSES)).ok()?);
    shapes.into_iter().map(Shape::len).max()
}
