//! An archive on its way: what breaks is taken up again where it broke.
//!
//! As many bytes as the index says are given, or an error; whether they are the right ones is for
//! the reader to find out by their hash.

use std::io::{self, Read};
use std::sync::Arc;

use puck_package::index::{self, IndexLine};
use reqwest::blocking::Response;
use reqwest::header;
use url::Url;

use crate::failure::Failure;
use crate::settings::shown;
use crate::transport::{Request, Transport, is_page};
use crate::{Error, Result};

/// The bytes of an archive.
///
/// An error of reading holds an [`Error`] of this crate, which [`Archive::error`] finds.
pub struct Archive {
    transport: Arc<Transport>,
    url: Url,
    /// As the index says.
    size: u64,
    received: u64,
    /// Past all caches on the way.
    fresh: bool,
    etag: Option<String>,
    response: Option<Response>,
    /// Failures since the last byte.
    failures: u32,
    /// Nothing comes after an error.
    failed: bool,
}

impl Archive {
    /// Asks for the archive that `line` is about.
    pub(crate) fn open(transport: &Arc<Transport>, line: &IndexLine, fresh: bool) -> Result<Self> {
        let path = index::archive_path(&line.name, &line.version);
        let url = super::client::join(&transport.settings().url, &path)?;
        let mut archive = Self {
            transport: Arc::clone(transport),
            url,
            size: line.size,
            received: 0,
            fresh,
            etag: None,
            response: None,
            failures: 0,
            failed: false,
        };
        archive.connect(None)?;
        Ok(archive)
    }

    /// How many bytes it has, as the index says.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What of this crate `error` holds, if it came from reading an archive.
    #[must_use]
    pub fn error(error: &io::Error) -> Option<&Error> {
        error.get_ref()?.downcast_ref()
    }

    /// Asks for what was not received yet, as long as there is patience, beginning with `failure`.
    fn connect(&mut self, failure: Option<Failure>) -> Result<()> {
        let transport = Arc::clone(&self.transport);
        let mut backoff = transport.patience(self.failures);
        let mut failure = failure;
        loop {
            if let Some(failure) = failure.take() {
                transport.wait(&mut backoff, failure)?;
                self.failures += 1;
            }
            match self.ask() {
                Ok(response) => {
                    self.response = Some(response);
                    return Ok(());
                }
                Err(next) => failure = Some(next),
            }
        }
    }

    /// Asks once.
    fn ask(&mut self) -> Result<Response, Failure> {
        let mut request = Request::get(self.url.clone())
            .with(header::ACCEPT_ENCODING, "identity")
            .fresh(self.fresh);
        if self.received > 0 {
            request = request.with(header::RANGE, &format!("bytes={}-", self.received));
            // A weak tag does not stand for bytes.
            if let Some(etag) = self.etag.as_ref().filter(|etag| !etag.starts_with("W/")) {
                request = request.with(header::IF_RANGE, etag);
            }
        }
        let mut response = self.transport.once(&request)?;
        let text = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let etag = text(header::ETAG).map(str::to_owned);
        let encoded = text(header::CONTENT_ENCODING).is_some();
        let length: Option<u64> = text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
        match response.status().as_u16() {
            200 if is_page(response.headers()) => Err(Failure::lasting(Error::NotRegistry {
                url: shown(response.url()),
                reason: "expected an archive, found a web page".to_owned(),
            })),
            200 => {
                if let Some(length) = length
                    && length != self.size
                    && !encoded
                {
                    return Err(self.wrong_size(&length.to_string()));
                }
                self.etag = etag;
                self.skip(&mut response)?;
                Ok(response)
            }
            206 if self.received > 0 => {
                let range = text(header::CONTENT_RANGE).unwrap_or_default().to_owned();
                let expected = format!(
                    "bytes {}-{}/{}",
                    self.received,
                    self.size.saturating_sub(1),
                    self.size
                );
                if range.trim() == expected {
                    Ok(response)
                } else {
                    Err(Failure::lasting(Error::Content {
                        url: shown(&self.url),
                        expected: format!("the range `{expected}`"),
                        found: format!("`{range}`"),
                    }))
                }
            }
            416 => Err(self.wrong_size("fewer")),
            _ => Err(Failure::lasting(self.transport.refusal_of(response))),
        }
    }

    /// Passes over what was received before, in an answer that begins at the beginning.
    fn skip(&self, response: &mut Response) -> Result<(), Failure> {
        let url = response.url().clone();
        let skipped = io::copy(&mut response.take(self.received), &mut io::sink());
        match skipped {
            Ok(count) if count == self.received => Ok(()),
            Ok(_) => Err(self.ended()),
            Err(error) => Err(Failure::reading(&url, &error)),
        }
    }

    fn wrong_size(&self, found: &str) -> Failure {
        Failure::lasting(Error::Content {
            url: shown(&self.url),
            expected: format!("{} bytes, as the index says", self.size),
            found: found.to_owned(),
        })
    }

    fn ended(&self) -> Failure {
        let error = Error::Broken {
            url: shown(&self.url),
            reason: format!("it ended after {} of {} bytes", self.received, self.size),
        };
        Failure::passing(error, None)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let Some(response) = &mut self.response else {
                self.connect(None)?;
                continue;
            };
            let failure = match response.read(buffer) {
                Ok(0) if self.received == self.size => return Ok(0),
                Ok(0) => self.ended(),
                Ok(count) if self.received + count as u64 > self.size => {
                    return Err(*self.wrong_size("more").error);
                }
                Ok(count) => {
                    self.received += count as u64;
                    self.failures = 0;
                    return Ok(count);
                }
                // All is there; how the connection ends does not matter.
                Err(_) if self.received == self.size => return Ok(0),
                Err(error) => Failure::reading(&self.url, &error),
            };
            self.response = None;
            self.connect(Some(failure))?;
        }
    }
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.failed {
            return Ok(0);
        }
        self.fill(buffer).map_err(|error| {
            self.failed = true;
            self.response = None;
            io::Error::other(error)
        })
    }
}
