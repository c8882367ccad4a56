//! The key of a run, frozen: moving it would train every user's runs again.

use report::dataset;
use report::digest::{Digest, canonical_json};
use report::document;
use report::experiment::{DataSource, Experiment, Run};
use report::run::DeviceKind;

use crate::project::repository;

/// The runs of a shipped experiment.
pub(crate) fn runs(name: &str) -> Vec<Run> {
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
        r#""lr":0.01}},"versions":{"data":1,"model":2,"train":3}}"#,
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
            "deep 0a12a9d27c4439aab5cd5b31117d3e898b02f5e4f1814cfa4b0b09d5d2b6ac01 ",
            "c58cc854ed1f32e60a9fc3098cbe894799597a0ad764d41b0fdbf16f2dbbe156",
        ),
        concat!(
            "deep-sigmoid 52b07ae62a33dbdc6c337d370dcbe6295d8e9b9605a87b537040b2258620cf88 ",
            "4ede8bef2598acac5379c2eafdb785f774052d594ff53052817829a55992d0d1",
        ),
        concat!(
            "fully-connected 9c1398c2c6e679b9f5b34fcc4e63f544e794f9007c5ca72a3b50a258ef275cde ",
            "6d03a25c27dfbf9f44b1cbfb8cd237c7f38cefa3b41dd176a1ed33b40828635a",
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
        let by_parts = report::run::CanonicalConfig::new(&run.config).unwrap();
        assert_eq!(by_parts.with_seed(run.config.seed), json);
    }
}
