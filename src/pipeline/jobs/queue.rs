//! What the scheduler says of arrays.

use std::collections::BTreeMap;

use crate::cache::ArrayReceipt;
use crate::slurm::{Cluster, Queued, SlurmError, TaskId};

/// The tasks of these arrays in the queue, with one question for each cluster.
///
/// # Errors
/// If the scheduler does not answer.
pub(super) fn queue_of<'a>(
    cluster: &Cluster<'_>,
    arrays: impl IntoIterator<Item = &'a ArrayReceipt>,
) -> Result<BTreeMap<TaskId, Queued>, SlurmError> {
    let mut names: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for array in arrays {
        names.entry(array.cluster.as_deref()).or_default().push(array.name.clone());
    }
    let mut queue = BTreeMap::new();
    for (of, names) in names {
        queue.extend(cluster.queue(&names, of)?);
    }
    Ok(queue)
}
