//! Own differentiable operations of dfdx, through its public API alone: values are computed on
//! slices, and the tape gets a closure that turns the output's gradient into the inputs'.

use dfdx::prelude::*;

use super::convolution::{self, Convolution};
use super::max_pool::MaxPool;

/// A batch of examples: one row each.
pub(super) type Rows<T = NoneTape> = Tensor<(usize, usize), f32, Cpu, T>;

/// A vector of parameters.
pub(super) type Vector = Tensor<(usize,), f32, Cpu>;

/// A matrix of parameters.
pub(super) type Matrix = Tensor<(usize, usize), f32, Cpu>;

/// Gradients by tensor.
pub(super) type Slopes = Gradients<f32, Cpu>;

/// The values of `tensor`, which must be contiguous.
pub(super) fn values<S: Shape, T>(tensor: &Tensor<S, f32, Cpu, T>) -> Vec<f32> {
    let mut values = vec![0.0; tensor.shape().num_elements()];
    tensor.copy_into(&mut values);
    values
}

/// A convolution and the max-pooling that may follow it, as one operation: what lies between them
/// is the largest thing in a run, and stays in the cache this way.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConvolvePool {
    pub(super) convolution: Convolution,
    pub(super) pool: Option<MaxPool>,
    /// Whether the input is the image itself, whose gradient nobody asks for.
    pub(super) is_first: bool,
}

impl ConvolvePool {
    fn output_len(&self) -> usize {
        self.pool.map_or(self.convolution.output, |pool| pool.output).len()
    }

    /// Applies the operation to each row of `x`.
    pub(super) fn apply<T: Tape<f32, Cpu>>(
        self,
        x: Rows<T>,
        weight: &Matrix,
        bias: &Vector,
    ) -> Rows<T> {
        let n = x.shape().0;
        let (x, mut tape) = x.split_tape();
        let (x_values, kernel, shift) = (values(&x), values(weight), values(bias));
        let mut y_values = vec![0.0; n * self.output_len()];
        let winners = self.forward(&x_values, &kernel, &shift, &mut y_values, T::OWNS_TAPE);
        let y = x.device().tensor_from_vec(y_values, (n, self.output_len()));
        let (x_ghost, weight_ghost) = (x.ghost(), weight.ghost());
        let (bias_ghost, y_ghost) = (bias.ghost(), y.ghost());
        tape.add_backward_op(move |slopes| {
            // Taken, because nothing reads the gradient of a passed intermediate again.
            let dy = std::mem::take(&mut **slopes.get_or_alloc_mut(&y_ghost)?);
            let mut dweight = std::mem::take(&mut **slopes.get_or_alloc_mut(&weight_ghost)?);
            let mut dbias = std::mem::take(&mut **slopes.get_or_alloc_mut(&bias_ghost)?);
            let input = match self.is_first {
                true => None,
                false => Some(&mut slopes.get_or_alloc_mut(&x_ghost)?[..]),
            };
            let gradients =
                convolution::Gradients { weight: &mut dweight, bias: &mut dbias, input };
            self.backward(&x_values, &kernel, &winners, &dy, gradients);
            **slopes.get_or_alloc_mut(&weight_ghost)? = dweight;
            **slopes.get_or_alloc_mut(&bias_ghost)? = dbias;
            Ok(())
        });
        y.put_tape(tape)
    }

    /// Returns the winners of the pooling, if there is one and they are wanted.
    fn forward(
        &self,
        x: &[f32],
        kernel: &[f32],
        shift: &[f32],
        y: &mut [f32],
        keep_winners: bool,
    ) -> Vec<u32> {
        let (input, between) = (self.convolution.input.len(), self.convolution.output.len());
        let chunk = self.convolution.chunk();
        let mut scratch = self.convolution.scratch(x.len() / input);
        let Some(pool) = self.pool else {
            for (x, y) in x.chunks(chunk * input).zip(y.chunks_mut(chunk * between)) {
                self.convolution.forward(x, kernel, shift, y, &mut scratch);
            }
            return Vec::new();
        };
        let pooled = chunk * self.output_len();
        let mut winners = vec![0; if keep_winners { y.len() } else { pooled.min(y.len()) }];
        let mut convolved = vec![0.0; chunk * between];
        for (index, (x, y)) in x.chunks(chunk * input).zip(y.chunks_mut(pooled)).enumerate() {
            let convolved = &mut convolved[..x.len() / input * between];
            self.convolution.forward(x, kernel, shift, convolved, &mut scratch);
            let start = if keep_winners { index * pooled } else { 0 };
            pool.forward(convolved, y, &mut winners[start..start + y.len()]);
        }
        winners
    }

    fn backward(
        &self,
        x: &[f32],
        kernel: &[f32],
        winners: &[u32],
        dy: &[f32],
        mut gradients: convolution::Gradients<'_>,
    ) {
        let (input, between) = (self.convolution.input.len(), self.convolution.output.len());
        let chunk = self.convolution.chunk();
        let pooled = chunk * self.output_len();
        let mut scratch = self.convolution.scratch(x.len() / input);
        let mut spread = vec![0.0; chunk * between];
        for (index, (x, dy)) in x.chunks(chunk * input).zip(dy.chunks(pooled)).enumerate() {
            let dx = gradients.input.as_deref_mut();
            let mut of_chunk = convolution::Gradients {
                weight: &mut *gradients.weight,
                bias: &mut *gradients.bias,
                input: dx.map(|dx| &mut dx[index * chunk * input..][..x.len()]),
            };
            let gradient = match self.pool {
                None => dy,
                Some(pool) => {
                    let spread = &mut spread[..x.len() / input * between];
                    spread.fill(0.0);
                    pool.backward(&winners[index * pooled..][..dy.len()], dy, spread);
                    spread
                }
            };
            self.convolution.backward(x, kernel, gradient, &mut of_chunk, &mut scratch);
        }
    }
}

/// Max-pooling of each row of `x`.
pub(super) fn max_pool<T: Tape<f32, Cpu>>(pool: MaxPool, x: Rows<T>) -> Rows<T> {
    let n = x.shape().0;
    let (x, mut tape) = x.split_tape();
    let len = pool.output.len();
    let (mut y_values, mut winners) = (vec![0.0; n * len], vec![0; n * len]);
    pool.forward(&values(&x), &mut y_values, &mut winners);
    let y = x.device().tensor_from_vec(y_values, (n, len));
    let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |slopes| {
        let dy = std::mem::take(&mut **slopes.get_or_alloc_mut(&y_ghost)?);
        pool.backward(&winners, &dy, slopes.get_or_alloc_mut(&x_ghost)?);
        Ok(())
    });
    y.put_tape(tape)
}

/// max(x, 0) of each value, and NaN of NaN: dfdx's own makes a zero of it, which would hide that a
/// run has diverged.
pub(super) fn relu<T: Tape<f32, Cpu>>(x: Rows<T>) -> Rows<T> {
    let (x, mut tape) = x.split_tape();
    let x_values = values(&x);
    let y_values = x_values.iter().map(|x| if *x <= 0.0 { 0.0 } else { *x }).collect();
    let y = x.device().tensor_from_vec(y_values, *x.shape());
    let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |slopes| {
        let dy = std::mem::take(&mut **slopes.get_or_alloc_mut(&y_ghost)?);
        let dx = slopes.get_or_alloc_mut(&x_ghost)?;
        for ((dx, dy), x) in dx.iter_mut().zip(&dy).zip(&x_values) {
            *dx += if *x > 0.0 {
                *dy
            } else if x.is_nan() {
                f32::NAN
            } else {
                0.0
            };
        }
        Ok(())
    });
    y.put_tape(tape)
}

/// Mean binary cross-entropy of the probabilities `p` (one column) with `targets` of 0 or 1.
///
/// As PyTorch's `BCELoss` does, and so as the published runs did, each logarithm is at least −100,
/// and the gradient (p − t) / (p (1 − p)) has a denominator of at least 10⁻¹²; both keep a
/// saturated wrong answer finite.
pub(super) fn binary_cross_entropy<T: Tape<f32, Cpu>>(
    p: Rows<T>,
    targets: Vec<f32>,
) -> Tensor<Rank0, f32, Cpu, T> {
    const LEAST_LOGARITHM: f32 = -100.0;
    const LEAST_DENOMINATOR: f32 = 1e-12;
    let (p, mut tape) = p.split_tape();
    let p_values = values(&p);
    let n = targets.len() as f64;
    let sum: f64 = p_values
        .iter()
        .zip(&targets)
        .map(|(p, t)| {
            let right = p.ln().max(LEAST_LOGARITHM);
            let wrong = (-p).ln_1p().max(LEAST_LOGARITHM);
            // `max` drops a NaN; a NaN probability must stay one.
            if p.is_nan() { f64::NAN } else { f64::from(-(t * right + (1.0 - t) * wrong)) }
        })
        .sum();
    let loss: Tensor<Rank0, f32, Cpu> = p.device().tensor((sum / n) as f32);
    let (p_ghost, loss_ghost) = (p.ghost(), loss.ghost());
    tape.add_backward_op(move |slopes| {
        let upstream = slopes.get_or_alloc_mut(&loss_ghost)?[0] / n as f32;
        let dp = slopes.get_or_alloc_mut(&p_ghost)?;
        for ((dp, p), t) in dp.iter_mut().zip(&p_values).zip(&targets) {
            *dp += upstream * (p - t) / ((1.0 - p) * p).max(LEAST_DENOMINATOR);
        }
        Ok(())
    });
    loss.put_tape(tape)
}
