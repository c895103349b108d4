//! A registry in a bucket of an object store, which several servers may share.
//!
//! There is no lock in a bucket that a killed server would give up, and no clock that servers have
//! in common. So nothing is locked, nothing expires, and a change is decided by one write:
//!
//! `private/journal.json` is there from the first start on, and is changed by conditional writes
//! only (`If-Match` with its entity tag). It says how far the log goes and, if it is not free, which
//! change is being made, completely: index line, log line, owners, where the archive was uploaded.
//!
//! 1. The journal is read. If it is not free, the change in it is finished first, whoever began it.
//! 2. The package is read, and the change decided on; an archive is uploaded to `private/incoming/`.
//! 3. The change is written into the journal, on condition that nobody changed it since step 1.
//!    This is the decision: before it nothing has happened, from now on all of it will. If the
//!    condition fails, somebody else was first: back to step 1.
//! 4. The change is finished: the archive is copied to its place; owners, index and log are
//!    replaced, each on condition that it is still what was read; the journal is set free on
//!    condition that it still is the one with this change.
//!
//! Any number of servers may be at step 4 with one change, and any of them may stop or fall behind
//! anywhere. No state of any of these objects has the same bytes, and so the entity tag, of another
//! state: index files and the log grow or count ([`IndexLine::changed`]), owners and the journal
//! count. So a conditional write that succeeds replaces the very state that was read. And every
//! step first looks whether its object has the change already, or has seen later ones: then there
//! is nothing to do. A server that fell behind therefore reads a state with the change, or its write
//! fails and it reads again. The journal is set free only after all other objects have the change.
//!
//! [`IndexLine::changed`]: puck_package::IndexLine::changed

mod as_storage;
mod journal;
mod objects;
mod roll;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ObjectStore, RetryConfig, UpdateVersion};
use puck_package::{PackageName, variables};
use puck_registry::log::LogState;
use puck_registry::{Description, Offered, log, owners_path};
use tokio::sync::Mutex;

use self::journal::{JOURNAL, Journal, Pending};
use self::objects::Objects;
use self::roll::LOG;
use super::{Change, Decide, Package, StorageLocation};
use crate::Error;
use crate::access::Owners;

/// How often a change is attempted before others are too many.
const ATTEMPTS: u32 = 60;
/// How often a request to the store is sent again, and for how long: clients wait meanwhile.
const RETRIES: usize = 5;
const PATIENCE: Duration = Duration::from_secs(20);
/// Nobody needs longer to publish what he uploaded: what is older was left by who was killed.
const ABANDONED: Duration = Duration::from_hours(24);
/// Where archives are that are not published yet.
const INCOMING: &str = "private/incoming";

/// A registry in a bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    objects: Objects,
    location: String,
    /// So that the servers of one process wait for each other in order, not by trying.
    turn: Arc<Mutex<()>>,
}

impl Bucket {
    /// The registry in the bucket at `location`, whose store and credentials are named by the usual
    /// variables: `AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL`… A bucket without a registry
    /// gets an empty one.
    ///
    /// # Errors
    /// If the variables make no sense, the bucket does not answer, or what is in it is damaged.
    pub async fn open(location: &StorageLocation) -> Result<Self, Error> {
        let set = |name: &&str| Some(((*name).to_owned(), variables::get(name)?));
        let settings = variables::OF_BUCKETS.iter().filter_map(set);
        let text =
            |(name, value): (String, std::ffi::OsString)| Some((name, value.into_string().ok()?));
        Self::open_with(location, settings.filter_map(text)).await
    }

    /// As [`Bucket::open`], with these variables' values.
    ///
    /// # Errors
    /// As [`Bucket::open`].
    pub async fn open_with(
        location: &StorageLocation,
        settings: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let StorageLocation::Bucket { bucket, prefix } = location else {
            return Err(Error::Location {
                location: location.to_string(),
                reason: "it is a directory".to_owned(),
            });
        };
        // Somebody may have chosen another one already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_retry(RetryConfig {
                max_retries: RETRIES,
                retry_timeout: PATIENCE,
                ..RetryConfig::default()
            });
        for (name, value) in settings {
            let is_endpoint = [variables::AWS_ENDPOINT_URL, variables::AWS_ENDPOINT_URL_S3]
                .contains(&name.as_str());
            if is_endpoint && value.starts_with("http://") {
                builder = builder.with_allow_http(true);
            }
            if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        let name = prefix.rsplit('/').next().filter(|name| !name.is_empty());
        Self::over(
            Arc::new(builder.build()?),
            prefix,
            location.to_string(),
            name.unwrap_or(bucket),
        )
        .await
    }

    /// The registry under `prefix` in `store`, called `location`; if there is none, an empty one
    /// called `name`.
    ///
    /// # Errors
    /// If the store does not answer, or what is in it is damaged.
    pub async fn over(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        location: String,
        name: &str,
    ) -> Result<Self, Error> {
        let this = Self {
            objects: Objects::new(store, prefix),
            location,
            turn: Arc::default(),
        };
        this.initialise(name).await?;
        Ok(this)
    }

    /// Checks that the store does what all of this relies on: stores that do not know conditions
    /// ignore them.
    async fn check_conditions(&self) -> Result<(), Error> {
        const PATH: &str = "private/conditions";
        self.objects
            .put(PATH, b"checked at every start\n".to_vec())
            .await?;
        let other = UpdateVersion {
            e_tag: Some("\"00000000000000000000000000000000\"".to_owned()),
            version: None,
        };
        for expected in [None, Some(&other)] {
            let bytes = b"not to be written\n".to_vec();
            if self.objects.put_if(PATH, bytes, expected).await?.is_some() {
                let location = self.location.clone();
                return Err(Error::Unconditional { location });
            }
        }
        Ok(())
    }

    async fn initialise(&self, name: &str) -> Result<(), Error> {
        self.check_conditions().await?;
        if self.objects.get("registry.json").await?.is_none() {
            let json = Description::new(name).to_json();
            // Somebody else may be first; then it is there all the same.
            self.objects.put_if("registry.json", json, None).await?;
        }
        if self.objects.get(JOURNAL).await?.is_none() {
            let log = match self.objects.get(LOG).await? {
                Some(object) => log::follow(LOG, &object.bytes, LogState::default())?.0,
                None => LogState::default(),
            };
            let json = Journal::free(log).to_json();
            self.objects.put_if(JOURNAL, json, None).await?;
        }
        Ok(())
    }

    async fn owners(&self, name: &PackageName) -> Result<Owners, Error> {
        let path = owners_path(name);
        match self.objects.get(&path).await? {
            Some(object) => Ok(Owners::parse(&path, &object.bytes)?),
            None => Ok(Owners::default()),
        }
    }

    async fn package_now(&self, name: &PackageName) -> Result<Package, Error> {
        let lines = self.index_file(name).await?.0;
        let mut owners = self.owners(name).await?;
        if lines.is_empty() {
            owners.owners.clear();
        }
        Ok(Package { lines, owners })
    }

    async fn change_now(
        &self,
        name: &PackageName,
        archive: Option<&Offered>,
        decide: &Decide,
    ) -> Result<Option<Change>, Error> {
        let id = random_name()?;
        let Some(offered) = archive else {
            return self.attempts(name, &id, None, decide).await;
        };
        // What is refused is not uploaded, and uploads do not wait for each other.
        if decide(&self.package_now(name).await?)?.is_none() {
            return Ok(None);
        }
        let incoming = format!("{INCOMING}/{id}");
        self.objects.upload(&incoming, &offered.path).await?;
        let result = self.attempts(name, &id, Some(&incoming), decide).await;
        if !matches!(result, Ok(Some(_))) {
            // Not wanted any more. If this fails, it is swept away some day.
            let _ = self.objects.delete(&incoming).await;
        }
        result
    }

    /// Attempts a change until it is the next one. `id` is by what it is known again, `incoming`
    /// where its archive is.
    async fn attempts(
        &self,
        name: &PackageName,
        id: &str,
        incoming: Option<&str>,
        decide: &Decide,
    ) -> Result<Option<Change>, Error> {
        let _turn = self.turn.lock().await;
        let mut made: Option<Change> = None;
        for attempt in 0..ATTEMPTS {
            let settled = self.settle(Some(id)).await?;
            if let (true, Some(change)) = (settled.mine, made.take()) {
                // The write that seemed to fail had succeeded.
                return Ok(Some(change));
            }
            let package = self.package_now(name).await?;
            let Some(change) = decide(&package)? else {
                return Ok(None);
            };
            let log = &settled.journal.log;
            let pending = Pending::new(id, name, &change, &package, incoming, log);
            let journal = settled.journal.with(pending);
            made = Some(change);
            let written = self
                .objects
                .put_if(JOURNAL, journal.to_json(), Some(&settled.version));
            if let Some(version) = written.await? {
                return match self.finish(&journal, &version).await? {
                    true => Ok(made),
                    false => Err(Error::BadRequest {
                        reason: "the upload took too long, and was swept away".to_owned(),
                    }),
                };
            }
            pause(attempt).await?;
        }
        Err(Error::Busy { attempts: ATTEMPTS })
    }

    /// Finishes what is in the journal, and checks that the log goes as far as the journal says: what
    /// was restored from different moments would go wrong later.
    async fn agree(&self) -> Result<(), Error> {
        for attempt in 0..ATTEMPTS {
            let settled = self.settle(None).await?;
            let facts = self.objects.head(LOG).await?;
            let length = facts.map_or(0, |facts| facts.size);
            let expected = settled.journal.log.length;
            if length == expected {
                return Ok(());
            }
            let again = self.objects.get(JOURNAL).await?;
            if again.is_some_and(|again| again.version == settled.version) {
                let reason = format!(
                    "it has {length} bytes, but {JOURNAL} says {expected}; restore both from the \
                     same moment, or restore the log and remove the journal"
                );
                return Err(Error::damaged(LOG, reason));
            }
            // Others go on meanwhile.
            pause(attempt).await?;
        }
        Err(Error::Busy { attempts: ATTEMPTS })
    }

    /// Removes uploads that were never published.
    async fn sweep(&self) -> Result<(), Error> {
        for object in self.objects.list(INCOMING).await? {
            let modified: SystemTime = object.last_modified.into();
            let age = SystemTime::now().duration_since(modified);
            if age.is_ok_and(|age| age > ABANDONED)
                && let Some(name) = object.location.filename()
            {
                self.objects.delete(&format!("{INCOMING}/{name}")).await?;
            }
        }
        Ok(())
    }
}

/// Leaves others time, and seldom as much as they leave.
async fn pause(attempt: u32) -> Result<(), Error> {
    let random = getrandom::u32()?;
    let most = 10_u64 << attempt.min(5);
    tokio::time::sleep(Duration::from_millis(u64::from(random) % most)).await;
    Ok(())
}

fn random_name() -> Result<String, Error> {
    Ok(format!(
        "{:016x}{:016x}",
        getrandom::u64()?,
        getrandom::u64()?
    ))
}
