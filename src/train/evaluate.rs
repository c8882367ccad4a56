//! Passes parts of the data through a network, as the evaluations of a task ask for it.
//!
//! Nothing here changes the network.

use std::ops::Range;

use dfdx::prelude::*;

use super::network::{Inputs, Network};
use super::operations::Operations;
use super::sequence::Mode;
use super::tensor::{Matrix, values};
use crate::dataset::{PartName, Rows, Split};
use crate::random::Stream;
use crate::task::{Evaluation, EvaluationMode};

/// The parts that are evaluated.
pub(super) struct Evaluator<O: Operations> {
    parts: [Part<O>; 3],
}

/// A part of the data in batches, because all of it would not stay in the cache.
struct Part<O: Operations> {
    batches: Vec<Inputs<O>>,
    /// Whether several evaluations share a pass through the first layers.
    is_shared: bool,
    /// What the first layers put out with the present parameters, if evaluations share it.
    features: Option<Vec<Matrix<O::Device>>>,
}

impl<O: Operations> Evaluator<O> {
    /// An evaluator of the parts that the `evaluations` name.
    pub(super) fn new(network: &Network<O>, evaluations: &[Evaluation], split: &Split) -> Self {
        let part = |name: PartName| {
            let n_evaluations = evaluations.iter().filter(|own| own.part == name).count();
            let batches = match n_evaluations {
                0 => Vec::new(),
                _ => {
                    let Rows { inputs: values, n, .. } = split.part(name);
                    inputs(network, values, *n, O::TEST_BATCH)
                }
            };
            Part { batches, is_shared: n_evaluations > 1, features: None }
        };
        Self { parts: PartName::ALL.map(part) }
    }

    /// Whether a part has an example.
    pub(super) fn has(&self, part: PartName) -> bool {
        !self.parts[part as usize].batches.is_empty()
    }

    /// Forgets what depends on parameters, because they have changed.
    pub(super) fn forget(&mut self) {
        self.parts.iter_mut().for_each(|part| part.features = None);
    }

    /// The outputs of the network for a part. `dropout` is drawn from if the evaluation has dropout on.
    pub(super) fn outputs(
        &mut self,
        network: &Network<O>,
        evaluation: Evaluation,
        dropout: &mut Stream,
    ) -> Vec<Vec<f32>> {
        let Part { batches, is_shared, features } = &mut self.parts[evaluation.part as usize];
        let first = || batches.iter().map(|inputs| network.first(inputs));
        // The statistics that are observed in training mode are dropped: an evaluation must not change the running
        // statistics.
        let mut observed = Vec::new();
        let mut mode = match evaluation.mode {
            EvaluationMode::Inference => Mode::Inference,
            EvaluationMode::Training { dropout: is_on } => {
                Mode::Training { dropout: is_on.then_some(dropout), observed: &mut observed }
            }
        };
        if *is_shared {
            let features =
                features.get_or_insert_with(|| network.joined(&first().collect::<Vec<_>>()));
            let outputs = network.rest(features.clone(), &mut mode);
            return read(&outputs, evaluation.needs_all);
        }
        let mut all: Vec<Vec<f32>> = Vec::new();
        for features in first() {
            let outputs = network.rest(features, &mut mode);
            all.resize_with(outputs.len(), Vec::new);
            let outputs = read(&outputs, evaluation.needs_all);
            all.iter_mut().zip(outputs).for_each(|(all, output)| all.extend(output));
        }
        all
    }
}

/// The values of all outputs, or of the last one only.
fn read<D: Device<f32>>(outputs: &[Matrix<D>], needs_all: bool) -> Vec<Vec<f32>> {
    let last = outputs.len() - 1;
    let of_one = |(index, output)| match needs_all || index == last {
        true => values(output),
        false => Vec::new(),
    };
    outputs.iter().enumerate().map(of_one).collect()
}

/// The inputs of `n` examples in batches of `size`, which pass through the network many times.
pub(super) fn inputs<O: Operations>(
    network: &Network<O>,
    inputs: &[Vec<f32>],
    n: usize,
    size: usize,
) -> Vec<Inputs<O>> {
    let batch = |range: Range<usize>| {
        let of_range = |values: &Vec<f32>| {
            let len = values.len() / n;
            range.start * len..range.end * len
        };
        let inputs: Vec<&[f32]> = inputs.iter().map(|values| &values[of_range(values)]).collect();
        network.inputs(&inputs, true)
    };
    batches(n, size).map(batch).collect()
}

/// The ranges of `size` examples among `n`. The last one may be smaller.
pub(super) fn batches(n: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(size).map(move |start| start..n.min(start + size))
}
