//! The operations on the CPU, with the kernels of this crate.
//!
//! Values are computed on slices. The tape of dfdx gets a closure that computes the gradients of
//! the inputs from the gradient of the output. Buffers are taken from a store and returned to it.
//! After some steps all buffers are large enough, and no memory is allocated any more.

use std::cell::RefCell;
use std::rc::Rc;

use dfdx::prelude::*;

use super::activation::Activation;
use super::affine::Affine;
use super::operations::Operations;
use super::tensor::{Matrix, upload};
use crate::kernel::activation::{Relu, ReluGradient, Sigmoid, SigmoidGradient, Tanh, TanhGradient};
use crate::kernel::batch::BatchMut;
use crate::kernel::buffer::Buffer;
use crate::kernel::convolution::{self, ConvolvePool};
use crate::kernel::elementwise::{Add, transpose};
use crate::kernel::lanes::map;
use crate::kernel::product::{Left, Offsets, Right, Start, multiply};
use crate::kernel::shape::{Image, MaxPool};
use crate::kernel::workspace::Workspace;

/// The operations of one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct KernelOperations {
    device: Cpu,
    memory: Rc<RefCell<Memory>>,
}

#[derive(Debug, Default)]
struct Memory {
    workspace: Workspace,
    store: Vec<Buffer>,
}

impl KernelOperations {
    pub(super) fn new() -> Self {
        let new = Self::default();
        // The memory of a dropped tensor serves the next tensor of its size.
        new.device.enable_cache();
        new
    }

    /// Frees the memory of dropped tensors. dfdx would keep it.
    pub(super) fn release(&self) {
        self.device.disable_cache();
    }

    fn take_buffer(&self) -> Buffer {
        self.memory.borrow_mut().store.pop().unwrap_or_default()
    }

    fn return_buffers(&self, buffers: impl IntoIterator<Item = Buffer>) {
        self.memory.borrow_mut().store.extend(buffers);
    }

    /// Applies the activation in place and makes a tensor of the result.
    fn finish(
        &self,
        activation: Option<Activation>,
        values: &mut [f32],
        shape: (usize, usize),
    ) -> Matrix<Cpu> {
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
        let mut buffer = self.take_buffer();
        tensor.copy_into(buffer.room(tensor.shape().num_elements()));
        buffer
    }
}

/// Takes the gradient of `tensor` out of `gradients` while `work` runs, so that `work` can change
/// this gradient and the others.
fn with_gradient<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    tensor: &Tensor<S, f32, Cpu>,
    work: impl FnOnce(&mut Vec<f32>, &mut Gradients<f32, Cpu>) -> Result<(), CpuError>,
) -> Result<(), CpuError> {
    let mut gradient = std::mem::take(&mut **gradients.get_or_alloc_mut(tensor)?);
    work(&mut gradient, gradients)?;
    **gradients.get_or_alloc_mut(tensor)? = gradient;
    Ok(())
}

impl Operations for KernelOperations {
    type Device = Cpu;

    fn device(&self) -> &Cpu {
        &self.device
    }

    fn convolve_pool<T: Tape<f32, Cpu>>(
        &self,
        operation: &Rc<ConvolvePool>,
        affine: &Affine<Cpu>,
        x: Matrix<Cpu, T>,
    ) -> Matrix<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let (weight, bias) = (affine.weight.value.clone(), affine.bias.value.clone());
        let n = len(&x) / operation.input().len();
        let shape = (operation.output().area(), n * operation.output().channels);
        let (x_len, y_len, weight_len) = (len(&x), shape.0 * shape.1, len(&weight));
        let (x_values, kernel, shift) = (self.copy(&x), self.copy(&weight), self.copy(&bias));
        let (mut y_values, mut argmax) = (self.take_buffer(), self.take_buffer());
        operation.forward(
            &x_values[..x_len],
            &kernel[..weight_len],
            &shift[..len(&bias)],
            y_values.room(y_len),
            T::OWNS_TAPE.then(|| argmax.room(y_len)),
            &mut self.memory.borrow_mut().workspace,
        );
        let y = self.finish(affine.activation, y_values.room(y_len), shape);
        self.return_buffers([shift]);
        if !T::OWNS_TAPE {
            self.return_buffers([x_values, kernel, y_values, argmax]);
            return y.put_tape(tape);
        }
        let (y_kept, this, operation) = (y.clone(), self.clone(), operation.clone());
        let (activation, is_first) = (affine.activation, affine.is_first);
        tape.add_backward_op(move |gradients| {
            with_gradient(gradients, &weight, |dweight, gradients| {
                with_gradient(gradients, &bias, |dbias, gradients| {
                    with_gradient(gradients, &y_kept, |dy, gradients| {
                        backward_activation(activation, &y_values[..y_len], dy);
                        let input = match is_first {
                            true => None,
                            false => Some(&mut gradients.get_or_alloc_mut(&x)?[..]),
                        };
                        operation.backward(
                            &x_values[..x_len],
                            &kernel[..weight_len],
                            &argmax,
                            dy,
                            convolution::Gradients { weight: dweight, bias: dbias, input },
                            &mut this.memory.borrow_mut().workspace,
                        );
                        Ok(())
                    })
                })
            })?;
            this.return_buffers([x_values, kernel, y_values, argmax]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn max_pool<T: Tape<f32, Cpu>>(&self, pool: MaxPool, x: Matrix<Cpu, T>) -> Matrix<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let lanes = x.shape().1;
        let shape = (pool.output.area(), lanes);
        let y_len = shape.0 * lanes;
        let (x_values, mut y_values, mut argmax) =
            (self.copy(&x), self.take_buffer(), self.take_buffer());
        let [y_rows, argmax_rows] = [&mut y_values, &mut argmax]
            .map(|buffer| BatchMut { pixels: buffer.room(y_len), stride: lanes });
        pool.forward(&x_values, lanes, y_rows, argmax_rows);
        let y = upload(&self.device, &y_values[..y_len], shape);
        self.return_buffers([x_values, y_values]);
        if !T::OWNS_TAPE {
            self.return_buffers([argmax]);
            return y.put_tape(tape);
        }
        let (y_kept, this) = (y.clone(), self.clone());
        tape.add_backward_op(move |gradients| {
            with_gradient(gradients, &y_kept, |dy, gradients| {
                let dx = gradients.get_or_alloc_mut(&x)?;
                pool.backward(&argmax, dy, lanes, dx, lanes);
                Ok(())
            })?;
            this.return_buffers([argmax]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn flatten<T: Tape<f32, Cpu>>(
        &self,
        image: Image,
        is_first: bool,
        x: Matrix<Cpu, T>,
    ) -> Matrix<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let n = len(&x) / image.len();
        let (x_values, mut y_values) = (self.copy(&x), self.take_buffer());
        let y_len = len(&x);
        swap_outer(&x_values[..y_len], n, image.channels, y_values.room(y_len));
        let y = upload(&self.device, &y_values[..y_len], (n, image.len()));
        self.return_buffers([x_values, y_values]);
        if is_first {
            return y.put_tape(tape);
        }
        let (y_kept, this) = (y.clone(), self.clone());
        tape.add_backward_op(move |gradients| {
            let mut swapped = this.take_buffer();
            let dy = gradients.get_or_alloc_mut(&y_kept)?;
            let dx = swapped.room(dy.len());
            swap_outer(dy, image.area(), image.channels, dx);
            map(Add, [&mut gradients.get_or_alloc_mut(&x)?[..]], [&*dx]);
            this.return_buffers([swapped]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn linear<T: Tape<f32, Cpu>>(&self, affine: &Affine<Cpu>, x: Matrix<Cpu, T>) -> Matrix<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let (weight, bias) = (affine.weight.value.clone(), affine.bias.value.clone());
        let (n, (inputs, outputs)) = (x.shape().0, *weight.shape());
        let (x_values, matrix, shift) = (self.copy(&x), self.copy(&weight), self.copy(&bias));
        let mut y_values = self.take_buffer();
        let y_room = y_values.room(n * outputs);
        for row in y_room.chunks_exact_mut(outputs) {
            row.copy_from_slice(&shift[..outputs]);
        }
        let (rows, columns) = (Offsets::strided(n, inputs), Offsets::strided(inputs, 1));
        let left = Left { data: &x_values, rows: &rows, columns: &columns };
        let right = Right { data: &matrix, stride: outputs, columns: outputs };
        multiply(y_room, &Offsets::strided(n, outputs), Start::Output, left, right);
        let y = self.finish(affine.activation, y_room, (n, outputs));
        self.return_buffers([shift]);
        if !T::OWNS_TAPE {
            self.return_buffers([x_values, matrix, y_values]);
            return y.put_tape(tape);
        }
        let (y_kept, this) = (y.clone(), self.clone());
        let (activation, is_first) = (affine.activation, affine.is_first);
        tape.add_backward_op(move |gradients| {
            let (mut upstream, mut transposed) = (this.take_buffer(), this.take_buffer());
            upstream.fill_from(gradients.get_or_alloc_mut(&y_kept)?);
            let dy = upstream.room(n * outputs);
            backward_activation(activation, &y_values[..n * outputs], dy);
            let dbias = gradients.get_or_alloc_mut(&bias)?;
            for row in dy.chunks_exact(outputs) {
                map(Add, [&mut dbias[..]], [row]);
            }

            // dweight = xᵀ · dy
            let dweight = gradients.get_or_alloc_mut(&weight)?;
            let left = Left { data: &x_values, rows: &columns, columns: &rows };
            let right = Right { data: &upstream, stride: outputs, columns: outputs };
            multiply(dweight, &Offsets::strided(inputs, outputs), Start::Output, left, right);

            // dx = dy · weightᵀ
            if !is_first {
                let dx = gradients.get_or_alloc_mut(&x)?;
                transpose(&matrix[..inputs * outputs], outputs, transposed.room(inputs * outputs));
                let (dy_rows, dy_columns) =
                    (Offsets::strided(n, outputs), Offsets::strided(outputs, 1));
                let left = Left { data: &upstream, rows: &dy_rows, columns: &dy_columns };
                let right = Right { data: &transposed, stride: inputs, columns: inputs };
                multiply(dx, &rows, Start::Output, left, right);
            }
            this.return_buffers([upstream, transposed, x_values, matrix, y_values]);
            Ok(())
        });
        y.put_tape(tape)
    }

    fn activate<T: Tape<f32, Cpu>>(
        &self,
        activation: Activation,
        x: Matrix<Cpu, T>,
    ) -> Matrix<Cpu, T> {
        let (x, mut tape) = x.split_tape();
        let mut y_values = self.copy(&x);
        let y_len = len(&x);
        let y = self.finish(Some(activation), y_values.room(y_len), *x.shape());
        if !T::OWNS_TAPE {
            self.return_buffers([y_values]);
            return y.put_tape(tape);
        }
        let (y_kept, this) = (y.clone(), self.clone());
        tape.add_backward_op(move |gradients| {
            with_gradient(gradients, &y_kept, |dy, gradients| {
                backward_activation(Some(activation), &y_values[..y_len], dy);
                map(Add, [&mut gradients.get_or_alloc_mut(&x)?[..]], [dy]);
                Ok(())
            })?;
            this.return_buffers([y_values]);
            Ok(())
        });
        y.put_tape(tape)
    }
}

/// Turns the gradient of an activation's output into the gradient of its input, in place. `y` is
/// the output.
fn backward_activation(activation: Option<Activation>, y: &[f32], dy: &mut [f32]) {
    match activation {
        None => {}
        Some(Activation::Relu) => map(ReluGradient, [dy], [y]),
        Some(Activation::Sigmoid) => map(SigmoidGradient, [dy], [y]),
        Some(Activation::Tanh) => map(TanhGradient, [dy], [y]),
    }
}

fn len<S: Shape>(tensor: &Tensor<S, f32, Cpu>) -> usize {
    tensor.shape().num_elements()
}

/// Reorders (…, `rows`, `block`) to (`rows`, …, `block`).
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
