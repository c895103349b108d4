//! One request, answered: connections, redirects, the token, and what an answer's status means.
//!
//! Redirects are followed here, by hand: the token goes only to the scheme, host and port of the
//! registry, and a request that changes something goes nowhere else at all.

use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::blocking::{self, Response};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, redirect};
use url::Url;

use crate::failure::{self, Failure};
use crate::retry::Backoff;
use crate::settings::{is_loopback, shown};
use crate::{Error, Result, Settings, tls};

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// The longest error text that is read, in bytes.
const MAX_REFUSAL: u64 = 64 << 10;

/// The slowest connection over which a publish may succeed, in bytes a second.
const SLOWEST_UPLOAD: u64 = 4 << 10;

/// The longest file that is sent from memory, in bytes. An answer that comes before all was sent, a
/// refusal mostly, is not seen when a file is sent piece by piece.
const MAX_IN_MEMORY: u64 = 16 << 20;

/// What sends requests to a registry.
pub(crate) struct Transport {
    settings: Settings,
    /// Made for the first request.
    http: Mutex<Option<blocking::Client>>,
    /// Whether it could not be reached in the end: then nobody waits for it again.
    gone: AtomicBool,
}

/// A request, which may be sent more than once.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

/// What a request brings.
pub(crate) enum Body {
    Nothing,
    Json(Vec<u8>),
    /// Read anew each time.
    File(std::path::PathBuf),
}

/// An answer that came whole.
pub(crate) struct Answer {
    /// Where it came from in the end.
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::Nothing,
        }
    }

    pub(crate) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// With a header; left out if `value` cannot be one.
    pub(crate) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Past all caches on the way.
    pub(crate) fn fresh(self, fresh: bool) -> Self {
        if fresh {
            self.with(header::CACHE_CONTROL, "no-cache")
        } else {
            self
        }
    }
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            http: Mutex::new(None),
            gone: AtomicBool::new(false),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sends `request`, again if that may help, and reads the whole answer, of at most `limit` bytes.
    pub(crate) fn fetch(&self, request: &Request, limit: u64) -> Result<Answer> {
        let mut backoff = self.patience(0);
        loop {
            match self.once(request).and_then(|r| whole(r, limit)) {
                Ok(answer) => {
                    self.gone.store(false, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(failure) => self.wait(&mut backoff, failure)?,
            }
        }
    }

    /// What is left of it after some failures.
    pub(crate) fn patience(&self, failures: u32) -> Backoff<'_> {
        if self.gone.load(Ordering::Relaxed) {
            Backoff::after(&self.settings, self.settings.retry.count)
        } else {
            Backoff::after(&self.settings, failures)
        }
    }

    /// Waits before the next time; the error if there is none.
    pub(crate) fn wait(&self, backoff: &mut Backoff<'_>, failure: Failure) -> Result<()> {
        let waited = backoff.wait(failure);
        if let Err(Error::Unreachable { .. }) = waited {
            self.gone.store(true, Ordering::Relaxed);
        }
        waited
    }

    /// Sends `request` once, following redirects. The status of what comes is not one that goes by.
    pub(crate) fn once(&self, request: &Request) -> Result<Response, Failure> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let response = self.hop(request, &url)?;
            let status = response.status();
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                url = target(request, &url, &response)?;
            } else if failure::passes(status) {
                return Err(passing(response));
            } else {
                return Ok(response);
            }
        }
        let error = Error::Redirect {
            url: shown(&request.url),
            to: shown(&url),
            reason: format!("those were more than {REDIRECTS} redirects"),
        };
        Err(Failure::lasting(error))
    }

    /// What an answer with an unexpected status says.
    pub(crate) fn refusal(&self, answer: &Answer) -> Error {
        self.known(
            failure::refusal(&answer.url, answer.status, &answer.body),
            &answer.url,
        )
    }

    /// The same, of an answer whose body was not read yet.
    pub(crate) fn refusal_of(&self, response: Response) -> Error {
        let url = response.url().clone();
        self.known(refusal_of(response), &url)
    }

    /// Whether the token was sent to `url`, added to what its server says.
    fn known(&self, error: Error, url: &Url) -> Error {
        let settings = &self.settings;
        match error {
            Error::Unauthorized { message, .. } => Error::Unauthorized {
                url: shown(&settings.url),
                message,
                sent: settings.token.is_some() && url.origin() == settings.url.origin(),
            },
            other => other,
        }
    }

    fn hop(&self, request: &Request, url: &Url) -> Result<Response, Failure> {
        let settings = &self.settings;
        if settings.offline {
            return Err(Failure::lasting(Error::Offline { url: shown(url) }));
        }
        let mut builder = self
            .http()
            .map_err(Failure::lasting)?
            .request(request.method.clone(), url.clone())
            .headers(request.headers.clone());
        if let Some(token) = &settings.token
            && url.origin() == settings.url.origin()
        {
            if url.scheme() == "http" && !is_loopback(url) && !settings.plain_http_token {
                let url = shown(&settings.url);
                return Err(Failure::lasting(Error::PlainToken { url }));
            }
            builder = builder.bearer_auth(token.secret());
        }
        builder = match &request.body {
            Body::Nothing => builder,
            Body::Json(bytes) => builder
                .header(header::CONTENT_TYPE, "application/json")
                .body(bytes.clone()),
            Body::File(path) => {
                let opened = fs_err::File::open(path)
                    .and_then(|file| Ok((file.metadata()?.len(), file)))
                    .map_err(|error| Failure::lasting(error.into()))?;
                let (size, mut file) = opened;
                let body = if size <= MAX_IN_MEMORY {
                    let mut bytes = Vec::new();
                    file.read_to_end(&mut bytes)
                        .map_err(|error| Failure::lasting(error.into()))?;
                    blocking::Body::from(bytes)
                } else {
                    blocking::Body::sized(file, size)
                };
                let patience = Duration::from_secs(size / SLOWEST_UPLOAD);
                builder
                    .header(header::CONTENT_TYPE, "application/octet-stream")
                    .timeout(settings.stall_timeout + patience)
                    .body(body)
            }
        };
        builder
            .send()
            .map_err(|error| Failure::sending(url, error, settings))
    }

    fn http(&self) -> Result<blocking::Client> {
        let mut http = self
            .http
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(http) = http.as_ref() {
            return Ok(http.clone());
        }
        let settings = &self.settings;
        let mut builder = blocking::Client::builder();
        if is_loopback(&settings.url) {
            // A proxy means another machine by that.
            builder = builder.no_proxy();
        }
        let built = builder
            .user_agent(concat!("puck/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls::config(settings.certificates.as_deref())?)
            .redirect(redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            // Counts anew with every read of a body, so it is one of stalling.
            .timeout(settings.stall_timeout)
            .build()
            .map_err(|error| Error::Unreachable {
                url: shown(&settings.url),
                reason: failure::reason(&error.without_url()),
            })?;
        Ok(http.insert(built).clone())
    }
}

/// Reads a whole answer.
fn whole(mut response: Response, limit: u64) -> Result<Answer, Failure> {
    let mut body = Vec::new();
    let read = response.by_ref().take(limit + 1).read_to_end(&mut body);
    let url = response.url().clone();
    if let Err(error) = read {
        return Err(Failure::reading(&url, &error));
    }
    if body.len() as u64 > limit {
        return Err(Failure::lasting(Error::Content {
            url: shown(&url),
            expected: format!("at most {limit} bytes"),
            found: "more".to_owned(),
        }));
    }
    Ok(Answer {
        status: response.status(),
        headers: response.headers().clone(),
        url,
        body,
    })
}

/// Where a redirect goes, if it may be followed.
fn target(request: &Request, from: &Url, response: &Response) -> Result<Url, Failure> {
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok());
    let refused = |to: String, reason: &str| {
        Failure::lasting(Error::Redirect {
            url: shown(from),
            to,
            reason: reason.to_owned(),
        })
    };
    let Some(location) = location else {
        return Err(refused("nowhere".to_owned(), "it names no address"));
    };
    let Ok(to) = from.join(location) else {
        return Err(refused("no address".to_owned(), "it names no address"));
    };
    if !matches!(to.scheme(), "http" | "https") {
        return Err(refused(shown(&to), "it is not an address of HTTP"));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(refused(shown(&to), "from HTTPS to plain HTTP"));
    }
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let same = to.origin() == from.origin();
        if !(same && matches!(response.status().as_u16(), 307 | 308)) {
            return Err(refused(shown(&to), "a change is sent to the registry only"));
        }
    }
    Ok(to)
}

/// What to say if it does not help to ask again.
fn passing(response: Response) -> Failure {
    let after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| failure::retry_after(value.to_str().ok()?));
    let url = shown(response.url());
    let error = if response.status() == StatusCode::TOO_MANY_REQUESTS {
        Error::RateLimited { url, after }
    } else {
        refusal_of(response)
    };
    Failure::passing(error, after)
}

/// What an answer with an unexpected status says.
fn refusal_of(mut response: Response) -> Error {
    let mut body = Vec::new();
    // What cannot be read says nothing; the status does.
    let _ = response.by_ref().take(MAX_REFUSAL).read_to_end(&mut body);
    failure::refusal(response.url(), response.status(), &body)
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether this is a page for people.
    pub(crate) fn is_page(&self) -> bool {
        is_page(&self.headers)
    }
}

/// Whether an answer with these headers is a page for people.
pub(crate) fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.trim_start().to_lowercase().starts_with("text/html"))
}
