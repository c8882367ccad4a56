//! Encodes complex numbers in three real planes and decodes them, for products by Karatsuba's
//! method.

use pulp::Simd;

/// Encodes a complex number a + ib in three planes, and decodes it.
pub(super) trait Karatsuba: Copy {
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3];
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2];
}

/// The encoding of a factor of a product, and of its gradient. `join` is the transpose of `split`.
#[derive(Clone, Copy)]
pub(super) struct Factor;

/// The encoding of a product, and of its gradient. `split` is the transpose of `join`.
#[derive(Clone, Copy)]
pub(super) struct Product;

impl Karatsuba for Factor {
    #[inline(always)]
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3] {
        [a, b, simd.add_f32s(a, b)]
    }

    #[inline(always)]
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2] {
        [simd.add_f32s(p, r), simd.add_f32s(q, r)]
    }
}

impl Karatsuba for Product {
    #[inline(always)]
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3] {
        [simd.sub_f32s(a, b), simd.neg_f32s(simd.add_f32s(a, b)), b]
    }

    #[inline(always)]
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2] {
        [simd.sub_f32s(p, q), simd.sub_f32s(simd.sub_f32s(r, p), q)]
    }
}
