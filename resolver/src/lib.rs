//! Versions: from requirements to a lock.
//!
//! [`resolve`] chooses one version for every package that a [`Request`] needs, out of the
//! [`Candidate`]s that a [`Source`] offers, or explains in sentences why that is impossible. It
//! reads no file and asks no network: a source is whoever knows the versions.
//!
//! # Rules
//!
//! - A compatibility series ([`Series`](puck_package::Series)) of a package is a package of its
//!   own: 1.4.0 and 2.0.1 may be chosen side by side, 1.3.0 and 1.4.0 may not.
//! - A requirement means what it means to Cargo; it matches a pre-release only if it names one.
//! - A dependency of a compiled package names the series it was compiled against
//!   ([`CandidateDependency::series`]), and no other series satisfies it. A requirement without a
//!   series may span several (`>=1, <3`): the newest that works is taken.
//! - The newest version is taken, or the oldest if the request's [`Strategy`] is that; unless the
//!   request is locked to another one that still fits.
//! - A yanked version is taken only if the request is locked to it, and so is one published too late
//!   ([`Before`]); or if exactly that version is asked for ([`Update::Precise`]).
//! - Whatever is chosen for a dependency offers every function that the dependant calls of it
//!   ([`Candidate::imports`]): a version that could not be linked is passed over.
//! - The answer holds nothing that the request does not reach, and depends on nothing but the
//!   request and the candidates: neither on their order nor on chance.
//!
//! # How
//!
//! The algorithm is `PubGrub`. Its packages are nodes (`node`): a series of a package, or the
//! choice of a series that a spanning requirement leaves open. Its version sets are sets of
//! positions in the sorted list of candidates (`positions`), not ranges of versions, so that
//! Cargo's rules about pre-releases, and ours about yanked versions and about functions, are exact
//! by construction.
//!
//! ```
//! use puck_resolver::{Candidate, Request, Source, SourceError, resolve};
//! use puck_package::PackageName;
//!
//! struct Two;
//! impl Source for Two {
//!     fn candidates(&mut self, _: &PackageName) -> Result<Vec<Candidate>, SourceError> {
//!         Ok(["1.0.0", "1.1.0"].map(|v| Candidate::new(v.parse().unwrap())).to_vec())
//!     }
//! }
//! let request = Request::new([("linalg".parse()?, "1".parse()?)]);
//! let resolution = resolve(&request, &mut Two)?;
//! assert_eq!(resolution.packages[0].version.to_string(), "1.1.0");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advice;
mod ask;
mod catalog;
mod conflict;
mod error;
mod node;
mod nothing;
mod noun;
mod offers;
mod phrase;
mod positions;
mod precise;
mod provider;
mod refusal;
mod request;
mod resolution;
mod sentences;
mod source;

pub use conflict::Conflict;
pub use error::Error;
#[doc(no_inline)]
pub use puck_package::PackageId;
pub use request::{Before, Request, Requirement, Strategy, Update};
pub use resolution::{Resolution, Resolved};
pub use source::{Candidate, CandidateDependency, Source, SourceError};

/// Chooses a version for every package that `request` needs.
///
/// # Errors
/// [`Error::Conflict`] if no choice satisfies all requirements, [`Error::Source`] if the source
/// failed to answer.
pub fn resolve(request: &Request, source: &mut dyn Source) -> Result<Resolution, Error> {
    let catalog = catalog::Catalog::new(source);
    precise::expect_known(request, &catalog)?;
    match provider::solve(request, &catalog)? {
        Ok(resolution) => {
            precise::expect_used(request, &catalog, &resolution)?;
            Ok(resolution)
        }
        Err(tree) => Err(Error::Conflict(Box::new(Conflict::explain(
            &tree, request, &catalog,
        )?))),
    }
}
