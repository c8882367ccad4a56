//! The key of a run, frozen: moving it would train every user's runs again.

use report::dataset;
use report::digest::{Digest, canonical_json};
use report::document;
use report::experiment::{DataSource, Experiment, Run};
use report::run::DeviceKind;

use crate::project::repository;

fn runs(name: &str) -> Vec<Run> {
    let read = |path: String| {
        let text = std::fs::read_to_string(repository().join("experiments").join(&path)).unwrap();
        document::parse(&path, &text).unwrap()
    };
    let (file, base) = (read(format!("{name}.toml")), read("base/protocol.toml".to_owned()));
    let experiment = Experiment::from_documents(name, file, Some(base)).unwrap();
    experiment.expand(DeviceKind::Cpu, |source| {
        assert_eq!(*source, DataSource::Embedded);
        dataset::embedded_identity()
    })
}

#[test]
fn the_canonical_json_of_a_key_is_frozen() {
    let expected = concat!(
        r#"{"data":{"dataset":"DATASET","pooling":2,"pools":"halves","seed":0,"test_pairs":1000,"#,
        r#""train_pairs":1000},"device":"cpu","model":{"branch":[{"layer":"flatten"},"#,
        r#"{"layer":"linear","outputs":128},{"layer":"relu"},{"layer":"linear","outputs":128},"#,
        r#"{"layer":"relu"},{"layer":"linear","outputs":56},{"layer":"relu"},"#,
        r#"{"layer":"linear","outputs":10},{"layer":"relu"}],"head":[{"layer":"linear","#,
        r#""outputs":1},{"layer":"batch_norm"},{"layer":"dropout","probability":0.05},"#,
        r#"{"layer":"sigmoid"}],"weight_sharing":true},"number_type":"f32","seed":0,"train":"#,
        r#"{"auxiliary_loss":true,"batch_size":100,"epochs":30,"optimizer":{"kind":"adam","#,
        r#""lr":0.01}},"versions":{"data":1,"model":1,"train":1}}"#,
    );
    let dataset = dataset::embedded_identity().digest.to_string();
    let run = &runs("fully-connected")[0];
    assert_eq!(canonical_json(&run.config).unwrap(), expected.replace("DATASET", &dataset));
}

#[test]
fn the_digests_of_the_shipped_runs_are_frozen() {
    let found = ["deep", "deep-sigmoid", "fully-connected"].map(|name| {
        let digest = |run: &Run| Digest::of(&run.config).unwrap().to_string();
        let digests: Vec<_> = runs(name).iter().map(digest).collect();
        assert_eq!(digests.len(), 40);
        let all = Digest::of_bytes(digests.join("\n").as_bytes()).to_string();
        format!("{name} {} {all}", digests[0])
    });
    let expected = [
        concat!(
            "deep 1160d0fdad1a4a98d47d24ec0ac4a25dd5ba98a3948c7f0e83f4690b4b7095d7 ",
            "69232d16298cec995d840f4c40a16616667d96199b35706d6d48ed6c459d3bfa",
        ),
        concat!(
            "deep-sigmoid f8026915af40262d5c9d3df07dc00d891f16d07d26390bb6e78b4b12b56521c0 ",
            "4ef8d5c1826832a0456eedb17a951bbd90aeebf8e9ce390fe08e42dbd3e0b2ec",
        ),
        concat!(
            "fully-connected 8b286191baa599484e0a3e6eb637c1f74e908114b293024ae39a2ef653ea947e ",
            "bfb60a4c7b600a96a0808b88984e105baf9fc58c9ccc6dd86190a4f4aa91b039",
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_key_survives_its_own_json() {
    for run in runs("deep") {
        let json = canonical_json(&run.config).unwrap();
        let read: report::run::RunConfig = serde_json::from_str(&json).unwrap();
        assert_eq!(read, run.config);
        assert_eq!(canonical_json(&read).unwrap(), json);
    }
}
