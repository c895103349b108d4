//! Requests of a mirror to its upstream.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use fs_err as fs;
use puck_package::{Digest, IndexLine, PackageName};
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use url::Url;

use super::failure::Failure;
use super::redirect;
use crate::http::ServeError;
use crate::http::readable::Kind;

/// How long the upstream may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long it may send nothing.
const STALL: Duration = Duration::from_secs(30);
/// The largest document that is taken: a log of millions of lines.
const DOCUMENT: usize = 1 << 30;
/// The largest answer that is relayed.
const ANSWER: usize = 64 << 20;

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    /// It was fetched.
    Changed,
    /// It is as it was.
    Unchanged,
    /// There is none.
    Absent,
}

/// What the upstream says of a document.
pub(super) enum Answer {
    /// It is as the copy.
    Unchanged,
    /// There is none.
    Absent,
    /// It is this.
    Document(Document),
}

/// A document that came.
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    etag: Option<String>,
}

/// What is remembered of a document.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// The upstream's entity tag.
    etag: Option<String>,
    /// Of the copy: a tag is worth nothing if the copy is not the one it came with.
    copy: Option<Copy>,
}

/// What tells a file from another that was written in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Copy {
    size: u64,
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Copy {
    fn of(place: &Path) -> Option<Self> {
        let metadata = fs::metadata(place).ok()?;
        Some(Self {
            size: metadata.len(),
            inode: metadata.ino(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        })
    }
}

/// The registry that is mirrored.
pub(crate) struct Upstream {
    pub(super) url: Url,
    client: reqwest::Client,
}

impl Upstream {
    /// The registry at `url`.
    ///
    /// # Errors
    /// If that is no address of one.
    pub(crate) fn new(url: &Url) -> Result<Self, ServeError> {
        let wrong = |reason: String| ServeError::Upstream {
            upstream: url.to_string(),
            reason,
        };
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err(wrong("it is not an http or https address".to_owned()));
        }
        let mut url = url.clone();
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        // Only the first of a process counts; all are the same.
        _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(STALL)
            .redirect(redirect::policy())
            .user_agent(concat!("puck-mirror/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self { url, client })
    }

    fn address(&self, path: &str) -> Result<Url, String> {
        self.url.join(path).map_err(|error| error.to_string())
    }

    /// Brings the copy of a document at `place` up to date.
    pub(super) async fn document(
        &self,
        path: &str,
        kind: &Kind,
        directory: &Path,
        place: &Path,
        note: &Path,
    ) -> Result<Fetched, Failure> {
        match self.ask(path, kind, place, note).await? {
            Answer::Unchanged => Ok(Fetched::Unchanged),
            Answer::Absent => Ok(Fetched::Absent),
            Answer::Document(document) => Ok(document.keep(directory, place, note)?),
        }
    }

    /// Asks for a document, of which the copy is at `place`.
    pub(super) async fn ask(
        &self,
        path: &str,
        kind: &Kind,
        place: &Path,
        note: &Path,
    ) -> Result<Answer, Failure> {
        let known: Note = fs::read(note)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let held = Copy::of(place);
        let mut request = self
            .client
            .get(self.address(path)?)
            .header(CACHE_CONTROL, "no-cache");
        if let Some(etag) = known.etag.filter(|_| held.is_some() && held == known.copy) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let mut response = request.send().await?;
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(Answer::Unchanged),
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Answer::Absent),
            StatusCode::OK => {}
            status => return Err(Failure::status(path, status)),
        }
        let etag = response
            .headers()
            .get(ETAG)
            .and_then(|etag| etag.to_str().ok())
            .map(str::to_owned);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > DOCUMENT {
                return Err(format!("{path} is larger than {DOCUMENT} bytes").into());
            }
            bytes.extend_from_slice(&chunk);
        }
        check(path, kind, &bytes)?;
        Ok(Answer::Document(Document { bytes, etag }))
    }

    /// Fetches the archive that `line` is about to `place`.
    pub(super) async fn archive(
        &self,
        path: &str,
        line: &IndexLine,
        directory: &Path,
        place: &Path,
    ) -> Result<Fetched, Failure> {
        let address = self.address(path)?;
        let mut response = self.client.get(address).send().await?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Fetched::Absent),
            StatusCode::OK => {}
            status => return Err(Failure::status(path, status)),
        }
        let mut file = temporary(directory)?;
        let mut hasher = Digest::hasher();
        let mut size = 0;
        while let Some(chunk) = response.chunk().await? {
            size += chunk.len() as u64;
            if size > line.size {
                return Err(format!(
                    "{path} is longer than the {} bytes of its index line",
                    line.size
                )
                .into());
            }
            (hasher.write_all(&chunk))
                .and_then(|()| file.write_all(&chunk))
                .map_err(local)?;
        }
        let (sha256, _) = hasher.finish();
        if sha256 != line.sha256 {
            return Err(format!(
                "{path} has SHA-256 {sha256}, not that of its index line, {}",
                line.sha256
            )
            .into());
        }
        tokio::task::spawn_blocking({
            let place = place.to_owned();
            move || put(file, &place)
        })
        .await
        .map_err(|error| error.to_string())??;
        Ok(Fetched::Changed)
    }

    /// Asks the upstream's API what this mirror's was asked by `uri`.
    pub(super) async fn relay(&self, description: &[u8], uri: &Uri) -> Result<Response, Failure> {
        #[derive(Deserialize)]
        struct Described {
            api: Option<String>,
        }
        let api = serde_json::from_slice::<Described>(description)
            .ok()
            .and_then(|described| described.api)
            .ok_or_else(|| "it has no API".to_owned())?;
        let mut base = self.address(&api)?;
        if base.origin() != self.url.origin() {
            return Err("its API is elsewhere; ask there".to_owned().into());
        }
        let name = uri.path().rsplit('/').next().unwrap_or_default();
        base.set_path(&format!("{}/{name}", base.path().trim_end_matches('/')));
        base.set_query(uri.query());
        let mut response = self.client.get(base).send().await?;
        let status = response.status();
        if status.is_server_error() {
            return Err(Failure::status(name, status));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > ANSWER {
                return Err(format!("its answer is larger than {ANSWER} bytes").into());
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(Body::from(bytes));
        *answer.status_mut() = status;
        answer
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(answer)
    }
}

impl Document {
    /// Makes it the copy at `place`.
    pub(super) fn keep(
        self,
        directory: &Path,
        place: &Path,
        note: &Path,
    ) -> Result<Fetched, String> {
        let Self { bytes, etag } = self;
        let same = Copy::of(place).is_some_and(|held| held.size == bytes.len() as u64)
            && fs::read(place).is_ok_and(|copy| copy == bytes);
        if !same {
            write(directory, place, &bytes)?;
        }
        let copy = Copy::of(place);
        let note_now =
            serde_json::to_vec(&Note { etag, copy }).map_err(|error| error.to_string())?;
        write(directory, note, &note_now)?;
        // A server without entity tags sends what it has each time.
        Ok(if same {
            Fetched::Unchanged
        } else {
            Fetched::Changed
        })
    }
}

/// The lines of an index file.
pub(super) fn lines(
    path: &str,
    name: &PackageName,
    bytes: &[u8],
) -> Result<Vec<IndexLine>, String> {
    let text = str::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8"))?;
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let line = IndexLine::parse(path, line).map_err(|error| error.to_string())?;
            if line.name == *name {
                Ok(line)
            } else {
                Err(format!("{path} has a line about {}", line.name))
            }
        })
        .collect()
}

/// Whether what came is what it should be, and not some page that says why it is not.
fn check(path: &str, kind: &Kind, bytes: &[u8]) -> Result<(), String> {
    let json = |bytes: &[u8]| {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes)
            .map(drop)
            .map_err(|error| format!("{path} is not what it should be: {error}"))
    };
    match kind {
        Kind::Description => json(bytes),
        Kind::Index(name) => lines(path, name, bytes).map(drop),
        // Every line is checked by whoever reads it; the first shows what it is.
        Kind::Log => match bytes.split(|byte| *byte == b'\n').next() {
            Some(line) if !line.is_empty() => json(line),
            _ => Ok(()),
        },
        Kind::Archive(..) => Ok(()),
    }
}

/// Writes a file for everybody to read, beside and then at `place`.
pub(super) fn write(directory: &Path, place: &Path, bytes: &[u8]) -> Result<(), String> {
    let mut file = temporary(directory)?;
    file.write_all(bytes).map_err(local)?;
    put(file, place)
}

fn temporary(directory: &Path) -> Result<NamedTempFile, String> {
    std::fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(directory)
        .map_err(local)?;
    tempfile::Builder::new()
        .prefix("fetch-")
        .tempfile_in(directory)
        .map_err(local)
}

/// Moves `file` to `place`, for everybody to read.
fn put(file: NamedTempFile, place: &Path) -> Result<(), String> {
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent).map_err(local)?;
    }
    let readable = std::fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(readable).map_err(local)?;
    file.as_file().sync_all().map_err(local)?;
    file.persist(place).map_err(|error| local(error.error))?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
fn local(error: std::io::Error) -> String {
    format!("the copy cannot be written: {error}")
}
