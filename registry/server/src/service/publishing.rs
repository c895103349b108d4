//! Publishing and yanking, by whom that is allowed to.

use std::path::PathBuf;
use std::sync::Arc;

use puck_package::index::archive_path;
use puck_package::{IndexLine, PackageName};
use puck_registry::rules::{self, Accepted};
use puck_registry::{Action, Offered};
use semver::Version;

use super::{Published, Service};
use crate::Error;
use crate::access::{Identity, Scope};
use crate::storage::{Change, Package, blocking};

impl Service {
    /// Publishes the archive at `path` for `who`; with `dry_run`, only finds out whether it would.
    ///
    /// An archive that is published already, byte for byte, is no error: a publish whose answer
    /// was lost may be sent again.
    ///
    /// # Errors
    /// If the archive is not sound; if `who` may not publish it; if its version is published with
    /// other content; if it breaks a promise of its series. Then nothing is published.
    pub async fn publish(
        &self,
        path: PathBuf,
        who: &Identity,
        dry_run: bool,
    ) -> Result<Published, Error> {
        let offered = Arc::new(blocking(move || Ok(Offered::open(&path)?)).await?);
        let name = offered.document.name.clone();
        if dry_run {
            let package = self.storage.package(&name).await?;
            let Accepted { line, new } = admit(&package, &offered, who)?;
            return Ok(Published { line, new });
        }
        let (archive, publisher) = (Arc::clone(&offered), who.clone());
        let decide = move |package: &Package| -> Result<Option<Change>, Error> {
            let Accepted { line, new } = admit(package, &archive, &publisher)?;
            let first = package.lines.is_empty();
            let owner = publisher.user().filter(|_| first);
            Ok(new.then(|| Change {
                line: Some((Action::Publish, line)),
                owners: owner.map(|user| vec![user.clone()]),
            }))
        };
        let change =
            self.storage
                .change(name.clone(), Some(Arc::clone(&offered)), Arc::new(decide));
        if let Some((_, line)) = change.await?.and_then(|change| change.line) {
            return Ok(Published { line, new: true });
        }
        let line = self.published(&name, &offered.document.version).await?;
        self.mend(&line, offered).await?;
        Ok(Published { line, new: false })
    }

    /// Withdraws a version, for `reason`, or takes that back. Returns whether that changed anything.
    ///
    /// # Errors
    /// If `who` may not; if there is no such version; if a version that comes back does not fit into
    /// what its series has promised meanwhile; if the reason is more than a line.
    pub async fn yank(
        &self,
        name: &PackageName,
        version: &Version,
        yanked: bool,
        reason: Option<&str>,
        who: &Identity,
    ) -> Result<bool, Error> {
        let action = if yanked { Action::Yank } else { Action::Unyank };
        let (package_name, version, who) = (name.clone(), version.clone(), who.clone());
        let reason = reason.map(str::to_owned);
        let decide = move |package: &Package| -> Result<Option<Change>, Error> {
            who.require(Scope::Yank, &package_name)?;
            if !package.lines.is_empty() {
                who.require_owner(&package_name, &package.owners.owners)?;
            }
            let reason = reason.as_deref();
            let line = rules::yank(&package.lines, &package_name, &version, yanked, reason)?;
            Ok(line.map(|line| Change {
                line: Some((action, line)),
                owners: None,
            }))
        };
        let change = self.storage.change(name.clone(), None, Arc::new(decide));
        Ok(change.await?.is_some())
    }

    async fn published(&self, name: &PackageName, version: &Version) -> Result<IndexLine, Error> {
        let lines = self.storage.package(name).await?.lines;
        let mut same = lines
            .into_iter()
            .filter(|line| line.version.cmp_precedence(version).is_eq());
        same.next().ok_or_else(|| Error::NotFound {
            what: format!("{name} {version}"),
        })
    }

    /// Puts an archive that was lost into its place again, now that somebody brings it.
    async fn mend(&self, line: &IndexLine, offered: Arc<Offered>) -> Result<(), Error> {
        let place = archive_path(&line.name, &line.version);
        match self.storage.facts(&place).await {
            Ok(facts) if facts.size == line.size => Ok(()),
            Ok(_) | Err(Error::NotFound { .. }) => self.storage.restore(offered).await,
            Err(error) => Err(error),
        }
    }
}

/// Whether `who` may publish `offered` now, or has published it.
fn admit(package: &Package, offered: &Offered, who: &Identity) -> Result<Accepted, Error> {
    let name = &offered.document.name;
    let (lines, owners) = (&package.lines, &package.owners.owners);
    if lines.is_empty() {
        who.require(Scope::PublishNew, name)?;
        return Ok(rules::accept(offered, lines)?);
    }
    let update = who.require(Scope::PublishUpdate, name);
    // A first publish that is sent again is no update, though the package is there by now.
    let again = || {
        matches!(
            rules::accept(offered, lines),
            Ok(Accepted { new: false, .. })
        )
    };
    if update.is_err() && !(who.require(Scope::PublishNew, name).is_ok() && again()) {
        update?;
    }
    who.require_owner(name, owners)?;
    Ok(rules::accept(offered, lines)?)
}
