//! Two-dimensional convolution, with the max-pooling that may follow it, forward and backward.
//!
//! With x the input, w the kernel, b the bias and y the output, stride s and padding p:
//!
//! ```text
//! y[oy, ox, :] = b + Σ over ky, kx of x[s·oy + ky − p, s·ox + kx − p, :] · w[ky, kx, :, :]
//! ```
//!
//! A batch of images is stored in height, width, image, channel order. It is a matrix with one row
//! for each pixel, and all images side by side in that row. Pixels are added, compared and
//! transformed as such long rows, for any number of channels. The kernel is stored in height,
//! width, input channel, output channel order.
//!
//! Convolution and pooling are one operation, because the output of a convolution is the largest
//! array in a run. It is computed for one chunk of images at a time and stays in the cache. The
//! size of a chunk depends on the layer and the batch, but not on the processor. So all sums have
//! the same order on every processor. The bias is added after the maximum. That gives the same
//! values, because adding a number keeps the order of the values, also after rounding.

use super::batch::{Batch, BatchMut};
use super::direct::Direct;
use super::elementwise::{Add, add_rows};
use super::frame::Frame;
use super::lanes::map;
use super::pixels::{Sink, Source};
use super::product::Start;
use super::shape::{Convolution, Image, Pass, Pool};
use super::spectral::Spectral;
use super::workspace::Workspace;

/// Number of floats that one chunk of images may take between the steps of a convolution: 768 KiB.
/// Of the sizes that were measured, this was the fastest on a core with a second cache of 2 MiB.
const CHUNK: usize = 3 << 16;

/// A convolution and the max-pooling that may follow it, prepared for their sizes.
#[derive(Clone, Debug)]
pub struct ConvolvePool {
    /// Its output is limited to the pixels that a window of the pooling covers.
    convolution: Convolution,
    pool: Option<Pool>,
    method: Method,
    /// Number of images in one chunk.
    chunk: usize,
}

#[derive(Clone, Debug)]
enum Method {
    Direct(Direct),
    Spectral(Box<Spectral>),
}

/// The images that come in.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// Their values.
    pub values: &'a [f32],
    /// What [`ConvolvePool::frames`] has made of them, if they go through the layer many times.
    pub frames: Option<&'a Frames>,
}

/// Images that are prepared once, to go through a layer many times.
#[derive(Clone, Debug)]
pub struct Frames(Vec<Frame>);

/// Gradients that a backward pass computes.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Gradient of the kernel. The pass adds to it.
    pub weight: &'a mut [f32],
    /// Gradient of the bias. The pass adds to it.
    pub bias: &'a mut [f32],
    /// Gradient of the input. The pass overwrites it. `None` for the first layer, whose input is not trained.
    pub input: Option<&'a mut [f32]>,
}

impl ConvolvePool {
    /// Chooses the method with the fewest multiplications.
    ///
    /// # Panics
    /// Panics if the input of `pool` is not the output of `convolution`.
    #[must_use]
    pub fn new(mut convolution: Convolution, pool: Option<Pool>) -> Self {
        let pool = pool.map(|mut pool| {
            assert_eq!(
                pool.input, convolution.output,
                "the pooling takes the output of the convolution"
            );
            let covered = |windows: usize| (windows - 1) * pool.stride + pool.size;
            pool.input.height = covered(pool.output.height);
            pool.input.width = covered(pool.output.width);
            convolution.output = pool.input;
            pool
        });
        let direct = Direct::new(convolution);
        let spectral = Spectral::new(convolution);
        let method = match spectral
            .filter(|spectral| spectral.multiplications() < direct.multiplications())
        {
            Some(spectral) => Method::Spectral(Box::new(spectral)),
            None => Method::Direct(direct),
        };
        Self::with(convolution, pool, method)
    }

    fn with(convolution: Convolution, pool: Option<Pool>, method: Method) -> Self {
        let floats = match &method {
            Method::Direct(direct) => direct.floats_per_image(),
            Method::Spectral(spectral) => spectral.floats_per_image(),
        };
        let chunk = (CHUNK / floats).max(1);
        Self { convolution, pool, method, chunk }
    }

    /// The operation by the direct method and by the spectral method. The second is `None` if the
    /// spectral method cannot be used.
    #[cfg(test)]
    pub(super) fn by_each_method(
        convolution: Convolution,
        pool: Option<Pool>,
    ) -> [Option<Self>; 2] {
        let chosen = Self::new(convolution, pool);
        let (convolution, pool) = (chosen.convolution, chosen.pool);
        let direct = Method::Direct(Direct::new(convolution));
        let spectral = Spectral::new(convolution).map(|s| Method::Spectral(Box::new(s)));
        [Some(direct), spectral].map(|method| Some(Self::with(convolution, pool, method?)))
    }

    /// The images that come in.
    #[must_use]
    pub fn input(&self) -> Image {
        self.convolution.input
    }

    /// The convolution. Its output has only the pixels that a window of the pooling covers.
    #[must_use]
    pub fn convolution(&self) -> Convolution {
        self.convolution
    }

    /// The pooling that follows, if there is one.
    #[must_use]
    pub fn pool(&self) -> Option<Pool> {
        self.pool
    }

    /// The images that come out: of the pooling if there is one, else of the convolution.
    #[must_use]
    pub fn output(&self) -> Image {
        self.pool.map_or(self.convolution.output, |pool| pool.output)
    }

    /// Prepares images that go through this layer many times. Returns `None` if that gains nothing.
    #[must_use]
    pub fn frames(&self, values: &[f32]) -> Option<Frames> {
        let Method::Direct(direct) = &self.method else { return None };
        let n = values.len() / self.convolution.input.len();
        let images = Images { values, frames: None };
        let chunks = self.chunks(images, n);
        Some(Frames(chunks.map(|(_, batch)| direct.frame(&batch, self.pool)).collect()))
    }

    /// Applies the operation to all images of `x`. Writes every value of `y`, and every value of
    /// `argmax` if it is given: the pixel of its window that each output comes from. A backward
    /// pass needs `argmax`.
    ///
    /// # Panics
    /// Panics if `x` and `y` do not hold the same number of whole images, or if the kernel or the
    /// bias has another length than its sizes say.
    pub fn forward(
        &self,
        x: Images<'_>,
        weight: &[f32],
        bias: &[f32],
        y: &mut [f32],
        mut argmax: Option<&mut [f32]>,
        workspace: &mut Workspace,
    ) {
        let n = self.images(x.values, weight, y);
        self.prepare(weight, Pass::Forward, workspace);
        let output = self.output();
        let stride = n * output.channels;
        let [mut biases, mut unused_argmax] =
            [&mut workspace.biases, &mut workspace.unused_argmax].map(std::mem::take);
        let biases_of_batch = biases.room(n.min(self.chunk) * output.channels);
        for image in biases_of_batch.chunks_exact_mut(bias.len()) {
            image.copy_from_slice(bias);
        }
        for (first, batch) in self.chunks(x, n) {
            let at = first * output.channels;
            let lanes = batch.images * output.channels;
            let mut y = BatchMut { pixels: &mut y[at..], stride };
            let argmax =
                argmax.as_deref_mut().map(|argmax| BatchMut { pixels: &mut argmax[at..], stride });
            let biases = &biases_of_batch[..lanes];
            let direct = match (&self.method, self.pool) {
                (Method::Direct(direct), _) => direct,
                (Method::Spectral(spectral), Some(pool)) => {
                    let sink = Sink::Pooled { pool, biases, maxima: y, argmax };
                    spectral.forward(&batch, sink, workspace);
                    continue;
                }
                (Method::Spectral(spectral), None) => {
                    let sink = Sink::Pixels { pixels: &mut *y.pixels, stride };
                    spectral.forward(&batch, sink, workspace);
                    add_bias(&mut y, biases);
                    continue;
                }
            };
            match self.pool {
                Some(pool) if Direct::can_pool(pool) => {
                    direct.forward_pooled(&batch, pool, bias, &mut y, argmax, workspace);
                    continue;
                }
                Some(pool) => {
                    direct.forward(&batch, workspace);
                    let maxima = BatchMut { pixels: &mut *y.pixels, stride };
                    let argmax = argmax.unwrap_or_else(|| BatchMut {
                        pixels: unused_argmax.room(lanes),
                        stride: 0,
                    });
                    pool.maxima(&workspace.convolved, lanes, maxima, argmax);
                }
                None => {
                    direct.forward(&batch, workspace);
                    let rows = workspace.convolved.chunks_exact(lanes).enumerate();
                    for (pixel, row) in rows.take(output.area()) {
                        y.row(pixel, lanes).copy_from_slice(row);
                    }
                }
            }
            add_bias(&mut y, biases);
        }
        workspace.biases = biases;
        workspace.unused_argmax = unused_argmax;
    }

    /// Computes `gradients`, given the gradient of the output (`dy`) and the `argmax` of the forward
    /// pass. `argmax` is not read if there is no pooling.
    ///
    /// # Panics
    /// Panics in the same cases as [`Self::forward`].
    pub fn backward(
        &self,
        x: Images<'_>,
        weight: &[f32],
        argmax: &[f32],
        dy: &[f32],
        gradients: Gradients<'_>,
        workspace: &mut Workspace,
    ) {
        let n = self.images(x.values, weight, dy);
        let Gradients { weight: dweight, bias: dbias, input: mut dx } = gradients;
        self.prepare(weight, Pass::Backward, workspace);
        let stride = n * self.output().channels;
        let sums = workspace.convolved.room(stride);
        sums.fill(0.0);
        for row in dy.chunks_exact(stride) {
            map(Add, [&mut *sums], [row]);
        }
        add_rows(dbias, sums);
        for (first, batch) in self.chunks(x, n) {
            let at = first * self.output().channels;
            let lanes = batch.images * self.output().channels;
            let dx = dx.as_deref_mut().map(|dx| BatchMut {
                pixels: &mut dx[first * self.convolution.input.channels..],
                stride: batch.stride,
            });
            match &self.method {
                Method::Spectral(spectral) => {
                    let dy = match self.pool {
                        None => Source::Pixels { pixels: &dy[at..], stride },
                        Some(pool) => {
                            let [gradient, argmax] = [&dy[at..], &argmax[at..]];
                            Source::Pooled { pool, gradient, argmax, stride }
                        }
                    };
                    let start = if first == 0 { Start::Zero } else { Start::Output };
                    spectral.backward(&batch, &dy, start, dx, workspace);
                }
                Method::Direct(direct) => {
                    let gradient = workspace.convolved.room(self.convolution.output.area() * lanes);
                    match self.pool {
                        None => {
                            let rows = dy.chunks_exact(stride);
                            for (to, row) in gradient.chunks_exact_mut(lanes).zip(rows) {
                                to.copy_from_slice(&row[at..at + lanes]);
                            }
                        }
                        Some(pool) => {
                            pool.maxima_gradient(&argmax[at..], &dy[at..], stride, gradient, lanes);
                        }
                    }
                    direct.backward(&batch, dx, dweight, workspace);
                }
            }
        }
        if let Method::Spectral(spectral) = &self.method {
            spectral.add_kernel_gradient(dweight, workspace);
        }
    }

    fn prepare(&self, weight: &[f32], pass: Pass, workspace: &mut Workspace) {
        match &self.method {
            Method::Direct(direct) => direct.prepare(weight, pass, workspace),
            Method::Spectral(spectral) => spectral.prepare(weight, pass, workspace),
        }
    }

    fn images(&self, x: &[f32], weight: &[f32], y: &[f32]) -> usize {
        let Convolution { input, output, .. } = self.convolution;
        let n = x.len() / input.len();
        assert_eq!(x.len(), n * input.len(), "whole images");
        assert_eq!(y.len(), n * self.output().len(), "as many outputs");
        assert_eq!(weight.len(), self.convolution.fan_in() * output.channels, "the kernel");
        n
    }

    /// The chunks of a batch of `n` images, each with the index of its first image.
    fn chunks<'a>(&self, x: Images<'a>, n: usize) -> impl Iterator<Item = (usize, Batch<'a>)> {
        let channels = self.convolution.input.channels;
        let chunks = n.div_ceil(self.chunk);
        (0..chunks).map(move |chunk| {
            let (first, end) = (n * chunk / chunks, n * (chunk + 1) / chunks);
            let pixels = &x.values[first * channels..];
            let frame = x.frames.map(|Frames(frames)| &frames[chunk]);
            (first, Batch { pixels, stride: n * channels, images: end - first, frame })
        })
    }
}

/// Adds `biases` to each pixel.
fn add_bias(y: &mut BatchMut<'_>, biases: &[f32]) {
    for row in y.pixels.chunks_mut(y.stride) {
        map(Add, [&mut row[..biases.len()]], [biases]);
    }
}
