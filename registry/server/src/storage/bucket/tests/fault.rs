//! Servers that end or halt in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use crate::Error;

/// Ends or halts a server after a number of steps; a step is the beginning of a request to the
/// store, or its end.
#[derive(Clone, Debug)]
pub(in crate::storage::bucket) struct Fault {
    left: Arc<AtomicU64>,
    /// Halts it until this has a permit, in place of ending it.
    pub(super) gate: Option<Arc<Semaphore>>,
    pub(super) halted: Arc<Semaphore>,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            left: Arc::new(AtomicU64::new(u64::MAX)),
            gate: None,
            halted: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Fault {
    pub(super) fn kill_after(steps: u64) -> Self {
        let fault = Self::default();
        fault.left.store(steps, Ordering::SeqCst);
        fault
    }

    pub(super) fn halt_after(steps: u64) -> Self {
        let gate = Some(Arc::new(Semaphore::new(0)));
        Self {
            gate,
            ..Self::kill_after(steps)
        }
    }

    pub(super) fn happened(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    pub(in crate::storage::bucket) async fn step(&self) -> Result<(), Error> {
        let less = |left: u64| left.checked_sub(1);
        let before = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        match (before, &self.gate) {
            (Ok(1), Some(gate)) => {
                self.halted.add_permits(1);
                gate.acquire().await.expect("the gate stays").forget();
                self.left.store(u64::MAX, Ordering::SeqCst);
                Ok(())
            }
            (Ok(_), _) => Ok(()),
            (Err(_), Some(_)) => Ok(()),
            (Err(_), None) => Err(std::io::Error::other("killed").into()),
        }
    }
}

/// Lets `work` run until its server halts. What it gave, if it ended before that.
pub(super) async fn until_halted<T: Send + 'static>(
    fault: &Fault,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<tokio::task::JoinHandle<T>, T> {
    let work = tokio::spawn(work);
    while !work.is_finished() {
        if let Ok(permit) = fault.halted.try_acquire() {
            permit.forget();
            return Ok(work);
        }
        tokio::task::yield_now().await;
    }
    Err(work.await.unwrap())
}
