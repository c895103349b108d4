//! Those whom the program has named to provide host imports.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};

use puck_package::HostImport;

/// Who knows addresses.
type Provider = Box<dyn Fn(&HostImport) -> Option<NonNull<c_void>> + Send + Sync>;

/// Providers in the order in which they were added.
#[derive(Default)]
pub(super) struct Providers {
    list: RwLock<Vec<Arc<Provider>>>,
}

impl Providers {
    pub(super) fn add(&self, provider: Provider) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        list.push(Arc::new(provider));
    }

    /// How many there are: more than there were means that some may know more.
    pub(super) fn count(&self) -> usize {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.len()
    }

    /// The address that the latest of those gives who know one.
    pub(super) fn ask(&self, import: &HostImport) -> Option<NonNull<c_void>> {
        // Not under the lock: a provider may run anything, also what adds another one.
        let list = {
            let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
            list.clone()
        };
        list.iter().rev().find_map(|provider| provider(import))
    }
}
