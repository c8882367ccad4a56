//! The parts of a run: its pairs, or its examples for each fold.

use super::error::DrawError;
use super::examples::{Examples, PartName, Rows, Scale, Split, Targets};
use super::pairs;
use super::prepare::{pooled, scale, scales, standardize};
use super::split::{self, Parts};
use crate::run::{DataConfig, ExampleData};

/// Draws what a run trains and is tested on: one split, or one for each fold.
///
/// # Errors
/// Returns an error if the data cannot be split as `config` says.
pub fn draw(config: &DataConfig, examples: &Examples) -> Result<Vec<Split>, DrawError> {
    match config {
        DataConfig::Pairs(config) => Ok(vec![pairs::draw(config, examples)?]),
        DataConfig::Examples(config) => {
            let splits = split::split(&config.split, examples)?;
            splits.iter().map(|parts| prepared(config, examples, parts)).collect()
        }
    }
}

/// The values and targets of the parts of one split. What is fitted is fitted on the training part.
fn prepared(config: &ExampleData, examples: &Examples, parts: &Parts) -> Result<Split, DrawError> {
    let [mut train, mut validation, mut test] = parts.each_ref().map(|indices| Rows {
        n: indices.len(),
        inputs: vec![pooled(&examples.values, examples.shape, indices, config.pooling)],
        targets: examples.targets.of(indices),
    });
    let shape = crate::run::pooled(config.input, config.pooling);
    let mut input_scales = vec![Scale::NONE; shape.channels()];
    if config.standardize {
        input_scales = scales(examples, &train.inputs[0], shape)?;
        for part in [&mut train, &mut validation, &mut test] {
            standardize(&mut part.inputs[0], &input_scales);
        }
    }
    let target_scale = match &train.targets {
        Targets::Numbers(numbers) if config.standardize_target => scale(numbers.iter().copied())
            .ok_or_else(|| {
                let why = "because it has one value in all training examples";
                DrawError::Constant(format!("cannot standardise the target {why}"))
            })?,
        _ => Scale::NONE,
    };
    for (part, name) in [&train, &test].into_iter().zip([PartName::Train, PartName::Test]) {
        if part.n == 0 {
            return Err(DrawError::Empty { part: name.name() });
        }
    }
    Ok(Split { train, validation, test, input_scales, target_scale })
}
