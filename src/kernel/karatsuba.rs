//! Encodes complex numbers in three real planes and decodes them, for products by Karatsuba's
//! method.

use pulp::Simd;

use super::lanes::Lanewise;

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

/// Encodes one complex number.
#[derive(Clone, Copy)]
pub(super) struct ToPlanes<F>(pub(super) F);

impl<F: Karatsuba> Lanewise<3, 2> for ToPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 3], [a, b]: [S::f32s; 2]) -> [S::f32s; 3] {
        self.0.split(simd, a, b)
    }
}

/// Encodes the two complex numbers of four components cc, cs, sc and ss.
#[derive(Clone, Copy)]
pub(super) struct TwoToPlanes<F>(pub(super) F);

impl<F: Karatsuba> Lanewise<6, 4> for TwoToPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 6], parts: [S::f32s; 4]) -> [S::f32s; 6] {
        let [cc, cs, sc, ss] = parts;
        let [p, q, r] = self.0.split(simd, simd.sub_f32s(cc, ss), simd.add_f32s(cs, sc));
        let [t, u, v] = self.0.split(simd, simd.add_f32s(cc, ss), simd.sub_f32s(sc, cs));
        [p, q, r, t, u, v]
    }
}

/// The transpose of [`ToPlanes`].
#[derive(Clone, Copy)]
pub(super) struct FromPlanes<F>(pub(super) F);

impl<F: Karatsuba> Lanewise<2, 3> for FromPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 2], [p, q, r]: [S::f32s; 3]) -> [S::f32s; 2] {
        self.0.join(simd, p, q, r)
    }
}

/// The transpose of [`TwoToPlanes`].
#[derive(Clone, Copy)]
pub(super) struct TwoFromPlanes<F>(pub(super) F);

impl<F: Karatsuba> Lanewise<4, 6> for TwoFromPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 4], planes: [S::f32s; 6]) -> [S::f32s; 4] {
        let [p, q, r, t, u, v] = planes;
        let [a, b] = self.0.join(simd, p, q, r);
        let [c, d] = self.0.join(simd, t, u, v);
        [simd.add_f32s(a, c), simd.sub_f32s(b, d), simd.add_f32s(b, d), simd.sub_f32s(c, a)]
    }
}

/// Multiplies by a constant.
#[derive(Clone, Copy)]
pub(super) struct Scale(pub(super) f32);

impl Lanewise<1, 0> for Scale {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        [simd.mul_f32s(x, simd.splat_f32s(self.0))]
    }
}
