//! How much arithmetic a run is.

use super::{CLASSES, Layer, RunConfig, Shape, infer};

/// Floating-point operations of a run: of its convolutions and linear layers, the rest being small,
/// as a dense computation needs them that leaves out only the padding. A kernel that gets by with
/// fewer shows as a higher speed.
///
/// A training example counts the pass forward, the gradients of all parameters, and those of all
/// inputs but the images; each test example, once an epoch and once at the end, a pass forward.
#[must_use]
pub fn operations(config: &RunConfig) -> f64 {
    let branch = passes(&config.model.branch, config.data.image(), true);
    let head = passes(&config.model.head, Shape::Vector(2 * CLASSES), false);
    let [forward, training] = [0, 1].map(|pass| 2.0 * branch[pass] + head[pass]);
    let epochs = config.train.epochs as f64;
    epochs * config.data.train_pairs as f64 * training
        + (epochs + 1.0) * config.data.test_pairs as f64 * forward
}

/// Operations of one example: forward alone, and forward and backward.
fn passes(layers: &[Layer], input: Shape, are_inputs_given: bool) -> [f64; 2] {
    let Ok(outputs) = infer(layers, input) else { return [0.0; 2] };
    let inputs = std::iter::once(input).chain(outputs.iter().copied());
    let mut is_first = are_inputs_given;
    let [mut forward, mut training] = [0.0; 2];
    for ((layer, input), output) in layers.iter().zip(inputs).zip(&outputs) {
        let operations = 2.0 * products(layer, input, *output);
        if operations > 0.0 {
            forward += operations;
            training += if is_first { 2.0 } else { 3.0 } * operations;
            is_first = false;
        }
    }
    [forward, training]
}

fn products(layer: &Layer, input: Shape, output: Shape) -> f64 {
    match (layer, input, output) {
        (
            Layer::Conv2d { kernel, stride, padding, .. },
            Shape::Image { height, width, channels },
            Shape::Image { height: rows, width: columns, channels: outputs },
        ) => {
            // Pairs of an output and a kernel position that meet the input, along one axis.
            let met = |outputs: usize, length: usize| {
                let inside = |at: &usize| (*padding..padding + length).contains(at);
                let at = (0..outputs).flat_map(|o| (0..*kernel).map(move |k| o * stride + k));
                at.filter(inside).count() as f64
            };
            met(rows, height) * met(columns, width) * (channels * outputs) as f64
        }
        (Layer::Linear { outputs }, input, _) => (input.len() * outputs) as f64,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(json: &str) -> Vec<Layer> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_full_convolution_multiplies_each_input_by_each_kernel_value_once() {
        let branch = layers(
            r#"[{"layer": "conv2d", "channels": 32, "kernel": 5, "stride": 1, "padding": 4}]"#,
        );
        let input = Shape::Image { height: 7, width: 7, channels: 35 };
        let [forward, training] = passes(&branch, input, false);
        assert_eq!(forward, 2.0 * 49.0 * 25.0 * 35.0 * 32.0);
        assert_eq!(training, 3.0 * forward);
    }

    #[test]
    fn the_first_layer_that_is_trained_needs_no_gradient_of_its_input() {
        let branch = layers(
            r#"[{"layer": "flatten"}, {"layer": "linear", "outputs": 3}, {"layer": "relu"},
                {"layer": "linear", "outputs": 5}]"#,
        );
        let input = Shape::Image { height: 2, width: 2, channels: 1 };
        assert_eq!(passes(&branch, input, true), [24.0 + 30.0, 48.0 + 90.0]);
        assert_eq!(passes(&branch, input, false), [24.0 + 30.0, 72.0 + 90.0]);
    }
}
