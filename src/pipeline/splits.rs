//! Checks how the data of all experiments are split, before any training.

use super::{Error, Project};

/// Checks the splits of all data, also of those that are unpacked only for training.
///
/// # Errors
/// With what is wrong.
pub fn check_splits(project: &Project) -> Result<(), Error> {
    project.datasets.unpacked()?;
    let mut violations = project.datasets.check(&project.experiments);
    violations.sort();
    violations.dedup();
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid { violations, skipped: project.skipped.clone() }),
    }
}
