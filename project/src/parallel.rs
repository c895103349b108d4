//! The same work for many things, on several threads.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::Error;

/// Lets only so many threads at a time do what takes a processor.
pub(crate) struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

impl Permits {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            free: Mutex::new(count.max(1)),
            returned: Condvar::new(),
        }
    }

    /// Does `work` as soon as one of the permits is free.
    pub(crate) fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut free = locked(&self.free);
        while *free == 0 {
            free = self
                .returned
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        let result = work();
        *locked(&self.free) += 1;
        self.returned.notify_one();
        result
    }
}

/// Does `work` for all `items` on up to `jobs` threads. After an error no new item is begun.
pub(crate) fn in_parallel<T: Send, K: Ord + Send, V: Send>(
    jobs: usize,
    items: Vec<T>,
    work: impl Fn(T) -> Result<(K, V), Error> + Sync,
) -> Result<BTreeMap<K, V>, Error> {
    let workers = jobs.clamp(1, items.len().max(1));
    if workers == 1 {
        return items.into_iter().map(work).collect();
    }
    let (items, done) = (
        Mutex::new(items.into_iter()),
        Mutex::new(Ok(BTreeMap::new())),
    );
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(item) = locked(&items).next() else {
                        break;
                    };
                    let result = work(item);
                    let mut done = locked(&done);
                    match (result, done.as_mut()) {
                        (Ok((key, value)), Ok(map)) => drop(map.insert(key, value)),
                        (Err(error), Ok(_)) => *done = Err(error),
                        (_, Err(_)) => {}
                    }
                    if done.is_err() {
                        break;
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A worker that panics takes the whole scope with it; what it held is of no interest then.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_at_a_time_than_there_are_permits() {
        let permits = Permits::new(2);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            let count = now.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(count, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
        };
        let all = in_parallel(8, (0..100).collect(), |i| {
            permits.with(work);
            Ok((i, ()))
        });
        assert_eq!(all.unwrap().len(), 100);
        assert!((1..=2).contains(&most.into_inner()));
    }

    #[test]
    fn the_first_error_ends_the_work() {
        for jobs in [1, 4] {
            let ok = in_parallel(jobs, (0..50).collect(), |i| Ok((i, i * i))).unwrap();
            assert_eq!(ok.len(), 50);
            let begun = AtomicUsize::new(0);
            let result = in_parallel::<_, i32, i32>(jobs, (0..50).collect(), |_| {
                begun.fetch_add(1, Ordering::Relaxed);
                Err(Error::NoProject("x".into()))
            });
            assert!(matches!(result, Err(Error::NoProject(_))));
            assert!(begun.into_inner() <= jobs);
        }
    }
}
