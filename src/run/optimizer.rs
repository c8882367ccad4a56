//! The update rule of the parameters.

use serde::{Deserialize, Serialize};

/// Update rule of the parameters. Formulas and defaults are those of PyTorch. `lr` is the learning
/// rate before its schedule. A weight decay of λ adds λ times the parameter to its gradient (L2
/// regularisation), except in [`Self::AdamW`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Adam (Kingma and Ba, 2015).
    Adam {
        /// Learning rate.
        lr: f64,
        /// Decay of the mean of the gradients.
        #[serde(default = "default_beta1", skip_serializing_if = "is::default_beta1")]
        beta1: f64,
        /// Decay of the mean of their squares.
        #[serde(default = "default_beta2", skip_serializing_if = "is::default_beta2")]
        beta2: f64,
        /// Added to the root of the mean square.
        #[serde(default = "default_epsilon", skip_serializing_if = "is::default_epsilon")]
        epsilon: f64,
        /// L2 regularisation.
        #[serde(default, skip_serializing_if = "is::zero")]
        weight_decay: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019). Each step first multiplies
    /// the parameters by 1 − lr · λ.
    #[serde(rename = "adamw")]
    AdamW {
        /// Learning rate.
        lr: f64,
        /// Decay of the mean of the gradients.
        #[serde(default = "default_beta1", skip_serializing_if = "is::default_beta1")]
        beta1: f64,
        /// Decay of the mean of their squares.
        #[serde(default = "default_beta2", skip_serializing_if = "is::default_beta2")]
        beta2: f64,
        /// Added to the root of the mean square.
        #[serde(default = "default_epsilon", skip_serializing_if = "is::default_epsilon")]
        epsilon: f64,
        /// λ of the decoupled weight decay.
        #[serde(default = "default_decoupled", skip_serializing_if = "is::default_decoupled")]
        weight_decay: f64,
    },
    /// Stochastic gradient descent, with optional momentum.
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Weight of the past updates.
        #[serde(default, skip_serializing_if = "is::zero")]
        momentum: f64,
        /// Whether the update looks one step of the momentum ahead (Sutskever et al., 2013).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        nesterov: bool,
        /// L2 regularisation.
        #[serde(default, skip_serializing_if = "is::zero")]
        weight_decay: f64,
    },
    /// `RMSprop` (Tieleman and Hinton, 2012), with optional momentum.
    #[serde(rename = "rmsprop")]
    RmsProp {
        /// Learning rate.
        lr: f64,
        /// Decay of the mean of the squares of the gradients.
        #[serde(default = "default_alpha", skip_serializing_if = "is::default_alpha")]
        alpha: f64,
        /// Added to the root of the mean square.
        #[serde(default = "default_epsilon", skip_serializing_if = "is::default_epsilon")]
        epsilon: f64,
        /// Weight of the past updates.
        #[serde(default, skip_serializing_if = "is::zero")]
        momentum: f64,
        /// L2 regularisation.
        #[serde(default, skip_serializing_if = "is::zero")]
        weight_decay: f64,
    },
}

impl Optimizer {
    /// The learning rate before its schedule.
    #[must_use]
    pub fn lr(&self) -> f64 {
        match *self {
            Self::Adam { lr, .. }
            | Self::AdamW { lr, .. }
            | Self::Sgd { lr, .. }
            | Self::RmsProp { lr, .. } => lr,
        }
    }
}

/// Default of `beta1` of `adam` and `adamw`.
pub(crate) fn default_beta1() -> f64 {
    0.9
}

/// Default of `beta2` of `adam` and `adamw`.
pub(crate) fn default_beta2() -> f64 {
    0.999
}

/// Default of `epsilon` of all optimisers.
pub(crate) fn default_epsilon() -> f64 {
    1e-8
}

/// Default of `weight_decay` of `adamw`.
pub(crate) fn default_decoupled() -> f64 {
    0.01
}

/// Default of `alpha` of `rmsprop`.
pub(crate) fn default_alpha() -> f64 {
    0.99
}

/// Predicates for `skip_serializing_if`: only the exact default is left out of the key.
mod is {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]

    pub(super) fn default_beta1(value: &f64) -> bool {
        value.to_bits() == super::default_beta1().to_bits()
    }

    pub(super) fn default_beta2(value: &f64) -> bool {
        value.to_bits() == super::default_beta2().to_bits()
    }

    pub(super) fn default_epsilon(value: &f64) -> bool {
        value.to_bits() == super::default_epsilon().to_bits()
    }

    pub(super) fn default_decoupled(value: &f64) -> bool {
        value.to_bits() == super::default_decoupled().to_bits()
    }

    pub(super) fn default_alpha(value: &f64) -> bool {
        value.to_bits() == super::default_alpha().to_bits()
    }

    pub(super) fn zero(value: &f64) -> bool {
        value.to_bits() == 0.0f64.to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_equals_the_default_is_left_out_of_the_key() {
        for kind in ["adam", "adamw", "sgd", "rmsprop"] {
            let least = format!(r#"{{"kind":"{kind}","lr":0.5}}"#);
            let read: Optimizer = serde_json::from_str(&least).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), least);
            assert_eq!(read.lr(), 0.5);
        }
        for all in [
            r#"{"kind":"adam","lr":0.5,"beta1":0.8,"beta2":0.9,"epsilon":1e-6,"weight_decay":0.01}"#,
            r#"{"kind":"adamw","lr":0.5,"beta1":0.8,"beta2":0.9,"epsilon":1e-6,"weight_decay":0.0}"#,
            r#"{"kind":"sgd","lr":0.5,"momentum":0.9,"nesterov":true,"weight_decay":0.01}"#,
            r#"{"kind":"rmsprop","lr":0.5,"alpha":0.9,"epsilon":1e-6,"momentum":0.5,"weight_decay":1.0}"#,
        ] {
            let read: Optimizer = serde_json::from_str(all).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), all);
        }
    }
}
