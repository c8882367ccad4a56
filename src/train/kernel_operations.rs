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
use super::operations::Operations;
use super::tensor::{Matrix, concatenate, upload};
use crate::kernel::buffer::Buffer;
use crate::kernel::chain::{self, Chain};
use crate::kernel::clip;
use crate::kernel::elementwise::Add;
use crate::kernel::lanes::map;
use crate::kernel::normalization::{Normalization, Statistics};
use crate::kernel::prepared::Prepared;
use crate::run::Optimizer;

/// The operations of one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct KernelOperations {
    device: Cpu,
    memory: Rc<RefCell<Memory>>,
}

/// The input of a chain.
enum Input {
    Images(KernelImages),
    /// The values of a batch, and the tensor by which dfdx knows their gradient.
    Batch(Buffer, Matrix<Cpu>),
}

impl Input {
    fn of_chain(&self) -> chain::Input<'_> {
        match self {
            Self::Images(KernelImages { values, prepared, .. }) => {
                chain::Input { values, prepared }
            }
            Self::Batch(values, batch) => chain::Input {
                values: &values[..batch.shape().num_elements()],
                prepared: &Prepared::Nothing,
            },
        }
    }

    fn digits(&self) -> usize {
        match self {
            Self::Images(images) => images.digits,
            Self::Batch(..) => 1,
        }
    }

    /// The memory of the values, if it is for one pass only.
    fn into_buffer(self) -> Option<Buffer> {
        match self {
            Self::Images(_) => None,
            Self::Batch(values, _) => Some(values),
        }
    }
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

    /// Passes `input` through a chain, and records the backward pass on `tape`. Returns the output
    /// for each digit.
    fn pass<T: Tape<f32, Cpu>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &KernelParameters,
        input: Input,
        tape: &mut T,
    ) -> Vec<Matrix<Cpu>> {
        let mut memory = self.memory.borrow_mut();
        let mut kept = memory.kept.pop().unwrap_or_default();
        let (digits, n) = (input.digits(), input.of_chain().values.len() / chain.input().len());
        let values = parameters.values.borrow();
        let workspace = &mut memory.workspace;
        let y = chain.forward(n, input.of_chain(), &values, &mut kept, T::OWNS_TAPE, workspace);
        let (all, part) = (chain.output().batch(n), chain.output().batch(n / digits));
        let mut of_one = memory.buffers.pop().unwrap_or_default();
        let of_digit = |digit| {
            let values = of_one.room(part.0 * part.1);
            for (to, start) in values.chunks_exact_mut(part.1).zip(rows(all, part, digit)) {
                to.copy_from_slice(&y[start..start + part.1]);
            }
            upload(&self.device, values, part)
        };
        let outputs: Vec<Matrix<Cpu>> = (0..digits).map(of_digit).collect();
        memory.buffers.push(of_one);
        if !T::OWNS_TAPE {
            memory.kept.push(kept);
            memory.buffers.extend(input.into_buffer());
            return outputs;
        }
        drop((values, memory));
        let (this, chain, y) = (self.clone(), Rc::clone(chain), outputs.clone());
        let (identity, values) = (parameters.identity.clone(), Rc::clone(&parameters.values));
        tape.add_backward_op(move |gradients| {
            let mut memory = this.memory.borrow_mut();
            let Memory { workspace, backward, kept: store, buffers, .. } = &mut *memory;
            let dy = backward.output(n * chain.output().len());
            for (digit, y) in y.iter().enumerate() {
                let gradient = gradients.get_or_alloc_mut(y)?;
                for (from, start) in gradient.chunks_exact(part.1).zip(rows(all, part, digit)) {
                    dy[start..start + part.1].copy_from_slice(from);
                }
            }
            let wants_input = matches!(input, Input::Batch(..));
            let dx = chain.backward(
                n,
                input.of_chain(),
                &values.borrow(),
                &kept,
                gradients.get_or_alloc_mut(&identity)?,
                wants_input,
                backward,
                workspace,
            );
            store.push(kept);
            if let Input::Batch(_, batch) = &input {
                map(Add, [&mut gradients.get_or_alloc_mut(batch)?[..]], [dx]);
            }
            buffers.extend(input.into_buffer());
            Ok(())
        });
        outputs
    }

    fn take_buffer(&self) -> Buffer {
        self.memory.borrow_mut().buffers.pop().unwrap_or_default()
    }

    /// A buffer with the values of `x`.
    fn copy(&self, x: &Matrix<Cpu>) -> Buffer {
        let mut buffer = self.take_buffer();
        x.copy_into(buffer.room(x.shape().num_elements()));
        buffer
    }
}

/// Where each row of the batch of one digit begins in the batch of all digits.
fn rows(all: (usize, usize), part: (usize, usize), digit: usize) -> impl Iterator<Item = usize> {
    // Vectors of digits lie below each other, pixels of images side by side.
    let first = if part.1 == all.1 { digit * part.0 * part.1 } else { digit * part.1 };
    (0..part.0).map(move |row| first + row * all.1)
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
        let input = Input::Batch(self.copy(&x), x);
        self.pass(chain, parameters, input, &mut tape).remove(0).put_tape(tape)
    }

    fn normalize<T: Tape<f32, Cpu>>(
        &self,
        parameters: &KernelParameters,
        epsilon: f32,
        statistics: Option<&Statistics>,
        x: Matrix<Cpu, T>,
    ) -> (Matrix<Cpu, T>, Statistics) {
        let (x, mut tape) = x.split_tape();
        let (len, shape) = (x.shape().num_elements(), *x.shape());
        let (x_values, mut y_values) = (self.copy(&x), self.take_buffer());
        let mut normalized = self.memory.borrow_mut().normalized.pop().unwrap_or_default();
        let values = parameters.values.borrow();
        let layer = normalization(&values[..parameters.len()], epsilon);
        let x_slice = &x_values[..len];
        let statistics = statistics.cloned().unwrap_or_else(|| layer.observe(x_slice));
        layer.forward(x_slice, &statistics, y_values.room(len), &mut normalized);
        let y = upload(&self.device, &y_values[..len], shape);
        self.memory.borrow_mut().buffers.extend([x_values, y_values]);
        if !T::OWNS_TAPE {
            self.memory.borrow_mut().normalized.push(normalized);
            return (y.put_tape(tape), statistics);
        }
        let (this, y_kept) = (self.clone(), y.clone());
        let (identity, values) = (parameters.identity.clone(), Rc::clone(&parameters.values));
        tape.add_backward_op(move |gradients| {
            let values = values.borrow();
            let layer = normalization(&values[..identity.shape().0], epsilon);
            let mut memory = this.memory.borrow_mut();
            let mut dx = memory.buffers.pop().unwrap_or_default();
            let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_kept)?);
            let dparameters = gradients.get_or_alloc_mut(&identity)?;
            let (dscale, dshift) = dparameters.split_at_mut(layer.scale.len());
            layer.backward(&normalized, &dy, dscale, dshift, dx.room(len));
            map(Add, [&mut gradients.get_or_alloc_mut(&x)?[..]], [&dx[..len]]);
            **gradients.get_or_alloc_mut(&y_kept)? = dy;
            memory.buffers.push(dx);
            memory.normalized.push(normalized);
            Ok(())
        });
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

/// The layer whose factors, then summands, are `parameters`.
fn normalization(parameters: &[f32], epsilon: f32) -> Normalization<'_> {
    let (scale, shift) = parameters.split_at(parameters.len() / 2);
    Normalization { scale, shift, epsilon }
}
