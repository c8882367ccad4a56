//! The linear layer y = x · weight + bias, forward and backward.

use super::elementwise::{add_rows, transpose};
use super::product::{Left, Offsets, Right, Start, multiply};
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
    /// vector after its last row, as [`Right`] needs.
    pub fn forward(&self, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
        let Self { inputs, outputs } = *self;
        let n = y.len() / outputs;
        let (rows, columns) = (Offsets::strided(n, inputs), Offsets::strided(inputs, 1));
        let left = Left { data: x, rows: &rows, columns: &columns };
        let right_rows = Offsets::strided(inputs, outputs);
        let right = Right { data: weight, rows: &right_rows, columns: outputs };
        for row in y.chunks_exact_mut(outputs) {
            row.copy_from_slice(bias);
        }
        multiply(y, &Offsets::strided(n, outputs), Start::Output, left, right);
    }

    /// Adds to the gradients of weight and bias, and writes the gradient of the input if `dx` is
    /// given. `dy` has `n` rows, and room for a whole vector after its last row.
    #[expect(clippy::too_many_arguments, reason = "the arrays of the formulas")]
    pub fn backward(
        &self,
        n: usize,
        x: &[f32],
        weight: &[f32],
        dy: &[f32],
        dweight: &mut [f32],
        dbias: &mut [f32],
        dx: Option<&mut [f32]>,
        workspace: &mut Workspace,
    ) {
        let Self { inputs, outputs } = *self;
        add_rows(dbias, &dy[..n * outputs]);

        // dweight = xᵀ · dy
        let (rows, columns) = (Offsets::strided(n, inputs), Offsets::strided(inputs, 1));
        let left = Left { data: x, rows: &columns, columns: &rows };
        let dy_rows = Offsets::strided(n, outputs);
        let right = Right { data: dy, rows: &dy_rows, columns: outputs };
        multiply(dweight, &Offsets::strided(inputs, outputs), Start::Output, left, right);

        // dx = dy · weightᵀ
        let Some(dx) = dx else { return };
        let transposed = workspace.kernel.room(inputs * outputs);
        transpose(&weight[..inputs * outputs], outputs, transposed);
        let dy_columns = Offsets::strided(outputs, 1);
        let left = Left { data: dy, rows: &dy_rows, columns: &dy_columns };
        let right_rows = Offsets::strided(outputs, inputs);
        let right = Right { data: &workspace.kernel, rows: &right_rows, columns: inputs };
        multiply(dx, &rows, Start::Zero, left, right);
    }
}
