//! Answers to reads: the files of the registry, byte for byte, as a plain web server would give
//! them, with entity tags, ranges and compression.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, LAST_MODIFIED, RANGE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::app::{App, Streamed};
use super::conditional::{self, Outcome};
use super::encoding::{self, Encoding};
use super::files::{File, Headers, KEPT};
use super::range::{self, Part};
use super::readable::{Kind, Readable};
use super::refusal::{Code, Refusal};
use crate::storage::{self, Facts};

/// What is never other than it was.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The same, of what is not for everybody.
const FOR_EVER_PRIVATE: &str = "private, max-age=31536000, immutable";
/// Kept by caches, but asked for each time.
const ASK: &str = "no-cache";
const ASK_PRIVATE: &str = "private, no-cache";

/// How often a file may be another one when it is read than when it was looked at.
const ATTEMPTS: usize = 4;

/// Answers a request for the file at `path`.
pub(crate) async fn answer(
    app: &App,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    for _ in 0..ATTEMPTS {
        let (file, warning) = find(app, path).await?;
        let Some(mut response) = represent(app, &file, method, path, headers).await? else {
            continue;
        };
        if app.private {
            let value = match file.kind {
                Kind::Archive(..) => FOR_EVER_PRIVATE,
                _ => ASK_PRIVATE,
            };
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(CACHE_CONTROL, value);
        }
        if let Some(warning) = warning {
            let name = axum::http::header::WARNING;
            response.headers_mut().insert(name, warning);
        }
        return Ok(response);
    }
    Err(Refusal::overloaded("the file is being replaced"))
}

/// The file at `path`, from memory if it is still the one in storage.
async fn find(app: &App, path: &str) -> Result<(Arc<File>, Option<HeaderValue>), Refusal> {
    let kept = app.files.get(path);
    let parsed;
    let (storage_path, kind) = match &kept {
        // What is in memory was parsed when it was put there.
        Some(file) => (file.path.as_str(), &file.kind),
        None => {
            parsed = Readable::parse(path).ok_or_else(|| Refusal::not_found(path))?;
            (parsed.path.as_str(), &parsed.kind)
        }
    };
    let found = app.source.facts(storage_path, kind).await?;
    let Some((facts, warning)) = found else {
        app.files.forget(path);
        return Err(Refusal::not_found(path));
    };
    if let Some(file) = &kept
        && file.facts == facts
    {
        app.metrics.looked_up("hit");
        return Ok((Arc::clone(file), warning));
    }
    app.metrics.looked_up("miss");
    let file = load(app, storage_path, kind, facts).await?;
    if file.bytes.is_some() {
        app.files.put(path, &file);
        app.metrics.cache_bytes.set(app.files.bytes());
    }
    Ok((file, warning))
}

/// Reads a small file: its bytes are those that its facts are about. A large one is not opened:
/// its facts are `facts`.
async fn load(app: &App, path: &str, kind: &Kind, facts: Facts) -> Result<Arc<File>, Refusal> {
    if facts.size > KEPT {
        return Ok(Arc::new(File::new(path, kind.clone(), facts, None)));
    }
    let content = app.source.read(path, None).await?;
    let content = content.ok_or_else(|| Refusal::not_found(path))?;
    // It may have grown meanwhile.
    let bytes = if content.facts.size <= KEPT {
        let bytes = content.body.bytes().await;
        Some(bytes.map_err(|error| Refusal::internal(&error))?)
    } else {
        None
    };
    Ok(Arc::new(File::new(
        path,
        kind.clone(),
        content.facts,
        bytes,
    )))
}

/// The bytes in `range` of a file that is not in memory; `None` if it was replaced since it was
/// looked at: what was decided by its facts does not hold for other bytes.
async fn stream(
    app: &App,
    file: &File,
    range: std::ops::Range<u64>,
) -> Result<Option<Response>, Refusal> {
    // Buckets are asked once more for a part.
    let part = (range != (0..file.facts.size)).then_some(range);
    let content = app.source.read(&file.path, part).await?;
    let content = content.ok_or_else(|| Refusal::not_found(&file.path))?;
    if content.facts.etag != file.facts.etag {
        return Ok(None);
    }
    let mut response = match content.body {
        storage::Body::Bytes(bytes) => Response::new(Body::from(bytes)),
        storage::Body::Stream(pieces) => Response::new(Body::from_stream(pieces)),
    };
    response.extensions_mut().insert(Streamed);
    Ok(Some(response))
}

/// The answer that tells of `file`; `None` if it was replaced before its bytes were read.
async fn represent(
    app: &App,
    file: &Arc<File>,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Option<Response>, Refusal> {
    let ranged = headers.get(RANGE).filter(|_| *method == Method::GET);
    // Ranges are of the file as it is.
    let encoding = if ranged.is_none() && worth_encoding(file) {
        Encoding::accepted(headers)
    } else {
        Encoding::Identity
    };
    let variant = match encoding {
        Encoding::Identity => file.plain.clone(),
        encoding => file.headers(encoding),
    };
    let now = SystemTime::now();
    match conditional::evaluate(headers, &variant.tag, file.modified(), now) {
        Outcome::NotModified => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            describe(&mut response, file, &variant);
            return Ok(Some(response));
        }
        Outcome::PreconditionFailed => {
            let message = format!("{path} is not what the request's condition names");
            return Err(Refusal::new(Code::PreconditionFailed, message));
        }
        Outcome::Proceed => {}
    }
    let size = file.facts.size;
    if let Some(range) = ranged.and_then(|range| range.to_str().ok())
        && conditional::range_holds(headers, &variant.tag, file.modified(), now)
    {
        match range::part(range, size) {
            Part::Whole => {}
            Part::Bytes(range) => return part(app, file, range).await,
            Part::Unsatisfiable => {
                let message = format!("{path} has {size} bytes, none of them in {range}");
                let refusal = Refusal::new(Code::RangeNotSatisfiable, message);
                let mut response = refusal.into_response();
                let headers = response.headers_mut();
                headers.insert(CONTENT_RANGE, number_value(format!("bytes */{size}")));
                headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
                return Ok(Some(response));
            }
        }
    }
    let head = *method == Method::HEAD;
    let (mut response, length) = match (&file.bytes, encoding) {
        (_, Encoding::Identity) if head => (Response::new(Body::empty()), size),
        (Some(bytes), Encoding::Identity) => (Response::new(Body::from(bytes.clone())), size),
        (Some(bytes), encoding) => {
            let bytes = encoded(app, file, path, bytes, encoding).await?;
            let length = bytes.len() as u64;
            let body = if head {
                Body::empty()
            } else {
                Body::from(bytes)
            };
            (Response::new(body), length)
        }
        (None, _) => match stream(app, file, 0..size).await? {
            Some(response) => (response, size),
            None => return Ok(None),
        },
    };
    describe(&mut response, file, &variant);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(name) = encoding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    Ok(Some(response))
}

fn worth_encoding(file: &File) -> bool {
    file.kind.compressible()
        && file.bytes.is_some()
        && (encoding::WORTH..=encoding::BOUND).contains(&file.facts.size)
}

/// 206, with the bytes in `range`; `None` as for [`stream`].
async fn part(
    app: &App,
    file: &Arc<File>,
    range: std::ops::Range<u64>,
) -> Result<Option<Response>, Refusal> {
    let size = file.facts.size;
    let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    let length = range.end - range.start;
    let mut response = match &file.bytes {
        Some(bytes) => {
            let place = |at: u64| usize::try_from(at).unwrap_or(bytes.len()).min(bytes.len());
            let bytes = bytes.slice(place(range.start)..place(range.end));
            Response::new(Body::from(bytes))
        }
        None => match stream(app, file, range).await? {
            Some(response) => response,
            None => return Ok(None),
        },
    };
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    describe(&mut response, file, &file.plain);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CONTENT_RANGE, number_value(content_range));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(Some(response))
}

/// What both an answer with a body and a 304 say of the file.
fn describe(response: &mut Response, file: &File, variant: &Headers) {
    let not_modified = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.insert(ETAG, variant.etag.clone());
    let cache = match file.kind {
        Kind::Archive(..) => FOR_EVER,
        _ => ASK,
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if file.kind.compressible() {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if !not_modified {
        // A date that the next state of the file may have, too, would only mislead.
        if conditional::settled(file.modified(), SystemTime::now()) {
            headers.insert(LAST_MODIFIED, variant.modified.clone());
        }
        let content_type = file.kind.content_type();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
}

/// The representation of `file` in `encoding`, made if it is not there.
async fn encoded(
    app: &App,
    file: &Arc<File>,
    path: &str,
    bytes: &Bytes,
    encoding: Encoding,
) -> Result<Bytes, Refusal> {
    if let Some((_, bytes)) = file.encoded(encoding) {
        return Ok(bytes.clone());
    }
    let plain = bytes.clone();
    let made = tokio::task::spawn_blocking(move || encoding.encode(&plain))
        .await
        .map_err(|error| Refusal::internal(&error))?
        .map_err(|error| Refusal::internal(&error))?;
    app.files.encoded(path, file, encoding, made.clone());
    app.metrics.cache_bytes.set(app.files.bytes());
    Ok(made)
}

/// A header's value of digits and a few words.
fn number_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::http::metrics::Metrics;
    use crate::http::options::Options;
    use crate::http::source::Source;
    use crate::{Service, StorageLocation};

    const PATH: &str = "/archives/large/large-1.0.0.puck";

    fn place(folder: &TempDir, bytes: &[u8]) {
        let place = folder.path().join(&PATH[1..]);
        fs_err::create_dir_all(place.parent().unwrap()).unwrap();
        let beside = place.with_extension("new");
        fs_err::write(&beside, bytes).unwrap();
        fs_err::rename(beside, place).unwrap();
    }

    /// Also one of the same size: the tag of one file is never said of another's bytes.
    #[tokio::test]
    async fn a_large_file_that_was_replaced_is_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let location = StorageLocation::Directory(folder.path().to_owned());
        let service = Service::open(&location).await.unwrap();
        let options = Options::at("127.0.0.1:0".parse().unwrap());
        let source = Source::new(service, None);
        let app = App::new(source, Arc::new(Metrics::new()), &options);
        let size = usize::try_from(KEPT).unwrap() + 1;
        place(&folder, &vec![1; size]);
        let (old, _) = find(&app, PATH).await.unwrap();
        assert!(old.bytes.is_none());
        place(&folder, &vec![2; size]);
        for range in [None, Some("bytes=5-9")] {
            let headers: HeaderMap = range
                .map(|range| (RANGE, HeaderValue::from_static(range)))
                .into_iter()
                .collect();
            let stale = represent(&app, &old, &Method::GET, PATH, &headers).await;
            assert!(stale.unwrap().is_none(), "{range:?}");
            let fresh = answer(&app, &Method::GET, PATH, &headers).await.unwrap();
            assert_ne!(fresh.headers()[ETAG], old.plain.etag, "{range:?}");
            let bytes = axum::body::to_bytes(fresh.into_body(), size).await.unwrap();
            assert!(bytes.iter().all(|byte| *byte == 2), "{range:?}");
            assert_eq!(bytes.len(), range.map_or(size, |_| 5), "{range:?}");
        }
    }
}
