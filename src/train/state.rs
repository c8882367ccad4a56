//! All values that training changes, so that a network can go back to an earlier epoch.

use super::operations::Operations;
use super::sequence::{Part, PartMut, Sequence};
use crate::kernel::normalization::Statistics;

/// The parameters and running statistics of a layer list. The state of the optimiser is no part of
/// it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SequenceState(Vec<PartState>);

/// The state of one chain or batch-norm layer.
#[derive(Clone, Debug, PartialEq)]
struct PartState {
    parameters: Vec<f32>,
    /// Of a batch-norm layer.
    running: Option<Statistics>,
}

impl<O: Operations> Sequence<O> {
    /// The values as they are now.
    pub(super) fn state(&self, operations: &O) -> SequenceState {
        let of_part = |part: Part<'_, O>| PartState {
            parameters: operations.values(part.parameters()),
            running: match part {
                Part::Chain(_) => None,
                Part::Normalization(layer) => Some(operations.statistics_values(&layer.running)),
            },
        };
        SequenceState(self.parts().into_iter().map(of_part).collect())
    }

    /// Sets all values to those of `state`, which is of a sequence with the same layers.
    pub(super) fn restore(&mut self, operations: &O, SequenceState(state): &SequenceState) {
        for (mut part, saved) in self.parts_mut().into_iter().zip(state) {
            operations.set(part.parameters(), &saved.parameters);
            if let (PartMut::Normalization(layer), Some(running)) = (part, &saved.running) {
                layer.running = operations.statistics(running.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::*;

    use super::*;
    use crate::random::Stream;
    use crate::run::{Layer, Shape};
    use crate::train::dfdx_operations::DfdxOperations;
    use crate::train::kernel_memory::Memory;
    use crate::train::kernel_operations::KernelOperations;
    use crate::train::sequence::Mode;
    use crate::train::tensor::{Matrix, upload, values};

    /// Trains one step, and returns what the sequence then puts out in inference mode.
    fn step<O: Operations<Device = Cpu>>(
        operations: &O,
        sequence: &mut Sequence<O>,
        step: usize,
    ) -> Vec<f32> {
        let mut stream = Stream::new(step as u64, "batch");
        let x: Vec<f32> = (0..12).map(|_| stream.symmetric(1.0)).collect();
        let x: Matrix<Cpu> = upload(operations.device(), &x, (4, 3));
        let mut observed = Vec::new();
        let mut mode = Mode::Training { dropout: None, observed: &mut observed };
        let y = sequence.forward(operations, x.leaky_trace(), &mut mode);
        let mut gradients = y.square().sum::<Rank0, _>().backward();
        let sgd = serde_json::from_str(r#"{"kind": "sgd", "lr": 0.1}"#).unwrap();
        sequence.update(operations, &sgd, 0.1, step, &mut gradients).unwrap();
        sequence.observe(operations, &mut observed.into_iter());
        values(&sequence.forward(operations, x, &mut Mode::Inference))
    }

    fn check<O: Operations<Device = Cpu>>(operations: &O) {
        let layers = r#"[{"layer": "linear", "outputs": 4}, {"layer": "batch_norm"},
            {"layer": "residual", "body": [{"layer": "linear", "outputs": 4}, {"layer": "batch_norm"}]},
            {"layer": "layer_norm"}, {"layer": "tanh"}]"#;
        let layers: Vec<Layer> = serde_json::from_str(layers).unwrap();
        let mut stream = Stream::new(1, "initial");
        let mut sequence = Sequence::new(operations, &layers, Shape::Vector(3), &mut stream);
        step(operations, &mut sequence, 1);
        let state = sequence.state(operations);
        let found = step(operations, &mut sequence, 2);
        let later = sequence.state(operations);
        let other = step(operations, &mut sequence, 2);
        assert_ne!(found, other, "a step changes the network");
        assert_ne!(state, later);
        sequence.restore(operations, &state);
        assert_eq!(sequence.state(operations), state);
        assert_eq!(step(operations, &mut sequence, 2), found, "running statistics included");
        assert_eq!(sequence.state(operations), later);
    }

    #[test]
    fn a_restored_network_is_the_earlier_one_to_the_bit() {
        check(&KernelOperations::new(Memory::default()));
        check(&DfdxOperations::new(Cpu::default()));
    }
}
