//! What this processor can do: a product of 512 × 512 matrices by `gemm`, the fastest in pure Rust.
//!
//! It computes nothing for a report; speeds are told as a share of its own.

/// Rows and columns.
const SIZE: usize = 512;

/// Floating-point operations of one product.
pub const OPERATIONS: usize = 2 * SIZE * SIZE * SIZE;

/// The matrices of a product.
#[derive(Clone, Debug)]
pub struct Yardstick {
    left: Vec<f32>,
    right: Vec<f32>,
    output: Vec<f32>,
}

impl Default for Yardstick {
    fn default() -> Self {
        let ones = vec![1.0; SIZE * SIZE];
        Self { left: ones.clone(), right: ones.clone(), output: ones }
    }
}

impl Yardstick {
    /// Computes the product once, on this thread.
    pub fn multiply(&mut self) {
        let stride = isize::try_from(SIZE).expect("a small number");
        #[expect(unsafe_code, reason = "gemm takes pointers")]
        // SAFETY: the three matrices are row-major of SIZE × SIZE, and the output is borrowed alone.
        unsafe {
            gemm::gemm(
                SIZE,
                SIZE,
                SIZE,
                self.output.as_mut_ptr(),
                1,
                stride,
                false,
                self.left.as_ptr(),
                1,
                stride,
                self.right.as_ptr(),
                1,
                stride,
                0.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}
