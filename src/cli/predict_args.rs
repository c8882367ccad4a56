//! The arguments of `report predict`.

use clap::Args;

use super::project_args::ProjectArgs;

#[derive(Debug, Args)]
pub(super) struct PredictArgs {
    /// An experiment, a table or figure of the paper, or the beginning of a digest. With LEVELS, it selects one run.
    pub(super) name: String,
    /// Levels and the seed of the run: `factor=level`, `seed=N`.
    pub(super) levels: Vec<String>,
    /// A table with the columns of the training data, an NPY or IDX file of arrays of their shape, or images of MNIST
    /// as `mnist:test:17` or `mnist:test:0-9`. For pairs, two images after each other are a pair.
    #[arg(required = true)]
    pub(super) file: String,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print a table with all probabilities, in CSV.
    #[arg(long)]
    pub(super) csv: bool,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
}
