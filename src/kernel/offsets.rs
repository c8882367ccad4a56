//! Where the rows and columns of a matrix begin in a slice.

use std::collections::BTreeMap;
use std::rc::Rc;

/// The offsets of the rows or columns of a matrix in a slice.
#[derive(Clone, Debug, Default)]
pub struct Offsets {
    offsets: Vec<usize>,
    largest: usize,
}

impl Offsets {
    /// Rows or columns that begin at `offsets`.
    #[must_use]
    pub fn new(offsets: Vec<usize>) -> Self {
        let largest = offsets.iter().copied().max().unwrap_or(0);
        Self { offsets, largest }
    }

    /// `n` rows or columns, at multiples of `stride`.
    #[must_use]
    pub fn strided(n: usize, stride: usize) -> Self {
        Self::new((0..n).map(|index| index * stride).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Those at `indices`.
    pub(super) fn at_each(&self, indices: &[u32]) -> Self {
        Self::new(indices.iter().map(|index| self.offsets[*index as usize]).collect())
    }

    #[inline(always)]
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.offsets.iter().copied()
    }

    #[inline(always)]
    pub(super) fn at(&self, index: usize) -> usize {
        self.offsets[index]
    }

    pub(super) fn largest(&self) -> usize {
        self.largest
    }
}

/// Offsets at equal distances. Each list is made once and kept, because the products of a training
/// step need the same lists again and again.
#[derive(Debug, Default)]
pub(super) struct Strides(BTreeMap<[usize; 2], Rc<Offsets>>);

impl Strides {
    /// `n` rows or columns, at multiples of `stride`.
    pub(super) fn get(&mut self, n: usize, stride: usize) -> Rc<Offsets> {
        let made =
            self.0.entry([n, stride]).or_insert_with(|| Rc::new(Offsets::strided(n, stride)));
        Rc::clone(made)
    }
}
