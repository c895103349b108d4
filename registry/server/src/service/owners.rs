//! Who owns a package, and who may change that.

use std::sync::Arc;

use puck_package::PackageName;

use super::Service;
use crate::Error;
use crate::access::{Identity, Scope, User};
use crate::storage::{Change, Package};

impl Service {
    /// Who owns a package, sorted.
    ///
    /// # Errors
    /// If there is no such package.
    pub async fn owners(&self, name: &PackageName) -> Result<Vec<User>, Error> {
        let package = self.storage.package(name).await?;
        exists(name, &package)?;
        Ok(package.owners.owners)
    }

    /// Has `user` own a package, too. Returns who owns it then.
    ///
    /// # Errors
    /// If there is no such package; if `who` does not own it, or may not change owners.
    pub async fn add_owner(
        &self,
        name: &PackageName,
        user: &User,
        who: &Identity,
    ) -> Result<Vec<User>, Error> {
        let user = user.clone();
        self.change_owners(name, who, move |_, owners| {
            if !owners.contains(&user) {
                owners.push(user.clone());
            }
            Ok(())
        })
        .await
    }

    /// Has `user` own a package no longer. Returns who owns it then.
    ///
    /// # Errors
    /// As [`Service::add_owner`]; if nobody else owns it.
    pub async fn remove_owner(
        &self,
        name: &PackageName,
        user: &User,
        who: &Identity,
    ) -> Result<Vec<User>, Error> {
        let user = user.clone();
        self.change_owners(name, who, move |name, owners| {
            if owners.contains(&user) && owners.len() == 1 {
                let package = name.clone();
                return Err(Error::LastOwner { package });
            }
            owners.retain(|owner| *owner != user);
            Ok(())
        })
        .await
    }

    async fn change_owners(
        &self,
        name: &PackageName,
        who: &Identity,
        edit: impl Fn(&PackageName, &mut Vec<User>) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<Vec<User>, Error> {
        let (package_name, who) = (name.clone(), who.clone());
        let decide = move |package: &Package| -> Result<Option<Change>, Error> {
            exists(&package_name, package)?;
            who.require(Scope::Owners, &package_name)?;
            who.require_owner(&package_name, &package.owners.owners)?;
            let mut owners = package.owners.owners.clone();
            edit(&package_name, &mut owners)?;
            Ok((owners != package.owners.owners).then_some(Change {
                line: None,
                owners: Some(owners),
            }))
        };
        let change = self.storage.change(name.clone(), None, Arc::new(decide));
        change.await?;
        self.owners(name).await
    }
}

fn exists(name: &PackageName, package: &Package) -> Result<(), Error> {
    if package.lines.is_empty() {
        let what = format!("package {name}");
        return Err(Error::NotFound { what });
    }
    Ok(())
}
