//! Grouped estimates, by polars.

use polars::prelude::*;

use super::{Estimate, SummaryError};

/// The estimate of the values of each group. Values come with the number of their group, from 0;
/// the result has `n_groups` estimates, of n = 0 for groups without a value.
pub(super) fn estimates(
    values: &[(usize, f64)],
    n_groups: usize,
) -> Result<Vec<Estimate>, SummaryError> {
    grouped(values, n_groups).map_err(|error| SummaryError(error.to_string()))
}

fn grouped(values: &[(usize, f64)], n_groups: usize) -> PolarsResult<Vec<Estimate>> {
    let mut estimates = vec![Estimate::default(); n_groups];
    if values.is_empty() {
        return Ok(estimates);
    }
    let (keys, values): (Vec<u64>, Vec<f64>) =
        values.iter().map(|(key, value)| (*key as u64, *value)).unzip();
    let frame = df!("group" => keys, "value" => values)?;
    for group in frame.partition_by_stable(["group"], true)? {
        let key = group.column("group")?.u64()?.first().unwrap_or_default() as usize;
        let values = group.column("value")?.f64()?;
        estimates[key] = Estimate {
            n: values.len(),
            mean: values.mean(),
            // One value has no spread to speak of; 0 would look like certainty.
            std_dev: if values.len() > 1 { values.std(0) } else { None },
            minimum: values.min(),
            maximum: values.max(),
        };
    }
    Ok(estimates)
}
