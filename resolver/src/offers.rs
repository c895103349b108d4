//! Whether a version offers a function that another one calls.

use puck_package::document::ABI_C;
use puck_package::index::Export;
use puck_package::{LinkName, Signature};

use crate::Candidate;

/// Looks a link name up in candidates, one after the other.
pub(crate) struct Offers<'a> {
    link: &'a LinkName,
    /// What the last function of that name was: hardly ever something else in the next version,
    /// and fingerprints take longer than comparisons.
    last: Option<(Signature, bool)>,
}

impl<'a> Offers<'a> {
    pub(crate) fn new(link: &'a LinkName) -> Self {
        Self { link, last: None }
    }

    /// Whether `candidate`, of the series meant, offers the function, or may do so.
    pub(crate) fn found_in(&mut self, candidate: &Candidate) -> bool {
        let Some(exports) = &candidate.exports else {
            return true;
        };
        exports
            .iter()
            .filter(|export| export.name.as_str() == self.link.function())
            .any(|export| self.is(export))
    }

    fn is(&mut self, export: &Export) -> bool {
        if export.abi != ABI_C {
            // Older indexes do not say it.
            let known = export.link_name.as_ref();
            return known.is_none_or(|link_name| link_name == self.link);
        }
        if let Some((signature, is)) = &self.last
            && *signature == export.signature
        {
            return *is;
        }
        let is = export.signature.fingerprint() == self.link.fingerprint();
        self.last = Some((export.signature.clone(), is));
        is
    }
}

/// The types of the function that `link` names, if one of `candidates` has it.
pub(crate) fn signature<'a>(
    candidates: impl IntoIterator<Item = &'a Candidate>,
    link: &LinkName,
) -> Option<&'a Signature> {
    same_name(candidates, link).find(|signature| signature.fingerprint() == link.fingerprint())
}

/// The types of all functions with the name that `link` has.
pub(crate) fn same_name<'a>(
    candidates: impl IntoIterator<Item = &'a Candidate>,
    link: &LinkName,
) -> impl Iterator<Item = &'a Signature> {
    candidates
        .into_iter()
        .flat_map(|candidate| candidate.exports.iter().flatten())
        .filter(|export| export.name.as_str() == link.function() && export.abi == ABI_C)
        .map(|export| &export.signature)
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::*;

    #[test]
    fn other_conventions_than_cs_are_found_by_link_name() {
        let link: LinkName = "linalg.v1.dot.00000001".parse().unwrap();
        let mut candidate = Candidate::new(Version::new(1, 0, 0));
        for (listed, found) in [
            (Some("linalg.v1.dot.00000001"), true),
            (Some("linalg.v1.dot.00000002"), false),
            // Written before link names were.
            (None, true),
        ] {
            candidate.exports = Some(vec![Export {
                name: "dot".parse().unwrap(),
                abi: "numba-cpu-1".to_owned(),
                signature: "fn()".parse().unwrap(),
                declared: None,
                needs: None,
                link_name: listed.map(|text| text.parse().unwrap()),
            }]);
            let mut offers = Offers::new(&link);
            assert_eq!(offers.found_in(&candidate), found, "{listed:?}");
        }
    }
}
