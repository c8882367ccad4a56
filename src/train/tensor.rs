//! Batches and parameters as dfdx tensors.

use dfdx::prelude::*;

use crate::kernel::elementwise::swap_outer;

/// A batch. A batch of vectors has one row for each example. A batch of images has one row for each
/// pixel, with the channels of all images side by side, as `kernel::convolution` needs them.
pub(super) type Matrix<D, T = NoneTape> = Tensor<(usize, usize), f32, D, T>;

/// A vector of parameters.
pub(super) type Vector<D> = Tensor<(usize,), f32, D>;

/// The values of a contiguous tensor.
pub(super) fn values<S: Shape, D: CopySlice<f32>, T>(tensor: &Tensor<S, f32, D, T>) -> Vec<f32> {
    let mut values = vec![0.0; tensor.shape().num_elements()];
    tensor.copy_into(&mut values);
    values
}

/// A device whose gradients can be set.
pub(super) trait SetGradient: Device<f32> {
    /// Copies `values` into a gradient.
    fn set_gradient(
        gradient: &mut <Self as Storage<f32>>::Vec,
        values: Vec<f32>,
    ) -> Result<(), Self::Err>;
}

impl SetGradient for Cpu {
    fn set_gradient(
        gradient: &mut <Self as Storage<f32>>::Vec,
        values: Vec<f32>,
    ) -> Result<(), CpuError> {
        gradient.copy_from_slice(&values);
        Ok(())
    }
}

#[cfg(feature = "cuda")]
impl SetGradient for Cuda {
    fn set_gradient(
        gradient: &mut <Self as Storage<f32>>::Vec,
        values: Vec<f32>,
    ) -> Result<(), CudaError> {
        let device = gradient.device();
        device.htod_copy_into(values, gradient).map_err(CudaError::Driver)
    }
}

/// A tensor of these values. The device may use the memory of a dropped tensor.
pub(super) fn upload<S: Shape, D>(device: &D, values: &[f32], shape: S) -> Tensor<S, f32, D>
where
    D: ZerosTensor<f32> + CopySlice<f32>,
{
    let mut tensor = device.zeros_like(&shape);
    tensor.copy_from(values);
    tensor
}

/// The rows of a batch of images, given image by image, each in pixel, channel order.
pub(super) fn image_rows(images: &[f32], pixels: usize, channels: usize) -> Vec<f32> {
    let mut rows = vec![0.0; images.len()];
    swap_outer(images, pixels, channels, &mut rows);
    rows
}

/// Several batches as one.
pub(super) fn concatenate<D>(device: &D, parts: &[Matrix<D>], are_images: bool) -> Matrix<D>
where
    D: ZerosTensor<f32> + CopySlice<f32>,
{
    let columns: usize = parts.iter().map(|part| part.shape().1).sum();
    let parts = parts.iter().map(|part| (values(part), *part.shape()));
    if !are_images {
        let (all, (_, columns)) = parts
            .reduce(|(mut all, shape), (part, _)| {
                all.extend(part);
                (all, shape)
            })
            .expect("there is a batch");
        return upload(device, &all, (all.len() / columns, columns));
    }
    let (mut all, mut pixels, mut start) = (Vec::new(), 0, 0);
    for (part, shape) in parts {
        pixels = shape.0;
        all.resize(pixels * columns, 0.0);
        for (to, row) in all.chunks_exact_mut(columns).zip(part.chunks_exact(shape.1)) {
            to[start..start + shape.1].copy_from_slice(row);
        }
        start += shape.1;
    }
    upload(device, &all, (pixels, columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_images_have_the_channels_of_each_image_side_by_side() {
        // Two images of three pixels with two channels. The tens are the pixel, the ones the channel.
        let images = [0.0, 1.0, 10.0, 11.0, 20.0, 21.0, 100.0, 101.0, 110.0, 111.0, 120.0, 121.0];
        let rows = [0.0, 1.0, 100.0, 101.0, 10.0, 11.0, 110.0, 111.0, 20.0, 21.0, 120.0, 121.0];
        assert_eq!(image_rows(&images, 3, 2), rows);
        let grey = image_rows(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 1);
        assert_eq!(grey, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn batches_are_joined_image_by_image_or_vector_by_vector() {
        let device = Cpu::default();
        let one = upload(&device, &[1.0, 2.0, 3.0, 4.0], (2, 2));
        let other = upload(&device, &[5.0, 6.0], (2, 1));
        let images = concatenate(&device, &[one.clone(), other], true);
        assert_eq!(values(&images), [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
        let other = upload(&device, &[5.0, 6.0], (1, 2));
        let vectors = concatenate(&device, &[one, other], false);
        assert_eq!(
            (values(&vectors), *vectors.shape()),
            (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2))
        );
    }
}
