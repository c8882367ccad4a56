//! Sums in `f64`, in the same order on every processor.

/// Number of sums that a sum is made of. It does not depend on the vectors of the processor.
const SUMS: usize = 16;

/// The sum of `term` over each position of equally long slices.
///
/// # Panics
/// Panics if a slice is shorter than the first.
pub(super) fn sum<const N: usize>(slices: [&[f32]; N], term: impl Fn([f64; N]) -> f64) -> f64 {
    let mut sums = [0.0; SUMS];
    let parts = slices.map(<[f32]>::as_chunks::<SUMS>);
    for at in 0..parts[0].0.len() {
        let chunks = parts.map(|(chunks, _)| &chunks[at]);
        for lane in 0..SUMS {
            sums[lane] += term(chunks.map(|chunk| f64::from(chunk[lane])));
        }
    }
    for at in 0..parts[0].1.len() {
        sums[at] += term(parts.map(|(_, rest)| f64::from(rest[at])));
    }
    sums.iter().sum()
}
