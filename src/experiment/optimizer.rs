//! The table `[train.optimizer]`.

use crate::document::Reader;
use crate::run::Optimizer;
use crate::run::optimizer::{
    default_alpha, default_beta1, default_beta2, default_decoupled, default_epsilon,
};

/// The optimiser. Reports a violation for each wrong key.
pub(super) fn read(reader: &Reader<'_>) -> Option<Optimizer> {
    let kind = reader.kind()?;
    // `-0.0` would be another configuration with the same rate.
    let lr = reader.required::<f64>("lr").map(|lr| lr + 0.0);
    let or_zero = |value: Option<f64>| value.unwrap_or(0.0) + 0.0;
    let weight_decay = reader.optional("weight_decay");
    match kind {
        "sgd" => {
            let momentum = or_zero(reader.optional("momentum"));
            let nesterov = reader.optional::<bool>("nesterov").unwrap_or(false);
            if nesterov && momentum == 0.0 {
                reader.refuse("nesterov", "needs a `momentum` of more than 0");
            }
            let weight_decay = or_zero(weight_decay);
            lr.map(|lr| Optimizer::Sgd { lr, momentum, nesterov, weight_decay })
        }
        "rmsprop" => {
            let alpha = reader.optional("alpha").unwrap_or_else(default_alpha) + 0.0;
            let epsilon = read_epsilon(reader);
            let momentum = or_zero(reader.optional("momentum"));
            let weight_decay = or_zero(weight_decay);
            lr.map(|lr| Optimizer::RmsProp { lr, alpha, epsilon, momentum, weight_decay })
        }
        _ => {
            let beta1 = reader.optional("beta1").unwrap_or_else(default_beta1);
            let beta2 = reader.optional("beta2").unwrap_or_else(default_beta2);
            let epsilon = read_epsilon(reader);
            let is_decoupled = kind == "adamw";
            lr.map(|lr| match is_decoupled {
                true => {
                    let weight_decay = weight_decay.unwrap_or_else(default_decoupled) + 0.0;
                    Optimizer::AdamW { lr, beta1, beta2, epsilon, weight_decay }
                }
                false => {
                    let weight_decay = or_zero(weight_decay);
                    Optimizer::Adam { lr, beta1, beta2, epsilon, weight_decay }
                }
            })
        }
    }
}

fn read_epsilon(reader: &Reader<'_>) -> f64 {
    reader.optional("epsilon").unwrap_or_else(default_epsilon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::samples;

    /// The optimiser of an experiment with this table, or its violations.
    fn read(table: &str) -> Result<Optimizer, Vec<String>> {
        let text = format!("[train]\noptimizer = {table}");
        match samples::read("optimiser", &text) {
            Ok(experiment) => {
                Ok(experiment.conditions[0].design.network().unwrap().train.optimizer.clone())
            }
            Err(violations) => Err(violations.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn each_kind_has_the_defaults_of_pytorch() {
        // The base file has `kind = "sgd"` and a rate.
        let with = |kind: &str| read(&format!(r#"{{ kind = "{kind}", lr = 0.5 }}"#)).unwrap();
        let (lr, epsilon, momentum) = (0.5, 1e-8, 0.0);
        let (beta1, beta2) = (0.9, 0.999);
        let weight_decay = 0.0;
        assert_eq!(with("adam"), Optimizer::Adam { lr, beta1, beta2, epsilon, weight_decay });
        let sgd = Optimizer::Sgd { lr, momentum, nesterov: false, weight_decay };
        assert_eq!(with("sgd"), sgd);
        let alpha = 0.99;
        let rmsprop = Optimizer::RmsProp { lr, alpha, epsilon, momentum, weight_decay };
        assert_eq!(with("rmsprop"), rmsprop);
        let weight_decay = 0.01;
        assert_eq!(with("adamw"), Optimizer::AdamW { lr, beta1, beta2, epsilon, weight_decay });
    }

    #[test]
    fn each_key_of_each_kind_is_read() {
        let all = r#"{ kind = "adamw", lr = 1, beta1 = 0.5, beta2 = 0.25, epsilon = 1e-3, weight_decay = 0 }"#;
        let (lr, beta1, beta2, epsilon) = (1.0, 0.5, 0.25, 1e-3);
        let weight_decay = 0.0;
        assert_eq!(read(all), Ok(Optimizer::AdamW { lr, beta1, beta2, epsilon, weight_decay }));
        let all = r#"{ kind = "sgd", lr = 1, momentum = 0.5, nesterov = true, weight_decay = 2 }"#;
        let (momentum, weight_decay) = (0.5, 2.0);
        let sgd = Optimizer::Sgd { lr, momentum, nesterov: true, weight_decay };
        assert_eq!(read(all), Ok(sgd));
        let all = r#"{ kind = "rmsprop", lr = 1, alpha = 0.5, epsilon = 1e-3, momentum = 0.5, weight_decay = 2 }"#;
        let alpha = 0.5;
        let rmsprop = Optimizer::RmsProp { lr, alpha, epsilon, momentum, weight_decay };
        assert_eq!(read(all), Ok(rmsprop));
    }

    #[test]
    fn each_mistake_is_named() {
        for (table, message) in [
            (
                r#"{ kind = "rmsprob", lr = 1 }"#,
                "unknown optimiser, `rmsprob`; did you mean `rmsprop`?",
            ),
            (
                r#"{ kind = "sgd", lr = 1, alpha = 0.9 }"#,
                "`train.optimizer.alpha` has no use with `kind = \"sgd\"`; it is for `kind = \"rmsprop\"`",
            ),
            (
                r#"{ kind = "sgd", lr = 1, nesterov = true }"#,
                "`train.optimizer.nesterov` needs a `momentum` of more than 0",
            ),
            (r#"{ kind = "rmsprop", lr = 1, alpha = 1.0 }"#, "must be at least 0 and less than 1"),
            (
                r#"{ kind = "adam", lr = 1, weight_decay = -0.1 }"#,
                "weight_decay` must be from 0 to 1000000",
            ),
        ] {
            let violations = read(table).unwrap_err();
            assert_eq!(violations.len(), 1, "{violations:?}");
            assert!(violations[0].contains(message), "{violations:?}");
        }
    }
}
