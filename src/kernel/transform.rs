//! Transforms images to real *planes* and back. Products of planes make a convolution.
//!
//! The transform ([`Axis`]) of real pixels along both axes has real components. The number of
//! components of a pair of frequencies (f, g) depends on how many of the two have a sine:
//!
//! - With none, there is one component. It is the value at one point, which is real.
//! - With one sine, there are two components: the real and the imaginary part of the value at one
//!   point.
//! - With two sines, there are four components: cc, cs, sc and ss. They make the values at two points:
//!   (cc − ss) + i(cs + sc) at (f, g), and (cc + ss) + i(sc − cs) at (f, −g).
//!
//! The values at all other points are conjugates of these. A product of complex numbers takes three
//! real products (Karatsuba): with (a + ib)(c + id) and P = ac, Q = bd, R = (a + b)(c + d), the
//! real part is P − Q and the imaginary part is R − P − Q. So each complex value is stored in three
//! planes, and only real planes are multiplied.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use super::fourier::{Axis, Rows, Store};
use super::karatsuba::{
    Factor, FromPlanes, Karatsuba, Product, Scale, ToPlanes, TwoFromPlanes, TwoToPlanes,
};
use super::lanes::{WIDEST, apply, dispatch};

/// The transform of grids of one size.
#[derive(Clone, Debug)]
pub(super) struct Transform {
    y: Axis,
    x: Axis,
    points: Vec<Point>,
    /// Weight of each real component in the inverse transform: 1/N² at a real point, and 2/N² at a
    /// complex point, which stands for its conjugate too.
    weights: Vec<f32>,
}

/// The real components of one pair of frequencies, by index.
#[derive(Clone, Copy, Debug)]
enum Point {
    Real(usize),
    Complex([usize; 2]),
    /// Two complex points, from cc, cs, sc and ss.
    Two([usize; 4]),
}

/// The content of planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A factor of the product, or its gradient.
    Factor,
    /// The other factor, with the weights of the inverse transform, or its gradient.
    WeightedFactor,
    /// The product, or its gradient.
    Product,
}

/// Pixels, row by row. Each pixel is a row of `lanes` values.
pub(super) struct Grid<D> {
    pub(super) pixels: D,
    /// Values between the beginnings of two pixels.
    pub(super) stride: usize,
    pub(super) lanes: usize,
}

/// Number of lanes that are transformed together. Their memory stays in the first two caches.
const BLOCK: usize = 128;

/// Memory between the steps of a transform, for one block of lanes.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Values transformed along one axis.
    half: Buffer,
    /// Values transformed along both axes.
    components: Buffer,
}

/// Values between the beginnings of two planes: whole vectors, so that no vector lies in two cache
/// lines.
pub(super) fn padded(lanes: usize) -> usize {
    lanes.next_multiple_of(WIDEST)
}

impl Transform {
    pub(super) fn new(y: Axis, x: Axis) -> Self {
        let at =
            |y_component: usize, x_component: usize| y_component * x.components() + x_component;
        let n = y.components() * x.components();
        let mut points = Vec::new();
        let mut weights = vec![2.0 / n as f32; n];
        for f in y.frequencies() {
            for g in x.frequencies() {
                let cc = at(f, g);
                points.push(match (y.sine(f), x.sine(g)) {
                    (None, None) => {
                        weights[cc] = 1.0 / n as f32;
                        Point::Real(cc)
                    }
                    (None, Some(sine)) => Point::Complex([cc, at(f, sine)]),
                    (Some(sine), None) => Point::Complex([cc, at(sine, g)]),
                    (Some(sy), Some(sx)) => Point::Two([cc, at(f, sx), at(sy, g), at(sy, sx)]),
                });
            }
        }
        Self { y, x, points, weights }
    }

    pub(super) fn planes(&self) -> usize {
        let planes = |point: &Point| match point {
            Point::Real(_) => 1,
            Point::Complex(_) => 3,
            Point::Two(_) => 6,
        };
        self.points.iter().map(planes).sum()
    }

    /// Number of multiplications of one transform of one lane.
    pub(super) fn multiplications(&self) -> usize {
        self.x.length() * self.y.multiplications() + self.y.components() * self.x.multiplications()
    }

    /// Transforms pixels to planes. Each plane is a row of as many lanes, [`padded`].
    pub(super) fn analyze(
        &self,
        grid: &Grid<&[f32]>,
        role: Role,
        planes: &mut [f32],
        scratch: &mut Scratch,
    ) {
        dispatch(Analysis { transform: self, grid, role, planes, scratch });
    }

    /// The transpose of [`Self::analyze`]: planes to pixels.
    pub(super) fn synthesize(
        &self,
        planes: &[f32],
        role: Role,
        grid: Grid<&mut [f32]>,
        store: Store,
        scratch: &mut Scratch,
    ) {
        dispatch(Synthesis { transform: self, planes, role, grid, store, scratch });
    }

    #[inline(always)]
    fn weigh<S: Simd>(&self, simd: S, components: &mut [f32]) {
        for (component, weight) in components.chunks_exact_mut(BLOCK).zip(&self.weights) {
            apply(simd, Scale(*weight), [component], []);
        }
    }

    #[inline(always)]
    fn make_planes<S: Simd>(
        &self,
        simd: S,
        components: &[f32],
        encoding: impl Karatsuba,
        planes: &mut [f32],
        stride: usize,
        lanes: Range<usize>,
    ) {
        let component = |index: usize| &components[index * BLOCK..][..lanes.len()];
        let mut planes = planes.chunks_exact_mut(stride).map(|plane| &mut plane[lanes.clone()]);
        for point in &self.points {
            match *point {
                Point::Real(at) => {
                    let [plane] = next_planes(&mut planes);
                    plane.copy_from_slice(component(at));
                }
                Point::Complex(parts) => {
                    apply(simd, ToPlanes(encoding), next_planes(&mut planes), parts.map(component));
                }
                Point::Two(parts) => {
                    apply(
                        simd,
                        TwoToPlanes(encoding),
                        next_planes(&mut planes),
                        parts.map(component),
                    );
                }
            }
        }
    }

    /// The transpose of [`Self::make_planes`] with the same encoding.
    #[inline(always)]
    fn gather_planes<S: Simd>(
        &self,
        simd: S,
        planes: &[f32],
        stride: usize,
        lanes: Range<usize>,
        encoding: impl Karatsuba,
        components: &mut [f32],
    ) {
        let mut planes = planes.chunks_exact(stride).map(|plane| &plane[lanes.clone()]);
        for point in &self.points {
            let range = |at: usize| at * BLOCK..at * BLOCK + lanes.len();
            match *point {
                Point::Real(at) => {
                    let [plane] = next_planes(&mut planes);
                    components[range(at)].copy_from_slice(plane);
                }
                Point::Complex(parts) => {
                    let parts = disjoint(components, parts.map(range));
                    apply(simd, FromPlanes(encoding), parts, next_planes(&mut planes));
                }
                Point::Two(parts) => {
                    let parts = disjoint(components, parts.map(range));
                    apply(simd, TwoFromPlanes(encoding), parts, next_planes(&mut planes));
                }
            }
        }
    }
}

struct Analysis<'a> {
    transform: &'a Transform,
    grid: &'a Grid<&'a [f32]>,
    role: Role,
    planes: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl WithSimd for Analysis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { transform, grid: Grid { pixels, stride, lanes }, role, planes, scratch } = self;
        let Transform { y, x, .. } = transform;
        let width = x.length();
        let half = scratch.half.room(y.components() * width * BLOCK);
        let components = scratch.components.room(transform.weights.len() * BLOCK);
        for start in (0..*lanes).step_by(BLOCK) {
            let n = BLOCK.min(lanes - start);
            for column in 0..width {
                let from =
                    Rows { data: &pixels[column * stride + start..], stride: width * stride };
                let to = Rows { data: &mut half[column * BLOCK..], stride: width * BLOCK };
                y.analyze(simd, &from, to, n);
            }
            // The lanes beyond the last are padding.
            let n = padded(n);
            for f in 0..y.components() {
                let from = Rows { data: &half[f * width * BLOCK..], stride: BLOCK };
                let to = &mut components[f * x.components() * BLOCK..];
                x.analyze(simd, &from, Rows { data: to, stride: BLOCK }, n);
            }
            if role == Role::WeightedFactor {
                transform.weigh(simd, components);
            }
            let (planes, stride, lanes) = (&mut *planes, padded(*lanes), start..start + n);
            match role {
                Role::Factor | Role::WeightedFactor => {
                    transform.make_planes(simd, components, Factor, planes, stride, lanes);
                }
                Role::Product => {
                    transform.make_planes(simd, components, Product, planes, stride, lanes);
                }
            }
        }
    }
}

struct Synthesis<'a> {
    transform: &'a Transform,
    planes: &'a [f32],
    role: Role,
    grid: Grid<&'a mut [f32]>,
    store: Store,
    scratch: &'a mut Scratch,
}

impl WithSimd for Synthesis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { transform, planes, role, grid, store, scratch } = self;
        let Grid { pixels, stride, lanes } = grid;
        let Transform { y, x, .. } = transform;
        let width = x.length();
        let half = scratch.half.room(y.components() * width * BLOCK);
        let components = scratch.components.room(transform.weights.len() * BLOCK);
        for start in (0..lanes).step_by(BLOCK) {
            let n = BLOCK.min(lanes - start);
            let (row, block) = (padded(lanes), start..start + padded(n));
            match role {
                Role::Factor | Role::WeightedFactor => {
                    transform.gather_planes(simd, planes, row, block, Factor, components);
                }
                Role::Product => {
                    transform.gather_planes(simd, planes, row, block, Product, components);
                }
            }
            if role == Role::WeightedFactor {
                transform.weigh(simd, components);
            }
            for f in 0..y.components() {
                let from = &components[f * x.components() * BLOCK..];
                let to = Rows { data: &mut half[f * width * BLOCK..], stride: BLOCK };
                let from = Rows { data: from, stride: BLOCK };
                x.synthesize(simd, &from, to, Store::Overwrite, padded(n));
            }
            for column in 0..width {
                let from = Rows { data: &half[column * BLOCK..], stride: width * BLOCK };
                let to = &mut pixels[column * stride + start..];
                y.synthesize(simd, &from, Rows { data: to, stride: width * stride }, store, n);
            }
        }
    }
}

/// The next `N` planes.
fn next_planes<T, const N: usize>(planes: &mut impl Iterator<Item = T>) -> [T; N] {
    std::array::from_fn(|_| planes.next().expect("as many planes as the points have"))
}

fn disjoint<const N: usize>(
    components: &mut [f32],
    ranges: [std::ops::Range<usize>; N],
) -> [&mut [f32]; N] {
    components.get_disjoint_mut(ranges).expect("every component belongs to one point")
}
