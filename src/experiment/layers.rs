//! Layer lists: `"relu"`, or `{ layer = "conv2d", channels = 35, kernel = 3, padding = 1 }`.

use std::collections::BTreeMap;

use crate::document::{Node, Reader, Value, Violations};
use crate::keys;
use crate::run::{Layer, default_epsilon, default_momentum, default_slope};

/// The layer list at `key`. Reports a violation for each wrong layer.
pub(super) fn read(reader: &Reader<'_>, key: &'static str) -> Option<Vec<Layer>> {
    let Value::Array(layers) = &reader.node(key)?.value else { return None };
    if layers.is_empty() {
        reader.refuse(key, "lists no layer");
        return None;
    }
    read_items(reader, key)
}

/// The layers of the list at `key`. There are none if it is absent.
fn read_items(reader: &Reader<'_>, key: &'static str) -> Option<Vec<Layer>> {
    let items = reader.items(key);
    // All layers are read before a wrong layer ends the function, so all violations are found.
    let layers: Vec<_> =
        items.iter().map(|(path, node)| read_layer(node, path, reader.violations())).collect();
    layers.into_iter().collect()
}

fn read_layer(node: &Node, path: &str, violations: &Violations) -> Option<Layer> {
    // A name is short for a table without other keys.
    let table = match &node.value {
        Value::String(name) if keys::LAYER.kinds().contains(&name.as_str()) => {
            Value::Table(BTreeMap::from([("layer".to_owned(), node.clone())]))
        }
        Value::Table(_) => node.value.clone(),
        // The reader of the list has refused it.
        _ => return None,
    };
    let node = Node { value: table, ..node.clone() };
    let reader = Reader::new(&node, path, &keys::LAYER, violations)?;
    read_named(reader.kind()?, &reader)
}

/// The layer of a known name. All keys are read before a missing key ends the function.
fn read_named(name: &str, reader: &Reader<'_>) -> Option<Layer> {
    match name {
        "conv2d" => {
            let channels = reader.required("channels");
            let kernel = reader.required("kernel");
            let stride = reader.optional("stride").unwrap_or(1);
            let padding = reader.optional("padding").unwrap_or(0);
            Some(Layer::Conv2d { channels: channels?, kernel: kernel?, stride, padding })
        }
        "max_pool2d" | "avg_pool2d" => {
            let size = reader.required("size")?;
            let stride = reader.optional("stride").unwrap_or(size);
            Some(match name {
                "max_pool2d" => Layer::MaxPool2d { size, stride },
                _ => Layer::AvgPool2d { size, stride },
            })
        }
        "global_avg_pool2d" => Some(Layer::GlobalAvgPool2d),
        "linear" => Some(Layer::Linear { outputs: reader.required("outputs")? }),
        "batch_norm" => {
            let epsilon = reader.optional("epsilon");
            let momentum = reader.optional("momentum");
            Some(Layer::BatchNorm {
                epsilon: epsilon.unwrap_or_else(default_epsilon),
                momentum: momentum.unwrap_or_else(default_momentum),
            })
        }
        "layer_norm" => {
            let epsilon = reader.optional("epsilon");
            Some(Layer::LayerNorm { epsilon: epsilon.unwrap_or_else(default_epsilon) })
        }
        "dropout" => Some(Layer::Dropout { probability: reader.required("probability")? }),
        "residual" => {
            let (body, shortcut) = (read(reader, "body"), read_items(reader, "shortcut"));
            Some(Layer::Residual { body: body?, shortcut: shortcut? })
        }
        "flatten" => Some(Layer::Flatten),
        "relu" => Some(Layer::Relu),
        "leaky_relu" => {
            // `-0.0` would be another configuration with the same results.
            let slope = reader.optional("slope").unwrap_or_else(default_slope);
            Some(Layer::LeakyRelu { slope: slope + 0.0 })
        }
        "gelu" => Some(Layer::Gelu),
        "silu" => Some(Layer::Silu),
        "sigmoid" => Some(Layer::Sigmoid),
        "tanh" => Some(Layer::Tanh),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::{Experiment, samples};

    /// An experiment whose branch starts with these layers, or its violations.
    fn read_branch(layers: &str, factors: &str) -> Result<Experiment, Vec<String>> {
        let text = format!(
            "[data]\npooling = 4\n[model]\nbranch = [{layers}, \"flatten\", \
             {{ layer = \"linear\", outputs = 10 }}]\n{factors}"
        );
        let read = samples::read("layers", &text);
        read.map_err(|violations| violations.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_key_of_the_layers_is_read_and_has_its_default() {
        for (layer, json) in [
            (r#""leaky_relu""#, r#"{"layer":"leaky_relu"}"#),
            (r#"{ layer = "leaky_relu", slope = 0.2 }"#, r#"{"layer":"leaky_relu","slope":0.2}"#),
            (r#""gelu", "silu""#, r#"{"layer":"gelu"},{"layer":"silu"}"#),
            (
                r#"{ layer = "avg_pool2d", size = 2 }"#,
                r#"{"layer":"avg_pool2d","size":2,"stride":2}"#,
            ),
            (
                r#"{ layer = "avg_pool2d", size = 2, stride = 1 }"#,
                r#"{"layer":"avg_pool2d","size":2,"stride":1}"#,
            ),
            (r#""global_avg_pool2d""#, r#"{"layer":"global_avg_pool2d"}"#),
            (r#""layer_norm""#, r#"{"layer":"layer_norm"}"#),
            (
                r#"{ layer = "layer_norm", epsilon = 0.1 }"#,
                r#"{"layer":"layer_norm","epsilon":0.1}"#,
            ),
            (
                r#"{ layer = "residual", body = ["relu", { layer = "residual", body = ["tanh"], shortcut = [] }] }"#,
                r#"{"layer":"residual","body":[{"layer":"relu"},{"layer":"residual","body":[{"layer":"tanh"}]}]}"#,
            ),
            (
                r#"{ layer = "residual", body = ["relu"], shortcut = ["gelu"] }"#,
                r#"{"layer":"residual","body":[{"layer":"relu"}],"shortcut":[{"layer":"gelu"}]}"#,
            ),
        ] {
            let experiment = read_branch(layer, "").unwrap();
            let branch = serde_json::to_string(
                &experiment.conditions[0].design.network().unwrap().model.pair().unwrap().branch,
            );
            let rest = r#",{"layer":"flatten"},{"layer":"linear","outputs":10}]"#;
            assert_eq!(branch.unwrap(), format!("[{json}{rest}"));
        }
    }

    #[test]
    fn a_mistake_within_a_residual_layer_is_named_by_its_path() {
        for (layer, message) in [
            (
                r#"{ layer = "residual", body = ["relu", "rellu"] }"#,
                "`model.branch.0.body` has an item 1 that names an unknown layer, `rellu`; did you mean `relu`?",
            ),
            (
                r#"{ layer = "residual", body = ["relu"], shortcut = [{ layer = "conv2d", kernel = 1 }] }"#,
                "`model.branch.0.shortcut.0.channels` is missing",
            ),
            (r#"{ layer = "residual", body = [] }"#, "`model.branch.0.body` lists no layer"),
            (r#""residual""#, "`model.branch.0.body` is missing; it takes a list"),
            (
                r#"{ layer = "residual", body = ["relu"], shortcut = "relu" }"#,
                "`model.branch.0.shortcut` must be a list, but is a string",
            ),
            (
                r#"{ layer = "residual", body = [{ layer = "conv2d", channels = 2, kernel = 3 }] }"#,
                "`model.branch.0` (residual: conv 3×3, 2) adds 5×5×2 of its `body` to 7×7×1 of its `shortcut`",
            ),
            (
                r#"{ layer = "residual", body = ["relu", { layer = "linear", outputs = 3 }] }"#,
                "cannot have `body.1`: (linear 3) needs a vector, but an image of 7×7×1 comes in",
            ),
            (r#"{ layer = "leaky_relu", slope = -1 }"#, "slope` must be from 0 to 1"),
        ] {
            let violations = read_branch(layer, "").unwrap_err();
            assert_eq!(violations.len(), 1, "{violations:?}");
            assert!(violations[0].contains(message), "{violations:?}");
        }
    }

    #[test]
    fn a_factor_reaches_into_residual_layers() {
        let layer = r#"{ layer = "residual", body = ["relu",
            { layer = "residual", body = [{ layer = "conv2d", channels = 1, kernel = 1 }] }] }"#
            .replace('\n', " ");
        let factors = "[factors]\n\"model.branch.0.body.1.body.0.padding\" = [0, 1]\n\
                       \"model.branch.0.body.1.body.0.kernel\" = [1, 3]";
        // Padding and kernel fit each other in two of four conditions.
        let violations = read_branch(&layer, factors).unwrap_err();
        assert_eq!(violations.len(), 2, "{violations:?}");
        let factors = "[factors]\n\"model.branch.0.body.0\" = [\"relu\", \"gelu\"]";
        let experiment = read_branch(&layer, factors).unwrap();
        assert_eq!(experiment.factors[0].name, "branch.0.body.0");
        let lines: Vec<_> = experiment
            .conditions
            .iter()
            .map(|condition| {
                condition.design.network().unwrap().model.pair().unwrap().branch[0].to_string()
            })
            .collect();
        let expected = ["ReLU", "GELU"]
            .map(|activation| format!("residual: {activation}; [residual: conv 1×1, 1]"));
        assert_eq!(lines, expected);
    }
}
