//! What can go wrong in a build.

use crate::source::SourceError;

/// Why a package could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A source file, or the compiler of its language.
    #[error(transparent)]
    Source(#[from] SourceError),
}
