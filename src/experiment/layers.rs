//! Layer lists: `"relu"`, or `{ layer = "conv2d", channels = 35, kernel = 3, padding = 1 }`.

use std::collections::BTreeMap;

use crate::document::{Node, Reader, Value, Violations, suggestion};
use crate::run::{Layer, default_epsilon, default_momentum, default_slope};

/// Names of all layers.
const NAMES: [&str; 14] = [
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "dropout",
    "flatten",
    "gelu",
    "global_avg_pool2d",
    "leaky_relu",
    "linear",
    "max_pool2d",
    "relu",
    "sigmoid",
    "silu",
    "tanh",
];

/// The smallest epsilon. It is smaller than any useful value, and an f32 does not round it to zero.
const LEAST_EPSILON: f64 = 1e-12;

/// Largest size of a kernel, window, stride or layer.
const MOST: usize = 1 << 16;

/// The layer list at `key`. Reports a violation for each wrong layer.
pub(super) fn read(reader: &Reader<'_>, key: &'static str) -> Option<Vec<Layer>> {
    match reader.node(key).map(|node| &node.value) {
        None => {
            reader.refuse(key, "is missing; it takes a list of layers");
            return None;
        }
        Some(Value::Array(layers)) if layers.is_empty() => {
            reader.refuse(key, "lists no layer");
            return None;
        }
        Some(_) => {}
    }
    let items = reader.items(key);
    if items.is_empty() {
        return None;
    }
    // All layers are read before a wrong layer ends the function, so all violations are found.
    let layers: Vec<_> =
        items.iter().map(|(path, node)| read_layer(node, path, reader.violations())).collect();
    layers.into_iter().collect()
}

fn read_layer(node: &Node, path: &str, violations: &Violations) -> Option<Layer> {
    // A name is short for a table without other keys.
    let table = match &node.value {
        Value::String(_) => Value::Table(BTreeMap::from([("layer".to_owned(), node.clone())])),
        other => other.clone(),
    };
    let node = Node { value: table, location: node.location.clone() };
    let reader = Reader::new(&node, path, violations)?;
    let name = reader.required::<String>("layer")?;
    if !NAMES.contains(&name.as_str()) {
        let hint = suggestion(&name, &NAMES);
        reader.refuse("layer", format!("names an unknown layer, `{name}`; {hint}"));
        return None;
    }
    let layer = read_named(&name, &reader);
    reader.finish();
    layer
}

/// The layer of a known name. All keys are read before a missing key ends the function.
fn read_named(name: &str, reader: &Reader<'_>) -> Option<Layer> {
    match name {
        "conv2d" => {
            let channels = reader.required_in("channels", 1..=MOST);
            let kernel = reader.required_in("kernel", 1..=MOST);
            let stride = reader.optional_in("stride", 1..=MOST).unwrap_or(1);
            let padding = reader.optional_in("padding", 0..=MOST).unwrap_or(0);
            Some(Layer::Conv2d { channels: channels?, kernel: kernel?, stride, padding })
        }
        "max_pool2d" | "avg_pool2d" => {
            let size = reader.required_in("size", 1..=MOST)?;
            let stride = reader.optional_in("stride", 1..=MOST).unwrap_or(size);
            Some(match name {
                "max_pool2d" => Layer::MaxPool2d { size, stride },
                _ => Layer::AvgPool2d { size, stride },
            })
        }
        "global_avg_pool2d" => Some(Layer::GlobalAvgPool2d),
        "linear" => Some(Layer::Linear { outputs: reader.required_in("outputs", 1..=MOST)? }),
        "batch_norm" => {
            let epsilon = reader.optional_in("epsilon", LEAST_EPSILON..=1.0);
            let momentum = reader.optional_in("momentum", 0.0..=1.0);
            Some(Layer::BatchNorm {
                epsilon: epsilon.unwrap_or_else(default_epsilon),
                momentum: momentum.unwrap_or_else(default_momentum),
            })
        }
        "dropout" => {
            Some(Layer::Dropout { probability: reader.required_in("probability", 0.0..1.0)? })
        }
        "flatten" => Some(Layer::Flatten),
        "relu" => Some(Layer::Relu),
        "leaky_relu" => {
            // `-0.0` would be another configuration with the same results.
            let slope = reader.optional_in("slope", 0.0..=1.0).unwrap_or_else(default_slope);
            Some(Layer::LeakyRelu { slope: slope + 0.0 })
        }
        "gelu" => Some(Layer::Gelu),
        "silu" => Some(Layer::Silu),
        "sigmoid" => Some(Layer::Sigmoid),
        "tanh" => Some(Layer::Tanh),
        _ => None,
    }
}
