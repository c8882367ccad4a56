//! Applies functions element by element, with the widest vectors of the processor.

use pulp::{Arch, Simd, WithSimd};

/// The number of lanes of the widest vector of all supported instruction sets.
pub(crate) const WIDEST: usize = 16;

/// Runs `operation` with the widest instructions of this processor: AVX-512, AVX2, NEON or plain.
/// Every operation is written to give the same bits with all of them.
pub(super) fn dispatch<O: WithSimd>(operation: O) -> O::Output {
    #[cfg(test)]
    if let Some(instructions) = forced::get() {
        return instructions.dispatch(operation);
    }
    Arch::new().dispatch(operation)
}

/// A function of `INPUTS` values, and of the `OUTPUTS` values that it replaces.
pub(crate) trait Lanewise<const OUTPUTS: usize, const INPUTS: usize>: Copy {
    /// The new outputs. Each lane depends on that lane alone, so the width of a vector does not
    /// matter.
    fn apply<S: Simd>(
        self,
        simd: S,
        outputs: [S::f32s; OUTPUTS],
        inputs: [S::f32s; INPUTS],
    ) -> [S::f32s; OUTPUTS];
}

/// Applies `function` to each position of equally long slices.
///
/// # Panics
/// Panics if the slices differ in length.
pub(crate) fn map<const OUTPUTS: usize, const INPUTS: usize>(
    function: impl Lanewise<OUTPUTS, INPUTS>,
    outputs: [&mut [f32]; OUTPUTS],
    inputs: [&[f32]; INPUTS],
) {
    dispatch(Map { function, outputs, inputs });
}

struct Map<'a, F, const OUTPUTS: usize, const INPUTS: usize> {
    function: F,
    outputs: [&'a mut [f32]; OUTPUTS],
    inputs: [&'a [f32]; INPUTS],
}

impl<F: Lanewise<OUTPUTS, INPUTS>, const OUTPUTS: usize, const INPUTS: usize> WithSimd
    for Map<'_, F, OUTPUTS, INPUTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        apply(simd, self.function, self.outputs, self.inputs);
    }
}

/// Does the same as [`map`], inside an operation that is already dispatched.
#[inline(always)]
pub(super) fn apply<S: Simd, const OUTPUTS: usize, const INPUTS: usize>(
    simd: S,
    function: impl Lanewise<OUTPUTS, INPUTS>,
    outputs: [&mut [f32]; OUTPUTS],
    inputs: [&[f32]; INPUTS],
) {
    let len = outputs[0].len();
    assert!(outputs.iter().all(|slice| slice.len() == len), "outputs of one length");
    assert!(inputs.iter().all(|slice| slice.len() == len), "inputs as long as the outputs");
    // Each slice as whole vectors and a rest.
    let outputs = outputs.map(S::as_mut_simd_f32s);
    let inputs = inputs.map(S::as_simd_f32s);
    let mut old = [simd.splat_f32s(0.0); OUTPUTS];
    let mut values = [simd.splat_f32s(0.0); INPUTS];
    for at in 0..len / S::F32_LANES {
        for i in 0..OUTPUTS {
            old[i] = outputs[i].0[at];
        }
        for i in 0..INPUTS {
            values[i] = inputs[i].0[at];
        }
        let new = function.apply(simd, old, values);
        for i in 0..OUTPUTS {
            outputs[i].0[at] = new[i];
        }
    }
    if !len.is_multiple_of(S::F32_LANES) {
        for i in 0..OUTPUTS {
            old[i] = simd.partial_load_f32s(outputs[i].1);
        }
        for i in 0..INPUTS {
            values[i] = simd.partial_load_f32s(inputs[i].1);
        }
        let new = function.apply(simd, old, values);
        for i in 0..OUTPUTS {
            simd.partial_store_f32s(outputs[i].1, new[i]);
        }
    }
}

/// Reads a slice of at most one vector. The other lanes are zero.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, slice: &[f32]) -> S::f32s {
    match S::as_simd_f32s(slice) {
        ([whole], _) => *whole,
        _ => simd.partial_load_f32s(slice),
    }
}

/// Writes the first lanes of `value` to a slice of at most one vector.
#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, slice: &mut [f32], value: S::f32s) {
    match S::as_mut_simd_f32s(slice) {
        ([whole], _) => *whole = value,
        (_, part) => simd.partial_store_f32s(part, value),
    }
}

/// Lets a test choose the instruction set of its thread.
#[cfg(test)]
pub(crate) mod forced {
    use std::cell::Cell;

    use pulp::Arch;

    thread_local! {
        static INSTRUCTIONS: Cell<Option<Arch>> = const { Cell::new(None) };
    }

    pub(super) fn get() -> Option<Arch> {
        INSTRUCTIONS.get()
    }

    /// The result of `work` with each instruction set of this processor.
    pub(crate) fn on_each_instruction_set<T>(work: impl Fn() -> T) -> Vec<T> {
        let mut sets = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        sets.extend(pulp::x86::V3::try_new().map(Arch::V3));
        sets.push(Arch::new());
        let run = |set: Arch| {
            INSTRUCTIONS.set(Some(set));
            let result = work();
            INSTRUCTIONS.set(None);
            result
        };
        sets.into_iter().map(run).collect()
    }
}
