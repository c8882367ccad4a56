//! Ten training steps of each condition of the paper, and one whole run of each model.

use std::path::Path;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;

use report::dataset;
use report::pipeline::{self, Keep, Overrides};
use report::run::{DeviceKind, NetworkConfig};
use report::train::{DfdxTrainer, Trainer as _};

fn main() {
    divan::main();
}

/// Seed 0 of each condition, by name.
static CONDITIONS: LazyLock<Vec<(String, NetworkConfig)>> = LazyLock::new(|| {
    let overrides = Overrides { seeds: Some(1), ..Overrides::default() };
    let project = pipeline::load(Path::new(env!("CARGO_MANIFEST_DIR")), &overrides)
        .expect("the shipped experiments");
    let plan =
        pipeline::plan(&project, DeviceKind::Cpu, Keep::States).expect("the shipped experiments");
    let conditions = project.conditions();
    let named = plan.runs.into_iter().map(|run| {
        let experiment = &conditions.experiment(run.condition).name;
        let config = run.config.network().expect("the paper has networks").clone();
        let sharing = if config.model.pair().is_some_and(|pair| pair.weight_sharing) {
            "shared"
        } else {
            "separate"
        };
        let loss = if config.train.auxiliary_loss == Some(true) { "sum loss" } else { "main loss" };
        (format!("{experiment}, {sharing}, {loss}"), config)
    });
    named.collect()
});

fn conditions() -> impl Iterator<Item = &'static str> {
    CONDITIONS.iter().map(|(name, _)| name.as_str())
}

fn models() -> impl Iterator<Item = &'static str> {
    conditions().filter(|name| name.ends_with("shared, sum loss"))
}

/// Trains; items are training pairs.
fn bench(bencher: Bencher, name: &str, adapt: impl Fn(&mut NetworkConfig)) {
    let found = CONDITIONS.iter().find(|(condition, _)| condition == name);
    let mut config = found.expect("an argument of this benchmark").1.clone();
    adapt(&mut config);
    let digits = dataset::embedded().expect("the embedded digits");
    let split = dataset::draw(&config.data, &digits).expect("enough digits").remove(0);
    let pairs = config.train.epochs * config.data.sizes()[0];
    bencher
        .counter(ItemsCount::new(pairs))
        .bench_local(|| DfdxTrainer::default().train(&config, &split).expect("a CPU"));
}

#[divan::bench(args = conditions(), sample_count = 20)]
fn ten_steps(bencher: Bencher, condition: &str) {
    bench(bencher, condition, |config| {
        config.train.epochs = 1;
        config.data.pairs_mut().expect("pairs").test_pairs = 1;
    });
}

#[divan::bench(args = models(), sample_count = 3)]
fn whole_run(bencher: Bencher, model: &str) {
    bench(bencher, model, |_| {});
}
