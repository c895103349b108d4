//! What was read of a registry, kept on this machine.
//!
//! ```text
//! position.json        how far the log was read, and which packages changed since the first look
//! registry.json        like index files
//! index/li/na/linalg   a line about the file, then the file as the registry has it
//! .incoming/           what is not in its place yet
//! ```
//!
//! Of each file the cache keeps how far the log went when the file was asked for. It shows all that
//! the log says up to there, since a registry changes the index before the log. So it is current as
//! long as no later line names its package, whichever process wrote it, and in which order files
//! and position were written: nothing needs a lock, and nothing is wrong after a kill.
//!
//! Files are written in `.incoming/` and renamed. They are not flushed to the disk: what is damaged
//! (by its checksum) is read from the registry again. What lies in `.incoming/` for a day was left
//! by a killed process; whoever keeps a position removes it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use puck_package::{Digest, PackageName};
use puck_registry::Action;
use semver::Version;
use serde::{Deserialize, Serialize};

/// The layout that is described here.
const FORMAT: u32 = 1;

/// Where a file is written before it is renamed.
const INCOMING: &str = ".incoming";

/// After how long nobody is writing a file any more.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The directory that keeps what was read of one registry; or nothing, when there is none.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    directory: Option<PathBuf>,
}

/// How far a log was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Position {
    format: u32,
    /// The registry's address.
    pub(crate) url: String,
    /// Changes when files of before must not be thought current.
    pub(crate) epoch: String,
    /// The length of all complete lines, in bytes.
    pub(crate) length: u64,
    /// Where the last of them starts.
    pub(crate) start: u64,
    /// Its number; 0 if there is none.
    pub(crate) number: u64,
    /// Its SHA-256.
    pub(crate) head: Option<Digest>,
    /// What the lines since the first look say, the last one of each package.
    pub(crate) changed: BTreeMap<PackageName, Change>,
}

/// The last change of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Change {
    /// The length of the log up to it, itself included.
    pub(crate) length: u64,
    pub(crate) action: Action,
    pub(crate) version: Version,
    pub(crate) sha256: Digest,
}

/// A file of the registry, as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) about: About,
    pub(crate) body: Vec<u8>,
}

/// What is known of a kept file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct About {
    format: u32,
    /// That of the position it was asked for at.
    pub(crate) epoch: String,
    /// How far the log went when it was asked for.
    pub(crate) log: u64,
    /// Whether the registry had no such file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) absent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    size: u64,
    crc32: u32,
}

impl Position {
    /// That of a log that nothing was read of.
    pub(crate) fn new(url: String) -> Self {
        Self {
            format: FORMAT,
            url,
            epoch: new_epoch(),
            length: 0,
            start: 0,
            number: 0,
            head: None,
            changed: BTreeMap::new(),
        }
    }

    /// Forgets what changed, and with it that any kept file is current.
    pub(crate) fn begin_epoch(&mut self) {
        self.epoch = new_epoch();
        self.changed.clear();
    }

    /// Whether a file about `name`, or about none, shows all that the log says.
    pub(crate) fn is_current(&self, about: &About, name: Option<&PackageName>) -> bool {
        let change = name.and_then(|name| self.changed.get(name));
        about.epoch == self.epoch && change.is_none_or(|change| about.log >= change.length)
    }
}

impl Kept {
    /// A file that was asked for at `position`.
    pub(crate) fn new(
        position: &Position,
        etag: Option<String>,
        absent: bool,
        body: Vec<u8>,
    ) -> Self {
        let about = About {
            format: FORMAT,
            epoch: position.epoch.clone(),
            log: position.length,
            absent,
            etag,
            size: body.len() as u64,
            crc32: crc32fast::hash(&body),
        };
        Self { about, body }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let about: About = serde_json::from_slice(bytes.get(..end)?).ok()?;
        let body = bytes.get(end + 1..)?.to_vec();
        let whole = about.format == FORMAT
            && about.size == body.len() as u64
            && about.crc32 == crc32fast::hash(&body);
        whole.then_some(Self { about, body })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self.about).expect("all keys are strings");
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl Cache {
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    pub(crate) fn directory(&self) -> Option<&PathBuf> {
        self.directory.as_ref()
    }

    /// How far the log of the registry at `url` was read; `None` if that is not known.
    pub(crate) fn position(&self, url: &str) -> Option<Position> {
        let bytes = self.read("position.json")?;
        let position: Position = serde_json::from_slice(&bytes).ok()?;
        let sound = position.format == FORMAT
            && position.url == url
            && position.start <= position.length
            && position.head.is_some() == (position.number > 0);
        sound.then_some(position)
    }

    pub(crate) fn keep_position(&self, position: &Position) -> io::Result<()> {
        let json = serde_json::to_vec(position).expect("all keys are strings");
        self.write("position.json", &json)?;
        self.remove_abandoned()
    }

    /// The file that the registry has at `path`, if it is kept and whole.
    pub(crate) fn get(&self, path: &str) -> Option<Kept> {
        Kept::parse(&self.read(path)?)
    }

    pub(crate) fn keep(&self, path: &str, kept: &Kept) -> io::Result<()> {
        self.write(path, &kept.to_bytes())
    }

    /// What cannot be read is not there: the registry has it.
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.directory.as_ref()?.join(path)).ok()
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let path = directory.join(path);
        let incoming = directory.join(INCOMING);
        fs::create_dir_all(&incoming)?;
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let mut file = tempfile::NamedTempFile::new_in(incoming)?;
        file.write_all(bytes)?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes what killed processes left.
    fn remove_abandoned(&self) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        for entry in fs::read_dir(directory.join(INCOMING))? {
            let path = entry?.path();
            let abandoned = || -> io::Result<bool> {
                let written = fs::metadata(&path)?.modified()?;
                let age = SystemTime::now().duration_since(written);
                // One from the future is not old.
                Ok(age.unwrap_or_default() > ABANDONED)
            };
            match abandoned().and_then(|old| if old { fs::remove_file(&path) } else { Ok(()) }) {
                // Moved to its place, or removed by another process.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
        Ok(())
    }
}

fn new_epoch() -> String {
    // Without randomness, the process and the time do: two epochs need only differ.
    let fallback = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_nanos() as u64) ^ u64::from(std::process::id())
    };
    format!("{:016x}", getrandom::u64().unwrap_or_else(|_| fallback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(length: u64) -> Change {
        Change {
            length,
            action: Action::Publish,
            version: Version::new(1, 0, 0),
            sha256: Digest::of(b""),
        }
    }

    #[test]
    fn what_is_damaged_is_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(directory.path().join("cache")));
        let position = Position::new("http://a.example/".to_owned());
        let kept = Kept::new(
            &position,
            Some("\"x\"".to_owned()),
            false,
            b"one\ntwo\n".to_vec(),
        );
        assert_eq!(cache.get("index/x"), None);
        cache.keep("index/x", &kept).unwrap();
        assert_eq!(cache.get("index/x"), Some(kept.clone()));
        let whole = kept.to_bytes();
        for i in 0..whole.len() {
            let mut spoilt = whole.clone();
            spoilt[i] ^= 1;
            fs::write(directory.path().join("cache/index/x"), &spoilt).unwrap();
            let found = cache.get("index/x");
            assert!(
                found.is_none_or(|found| found.body == kept.body),
                "byte {i}"
            );
            fs::write(directory.path().join("cache/index/x"), &whole[..i]).unwrap();
            assert_eq!(cache.get("index/x"), None, "cut at {i}");
        }
    }

    #[test]
    fn positions_are_of_one_address() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(directory.path().to_owned()));
        let position = Position::new("http://a.example/".to_owned());
        cache.keep_position(&position).unwrap();
        assert_eq!(cache.position("http://a.example/"), Some(position));
        assert_eq!(cache.position("http://b.example/"), None);
        fs::write(directory.path().join("position.json"), "{").unwrap();
        assert_eq!(cache.position("http://a.example/"), None);
    }

    #[test]
    fn what_killed_processes_left_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(directory.path().to_owned()));
        let position = Position::new("http://a.example/".to_owned());
        cache.keep_position(&position).unwrap();
        let incoming = directory.path().join(INCOMING);
        assert_eq!(fs::read_dir(&incoming).unwrap().count(), 0);
        let now = SystemTime::now();
        for (name, written) in [
            ("old", now - ABANDONED - Duration::from_secs(60)),
            ("new", now - ABANDONED / 2),
            ("later", now + ABANDONED),
        ] {
            let file = fs::File::create(incoming.join(name)).unwrap();
            file.file().set_modified(written).unwrap();
        }
        cache.keep_position(&position).unwrap();
        let left = ["old", "new", "later"].map(|name| incoming.join(name).exists());
        assert_eq!(left, [false, true, true]);
    }

    #[test]
    fn what_is_current() {
        let mut position = Position::new("http://a.example/".to_owned());
        let linalg: PackageName = "linalg".parse().unwrap();
        position.length = 100;
        let about = Kept::new(&position, None, false, Vec::new()).about;
        assert!(position.is_current(&about, Some(&linalg)));
        // Told by another process, which looked before.
        position.length = 50;
        position.changed.insert(linalg.clone(), change(50));
        assert!(position.is_current(&about, Some(&linalg)));
        position.changed.insert(linalg.clone(), change(101));
        assert!(!position.is_current(&about, Some(&linalg)));
        assert!(position.is_current(&about, Some(&"stats".parse().unwrap())));
        position.begin_epoch();
        assert!(!position.is_current(&about, Some(&"stats".parse().unwrap())));
    }
}
