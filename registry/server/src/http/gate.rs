//! How much may be done at once: who comes when all places are taken is sent away, not queued.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of places.
#[derive(Debug)]
pub(crate) struct Gate {
    places: usize,
    taken: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places,
            taken: AtomicUsize::new(0),
        })
    }

    /// A place, if there is one.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Place> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(self));
        (before < self.places).then_some(place)
    }

    #[cfg(test)]
    fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Gate>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_there_are_places() {
        let gate = Gate::new(2);
        let first = gate.enter().unwrap();
        let _second = gate.enter().unwrap();
        assert!(gate.enter().is_none());
        assert_eq!(gate.taken(), 2);
        drop(first);
        assert!(gate.enter().is_some());
        assert_eq!(gate.taken(), 1);
    }
}
