//! The bits of a training, frozen, and the same on other processors.

use std::io::Write as _;
use std::process::{Command, Stdio};

use report::dataset;
use report::digest::Digest;
use report::experiment::Run;
use report::train::{DfdxTrainer, Trainer};

use crate::key::runs;
use crate::project::Project;
use crate::tasks::with_every_option;

/// A change of these is a change of every number in every report: if it is meant, raise the `train`
/// part version in `run/config.rs` with it, and build the reports again.
#[test]
fn the_bits_of_a_run_of_two_epochs_of_each_architecture_are_frozen() {
    let digits = dataset::embedded().unwrap();
    let found = ["deep", "deep-sigmoid", "fully-connected"].map(|name| {
        let Run { config, .. } = runs(name).remove(0);
        let mut config = config.network().unwrap().clone();
        config.train.epochs = 2;
        let split = dataset::draw(&config.data, &digits).unwrap().remove(0);
        let training = DfdxTrainer::default().train(&config, &split).unwrap();
        format!("{name} {}", Digest::of(&training.curves).unwrap())
    });
    let expected = [
        "deep fe6736e20bb464a732701e174caf1d23f7847bc9944c85abc194ee275f76f6ec",
        "deep-sigmoid d5489ec4398606227ebea9ce3fa5a0d6a3bc4b7b2ef90bc758f9fd778cb77088",
        "fully-connected 1328efa4c2ec56f95f6e0b94cb7d97b3f6696e2ad5e93f3add09a59432f2c514",
    ];
    assert_eq!(found, expected);
}

/// Processors without AVX-512, and without AVX2 and fused multiply-add either, as QEMU knows them.
const OTHER_PROCESSORS: [&str; 2] = ["Haswell", "Nehalem"];

#[test]
fn other_instruction_sets_give_the_same_records() {
    let qemu = "qemu-x86_64";
    let has_qemu = Command::new(qemu).arg("--version").stdout(Stdio::null()).status();
    if !has_qemu.is_ok_and(|status| status.success()) || !cfg!(target_arch = "x86_64") {
        // Not by `eprintln!`, which is hidden where a test passes.
        let why = format!("there is no {qemu} (Debian: qemu-user), or this is no x86-64");
        writeln!(std::io::stderr(), "other_instruction_sets_give_the_same_records: skipped, {why}")
            .unwrap();
        return;
    }
    let all: [(fn() -> Project, usize); 2] =
        [(Project::with_every_layer, 8), (with_every_option, 8)];
    for (project, n) in all {
        let here = project();
        here.build(&[]);
        assert_eq!(here.records().len(), n);
        compare_processors(&here, project, qemu);
    }
}

/// Builds a project on other processors.
fn compare_processors(here: &Project, project: fn() -> Project, qemu: &str) {
    for processor in OTHER_PROCESSORS {
        let there = project();
        let status = Command::new(qemu)
            .args(["-cpu", processor, env!("CARGO_BIN_EXE_report"), "build", "-j", "2"])
            .current_dir(there.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{processor}");
        assert_eq!(here.records(), there.records(), "{processor} gives other records");
    }
}

/// `tests/fixtures/twin.py` computes the same runs with PyTorch in double precision, and shares no code with
/// this crate: the draw of the pairs, the initial values, the dropout masks, training and both evaluations.
/// Two runs in different precision drift apart, so only the first epochs are compared.
#[test]
fn the_first_epochs_of_a_run_are_those_of_a_twin_in_pytorch() {
    let twins: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/twin.json")).unwrap();
    let digits = dataset::embedded().unwrap();
    for twin in twins["runs"].as_array().unwrap() {
        let name = twin["experiment"].as_str().unwrap();
        let is_twin = |run: &Run| {
            let config = run.config.network().unwrap();
            config.seed == twin["seed"].as_u64().unwrap()
                && config.model.pair().unwrap().weight_sharing == twin["weight_sharing"]
                && config.train.auxiliary_loss == twin["auxiliary_loss"].as_bool()
        };
        let Run { config, .. } = runs(name).into_iter().find(is_twin).unwrap();
        let mut config = config.network().unwrap().clone();
        config.data.pairs_mut().unwrap().seed = twin["data_seed"].as_u64().unwrap();
        config.train.epochs = twins["epochs"].as_u64().unwrap() as usize;
        let split = dataset::draw(&config.data, &digits).unwrap().remove(0);
        let curves = DfdxTrainer::default().train(&config, &split).unwrap().curves;
        let curve = |name: &str| {
            let found = curves.iter().find(|(known, _)| *known == name).unwrap().1;
            let expected = twin["curves"][name].as_array().unwrap().iter();
            let expected = expected.map(|value| value.as_f64().unwrap());
            found.iter().copied().zip(expected).collect::<Vec<_>>()
        };
        for published in ["published_test_accuracy", "dropout_off_test_accuracy"] {
            let values = curve(published);
            assert_eq!(values[0].0, values[0].1, "{name}: {published} before the first update");
            for (found, expected) in values {
                assert!((found - expected).abs() < 0.008, "{name}: {published} {found} {expected}");
            }
        }
        let (found, expected) = curve("corrected_test_accuracy")[0];
        assert!((found - expected).abs() < 0.004, "{name}: corrected {found} {expected}");
        // The first epoch is close enough to tell the scale of dropout, 1/0.95, from 1.
        for ((found, expected), tolerance) in
            curve("train_main_loss").into_iter().zip([5e-4, 3e-3, 3e-3])
        {
            assert!((found / expected - 1.0).abs() < tolerance, "{name}: loss {found} {expected}");
        }
        let (found, expected) = curve("train_auxiliary_loss")[0];
        assert!((found / expected - 1.0).abs() < 0.005, "{name}: auxiliary {found} {expected}");
    }
}
