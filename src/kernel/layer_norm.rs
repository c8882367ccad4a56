//! Layer normalisation (Ba et al., 2016) of each example, forward and backward.
//!
//! With x̂ = (x − mean) / √(variance + ε), over all values of an example, and g = dy · scale:
//!
//! ```text
//! y = x̂ · scale + shift
//! dx = (g − mean of g − x̂ · mean of (g · x̂)) / √(variance + ε)
//! ```
//!
//! Each value of an example has its own scale and shift. Images are reordered to one row for each
//! image, and back.

use pulp::Simd;

use super::elementwise::{add_rows, swap_outer};
use super::lanes::{Lanewise, map};
use super::normalization::AddProduct;
use super::shape::Example;
use super::sums::sum;
use super::workspace::{Rows, Workspace};

/// The sizes of a layer-norm layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    /// An example, which the scales and shifts are for. Those of an image are in height, width,
    /// channel order.
    pub example: Example,
    /// Added to the variance.
    pub epsilon: f32,
}

impl LayerNorm {
    /// Writes the normalised batch to `y`.
    pub fn forward(
        &self,
        x: &[f32],
        scale: &[f32],
        shift: &[f32],
        y: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let Rows { input, output, .. } = &mut workspace.rows;
        let len = x.len();
        match self.example {
            Example::Vector(_) => self.forward_rows(x, scale, shift, y),
            Example::Image(image) => {
                let (input, output) = (input.room(len), output.room(len));
                swap_outer(x, len / image.len(), image.channels, input);
                self.forward_rows(input, scale, shift, output);
                swap_outer(output, image.area(), image.channels, y);
            }
        }
    }

    /// Adds to the gradients of scale and shift, and writes the gradient of the input.
    #[expect(clippy::too_many_arguments, reason = "the arrays of the formulas")]
    pub fn backward(
        &self,
        x: &[f32],
        scale: &[f32],
        dy: &[f32],
        dscale: &mut [f32],
        dshift: &mut [f32],
        dx: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let Rows { input, gradient, output, normalized } = &mut workspace.rows;
        let len = x.len();
        let normalized = normalized.room(scale.len());
        match self.example {
            Example::Vector(_) => {
                self.backward_rows([x, dy], scale, dscale, dshift, dx, normalized);
            }
            Example::Image(image) => {
                let (input, gradient) = (input.room(len), gradient.room(len));
                let output = output.room(len);
                for (from, to) in [(x, &mut *input), (dy, &mut *gradient)] {
                    swap_outer(from, len / image.len(), image.channels, to);
                }
                let sides = [&*input, &*gradient];
                self.backward_rows(sides, scale, dscale, dshift, output, normalized);
                swap_outer(output, image.area(), image.channels, dx);
            }
        }
    }

    fn forward_rows(&self, x: &[f32], scale: &[f32], shift: &[f32], y: &mut [f32]) {
        let len = scale.len();
        for (x, y) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)) {
            self.standardize(x, y);
            map(Affine, [y], [scale, shift]);
        }
    }

    fn backward_rows(
        &self,
        [x, dy]: [&[f32]; 2],
        scale: &[f32],
        dscale: &mut [f32],
        dshift: &mut [f32],
        dx: &mut [f32],
        normalized: &mut [f32],
    ) {
        let len = scale.len();
        add_rows(dshift, dy);
        let sides = x.chunks_exact(len).zip(dy.chunks_exact(len));
        for ((x, dy), dx) in sides.zip(dx.chunks_exact_mut(len)) {
            let inverse = self.standardize(x, normalized);
            map(AddProduct, [&mut *dscale], [dy, normalized]);
            map(Product, [&mut *dx], [dy, scale]);
            let mean = sum([&*dx], |[g]| g) / len as f64;
            let slope = sum([&*dx, &*normalized], |[g, x]| g * x) / len as f64;
            let rest = Rest { mean: mean as f32, slope: slope as f32, inverse };
            map(rest, [dx], [normalized]);
        }
    }

    /// Writes x̂ of one example to `normalized`. Returns 1 / √(variance + ε).
    fn standardize(&self, x: &[f32], normalized: &mut [f32]) -> f32 {
        let n = x.len() as f64;
        let mean = sum([x], |[x]| x) / n;
        let variance = sum([x], |[x]| (x - mean) * (x - mean)) / n;
        let inverse = (1.0 / (variance + f64::from(self.epsilon)).sqrt()) as f32;
        map(Standardize { mean: mean as f32, inverse }, [normalized], [x]);
        inverse
    }
}

/// (x − mean) · inverse
#[derive(Clone, Copy)]
struct Standardize {
    mean: f32,
    inverse: f32,
}

impl Lanewise<1, 1> for Standardize {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 1], [x]: [S::f32s; 1]) -> [S::f32s; 1] {
        let centered = simd.sub_f32s(x, simd.splat_f32s(self.mean));
        [simd.mul_f32s(centered, simd.splat_f32s(self.inverse))]
    }
}

/// Multiplies by the scale and adds the shift.
#[derive(Clone, Copy)]
struct Affine;

impl Lanewise<1, 2> for Affine {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        [x]: [S::f32s; 1],
        [scale, shift]: [S::f32s; 2],
    ) -> [S::f32s; 1] {
        [simd.mul_add_f32s(x, scale, shift)]
    }
}

/// The product of both inputs.
#[derive(Clone, Copy)]
struct Product;

impl Lanewise<1, 2> for Product {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 1], [a, b]: [S::f32s; 2]) -> [S::f32s; 1] {
        [simd.mul_f32s(a, b)]
    }
}

/// (g − mean − x̂ · slope) · inverse
#[derive(Clone, Copy)]
struct Rest {
    mean: f32,
    slope: f32,
    inverse: f32,
}

impl Lanewise<1, 1> for Rest {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [g]: [S::f32s; 1], [x]: [S::f32s; 1]) -> [S::f32s; 1] {
        let centered = simd.sub_f32s(g, simd.splat_f32s(self.mean));
        let rest = simd.mul_add_f32s(x, simd.splat_f32s(-self.slope), centered);
        [simd.mul_f32s(rest, simd.splat_f32s(self.inverse))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::forced::on_each_instruction_set;
    use crate::kernel::shape::Image;
    use crate::kernel::tests::{assert_all_equal, bits, uniform};
    use crate::random::Stream;

    #[test]
    fn layer_norm_has_the_same_bits_on_every_instruction_set() {
        let mut stream = Stream::new(6, "layer norm");
        let image = Image { height: 5, width: 4, channels: 3 };
        for example in [Example::Vector(37), Example::Image(image)] {
            let layer = LayerNorm { example, epsilon: 1e-5 };
            let len = example.len();
            let [x, dy] = [(); 2].map(|()| uniform(3 * len, &mut stream));
            let [scale, shift] = [(); 2].map(|()| uniform(len, &mut stream));
            let found = on_each_instruction_set(|| {
                let mut workspace = Workspace::default();
                let (mut y, mut dx) = (x.clone(), x.clone());
                let (mut dscale, mut dshift) = (vec![0.0; len], vec![0.0; len]);
                layer.forward(&x, &scale, &shift, &mut y, &mut workspace);
                let gradients = (&mut dscale, &mut dshift);
                layer.backward(&x, &scale, &dy, gradients.0, gradients.1, &mut dx, &mut workspace);
                bits(&[y, dscale, dshift, dx].concat())
            });
            assert_all_equal(&found);
        }
    }

    #[test]
    fn each_example_has_the_mean_0_and_the_variance_1() {
        let x = [1.0, 2.0, 3.0, 4.0, 100.0, 100.0, 100.0, 100.0];
        let layer = LayerNorm { example: Example::Vector(4), epsilon: 1e-5 };
        let mut y = [0.0; 8];
        layer.forward(&x, &[1.0; 4], &[0.0; 4], &mut y, &mut Workspace::default());
        // The variance is 5 / 4.
        let root = (1.25f64 + f64::from(1e-5f32)).sqrt();
        for (y, centered) in y.iter().zip([-1.5, -0.5, 0.5, 1.5, 0.0, 0.0, 0.0, 0.0]) {
            assert!((f64::from(*y) - centered / root).abs() < 1e-6, "{y}");
        }
    }
}
