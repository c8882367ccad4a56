//! The operations on the CPU, with the kernels of this crate.
//!
//! A whole chain of layers is one operation for the tape of dfdx. Its values, its parameters and
//! their optimiser are slices. The memory of batches is taken from a store and returned to it. After
//! some steps all of it is large enough, and none is allocated any more.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use dfdx::prelude::*;

use super::kernel_memory::{KernelImages, Memory};
use super::kernel_parameters::KernelParameters;
use super::kernel_pass::{Input, pass};
use super::operations::Operations;
use super::tensor::{Matrix, concatenate, upload};
use crate::kernel::chain::Chain;
use crate::kernel::clip;
use crate::kernel::normalization::Statistics;
use crate::kernel::shape::Example;
use crate::run::Optimizer;

/// The operations of one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct KernelOperations {
    device: Cpu,
    memory: Rc<RefCell<Memory>>,
}

impl KernelOperations {
    /// The operations of a run. `memory` is that of an earlier run of this thread.
    pub(super) fn new(memory: Memory) -> Self {
        let device = Cpu::default();
        // The memory of a dropped tensor serves the next tensor of its size.
        device.enable_cache();
        Self { device, memory: Rc::new(RefCell::new(memory)) }
    }

    /// Returns the memory for the next run of this thread. No clone of this may be left.
    pub(super) fn release(self) -> Memory {
        // dfdx would keep the memory of dropped tensors.
        self.device.disable_cache();
        let mut memory = Rc::into_inner(self.memory).expect("the run has ended").into_inner();
        memory.end_run();
        memory
    }

    /// Passes `input` through a chain, and records the backward pass on `tape`.
    fn pass<T: Tape<f32, Cpu>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &KernelParameters,
        input: Input,
        tape: &mut T,
    ) -> Vec<Matrix<Cpu>> {
        pass(&self.device, &self.memory, chain, parameters, input, tape)
    }
}

impl Operations for KernelOperations {
    /// Their values stay in the cache of the processor.
    const TEST_BATCH: usize = 100;

    type Device = Cpu;
    type Images = KernelImages;
    type Parameters = KernelParameters;
    type Statistics = Statistics;

    fn device(&self) -> &Cpu {
        &self.device
    }

    fn images(
        &self,
        chain: &Chain,
        values: Vec<f32>,
        digits: usize,
        is_kept: bool,
    ) -> KernelImages {
        match is_kept {
            true => self.memory.borrow_mut().images(chain, values, digits),
            false => KernelImages::new(chain, values, digits),
        }
    }

    fn upload(&self, values: &[f32], shape: (usize, usize)) -> Matrix<Cpu> {
        upload(&self.device, values, shape)
    }

    fn concatenate(&self, parts: Vec<Matrix<Cpu>>, are_images: bool) -> Matrix<Cpu> {
        concatenate(&self.device, &parts, are_images)
    }

    fn parameters(&self, values: Vec<f32>, _: Vec<Range<usize>>) -> KernelParameters {
        KernelParameters::new(&self.device, &values)
    }

    fn first<T: Tape<f32, Cpu>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &KernelParameters,
        images: &KernelImages,
    ) -> Vec<Matrix<Cpu, T>> {
        let mut tape = T::default();
        let outputs = self.pass(chain, parameters, Input::Images(images.clone()), &mut tape);
        // One tape records the pass; the tapes of all outputs are merged when they meet.
        let tapes = std::iter::once(tape).chain(std::iter::repeat_with(T::default));
        outputs.into_iter().zip(tapes).map(|(y, tape)| y.put_tape(tape)).collect()
    }

    fn chain<T: Tape<f32, Cpu>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &KernelParameters,
        x: Matrix<Cpu, T>,
    ) -> Matrix<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let input = Input::batch(x, &mut self.memory.borrow_mut());
        self.pass(chain, parameters, input, &mut tape).remove(0).put_tape(tape)
    }

    fn normalize<T: Tape<f32, Cpu>>(
        &self,
        parameters: &KernelParameters,
        epsilon: f32,
        statistics: Option<&Statistics>,
        then: Option<(&Rc<Chain>, &KernelParameters)>,
        x: Matrix<Cpu, T>,
    ) -> (Matrix<Cpu, T>, Statistics) {
        let (x, mut tape) = x.split_tape();
        let row = Example::Vector(x.shape().1);
        let (input, statistics) =
            Input::normalized(x, parameters, epsilon, statistics, &mut self.memory.borrow_mut());
        let y = match then {
            Some((chain, parameters)) => self.pass(chain, parameters, input, &mut tape),
            None => {
                let nothing = KernelParameters::new(&self.device, &[]);
                self.pass(&Rc::new(Chain::new(row)), &nothing, input, &mut tape)
            }
        };
        let [y] = <[_; 1]>::try_from(y).expect("a batch of one digit has one output");
        (y.put_tape(tape), statistics)
    }

    fn statistics(&self, statistics: Statistics) -> Statistics {
        statistics
    }

    fn observe(&self, running: &mut Statistics, observed: &Statistics, n: usize, momentum: f32) {
        let n = n as f32;
        let follow = |running: &mut [f32], observed: &[f32], factor: f32| {
            for (running, observed) in running.iter_mut().zip(observed) {
                *running = (1.0 - momentum) * *running + momentum * (observed * factor);
            }
        };
        follow(&mut running.mean, &observed.mean, 1.0);
        follow(&mut running.variance, &observed.variance, n / (n - 1.0));
    }

    fn update(
        &self,
        parameters: &mut KernelParameters,
        optimizer: &Optimizer,
        lr: f64,
        step: usize,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Result<(), CpuError> {
        let gradient = gradients.get_or_alloc_mut(&parameters.identity)?;
        parameters.update(optimizer, lr, step, gradient);
        Ok(())
    }

    fn squared_norm(
        &self,
        parameters: &KernelParameters,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Result<f64, CpuError> {
        Ok(clip::squared_norm(gradients.get_or_alloc_mut(&parameters.identity)?))
    }

    fn scale_gradient(
        &self,
        parameters: &KernelParameters,
        gradients: &mut Gradients<f32, Cpu>,
        factor: f32,
    ) -> Result<(), CpuError> {
        clip::scale(gradients.get_or_alloc_mut(&parameters.identity)?, factor);
        Ok(())
    }

    fn statistics_values(&self, statistics: &Statistics) -> Statistics {
        statistics.clone()
    }

    fn values(&self, parameters: &KernelParameters) -> Vec<f32> {
        parameters.values.borrow()[..parameters.len()].to_vec()
    }

    fn set(&self, parameters: &mut KernelParameters, values: &[f32]) {
        parameters.values.borrow_mut().fill_from(values);
    }

    #[cfg(test)]
    fn gradient(
        &self,
        parameters: &KernelParameters,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Vec<f32> {
        gradients.get_or_alloc_mut(&parameters.identity).unwrap().to_vec()
    }

    #[cfg(test)]
    fn set_gradient(
        &self,
        parameters: &KernelParameters,
        gradients: &mut Gradients<f32, Cpu>,
        values: Vec<f32>,
    ) {
        **gradients.get_or_alloc_mut(&parameters.identity).unwrap() = values;
    }
}
