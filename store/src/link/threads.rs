//! On how many threads a link runs.
//!
//! Handing work to another thread and waiting for it takes longer than linking a small object does,
//! which is most of them: those are linked on the calling thread alone, and several at once if there
//! are several callers. A large object is divided among all processors.

use rayon::{ThreadPool, ThreadPoolBuilder};

/// From how many bytes on an object is worth several threads.
const LARGE: usize = 1 << 20;

thread_local! {
    /// A pool of this thread alone; `None` if it belongs to another pool already.
    static ALONE: Option<ThreadPool> = ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build()
        .ok();
}

/// Does `work`, which divides itself by rayon's means, on threads that fit the size of the object.
pub(super) fn fitting<T: Send>(object_size: usize, work: impl FnOnce() -> T + Send) -> T {
    if object_size < LARGE {
        return ALONE.with(|alone| match alone {
            Some(pool) => pool.install(work),
            None => work(),
        });
    }
    // On a thread that belongs to no pool, rayon uses the one that has a thread for each processor.
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ones_stay_on_this_thread() {
        let this = std::thread::current().id();
        for _ in 0..2 {
            let ran = fitting(LARGE - 1, || {
                rayon::join(
                    || std::thread::current().id(),
                    || std::thread::current().id(),
                )
            });
            assert_eq!(ran, (this, this));
        }
        let threads = fitting(LARGE, rayon::current_num_threads);
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(threads, all);
    }

    #[test]
    fn a_panic_comes_back() {
        for size in [0, LARGE] {
            let caught = std::panic::catch_unwind(|| fitting(size, || panic!("at {size}")));
            assert!(caught.is_err());
        }
    }
}
