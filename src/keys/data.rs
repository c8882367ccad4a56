//! The tables `[data]` and `[data.split]`.

use super::section::{Key, PATH, Section, Tag, Takes, at_least};
use std::ops::Bound;

/// The largest number of pairs, steps or values. It is larger than any real size, and small enough for the memory.
pub(super) const MOST: i64 = 1 << 20;

const SEED: Takes = Takes::Either(
    &[at_least(0), Takes::Word("seed", &["run"])],
    "an integer that is not negative, or \"run\" to draw with the seed of each run",
);

/// The table `[data]` of pairs of images.
pub(super) static PAIRS: Section = Section {
    path: "data",
    about: "Pairs of images, by default of digits.",
    example: "[data]
seed = 0
train_pairs = 1000
validation_pairs = 200
test_pairs = 1000
pooling = 2",
    tag: Tag::None,
    keys: &[&[
        Key::required(
            "seed",
            SEED,
            "seeds the draw of the pairs. `\"run\"` uses the seed of the run, so each run has its own draw.",
        ),
        Key::required("train_pairs", Takes::Integer(2, MOST), "pairs to train on"),
        Key::required("test_pairs", Takes::Integer(2, MOST), "pairs to test on"),
        Key::default(
            "validation_pairs",
            Takes::Integer(0, MOST),
            "0",
            "pairs held out of training, used to choose the epoch",
        ),
        Key::required(
            "pooling",
            at_least(1),
            "side of the window of average pooling: 2 makes 28×28 into 14×14. It divides the sides of an image.",
        ),
        Key::default(
            "directory",
            PATH,
            "the digits in the binary",
            "folder with the four MNIST files, or with other images in files of these names, relative to the project; \
             `~` is the home directory",
        ),
    ]],
};

static NAME: Takes = Takes::Name("a column");
const NAMES: Takes =
    Takes::Either(&[Takes::Name("a column"), Takes::List(&NAME)], "a list of names");

/// The table `[data]` of rows of a table, or of single images.
pub(super) static EXAMPLES: Section = Section {
    path: "data",
    about: "Examples with targets: rows of a table, vectors or images.",
    example: r#"[data]
file = "experiments/data/homes.csv"
target = "price"
features = ["*", "!label"]
standardize = true
split = { kind = "random", test = 0.2, seed = 0 }"#,
    tag: Tag::None,
    keys: &[&[
        Key::depends(
            "file",
            PATH,
            "required without `dataset` and `directory`",
            "a table, a NumPy file or an IDX file, relative to the project; gzip is allowed",
        ),
        Key::optional(
            "dataset",
            Takes::Word("dataset", &["mnist"]),
            "MNIST, which this program contains",
        ),
        Key::optional(
            "directory",
            PATH,
            "a folder with the four MNIST files, or other data in files of these names",
        ),
        Key::optional("target_file", PATH, "the targets, if `file` is an NPY or IDX file"),
        Key::optional(
            "validation_file",
            PATH,
            "the file of the validation part, with `kind = \"files\"`",
        ),
        Key::optional("test_file", PATH, "the file of the test part, with `kind = \"files\"`"),
        Key::optional(
            "validation_target_file",
            PATH,
            "the targets of the validation part, if they are in another file",
        ),
        Key::optional(
            "test_target_file",
            PATH,
            "the targets of the test part, if they are in another file",
        ),
        Key::depends(
            "target",
            Takes::Name("a column"),
            "required for a table or an NPZ file",
            "the column of the targets, or the array of the targets",
        ),
        Key::default(
            "features",
            NAMES,
            "`[\"*\"]`",
            "the columns that the network sees. `*` means all columns without another use, and `!name` leaves one out. \
             For an NPZ file: the name of the array of examples.",
        ),
        Key::default(
            "categorical",
            NAMES,
            "`[]`",
            "columns of words. Each word gets a column: 1 in rows with this word, 0 in others.",
        ),
        Key::default(
            "delimiter",
            Takes::Either(&[Takes::Name("a character")], "one character"),
            "`\",\"`",
            "the character that separates the values of a row, such as `\";\"` or `\"\\t\"`",
        ),
        Key::default(
            "missing",
            Takes::Word("rule for missing values", &["refuse", "drop_rows"]),
            "`\"refuse\"`",
            "whether a missing value is a mistake, or its row is left out",
        ),
        Key::default(
            "standardize",
            Takes::Boolean,
            "false",
            "whether each column of numbers (or channel of images) gets mean 0 and standard deviation 1",
        ),
        Key::default(
            "standardize_target",
            Takes::Boolean,
            "false",
            "in a regression, the same for the target. Losses are then those of the standardised target. Metrics are in \
             the unit of the data. Without it, a target far from 0 takes many epochs to learn.",
        ),
        Key::default(
            "pooling",
            at_least(1),
            "1",
            "side of the window of average pooling of images",
        ),
        Key::required("split", Takes::Table(&SPLIT), "which part of the examples is for what"),
    ]],
};

const SIZE: Takes = Takes::Either(
    &[at_least(1), Takes::Number(Bound::Excluded(0.0), Bound::Excluded(1.0))],
    "a count such as 200, or a share such as 0.2",
);

const BY_CHANCE: &[&str] = &["random", "stratified", "folds", "files"];

/// The table `[data.split]`.
pub(super) static SPLIT: Section = Section {
    path: "data.split",
    about: "Which examples are for training, validation and test.",
    example: r#"[data.split]
kind = "random"
test = 0.2
validation = 0.1
seed = "run""#,
    tag: Tag::Word("kind", ""),
    keys: &[&[
        Key::required(
            "kind",
            Takes::Word(
                "kind of split",
                &["random", "stratified", "ordered", "column", "files", "folds"],
            ),
            "how the examples are split",
        ),
        Key::depends(
            "test",
            SIZE,
            "required for random, stratified and ordered splits",
            "size of the test part: `200`, or `0.2` of all examples",
        )
        .of(&["random", "stratified", "ordered", "files"]),
        Key::optional(
            "validation",
            SIZE,
            "size of the validation part. Training never sees it. Use it to choose epochs and settings.",
        )
        .of(&["random", "stratified", "ordered", "files", "folds"]),
        Key::default("train", SIZE, "all that is left", "size of the training part")
            .of(&["random", "stratified", "ordered", "files", "folds"]),
        Key::depends(
            "seed",
            SEED,
            "required if the split is random",
            "`\"run\"` uses the seed of the run, so each run has a split of its own",
        )
        .of(BY_CHANCE),
        Key::required("folds", Takes::Integer(2, 1000), "number of folds").of(&["folds"]),
        Key::default("stratified", Takes::Boolean, "false", "for folds and files: the same share of each class")
            .of(BY_CHANCE),
        Key::required("column", Takes::Name("a column"), "the column with the part of each row")
            .of(&["column"]),
        Key::optional(
            "group",
            Takes::Name("a column"),
            "a column. Examples with equal values stay in one part, such as those of one patient.",
        )
        .of(&["random", "stratified", "folds"]),
        Key::default(
            "duplicates",
            Takes::Word("rule for duplicates", &["refuse", "together", "allow"]),
            "`\"refuse\"`",
            "examples with equal values: `refuse` is an error if they are in two parts, `together` keeps them in one \
             part (random and folds), `allow` does not check",
        ),
    ]],
};
