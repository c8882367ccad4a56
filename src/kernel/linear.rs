//! The linear layer y = x · weight + bias, forward and backward.

use super::elementwise::{add_rows, transpose};
use super::product::{Left, Right, Start, multiply};
use super::support::Support;
use super::workspace::Workspace;

/// The sizes of a linear layer. A batch has one row for each example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Length of an input.
    pub inputs: usize,
    /// Length of an output.
    pub outputs: usize,
}

impl Linear {
    /// Writes x · weight + bias to `y`. `weight` has one row for each input, and room for a whole
    /// vector after its last row, as [`Right`] needs. `support` is that of `x`, if it is known.
    pub fn forward(
        &self,
        x: &[f32],
        support: Option<&Support>,
        weight: &[f32],
        bias: &[f32],
        y: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let Self { inputs, outputs } = *self;
        let n = y.len() / outputs;
        if let Some(support) = support {
            return support.product(y, Start::Row(bias), x, weight, outputs);
        }
        let mut strided = |n, stride| workspace.strides.get(n, stride);
        let (rows, columns) = (strided(n, inputs), strided(inputs, 1));
        let left = Left { data: x, rows: &rows, columns: &columns };
        let right_rows = strided(inputs, outputs);
        let right = Right { data: weight, rows: &right_rows, columns: outputs };
        multiply(y, &strided(n, outputs), Start::Row(bias), left, right);
    }

    /// Adds to the gradients of weight and bias, and writes the gradient of the input if `dx` is
    /// given. `dy` has `n` rows, and room for a whole vector after its last row. Give the
    /// support of `x` and of `dy` if it is known.
    #[expect(clippy::too_many_arguments, reason = "the arrays of the formulas")]
    pub fn backward(
        &self,
        n: usize,
        (x, x_support): (&[f32], Option<&Support>),
        weight: &[f32],
        (dy, dy_support): (&[f32], Option<&Support>),
        dweight: &mut [f32],
        dbias: &mut [f32],
        dx: Option<&mut [f32]>,
        workspace: &mut Workspace,
    ) {
        let Self { inputs, outputs } = *self;
        add_rows(dbias, &dy[..n * outputs]);

        let Workspace { strides, kernel: transposed, .. } = workspace;
        let mut strided = |n, stride| strides.get(n, stride);

        // dweight = xᵀ · dy
        match x_support {
            Some(support) => support.add_transposed_product(dweight, x, dy, outputs),
            None => {
                let (rows, columns) = (strided(n, inputs), strided(inputs, 1));
                let dy_rows = strided(n, outputs);
                let left = Left { data: x, rows: &columns, columns: &rows };
                let right = Right { data: dy, rows: &dy_rows, columns: outputs };
                multiply(dweight, &strided(inputs, outputs), Start::Output, left, right);
            }
        }

        // dx = dy · weightᵀ
        let Some(dx) = dx else { return };
        transpose(&weight[..inputs * outputs], outputs, transposed.room(inputs * outputs));
        if let Some(support) = dy_support {
            let dy = &dy[..n * outputs];
            return support.product(dx, Start::Zero, dy, transposed, inputs);
        }
        let (rows, dy_rows) = (strided(n, inputs), strided(n, outputs));
        let left = Left { data: dy, rows: &dy_rows, columns: &strided(outputs, 1) };
        let right = Right { data: transposed, rows: &strided(outputs, inputs), columns: inputs };
        multiply(dx, &rows, Start::Zero, left, right);
    }
}
