//! A network: one list of layers, or a branch for each input and a head that joins them.

use dfdx::prelude::*;

use super::named::{LoadError, NamedTensor};
use super::normalization::Observed;
use super::operations::{DeviceError, Operations};
use super::sequence::{Mode, Sequence};
use super::state::SequenceState;
use super::tensor::Matrix;
use crate::kernel::clip::clip_factor;
use crate::random::Stream;
use crate::run::{ModelConfig, Optimizer, PairModel, Shape, SingleModel, output_of};

/// A network.
pub(super) struct Network<O: Operations> {
    pub(super) operations: O,
    /// One list of layers for all inputs, or one for each input.
    branches: Vec<Sequence<O>>,
    /// The layers after the joined outputs of the branches.
    head: Option<Sequence<O>>,
    n_inputs: usize,
}

/// A batch of examples: all inputs for a shared branch, else each input for its branch.
pub(super) struct Inputs<O: Operations>(Vec<O::Images>);

impl<O: Operations> Network<O> {
    /// A network with initial parameters from the streams of `seed`.
    ///
    /// # Panics
    /// Panics if the layers do not fit together. Experiments are checked for that when they are
    /// read.
    pub(super) fn new(operations: O, model: &ModelConfig, input: Shape, seed: u64) -> Self {
        let sequence = |name: &str, layers, input| {
            let mut stream = Stream::new(seed, &format!("initial/{name}"));
            Sequence::new(&operations, layers, input, &mut stream)
        };
        let (branches, head, n_inputs) = match model {
            ModelConfig::Pair(PairModel { branch, head, weight_sharing }) => {
                let names: &[_] = if *weight_sharing { &["first"] } else { &["first", "second"] };
                let branches = names.iter().map(|name| sequence(name, branch, input)).collect();
                let output =
                    output_of(branch, input).expect("layers are checked when they are read");
                let head = sequence("head", head, Shape::Vector(2 * output.len()));
                (branches, Some(head), 2)
            }
            ModelConfig::Single(SingleModel { layers }) => {
                (vec![sequence("layers", layers, input)], None, 1)
            }
        };
        Self { operations, branches, head, n_inputs }
    }

    /// The branch of an input.
    fn branch(&self, input: usize) -> &Sequence<O> {
        &self.branches[input % self.branches.len()]
    }

    /// Prepares a batch of examples. Each input is given example by example. `is_kept` says whether the batch
    /// passes through the network many times.
    pub(super) fn inputs(&self, inputs: &[&[f32]], is_kept: bool) -> Inputs<O> {
        let batch = |values: Vec<f32>, n_inputs: usize| {
            self.branch(0).images(&self.operations, values, n_inputs, is_kept)
        };
        Inputs(match self.branches.len() {
            1 => vec![batch(inputs.concat(), inputs.len())],
            _ => inputs.iter().map(|values| batch(values.to_vec(), 1)).collect(),
        })
    }

    /// Passes a batch through the first chain of the branches. Returns the outputs for each input.
    pub(super) fn first<T: Tape<f32, O::Device>>(
        &self,
        Inputs(inputs): &Inputs<O>,
    ) -> Vec<Matrix<O::Device, T>> {
        let branches = self.branches.iter().zip(inputs);
        branches.flat_map(|(branch, inputs)| branch.first(&self.operations, inputs)).collect()
    }

    /// The outputs of [`Self::first`] for several batches, as those of one batch.
    pub(super) fn joined(&self, batches: &[Vec<Matrix<O::Device>>]) -> Vec<Matrix<O::Device>> {
        let of_input = |input: usize| {
            let parts = batches.iter().map(|batch| batch[input].clone()).collect();
            self.operations.concatenate(parts, self.branch(input).first_gives_images())
        };
        (0..self.n_inputs).map(of_input).collect()
    }

    /// Passes the outputs of [`Self::first`] through the rest of the network. Returns the outputs of the branches and
    /// of the head. The last one has the tape of the pass, and the tapes of the others are empty.
    pub(super) fn rest<T: Tape<f32, O::Device>>(
        &self,
        inputs: Vec<Matrix<O::Device, T>>,
        mode: &mut Mode<'_, O::Statistics>,
    ) -> Vec<Matrix<O::Device, T>> {
        let mut outputs = Vec::with_capacity(inputs.len() + 1);
        for (input, x) in inputs.into_iter().enumerate() {
            outputs.push(self.branch(input).rest(&self.operations, x, mode));
        }
        let Some(head) = &self.head else { return outputs };
        let mut kept: Vec<_> = outputs.iter().map(Matrix::retaped::<T>).collect();
        let joined = outputs.into_iter().reduce(|all, next| (all, next).concat_along(Axis::<1>));
        kept.extend(joined.map(|joined| head.forward(&self.operations, joined, mode)));
        kept
    }

    /// The branches, then the head.
    pub(super) fn sequences(&mut self) -> impl Iterator<Item = (&O, &mut Sequence<O>)> {
        let sequences = self.branches.iter_mut().chain(&mut self.head);
        sequences.map(|sequence| (&self.operations, sequence))
    }

    /// Updates the running statistics with those that a training pass has observed, in order.
    pub(super) fn observe(&mut self, observed: Vec<Observed<O::Statistics>>) {
        let mut observed = observed.into_iter();
        for input in 0..self.n_inputs {
            let branch = input % self.branches.len();
            self.branches[branch].observe(&self.operations, &mut observed);
        }
        if let Some(head) = &mut self.head {
            head.observe(&self.operations, &mut observed);
        }
    }

    /// The parameters and running statistics as they are now.
    pub(super) fn state(&mut self) -> Vec<SequenceState> {
        self.sequences().map(|(operations, sequence)| sequence.state(operations)).collect()
    }

    /// Sets the parameters and running statistics.
    pub(super) fn restore(&mut self, state: &[SequenceState]) {
        for ((operations, sequence), state) in self.sequences().zip(state) {
            sequence.restore(operations, state);
        }
    }

    /// What comes before the names of the tensors of each list of layers, in the order of [`Self::sequences`].
    fn prefixes(&self) -> Vec<String> {
        match (&self.head, self.branches.len()) {
            (None, _) => vec![String::new()],
            (Some(_), 1) => vec!["branch.".to_owned(), "head.".to_owned()],
            (Some(_), n) => {
                let branches = (0..n).map(|index| format!("branches.{index}."));
                branches.chain(["head.".to_owned()]).collect()
            }
        }
    }

    /// All parameters and running statistics by name.
    pub(super) fn named_tensors(&mut self) -> Vec<NamedTensor> {
        let prefixes = self.prefixes();
        let mut all = Vec::new();
        for (prefix, (operations, sequence)) in prefixes.iter().zip(self.sequences()) {
            all.extend(
                sequence.named_tensors(operations).into_iter().map(|tensor| NamedTensor {
                    name: format!("{prefix}{}", tensor.name),
                    ..tensor
                }),
            );
        }
        all
    }

    /// Sets all parameters and running statistics to those of [`Self::named_tensors`], in any order.
    ///
    /// # Errors
    /// If the tensors are others. Then the network is of no use.
    pub(super) fn load_named(&mut self, tensors: &[NamedTensor]) -> Result<(), LoadError> {
        let prefixes = self.prefixes();
        let is_known = |tensor: &&NamedTensor| {
            prefixes.iter().any(|prefix| tensor.name.starts_with(prefix.as_str()))
        };
        if let Some(unknown) = tensors.iter().find(|tensor| !is_known(tensor)) {
            return Err(LoadError::Unknown(unknown.name.clone()));
        }
        for (prefix, (operations, sequence)) in prefixes.iter().zip(self.sequences()) {
            let own = tensors.iter().filter_map(|tensor| {
                let name = tensor.name.strip_prefix(prefix.as_str())?;
                Some(NamedTensor { name: name.to_owned(), ..tensor.clone() })
            });
            let loaded = sequence.load_named(operations, &own.collect::<Vec<_>>());
            loaded.map_err(|error| error.within(prefix))?;
        }
        Ok(())
    }

    /// Scales the gradient of all parameters together to the norm `most`, if it is longer.
    pub(super) fn clip(
        &mut self,
        most: f64,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<(), DeviceError<O>> {
        let mut sum = 0.0;
        for (operations, sequence) in self.sequences() {
            sum += sequence.squared_norm(operations, gradients)?;
        }
        let Some(factor) = clip_factor(sum, most) else { return Ok(()) };
        self.sequences().try_for_each(|(operations, sequence)| {
            sequence.scale_gradients(operations, gradients, factor)
        })
    }

    /// Updates every parameter with this learning rate. `step` counts the updates of the run from 1.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        lr: f64,
        step: usize,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<(), DeviceError<O>> {
        self.sequences().try_for_each(|(operations, sequence)| {
            sequence.update(operations, optimizer, lr, step, gradients)
        })
    }
}
