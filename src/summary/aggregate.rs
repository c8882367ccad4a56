//! Aggregates of groups of scores, by polars.

use polars::prelude::*;
use serde::Serialize;

/// Number, mean, standard deviation and range of some scores, in the unit of the metric. Templates
/// see it without the number of scores.
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

/// The aggregate of each group of values.
#[must_use]
pub fn aggregate(groups: &[Vec<f64>]) -> Vec<Aggregate> {
    let of_group = |values: &Vec<f64>| {
        // A column for each group, and not a frame that is grouped: the machinery of grouping is half of the
        // binary.
        let column = Float64Chunked::from_slice("scores".into(), values);
        Aggregate {
            n: column.len(),
            mean: column.mean(),
            // The spread of one value is not known. 0 would look like certainty.
            std_dev: if column.len() > 1 { column.std(0) } else { None },
            minimum: column.min(),
            maximum: column.max(),
        }
    };
    groups.iter().map(of_group).collect()
}
