//! Work on many things at once, whose results come in the things' order.

use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What `work` makes of each item, with at most `jobs` threads. Items are begun in their order; after
/// a failure no more are.
///
/// # Errors
/// The error of the first item, in their order, of those that failed.
pub(crate) fn map<T: Sync, R: Send, E: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            let result = work(index, item);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, result));
        }
    };
    match jobs.min(items.len()) {
        0 | 1 => run(),
        threads => std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            for thread in threads {
                if let Err(payload) = thread.join() {
                    panic::resume_unwind(payload);
                }
            }
        }),
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order() {
        let items: Vec<u32> = (0..100).collect();
        for jobs in [0, 1, 3, 200] {
            let doubled: Result<Vec<_>, ()> = map(jobs, &items, |_, item| Ok(item * 2));
            assert_eq!(
                doubled.unwrap(),
                items.iter().map(|i| i * 2).collect::<Vec<_>>()
            );
        }
        assert_eq!(map(2, &[] as &[u8], |_, _| Err::<u8, u8>(1)), Ok(vec![]));
    }

    #[test]
    fn a_failure_stops_the_rest() {
        let items: Vec<usize> = (0..1000).collect();
        let begun = AtomicUsize::new(0);
        let result = map(1, &items, |index, _| {
            begun.fetch_add(1, Ordering::Relaxed);
            if index == 3 { Err(index) } else { Ok(()) }
        });
        assert_eq!(result, Err(3));
        assert_eq!(begun.into_inner(), 4);
    }
}
