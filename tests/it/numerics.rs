//! The bits of a training, frozen, and the same on other processors.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use report::dataset;
use report::digest::Digest;
use report::experiment::Run;
use report::train::{DfdxTrainer, Trainer};

use crate::key::runs;
use crate::project::Project;

/// A change of these is a change of every number in every report: if it is meant, raise the `train`
/// part version in `run/config.rs` with it, and build the reports again.
#[test]
fn the_bits_of_a_run_of_two_epochs_of_each_architecture_are_frozen() {
    let digits = dataset::embedded().unwrap();
    let found = ["deep", "deep-sigmoid", "fully-connected"].map(|name| {
        let Run { config, .. } = runs(name).remove(0);
        let mut config = Arc::unwrap_or_clone(config);
        config.train.epochs = 2;
        let split = dataset::draw(&config.data, &digits).unwrap();
        let training = DfdxTrainer::default().train(&config, &split).unwrap();
        format!("{name} {}", Digest::of(&training.curves).unwrap())
    });
    let expected = [
        "deep bf5dffd271218788620409ebeb7341702048799ce1259c1eed8805eb8ee920f2",
        "deep-sigmoid 8e22e1dda15d606b087ac1e79a1d4c17365f56f84e7f439e9efd65ab16326d39",
        "fully-connected 04a4d4c680bab978fb15e4946636454bc9b95bb63dcd04fdd10abed18fc4e00e",
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
    let here = Project::with_every_layer();
    here.build(&[]);
    assert_eq!(here.records().len(), 8);
    for processor in OTHER_PROCESSORS {
        let there = Project::with_every_layer();
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
