//! Whoever asks, and what he may.

use std::collections::BTreeSet;

use jiff::Timestamp;
use puck_package::PackageName;

use super::{Pattern, Scope, Token, User};
use crate::Error;

/// Whoever asks: the holder of a good token, or who runs the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    user: Option<User>,
    scopes: BTreeSet<Scope>,
    packages: Vec<Pattern>,
    expires: Option<Timestamp>,
}

impl Identity {
    /// Who runs the registry: may do everything, with every package, and owns none.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            user: None,
            scopes: Scope::ALL.into(),
            packages: vec![Pattern::all()],
            expires: None,
        }
    }

    /// The holder of `token`.
    #[must_use]
    pub fn holder(token: Token) -> Self {
        Self {
            user: Some(token.user),
            scopes: token.scopes,
            packages: token.packages,
            expires: token.expires,
        }
    }

    /// The user; `None` for who runs the registry.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// What he may do.
    #[must_use]
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// With which packages.
    #[must_use]
    pub fn packages(&self) -> &[Pattern] {
        &self.packages
    }

    /// Until when, if not for ever.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// Whether the token allows `scope` at all: for what concerns no package.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it is bound to packages of which `package` is one.
    pub(crate) fn is_for(&self, package: &PackageName) -> bool {
        self.packages.iter().any(|pattern| pattern.matches(package))
    }

    /// Checks that the token allows `scope` with `package`.
    ///
    /// # Errors
    /// [`Error::Forbidden`], if not.
    pub(crate) fn require(&self, scope: Scope, package: &PackageName) -> Result<(), Error> {
        let reason = if !self.has(scope) {
            format!("this token does not have the scope {scope}")
        } else if !self.is_for(package) {
            let patterns: Vec<String> = self.packages.iter().map(ToString::to_string).collect();
            format!(
                "this token is for the packages {}, not for {package}",
                patterns.join(", ")
            )
        } else {
            return Ok(());
        };
        Err(Error::Forbidden {
            reason,
            hint: "ask whoever runs the registry for a token that allows it".to_owned(),
        })
    }

    /// Checks that he is one of `owners`, or runs the registry.
    ///
    /// # Errors
    /// [`Error::Forbidden`], if not.
    pub(crate) fn require_owner(
        &self,
        package: &PackageName,
        owners: &[User],
    ) -> Result<(), Error> {
        let Some(user) = &self.user else {
            return Ok(());
        };
        if owners.contains(user) {
            return Ok(());
        }
        let reason = format!("{user} does not own {package}");
        let hint = if owners.is_empty() {
            format!(
                "{package} has no owner, having been published straight into the directory; whoever \
                 runs the registry can add one: `puck registry owner add`"
            )
        } else {
            let owners: Vec<&str> = owners.iter().map(User::as_str).collect();
            format!("its owners can add you: {}", owners.join(", "))
        };
        Err(Error::Forbidden { reason, hint })
    }
}
