//! The training loop, the same for every task.

use dfdx::prelude::*;

use super::evaluate::{Evaluator, batches, inputs};
use super::named::NamedTensor;
use super::network::{Inputs, Network};
use super::normalization::Observed;
use super::operations::{DeviceError, Operations};
use super::sequence::Mode;
use super::state::SequenceState;
use super::tensor::{SetGradient as _, values};
use super::trainer::{TrainError, Training, Watch};
use crate::dataset::{PartName, Rows, Scale, Split, Targets};
use crate::random::Stream;
use crate::run::{Curve, Curves, Direction, EarlyStopping, NetworkConfig, Outcome, TrainConfig};
use crate::task::curves::LEARNING_RATE;
use crate::task::{self, Measured, Objective, Task};

/// Trains `config` on `split` with `operations`, and tells `watch` the curves at the end of each epoch. Also returns the
/// tensors of the network that the training ends with, if they are kept, unless it has diverged.
pub(super) fn train<O: Operations>(
    operations: O,
    config: &NetworkConfig,
    split: &Split,
    keeps_network: bool,
    watch: Watch<'_>,
) -> Result<(Training, Option<Vec<NamedTensor>>), TrainError> {
    let mut run = Run::new(operations, config, split);
    let training = run.train(split, watch)?;
    let has_network = keeps_network && training.outcome == Outcome::Completed;
    Ok((training, has_network.then(|| run.network.named_tensors())))
}

/// What early stopping watches and keeps.
struct Kept<'s> {
    /// Early stopping, the curve that it watches, and which of its values are better.
    stopping: Option<(&'s EarlyStopping, &'static Curve, Direction)>,
    /// The parameters and running statistics of the best epoch, if the network goes back to it.
    best: Option<Vec<SequenceState>>,
    /// The answers for the test part in the epoch that the network ends with.
    confusion: Option<Confusion>,
}

impl<'s> Kept<'s> {
    fn new(config: &'s NetworkConfig) -> Self {
        let watched = task::monitor(config.task, &config.train);
        let watched = config.train.early_stopping.as_ref().zip(watched);
        let stopping = watched.and_then(|(stopping, curve)| Some((stopping, curve, curve.better?)));
        Self { stopping, best: None, confusion: None }
    }

    /// Keeps the epoch that has ended, if the run can end with it. Returns whether the training ends.
    fn has_ended<O: Operations>(
        &mut self,
        network: &mut Network<O>,
        confusion: Option<Confusion>,
        curves: &Curves,
    ) -> bool {
        let Some((stopping, curve, better)) = self.stopping else {
            self.confusion = confusion;
            return false;
        };
        let values = curves.get(curve);
        let is_best = stopping.best_epoch(values, better) == values.len().checked_sub(1);
        if is_best && stopping.restore_best {
            self.best = Some(network.state());
        }
        if is_best || !stopping.restore_best {
            self.confusion = confusion;
        }
        stopping.has_ended(values, better)
    }

    /// Goes back to the best epoch, if the run asks for it.
    fn restore<O: Operations>(&self, network: &mut Network<O>) {
        if let Some(state) = &self.best {
            network.restore(state);
        }
    }
}

/// How often an example of each class (row) was taken for each class (column).
type Confusion = Vec<Vec<u64>>;

/// What the evaluations of an epoch give.
struct Evaluated {
    values: Vec<(&'static Curve, f64)>,
    /// The answers for the test part, in inference mode.
    confusion: Option<Confusion>,
}

/// Completes the curves of a run that diverged. Fractions after the divergence are 0, because
/// no answer of a network with NaN values is right. Other values are unknown and stay away.
fn fill_after_divergence(curves: &mut Curves, task: &dyn Task, config: &NetworkConfig) {
    for curve in task.curves() {
        if let Some(worst) = curve.after_divergence()
            && task::has(curve, config)
        {
            let mut values = curves.get(curve).to_vec();
            values.resize(config.train.epochs, worst);
            curves.set(curve, values);
        }
    }
}

/// A network in training.
pub(super) struct Run<'r, O: Operations> {
    pub(super) network: Network<O>,
    pub(super) task: &'static dyn Task,
    config: &'r NetworkConfig,
    rows: &'r Rows,
    /// The targets that the objective sees: standardised, if the data say so.
    targets: Targets,
    /// The batches in their fixed order. Empty if each epoch has an order of its own.
    batches: Vec<Batch<O>>,
    /// The losses on the first batch of the run.
    first_losses: Option<Vec<f32>>,
    steps_done: usize,
}

/// The examples of one step.
struct Batch<O: Operations> {
    inputs: Inputs<O>,
    targets: Targets,
}

enum Epoch {
    /// Mean losses over the steps.
    Trained {
        losses: Vec<f64>,
    },
    Diverged {
        step: usize,
    },
}

/// The result of a forward and a backward pass.
pub(super) struct Pass<O: Operations> {
    pub(super) losses: Vec<f32>,
    pub(super) gradients: Gradients<f32, O::Device>,
    /// The statistics that batch-norm has observed, in the order of the pass.
    observed: Vec<Observed<O::Statistics>>,
}

impl<'r, O: Operations> Run<'r, O> {
    pub(super) fn new(operations: O, config: &'r NetworkConfig, split: &'r Split) -> Self {
        let rows = &split.train;
        let network = Network::new(operations, &config.model, config.data.input(), config.seed);
        let targets = standardized(&rows.targets, split.target_scale);
        let size = config.train.batch_size;
        let batches = match config.train.shuffle {
            true => Vec::new(),
            false => {
                let of_range = |(inputs, range): (_, std::ops::Range<usize>)| {
                    let indices: Vec<_> = range.map(|index| index as u32).collect();
                    Batch { inputs, targets: targets.of(&indices) }
                };
                let inputs = inputs(&network, &rows.inputs, rows.n, size).into_iter();
                inputs.zip(batches(rows.n, size)).map(of_range).collect()
            }
        };
        Self {
            network,
            task: task::of(config.task),
            config,
            rows,
            targets,
            batches,
            first_losses: None,
            steps_done: 0,
        }
    }

    /// Trains all epochs. Leaves the network as the run ends with it.
    fn train(&mut self, split: &Split, watch: Watch<'_>) -> Result<Training, TrainError> {
        let mut evaluator = Evaluator::new(&self.network, self.task.evaluations(), split);
        let mut curves = Curves::default();
        let mut outcome = Outcome::Completed;
        let mut kept = Kept::new(self.config);
        for epoch in 0..self.config.train.epochs {
            let before = self.evaluate(&mut evaluator, epoch, split, true);
            before.values.into_iter().for_each(|(curve, value)| curves.push(curve, value));
            let trained = self.train_epoch(epoch).map_err(|e| TrainError::Device(e.to_string()))?;
            evaluator.forget();
            let losses = match trained {
                Epoch::Trained { losses } => losses,
                Epoch::Diverged { step } => {
                    outcome = Outcome::Diverged { epoch, step };
                    break;
                }
            };
            let loss_curves = self.task.loss_curves().iter().copied();
            let mut measured: Vec<_> = loss_curves.zip(losses).collect();
            let Evaluated { values, confusion } =
                self.evaluate(&mut evaluator, epoch, split, false);
            measured.extend(values);
            if task::has(&LEARNING_RATE, self.config) {
                measured.push((&LEARNING_RATE, self.rate(self.steps_done - 1)));
            }
            if measured.iter().any(|(_, value)| !value.is_finite()) {
                // The last step has made the parameters useless.
                outcome = Outcome::Diverged { epoch, step: self.steps_of_epoch() - 1 };
                break;
            }
            for (curve, value) in measured {
                curves.push(curve, value);
            }
            watch(&curves);
            if kept.has_ended(&mut self.network, confusion, &curves) {
                break;
            }
        }
        if outcome != Outcome::Completed {
            fill_after_divergence(&mut curves, self.task, self.config);
            return Ok(Training { outcome, curves, confusion: None });
        }
        kept.restore(&mut self.network);
        Ok(Training { outcome, curves, confusion: kept.confusion })
    }

    fn steps_of_epoch(&self) -> usize {
        self.rows.n.div_ceil(self.config.train.batch_size)
    }

    /// The learning rate of a step of the run, counted from 0.
    fn rate(&self, step: usize) -> f64 {
        let TrainConfig { optimizer, schedule, epochs, .. } = &self.config.train;
        schedule.rate(optimizer.lr(), step, self.steps_of_epoch(), *epochs)
    }

    /// What the evaluations before or after the steps of an epoch measure.
    fn evaluate(
        &self,
        evaluator: &mut Evaluator<O>,
        epoch: usize,
        split: &Split,
        is_before: bool,
    ) -> Evaluated {
        let mut evaluated = Evaluated { values: Vec::new(), confusion: None };
        for evaluation in self.task.evaluations() {
            if evaluation.is_before != is_before || !evaluator.has(evaluation.part) {
                continue;
            }
            let mut dropout = Stream::new(self.config.seed, &format!("dropout/test/{epoch}"));
            let outputs = evaluator.outputs(&self.network, *evaluation, &mut dropout);
            let targets = &split.part(evaluation.part).targets;
            let examples = Measured { targets, scale: split.target_scale };
            let values = self.task.measure(evaluation, &self.config.train, &outputs, &examples);
            evaluated.values.extend(values);
            if !is_before && evaluation.part == PartName::Test {
                evaluated.confusion = self.task.confusion(&outputs, targets);
            }
        }
        evaluated
    }

    /// The order of the examples in an epoch, if each epoch has its own.
    fn order(&self, epoch: usize) -> Vec<u32> {
        let n = u32::try_from(self.rows.n).expect("the data have fewer than 2³² examples");
        Stream::new(self.config.seed, &format!("shuffle/{epoch}")).choose(n, n)
    }

    fn train_epoch(&mut self, epoch: usize) -> Result<Epoch, DeviceError<O>> {
        let mut dropout = Stream::new(self.config.seed, &format!("dropout/train/{epoch}"));
        let n_steps = self.steps_of_epoch();
        let shuffled = self.config.train.shuffle.then(|| self.order(epoch));
        let mut sums = vec![0.0; self.task.loss_curves().len()];
        for step in 0..n_steps {
            let losses = match &shuffled {
                None => self.step(step, &mut dropout)?,
                Some(order) => {
                    let size = self.config.train.batch_size;
                    let indices = &order[step * size..order.len().min((step + 1) * size)];
                    self.batches = vec![self.batch(indices)];
                    self.step(0, &mut dropout)?
                }
            };
            match losses {
                Some(losses) => {
                    sums.iter_mut().zip(losses).for_each(|(sum, loss)| *sum += f64::from(loss));
                }
                None => return Ok(Epoch::Diverged { step }),
            }
        }
        Ok(Epoch::Trained { losses: sums.into_iter().map(|sum| sum / n_steps as f64).collect() })
    }

    /// A batch of these examples, which passes through the network once.
    fn batch(&self, indices: &[u32]) -> Batch<O> {
        let chosen = |values: &Vec<f32>| -> Vec<f32> {
            let len = values.len() / self.rows.n;
            let rows = indices.iter().map(|index| &values[*index as usize * len..][..len]);
            rows.flatten().copied().collect()
        };
        let inputs: Vec<_> = self.rows.inputs.iter().map(chosen).collect();
        let inputs: Vec<_> = inputs.iter().map(Vec::as_slice).collect();
        let inputs = self.network.inputs(&inputs, false);
        Batch { inputs, targets: self.targets.of(indices) }
    }

    /// Updates the network once, on batch number `step`. Returns the losses, or `None`, without an update, if the
    /// objective is not finite.
    pub(super) fn step(
        &mut self,
        step: usize,
        dropout: &mut Stream,
    ) -> Result<Option<Vec<f32>>, DeviceError<O>> {
        let Some(Pass { losses, mut gradients, observed }) = self.backward(step, dropout)? else {
            return Ok(None);
        };
        let TrainConfig { optimizer, clip_norm, .. } = &self.config.train;
        if let Some(most) = clip_norm {
            self.network.clip(*most, &mut gradients)?;
        }
        let lr = self.rate(self.steps_done);
        self.steps_done += 1;
        self.network.update(optimizer, lr, self.steps_done, &mut gradients)?;
        self.network.observe(observed);
        Ok(Some(losses))
    }

    /// Losses and gradients on batch number `step`. Returns `None` if the objective is not finite.
    pub(super) fn backward(
        &mut self,
        step: usize,
        dropout: &mut Stream,
    ) -> Result<Option<Pass<O>>, DeviceError<O>> {
        let Batch { inputs, targets } = &self.batches[step];
        let mut observed = Vec::new();
        let mut mode = Mode::Training { dropout: Some(dropout), observed: &mut observed };
        let features = self.network.first::<OwnedTape<f32, O::Device>>(inputs);
        let mut outputs = self.network.rest(features, &mut mode);
        let (last, mut tape) = outputs.pop().expect("a network has an output").split_tape();
        let outputs = outputs.into_iter().map(|output| output.retaped::<NoneTape>());
        let outputs: Vec<_> = outputs.chain([last]).collect();

        let plain: Vec<_> = outputs.iter().map(values).collect();
        let first = self.first_losses.as_deref();
        let objective = self.task.objective(&self.config.train, &plain, targets, first);
        let Objective { losses, value, gradients } = objective;
        self.first_losses.get_or_insert_with(|| losses.clone());
        if !value.is_finite() || losses.iter().any(|loss| !loss.is_finite()) {
            return Ok(None);
        }
        let mut given: Vec<_> = outputs.into_iter().zip(gradients).collect();
        given.retain(|(_, gradient)| !gradient.is_empty());
        // The last operation of the tape is the first of the backward pass.
        tape.add_backward_op(move |known| {
            for (output, gradient) in given {
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

/// The targets as the objective sees them.
fn standardized(targets: &Targets, scale: Scale) -> Targets {
    match targets {
        Targets::Numbers(numbers) if scale != Scale::NONE => {
            Targets::Numbers(numbers.iter().map(|x| scale.standardize(*x)).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
