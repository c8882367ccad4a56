//! Small experiments for unit tests.

use std::sync::Arc;

use super::{Experiment, FileFaults, Find, Found, FoundFiles, NamedFiles};
use crate::dataset::{Facts, Source};
use crate::document::{self, Violation};

const BASE: &str = r#"
title = "base"
seeds = 3
[data]
seed = 0
train_pairs = 20
test_pairs = 20
pooling = 28
[model]
weight_sharing = true
branch = ["flatten", { layer = "linear", outputs = 10 }]
head = [{ layer = "linear", outputs = 1 }, "sigmoid"]
[train]
auxiliary_loss = true
epochs = 1
batch_size = 10
optimizer = { kind = "sgd", lr = 0.1 }
"#;

/// An experiment from `text`, which extends a small base file.
pub(crate) fn read(name: &str, text: &str) -> Result<Experiment, Vec<Violation>> {
    let file = document::parse(&format!("{name}.toml"), text).unwrap();
    let base = document::parse("base.toml", BASE).unwrap();
    let find = Find { data: &mnist, program: &no_program };
    Experiment::from_documents(name, file, vec![base], find)
}

/// MNIST, whatever the source.
#[expect(clippy::unnecessary_wraps, reason = "the signature of `FindData`")]
fn mnist(source: &Source) -> Result<Found, Vec<String>> {
    Ok(Found { source: source.clone(), facts: Arc::new(Facts::of_mnist()) })
}

/// No program is there.
fn no_program(_: &NamedFiles<'_>) -> Result<Arc<FoundFiles>, FileFaults> {
    Err(vec![("command", "names no program".to_owned())])
}

/// An experiment that lays `text` over the base, with a title of its own.
pub(crate) fn experiment(name: &str, text: &str) -> Experiment {
    read(name, &format!("title = \"the {name}\"\n{text}")).unwrap()
}
