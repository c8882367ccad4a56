//! Trained networks as files in the safetensors format, which PyTorch and other programs read.
//!
//! A file has 8 bytes with the length of a header, the header in JSON, and the values of all tensors. The header has
//! the place of each tensor and metadata, whose values are strings. `docs/models.md` describes the metadata. The
//! same network gives the same bytes: nothing in a file depends on the time or the machine.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::dataset::{Column, Examples, Scale, Split};
use crate::digest::{Digest, canonical_json};
use crate::run::{DataConfig, NetworkConfig};
use crate::train::{NamedTensor, Networks};

/// The name of this format and its version.
const FORMAT: &str = "report/1";

/// What stands for the checksum while it is computed.
const BLANK: [u8; 64] = [b'0'; 64];

/// A trained network, and how examples are prepared for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The parameters and running statistics.
    pub tensors: Vec<NamedTensor>,
    /// How each column of a vector or each channel of images is standardised.
    pub input_scales: Vec<Scale>,
    /// How the targets were standardised.
    pub target_scale: Scale,
    /// The names of the classes. Empty if the targets are numbers.
    pub classes: Vec<String>,
    /// The columns of a table that the values come from. Empty for images and arrays.
    pub columns: Vec<Column>,
}

/// The bytes of the model files of a run: one for each fold. `networks` has the tensors of each.
///
/// # Panics
/// If the configuration has no canonical form. Then it has no digest either.
#[must_use]
pub fn files(
    digest: Digest,
    config: &NetworkConfig,
    examples: &Examples,
    splits: &[Split],
    networks: Networks,
) -> Vec<Vec<u8>> {
    let folds = splits.len();
    let file = |(index, (split, tensors)): (usize, (&Split, Vec<NamedTensor>))| {
        let model = Model {
            tensors,
            input_scales: split.input_scales.clone(),
            target_scale: split.target_scale,
            classes: examples.classes.clone(),
            columns: examples.columns.clone(),
        };
        model.write(digest, config, (folds > 1).then_some(index + 1))
    };
    splits.iter().zip(networks).enumerate().map(file).collect()
}

/// A fold in the metadata. Empty if the run has no folds.
fn written(fold: Option<usize>) -> String {
    fold.map_or_else(String::new, |fold| fold.to_string())
}

impl Model {
    /// The bytes of the file. `fold` counts the folds from 1.
    fn write(&self, digest: Digest, config: &NetworkConfig, fold: Option<usize>) -> Vec<u8> {
        let canonical = canonical_json(config).expect("what has a digest has a canonical form");
        let pooling = match &config.data {
            DataConfig::Pairs(data) => data.pooling,
            DataConfig::Examples(data) => data.pooling,
        };
        let means: Vec<_> = self.input_scales.iter().map(|scale| scale.mean).collect();
        let std_devs: Vec<_> = self.input_scales.iter().map(|scale| scale.std_dev).collect();
        let columns: Vec<_> = self.columns.iter().map(|own| (&own.name, &own.level)).collect();
        let metadata: BTreeMap<&str, String> = [
            ("format", FORMAT.to_owned()),
            ("checksum", String::from_utf8_lossy(&BLANK).into_owned()),
            ("digest", digest.to_string()),
            ("config", canonical),
            ("seed", config.seed.to_string()),
            ("fold", written(fold)),
            ("pooling", pooling.to_string()),
            ("input_mean", json!(means).to_string()),
            ("input_std", json!(std_devs).to_string()),
            ("target_mean", json!(self.target_scale.mean).to_string()),
            ("target_std", json!(self.target_scale.std_dev).to_string()),
            ("classes", json!(self.classes).to_string()),
            ("columns", json!(columns).to_string()),
        ]
        .into();
        let mut header: BTreeMap<&str, Value> = [("__metadata__", json!(metadata))].into();
        let mut data = Vec::new();
        for NamedTensor { name, shape, values } in &self.tensors {
            let start = data.len();
            data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            let place =
                json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] });
            header.insert(name, place);
        }
        // The library takes metadata in a hash map, so its files would differ in their bytes each time.
        let mut header = json!(header).to_string();
        // Spaces make the values begin at a multiple of 8 bytes.
        header += &" ".repeat(header.len().next_multiple_of(8) - header.len());
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        let checksum = Digest::of_bytes(&bytes).to_string();
        let at = place_of(&bytes, &BLANK).expect("the header has a place for the checksum");
        bytes[at..at + BLANK.len()].copy_from_slice(checksum.as_bytes());
        bytes
    }

    /// The network in a file of the run with this digest, or of a fold of it, counted from 1.
    ///
    /// # Errors
    /// With what is wrong, as a phrase that follows the name of the file.
    pub fn read(bytes: &[u8], digest: Digest, fold: Option<usize>) -> Result<Self, String> {
        let unsound = |error: safetensors::SafeTensorError| format!("is damaged: {error}");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unsound)?;
        let all = SafeTensors::deserialize(bytes).map_err(unsound)?;
        let text = |key: &str| {
            let found = header.metadata().as_ref().and_then(|metadata| metadata.get(key));
            found.ok_or_else(|| format!("has no `{key}` in its metadata"))
        };
        if text("format")? != FORMAT {
            return Err(format!("has another format than `{FORMAT}`"));
        }
        let checksum = text("checksum")?;
        let mut blank = bytes.to_vec();
        if checksum.len() == BLANK.len()
            && let Some(at) = place_of(bytes, checksum.as_bytes())
        {
            blank[at..at + BLANK.len()].copy_from_slice(&BLANK);
        }
        if Digest::of_bytes(&blank).to_string() != *checksum {
            return Err("is damaged: it does not have its checksum".to_owned());
        }
        let found = text("digest")?;
        if *found != digest.to_string() {
            return Err(format!("is of the run {found}"));
        }
        let found = text("fold")?;
        if *found != written(fold) {
            return Err(format!("is of the fold {found}"));
        }
        let means: Vec<f32> = parsed("input_mean", text("input_mean")?)?;
        let std_devs: Vec<f32> = parsed("input_std", text("input_std")?)?;
        let scales = means.into_iter().zip(std_devs);
        let columns: Vec<(String, Option<String>)> = parsed("columns", text("columns")?)?;
        // In the order of the file: the library iterates over a hash map.
        let tensors = header.offset_keys().into_iter().map(|name| {
            let view = all.tensor(&name).map_err(unsound)?;
            if view.dtype() != Dtype::F32 {
                return Err(format!("has the tensor `{name}` of another type than F32"));
            }
            let (values, _) = view.data().as_chunks();
            let values = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
            Ok(NamedTensor { name, shape: view.shape().to_vec(), values })
        });
        Ok(Self {
            tensors: tensors.collect::<Result<_, _>>()?,
            input_scales: scales.map(|(mean, std_dev)| Scale { mean, std_dev }).collect(),
            target_scale: Scale {
                mean: parsed("target_mean", text("target_mean")?)?,
                std_dev: parsed("target_std", text("target_std")?)?,
            },
            classes: parsed("classes", text("classes")?)?,
            columns: columns.into_iter().map(|(name, level)| Column { name, level }).collect(),
        })
    }
}

fn parsed<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("has an unsound `{key}`: {error}"))
}

/// Where `part` begins in `bytes`.
fn place_of(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::samples;

    fn model() -> Model {
        let tensor = |name: &str, shape: &[usize], values: &[f32]| NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        Model {
            tensors: vec![
                tensor("0.bias", &[2], &[0.1, f32::MIN_POSITIVE]),
                tensor("0.weight", &[2, 1], &[-1.5, 1e30]),
            ],
            input_scales: vec![Scale { mean: 0.1, std_dev: 3.0 }, Scale::NONE],
            target_scale: Scale { mean: 1e-9, std_dev: 2.5 },
            classes: vec!["a \"b\"".to_owned(), "ß".to_owned()],
            columns: vec![
                Column { name: "x".to_owned(), level: None },
                Column { name: "soil".to_owned(), level: Some("clay".to_owned()) },
            ],
        }
    }

    #[test]
    fn a_file_gives_its_network_back_and_has_the_same_bytes_each_time() {
        let (model, config) = (model(), samples::config());
        let digest = Digest::of(&config).unwrap();
        let bytes = model.write(digest, &config, Some(2));
        assert_eq!(Model::read(&bytes, digest, Some(2)), Ok(model.clone()));
        assert_eq!(Model::read(&bytes, digest, Some(1)), Err("is of the fold 2".to_owned()));
        assert_eq!(model.write(digest, &config, Some(2)), bytes);
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        assert_eq!((header % 8, bytes.len() - 8 - header), (0, 4 * 4));
    }

    #[test]
    fn a_damaged_file_and_that_of_another_run_are_refused() {
        let (model, config) = (model(), samples::config());
        let digest = Digest::of(&config).unwrap();
        let bytes = model.write(digest, &config, None);
        for at in (0..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(Model::read(&damaged, digest, None).is_err(), "{at}");
        }
        for end in [0, 7, 8, 100, bytes.len() - 1] {
            assert!(
                Model::read(&bytes[..end], digest, None).unwrap_err().starts_with("is damaged")
            );
        }
        let other = Digest::of_bytes(b"another");
        assert_eq!(Model::read(&bytes, other, None), Err(format!("is of the run {digest}")));
    }
}
