//! A pass of a batch through batch-norm and a chain, on the CPU, as one operation for the tape of dfdx.
//!
//! The values between both are no tensor of dfdx. So they and their gradient are copied less often.

use std::cell::RefCell;
use std::rc::Rc;

use dfdx::prelude::*;

use super::kernel_memory::{KernelImages, Memory};
use super::kernel_parameters::KernelParameters;
use super::tensor::{Matrix, Vector, upload};
use crate::kernel::buffer::Buffer;
use crate::kernel::chain::{self, Chain};
use crate::kernel::elementwise::Add;
use crate::kernel::lanes::map;
use crate::kernel::normalization::{Normalization, Normalized, Statistics};
use crate::kernel::prepared::Prepared;

/// The input of a chain.
pub(super) enum Input {
    Images(KernelImages),
    /// The values of a batch.
    Batch(Buffer, Source),
}

/// Where the values of a batch come from.
pub(super) struct Source {
    /// The tensor by which dfdx knows the gradient.
    x: Matrix<Cpu>,
    /// The batch-norm layer that made the values from `x`.
    normalizer: Option<Normalizer>,
}

/// A batch-norm layer in a pass.
struct Normalizer {
    /// What its forward pass keeps.
    kept: Normalized,
    epsilon: f32,
    values: Rc<RefCell<Buffer>>,
    identity: Vector<Cpu>,
}

impl Input {
    /// The values of `x`.
    pub(super) fn batch(x: Matrix<Cpu>, memory: &mut Memory) -> Self {
        Self::Batch(copy(&x, memory), Source { x, normalizer: None })
    }

    /// The values of `x`, normalised with these statistics, or with those of the batch. Returns also the statistics
    /// that it used.
    pub(super) fn normalized(
        x: Matrix<Cpu>,
        parameters: &KernelParameters,
        epsilon: f32,
        statistics: Option<&Statistics>,
        memory: &mut Memory,
    ) -> (Self, Statistics) {
        let len = x.shape().num_elements();
        let before = copy(&x, memory);
        let mut after = memory.buffers.pop().unwrap_or_default();
        let mut kept = memory.normalized.pop().unwrap_or_default();
        let values = parameters.values.borrow();
        let layer = normalization(&values[..parameters.len()], epsilon);
        let statistics = statistics.cloned().unwrap_or_else(|| layer.observe(&before[..len]));
        layer.forward(&before[..len], &statistics, after.room(len), &mut kept);
        memory.buffers.push(before);
        let (values, identity) = (Rc::clone(&parameters.values), parameters.identity.clone());
        let normalizer = Some(Normalizer { kept, epsilon, values, identity });
        (Self::Batch(after, Source { x, normalizer }), statistics)
    }

    fn of_chain(&self) -> chain::Input<'_> {
        match self {
            Self::Images(KernelImages { values, prepared, .. }) => {
                chain::Input { values, prepared }
            }
            Self::Batch(values, Source { x, .. }) => chain::Input {
                values: &values[..x.shape().num_elements()],
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

    /// Returns the memory that is for one pass only.
    fn release(self, memory: &mut Memory) {
        if let Self::Batch(values, Source { normalizer, .. }) = self {
            memory.buffers.push(values);
            memory.normalized.extend(normalizer.map(|layer| layer.kept));
        }
    }
}

/// Passes `input` through a chain, and records the backward pass on `tape`. Returns the output for each digit.
pub(super) fn pass<T: Tape<f32, Cpu>>(
    device: &Cpu,
    memory: &Rc<RefCell<Memory>>,
    chain: &Rc<Chain>,
    parameters: &KernelParameters,
    input: Input,
    tape: &mut T,
) -> Vec<Matrix<Cpu>> {
    let mut borrowed = memory.borrow_mut();
    let mut kept = borrowed.kept.pop().unwrap_or_default();
    let (digits, n) = (input.digits(), input.of_chain().values.len() / chain.input().len());
    let values = parameters.values.borrow();
    let workspace = &mut borrowed.workspace;
    let y = chain.forward(n, input.of_chain(), &values, &mut kept, T::OWNS_TAPE, workspace);
    let (all, part) = (chain.output().batch(n), chain.output().batch(n / digits));
    let outputs = if digits == 1 {
        vec![upload(device, y, all)]
    } else {
        let mut of_one = borrowed.buffers.pop().unwrap_or_default();
        let of_digit = |digit| {
            let values = of_one.room(part.0 * part.1);
            for (to, start) in values.chunks_exact_mut(part.1).zip(rows(all, part, digit)) {
                to.copy_from_slice(&y[start..start + part.1]);
            }
            upload(device, values, part)
        };
        let outputs = (0..digits).map(of_digit).collect();
        borrowed.buffers.push(of_one);
        outputs
    };
    if !T::OWNS_TAPE {
        borrowed.kept.push(kept);
        input.release(&mut borrowed);
        return outputs;
    }
    drop((values, borrowed));
    let (memory, chain, y) = (Rc::clone(memory), Rc::clone(chain), outputs.clone());
    let (identity, values) = (parameters.identity.clone(), Rc::clone(&parameters.values));
    tape.add_backward_op(move |gradients| {
        let mut memory = memory.borrow_mut();
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
        if let Input::Batch(_, source) = &input {
            source.backward(dx, buffers, gradients)?;
        }
        input.release(&mut memory);
        Ok(())
    });
    outputs
}

impl Source {
    /// Adds to the gradient of the tensor and of the batch-norm layer. `dy` is that of the values.
    fn backward(
        &self,
        dy: &[f32],
        buffers: &mut Vec<Buffer>,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Result<(), CpuError> {
        let Self { x, normalizer } = self;
        let Some(Normalizer { kept, epsilon, values, identity }) = normalizer else {
            map(Add, [&mut gradients.get_or_alloc_mut(x)?[..]], [dy]);
            return Ok(());
        };
        let values = values.borrow();
        let layer = normalization(&values[..identity.shape().0], *epsilon);
        let mut dx = buffers.pop().unwrap_or_default();
        let dx_values = dx.room(dy.len());
        let (dscale, dshift) =
            gradients.get_or_alloc_mut(identity)?.split_at_mut(layer.scale.len());
        layer.backward(kept, dy, dscale, dshift, dx_values);
        map(Add, [&mut gradients.get_or_alloc_mut(x)?[..]], [dx_values]);
        buffers.push(dx);
        Ok(())
    }
}

/// A buffer with the values of `x`.
fn copy(x: &Matrix<Cpu>, memory: &mut Memory) -> Buffer {
    let mut buffer = memory.buffers.pop().unwrap_or_default();
    x.copy_into(buffer.room(x.shape().num_elements()));
    buffer
}

/// Where each row of the batch of one digit begins in the batch of all digits.
fn rows(all: (usize, usize), part: (usize, usize), digit: usize) -> impl Iterator<Item = usize> {
    // Vectors of digits lie below each other, pixels of images side by side.
    let first = if part.1 == all.1 { digit * part.0 * part.1 } else { digit * part.1 };
    (0..part.0).map(move |row| first + row * all.1)
}

/// The layer whose factors, then summands, are `parameters`.
fn normalization(parameters: &[f32], epsilon: f32) -> Normalization<'_> {
    let (scale, shift) = parameters.split_at(parameters.len() / 2);
    Normalization { scale, shift, epsilon }
}
