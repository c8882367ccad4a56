//! The key of a run, frozen: moving it would train every user's runs again.

use report::dataset;
use report::digest::{Digest, canonical_json};
use report::document;
use report::experiment::{Conditions, DataSource, Experiment, Run};
use report::run::DeviceKind;

use crate::project::repository;

/// The runs of a shipped experiment.
pub(crate) fn runs(name: &str) -> Vec<Run> {
    let read = |path: String| {
        let text = std::fs::read_to_string(repository().join("experiments").join(&path)).unwrap();
        document::parse(&path, &text).unwrap()
    };
    let (file, base) = (read(format!("{name}.toml")), read("base/protocol.toml".to_owned()));
    let experiment = Experiment::from_documents(name, file, vec![base]).unwrap();
    let identity = |source: &DataSource| {
        assert_eq!(*source, DataSource::Embedded);
        dataset::embedded_identity()
    };
    Conditions::of(&[experiment]).expand(DeviceKind::Cpu, identity, |run, _| run).unwrap()
}

#[test]
fn the_canonical_json_of_a_key_is_frozen() {
    let expected = concat!(
        r#"{"data":{"dataset":"DATASET","pooling":2,"pools":"halves","seed":0,"test_pairs":1000,"#,
        r#""train_pairs":1000,"validation_pairs":200},"device":"cpu","model":{"branch":[{"layer":"flatten"},"#,
        r#"{"layer":"linear","outputs":128},{"layer":"relu"},{"layer":"linear","outputs":128},"#,
        r#"{"layer":"relu"},{"layer":"linear","outputs":56},{"layer":"relu"},"#,
        r#"{"layer":"linear","outputs":10},{"layer":"relu"}],"head":[{"layer":"linear","#,
        r#""outputs":1},{"layer":"batch_norm"},{"layer":"dropout","probability":0.05},"#,
        r#"{"layer":"sigmoid"}],"weight_sharing":true},"number_type":"f32","seed":0,"train":"#,
        r#"{"auxiliary_loss":true,"batch_size":100,"epochs":30,"optimizer":{"kind":"adam","#,
        r#""lr":0.01}},"versions":{"data":1,"model":2,"train":5}}"#,
    );
    let dataset = dataset::embedded_identity().digest.to_string();
    let run = &runs("fully-connected")[0];
    assert_eq!(canonical_json(&*run.config).unwrap(), expected.replace("DATASET", &dataset));
}

#[test]
fn the_digests_of_the_shipped_runs_are_frozen() {
    let found = ["deep", "deep-sigmoid", "fully-connected"].map(|name| {
        let digest = |run: &Run| {
            assert_eq!(run.digest, Digest::of(&*run.config).unwrap());
            run.digest.to_string()
        };
        let digests: Vec<_> = runs(name).iter().map(digest).collect();
        assert_eq!(digests.len(), 40);
        let all = Digest::of_bytes(digests.join("\n").as_bytes()).to_string();
        format!("{name} {} {all}", digests[0])
    });
    let expected = [
        concat!(
            "deep 76bd54d018a994018098ed7479c5d159c1f2a27806528663e2cef0bea53f9d46 ",
            "a5c93a883e36dab2f88a254a86acf4d7fa4d27bd130f9d3dcf2bc01f224099f2",
        ),
        concat!(
            "deep-sigmoid b2d419340afe30b382de54a1058e8ed57191b27ea6b90ceecabcd3c7fdc22188 ",
            "e01dca3d878d7750a2310401af6a9792aff3384a775d97b2591ddff5b27b096a",
        ),
        concat!(
            "fully-connected 2359b4ecd825d231c5490140429c3948662c00beea30158aa9ea6d74f7b7241e ",
            "79340fb48588823b05e97e051796ecf909c9346aa3b1710d8ba67756a11f4d44",
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_key_survives_its_own_json() {
    for run in runs("deep") {
        let json = canonical_json(&*run.config).unwrap();
        let read: report::run::RunConfig = serde_json::from_str(&json).unwrap();
        assert_eq!(read, *run.config);
        assert_eq!(canonical_json(&read).unwrap(), json);
        let by_parts = report::run::CanonicalConfig::new(&run.config).unwrap();
        assert_eq!(by_parts.with_seed(run.config.seed), json);
    }
}
