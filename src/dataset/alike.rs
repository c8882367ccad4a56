//! Equal examples.

use std::collections::BTreeMap;

use super::examples::{Examples, Values};

/// For each example, the first one with the same values. Examples without values are known to differ.
#[must_use]
pub fn alike(examples: &Examples) -> Vec<u32> {
    let len = examples.shape.len();
    if examples.values.is_empty() {
        return (0..).take(examples.len()).collect();
    }
    match &examples.values {
        Values::Bytes(bytes) => first_of_each(bytes.chunks_exact(len)),
        Values::Floats(floats) => {
            let rows = floats.chunks_exact(len);
            // 0 and −0 are the same value.
            first_of_each(
                rows.map(|row| row.iter().map(|x| (x + 0.0).to_bits()).collect::<Vec<_>>()),
            )
        }
    }
}

fn first_of_each<K: Ord>(rows: impl Iterator<Item = K>) -> Vec<u32> {
    let mut first: BTreeMap<K, u32> = BTreeMap::new();
    rows.zip(0..).map(|(row, index)| *first.entry(row).or_insert(index)).collect()
}
