//! Making, listing and revoking tokens, and knowing who holds one.
//!
//! A token is a file named by the beginning of its secret's hash, so that it is found without
//! looking at others; only the whole hash makes it good.

use jiff::Timestamp;
use puck_package::format;

use super::Service;
use crate::Error;
use crate::access::{Identity, NewToken, Secret, Token};
use crate::storage::TOKENS;

impl Service {
    /// Makes a token. Its secret is known to nobody but who gets it here.
    ///
    /// # Errors
    /// If it allows nothing; if it cannot be stored.
    pub async fn create_token(&self, new: NewToken) -> Result<(Token, Secret), Error> {
        let NewToken {
            user,
            scopes,
            packages,
            expires,
        } = new;
        if scopes.is_empty() || packages.is_empty() {
            return Err(Error::BadRequest {
                reason: "a token needs a scope and a pattern of packages, or it allows nothing"
                    .to_owned(),
            });
        }
        let now = Timestamp::now();
        if expires.is_some_and(|expires| expires <= now) {
            return Err(Error::BadRequest {
                reason: "the token would have expired already".to_owned(),
            });
        }
        let secret = Secret::random()?;
        let token = Token {
            format: format::REGISTRY,
            id: secret.id(),
            user,
            scopes,
            packages,
            created: Timestamp::from_second(now.as_second()).unwrap_or(now),
            expires,
            sha256: secret.sha256(),
        };
        let mut json = serde_json::to_vec(&token).expect("all keys are strings");
        json.push(b'\n');
        self.storage.write_private(&path(&token.id), json).await?;
        Ok((token, secret))
    }

    /// All tokens, without their secrets, the oldest first.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        let mut tokens = Vec::new();
        for name in self.storage.private_names(TOKENS).await? {
            if let Some(id) = name.strip_suffix(".json") {
                tokens.extend(self.token(id).await?);
            }
        }
        tokens.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(tokens)
    }

    /// Has a token be good for nothing from now on.
    ///
    /// # Errors
    /// If there is no such token.
    pub async fn revoke_token(&self, id: &str) -> Result<(), Error> {
        let known = is_id(id) && self.storage.remove_private(&path(id)).await?;
        if known {
            Ok(())
        } else {
            let id: String = id.chars().take(40).collect();
            let what = format!("token {id}");
            Err(Error::NotFound { what })
        }
    }

    /// Who holds the token whose text is `secret`.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if it is none, or no longer good.
    pub async fn authenticate(&self, secret: &str) -> Result<Identity, Error> {
        let refused = |reason| Error::Unauthorized { reason };
        let unknown = "the registry does not know this token; it may have been revoked";
        let secret: Secret = secret
            .parse()
            .map_err(|_| refused("what was sent is not a token of this kind of registry"))?;
        let token = self.token(&secret.id()).await?;
        let token = token.filter(|token| secret.is(&token.sha256));
        let token = token.ok_or_else(|| refused(unknown))?;
        let expired = |expires| expires <= Timestamp::now();
        if token.expires.is_some_and(expired) {
            return Err(refused("this token has expired"));
        }
        Ok(Identity::holder(token))
    }

    async fn token(&self, id: &str) -> Result<Option<Token>, Error> {
        let path = path(id);
        match self.storage.private(&path).await? {
            Some(bytes) => Ok(Some(format::read_json(&path, &bytes, format::REGISTRY)?)),
            None => Ok(None),
        }
    }
}

fn path(id: &str) -> String {
    format!("{TOKENS}/{id}.json")
}

/// Whether `id` may be one: it becomes part of a path.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}
