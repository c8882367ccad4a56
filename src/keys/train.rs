//! The table `[train]` and its tables.

use super::data::MOST;
use super::section::{BELOW_1, Key, Section, Tag, Takes, above_0, from_to};

/// The largest rate, norm, weight or error that a key may name.
const LARGEST: f64 = 1e6;

/// The keys of each task.
static SHARED: [Key; 6] = [
    Key::required("epochs", Takes::Integer(1, MOST), "passes over the training examples"),
    Key::required("batch_size", Takes::Integer(1, MOST), "examples per step"),
    Key::required("optimizer", Takes::Table(&OPTIMIZER), "the update rule"),
    Key::default(
        "schedule",
        Takes::Table(&SCHEDULE),
        "a constant rate",
        "how the learning rate changes during training",
    ),
    Key::optional(
        "clip_norm",
        above_0(LARGEST),
        "the largest norm of the gradient of all parameters together. A longer gradient is scaled to it.",
    ),
    Key::optional(
        "early_stopping",
        Takes::Table(&EARLY_STOPPING),
        "when the training ends before its last epoch",
    ),
];

/// The table `[train]` of pairs.
pub(super) static OF_PAIRS: Section = Section {
    path: "train",
    about: "How the network is trained.",
    example: r#"[train]
auxiliary_loss = true
epochs = 25
batch_size = 100
optimizer = { kind = "adam", lr = 0.001 }"#,
    tag: Tag::None,
    keys: &[
        &[
            Key::required(
                "auxiliary_loss",
                Takes::Boolean,
                "whether the loss of the images' classes is added to the main loss",
            ),
            Key::default(
                "shuffle",
                Takes::Boolean,
                "false",
                "whether each epoch takes the examples in an order of its own",
            ),
        ],
        &SHARED,
    ],
};

static SHUFFLE: Key = Key::default(
    "shuffle",
    Takes::Boolean,
    "true",
    "whether each epoch takes the examples in an order of its own",
);

/// The table `[train]` of a classification.
pub(super) static CLASSIFICATION: Section = Section {
    path: "train",
    about: "How the network is trained.",
    example: r#"[train]
loss = { kind = "cross_entropy", label_smoothing = 0.1 }
epochs = 25
batch_size = 100
optimizer = { kind = "adam", lr = 0.001 }"#,
    tag: Tag::None,
    keys: &[
        &[Key::default(
            "loss",
            Takes::Either(
                &[Takes::Word("loss", OF_CLASSES), Takes::Table(&LOSS_OF_CLASSES)],
                "the name of a loss, or a table with `kind`",
            ),
            "`\"cross_entropy\"`",
            "the loss",
        )],
        std::slice::from_ref(&SHUFFLE),
        &SHARED,
    ],
};

/// The table `[train]` of a regression.
pub(super) static REGRESSION: Section = Section {
    path: "train",
    about: "How the network is trained.",
    example: r#"[train]
loss = "huber"
epochs = 100
batch_size = 20
optimizer = { kind = "adam", lr = 0.001 }"#,
    tag: Tag::None,
    keys: &[
        &[Key::default(
            "loss",
            Takes::Either(
                &[Takes::Word("loss", OF_NUMBERS), Takes::Table(&LOSS_OF_NUMBERS)],
                "the name of a loss, or a table with `kind`",
            ),
            "`\"mse\"`",
            "the loss",
        )],
        std::slice::from_ref(&SHUFFLE),
        &SHARED,
    ],
};

const OF_CLASSES: &[&str] = &["cross_entropy", "binary_cross_entropy"];
const OF_NUMBERS: &[&str] = &["mse", "mae", "huber"];

/// The table `[train.loss]` of a classification.
pub(super) static LOSS_OF_CLASSES: Section = Section {
    path: "train.loss",
    about: "The loss of a classification.",
    example: r#"[train.loss]
kind = "cross_entropy"
class_weights = [1.0, 2.0]"#,
    tag: Tag::Word("kind", ""),
    keys: &[&[
        Key::required("kind", Takes::Word("loss", OF_CLASSES), "the loss"),
        Key::default(
            "label_smoothing",
            BELOW_1,
            "0",
            "share of the target that all classes get alike",
        )
        .of(&["cross_entropy"]),
        Key::default(
            "class_weights",
            Takes::List(&WEIGHT),
            "1 each",
            "a number above 0 for each class, in the order of the classes",
        )
        .of(&["cross_entropy"]),
    ]],
};

static WEIGHT: Takes = above_0(LARGEST);

/// The table `[train.loss]` of a regression.
pub(super) static LOSS_OF_NUMBERS: Section = Section {
    path: "train.loss",
    about: "The loss of a regression.",
    example: r#"[train.loss]
kind = "huber"
delta = 2.0"#,
    tag: Tag::Word("kind", ""),
    keys: &[&[
        Key::required("kind", Takes::Word("loss", OF_NUMBERS), "the loss"),
        Key::default(
            "delta",
            above_0(LARGEST),
            "1",
            "error at which the squared part ends and the linear part begins",
        )
        .of(&["huber"]),
    ]],
};

const ADAMS: &[&str] = &["adam", "adamw"];
const EPSILON: Takes = from_to(1e-12, 1.0);
const DECAY: Takes = from_to(0.0, LARGEST);

/// The table `[train.optimizer]`.
pub(super) static OPTIMIZER: Section = Section {
    path: "train.optimizer",
    about: "The update rule. Formulas and defaults are those of PyTorch.",
    example: r#"[train.optimizer]
kind = "adam"
lr = 0.001
weight_decay = 0.0001"#,
    tag: Tag::Word("kind", ""),
    keys: &[&[
        Key::required(
            "kind",
            Takes::Word("optimiser", &["adam", "adamw", "rmsprop", "sgd"]),
            "the update rule",
        ),
        Key::required("lr", from_to(0.0, LARGEST), "learning rate"),
        Key::default("beta1", BELOW_1, "0.9", "decay of the mean of the gradients").of(ADAMS),
        Key::default(
            "beta2",
            BELOW_1,
            "0.999",
            "decay of the mean of the squares of the gradients",
        )
        .of(ADAMS),
        Key::default("alpha", BELOW_1, "0.99", "decay of the mean of the squares").of(&["rmsprop"]),
        Key::default("epsilon", EPSILON, "1e-8", "added to the root of the mean square")
            .of(&["adam", "adamw", "rmsprop"]),
        Key::default("momentum", BELOW_1, "0", "share of the last step that is added to the next")
            .of(&["sgd", "rmsprop"]),
        Key::default(
            "nesterov",
            Takes::Boolean,
            "false",
            "whether the momentum is that of Nesterov",
        )
        .of(&["sgd"]),
        Key::default("weight_decay", DECAY, "0", "factor of L2 regularisation")
            .of(&["adam", "rmsprop", "sgd"]),
        Key::default("weight_decay", DECAY, "0.01", "factor of the decoupled weight decay")
            .of(&["adamw"]),
    ]],
};

/// A factor that makes a rate smaller.
const FACTOR: Takes = above_0(1.0);

/// A ratio of two rates.
const RATIO: Takes = from_to(1.0, 1e12);

/// The table `[train.schedule]`.
pub static SCHEDULE: Section = Section {
    path: "train.schedule",
    about: "How the learning rate changes during training.",
    example: r#"[train.schedule]
kind = "cosine"
final_factor = 0.1
warmup_epochs = 2"#,
    tag: Tag::Word("kind", ""),
    keys: &[&[
        Key::required(
            "kind",
            Takes::Word("schedule", &["constant", "step", "exponential", "cosine", "one_cycle"]),
            "how the rate changes",
        ),
        Key::default(
            "warmup_epochs",
            Takes::Integer(0, MOST),
            "0",
            "epochs in which the rate rises to the first rate of the schedule; less than `epochs`",
        ),
        Key::required("step_size", Takes::Integer(1, MOST), "epochs with the same rate")
            .of(&["step"]),
        Key::default("gamma", FACTOR, "0.1", "factor of the rate").of(&["step"]),
        Key::required("gamma", FACTOR, "factor of the rate").of(&["exponential"]),
        Key::default(
            "final_factor",
            from_to(0.0, 1.0),
            "0",
            "the last rate as a share of the first",
        )
        .of(&["cosine"]),
        Key::default(
            "pct_start",
            from_to(0.0, 1.0),
            "0.3",
            "share of the steps in which the rate rises",
        )
        .of(&["one_cycle"]),
        Key::default("div_factor", RATIO, "25", "the largest rate divided by the first")
            .of(&["one_cycle"]),
        Key::default("final_div_factor", RATIO, "10,000", "the first rate divided by the last")
            .of(&["one_cycle"]),
    ]],
};

/// The table `[train.early_stopping]`.
pub(super) static EARLY_STOPPING: Section = Section {
    path: "train.early_stopping",
    about: "When the training ends before its last epoch.",
    example: r#"[train.early_stopping]
monitor = "validation_loss"
patience = 5
restore_best = true"#,
    tag: Tag::None,
    keys: &[&[
        Key::required(
            "monitor",
            Takes::Name("a curve"),
            "a curve of the validation part, such as `\"validation_loss\"`",
        ),
        Key::required(
            "patience",
            Takes::Integer(1, MOST),
            "the training ends after this many epochs in a row without improvement",
        ),
        Key::default("min_delta", from_to(0.0, LARGEST), "0", "a smaller change is no improvement"),
        Key::default(
            "restore_best",
            Takes::Boolean,
            "false",
            "whether the network ends with the parameters of the best epoch, also if the training reaches its last epoch",
        ),
    ]],
};
