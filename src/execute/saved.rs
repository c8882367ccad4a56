//! The networks of a run that were kept.

use std::path::PathBuf;

use crate::cache::Models;
use crate::dataset::Examples;
use crate::digest::Digest;
use crate::format::chain;
use crate::fs;
use crate::model::Model;

/// The network of each of `n_folds` folds of a run, with the path of its file. `examples` are those of the run.
///
/// # Errors
/// With what is wrong: one is missing or damaged, or it has other names of columns or classes than the examples.
pub fn saved(
    models: &Models,
    run: Digest,
    n_folds: usize,
    examples: Option<&Examples>,
) -> Result<Vec<(PathBuf, Model)>, String> {
    let read = |(index, path): (usize, PathBuf)| {
        let place = path.display();
        let bytes = fs::read_if_there(&path).map_err(|error| chain(&error))?;
        let bytes = bytes.ok_or_else(|| format!("the run {} has no model", run.short()))?;
        let model = Model::read(&bytes, run, (n_folds > 1).then_some(index + 1));
        let model = model.map_err(|why| format!("`{place}` {why}"))?;
        let is_renamed = |examples: &Examples| {
            examples.columns != model.columns || examples.classes != model.classes
        };
        match examples.is_some_and(is_renamed) {
            true => Err(format!(
                "`{place}` has other names of columns or classes than the data, which were renamed since"
            )),
            false => Ok((path, model)),
        }
    };
    models.paths(run, n_folds).into_iter().enumerate().map(read).collect()
}
