//! Small configurations for unit tests.

use super::{
    DataConfig, DeviceKind, Layer, ModelConfig, NetworkConfig, NumberType, Optimizer, PairData,
    PairModel, PartVersions, Schedule, TaskKind, TrainConfig, mnist_classes, mnist_image,
};
use crate::digest::Digest;

/// A linear layer on images of one pixel.
pub(crate) fn config() -> NetworkConfig {
    NetworkConfig {
        task: TaskKind::Pairs,
        data: DataConfig::Pairs(pairs()),
        model: ModelConfig::Pair(PairModel {
            branch: [Layer::Flatten, Layer::Linear { outputs: 10 }].into(),
            head: [Layer::Linear { outputs: 1 }].into(),
            weight_sharing: true,
        }),
        train: TrainConfig {
            auxiliary_loss: Some(true),
            loss: None,
            epochs: 2,
            batch_size: 10,
            shuffle: false,
            optimizer: sgd(0.1, 0.0),
            schedule: Schedule::default(),
            clip_norm: None,
            early_stopping: None,
        },
        seed: 7,
        device: DeviceKind::Cpu,
        number_type: NumberType::F32,
        versions: PartVersions::CURRENT,
    }
}

/// Pairs of images of one pixel.
pub(crate) fn pairs() -> PairData {
    PairData {
        dataset: Digest::of_bytes(b"digits"),
        seed: 0,
        train_pairs: 25,
        test_pairs: 4,
        validation_pairs: 0,
        pooling: 28,
        image: mnist_image(),
        classes: mnist_classes(),
    }
}

/// Stochastic gradient descent without weight decay.
pub(crate) fn sgd(lr: f64, momentum: f64) -> Optimizer {
    Optimizer::Sgd { lr, momentum, nesterov: false, weight_decay: 0.0 }
}
