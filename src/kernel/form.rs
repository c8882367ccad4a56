//! Complex numbers as real planes, number by number: the element-wise ends of a
//! [`Transform`](super::transform::Transform).

use pulp::Simd;

use super::lanes::Lanewise;

/// How a complex number a + ib becomes the three planes of a product, and back.
pub(super) trait Form: Copy {
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3];
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2];
}

/// A factor of a product, or the gradient of one.
#[derive(Clone, Copy)]
pub(super) struct Factor;

/// A product, or the gradient of one. `split` is the transpose of what `join` does to a product, as
/// that of a [`Factor`] is the transpose of its `split`.
#[derive(Clone, Copy)]
pub(super) struct Product;

impl Form for Factor {
    #[inline(always)]
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3] {
        [a, b, simd.add_f32s(a, b)]
    }

    #[inline(always)]
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2] {
        [simd.add_f32s(p, r), simd.add_f32s(q, r)]
    }
}

impl Form for Product {
    #[inline(always)]
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3] {
        [simd.sub_f32s(a, b), simd.neg_f32s(simd.add_f32s(a, b)), b]
    }

    #[inline(always)]
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2] {
        [simd.sub_f32s(p, q), simd.sub_f32s(simd.sub_f32s(r, p), q)]
    }
}

#[derive(Clone, Copy)]
pub(super) struct ToPlanes<F>(pub(super) F);

impl<F: Form> Lanewise<3, 2> for ToPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 3], [a, b]: [S::f32s; 2]) -> [S::f32s; 3] {
        self.0.split(simd, a, b)
    }
}

#[derive(Clone, Copy)]
pub(super) struct TwoToPlanes<F>(pub(super) F);

impl<F: Form> Lanewise<6, 4> for TwoToPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 6], parts: [S::f32s; 4]) -> [S::f32s; 6] {
        let [cc, cs, sc, ss] = parts;
        let [p, q, r] = self.0.split(simd, simd.sub_f32s(cc, ss), simd.add_f32s(cs, sc));
        let [t, u, v] = self.0.split(simd, simd.add_f32s(cc, ss), simd.sub_f32s(sc, cs));
        [p, q, r, t, u, v]
    }
}

#[derive(Clone, Copy)]
pub(super) struct FromPlanes<F>(pub(super) F);

impl<F: Form> Lanewise<2, 3> for FromPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 2], [p, q, r]: [S::f32s; 3]) -> [S::f32s; 2] {
        self.0.join(simd, p, q, r)
    }
}

#[derive(Clone, Copy)]
pub(super) struct TwoFromPlanes<F>(pub(super) F);

impl<F: Form> Lanewise<4, 6> for TwoFromPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 4], planes: [S::f32s; 6]) -> [S::f32s; 4] {
        let [p, q, r, t, u, v] = planes;
        let [a, b] = self.0.join(simd, p, q, r);
        let [c, d] = self.0.join(simd, t, u, v);
        [simd.add_f32s(a, c), simd.sub_f32s(b, d), simd.add_f32s(b, d), simd.sub_f32s(c, a)]
    }
}

/// Multiplies by a number.
#[derive(Clone, Copy)]
pub(super) struct Scale(pub(super) f32);

impl Lanewise<1, 0> for Scale {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        [simd.mul_f32s(x, simd.splat_f32s(self.0))]
    }
}
