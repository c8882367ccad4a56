//! The key of a run, frozen: moving it would train every user's runs again.

use std::sync::Arc;

use report::dataset::{self, Facts, Source};
use report::digest::{Digest, canonical_json};
use report::document;
use report::experiment::{Conditions, Experiment, Find, Found, FoundFiles, Run};
use report::run::DeviceKind;

use crate::project::repository;

/// MNIST, which the shipped experiments use.
#[expect(clippy::unnecessary_wraps, reason = "the signature of `FindData`")]
fn mnist(source: &Source) -> Result<Found, Vec<String>> {
    Ok(Found { source: source.clone(), facts: Arc::new(Facts::of_mnist()) })
}

/// What experiments on MNIST ask for.
pub(crate) const FIND: Find<'static> =
    Find { data: &mnist, program: &|_| Ok(Arc::new(FoundFiles::default())) };

/// A shipped experiment.
pub(crate) fn shipped(name: &str) -> Experiment {
    let read = |path: String| {
        let text = std::fs::read_to_string(repository().join("experiments").join(&path)).unwrap();
        document::parse(&path, &text).unwrap()
    };
    let (file, base) = (read(format!("{name}.toml")), read("base/protocol.toml".to_owned()));
    Experiment::from_documents(name, file, vec![base], FIND).unwrap()
}

/// The runs of a shipped experiment.
pub(crate) fn runs(name: &str) -> Vec<Run> {
    Conditions::of(&[shipped(name)]).expand(DeviceKind::Cpu, |run, _| run).unwrap()
}

#[test]
fn the_canonical_json_of_a_key_is_frozen() {
    let expected = concat!(
        r#"{"data":{"dataset":"DATASET","pooling":2,"seed":0,"test_pairs":1000,"#,
        r#""train_pairs":1000,"validation_pairs":200},"device":"cpu","model":{"branch":[{"layer":"flatten"},"#,
        r#"{"layer":"linear","outputs":128},{"layer":"relu"},{"layer":"linear","outputs":128},"#,
        r#"{"layer":"relu"},{"layer":"linear","outputs":56},{"layer":"relu"},"#,
        r#"{"layer":"linear","outputs":10},{"layer":"relu"}],"head":[{"layer":"linear","#,
        r#""outputs":1},{"layer":"batch_norm"},{"layer":"dropout","probability":0.05},"#,
        r#"{"layer":"sigmoid"}],"weight_sharing":true},"number_type":"f32","seed":0,"train":"#,
        r#"{"auxiliary_loss":true,"batch_size":100,"epochs":30,"optimizer":{"kind":"adam","#,
        r#""lr":0.01}},"versions":{"data":1,"model":2,"train":6}}"#,
    );
    let dataset = dataset::embedded_digest().to_string();
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
            "deep 2c1a792d5205b1e4e968ead5e96d2ba8d8c88c353736edc12cd19609eacad793 ",
            "43e9379cbb5334d221d759c7d477f3321c91b0f2930dc6c6b0456e48e55584c3",
        ),
        concat!(
            "deep-sigmoid 9e3312d8e624b4f51f18688195eab2848eb3b7e3b32b66f1ab26e2f55f4602f0 ",
            "3f6d2fdf6ce5a54e85bbe3c7301f59399c5edb475da1f2a72305e21a078f94d7",
        ),
        concat!(
            "fully-connected 4afd6358fa77febcf50e2857facd0a3fdbf14139b0af096f443f789394357310 ",
            "0560b977a47e31cfb32f43bf38e137ef79aa888ca6d613728986f9dbbe4bb152",
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
        assert_eq!(by_parts.with_seed(run.config.seed()), json);
    }
}
