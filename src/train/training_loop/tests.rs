//! Tests of whole runs.

use super::*;
use crate::dataset::{self, Examples};
use crate::kernel::normalization::Statistics;
use crate::run::{DataConfig, Layer, ModelConfig, PairData, PairModel, Shape, TaskKind, samples};
use crate::train::kernel_memory::Memory;
use crate::train::kernel_operations::KernelOperations;

fn config() -> NetworkConfig {
    let layer = |name: &str| serde_json::from_value(serde_json::json!({ "layer": name })).unwrap();
    let data = PairData {
        dataset: dataset::embedded_digest(),
        train_pairs: 40,
        test_pairs: 30,
        validation_pairs: 20,
        pooling: 4,
        ..samples::pairs()
    };
    let model = PairModel {
        branch: [layer("flatten"), Layer::Linear { outputs: 10 }, layer("batch_norm")].into(),
        head: [Layer::Linear { outputs: 1 }, Layer::Dropout { probability: 0.3 }, layer("sigmoid")]
            .into(),
        weight_sharing: true,
    };
    let (optimizer, seed) = (samples::sgd(0.01, 0.5), 4);
    let NetworkConfig { train, .. } = samples::config();
    let train = TrainConfig { epochs: 3, optimizer, ..train };
    let (data, model) = (DataConfig::Pairs(data), ModelConfig::Pair(model));
    NetworkConfig { data, model, train, seed, ..samples::config() }
}

fn pairs(config: &mut NetworkConfig) -> (&mut PairData, &mut PairModel) {
    match (&mut config.data, &mut config.model) {
        (DataConfig::Pairs(data), ModelConfig::Pair(model)) => (data, model),
        _ => unreachable!(),
    }
}

/// The only split of `config`.
fn split(config: &NetworkConfig, examples: &Examples) -> Split {
    dataset::draw(&config.data, examples).unwrap().remove(0)
}

#[test]
fn evaluation_changes_no_bit_of_the_training() {
    let config = config();
    let split = split(&config, &dataset::embedded().unwrap());
    let trained = |evaluates: bool| {
        let mut run = Run::new(KernelOperations::new(Memory::default()), &config, &split);
        let mut evaluator = Evaluator::new(&run.network, run.task.evaluations(), &split);
        for epoch in 0..config.train.epochs {
            if evaluates {
                for is_before in [true, false] {
                    let measured = run.evaluate(&mut evaluator, epoch, &split, is_before);
                    assert!(measured.values.len() >= 2);
                }
                evaluator.forget();
            }
            run.train_epoch(epoch).unwrap();
        }
        let mut state = Vec::new();
        for (operations, sequence) in run.network.sequences() {
            sequence.replace(operations, &mut |parameter| {
                state.push(parameter.clone());
                parameter
            });
            for layer in sequence.normalizations() {
                let Statistics { mean, variance } = operations.statistics_values(&layer.running);
                state.extend([mean, variance]);
            }
        }
        state
    };
    let state = trained(true);
    assert_eq!(state, trained(false));
    assert!(state.len() >= 8 && state.concat().iter().all(|value| value.is_finite()));
}

#[test]
fn a_run_with_the_memory_of_other_runs_gives_the_same_results() {
    let first = config();
    let examples = dataset::embedded().unwrap();
    let mut memory = Memory::default();
    let other = |change: &dyn Fn(&mut NetworkConfig)| {
        let mut config = first.clone();
        change(&mut config);
        config
    };
    let configs = [
        first.clone(),
        other(&|config| config.seed = 5),
        other(&|config| pairs(config).0.seed = 1),
        other(&|config| pairs(config).0.pooling = 2),
        other(&|config| pairs(config).1.weight_sharing = false),
        other(&|config| config.train.batch_size = 20),
        first.clone(),
    ];
    let mut found = Vec::new();
    for config in &configs {
        let split = split(config, &examples);
        let operations = KernelOperations::new(memory);
        let trained = train(operations.clone(), config, &split, false, &|_| {}).unwrap().0;
        memory = operations.release();
        let alone = train(KernelOperations::new(Memory::default()), config, &split, false, &|_| {})
            .unwrap()
            .0;
        assert_eq!(trained, alone);
        found.push(trained);
    }
    assert_eq!(found[0], found[6]);
    assert!((1..6).all(|index| found[0] != found[index]));
}

/// Vectors with classes that their first value says, but for every third.
fn rows(n: usize, purpose: &str) -> Rows {
    let mut stream = Stream::new(3, purpose);
    let values: Vec<f32> = (0..4 * n).map(|_| stream.symmetric(1.0)).collect();
    let class = |row: &[f32]| match stream.below(3) {
        0 => 2,
        _ => u32::from(row[0] > 0.0),
    };
    let targets = Targets::Classes(values.chunks_exact(4).map(class).collect());
    Rows { n, inputs: vec![values], targets }
}

/// A small network for these vectors, trained in an order of its own in each epoch.
fn classification(n: usize) -> (NetworkConfig, Split) {
    let json = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
    let model = json(
        r#"{"layers": [{"layer": "linear", "outputs": 8}, {"layer": "batch_norm"}, {"layer": "relu"},
            {"layer": "linear", "outputs": 3}]}"#,
    );
    let samples = samples::config();
    let data = serde_json::json!({ "dataset": samples.data.dataset(), "n": n, "classes": 3,
        "input": Shape::Vector(4), "split": { "kind": "ordered" } });
    let train = TrainConfig {
        auxiliary_loss: None,
        loss: Some(serde_json::from_value(json(r#"{"kind": "cross_entropy"}"#)).unwrap()),
        shuffle: true,
        optimizer: serde_json::from_value(json(r#"{"kind": "adam", "lr": 0.02}"#)).unwrap(),
        ..samples.train
    };
    let config = NetworkConfig {
        task: TaskKind::Classification,
        data: serde_json::from_value(data).unwrap(),
        model: serde_json::from_value(model).unwrap(),
        train,
        ..samples
    };
    let [train, validation, test] = [rows(n, "train"), rows(30, "validation"), rows(50, "test")];
    (config, Split { train, validation, test, target_scale: Scale::NONE, input_scales: Vec::new() })
}

fn run<'r>(config: &'r NetworkConfig, split: &'r Split) -> Run<'r, KernelOperations> {
    Run::new(KernelOperations::new(Memory::default()), config, split)
}

#[test]
fn a_restored_network_has_the_test_metrics_of_the_best_epoch() {
    let (mut config, split) = classification(20);
    config.train.epochs = 40;
    let mut end = |restore_best: bool| {
        config.train.early_stopping = Some(EarlyStopping {
            monitor: "validation_loss".to_owned(),
            patience: 5,
            min_delta: 0.0,
            restore_best,
        });
        let mut run = run(&config, &split);
        let training = run.train(&split, &|_| {}).unwrap();
        let mut evaluator = Evaluator::new(&run.network, run.task.evaluations(), &split);
        let Evaluated { values, confusion } = run.evaluate(&mut evaluator, 0, &split, false);
        assert_eq!(training.confusion, confusion, "the network that the training ends with");
        (training.curves, values)
    };
    let (curves, best) = end(true);
    let losses = curves.get(best[0].0);
    assert_eq!(best[0].0.name, "validation_loss");
    let epoch = losses.len() - 1 - 5;
    assert!(epoch > 0 && losses.len() < 40, "it stops early, and not at once: {losses:?}");
    assert!(losses.iter().all(|loss| *loss >= losses[epoch]));
    assert_eq!(
        best.len(),
        13,
        "the loss, and all metrics of the validation part and of the test part"
    );
    for (curve, value) in &best {
        assert_eq!(curves.get(curve)[epoch], *value, "{}", curve.name);
    }
    let (same, last) = end(false);
    assert_eq!(same, curves, "to restore changes no curve");
    for (curve, value) in &last {
        assert_eq!(curves.get(curve).last(), Some(value), "{}", curve.name);
    }
    assert_ne!(best, last);
}

#[test]
fn each_epoch_takes_each_example_once_in_an_order_of_the_seed_and_the_epoch() {
    let (config, split) = classification(40);
    let order = |config: &NetworkConfig, epoch| run(config, &split).order(epoch);
    let orders = [0, 1].map(|epoch| order(&config, epoch));
    let all: Vec<u32> = (0..40).collect();
    for order in &orders {
        assert_ne!(*order, all);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, all);
    }
    assert_ne!(orders[0], orders[1]);
    assert_ne!(order(&NetworkConfig { seed: 8, ..config.clone() }, 0), orders[0]);
    let mut other = config.clone();
    (other.train.batch_size, other.train.optimizer) = (7, samples::sgd(0.5, 0.0));
    let mut trained = run(&other, &split);
    trained.train_epoch(0).unwrap();
    assert_eq!([0, 1].map(|epoch| trained.order(epoch)), orders);
}

#[test]
fn a_shuffled_run_trains_on_the_examples_in_the_order_of_each_epoch() {
    // The last batch of an epoch is smaller, or there are two epochs.
    for (n, epochs) in [(43, 1), (40, 2)] {
        let (mut config, split) = classification(n);
        let mut shuffled = run(&config, &split);
        let mut order = Vec::new();
        for epoch in 0..epochs {
            order.extend(shuffled.order(epoch));
            shuffled.train_epoch(epoch).unwrap();
        }
        let state = shuffled.network.state();

        let values =
            order.iter().flat_map(|index| &split.train.inputs[0][*index as usize * 4..][..4]);
        let inputs = vec![values.copied().collect()];
        let train = Rows { n: n * epochs, inputs, targets: split.train.targets.of(&order) };
        let split = Split { train, ..split };
        let mut of_file = run(&config, &split);
        of_file.train_epoch(0).unwrap();
        assert_ne!(of_file.network.state(), state, "this one shuffles again");
        config.train.shuffle = false;
        let mut in_order = run(&config, &split);
        in_order.train_epoch(0).unwrap();
        assert_eq!(in_order.network.state(), state);
    }
}
