//! The linear layer y = x · weight + bias, forward and backward.

use super::elementwise::{add_rows, transpose};
use super::product::{Left, Offsets, Right, Start, multiply};
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
    ) {
        let Self { inputs, outputs } = *self;
        let n = y.len() / outputs;
        if let Some(support) = support {
            return support.product(y, x, weight, bias);
        }
        let (rows, columns) = (Offsets::strided(n, inputs), Offsets::strided(inputs, 1));
        let left = Left { data: x, rows: &rows, columns: &columns };
        let right_rows = Offsets::strided(inputs, outputs);
        let right = Right { data: weight, rows: &right_rows, columns: outputs };
        multiply(y, &Offsets::strided(n, outputs), Start::Row(bias), left, right);
    }

    /// Adds to the gradients of weight and bias, and writes the gradient of the input if `dx` is
    /// given. `dy` has `n` rows, and room for a whole vector after its last row.
    #[expect(clippy::too_many_arguments, reason = "the arrays of the formulas")]
    pub fn backward(
        &self,
        n: usize,
        x: &[f32],
        support: Option<&Support>,
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
        let dy_rows = Offsets::strided(n, outputs);
        match support {
            Some(support) => support.add_transposed_product(dweight, x, dy, outputs),
            None => {
                let left = Left { data: x, rows: &columns, columns: &rows };
                let right = Right { data: dy, rows: &dy_rows, columns: outputs };
                let dweight_rows = Offsets::strided(inputs, outputs);
                multiply(dweight, &dweight_rows, Start::Output, left, right);
            }
        }

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
