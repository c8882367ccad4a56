//! Grouped estimates, by polars.

use polars::prelude::*;

use super::{Estimate, SummaryError};

/// The estimate of the values of each group. `keys` names the group of each value, from 0; the
/// result has `n_groups` estimates, of n = 0 for groups without a value.
pub(super) fn estimates(
    keys: &[usize],
    values: &[f64],
    n_groups: usize,
) -> Result<Vec<Estimate>, SummaryError> {
    grouped(keys, values, n_groups).map_err(|error| SummaryError(error.to_string()))
}

fn grouped(keys: &[usize], values: &[f64], n_groups: usize) -> PolarsResult<Vec<Estimate>> {
    let mut estimates = vec![Estimate::default(); n_groups];
    if keys.is_empty() {
        return Ok(estimates);
    }
    let keys: Vec<u64> = keys.iter().map(|key| *key as u64).collect();
    let frame = df!("group" => keys, "value" => values)?;
    for group in frame.partition_by_stable(["group"], true)? {
        let key = group.column("group")?.u64()?.first().unwrap_or_default() as usize;
        let values = group.column("value")?.f64()?;
        estimates[key] = Estimate {
            n: values.len(),
            mean: values.mean(),
            std_dev: values.std(0),
            minimum: values.min(),
            maximum: values.max(),
        };
    }
    Ok(estimates)
}
