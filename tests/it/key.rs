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
        r#""lr":0.01}},"versions":{"data":1,"model":2,"train":6}}"#,
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
            "deep 26ada6883b521d663311b57b17d8ec6dbd8ffa883a1940567192f157a04b6d40 ",
            "675a954881a975892c2a2552cc7759ed1e7e0398d58140e918594f85f0e809c2",
        ),
        concat!(
            "deep-sigmoid 197931a18fb2d6d55aa9ef40136cb10f8e38624a735e482e2030adcb045cc07f ",
            "7e7b75a57043d64f6da7351837f9c134bed6d81ac6dee28549680135c7bfd9ec",
        ),
        concat!(
            "fully-connected ad87af114500e653102b9ed71ac81035df56139b8c999300d3b60dd1d1c08e53 ",
            "bfb9ffa941a13a3d77e2ec889d29559f63746afc1f01693e63d07b19ee1b8f7c",
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
