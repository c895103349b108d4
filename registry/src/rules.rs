//! What may join a registry, and what of it may change: the same wherever a registry is kept.

use puck_package::{IndexLine, PackageName};
use semver::Version;

use crate::error::VersionExists;
use crate::{Error, Offered, compatibility};

/// The longest reason for a yank, in bytes.
const MAX_REASON: usize = 1000;

/// The index line of what may be published.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// What the index will say of it, or says already.
    pub line: IndexLine,
    /// Whether it is not published yet.
    pub new: bool,
}

/// Whether `offered` may join the published `lines` of its package, or is among them.
///
/// # Errors
/// If its version is published with other content; if it breaks a promise of its series.
pub fn accept(offered: &Offered, lines: &[IndexLine]) -> Result<Accepted, Error> {
    let version = &offered.document.version;
    // Versions that differ in build metadata alone are one version to whoever requires it.
    let same = |line: &&IndexLine| line.version.cmp_precedence(version).is_eq();
    match lines.iter().find(same) {
        Some(line) if line.sha256 == offered.sha256 => Ok(Accepted {
            line: line.clone(),
            new: false,
        }),
        Some(line) => Err(Error::VersionExists(Box::new(VersionExists {
            name: line.name.clone(),
            version: line.version.clone(),
            published: line.sha256,
            offered: offered.sha256,
        }))),
        None => {
            let line = offered.line();
            compatibility::check(&line, lines).map_err(Error::Incompatible)?;
            Ok(Accepted { line, new: true })
        }
    }
}

/// The line of `name` `version` after it was withdrawn, for `reason`, or brought back; `None` if
/// the published `lines` say so already.
///
/// # Errors
/// If there is no such version; if it comes back and does not fit into what its series promised
/// meanwhile; if the reason is too long or more than a line.
pub fn yank(
    lines: &[IndexLine],
    name: &PackageName,
    version: &Version,
    yanked: bool,
    reason: Option<&str>,
) -> Result<Option<IndexLine>, Error> {
    let (found, others): (Vec<&IndexLine>, Vec<&IndexLine>) =
        lines.iter().partition(|line| line.version == *version);
    let Some(&line) = found.first() else {
        return Err(Error::UnknownVersion {
            name: name.clone(),
            version: version.clone(),
            known: lines.iter().map(|line| line.version.clone()).collect(),
        });
    };
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|text| text.len() > MAX_REASON || text.contains(char::is_control)) {
        return Err(Error::BadReason { limit: MAX_REASON });
    }
    if line.yanked == yanked {
        return Ok(None);
    }
    if !yanked {
        let others: Vec<IndexLine> = others.into_iter().cloned().collect();
        compatibility::check(line, &others).map_err(Error::Incompatible)?;
    }
    Ok(Some(IndexLine {
        yanked,
        yank_reason: reason.filter(|_| yanked).map(str::to_owned),
        ..line.clone()
    }))
}
