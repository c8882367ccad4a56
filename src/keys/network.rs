//! The table `[model]`, and layers.

use super::section::{BELOW_1, Key, Section, Tag, Takes, from_to};

/// Largest size of a kernel, window, stride or layer.
const MOST: i64 = 1 << 16;

const SIZE: Takes = Takes::Integer(1, MOST);

/// The smallest epsilon is smaller than any useful value, and an f32 does not round it to zero.
const EPSILON: Takes = from_to(1e-12, 1.0);

static ITEM: Takes = Takes::Either(
    &[Takes::Word("layer", NAMES), Takes::Table(&LAYER)],
    "the name of a layer, or a table with `layer`",
);

/// The network of pairs.
pub(super) static PAIR_NETWORK: Section = Section {
    path: "model",
    about: "The network of pairs. Each image goes through a branch. The head turns the outputs of both branches into the \
            probability that the target is 1.",
    example: r#"[model]
weight_sharing = true
branch = ["flatten", { layer = "linear", outputs = 10 }]
head = [{ layer = "linear", outputs = 1 }, "sigmoid"]"#,
    tag: Tag::None,
    keys: &[&[
        Key::required(
            "weight_sharing",
            Takes::Boolean,
            "whether both digits go through the same branch",
        ),
        Key::required("branch", Takes::List(&ITEM), "must end in one output for each class"),
        Key::required("head", Takes::List(&ITEM), "must end in one output and `\"sigmoid\"`"),
    ]],
};

/// The network of single examples.
pub(super) static LAYERS: Section = Section {
    path: "model",
    about: "The network.",
    example: r#"[model]
layers = ["flatten", { layer = "linear", outputs = 32 }, "relu", { layer = "linear", outputs = "classes" }]"#,
    tag: Tag::None,
    keys: &[&[Key::required(
        "layers",
        Takes::List(&ITEM),
        "ends in one number for each class, in one number for two classes, or in one number for a regression",
    )]],
};

/// Names of all layers.
const NAMES: &[&str] = &[
    "conv2d",
    "max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "flatten",
    "linear",
    "batch_norm",
    "layer_norm",
    "residual",
    "dropout",
    "relu",
    "gelu",
    "silu",
    "sigmoid",
    "tanh",
    "leaky_relu",
];

const CONV: &[&str] = &["conv2d"];
const POOL: &[&str] = &["max_pool2d", "avg_pool2d"];

/// A layer.
pub static LAYER: Section = Section {
    path: "model.layers",
    about: "A layer. One without other keys can be written as its name.",
    example: r#"[model]
layers = [
  { layer = "conv2d", channels = 8, kernel = 3, padding = 1 },
  "relu",
  { layer = "max_pool2d", size = 2 },
]"#,
    tag: Tag::Word("layer", ""),
    keys: &[&[
        Key::required("layer", Takes::Word("layer", NAMES), "the name of the layer"),
        Key::required("channels", SIZE, "number of channels that the convolution puts out")
            .of(CONV),
        Key::required("kernel", SIZE, "side of the kernel").of(CONV),
        Key::default("stride", SIZE, "1", "distance of two windows").of(CONV),
        Key::default("padding", Takes::Integer(0, MOST), "0", "zeros at each side of the image")
            .of(CONV),
        Key::required("size", SIZE, "side of the windows").of(POOL),
        Key::default("stride", SIZE, "`size`", "distance of two windows").of(POOL),
        Key::required(
            "outputs",
            Takes::Either(
                &[SIZE, Takes::Word("size", &["classes"])],
                "an integer from 1 to 65536, or \"classes\"",
            ),
            "number of outputs; `\"classes\"` is the number of classes of the data",
        )
        .of(&["linear"]),
        Key::default("epsilon", EPSILON, "1e-5", "added to the variance")
            .of(&["batch_norm", "layer_norm"]),
        Key::default(
            "momentum",
            from_to(0.0, 1.0),
            "0.1",
            "weight of a batch in the running mean and variance",
        )
        .of(&["batch_norm"]),
        Key::required(
            "body",
            Takes::List(&ITEM),
            "layers whose outputs are added to those of the shortcut",
        )
        .of(&["residual"]),
        Key::default(
            "shortcut",
            Takes::List(&ITEM),
            "`[]`",
            "layers; without any, the input itself",
        )
        .of(&["residual"]),
        Key::required("probability", BELOW_1, "share of the values that are zeroed in training")
            .of(&["dropout"]),
        Key::default("slope", from_to(0.0, 1.0), "0.01", "factor of negative values")
            .of(&["leaky_relu"]),
    ]],
};
