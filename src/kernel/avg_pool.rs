//! Average pooling: the mean over windows of an image, or over the whole image.

use pulp::Simd;

use super::elementwise::Add;
use super::lanes::{Lanewise, map};
use super::shape::{Image, Pool};

impl Pool {
    /// Writes the mean of each window to `output`. Each pixel is a row of `lanes` values.
    pub fn means(&self, input: &[f32], lanes: usize, output: &mut [f32]) {
        for (mean, pixels) in output.chunks_exact_mut(lanes).zip(self.windows()) {
            mean_of(pixels, input, mean);
        }
    }

    /// Writes the gradient of the input: each pixel of a window gets an equal share of the gradient
    /// of its mean.
    pub fn means_gradient(&self, output: &[f32], lanes: usize, input: &mut [f32]) {
        input.fill(0.0);
        let share = AddShare { share: 1.0 / (self.size * self.size) as f32 };
        for (gradient, pixels) in output.chunks_exact(lanes).zip(self.windows()) {
            for pixel in pixels {
                map(share, [&mut input[pixel * lanes..][..lanes]], [gradient]);
            }
        }
    }
}

/// Writes the mean of all pixels of each image. `output` has one row of channels for each image.
pub fn means_of_images(image: Image, input: &[f32], output: &mut [f32]) {
    // One pixel of all images is stored as the vectors of all images are.
    mean_of(0..image.area(), input, output);
}

/// Writes the gradient of the input of [`means_of_images`].
pub fn means_of_images_gradient(image: Image, output: &[f32], input: &mut [f32]) {
    input.fill(0.0);
    let share = AddShare { share: 1.0 / image.area() as f32 };
    for pixel in input.chunks_exact_mut(output.len()) {
        map(share, [pixel], [output]);
    }
}

/// Writes the mean of these pixels of `input` to the row `mean`.
fn mean_of(pixels: impl Iterator<Item = usize>, input: &[f32], mean: &mut [f32]) {
    let lanes = mean.len();
    let mut n = 0.0;
    mean.fill(0.0);
    for pixel in pixels {
        map(Add, [&mut *mean], [&input[pixel * lanes..][..lanes]]);
        n += 1.0;
    }
    map(Divide { by: n }, [mean], []);
}

#[derive(Clone, Copy)]
struct Divide {
    by: f32,
}

impl Lanewise<1, 0> for Divide {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        [simd.div_f32s(x, simd.splat_f32s(self.by))]
    }
}

/// Adds the input times `share`.
#[derive(Clone, Copy)]
struct AddShare {
    share: f32,
}

impl Lanewise<1, 1> for AddShare {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [sum]: [S::f32s; 1], [x]: [S::f32s; 1]) -> [S::f32s; 1] {
        [simd.mul_add_f32s(x, simd.splat_f32s(self.share), sum)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::forced::on_each_instruction_set;
    use crate::kernel::tests::{assert_all_equal, bits, uniform};
    use crate::random::Stream;

    #[test]
    fn a_window_that_does_not_fit_is_dropped_and_means_are_exact() {
        // Two images of 3 × 3 pixels with one channel: the second is the first plus 100.
        let input: Vec<f32> = (1..=9).flat_map(|i| [i as f32, i as f32 + 100.0]).collect();
        let image = Image { height: 3, width: 3, channels: 1 };
        let pooled = Image { height: 1, width: 1, channels: 1 };
        let pool = Pool { input: image, output: pooled, size: 2, stride: 2 };
        let mut found = [0.0; 2];
        pool.means(&input, 2, &mut found);
        assert_eq!(found, [3.0, 103.0]);
        means_of_images(image, &input, &mut found);
        assert_eq!(found, [5.0, 105.0]);
        let mut gradient = [9.0; 18];
        pool.means_gradient(&[4.0, 8.0], 2, &mut gradient);
        let one = [1.0, 2.0];
        let no = [0.0; 2];
        assert_eq!(gradient, *[one, one, no, one, one, no, no, no, no].as_flattened());
    }

    #[test]
    fn means_have_the_same_bits_on_every_instruction_set() {
        let mut stream = Stream::new(6, "average pooling");
        let image = Image { height: 7, width: 5, channels: 3 };
        let pool = Pool {
            input: image,
            output: Image { height: 3, width: 2, channels: 3 },
            size: 3,
            stride: 2,
        };
        let input = uniform(2 * image.len(), &mut stream);
        let found = on_each_instruction_set(|| {
            let (mut means, mut whole) = (vec![0.0; 2 * pool.output.len()], [0.0; 6]);
            let mut gradients = [input.clone(), input.clone()];
            pool.means(&input, 6, &mut means);
            means_of_images(image, &input, &mut whole);
            pool.means_gradient(&means, 6, &mut gradients[0]);
            means_of_images_gradient(image, &whole, &mut gradients[1]);
            bits(&[means, whole.to_vec(), gradients.concat()].concat())
        });
        assert_all_equal(&found);
    }
}
