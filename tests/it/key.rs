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
        r#""lr":0.01}},"versions":{"data":1,"model":2,"train":2}}"#,
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
            "deep 30b19e2bacd19276e7bf5e06cb7606cdc8f549b8ef6aa893d8c76f11841dd692 ",
            "88840092cafb5114534161cd2dd2bd413804a32d10babc2fb2e20efdef5f1250",
        ),
        concat!(
            "deep-sigmoid 3f152a7fbafb13d61bf333db11f825dc7bbb7c13a6f240bb896049a777b918ab ",
            "f77904d4efd1d811bc78b3411a23240aacaa0e685deb07bcd13f8fd65cac62eb",
        ),
        concat!(
            "fully-connected 4b942231be9437f82906607d117c6b275eedec555a6e68e7ddd68930c09ce8e2 ",
            "1a58cd8bc548082ef40bd9536f68f444760c20af4064bb4e01a24893c595685e",
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
