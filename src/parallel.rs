//! The same work for many items on several threads, with results in the order of the items. Pure.

use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

/// What was made of each part of the items, by its number.
type Done<T, E> = Vec<(usize, Result<Vec<T>, E>)>;

/// What `work` makes of each of `items`, or the first error in their order.
///
/// # Errors
/// If `work` fails for an item.
pub fn map<I: Sync, T: Send, E: Send>(
    items: &[I],
    threads: usize,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    // Some parts a thread, taken as threads get free, even out items that take longer than others.
    let threads = threads.max(1);
    let each = items.len().div_ceil(4 * threads).max(1);
    let parts: Vec<&[I]> = items.chunks(each).collect();
    let (parts, next) = (&parts, &AtomicUsize::new(0));
    let take = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        Some((number, parts.get(number)?))
    };
    let worker = || {
        let done = iter::from_fn(take);
        done.map(|(n, part)| (n, part.iter().map(&work).collect())).collect()
    };
    let mut done: Done<T, E> = std::thread::scope(|scope| {
        let spawn = |_| scope.spawn(worker);
        let workers: Vec<_> = (0..threads.min(parts.len())).map(spawn).collect();
        let join = |worker: ScopedJoinHandle<'_, Done<T, E>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    let mut results = Vec::with_capacity(items.len());
    for (_, part) in done {
        results.extend(part?);
    }
    Ok(results)
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
