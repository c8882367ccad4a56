//! Names that stand for other names, in a file that may be hostile.

use std::collections::BTreeMap;

/// How many names may stand for each other in a row.
const DEEPEST: usize = 20;

/// The size of each name, and the names that it stands for.
pub(super) type Graph<'g> = BTreeMap<&'g str, (usize, Vec<&'g str>)>;

/// The size of `name` with all that it stands for. Returns `None` if it stands for itself, or if more than
/// twenty names stand for each other in a row.
pub(super) fn total<'g>(
    name: &'g str,
    graph: &Graph<'g>,
    open: &mut Vec<&'g str>,
    known: &mut BTreeMap<&'g str, usize>,
) -> Option<usize> {
    if let Some(size) = known.get(name) {
        return Some(*size);
    }
    let Some((own, others)) = graph.get(name) else { return Some(0) };
    if open.contains(&name) || open.len() > DEEPEST {
        return None;
    }
    open.push(name);
    let mut size = *own;
    for other in others {
        size = size.saturating_add(total(other, graph, open, known)?);
    }
    open.pop();
    known.insert(name, size);
    Some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_has_no_size_and_a_product_is_found_without_expanding_it() {
        let of = |name: &str, graph: &Graph<'_>| {
            total(name, graph, &mut Vec::new(), &mut BTreeMap::new())
        };
        let circle = Graph::from([("a", (1, vec!["b"])), ("b", (1, vec!["a"]))]);
        assert_eq!(of("a", &circle), None);
        let names: Vec<_> = (0..15).map(|n| n.to_string()).collect();
        let next = |n: usize| names.get(n + 1).map(|name| vec![name.as_str(); 10]);
        let tower: Graph<'_> =
            (0..15).map(|n| (names[n].as_str(), (1, next(n).unwrap_or_default()))).collect();
        assert_eq!(of("0", &tower), Some(111_111_111_111_111));
    }
}
