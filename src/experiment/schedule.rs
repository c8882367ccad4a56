//! The table `[train.schedule]`.

use crate::document::Reader;
use crate::run::Schedule;
use crate::run::schedule::{
    default_div_factor, default_final_div_factor, default_pct_start, default_step_gamma,
};

/// The schedule of a run with this number of epochs, if that is known. Reports a violation for each
/// wrong key.
pub(super) fn read(reader: &Reader<'_>, epochs: Option<usize>) -> Option<Schedule> {
    let kind = reader.kind()?;
    let warmup_epochs = reader.optional("warmup_epochs").unwrap_or(0);
    if let Some(epochs) = epochs.filter(|epochs| warmup_epochs >= *epochs) {
        let message = format!("is {warmup_epochs}, but must be less than the {epochs} epochs");
        reader.refuse("warmup_epochs", message);
    }
    read_kind(kind, reader, warmup_epochs)
}

/// The schedule of a known name. All keys are read before a missing key ends the function.
fn read_kind(kind: &str, reader: &Reader<'_>, warmup_epochs: usize) -> Option<Schedule> {
    match kind {
        "step" => {
            let step_size = reader.required("step_size");
            let gamma = reader.optional("gamma").unwrap_or_else(default_step_gamma);
            Some(Schedule::Step { step_size: step_size?, gamma, warmup_epochs })
        }
        "exponential" => {
            let gamma = reader.required("gamma")?;
            Some(Schedule::Exponential { gamma, warmup_epochs })
        }
        "cosine" => {
            // `-0.0` would be another configuration with the same rates.
            let final_factor = reader.optional("final_factor").unwrap_or(0.0) + 0.0;
            Some(Schedule::Cosine { final_factor, warmup_epochs })
        }
        "one_cycle" => {
            let pct_start = reader.optional("pct_start");
            let div_factor = reader.optional("div_factor");
            let final_div_factor = reader.optional("final_div_factor");
            Some(Schedule::OneCycle {
                pct_start: pct_start.unwrap_or_else(default_pct_start) + 0.0,
                div_factor: div_factor.unwrap_or_else(default_div_factor),
                final_div_factor: final_div_factor.unwrap_or_else(default_final_div_factor),
                warmup_epochs,
            })
        }
        _ => Some(Schedule::Constant { warmup_epochs }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Violations, parse};

    /// The schedule of this table in a run of five epochs, and all violations.
    fn read_text(text: &str) -> (Option<Schedule>, Vec<String>) {
        let node = parse("schedule.toml", text).unwrap();
        let violations = Violations::default();
        let reader =
            Reader::new(&node, "train.schedule", &crate::keys::SCHEDULE, &violations).unwrap();
        let schedule = read(&reader, Some(5));
        (schedule, violations.into_sorted().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_key_of_each_kind_is_read() {
        let warmup_epochs = 2;
        for (text, schedule) in [
            ("kind = 'constant'", Schedule::default()),
            ("kind = 'constant'\nwarmup_epochs = 2", Schedule::Constant { warmup_epochs }),
            (
                "kind = 'step'\nstep_size = 3",
                Schedule::Step { step_size: 3, gamma: 0.1, warmup_epochs: 0 },
            ),
            (
                "kind = 'step'\nstep_size = 3\ngamma = 0.5\nwarmup_epochs = 2",
                Schedule::Step { step_size: 3, gamma: 0.5, warmup_epochs },
            ),
            (
                "kind = 'exponential'\ngamma = 0.5\nwarmup_epochs = 2",
                Schedule::Exponential { gamma: 0.5, warmup_epochs },
            ),
            ("kind = 'cosine'", Schedule::Cosine { final_factor: 0.0, warmup_epochs: 0 }),
            (
                "kind = 'cosine'\nfinal_factor = 0.5\nwarmup_epochs = 2",
                Schedule::Cosine { final_factor: 0.5, warmup_epochs },
            ),
            (
                "kind = 'one_cycle'",
                Schedule::OneCycle {
                    pct_start: 0.3,
                    div_factor: 25.0,
                    final_div_factor: 1e4,
                    warmup_epochs: 0,
                },
            ),
            (
                "kind = 'one_cycle'\npct_start = 1\ndiv_factor = 2\nfinal_div_factor = 3\nwarmup_epochs = 2",
                Schedule::OneCycle {
                    pct_start: 1.0,
                    div_factor: 2.0,
                    final_div_factor: 3.0,
                    warmup_epochs,
                },
            ),
        ] {
            assert_eq!(read_text(text), (Some(schedule), vec![]), "{text}");
        }
    }

    #[test]
    fn each_mistake_is_named() {
        for (text, message) in [
            ("kind = 'cosin'", "kind` names an unknown schedule, `cosin`; did you mean `cosine`?"),
            ("kind = 'step'", "step_size` is missing; it takes an integer"),
            ("kind = 'step'\nstep_size = 0", "step_size` must be from 1 to"),
            ("kind = 'exponential'\ngamma = 0", "gamma` must be more than 0 and at most 1"),
            ("kind = 'cosine'\ngamma = 0.5", "gamma` has no use with `kind = \"cosine\"`"),
            ("kind = 'one_cycle'\ndiv_factor = 0.5", "div_factor` must be from 1 to"),
            (
                "kind = 'cosine'\nwarmup_epochs = 5",
                "warmup_epochs` is 5, but must be less than the 5 epochs",
            ),
        ] {
            let (_, violations) = read_text(text);
            assert_eq!(violations.len(), 1, "{violations:?}");
            assert!(violations[0].contains(message), "{violations:?}");
        }
    }
}
