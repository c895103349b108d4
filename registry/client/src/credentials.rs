//! `$PUCK_HOME/credentials.toml`: tokens, each bound to the address of its registry.
//!
//! ```toml
//! [registries."https://packages.example/team/"]
//! token = "puck_…"
//! ```
//!
//! Only its owner may read it; one that others may read is refused. It is written beside its place
//! and renamed, under a lock on `credentials.lock`, so that of two logins at once neither is lost.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::settings::base;
use crate::{Error, Result, Token};

/// The file of credentials of a home.
#[derive(Clone, Debug)]
pub struct Credentials {
    path: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct Document {
    #[serde(default)]
    registries: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    token: String,
}

impl Credentials {
    /// Those of the home at `home`, which is `$PUCK_HOME`. Nothing is read yet.
    #[must_use]
    pub fn of(home: &Path) -> Self {
        Self {
            path: home.join("credentials.toml"),
        }
    }

    /// Where they are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The token for the registry at `url`, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read, others may read it, or it is not what it should be.
    pub fn get(&self, url: &Url) -> Result<Option<Token>> {
        let document = self.read()?;
        let Some(entry) = document.registries.get(&key(url)) else {
            return Ok(None);
        };
        Token::new(&entry.token).map(Some)
    }

    /// The addresses that there are tokens for, sorted.
    ///
    /// # Errors
    /// As [`Credentials::get`].
    pub fn urls(&self) -> Result<Vec<String>> {
        Ok(self.read()?.registries.into_keys().collect())
    }

    /// Keeps `token` for the registry at `url`, in place of one that is there.
    ///
    /// # Errors
    /// As [`Credentials::get`]; if the file cannot be written.
    pub fn set(&self, url: &Url, token: &Token) -> Result<()> {
        let _lock = self.lock()?;
        let mut document = self.read()?;
        let token = token.secret().to_owned();
        document.registries.insert(key(url), Entry { token });
        self.write(&document)
    }

    /// Forgets the token for the registry at `url`; whether there was one.
    ///
    /// # Errors
    /// As [`Credentials::set`].
    pub fn remove(&self, url: &Url) -> Result<bool> {
        let _lock = self.lock()?;
        let mut document = self.read()?;
        let removed = document.registries.remove(&key(url)).is_some();
        if removed {
            self.write(&document)?;
        }
        Ok(removed)
    }

    fn refused(&self, reason: impl Into<String>, hint: Option<String>) -> Error {
        Error::Credentials {
            path: self.path.clone(),
            reason: reason.into(),
            hint,
        }
    }

    fn read(&self) -> Result<Document> {
        let mut file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Document::default()),
            Err(error) => return Err(error.into()),
        };
        let mode = file.metadata()?.mode();
        if mode & 0o077 != 0 {
            let hint = format!("run `chmod 600 {}`", self.path.display());
            let reason = format!(
                "others than its owner may read or write it (mode {:o}), and it holds secrets",
                mode & 0o777
            );
            return Err(self.refused(reason, Some(hint)));
        }
        let mut text = String::new();
        io::Read::read_to_string(&mut file, &mut text)?;
        // Not the reader's own words: they show the line, which may hold the secret.
        toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let hint = "correct it, or remove it and log in again";
            self.refused(
                format!("line {line} is not as expected"),
                Some(hint.to_owned()),
            )
        })
    }

    fn write(&self, document: &Document) -> Result<()> {
        let text = toml::to_string(document)
            .map_err(|_| self.refused("it cannot be written as TOML", None))?;
        let home = self.path.parent().unwrap_or(Path::new("."));
        // Temporary files are made with mode 0600.
        let mut file = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o600))
            .tempfile_in(home)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        fs::File::open(home)?.sync_all()?;
        Ok(())
    }

    fn lock(&self) -> Result<fs::File> {
        if let Some(home) = self.path.parent() {
            fs::create_dir_all(home)?;
        }
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(self.path.with_extension("lock"))?;
        lock.file().lock()?;
        Ok(lock)
    }
}

/// The address that a token is kept for: scheme, host, port and path.
fn key(url: &Url) -> String {
    let mut url = base(url);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn kept_by_address() {
        let home = tempfile::tempdir().unwrap();
        let credentials = Credentials::of(&home.path().join("new"));
        let team = url("https://a.example/team");
        let token = Token::new("puck_s3cret").unwrap();
        assert_eq!(credentials.get(&team).unwrap(), None);
        assert!(!credentials.remove(&team).unwrap());
        credentials.set(&team, &token).unwrap();
        for (address, expected) in [
            ("https://a.example/team/", true),
            ("https://a.example:443/team/", true),
            ("http://a.example/team/", false),
            ("https://a.example/", false),
            ("https://a.example:8443/team/", false),
            ("https://a.example/teams/", false),
            ("https://b.example/team/", false),
        ] {
            let found = credentials.get(&url(address)).unwrap();
            assert_eq!(found.is_some(), expected, "{address}");
        }
        assert_eq!(credentials.urls().unwrap(), ["https://a.example/team/"]);
        let mode = fs::metadata(credentials.path()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(credentials.remove(&team).unwrap());
        assert_eq!(credentials.get(&team).unwrap(), None);
    }

    #[test]
    fn what_others_may_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let credentials = Credentials::of(home.path());
        let team = url("https://a.example/team");
        credentials
            .set(&team, &Token::new("puck_s3cret").unwrap())
            .unwrap();
        for mode in [0o640, 0o604, 0o620] {
            let permissions = std::fs::Permissions::from_mode(mode);
            fs::set_permissions(credentials.path(), permissions).unwrap();
            let error = credentials.get(&team).unwrap_err();
            assert!(error.hint().unwrap().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn damage_is_told_without_the_secret() {
        let home = tempfile::tempdir().unwrap();
        let credentials = Credentials::of(home.path());
        let team = url("https://a.example/team");
        credentials
            .set(&team, &Token::new("puck_other").unwrap())
            .unwrap();
        let text = "[registries.\"https://a.example/team/\"]\ntoken = puck_s3cret\n";
        fs::write(credentials.path(), text).unwrap();
        let error = credentials.get(&team).unwrap_err();
        assert!(
            error.to_string().ends_with("line 2 is not as expected"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("s3cret"));
    }

    #[test]
    fn of_logins_at_once_none_is_lost() {
        let home = tempfile::tempdir().unwrap();
        let credentials = Credentials::of(home.path());
        std::thread::scope(|scope| {
            for i in 0..16 {
                let credentials = &credentials;
                scope.spawn(move || {
                    let token = Token::new(&format!("puck_{i}")).unwrap();
                    let url = url(&format!("https://a.example/{i}/"));
                    credentials.set(&url, &token).unwrap();
                });
            }
        });
        assert_eq!(credentials.urls().unwrap().len(), 16);
    }
}
