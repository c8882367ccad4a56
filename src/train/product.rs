//! Matrix products on slices: the one place that calls `gemm`.

/// A matrix that is read, with its strides.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// The row-major matrix of `rows × columns` in `data`.
    ///
    /// # Panics
    /// If `data` has another length.
    pub(super) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a {rows}×{columns} matrix");
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same numbers with rows and columns swapped.
    pub(super) fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// `output = left · right`, or `output += left · right` if `accumulate`; `output` is row-major.
///
/// # Panics
/// If the shapes do not fit.
pub(super) fn multiply(output: &mut [f32], accumulate: bool, left: View<'_>, right: View<'_>) {
    assert_eq!(left.columns, right.rows, "inner sizes of a product");
    assert_eq!(output.len(), left.rows * right.columns, "size of a product");
    if output.is_empty() || left.columns == 0 {
        return;
    }
    let stride = |stride: usize| isize::try_from(stride).expect("a stride lies within a slice");
    #[expect(unsafe_code, reason = "gemm takes pointers")]
    // SAFETY: a `View` covers exactly the elements that its sizes and strides reach (asserted in
    // `View::new`; transposing swaps both), `output` covers rows × columns at stride (columns, 1)
    // (asserted above), and it is borrowed mutably, so nothing aliases it.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            output.as_mut_ptr(),
            1,
            stride(right.columns),
            accumulate,
            left.data.as_ptr(),
            stride(left.column_stride),
            stride(left.row_stride),
            right.data.as_ptr(),
            stride(right.column_stride),
            stride(right.row_stride),
            if accumulate { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_by_hand() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let (two_by_three, three_by_two) = (View::new(&a, 2, 3), View::new(&a, 3, 2));
        let mut output = [1.0; 4];
        multiply(&mut output, false, two_by_three, three_by_two);
        assert_eq!(output, [22.0, 28.0, 49.0, 64.0]);
        multiply(&mut output, true, two_by_three, two_by_three.transposed());
        assert_eq!(output, [22.0 + 14.0, 28.0 + 32.0, 49.0 + 32.0, 64.0 + 77.0]);
    }
}
