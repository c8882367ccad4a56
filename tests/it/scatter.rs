//! Figures of one metric against another, and against a numeric factor.

use report::dataset::Split;
use report::pipeline::{self, Overrides};
use report::run::{Curves, NetworkConfig, Outcome as End};
use report::task::pair_curves as pairs;
use report::train::{TrainError, Trainer, Training};

use crate::formula::{BUILD, recorded_by};
use crate::project::Project;

/// Trains nothing. The loss depends on the learning rate and on the seed.
struct Rates;

impl Trainer for Rates {
    fn train(&self, config: &NetworkConfig, _: &Split) -> Result<Training, TrainError> {
        let optimizer = serde_json::to_value(&config.train.optimizer).unwrap();
        let loss = match optimizer["lr"].as_f64().unwrap() {
            rate if rate < 0.05 => 0.5,
            rate if rate < 0.5 => 0.25,
            _ => 4.0,
        };
        let mut curves = Curves::default();
        for curve in pairs::CURVES.into_iter().filter(|curve| !curve.needs_held_out) {
            curves.set(curve, vec![0.5; config.train.epochs]);
        }
        let loss = loss + 0.125 * config.seed as f64;
        curves.set(&pairs::TRAIN_MAIN_LOSS, vec![loss; config.train.epochs]);
        Ok(Training { outcome: End::Completed, curves, confusion: None })
    }
}

const PAPER: &str = r#"
title = "Rates"

[labels.lr]
label = "learning rate"

[[metric]]
name = "loss"
label = "training loss"
curve = "train_main_loss"
reduction = "last"
unit = "nats"

[[metric]]
name = "accuracy"
label = "accuracy"
curve = "corrected_test_accuracy"
reduction = "last"

[[figure]]
name = "rates"
kind = "scatter"
caption = "Loss at each rate."
x = "lr"
y = "loss"
scale = "log"
where = { experiment = "deep" }

[[figure]]
name = "runs"
kind = "scatter"
caption = "Each run."
x = "loss"
y = "accuracy"
where = { experiment = "deep", lr = 0.01 }
"#;

fn project() -> Project {
    let project = Project::new();
    let factors = "[factors]\n\"train.optimizer.lr\" = [1.0, 0.01, 0.1]";
    project
        .edit("experiments/base/protocol.toml", "[factors]", factors)
        .write("experiments/paper.toml", PAPER)
        .write(
            "templates/paper.md.jinja",
            "# Rates\n\n{{ figure(\"rates\") }}\n\n{{ figure(\"runs\") }}\n\n{{ provenance_block() }}\n",
        );
    project
}

#[test]
fn a_line_leads_through_the_means_at_the_levels_of_a_factor_and_marks_are_runs() {
    let project = project();
    let (read, plan) = recorded_by(&Rates, &project, &Overrides::default());
    let report = pipeline::render(&read, &plan, BUILD, None).unwrap();
    report.write(&project.path("reports")).unwrap();
    let [markdown, _] = project.report();
    // The mean over the seeds 0 and 1 is 0.0625 above the loss of seed 0.
    for text in [
        "The mean of deep + weight\\_sharing goes from 0.5625 nats at learning rate 0.01 to 4.062 nats at 1",
        "Line: mean of training loss over the seeds at each learning rate.",
        "4 runs of 2 conditions.",
        "Each mark is a run: its training loss and its accuracy.",
    ] {
        assert!(
            markdown.replace("weight_sharing", "weight\\_sharing").contains(text),
            "{text}\nnot in {markdown}"
        );
    }
    let rates = project.read("reports/figures/rates.svg");
    for text in ["learning rate", "training loss, nats", "0.01", "0.1", "1"] {
        assert!(rates.contains(&format!("\n{text}\n")), "{text}");
    }
    // Two series of three points, and the sample of each in the legend.
    let series = |colour: &str| rates.matches(colour).count();
    assert!(series("<circle") >= 4 && series("<polygon") >= 2 + 3, "{rates}");
    let runs = project.read("reports/figures/runs.svg");
    assert!(runs.contains("\naccuracy, %\n") && runs.contains("\ntraining loss, nats\n"));
}

#[test]
fn what_has_no_place_on_an_axis_is_refused_with_its_line() {
    for (from, to, expected) in [
        (
            "x = \"lr\"",
            "x = \"weight_sharing\"",
            "names `weight_sharing`, whose level `true` is no number above 0",
        ),
        ("x = \"lr\"", "x = \"lrr\"", "names no metric or factor, `lrr`; did you mean `lr`?"),
        ("y = \"loss\"", "y = \"lr\"", "names no metric, `lr`"),
        ("x = \"loss\"", "x = \"loss\"\nscale = \"log\"", "is `log`, but `x` is a metric"),
        (
            "scale = \"log\"",
            "scale = \"loq\"",
            "names an unknown scale, `loq`; did you mean `log`?",
        ),
    ] {
        let project = project();
        project.edit("experiments/paper.toml", from, to);
        let outcome = project.run(&["status"]);
        assert_eq!(outcome.code, 2, "{to}: {outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{expected}\nnot in {}", outcome.stderr);
        assert!(outcome.stderr.contains("experiments/paper.toml:"), "{}", outcome.stderr);
    }
}
