//! The training loop.

use dfdx::prelude::*;

use super::evaluate;
use super::loss::Targets;
use super::network::{Network, PairImages};
use super::normalization::Observed;
use super::operations::{DeviceError, Operations};
use super::sequence::Mode;
use super::tensor::{SetGradient as _, values};
use super::trainer::{TrainError, Training};
use crate::dataset::{Pairs, Split};
use crate::random::Stream;
use crate::run::{Curves, Outcome, Quantity, RunConfig, TrainConfig, pairs};

/// Trains `config` on `split` with `operations`.
pub(super) fn train<O: Operations>(
    operations: O,
    config: &RunConfig,
    split: &Split,
) -> Result<Training, TrainError> {
    let mut run = Run::new(operations, config, &split.train);
    let test_images = images(&run.network, &split.test, O::TEST_BATCH);
    let held_out_images = images(&run.network, &split.validation, O::TEST_BATCH);
    let corrected =
        |curves: &mut Curves, network: &Network<O>, features: &evaluate::Features<O::Device>| {
            let evaluate::Corrected { test, digits: [first, second], comparison } =
                evaluate::corrected(network, features, &split.test);
            curves.push(&pairs::CORRECTED_TEST_ACCURACY, test);
            curves.push(&pairs::FIRST_DIGIT_ACCURACY, first);
            curves.push(&pairs::SECOND_DIGIT_ACCURACY, second);
            curves.push(&pairs::DIGIT_ACCURACY, f64::midpoint(first, second));
            curves.push(&pairs::COMPARISON_ACCURACY, comparison);
            if !held_out_images.is_empty() {
                let features = evaluate::features(network, &held_out_images);
                let held_out = evaluate::corrected(network, &features, &split.validation);
                curves.push(&pairs::VALIDATION_ACCURACY, held_out.test);
            }
        };
    let mut curves = Curves::default();
    let mut outcome = Outcome::Completed;
    for epoch in 0..config.train.epochs {
        let features = evaluate::features(&run.network, &test_images);
        let mut dropout = Stream::new(config.seed, &format!("dropout/test/{epoch}"));
        let published =
            |dropout| evaluate::published(&run.network, &features, &split.test, dropout);
        curves.push(&pairs::PUBLISHED_TEST_ACCURACY, published(Some(&mut dropout)));
        curves.push(&pairs::DROPOUT_OFF_TEST_ACCURACY, published(None));
        if epoch > 0 {
            corrected(&mut curves, &run.network, &features);
        }
        match run.train_epoch(epoch).map_err(|e| TrainError::Device(e.to_string()))? {
            Epoch::Trained { main, auxiliary } => {
                curves.push(&pairs::TRAIN_MAIN_LOSS, main);
                curves.push(&pairs::TRAIN_AUXILIARY_LOSS, auxiliary);
            }
            Epoch::Diverged { step } => {
                outcome = Outcome::Diverged { epoch, step };
                break;
            }
        }
    }
    if outcome == Outcome::Completed {
        let features = evaluate::features(&run.network, &test_images);
        corrected(&mut curves, &run.network, &features);
    }
    fill_after_divergence(&mut curves, config);
    Ok(Training { outcome, curves })
}

/// The images of the pairs in batches of `size`.
pub(super) fn images<O: Operations>(
    network: &Network<O>,
    pairs: &Pairs,
    size: usize,
) -> Vec<PairImages<O>> {
    let pixels = pairs.images[0].len().checked_div(pairs.n).unwrap_or(0);
    let batch = |range: std::ops::Range<usize>| {
        let digits =
            pairs.images.each_ref().map(|images| &images[range.start * pixels..range.end * pixels]);
        network.images(digits, pixels)
    };
    batches(pairs.n, size).map(batch).collect()
}

/// The ranges of `size` pairs among `n`. The last one may be smaller.
fn batches(n: usize, size: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..n).step_by(size).map(move |start| start..n.min(start + size))
}

/// Completes the curves of a run that diverged. The accuracies after the divergence are 0, because
/// no answer of a network with NaN values is right. The losses are unknown and stay away.
fn fill_after_divergence(curves: &mut Curves, config: &RunConfig) {
    let is_held_out = config.data.validation_pairs > 0;
    for curve in pairs::CURVES {
        if curve.quantity == Quantity::Accuracy && (is_held_out || !curve.needs_held_out) {
            let mut values = curves.get(curve).to_vec();
            values.resize(config.train.epochs, 0.0);
            curves.set(curve, values);
        }
    }
}

/// A network in training.
pub(super) struct Run<'r, O: Operations> {
    pub(super) network: Network<O>,
    train: &'r TrainConfig,
    seed: u64,
    batches: Vec<Batch<O>>,
    /// Both losses on the first batch of the run. All losses are divided by them.
    first_losses: Option<[f32; 2]>,
    steps_done: usize,
}

/// The pairs of one step.
struct Batch<O: Operations> {
    images: PairImages<O>,
    targets: Targets,
}

enum Epoch {
    /// Mean losses over the steps, before the division.
    Trained {
        main: f64,
        auxiliary: f64,
    },
    Diverged {
        step: usize,
    },
}

/// Both losses of one step, before the division.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losses {
    pub(super) main: f32,
    pub(super) auxiliary: f32,
}

/// The result of a forward and a backward pass.
pub(super) struct Pass<O: Operations> {
    pub(super) losses: Losses,
    pub(super) gradients: Gradients<f32, O::Device>,
    /// The statistics that batch-norm has observed, in the order of the pass.
    observed: Vec<Observed<O::Statistics>>,
}

impl<'r, O: Operations> Run<'r, O> {
    pub(super) fn new(operations: O, config: &'r RunConfig, pairs: &Pairs) -> Self {
        let size = config.train.batch_size;
        let network = Network::new(operations, &config.model, config.data.image(), config.seed);
        let images = images(&network, pairs, size);
        let targets = batches(pairs.n, size).map(|range| Targets::of(pairs, range));
        let batches =
            images.into_iter().zip(targets).map(|(images, targets)| Batch { images, targets });
        Self {
            network,
            train: &config.train,
            seed: config.seed,
            batches: batches.collect(),
            first_losses: None,
            steps_done: 0,
        }
    }

    fn train_epoch(&mut self, epoch: usize) -> Result<Epoch, DeviceError<O>> {
        let mut dropout = Stream::new(self.seed, &format!("dropout/train/{epoch}"));
        let (mut main, mut auxiliary) = (0.0, 0.0);
        for step in 0..self.batches.len() {
            match self.step(step, &mut dropout)? {
                Some(losses) => {
                    main += f64::from(losses.main);
                    auxiliary += f64::from(losses.auxiliary);
                }
                None => return Ok(Epoch::Diverged { step }),
            }
        }
        let n = self.batches.len() as f64;
        Ok(Epoch::Trained { main: main / n, auxiliary: auxiliary / n })
    }

    /// Updates the network once, on batch number `step`. Returns `None`, without an update, if the
    /// objective is not finite.
    pub(super) fn step(
        &mut self,
        step: usize,
        dropout: &mut Stream,
    ) -> Result<Option<Losses>, DeviceError<O>> {
        let Some(Pass { losses, mut gradients, observed }) = self.backward(step, dropout)? else {
            return Ok(None);
        };
        self.steps_done += 1;
        let optimizer = &self.train.optimizer;
        self.network.update(optimizer, optimizer.lr(), self.steps_done, &mut gradients)?;
        self.network.observe(observed);
        Ok(Some(losses))
    }

    /// Losses and gradients on batch number `step`. Returns `None` if the objective is not finite.
    pub(super) fn backward(
        &mut self,
        step: usize,
        dropout: &mut Stream,
    ) -> Result<Option<Pass<O>>, DeviceError<O>> {
        let Batch { images, targets } = &self.batches[step];
        let mut observed = Vec::new();
        let mut mode = Mode::Training { dropout: Some(dropout), observed: &mut observed };
        let features = self.network.first::<OwnedTape<f32, O::Device>>(images);
        let outputs = self.network.rest(features, &mut mode); //  2 × (batch, classes), (batch, 1)
        let digits = outputs.digits.map(|digits| digits.retaped::<NoneTape>());
        let (probabilities, mut tape) = outputs.probabilities.split_tape();

        let main = targets.main(&values(&probabilities));
        let [first, second] = digits.each_ref().map(values);
        let auxiliary = targets.auxiliary([&first, &second]);
        let losses =
            Losses { main: main.value, auxiliary: auxiliary[0].value + auxiliary[1].value };
        let [main0, auxiliary0] = *self.first_losses.get_or_insert([losses.main, losses.auxiliary]);
        let mut objective = losses.main / main0;
        let mut gradients = vec![(probabilities, main.gradient_over(main0))];
        if self.train.auxiliary_loss {
            objective += losses.auxiliary / auxiliary0;
            let of_digits = auxiliary.map(|loss| loss.gradient_over(auxiliary0));
            gradients.extend(digits.into_iter().zip(of_digits));
        }
        if !objective.is_finite() || !losses.auxiliary.is_finite() {
            return Ok(None);
        }
        // The last operation of the tape is the first of the backward pass.
        tape.add_backward_op(move |known| {
            for (output, gradient) in gradients {
                O::Device::set_gradient(known.get_or_alloc_mut(&output)?, gradient)?;
            }
            Ok(())
        });
        // The tape asks for a scalar. Nothing depends on its value.
        let objective: Tensor<Rank0, f32, O::Device> = self.network.operations.device().zeros();
        let gradients = objective.put_tape(tape).try_backward()?;
        Ok(Some(Pass { losses, gradients, observed }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset;
    use crate::kernel::normalization::Statistics;
    use crate::run::{
        DataConfig, DeviceKind, Layer, ModelConfig, NumberType, Optimizer, PartVersions,
    };
    use crate::train::kernel_memory::Memory;
    use crate::train::kernel_operations::KernelOperations;

    fn config() -> RunConfig {
        let layer =
            |name: &str| serde_json::from_value(serde_json::json!({ "layer": name })).unwrap();
        RunConfig {
            data: DataConfig {
                dataset: dataset::embedded_digest(),
                seed: 0,
                train_pairs: 40,
                test_pairs: 30,
                validation_pairs: 20,
                pooling: 4,
            },
            model: ModelConfig {
                branch: [layer("flatten"), Layer::Linear { outputs: 10 }, layer("batch_norm")]
                    .into(),
                head: [
                    Layer::Linear { outputs: 1 },
                    Layer::Dropout { probability: 0.3 },
                    layer("sigmoid"),
                ]
                .into(),
                weight_sharing: true,
            },
            train: TrainConfig {
                auxiliary_loss: true,
                epochs: 3,
                batch_size: 10,
                optimizer: Optimizer::Sgd {
                    lr: 0.01,
                    momentum: 0.5,
                    nesterov: false,
                    weight_decay: 0.0,
                },
            },
            seed: 4,
            device: DeviceKind::Cpu,
            number_type: NumberType::F32,
            versions: PartVersions::CURRENT,
        }
    }

    #[test]
    fn evaluation_changes_no_bit_of_the_training() {
        let config = config();
        let split = dataset::draw(&config.data, &dataset::embedded().unwrap()).unwrap();
        let trained = |evaluates: bool| {
            let mut run = Run::new(KernelOperations::new(Memory::default()), &config, &split.train);
            let test_images = images(&run.network, &split.test, 7);
            for epoch in 0..config.train.epochs {
                if evaluates {
                    let features = evaluate::features(&run.network, &test_images);
                    let mut dropout = Stream::new(config.seed, "dropout/test/0");
                    let mut dropout = Some(&mut dropout);
                    evaluate::published(&run.network, &features, &split.test, dropout.take());
                    evaluate::published(&run.network, &features, &split.test, dropout);
                    evaluate::corrected(&run.network, &features, &split.test);
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
                    let Statistics { mean, variance } =
                        operations.statistics_values(&layer.running);
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
        let dataset = dataset::embedded().unwrap();
        let mut memory = Memory::default();
        let other = |change: &dyn Fn(&mut RunConfig)| {
            let mut config = first.clone();
            change(&mut config);
            config
        };
        let configs = [
            first.clone(),
            other(&|config| config.seed = 5),
            other(&|config| config.data.seed = 1),
            other(&|config| config.data.pooling = 2),
            other(&|config| config.model.weight_sharing = false),
            other(&|config| config.train.batch_size = 20),
            first.clone(),
        ];
        let mut found = Vec::new();
        for config in &configs {
            let split = dataset::draw(&config.data, &dataset).unwrap();
            let operations = KernelOperations::new(memory);
            let trained = train(operations.clone(), config, &split).unwrap();
            memory = operations.release();
            let alone = train(KernelOperations::new(Memory::default()), config, &split).unwrap();
            assert_eq!(trained, alone);
            found.push(trained);
        }
        assert_eq!(found[0], found[6]);
        assert!((1..6).all(|index| found[0] != found[index]));
    }
}
