//! One step of an optimiser, on the array of all parameters.

use pulp::Simd;

use super::lanes::{Lanewise, map};

/// Adam (Kingma and Ba, 2015), at one step of a run.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    decay: [f32; 2],
    growth: [f32; 2],
    /// lr / (1 − β₁ᵗ)
    rate: f32,
    /// 1 / (1 − β₂ᵗ)
    correction: f32,
    epsilon: f32,
}

impl Adam {
    /// The update number `step` of a run, counted from 1.
    #[must_use]
    pub fn new(lr: f64, betas: [f64; 2], epsilon: f64, step: usize) -> Self {
        let correction = betas.map(|beta| 1.0 - libm::pow(beta, step as f64));
        Self {
            decay: betas.map(|beta| beta as f32),
            growth: betas.map(|beta| (1.0 - beta) as f32),
            rate: (lr / correction[0]) as f32,
            correction: (1.0 / correction[1]) as f32,
            epsilon: epsilon as f32,
        }
    }

    /// Updates the parameters and both moments of their gradient.
    pub fn update(self, values: &mut [f32], moments: [&mut [f32]; 2], gradient: &[f32]) {
        let [first, second] = moments;
        map(self, [values, first, second], [gradient]);
    }
}

impl Lanewise<3, 1> for Adam {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        [value, first, second]: [S::f32s; 3],
        [gradient]: [S::f32s; 1],
    ) -> [S::f32s; 3] {
        let splat = |number| simd.splat_f32s(number);
        let follow = |moment, index: usize, new| {
            let kept = simd.mul_f32s(moment, splat(self.decay[index]));
            simd.mul_add_f32s(new, splat(self.growth[index]), kept)
        };
        let first = follow(first, 0, gradient);
        let second = follow(second, 1, simd.mul_f32s(gradient, gradient));
        let root = simd.sqrt_f32s(simd.mul_f32s(second, splat(self.correction)));
        let size = simd.add_f32s(root, splat(self.epsilon));
        let change = simd.div_f32s(simd.mul_f32s(first, splat(self.rate)), size);
        [simd.sub_f32s(value, change), first, second]
    }
}

/// Stochastic gradient descent, with momentum as PyTorch has it.
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    lr: f32,
    momentum: f32,
}

impl Sgd {
    /// One update.
    #[must_use]
    pub fn new(lr: f64, momentum: f64) -> Self {
        Self { lr: lr as f32, momentum: momentum as f32 }
    }

    /// Updates the parameters and their velocity.
    pub fn update(self, values: &mut [f32], velocity: &mut [f32], gradient: &[f32]) {
        map(self, [values, velocity], [gradient]);
    }
}

impl Lanewise<2, 1> for Sgd {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        [value, velocity]: [S::f32s; 2],
        [gradient]: [S::f32s; 1],
    ) -> [S::f32s; 2] {
        let kept = simd.mul_f32s(velocity, simd.splat_f32s(self.momentum));
        let velocity = simd.add_f32s(kept, gradient);
        let change = simd.mul_f32s(velocity, simd.splat_f32s(self.lr));
        [simd.sub_f32s(value, change), velocity]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::forced::on_each_instruction_set;
    use crate::kernel::tests::{assert_all_equal, bits, uniform};
    use crate::random::Stream;

    #[test]
    fn updates_give_the_same_bits_on_every_instruction_set() {
        let mut stream = Stream::new(6, "updates");
        let [start, gradient] = [(); 2].map(|()| uniform(1001, &mut stream));
        let found = on_each_instruction_set(|| {
            let [mut values, mut first, mut second] =
                [start.clone(), vec![0.0; 1001], vec![0.0; 1001]];
            for step in 1..4 {
                let adam = Adam::new(0.01, [0.9, 0.999], 1e-8, step);
                adam.update(&mut values, [&mut first, &mut second], &gradient);
                Sgd::new(0.1, 0.5).update(&mut values, &mut first, &gradient);
            }
            bits(&[values, first, second].concat())
        });
        assert_all_equal(&found);
    }

    #[test]
    fn the_first_step_of_adam_is_the_learning_rate_and_that_of_momentum_builds_up() {
        // With a constant gradient, both corrected moments of Adam are the gradient and its square.
        let (mut values, mut first, mut second) = ([1.0, 1.0], [0.0; 2], [0.0; 2]);
        for step in 1..=3 {
            let adam = Adam::new(0.01, [0.9, 0.999], 1e-8, step);
            adam.update(&mut values, [&mut first, &mut second], &[3.0, -0.2]);
        }
        for (value, exact) in values.iter().zip([0.97, 1.03]) {
            assert!((value - exact).abs() < 1e-6, "{value}");
        }
        // Velocities 2, 3 and 3.5.
        let (mut values, mut velocity) = ([10.0], [0.0]);
        for _ in 0..3 {
            Sgd::new(0.5, 0.5).update(&mut values, &mut velocity, &[2.0]);
        }
        assert_eq!((values, velocity), ([10.0 - 0.5 * 8.5], [3.5]));
    }
}
