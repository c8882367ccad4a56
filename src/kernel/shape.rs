//! Sizes of examples, convolutions and poolings. Nothing is computed here.

/// Size of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values of a pixel.
    pub channels: usize,
}

impl Image {
    /// Number of pixels.
    #[must_use]
    pub fn area(self) -> usize {
        self.height * self.width
    }

    /// Number of values.
    #[must_use]
    pub fn len(self) -> usize {
        self.area() * self.channels
    }

    /// Whether the image has no value.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// One example of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// An image. A batch has one row for each pixel, with the channels of all images side by side.
    Image(Image),
    /// A vector of this length. A batch has one row for each example.
    Vector(usize),
}

impl Example {
    /// Number of values.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Image(image) => image.len(),
            Self::Vector(len) => len,
        }
    }

    /// Whether it has no value.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Rows and columns of a batch of `n` examples.
    #[must_use]
    pub fn batch(self, n: usize) -> (usize, usize) {
        match self {
            Self::Image(image) => (image.area(), n * image.channels),
            Self::Vector(len) => (n, len),
        }
    }
}

/// Sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// The images that come in.
    pub input: Image,
    /// The images that come out.
    pub output: Image,
    /// Rows of the kernel, which has as many columns.
    pub kernel: usize,
    /// Pixels between neighbouring windows.
    pub stride: usize,
    /// Rows and columns of zeros on each side of the input.
    pub padding: usize,
}

impl Convolution {
    /// Number of inputs that one output depends on.
    #[must_use]
    pub fn fan_in(&self) -> usize {
        self.input.channels * self.kernel * self.kernel
    }
}

/// Sizes of a pooling. Windows that reach over the edge of the input are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The images that come in.
    pub input: Image,
    /// The images that come out: one pixel for each window.
    pub output: Image,
    /// Rows of a window, which has as many columns.
    pub size: usize,
    /// Pixels between neighbouring windows.
    pub stride: usize,
}

/// The direction of a pass through a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Forward,
    Backward,
}
