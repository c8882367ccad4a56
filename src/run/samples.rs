//! A small configuration for unit tests.

use super::{
    DataConfig, DeviceKind, Layer, ModelConfig, NumberType, Optimizer, PartVersions, RunConfig,
    TrainConfig,
};
use crate::digest::Digest;

/// A linear layer on images of one pixel.
pub(crate) fn config() -> RunConfig {
    RunConfig {
        data: DataConfig {
            dataset: Digest::of_bytes(b"digits"),
            seed: 0,
            train_pairs: 25,
            test_pairs: 4,
            validation_pairs: 0,
            pooling: 28,
        },
        model: ModelConfig {
            branch: [Layer::Flatten, Layer::Linear { outputs: 10 }].into(),
            head: [Layer::Linear { outputs: 1 }].into(),
            weight_sharing: true,
        },
        train: TrainConfig {
            auxiliary_loss: true,
            epochs: 2,
            batch_size: 10,
            optimizer: Optimizer::Sgd {
                lr: 0.1,
                momentum: 0.0,
                nesterov: false,
                weight_decay: 0.0,
            },
        },
        seed: 7,
        device: DeviceKind::Cpu,
        number_type: NumberType::F32,
        versions: PartVersions::CURRENT,
    }
}
