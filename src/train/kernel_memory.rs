//! What a run on the CPU leaves to the next run of its thread.

use std::rc::Rc;

use crate::kernel::buffer::Buffer;
use crate::kernel::chain::Chain;
use crate::kernel::kept::{BackwardMemory, Kept};
use crate::kernel::normalization::Normalized;
use crate::kernel::prepared::{First, Prepared};
use crate::kernel::workspace::Workspace;

/// Memory and images that a run leaves to the next run of its thread. The next run often uses the same
/// images.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) workspace: Workspace,
    pub(super) backward: BackwardMemory,
    pub(super) kept: Vec<Kept>,
    pub(super) normalized: Vec<Normalized>,
    pub(super) buffers: Vec<Buffer>,
    /// The first `n_images` belong to this run, in the order of its requests. The others belong to the
    /// run before.
    images: Vec<(First, KernelImages)>,
    n_images: usize,
}

impl Memory {
    /// The next images of the run. They are those of the run before if they are equal.
    pub(super) fn images(
        &mut self,
        chain: &Chain,
        values: Vec<f32>,
        digits: usize,
    ) -> KernelImages {
        let (index, first) = (self.n_images, chain.first());
        self.n_images += 1;
        if let Some((of, images)) = self.images.get(index)
            && (*of, images.digits) == (first, digits)
            && bits(&images.values).eq(bits(&values))
        {
            return images.clone();
        }
        self.images.truncate(index);
        let images = KernelImages::new(chain, values, digits);
        self.images.push((first, images.clone()));
        images
    }

    /// Keeps only the images of the run that has ended.
    pub(super) fn end_run(&mut self) {
        self.images.truncate(self.n_images);
        self.n_images = 0;
    }
}

fn bits(values: &[f32]) -> impl Iterator<Item = u32> {
    values.iter().map(|value| value.to_bits())
}

/// Images of one or two digits.
#[derive(Clone, Debug)]
pub(super) struct KernelImages {
    pub(super) values: Rc<[f32]>,
    pub(super) prepared: Rc<Prepared>,
    pub(super) digits: usize,
}

impl KernelImages {
    /// Images for this chain.
    pub(super) fn new(chain: &Chain, values: Vec<f32>, digits: usize) -> Self {
        let prepared = Rc::new(chain.prepare(&values));
        Self { values: values.into(), prepared, digits }
    }
}
