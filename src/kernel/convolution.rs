//! Two-dimensional convolution, with the max-pooling that may follow it, forward and backward.
//!
//! With x the input, w the kernel, b the bias and y the output, stride s and padding p:
//!
//! ```text
//! y[oy, ox, :] = b + Σ over ky, kx of x[s·oy + ky − p, s·ox + kx − p, :] · w[ky, kx, :, :]
//! ```
//!
//! A batch of images is stored in height, width, image, channel order: a matrix with a row for each
//! pixel, in which all images lie side by side. So pixels are added, compared and transformed as
//! long rows, whatever the number of channels. The kernel is stored in height, width, input channel,
//! output channel order.
//!
//! Convolution and pooling are one operation, because what lies between them is the largest thing in
//! a run. It exists for one chunk of images at a time and stays in the cache. The size of the chunks
//! depends on the layer and the batch alone, not on the processor, so that the order of all sums is
//! always the same. The bias is
//! added after the maximum: adding a number and rounding keep the order.

use super::direct::Direct;
use super::elementwise::Add;
use super::lanes::map;
use super::max_pool::MaxPool;
use super::product::Start;
use super::spectral::Spectral;
use super::workspace::Workspace;

/// Floats that one chunk of images may take between the steps of a convolution: 1.5 MiB, the best of
/// those measured on a core with a second cache of 1 MiB.
const CHUNK: usize = 3 << 17;

/// Sizes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Numbers a pixel.
    pub channels: usize,
}

impl Image {
    /// Number of pixels.
    #[must_use]
    pub fn area(self) -> usize {
        self.height * self.width
    }

    /// Number of numbers.
    #[must_use]
    pub fn len(self) -> usize {
        self.area() * self.channels
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// What is convolved.
    pub input: Image,
    /// What comes out.
    pub output: Image,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// From one window to the next.
    pub stride: usize,
    /// Zeros around the input.
    pub padding: usize,
}

impl Convolution {
    /// Inputs that one output depends on.
    #[must_use]
    pub fn fan_in(&self) -> usize {
        self.input.channels * self.kernel * self.kernel
    }
}

/// A convolution and the max-pooling that may follow it, made ready for its sizes.
#[derive(Clone, Debug)]
pub struct ConvolvePool {
    /// Computes those outputs alone that a window of the pooling covers.
    convolution: Convolution,
    pool: Option<MaxPool>,
    method: Method,
    /// Images in one chunk.
    chunk: usize,
}

#[derive(Clone, Debug)]
enum Method {
    Direct(Direct),
    Spectral(Box<Spectral>),
}

/// Gradients that a pass backward adds to.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Of the kernel.
    pub weight: &'a mut [f32],
    /// Of the bias.
    pub bias: &'a mut [f32],
    /// Of the input; none for the first layer: nobody asks for the gradient of an image.
    pub input: Option<&'a mut [f32]>,
}

/// Which way a pass goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Forward,
    Backward,
}

/// Some images of a batch: a row of numbers for each pixel, each `stride`.
pub(super) struct Batch<'a> {
    pub(super) pixels: &'a [f32],
    pub(super) stride: usize,
    pub(super) images: usize,
}

/// A row of numbers for each pixel, each `stride`, to be written.
#[derive(Debug)]
pub struct BatchMut<'a> {
    /// The first row and all after it.
    pub pixels: &'a mut [f32],
    /// From one row to the next; if zero, each row is written over the one before.
    pub stride: usize,
}

impl ConvolvePool {
    /// Chooses the method with the fewest multiplications.
    ///
    /// # Panics
    /// If `pool` does not take the output of `convolution`.
    #[must_use]
    pub fn new(mut convolution: Convolution, pool: Option<MaxPool>) -> Self {
        let pool = pool.map(|mut pool| {
            assert_eq!(pool.input, convolution.output, "what is pooled");
            let covered = |windows: usize| (windows - 1) * pool.stride + pool.size;
            pool.input.height = covered(pool.output.height);
            pool.input.width = covered(pool.output.width);
            convolution.output = pool.input;
            pool
        });
        let direct = Direct::new(convolution);
        let spectral = Spectral::new(convolution);
        let method = match spectral.filter(|spectral| spectral.products() < direct.products()) {
            Some(spectral) => Method::Spectral(Box::new(spectral)),
            None => Method::Direct(direct),
        };
        Self::with(convolution, pool, method)
    }

    fn with(convolution: Convolution, pool: Option<MaxPool>, method: Method) -> Self {
        let floats = match &method {
            Method::Direct(direct) => direct.floats(),
            Method::Spectral(spectral) => spectral.floats(),
        };
        let chunk = (CHUNK / floats).max(1);
        Self { convolution, pool, method, chunk }
    }

    /// The operation by the direct and, where it is possible, by the spectral method.
    #[cfg(test)]
    pub(super) fn by_each_method(
        convolution: Convolution,
        pool: Option<MaxPool>,
    ) -> [Option<Self>; 2] {
        let chosen = Self::new(convolution, pool);
        let (convolution, pool) = (chosen.convolution, chosen.pool);
        let direct = Method::Direct(Direct::new(convolution));
        let spectral = Spectral::new(convolution).map(|s| Method::Spectral(Box::new(s)));
        [Some(direct), spectral].map(|method| Some(Self::with(convolution, pool, method?)))
    }

    /// What is convolved.
    #[must_use]
    pub fn input(&self) -> Image {
        self.convolution.input
    }

    /// The convolution, of whose outputs only those that a window of the pooling covers are left.
    #[must_use]
    pub fn convolution(&self) -> Convolution {
        self.convolution
    }

    /// The pooling that follows.
    #[must_use]
    pub fn pool(&self) -> Option<MaxPool> {
        self.pool
    }

    /// What comes out: of the pooling if there is one.
    #[must_use]
    pub fn output(&self) -> Image {
        self.pool.map_or(self.convolution.output, |pool| pool.output)
    }

    /// Applies the operation to all images of `x`; every value of `y` is written, and of `winners`,
    /// if they are wanted for a pass backward: which pixel of its window each output came from.
    ///
    /// # Panics
    /// If the slices do not hold equally many whole images, or the kernel or the bias not what the
    /// sizes say.
    pub fn forward(
        &self,
        x: &[f32],
        weight: &[f32],
        bias: &[f32],
        y: &mut [f32],
        mut winners: Option<&mut [f32]>,
        workspace: &mut Workspace,
    ) {
        let n = self.images(x, weight, y);
        self.prepare(weight, Pass::Forward, workspace);
        let stride = n * self.output().channels;
        let mut unwanted = std::mem::take(&mut workspace.unwanted);
        for (first, batch) in self.chunks(x, n) {
            let at = first * self.output().channels;
            let lanes = batch.images * self.output().channels;
            let y = BatchMut { pixels: &mut y[at..], stride };
            let winners = match &mut winners {
                Some(winners) => BatchMut { pixels: &mut winners[at..], stride },
                None => BatchMut { pixels: unwanted.room(lanes), stride: 0 },
            };
            match (&self.method, self.pool) {
                (Method::Direct(direct), Some(pool)) if Direct::can_pool(pool) => {
                    direct.forward_pooled(&batch, pool, bias, y, winners, workspace);
                }
                (Method::Direct(direct), pool) => {
                    direct.forward(&batch, workspace);
                    finish(workspace, pool, bias, lanes, y, winners);
                }
                (Method::Spectral(spectral), pool) => {
                    spectral.forward(&batch, workspace);
                    finish(workspace, pool, bias, lanes, y, winners);
                }
            }
        }
        workspace.unwanted = unwanted;
    }

    /// Adds the gradients, given that of the output and the winners of the pass forward, which are
    /// not read where nothing is pooled.
    ///
    /// # Panics
    /// As [`Self::forward`].
    pub fn backward(
        &self,
        x: &[f32],
        weight: &[f32],
        winners: &[f32],
        dy: &[f32],
        gradients: Gradients<'_>,
        workspace: &mut Workspace,
    ) {
        let n = self.images(x, weight, dy);
        let Gradients { weight: dweight, bias: dbias, input: mut dx } = gradients;
        self.prepare(weight, Pass::Backward, workspace);
        let stride = n * self.output().channels;
        let sums = workspace.convolved.room(stride);
        sums.fill(0.0);
        for row in dy.chunks_exact(stride) {
            map(Add, [&mut *sums], [row]);
        }
        for image in sums.chunks_exact(dbias.len()) {
            map(Add, [&mut *dbias], [image]);
        }
        for (first, batch) in self.chunks(x, n) {
            let at = first * self.output().channels;
            let lanes = batch.images * self.output().channels;
            let gradient = workspace.convolved.room(self.convolution.output.area() * lanes);
            match self.pool {
                None => {
                    for (to, row) in gradient.chunks_exact_mut(lanes).zip(dy.chunks_exact(stride)) {
                        to.copy_from_slice(&row[at..at + lanes]);
                    }
                }
                Some(pool) => {
                    pool.spread(&winners[at..], &dy[at..], stride, gradient, lanes);
                }
            }
            let dx = dx.as_deref_mut().map(|dx| BatchMut {
                pixels: &mut dx[first * self.convolution.input.channels..],
                stride: batch.stride,
            });
            match &self.method {
                Method::Direct(direct) => direct.backward(&batch, dx, dweight, workspace),
                Method::Spectral(spectral) => {
                    let start = if first == 0 { Start::Zero } else { Start::Output };
                    spectral.backward(&batch, start, dx, workspace);
                }
            }
        }
        if let Method::Spectral(spectral) = &self.method {
            spectral.finish(dweight, workspace);
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

    /// The chunks of a batch of `n`, each with the number of its first image.
    fn chunks<'a>(&self, x: &'a [f32], n: usize) -> impl Iterator<Item = (usize, Batch<'a>)> {
        let channels = self.convolution.input.channels;
        let chunks = n.div_ceil(self.chunk);
        (0..chunks).map(move |chunk| {
            let (first, end) = (n * chunk / chunks, n * (chunk + 1) / chunks);
            let pixels = &x[first * channels..];
            (first, Batch { pixels, stride: n * channels, images: end - first })
        })
    }
}

/// Pools what is in `workspace.convolved`, if it is to be pooled, and adds the bias.
fn finish(
    workspace: &mut Workspace,
    pool: Option<MaxPool>,
    bias: &[f32],
    lanes: usize,
    y: BatchMut<'_>,
    winners: BatchMut<'_>,
) {
    let Workspace { convolved, biases, .. } = workspace;
    let biases = biases.room(lanes);
    for image in biases.chunks_exact_mut(bias.len()) {
        image.copy_from_slice(bias);
    }
    let BatchMut { pixels, stride } = y;
    let pixels = match pool {
        Some(pool) => {
            pool.forward(convolved, lanes, BatchMut { pixels: &mut *pixels, stride }, winners);
            pixels
        }
        None => {
            for (row, y) in convolved.chunks_exact(lanes).zip(pixels.chunks_mut(stride)) {
                y[..lanes].copy_from_slice(row);
            }
            pixels
        }
    };
    for row in pixels.chunks_mut(stride) {
        map(Add, [&mut row[..lanes]], [&*biases]);
    }
}

impl BatchMut<'_> {
    /// One row of `lanes` numbers.
    pub(super) fn row(&mut self, index: usize, lanes: usize) -> &mut [f32] {
        &mut self.pixels[index * self.stride..][..lanes]
    }

    /// Adds a row of numbers to the images of a pixel.
    pub(super) fn add(&mut self, pixel: usize, row: &[f32]) {
        map(Add, [self.row(pixel, row.len())], [row]);
    }
}
