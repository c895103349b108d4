//! Several servers over one bucket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// Ends a server after a number of steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Fault(Option<Arc<AtomicU64>>);

impl Fault {
    /// After `steps` steps every request fails.
    pub(super) fn after(steps: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(steps))))
    }

    pub(super) fn step(&self) -> Result<(), Error> {
        let Some(left) = &self.0 else {
            return Ok(());
        };
        let less = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        less.map(drop)
            .map_err(|_| std::io::Error::other("killed").into())
    }
}
