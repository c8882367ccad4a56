//! The same work for many items on several threads, with results in the order of the items. Pure.

/// What `work` makes of each of `items`, or the first error in their order.
///
/// # Errors
/// If `work` fails for an item.
pub fn map<I: Sync, T: Send, E: Send>(
    items: &[I],
    threads: usize,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    // Several parts a thread would even out slow items; these take equally long.
    let each = items.len().div_ceil(threads.max(1)).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(each)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Result<Vec<_>, E>>()))
            .collect();
        let mut results = Vec::with_capacity(items.len());
        for part in parts {
            match part.join() {
                Ok(part) => results.extend(part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(results)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_the_first_error_wins() {
        let items: Vec<usize> = (0..100).collect();
        for threads in [0, 1, 3, 200] {
            let doubled = map(&items, threads, |item| Ok::<_, usize>(2 * item));
            assert_eq!(doubled.unwrap(), (0..100).map(|item| 2 * item).collect::<Vec<_>>());
            let odd =
                map(&items, threads, |item| if item % 30 == 29 { Err(*item) } else { Ok(()) });
            assert_eq!(odd, Err(29));
        }
        assert_eq!(map(&[], 2, |()| Err::<(), _>(1)), Ok(vec![]));
    }
}
