//! The learning rate of each step of a run.

use serde::{Deserialize, Serialize};

/// How the learning rate changes over a run. The formulas are those of PyTorch's schedulers.
///
/// With each kind, the rate can first rise linearly for `warmup_epochs` epochs. With W steps in
/// these epochs, step t of them (from 0) has (t + 1) / (W + 1) of the rate of the first step after
/// them. The kind itself covers the steps and epochs after the warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// The learning rate of the optimiser.
    Constant {
        /// Epochs of warm-up.
        #[serde(default, skip_serializing_if = "is::none")]
        warmup_epochs: usize,
    },
    /// The rate is multiplied by `gamma` after each `step_size` epochs (`StepLR`).
    Step {
        /// Epochs between two changes.
        step_size: usize,
        /// Factor of each change.
        #[serde(default = "default_step_gamma", skip_serializing_if = "is::default_step_gamma")]
        gamma: f64,
        /// Epochs of warm-up.
        #[serde(default, skip_serializing_if = "is::none")]
        warmup_epochs: usize,
    },
    /// The rate is multiplied by `gamma` after each epoch (`ExponentialLR`).
    Exponential {
        /// Factor of each epoch.
        gamma: f64,
        /// Epochs of warm-up.
        #[serde(default, skip_serializing_if = "is::none")]
        warmup_epochs: usize,
    },
    /// The rate falls along half a cosine, step by step (`CosineAnnealingLR` with all steps as its
    /// period). It would end at `final_factor` times its start, one step after the last.
    Cosine {
        /// The end, relative to the start.
        #[serde(default, skip_serializing_if = "is::zero")]
        final_factor: f64,
        /// Epochs of warm-up.
        #[serde(default, skip_serializing_if = "is::none")]
        warmup_epochs: usize,
    },
    /// The rate rises along half a cosine to that of the optimiser, then falls along another one,
    /// step by step (`OneCycleLR`, without its change of the momentum).
    OneCycle {
        /// Share of the steps in which the rate rises.
        #[serde(default = "default_pct_start", skip_serializing_if = "is::default_pct_start")]
        pct_start: f64,
        /// The largest rate divided by that of the first step.
        #[serde(default = "default_div_factor", skip_serializing_if = "is::default_div_factor")]
        div_factor: f64,
        /// The rate of the first step divided by that of the last.
        #[serde(
            default = "default_final_div_factor",
            skip_serializing_if = "is::default_final_div_factor"
        )]
        final_div_factor: f64,
        /// Epochs of warm-up.
        #[serde(default, skip_serializing_if = "is::none")]
        warmup_epochs: usize,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant { warmup_epochs: 0 }
    }
}

impl Schedule {
    /// Whether it is the default: the constant rate, without warm-up.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Epochs of warm-up.
    #[must_use]
    pub fn warmup_epochs(&self) -> usize {
        match *self {
            Self::Constant { warmup_epochs }
            | Self::Step { warmup_epochs, .. }
            | Self::Exponential { warmup_epochs, .. }
            | Self::Cosine { warmup_epochs, .. }
            | Self::OneCycle { warmup_epochs, .. } => warmup_epochs,
        }
    }

    /// The learning rate of a step of a run with these numbers of epochs and steps an epoch. `step`
    /// counts the steps of the run from 0. `lr` is the learning rate of the optimiser. The result
    /// has the same bits on every processor.
    #[must_use]
    pub fn rate(&self, lr: f64, step: usize, steps_per_epoch: usize, epochs: usize) -> f64 {
        let warmup = self.warmup_epochs() * steps_per_epoch;
        let steps = (epochs * steps_per_epoch).saturating_sub(warmup);
        match step.checked_sub(warmup) {
            Some(step) => lr * self.factor(step, step / steps_per_epoch, steps),
            None => lr * self.factor(0, 0, steps) * ((step + 1) as f64 / (warmup + 1) as f64),
        }
    }

    /// The rate at this step and epoch after the warm-up, relative to that of the optimiser.
    fn factor(&self, step: usize, epoch: usize, steps: usize) -> f64 {
        match *self {
            Self::Constant { .. } => 1.0,
            Self::Step { step_size, gamma, .. } => libm::pow(gamma, (epoch / step_size) as f64),
            Self::Exponential { gamma, .. } => libm::pow(gamma, epoch as f64),
            Self::Cosine { final_factor, .. } => {
                half_cosine(1.0, final_factor, step as f64 / steps as f64)
            }
            Self::OneCycle { pct_start, div_factor, final_div_factor, .. } => {
                let start = 1.0 / div_factor;
                let (at, last) = (step as f64, steps as f64 - 1.0);
                let top = pct_start * steps as f64 - 1.0;
                // With fewer than two steps of a rise, its end is also its start.
                match at <= top {
                    true if top > 0.0 => half_cosine(start, 1.0, at / top),
                    true => 1.0,
                    false => half_cosine(1.0, start / final_div_factor, (at - top) / (last - top)),
                }
            }
        }
    }
}

/// The value at `share` of the way from `start` to `end`, along half a cosine.
fn half_cosine(start: f64, end: f64, share: f64) -> f64 {
    end + (start - end) / 2.0 * (1.0 + libm::cos(std::f64::consts::PI * share))
}

/// Default of `gamma` of `step`.
pub(crate) fn default_step_gamma() -> f64 {
    0.1
}

/// Default of `pct_start` of `one_cycle`.
pub(crate) fn default_pct_start() -> f64 {
    0.3
}

/// Default of `div_factor` of `one_cycle`.
pub(crate) fn default_div_factor() -> f64 {
    25.0
}

/// Default of `final_div_factor` of `one_cycle`.
pub(crate) fn default_final_div_factor() -> f64 {
    1e4
}

/// Predicates for `skip_serializing_if`: only the exact default is left out of the key.
mod is {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]

    pub(super) fn none(count: &usize) -> bool {
        *count == 0
    }

    pub(super) fn zero(value: &f64) -> bool {
        value.to_bits() == 0.0f64.to_bits()
    }

    pub(super) fn default_step_gamma(value: &f64) -> bool {
        value.to_bits() == super::default_step_gamma().to_bits()
    }

    pub(super) fn default_pct_start(value: &f64) -> bool {
        value.to_bits() == super::default_pct_start().to_bits()
    }

    pub(super) fn default_div_factor(value: &f64) -> bool {
        value.to_bits() == super::default_div_factor().to_bits()
    }

    pub(super) fn default_final_div_factor(value: &f64) -> bool {
        value.to_bits() == super::default_final_div_factor().to_bits()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn schedule(json: &str) -> Schedule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_rate_of_each_step_is_that_of_pytorch() {
        let text = include_str!("../../tests/fixtures/layers.json");
        let fixtures: Value = serde_json::from_str(text).unwrap();
        let cases = fixtures["schedules"].as_array().unwrap();
        for case in cases {
            let schedule: Schedule = serde_json::from_value(case["schedule"].clone()).unwrap();
            let number = |key: &str| usize::try_from(case[key].as_u64().unwrap()).unwrap();
            let (steps_per_epoch, epochs) = (number("steps_per_epoch"), number("epochs"));
            let lr = case["lr"].as_f64().unwrap();
            let rates = case["rates"].as_array().unwrap();
            assert_eq!(rates.len(), epochs * steps_per_epoch);
            for (step, expected) in rates.iter().map(|rate| rate.as_f64().unwrap()).enumerate() {
                let found = schedule.rate(lr, step, steps_per_epoch, epochs);
                // PyTorch computes some rates from the rate before, so rounding adds up.
                let error = (found - expected).abs() / lr;
                assert!(error < 1e-10, "{schedule:?}, step {step}: {found} but {expected}");
            }
        }
        // Each kind, with and without warm-up.
        let kinds = |warm: bool| {
            let of = cases
                .iter()
                .filter(move |case| case["schedule"].get("warmup_epochs").is_some() == warm);
            of.map(|case| case["schedule"]["kind"].as_str().unwrap())
                .collect::<std::collections::BTreeSet<_>>()
        };
        let all = ["constant", "cosine", "exponential", "one_cycle", "step"];
        assert_eq!(kinds(true).into_iter().collect::<Vec<_>>(), all);
        assert_eq!(kinds(false).into_iter().collect::<Vec<_>>(), all);
    }

    #[test]
    fn a_run_too_short_for_its_schedule_has_finite_rates() {
        for kind in [
            r#"{"kind": "cosine"}"#,
            r#"{"kind": "one_cycle"}"#,
            r#"{"kind": "one_cycle", "pct_start": 1.0}"#,
            r#"{"kind": "one_cycle", "pct_start": 0.0}"#,
            r#"{"kind": "one_cycle", "pct_start": 0.5}"#,
        ] {
            for steps in 1..5 {
                for step in 0..steps {
                    let rate = schedule(kind).rate(0.5, step, 1, steps);
                    assert!(rate > 0.0 && rate <= 0.5, "{kind}, step {step} of {steps}: {rate}");
                }
            }
        }
    }

    #[test]
    fn a_constant_rate_is_that_of_the_optimiser_to_the_bit() {
        for lr in [0.1, 0.003, 1e-5] {
            assert_eq!(Schedule::default().rate(lr, 7, 3, 4), lr);
        }
    }

    #[test]
    fn a_value_that_equals_the_default_is_left_out_of_the_key() {
        assert!(schedule(r#"{"kind":"constant"}"#).is_default());
        assert!(!schedule(r#"{"kind":"constant","warmup_epochs":1}"#).is_default());
        for json in [
            r#"{"kind":"step","step_size":3}"#,
            r#"{"kind":"step","step_size":3,"gamma":0.5,"warmup_epochs":1}"#,
            r#"{"kind":"exponential","gamma":0.5,"warmup_epochs":1}"#,
            r#"{"kind":"cosine"}"#,
            r#"{"kind":"cosine","final_factor":0.5,"warmup_epochs":1}"#,
            r#"{"kind":"one_cycle"}"#,
            r#"{"kind":"one_cycle","pct_start":0.5,"div_factor":2.0,"final_div_factor":3.0,"warmup_epochs":1}"#,
        ] {
            assert_eq!(serde_json::to_string(&schedule(json)).unwrap(), json);
        }
    }
}
