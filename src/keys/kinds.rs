//! What the kinds of tables mean.

use super::section::{Key, Section, Tag};

/// The kinds of the tables at each path, in the words of documents and help.
const MEANINGS: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("pairs", "networks that compare two images"),
            ("classification", "networks that find the class of an example"),
            ("regression", "networks that predict a number"),
            ("program", "a program of yours computes the runs"),
        ],
    ),
    (
        "model.layers",
        &[
            ("conv2d", "convolution with bias"),
            ("max_pool2d", "maximum over square windows"),
            ("avg_pool2d", "mean over square windows"),
            ("global_avg_pool2d", "image to the vector of the means of its channels"),
            ("flatten", "image to vector"),
            ("linear", "affine map"),
            ("batch_norm", "normalisation over the batch"),
            (
                "layer_norm",
                "normalisation over all values of an example, with a scale and a shift for each value",
            ),
            (
                "residual",
                "sum of two lists of layers with the same input; an empty `shortcut` is the input itself",
            ),
            ("dropout", "zeroes values in training"),
            ("relu", "activation: negative values become 0"),
            (
                "gelu",
                "activation, the exact one: a value times the normal distribution function of it",
            ),
            ("silu", "activation: a value times its sigmoid"),
            ("sigmoid", "activation, from 0 to 1"),
            ("tanh", "activation, from −1 to 1"),
            ("leaky_relu", "activation: negative values times `slope`"),
        ],
    ),
    (
        "train.loss",
        &[
            ("cross_entropy", "for one output for each class"),
            ("binary_cross_entropy", "for two classes and one output"),
            ("mse", "mean of the squared errors"),
            ("mae", "mean of the absolute errors"),
            ("huber", "squared errors up to `delta`, linear beyond"),
        ],
    ),
    (
        "train.optimizer",
        &[
            ("adam", "Adam"),
            ("adamw", "Adam with decoupled weight decay"),
            ("rmsprop", "RMSprop"),
            ("sgd", "stochastic gradient descent"),
        ],
    ),
    (
        "train.schedule",
        &[
            ("constant", "the rate of the optimiser"),
            ("step", "the rate is multiplied by `gamma` after each `step_size` epochs"),
            ("exponential", "the rate is multiplied by `gamma` after each epoch"),
            ("cosine", "the rate falls along half a cosine to `final_factor` times its start"),
            (
                "one_cycle",
                "the rate starts at 1/`div_factor` of that of the optimiser, rises to it during the share `pct_start` of the \
                 steps, and falls to 1/`final_div_factor` of its start",
            ),
        ],
    ),
    (
        "data.split",
        &[
            ("random", "by chance"),
            ("stratified", "by chance, with the same share of each class in each part"),
            ("ordered", "in the order of the file: training, validation, test"),
            ("column", "by a column with the words `train`, `validation` and `test`"),
            ("files", "each part has its own file; MNIST has files for training and testing"),
            (
                "folds",
                "parts of one size by chance. Each part is the test part once. A run trains all folds, and its score is \
                 their mean.",
            ),
        ],
    ),
    (
        "table",
        &[
            ("scores", "one row for each combination of levels of `by`"),
            ("effects", "the effect of each factor with two levels, paired by seed"),
            (
                "pairwise",
                "each two levels of one factor: the difference of their means, and its interval",
            ),
            (
                "selection",
                "the condition that a score of the validation part chooses, and its score on the test part",
            ),
            ("confusion", "recall and precision of the classes of one condition"),
            ("shares", "how many runs of each condition score below or above a threshold"),
            ("variance", "how much of the spread comes from the draw of the data"),
            ("ablation", "how each step from one protocol to another changes the mean"),
            ("scorecard", "each published value beside our value, with a grade"),
            ("cost", "what a run costs: parameters, operations, time"),
        ],
    ),
    (
        "figure",
        &[
            (
                "diagram",
                "the models, layer by layer. The layers of a residual layer are indented; the box of the sum is below them.",
            ),
            (
                "learning-curves",
                "for each condition, the mean over the seeds and a band of one standard deviation",
            ),
            (
                "confusion",
                "for each class (row), the percentages of its test examples that the network takes for each class (column), as \
                 means over the seeds; for 2 to 30 classes",
            ),
            (
                "bars",
                "a bar from 0 to the mean of each row, with its 95 % interval and the published mean; with `dots`, one dot per run",
            ),
            (
                "scatter",
                "with a metric below, one mark per run, for at most six conditions; with a factor, a line through the means \
                 at its levels and a band of one standard deviation, for each combination of the other factors",
            ),
            (
                "seeds",
                "one dot per run, the mean with its 95 % interval, the published mean, and the range that a scorecard \
                 expects of it",
            ),
        ],
    ),
];

/// What a kind of a table means. `None` if that is not described.
#[must_use]
pub(super) fn meaning(section: &Section, kind: &str) -> Option<&'static str> {
    let (_, kinds) = MEANINGS.iter().find(|(path, _)| *path == section.path)?;
    kinds.iter().find(|(own, _)| *own == kind).map(|(_, meaning)| *meaning)
}

/// The kinds of a table with their meanings, as sentences: “`step`: …. `cosine`: ….” Empty if they are not described.
fn meanings(section: &Section) -> String {
    let told = section.kinds().iter().filter_map(|kind| Some((kind, meaning(section, kind)?)));
    let told = told.map(|(kind, meaning)| format!("`{kind}`: {}.", meaning.trim_end_matches('.')));
    told.collect::<Vec<_>>().join(" ")
}

/// What a key of a section means, as sentences. The key that tells the kind of the table also says what the kinds mean.
#[must_use]
pub(super) fn sentences(section: &Section, key: &Key) -> String {
    match section.tag {
        Tag::Word(tag, _) if tag == key.name => {
            format!("{} {}", key.sentence(), meanings(section)).trim_end().to_owned()
        }
        _ => key.sentence(),
    }
}
