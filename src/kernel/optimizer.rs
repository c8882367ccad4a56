//! One step of an optimiser, on the array of all parameters. The formulas are those of PyTorch.

use pulp::Simd;

use super::lanes::{Lanewise, map};

/// How a step makes the parameters smaller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightDecay {
    /// Not at all.
    None,
    /// Adds this number times the parameter to its gradient.
    L2(f32),
    /// Multiplies the parameter by this number before the update.
    Decoupled(f32),
}

impl WeightDecay {
    /// L2 regularisation with this factor, or none if it is 0.
    #[must_use]
    pub fn l2(factor: f64) -> Self {
        if factor == 0.0 { Self::None } else { Self::L2(factor as f32) }
    }

    /// Decoupled weight decay with this factor at this learning rate, or none if the factor is 0.
    #[must_use]
    pub fn decoupled(factor: f64, lr: f64) -> Self {
        if factor == 0.0 { Self::None } else { Self::Decoupled((1.0 - lr * factor) as f32) }
    }

    /// Applies `rule` to the parameters, which come first in `state`, after this decay.
    fn update<const STATE: usize>(
        self,
        rule: impl Lanewise<STATE, 1>,
        state: [&mut [f32]; STATE],
        gradient: &[f32],
    ) {
        match self {
            Self::None => map(rule, state, [gradient]),
            Self::L2(factor) => map(AfterL2 { rule, factor }, state, [gradient]),
            Self::Decoupled(factor) => map(AfterShrinking { rule, factor }, state, [gradient]),
        }
    }
}

/// A rule with a gradient that has `factor` times the parameter added.
#[derive(Clone, Copy)]
struct AfterL2<R> {
    rule: R,
    factor: f32,
}

impl<R: Lanewise<STATE, 1>, const STATE: usize> Lanewise<STATE, 1> for AfterL2<R> {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        state: [S::f32s; STATE],
        [gradient]: [S::f32s; 1],
    ) -> [S::f32s; STATE] {
        let gradient = simd.mul_add_f32s(state[0], simd.splat_f32s(self.factor), gradient);
        self.rule.apply(simd, state, [gradient])
    }
}

/// A rule with a parameter that is multiplied by `factor` before.
#[derive(Clone, Copy)]
struct AfterShrinking<R> {
    rule: R,
    factor: f32,
}

impl<R: Lanewise<STATE, 1>, const STATE: usize> Lanewise<STATE, 1> for AfterShrinking<R> {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        mut state: [S::f32s; STATE],
        gradient: [S::f32s; 1],
    ) -> [S::f32s; STATE] {
        state[0] = simd.mul_f32s(state[0], simd.splat_f32s(self.factor));
        self.rule.apply(simd, state, gradient)
    }
}

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
    pub fn update(
        self,
        decay: WeightDecay,
        values: &mut [f32],
        moments: [&mut [f32]; 2],
        gradient: &[f32],
    ) {
        let [first, second] = moments;
        decay.update(self, [values, first, second], gradient);
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
    pub fn update(
        self,
        decay: WeightDecay,
        is_nesterov: bool,
        values: &mut [f32],
        velocity: &mut [f32],
        gradient: &[f32],
    ) {
        match is_nesterov {
            true => decay.update(Nesterov(self), [values, velocity], gradient),
            false => decay.update(self, [values, velocity], gradient),
        }
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

/// Stochastic gradient descent with the momentum of Nesterov: the change is that of the next step,
/// if its gradient were 0, and that of this gradient.
#[derive(Clone, Copy)]
struct Nesterov(Sgd);

impl Lanewise<2, 1> for Nesterov {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        [value, velocity]: [S::f32s; 2],
        [gradient]: [S::f32s; 1],
    ) -> [S::f32s; 2] {
        let Self(Sgd { lr, momentum }) = self;
        let [lr, momentum] = [lr, momentum].map(|number| simd.splat_f32s(number));
        let velocity = simd.mul_add_f32s(velocity, momentum, gradient);
        let ahead = simd.mul_add_f32s(velocity, momentum, gradient);
        [simd.sub_f32s(value, simd.mul_f32s(ahead, lr)), velocity]
    }
}

/// `RMSprop` (Tieleman and Hinton, 2012). As in PyTorch, epsilon is added after the root.
#[derive(Clone, Copy, Debug)]
pub struct RmsProp {
    lr: f32,
    decay: f32,
    growth: f32,
    epsilon: f32,
    momentum: f32,
}

impl RmsProp {
    /// One update.
    #[must_use]
    pub fn new(lr: f64, alpha: f64, epsilon: f64, momentum: f64) -> Self {
        Self {
            lr: lr as f32,
            decay: alpha as f32,
            growth: (1.0 - alpha) as f32,
            epsilon: epsilon as f32,
            momentum: momentum as f32,
        }
    }

    /// Updates the parameters, their velocity and the mean square of their gradient.
    pub fn update(
        self,
        decay: WeightDecay,
        values: &mut [f32],
        [velocity, square]: [&mut [f32]; 2],
        gradient: &[f32],
    ) {
        decay.update(self, [values, velocity, square], gradient);
    }
}

impl Lanewise<3, 1> for RmsProp {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        [value, velocity, square]: [S::f32s; 3],
        [gradient]: [S::f32s; 1],
    ) -> [S::f32s; 3] {
        let splat = |number| simd.splat_f32s(number);
        let kept = simd.mul_f32s(square, splat(self.decay));
        let square = simd.mul_add_f32s(simd.mul_f32s(gradient, gradient), splat(self.growth), kept);
        let size = simd.add_f32s(simd.sqrt_f32s(square), splat(self.epsilon));
        let scaled = simd.div_f32s(gradient, size);
        let velocity = simd.mul_add_f32s(velocity, splat(self.momentum), scaled);
        let change = simd.mul_f32s(velocity, splat(self.lr));
        [simd.sub_f32s(value, change), velocity, square]
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
        for decay in [WeightDecay::None, WeightDecay::l2(0.01), WeightDecay::decoupled(0.01, 0.1)] {
            let found = on_each_instruction_set(|| {
                let [mut values, mut first, mut second] =
                    [start.clone(), vec![0.0; 1001], vec![0.0; 1001]];
                for step in 1..4 {
                    let adam = Adam::new(0.01, [0.9, 0.999], 1e-8, step);
                    adam.update(decay, &mut values, [&mut first, &mut second], &gradient);
                    let rmsprop = RmsProp::new(0.01, 0.99, 1e-8, 0.5);
                    rmsprop.update(decay, &mut values, [&mut first, &mut second], &gradient);
                    for is_nesterov in [true, false] {
                        let sgd = Sgd::new(0.1, 0.5);
                        sgd.update(decay, is_nesterov, &mut values, &mut first, &gradient);
                    }
                }
                bits(&[values, first, second].concat())
            });
            assert_all_equal(&found);
        }
    }

    #[test]
    fn the_first_step_of_adam_is_the_learning_rate_and_that_of_momentum_builds_up() {
        // With a constant gradient, both corrected moments of Adam are the gradient and its square.
        let (mut values, mut first, mut second) = ([1.0, 1.0], [0.0; 2], [0.0; 2]);
        for step in 1..=3 {
            let adam = Adam::new(0.01, [0.9, 0.999], 1e-8, step);
            adam.update(WeightDecay::None, &mut values, [&mut first, &mut second], &[3.0, -0.2]);
        }
        for (value, exact) in values.iter().zip([0.97, 1.03]) {
            assert!((value - exact).abs() < 1e-6, "{value}");
        }
        // Velocities 2, 3 and 3.5.
        let (mut values, mut velocity) = ([10.0], [0.0]);
        for _ in 0..3 {
            let sgd = Sgd::new(0.5, 0.5);
            sgd.update(WeightDecay::None, false, &mut values, &mut velocity, &[2.0]);
        }
        assert_eq!((values, velocity), ([10.0 - 0.5 * 8.5], [3.5]));
    }
}
