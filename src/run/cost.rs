//! How much arithmetic a run is.

use super::{Layer, NetworkConfig, Shape, infer};

/// How fast one worker computed runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Speed {
    runs: usize,
    seconds: f64,
    examples: f64,
    has_program: bool,
}

impl Speed {
    /// Counts one more run: of this configuration, as far as it came, in this time.
    pub fn add(&mut self, config: &NetworkConfig, extent: Extent, seconds: f64) {
        self.runs += 1;
        self.seconds += seconds;
        self.examples += trained_examples(config, extent) as f64;
    }

    /// Counts one more run of a program, in this time.
    pub fn add_program(&mut self, seconds: f64) {
        self.runs += 1;
        self.seconds += seconds;
        self.has_program = true;
    }

    /// Mean seconds of a run. Returns `None` without runs.
    #[must_use]
    pub fn seconds_a_run(&self) -> Option<f64> {
        (self.runs > 0).then(|| self.seconds / self.runs as f64)
    }

    /// Examples trained on per second. `None` if a program took part of the time.
    #[must_use]
    pub fn examples_a_second(&self) -> Option<f64> {
        (self.seconds > 0.0 && !self.has_program).then(|| self.examples / self.seconds)
    }
}

/// How far a run came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Whole epochs, of all folds together.
    pub epochs: usize,
    /// Steps of the epoch in which it diverged, with the step that diverged.
    pub steps: usize,
}

impl Extent {
    /// That of a run with all epochs of its configuration.
    #[must_use]
    pub fn whole(config: &NetworkConfig) -> Self {
        Self { epochs: config.data.folds() * config.train.epochs, steps: 0 }
    }
}

/// Examples that a run has trained on, each as often as it was.
#[must_use]
pub fn trained_examples(config: &NetworkConfig, extent: Extent) -> usize {
    let [in_epoch, ..] = config.data.sizes();
    extent.epochs * in_epoch + in_epoch.min(extent.steps * config.train.batch_size)
}

/// Floating-point operations of the convolutions and linear layers of a run, counted for a dense
/// computation without padding. The other layers take few.
///
/// A training example counts the pass forward, the gradients of all parameters, and those of all
/// inputs but the examples themselves. Each test and validation example counts a pass forward at the end of each
/// epoch.
#[must_use]
pub fn operations(config: &NetworkConfig, extent: Extent) -> f64 {
    let [mut forward, mut training] = [0.0; 2];
    for part in config.model.parts(config.data.input()).unwrap_or_default() {
        let of_part = passes(part.layers, part.input, part.is_first);
        forward += part.passes as f64 * of_part[0];
        training += part.passes as f64 * of_part[1];
    }
    let [_, validation, test] = config.data.sizes();
    let tested = extent.epochs * (test + validation);
    trained_examples(config, extent) as f64 * training + tested as f64 * forward
}

/// Operations of one example: forward alone, and forward and backward.
fn passes(layers: &[Layer], input: Shape, are_inputs_given: bool) -> [f64; 2] {
    let Ok(outputs) = infer(layers, input) else { return [0.0; 2] };
    let inputs = std::iter::once(input).chain(outputs.iter().copied());
    let mut is_first = are_inputs_given;
    let [mut forward, mut training] = [0.0; 2];
    for ((layer, input), output) in layers.iter().zip(inputs).zip(&outputs) {
        let [more_forward, more_training] = match layer {
            Layer::Residual { body, shortcut } => {
                let [body, shortcut] = [body, shortcut].map(|list| passes(list, input, is_first));
                [0, 1].map(|pass| body[pass] + shortcut[pass])
            }
            _ => {
                let operations = 2.0 * products(layer, input, *output);
                [operations, if is_first { 2.0 } else { 3.0 } * operations]
            }
        };
        forward += more_forward;
        training += more_training;
        is_first &= more_forward == 0.0;
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
    use super::super::samples;
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
    fn a_run_that_diverges_has_done_only_what_came_before() {
        let mut config = samples::config();
        config.train.epochs = 3;
        // A pair takes 2·20 + 40 operations forward, and 2·40 + 120 with its gradients.
        let of = |extent| (trained_examples(&config, extent), operations(&config, extent));
        assert_eq!(of(Extent::whole(&config)), (75, 75.0 * 200.0 + 12.0 * 80.0));
        let diverged = |steps| of(Extent { epochs: 1, steps });
        assert_eq!(diverged(2), (45, 45.0 * 200.0 + 4.0 * 80.0));
        assert_eq!(diverged(3).0, 50);
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

    #[test]
    fn both_lists_of_a_residual_layer_count() {
        let branch = layers(
            r#"[{"layer": "flatten"}, {"layer": "residual",
                "body": [{"layer": "linear", "outputs": 3}, {"layer": "linear", "outputs": 5}],
                "shortcut": [{"layer": "linear", "outputs": 5}]}, {"layer": "linear", "outputs": 2}]"#,
        );
        let input = Shape::Image { height: 2, width: 2, channels: 1 };
        let [body, second, shortcut, last] = [24.0, 30.0, 40.0, 20.0];
        let forward = body + second + shortcut + last;
        let training = 2.0 * body + 3.0 * second + 2.0 * shortcut + 3.0 * last;
        assert_eq!(passes(&branch, input, true), [forward, training]);
    }
}
