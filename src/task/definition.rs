//! What a task must say.

use crate::dataset::{PartName, Scale, Targets};
use crate::run::{Curve, TrainConfig};

/// A task. The outputs of a network are lists of numbers, example after example: those of each branch of a pair
/// network and of its head, or those of its only list of layers.
pub trait Task: Sync {
    /// What the targets of its examples are.
    fn targets(&self) -> TargetKind;

    /// The names of its losses in experiment files, the default first. Empty if it has no choice.
    fn losses(&self) -> &'static [&'static str];

    /// What the network must put out, if `n` outputs are wrong for data with this number of classes: a phrase that
    /// follows the name of its layers.
    ///
    /// # Errors
    /// If `n` is wrong.
    fn check_outputs(&self, n: usize, classes: usize) -> Result<(), String>;

    /// The curves that a run records. Some need a validation part, or a schedule.
    fn curves(&self) -> &'static [&'static Curve];

    /// The curves of the losses of [`Objective`], in order. They are means over the steps of an epoch.
    fn loss_curves(&self) -> &'static [&'static Curve];

    /// The loss of a training batch, and its gradient. `first` has the losses of the first batch of the run. It is
    /// `None` in the first step.
    fn objective(
        &self,
        train: &TrainConfig,
        outputs: &[Vec<f32>],
        targets: &Targets,
        first: Option<&[f32]>,
    ) -> Objective;

    /// How the network is evaluated in each epoch.
    fn evaluations(&self) -> &'static [Evaluation];

    /// What an evaluation measures: values of curves.
    fn measure(
        &self,
        evaluation: &Evaluation,
        train: &TrainConfig,
        outputs: &[Vec<f32>],
        examples: &Measured<'_>,
    ) -> Vec<(&'static Curve, f64)>;

    /// What the network says about each of `n` examples: the probability of each class; or the number in the unit of
    /// the data; or the probability that the first class of a pair is at most the second. `scale` says how the targets
    /// were standardised.
    fn predictions(&self, outputs: &[Vec<f32>], n: usize, scale: Scale) -> Vec<Vec<f64>>;

    /// The name of a prediction that is no list of classes, in data files; `class` with a list of classes.
    fn prediction(&self) -> &'static str;

    /// How often an example of each class (row) was taken for each class (column). `None` if the targets are no
    /// classes.
    fn confusion(&self, outputs: &[Vec<f32>], targets: &Targets) -> Option<Vec<Vec<u64>>>;
}

/// What the targets of examples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// Two classes of a pair of images. The network has two branches and a head.
    Pairs,
    /// The class of an example.
    Classes,
    /// The number of an example.
    Numbers,
}

/// What outputs are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'m> {
    /// The targets in the unit of the data.
    pub targets: &'m Targets,
    /// How targets that are numbers were standardised for the training.
    pub scale: Scale,
}

/// The objective of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The losses, for their curves.
    pub losses: Vec<f32>,
    /// The number whose gradient the step follows.
    pub value: f32,
    /// Its gradient with respect to each output of the network. Empty for an output that it does not depend on.
    pub gradients: Vec<Vec<f32>>,
}

/// One evaluation of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether it comes before the first step of the epoch. It comes after the last step otherwise.
    pub is_before: bool,
    /// The part that goes through the network.
    pub part: PartName,
    /// How batch-norm and dropout work.
    pub mode: EvaluationMode,
    /// Whether it needs all outputs of the network. It gets only the last one otherwise, and the others are empty:
    /// a device copies what is read.
    pub needs_all: bool,
}

/// The validation and the test part after the last step of each epoch, as the network is used later.
pub(super) static AFTER_EACH_EPOCH: [Evaluation; 2] =
    [after_epoch(PartName::Validation), after_epoch(PartName::Test)];

const fn after_epoch(part: PartName) -> Evaluation {
    Evaluation { is_before: false, part, mode: EvaluationMode::Inference, needs_all: true }
}

/// How batch-norm and dropout work in an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationMode {
    /// With running statistics and without dropout.
    Inference,
    /// With the statistics of the whole part as one batch.
    Training {
        /// Whether dropout is on.
        dropout: bool,
    },
}
