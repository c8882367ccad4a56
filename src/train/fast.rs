//! The operations on the CPU, by the crate's own kernels.
//!
//! dfdx offers its tape for this: values are computed on slices, and the tape gets a closure that
//! turns the output's gradient into the inputs'. Buffers are taken from a store and given back, so
//! that after some steps all are large enough and none is allocated any more.

use std::cell::RefCell;
use std::rc::Rc;

use dfdx::prelude::*;

use super::activation::Activation;
use super::affine::Affine;
use super::operations::Operations;
use super::rows::{Rows, Slopes, upload};
use crate::kernel::activation::{Relu, ReluSlope, Sigmoid, SigmoidSlope, Tanh, TanhSlope};
use crate::kernel::convolution::{self, BatchMut, ConvolvePool, Image};
use crate::kernel::elementwise::{Add, transpose};
use crate::kernel::lanes::map;
use crate::kernel::max_pool::MaxPool;
use crate::kernel::product::{Left, Offsets, Right, Start, multiply};
use crate::kernel::workspace::{Buffer, Workspace};

/// Operations on one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Fast {
    device: Cpu,
    memory: Rc<RefCell<Memory>>,
}

#[derive(Debug, Default)]
struct Memory {
    workspace: Workspace,
    store: Vec<Buffer>,
}

impl Fast {
    pub(super) fn new() -> Self {
        let fast = Self::default();
        // Tensors that are dropped leave their memory to the next of their size.
        fast.device.enable_cache();
        fast
    }

    /// Frees the memory that dropped tensors have left, which dfdx does not.
    pub(super) fn release(&self) {
        self.device.disable_cache();
    }

    fn take(&self) -> Buffer {
        self.memory.borrow_mut().store.pop().unwrap_or_default()
    }

    fn give(&self, buffers: impl IntoIterator<Item = Buffer>) {
        self.memory.borrow_mut().store.extend(buffers);
    }

    /// Applies the activation in place and makes a tensor of the result.
    fn finish(
        &self,
        activation: Option<Activation>,
        values: &mut [f32],
        shape: (usize, usize),
    ) -> Rows<Cpu> {
        match activation {
            None => {}
            Some(Activation::Relu) => map(Relu, [&mut *values], []),
            Some(Activation::Sigmoid) => map(Sigmoid, [&mut *values], []),
            Some(Activation::Tanh) => map(Tanh, [&mut *values], []),
        }
        upload(&self.device, values, shape)
    }

    /// A buffer of the values of `tensor`.
    fn copy<S: Shape>(&self, tensor: &Tensor<S, f32, Cpu>) -> Buffer {
        let mut buffer = self.take();
        tensor.copy_into(buffer.room(tensor.shape().num_elements()));
        buffer
    }
}

/// Lends the gradient of `tensor` to `work`, which may meanwhile reach the others.
fn lend<S: Shape>(
    slopes: &mut Slopes<Cpu>,
    tensor: &Tensor<S, f32, Cpu>,
    work: impl FnOnce(&mut Vec<f32>, &mut Slopes<Cpu>) -> Result<(), CpuError>,
) -> Result<(), CpuError> {
    let mut gradient = std::mem::take(&mut **slopes.get_or_alloc_mut(tensor)?);
    work(&mut gradient, slopes)?;
    **slopes.get_or_alloc_mut(tensor)? = gradient;
    Ok(())
}

impl Operations for Fast {
    type Device = Cpu;

    fn device(&self) -> &Cpu {
        &self.device
    }

    fn convolve_pool<T: Tape<f32, Cpu>>(
        &self,
        operation: &Rc<ConvolvePool>,
        affine: &Affine<Cpu>,
        x: Rows<Cpu, T>,
    ) -> Rows<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let (weight, bias) = (affine.weight.value.clone(), affine.bias.value.clone());
        let n = len(&x) / operation.input().len();
        let shape = (operation.output().area(), n * operation.output().channels);
        let (x_len, y_len, weight_len) = (len(&x), shape.0 * shape.1, len(&weight));
        let (x_values, kernel, shift) = (self.copy(&x), self.copy(&weight), self.copy(&bias));
        let (mut y_values, mut winners) = (self.take(), self.take());
        operation.forward(
            &x_values[..x_len],
            &kernel[..weight_len],
            &shift[..len(&bias)],
            y_values.room(y_len),
            T::OWNS_TAPE.then(|| winners.room(y_len)),
            &mut self.memory.borrow_mut().workspace,
        );
        let y = self.finish(affine.activation, y_values.room(y_len), shape);
        self.give([shift]);
        if !T::OWNS_TAPE {
            self.give([x_values, kernel, y_values, winners]);
            return y.put_tape(tape);
        }
        let (y_kept, fast, operation) = (y.clone(), self.clone(), operation.clone());
        let (activation, is_first) = (affine.activation, affine.is_first);
        tape.add_backward_op(move |slopes| {
            lend(slopes, &weight, |dweight, slopes| {
                lend(slopes, &bias, |dbias, slopes| {
                    lend(slopes, &y_kept, |dy, slopes| {
                        through(activation, &y_values[..y_len], dy);
                        let input = match is_first {
                            true => None,
                            false => Some(&mut slopes.get_or_alloc_mut(&x)?[..]),
                        };
                        operation.backward(
                            &x_values[..x_len],
                            &kernel[..weight_len],
                            &winners,
                            dy,
                            convolution::Gradients { weight: dweight, bias: dbias, input },
                            &mut fast.memory.borrow_mut().workspace,
                        );
                        Ok(())
                    })
                })
            })?;
            fast.give([x_values, kernel, y_values, winners]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn max_pool<T: Tape<f32, Cpu>>(&self, pool: MaxPool, x: Rows<Cpu, T>) -> Rows<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let lanes = x.shape().1;
        let shape = (pool.output.area(), lanes);
        let y_len = shape.0 * lanes;
        let (x_values, mut y_values, mut winners) = (self.copy(&x), self.take(), self.take());
        let [y_rows, winner_rows] = [&mut y_values, &mut winners]
            .map(|buffer| BatchMut { pixels: buffer.room(y_len), stride: lanes });
        pool.forward(&x_values, lanes, y_rows, winner_rows);
        let y = upload(&self.device, &y_values[..y_len], shape);
        self.give([x_values, y_values]);
        if !T::OWNS_TAPE {
            self.give([winners]);
            return y.put_tape(tape);
        }
        let (y_kept, fast) = (y.clone(), self.clone());
        tape.add_backward_op(move |slopes| {
            lend(slopes, &y_kept, |dy, slopes| {
                let dx = slopes.get_or_alloc_mut(&x)?;
                pool.backward(&winners, dy, lanes, dx, lanes);
                Ok(())
            })?;
            fast.give([winners]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn flatten<T: Tape<f32, Cpu>>(
        &self,
        image: Image,
        is_first: bool,
        x: Rows<Cpu, T>,
    ) -> Rows<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let n = len(&x) / image.len();
        let (x_values, mut y_values) = (self.copy(&x), self.take());
        let y_len = len(&x);
        swap_outer(&x_values[..y_len], n, image.channels, y_values.room(y_len));
        let y = upload(&self.device, &y_values[..y_len], (n, image.len()));
        self.give([x_values, y_values]);
        if is_first {
            return y.put_tape(tape);
        }
        let (y_kept, fast) = (y.clone(), self.clone());
        tape.add_backward_op(move |slopes| {
            let mut swapped = fast.take();
            let dy = slopes.get_or_alloc_mut(&y_kept)?;
            let dx = swapped.room(dy.len());
            swap_outer(dy, image.area(), image.channels, dx);
            map(Add, [&mut slopes.get_or_alloc_mut(&x)?[..]], [&*dx]);
            fast.give([swapped]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn linear<T: Tape<f32, Cpu>>(&self, affine: &Affine<Cpu>, x: Rows<Cpu, T>) -> Rows<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let (weight, bias) = (affine.weight.value.clone(), affine.bias.value.clone());
        let (n, (inputs, outputs)) = (x.shape().0, *weight.shape());
        let (x_values, matrix, shift) = (self.copy(&x), self.copy(&weight), self.copy(&bias));
        let mut y_values = self.take();
        let y_room = y_values.room(n * outputs);
        for row in y_room.chunks_exact_mut(outputs) {
            row.copy_from_slice(&shift[..outputs]);
        }
        let (rows, columns) = (Offsets::strided(n, inputs), Offsets::strided(inputs, 1));
        let left = Left { data: &x_values, rows: &rows, columns: &columns };
        let right = Right { data: &matrix, stride: outputs, columns: outputs };
        multiply(y_room, &Offsets::strided(n, outputs), Start::Output, left, right);
        let y = self.finish(affine.activation, y_room, (n, outputs));
        self.give([shift]);
        if !T::OWNS_TAPE {
            self.give([x_values, matrix, y_values]);
            return y.put_tape(tape);
        }
        let (y_kept, fast) = (y.clone(), self.clone());
        let (activation, is_first) = (affine.activation, affine.is_first);
        tape.add_backward_op(move |slopes| {
            let (mut upstream, mut transposed) = (fast.take(), fast.take());
            upstream.fill_from(slopes.get_or_alloc_mut(&y_kept)?);
            let dy = upstream.room(n * outputs);
            through(activation, &y_values[..n * outputs], dy);
            let dbias = slopes.get_or_alloc_mut(&bias)?;
            for row in dy.chunks_exact(outputs) {
                map(Add, [&mut dbias[..]], [row]);
            }

            // dweight = xᵀ · dy
            let dweight = slopes.get_or_alloc_mut(&weight)?;
            let left = Left { data: &x_values, rows: &columns, columns: &rows };
            let right = Right { data: &upstream, stride: outputs, columns: outputs };
            multiply(dweight, &Offsets::strided(inputs, outputs), Start::Output, left, right);

            // dx = dy · weightᵀ
            if !is_first {
                let dx = slopes.get_or_alloc_mut(&x)?;
                transpose(&matrix[..inputs * outputs], outputs, transposed.room(inputs * outputs));
                let (dy_rows, dy_columns) =
                    (Offsets::strided(n, outputs), Offsets::strided(outputs, 1));
                let left = Left { data: &upstream, rows: &dy_rows, columns: &dy_columns };
                let right = Right { data: &transposed, stride: inputs, columns: inputs };
                multiply(dx, &rows, Start::Output, left, right);
            }
            fast.give([upstream, transposed, x_values, matrix, y_values]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn activate<T: Tape<f32, Cpu>>(&self, activation: Activation, x: Rows<Cpu, T>) -> Rows<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let mut y_values = self.copy(&x);
        let y_len = len(&x);
        let y = self.finish(Some(activation), y_values.room(y_len), *x.shape());
        if !T::OWNS_TAPE {
            self.give([y_values]);
            return y.put_tape(tape);
        }
        let (y_kept, fast) = (y.clone(), self.clone());
        tape.add_backward_op(move |slopes| {
            lend(slopes, &y_kept, |dy, slopes| {
                through(Some(activation), &y_values[..y_len], dy);
                map(Add, [&mut slopes.get_or_alloc_mut(&x)?[..]], [dy]);
                Ok(())
            })?;
            fast.give([y_values]);
            Ok(())
        });
        y.put_tape(tape)
    }
}

/// The gradient in front of an activation with the output `y`, from the one behind it, in place.
fn through(activation: Option<Activation>, y: &[f32], dy: &mut [f32]) {
    match activation {
        None => {}
        Some(Activation::Relu) => map(ReluSlope, [dy], [y]),
        Some(Activation::Sigmoid) => map(SigmoidSlope, [dy], [y]),
        Some(Activation::Tanh) => map(TanhSlope, [dy], [y]),
    }
}

fn len<S: Shape>(tensor: &Tensor<S, f32, Cpu>) -> usize {
    tensor.shape().num_elements()
}

/// (…, `rows`, `block`) → (`rows`, …, `block`).
fn swap_outer(from: &[f32], rows: usize, block: usize, to: &mut [f32]) {
    if block == 1 {
        return transpose(from, rows, to);
    }
    let stride = from.len() / rows;
    for (outer, values) in from.chunks_exact(rows * block).enumerate() {
        for (row, values) in values.chunks_exact(block).enumerate() {
            to[row * stride + outer * block..][..block].copy_from_slice(values);
        }
    }
}
