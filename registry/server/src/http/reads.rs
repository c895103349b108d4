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
use crate::storage;

/// What is never other than it was.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The same, of what is not for everybody.
const FOR_EVER_PRIVATE: &str = "private, max-age=31536000, immutable";
/// Kept by caches, but asked for each time.
const ASK: &str = "no-cache";
const ASK_PRIVATE: &str = "private, no-cache";

/// Answers a request for the file at `path`.
pub(crate) async fn answer(
    app: &App,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let (file, warning) = find(app, path).await?;
    let mut response = represent(app, &file, method, path, headers).await?;
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
    Ok(response)
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
    let file = load(app, storage_path, kind).await?;
    if file.bytes.is_some() {
        app.files.put(path, &file);
        app.metrics.cache_bytes.set(app.files.bytes());
    }
    Ok((file, warning))
}

/// Reads a small file: its bytes are those that its facts are about. Of a large one only the facts
/// are kept.
async fn load(app: &App, path: &str, kind: &Kind) -> Result<Arc<File>, Refusal> {
    let content = app.source.read(path, None).await?;
    let content = content.ok_or_else(|| Refusal::not_found(path))?;
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

/// The bytes in `range` of a file that is not in memory.
async fn stream(app: &App, file: &File, range: std::ops::Range<u64>) -> Result<Response, Refusal> {
    let content = app.source.read(&file.path, Some(range.clone())).await?;
    let content = content.ok_or_else(|| Refusal::not_found(&file.path))?;
    if content.range != range {
        // It has become shorter: whoever restored an older copy is at work.
        return Err(Refusal::overloaded("the file is being replaced"));
    }
    let mut response = match content.body {
        storage::Body::Bytes(bytes) => Response::new(Body::from(bytes)),
        storage::Body::Stream(pieces) => Response::new(Body::from_stream(pieces)),
    };
    response.extensions_mut().insert(Streamed);
    Ok(response)
}

async fn represent(
    app: &App,
    file: &Arc<File>,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
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
            return Ok(response);
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
                return Ok(response);
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
        (None, _) => (stream(app, file, 0..size).await?, size),
    };
    describe(&mut response, file, &variant);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(name) = encoding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    Ok(response)
}

fn worth_encoding(file: &File) -> bool {
    file.kind.compressible()
        && file.bytes.is_some()
        && (encoding::WORTH..=encoding::BOUND).contains(&file.facts.size)
}

/// 206, with the bytes in `range`.
async fn part(
    app: &App,
    file: &Arc<File>,
    range: std::ops::Range<u64>,
) -> Result<Response, Refusal> {
    let size = file.facts.size;
    let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    let length = range.end - range.start;
    let mut response = match &file.bytes {
        Some(bytes) => {
            let place = |at: u64| usize::try_from(at).unwrap_or(bytes.len()).min(bytes.len());
            let bytes = bytes.slice(place(range.start)..place(range.end));
            Response::new(Body::from(bytes))
        }
        None => stream(app, file, range).await?,
    };
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    describe(&mut response, file, &file.plain);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CONTENT_RANGE, number_value(content_range));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(response)
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
