//! Grouped aggregates, by polars.

use polars::prelude::*;

use super::{Aggregate, SummaryError};

/// The aggregate of the values of each group. Values come with the number of their group, from 0;
/// the result has `n_groups` aggregates, of n = 0 for groups without a value.
pub(super) fn aggregates(
    values: &[(usize, f64)],
    n_groups: usize,
) -> Result<Vec<Aggregate>, SummaryError> {
    grouped(values, n_groups).map_err(|error| SummaryError(error.to_string()))
}

fn grouped(values: &[(usize, f64)], n_groups: usize) -> PolarsResult<Vec<Aggregate>> {
    let mut aggregates = vec![Aggregate::default(); n_groups];
    if values.is_empty() {
        return Ok(aggregates);
    }
    let (keys, values): (Vec<u64>, Vec<f64>) =
        values.iter().map(|(key, value)| (*key as u64, *value)).unzip();
    let frame = df!("group" => keys, "value" => values)?;
    for group in frame.partition_by_stable(["group"], true)? {
        let key = group.column("group")?.u64()?.first().unwrap_or_default() as usize;
        let values = group.column("value")?.f64()?;
        aggregates[key] = Aggregate {
            n: values.len(),
            mean: values.mean(),
            // One value has no spread to speak of; 0 would look like certainty.
            std_dev: if values.len() > 1 { values.std(0) } else { None },
            minimum: values.min(),
            maximum: values.max(),
        };
    }
    Ok(aggregates)
}
