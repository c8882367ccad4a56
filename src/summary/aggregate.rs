//! Aggregates of groups of scores, by polars.

use polars::prelude::*;
use serde::Serialize;

/// Number, mean, standard deviation and range of some scores, in percent. Templates see it without
/// the number of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Aggregate {
    /// Number of scores.
    #[serde(skip)]
    pub n: usize,
    /// Their mean. `None` if there is no score.
    pub mean: Option<f64>,
    /// Their population standard deviation (divided by n), as published.
    #[serde(rename = "std")]
    pub std_dev: Option<f64>,
    /// The smallest score.
    pub minimum: Option<f64>,
    /// The largest score.
    pub maximum: Option<f64>,
}

/// An error of polars, which is a bug of this program.
#[derive(Debug, thiserror::Error)]
#[error("cannot aggregate the records: {0}")]
pub struct SummaryError(String);

/// The aggregate of each group of values.
///
/// # Errors
/// If polars refuses the aggregation.
pub fn aggregate(groups: &[Vec<f64>]) -> Result<Vec<Aggregate>, SummaryError> {
    grouped(groups).map_err(|error| SummaryError(error.to_string()))
}

fn grouped(groups: &[Vec<f64>]) -> PolarsResult<Vec<Aggregate>> {
    let mut aggregates = vec![Aggregate::default(); groups.len()];
    let values = groups.concat();
    if values.is_empty() {
        return Ok(aggregates);
    }
    let numbered = (0u64..).zip(groups);
    let keys = numbered.flat_map(|(key, values)| vec![key; values.len()]).collect::<Vec<_>>();
    let frame = df!("group" => keys, "value" => values)?;
    for group in frame.partition_by_stable(["group"], true)? {
        let key = group.column("group")?.u64()?.first().unwrap_or_default() as usize;
        let values = group.column("value")?.f64()?;
        aggregates[key] = Aggregate {
            n: values.len(),
            mean: values.mean(),
            // The spread of one value is not known. 0 would look like certainty.
            std_dev: if values.len() > 1 { values.std(0) } else { None },
            minimum: values.min(),
            maximum: values.max(),
        };
    }
    Ok(aggregates)
}
