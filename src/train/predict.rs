//! What a trained network puts out for new examples.

use dfdx::prelude::NoneTape;

use super::evaluate::inputs;
use super::kernel_memory::Memory;
use super::kernel_operations::KernelOperations;
use super::named::{LoadError, NamedTensor};
use super::network::Network;
use super::operations::Operations as _;
use super::sequence::Mode;
use super::tensor::values;
use crate::run::NetworkConfig;

/// The outputs of the network of `config` with these tensors for `n` examples, in inference mode on the CPU. Each of
/// `inputs` has the values of all examples, one after the other. They are pooled and standardised. There is a list of
/// outputs for each branch of a pair network and for its head, or one list.
///
/// # Errors
/// If the tensors are not those of the network.
pub fn predict(
    config: &NetworkConfig,
    tensors: &[NamedTensor],
    inputs: &[Vec<f32>],
    n: usize,
) -> Result<Vec<Vec<f32>>, LoadError> {
    let operations = KernelOperations::new(Memory::default());
    let mut network = Network::new(operations, &config.model, config.data.input(), config.seed);
    network.load_named(tensors)?;
    let mut all: Vec<Vec<f32>> = Vec::new();
    for batch in self::inputs(&network, inputs, n, KernelOperations::TEST_BATCH) {
        let outputs = network.rest(network.first::<NoneTape>(&batch), &mut Mode::Inference);
        all.resize_with(outputs.len(), Vec::new);
        all.iter_mut().zip(&outputs).for_each(|(all, output)| all.extend(values(output)));
    }
    Ok(all)
}
