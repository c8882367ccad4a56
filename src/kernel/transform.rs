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
//!
//! A few vectors of lanes are transformed at a time, from pixels to planes, so that all values between
//! the steps stay in the first cache.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use super::fourier::{Axis, Components};
use super::karatsuba::{Factor, Karatsuba, Product};
use super::lanes::dispatch;
use super::layout::Layout;
use super::pixels::{GROUP, Group, Lanes, Sink, Source};

/// The transform of grids of one size.
#[derive(Clone, Debug)]
pub(super) struct Transform {
    y: Axis,
    x: Axis,
    points: Points,
    /// Weight of each real component in the inverse transform: 1/N² at a real point, and 2/N² at a
    /// complex point, which stands for its conjugate too.
    weights: Vec<f32>,
}

/// The real components of each pair of frequencies, by index. Their planes are in this order.
#[derive(Clone, Debug, Default)]
struct Points {
    /// One real point.
    real: Vec<usize>,
    /// One complex point.
    complex: Vec<[usize; 2]>,
    /// Two complex points, from cc, cs, sc and ss.
    two: Vec<[usize; 4]>,
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

/// Memory between the steps of a transform, for one group of lanes.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The values of each column.
    columns: Buffer,
    /// The values of each row, transformed along the columns.
    half: Buffer,
    /// Values transformed along both axes.
    components: Buffer,
}

impl Transform {
    pub(super) fn new(y: Axis, x: Axis) -> Self {
        let at =
            |y_component: usize, x_component: usize| y_component * x.components() + x_component;
        let n = y.components() * x.components();
        let mut points = Points::default();
        let mut weights = vec![2.0 / n as f32; n];
        for f in y.frequencies() {
            for g in x.frequencies() {
                let cc = at(f, g);
                match (y.sine(f), x.sine(g)) {
                    (None, None) => {
                        weights[cc] = 1.0 / n as f32;
                        points.real.push(cc);
                    }
                    (None, Some(sine)) => points.complex.push([cc, at(f, sine)]),
                    (Some(sine), None) => points.complex.push([cc, at(sine, g)]),
                    (Some(sy), Some(sx)) => points.two.push([cc, at(f, sx), at(sy, g), at(sy, sx)]),
                }
            }
        }
        Self { y, x, points, weights }
    }

    pub(super) fn planes(&self) -> usize {
        let Points { real, complex, two } = &self.points;
        real.len() + 3 * complex.len() + 6 * two.len()
    }

    /// The layout of planes with this number of channels.
    pub(super) fn layout(&self, channels: usize) -> Layout {
        Layout::new(self.planes(), channels)
    }

    /// Number of multiplications of one transform of one lane.
    pub(super) fn multiplications(&self) -> usize {
        self.x.length() * self.y.multiplications() + self.y.components() * self.x.multiplications()
    }

    /// Transforms pixels to planes with their [`Layout`].
    pub(super) fn analyze(
        &self,
        lanes: Lanes,
        source: &Source<'_>,
        role: Role,
        planes: &mut [f32],
        scratch: &mut Scratch,
    ) {
        dispatch(Analysis { transform: self, lanes, source, role, planes, scratch });
    }

    /// The transpose of [`Self::analyze`]: planes to pixels.
    pub(super) fn synthesize(
        &self,
        lanes: Lanes,
        planes: &[f32],
        role: Role,
        sink: Sink<'_>,
        scratch: &mut Scratch,
    ) {
        dispatch(Synthesis { transform: self, lanes, planes, role, sink, scratch });
    }

    /// Multiplies the components of a group of lanes by the weights of the inverse transform.
    #[inline(always)]
    fn weigh<S: Simd>(&self, simd: S, components: &mut [S::f32s]) {
        let group = const { GROUP / S::F32_LANES };
        for (component, weight) in components.chunks_exact_mut(group).zip(&self.weights) {
            for vector in component {
                *vector = simd.mul_f32s(*vector, simd.splat_f32s(*weight));
            }
        }
    }

    /// Where the two steps of a transform find their components: along y in `half`, along x among
    /// all components.
    fn places(&self) -> [Components; 2] {
        let half = Components { first: self.x.place(0), component: self.x.span(), sequence: 1 };
        let all = Components { first: 0, component: 1, sequence: self.x.components() };
        [half, all]
    }
}

impl Scratch {
    /// The columns, the half transformed values and the components of a group of lanes. Values
    /// outside of the sequences are zero.
    #[inline(always)]
    fn vectors<S: Simd>(&mut self, transform: &Transform) -> [&mut [S::f32s]; 3] {
        let Transform { y, x, weights, .. } = transform;
        let Self { columns, half, components } = self;
        let columns = columns.room(x.length() * y.span() * GROUP);
        let half = half.room(y.components() * x.span() * GROUP);
        let components = components.room(weights.len() * GROUP);
        columns.fill(0.0);
        half.fill(0.0);
        [columns, half, components].map(|floats| S::as_mut_simd_f32s(floats).0)
    }
}

struct Analysis<'a> {
    transform: &'a Transform,
    lanes: Lanes,
    source: &'a Source<'a>,
    role: Role,
    planes: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl WithSimd for Analysis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.role {
            Role::Factor | Role::WeightedFactor => self.encode(simd, Factor),
            Role::Product => self.encode(simd, Product),
        }
    }
}

impl Analysis<'_> {
    #[inline(always)]
    fn encode<S: Simd>(self, simd: S, encoding: impl Karatsuba) {
        let Self { transform, lanes, source, role, planes, scratch } = self;
        let layout = transform.layout(lanes.channels);
        assert!(layout.len(lanes.units) <= planes.len(), "planes of all lanes");
        let blocks = planes.chunks_exact_mut(layout.len(1));
        for (start, block) in (0..lanes.n()).step_by(layout.lanes()).zip(blocks) {
            let lanes = start..lanes.n().min(start + layout.lanes());
            transform.encode_block(simd, encoding, source, lanes, role, block, scratch);
        }
    }
}

impl Transform {
    /// Transforms these lanes to a block of planes.
    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks are half of the instructions here")]
    #[expect(clippy::too_many_arguments, reason = "one step of `Analysis`")]
    fn encode_block<S: Simd>(
        &self,
        simd: S,
        encoding: impl Karatsuba,
        source: &Source<'_>,
        lanes: Range<usize>,
        role: Role,
        planes: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Self { y, x, points, .. } = self;
        let [columns, half, components] = scratch.vectors::<S>(self);
        let [in_half, in_components] = self.places();
        let group = const { GROUP / S::F32_LANES };
        let (planes, _) = S::as_mut_simd_f32s(planes);
        let plane = planes.len() / self.planes();
        for start in lanes.clone().step_by(GROUP) {
            let mut pixels = Group::<S> { y, x, columns: &mut *columns };
            source.read(simd, start..lanes.end, &mut pixels);
            y.analyze(simd, [x.length(), group], columns, half, in_half);
            x.analyze(simd, [y.components(), group], half, components, in_components);
            if role == Role::WeightedFactor {
                self.weigh(simd, components);
            }
            // The lanes beyond the last are padding, which has room for a whole vector.
            let first = (start - lanes.start) / S::F32_LANES;
            let vectors = group.min((lanes.end - start).div_ceil(S::F32_LANES));
            assert!(first + vectors <= plane, "room in each plane");
            for v in 0..vectors {
                // SAFETY: the points name components, which are all in `components`.
                let component =
                    |index: usize| unsafe { *components.get_unchecked(index * group + v) };
                let mut at = first + v;
                let mut put = |value: S::f32s| {
                    // SAFETY: as many values are put as there are planes, and each has room.
                    unsafe { *planes.get_unchecked_mut(at) = value };
                    at += plane;
                };
                for index in &points.real {
                    put(component(*index));
                }
                for &[a, b] in &points.complex {
                    for value in encoding.split(simd, component(a), component(b)) {
                        put(value);
                    }
                }
                for indices in &points.two {
                    let [cc, cs, sc, ss] = indices.map(component);
                    let [a, b] = [simd.sub_f32s(cc, ss), simd.add_f32s(cs, sc)];
                    let [c, d] = [simd.add_f32s(cc, ss), simd.sub_f32s(sc, cs)];
                    for value in encoding.split(simd, a, b) {
                        put(value);
                    }
                    for value in encoding.split(simd, c, d) {
                        put(value);
                    }
                }
            }
        }
    }
}

struct Synthesis<'a> {
    transform: &'a Transform,
    lanes: Lanes,
    planes: &'a [f32],
    role: Role,
    sink: Sink<'a>,
    scratch: &'a mut Scratch,
}

impl WithSimd for Synthesis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.role {
            Role::Factor | Role::WeightedFactor => self.decode(simd, Factor),
            Role::Product => self.decode(simd, Product),
        }
    }
}

impl Synthesis<'_> {
    #[inline(always)]
    fn decode<S: Simd>(self, simd: S, encoding: impl Karatsuba) {
        let Self { transform, lanes, planes, role, mut sink, scratch } = self;
        let layout = transform.layout(lanes.channels);
        assert!(layout.len(lanes.units) <= planes.len(), "planes of all lanes");
        let blocks = planes.chunks_exact(layout.len(1));
        for (start, block) in (0..lanes.n()).step_by(layout.lanes()).zip(blocks) {
            let lanes = start..lanes.n().min(start + layout.lanes());
            transform.decode_block(simd, encoding, block, role, &mut sink, lanes, scratch);
        }
    }
}

impl Transform {
    /// The transpose of [`Self::encode_block`].
    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks are half of the instructions here")]
    #[expect(clippy::too_many_arguments, reason = "one step of `Synthesis`")]
    fn decode_block<S: Simd>(
        &self,
        simd: S,
        encoding: impl Karatsuba,
        planes: &[f32],
        role: Role,
        sink: &mut Sink<'_>,
        lanes: Range<usize>,
        scratch: &mut Scratch,
    ) {
        let Self { y, x, points, .. } = self;
        let [columns, half, components] = scratch.vectors::<S>(self);
        let [in_half, in_components] = self.places();
        let group = const { GROUP / S::F32_LANES };
        let (planes, _) = S::as_simd_f32s(planes);
        let plane = planes.len() / self.planes();
        for start in lanes.clone().step_by(GROUP) {
            let first = (start - lanes.start) / S::F32_LANES;
            let vectors = group.min((lanes.end - start).div_ceil(S::F32_LANES));
            assert!(first + vectors <= plane, "all values of each plane");
            for v in 0..vectors {
                let mut at = first + v;
                let mut get = || {
                    // SAFETY: as many values are read as there are planes, and each has them.
                    let value = unsafe { *planes.get_unchecked(at) };
                    at += plane;
                    value
                };
                let mut set = |index: usize, value: S::f32s| {
                    // SAFETY: the points name components, which are all in `components`.
                    unsafe { *components.get_unchecked_mut(index * group + v) = value };
                };
                for index in &points.real {
                    set(*index, get());
                }
                for &[first, second] in &points.complex {
                    let [p, q, r] = [get(), get(), get()];
                    let [a, b] = encoding.join(simd, p, q, r);
                    set(first, a);
                    set(second, b);
                }
                for &[cc, cs, sc, ss] in &points.two {
                    let [p, q, r] = [get(), get(), get()];
                    let [a, b] = encoding.join(simd, p, q, r);
                    let [p, q, r] = [get(), get(), get()];
                    let [c, d] = encoding.join(simd, p, q, r);
                    set(cc, simd.add_f32s(a, c));
                    set(cs, simd.sub_f32s(b, d));
                    set(sc, simd.add_f32s(b, d));
                    set(ss, simd.sub_f32s(c, a));
                }
            }
            if role == Role::WeightedFactor {
                self.weigh(simd, components);
            }
            x.synthesize(simd, [y.components(), group], components, in_components, half);
            y.synthesize(simd, [x.length(), group], half, in_half, columns);
            let mut pixels = Group::<S> { y, x, columns: &mut *columns };
            sink.write(simd, start..lanes.end, &mut pixels);
        }
    }
}
