//! Trained tensors by name, as PyTorch has them in `state_dict()`.

use super::layout::{TensorLayout, tensors};
use super::operations::Operations;
use super::sequence::{Part, PartMut, Sequence};
use crate::kernel::normalization::Statistics;

/// A tensor with the name, the shape and the order of values that it has in PyTorch, if each layer is
/// a module of an `nn.Sequential`, and a residual layer a module with `body` and `shortcut`.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// The path of the layer in its list, and the name of the tensor. In a pair network, the name of the list comes
    /// before it: `branch`, or `branches.0` and `branches.1`, or `head`.
    pub name: String,
    /// The size of each dimension.
    pub shape: Vec<usize>,
    /// The values, row by row.
    pub values: Vec<f32>,
}

/// Tensors that are not those of a layer list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A layer needs a tensor that is missing.
    #[error("there is no tensor `{0}`, which the layers need")]
    Missing(String),
    /// No layer has this tensor.
    #[error("the tensor `{0}` belongs to no layer")]
    Unknown(String),
    /// A tensor with another shape than its layer.
    #[error("the tensor `{name}` has the shape {found:?}, but its layer needs {expected:?}")]
    Shape {
        /// The name of the tensor.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that the layer needs.
        expected: Vec<usize>,
    },
}

impl LoadError {
    /// The same error of a list that is one of several.
    pub(super) fn within(self, prefix: &str) -> Self {
        let longer = |name: String| format!("{prefix}{name}");
        match self {
            Self::Missing(name) => Self::Missing(longer(name)),
            Self::Unknown(name) => Self::Unknown(longer(name)),
            Self::Shape { name, found, expected } => {
                Self::Shape { name: longer(name), found, expected }
            }
        }
    }
}

impl<O: Operations> Sequence<O> {
    /// All parameters and running statistics, layer by layer.
    pub(super) fn named_tensors(&self, operations: &O) -> Vec<NamedTensor> {
        let mut arrays = Vec::new();
        for part in self.parts() {
            let values = operations.values(part.parameters());
            arrays.extend(part.places().into_iter().map(|place| values[place].to_vec()));
            if let Part::Normalization(layer) = part {
                let Statistics { mean, variance } = operations.statistics_values(&layer.running);
                arrays.extend([mean, variance]);
            }
        }
        let layouts = tensors(&self.layers, self.input).into_iter();
        layouts.zip(arrays).map(|(layout, values)| named(layout, &values)).collect()
    }

    /// Sets all parameters and running statistics.
    ///
    /// # Errors
    /// If the tensors are not those of [`Self::named_tensors`], in any order. Then nothing is set.
    pub(super) fn load_named(
        &mut self,
        operations: &O,
        given: &[NamedTensor],
    ) -> Result<(), LoadError> {
        let layouts = tensors(&self.layers, self.input);
        let is_known = |tensor: &&NamedTensor| layouts.iter().any(|own| own.name == tensor.name);
        if let Some(unknown) = given.iter().find(|tensor| !is_known(tensor)) {
            return Err(LoadError::Unknown(unknown.name.clone()));
        }
        let arrays = layouts.into_iter().map(|layout| to_ours(layout, given));
        let mut arrays = arrays.collect::<Result<Vec<_>, _>>()?.into_iter();
        let mut next = || arrays.next().expect("each tensor of the layers has a layout");
        let places: Vec<_> = self.parts().iter().map(Part::places).collect();
        for (mut part, places) in self.parts_mut().into_iter().zip(places) {
            let mut values = operations.values(part.parameters());
            for place in places {
                values[place].copy_from_slice(&next());
            }
            operations.set(part.parameters(), &values);
            if let PartMut::Normalization(layer) = part {
                layer.running =
                    operations.statistics(Statistics { mean: next(), variance: next() });
            }
        }
        Ok(())
    }
}

/// A tensor of this crate, by its name in PyTorch.
fn named(TensorLayout { name, shape, indices }: TensorLayout, values: &[f32]) -> NamedTensor {
    NamedTensor { name, shape, values: indices.into_iter().map(|index| values[index]).collect() }
}

/// The values of a tensor among those `given`, in the order of this crate.
fn to_ours(layout: TensorLayout, given: &[NamedTensor]) -> Result<Vec<f32>, LoadError> {
    let TensorLayout { name, shape: expected, indices } = layout;
    let Some(tensor) = given.iter().find(|tensor| tensor.name == name) else {
        return Err(LoadError::Missing(name));
    };
    if tensor.shape != expected || tensor.values.len() != indices.len() {
        return Err(LoadError::Shape { name, found: tensor.shape.clone(), expected });
    }
    let mut values = vec![0.0; indices.len()];
    for (index, value) in indices.into_iter().zip(&tensor.values) {
        values[index] = *value;
    }
    Ok(values)
}

#[cfg(test)]
impl<O: Operations> Sequence<O> {
    /// The gradient of each parameter, by its name.
    pub(super) fn named_gradients(
        &self,
        operations: &O,
        gradients: &mut dfdx::prelude::Gradients<f32, O::Device>,
    ) -> Vec<NamedTensor> {
        let arrays = self.parameter_gradients(operations, gradients);
        let layouts = tensors(&self.layers, self.input).into_iter();
        let trained = layouts.filter(|layout| !layout.name.contains(".running_"));
        trained.zip(arrays).map(|(layout, values)| named(layout, &values)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::run::{Layer, Shape};
    use crate::train::kernel_memory::Memory;
    use crate::train::kernel_operations::KernelOperations;

    fn sequence(operations: &KernelOperations, seed: u64) -> Sequence<KernelOperations> {
        let layers = r#"[{"layer": "conv2d", "channels": 3, "kernel": 2}, {"layer": "relu"},
            {"layer": "max_pool2d", "size": 2, "stride": 1}, {"layer": "layer_norm"},
            {"layer": "residual", "body": [{"layer": "batch_norm"}], "shortcut": [
                {"layer": "conv2d", "channels": 3, "kernel": 1}]},
            {"layer": "flatten"}, {"layer": "linear", "outputs": 2}]"#;
        let layers: Vec<Layer> = serde_json::from_str(layers).unwrap();
        let image = Shape::Image { height: 4, width: 5, channels: 2 };
        Sequence::new(operations, &layers, image, &mut Stream::new(seed, "initial"))
    }

    #[test]
    fn tensors_have_the_names_and_shapes_of_pytorch_and_can_be_loaded_again() {
        let operations = KernelOperations::new(Memory::default());
        let tensors = sequence(&operations, 1).named_tensors(&operations);
        let found: Vec<_> =
            tensors.iter().map(|tensor| (tensor.name.as_str(), &tensor.shape[..])).collect();
        let expected: [(&str, &[usize]); 12] = [
            ("0.weight", &[3, 2, 2, 2]),
            ("0.bias", &[3]),
            ("3.weight", &[3, 2, 3]),
            ("3.bias", &[3, 2, 3]),
            ("4.body.0.weight", &[3]),
            ("4.body.0.bias", &[3]),
            ("4.body.0.running_mean", &[3]),
            ("4.body.0.running_var", &[3]),
            ("4.shortcut.0.weight", &[3, 3, 1, 1]),
            ("4.shortcut.0.bias", &[3]),
            ("6.weight", &[2, 18]),
            ("6.bias", &[2]),
        ];
        assert_eq!(found, expected);

        let mut other = sequence(&operations, 2);
        assert_ne!(other.named_tensors(&operations), tensors);
        let reversed: Vec<_> = tensors.iter().rev().cloned().collect();
        other.load_named(&operations, &reversed).unwrap();
        assert_eq!(other.named_tensors(&operations), tensors);
    }

    #[test]
    fn tensors_of_other_layers_are_refused() {
        let operations = KernelOperations::new(Memory::default());
        let mut sequence = sequence(&operations, 1);
        let tensors = sequence.named_tensors(&operations);
        let mut refused = |change: &dyn Fn(&mut Vec<NamedTensor>)| {
            let mut changed = tensors.clone();
            change(&mut changed);
            sequence.load_named(&operations, &changed).unwrap_err().to_string()
        };
        let missing = refused(&|tensors| drop(tensors.remove(1)));
        assert_eq!(missing, "there is no tensor `0.bias`, which the layers need");
        let unknown = refused(&|tensors| tensors[1].name = "7.bias".to_owned());
        assert_eq!(unknown, "the tensor `7.bias` belongs to no layer");
        let shape = refused(&|tensors| tensors[1].shape = vec![4]);
        assert_eq!(shape, "the tensor `0.bias` has the shape [4], but its layer needs [3]");
        assert_eq!(sequence.named_tensors(&operations), tensors, "nothing was set");
    }
}
