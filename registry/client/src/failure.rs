//! What went wrong with one request, and whether it may go right next time.

use std::error::Error as _;
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::settings::shown;
use crate::{Error, Settings};

/// A request that failed once.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Box<Error>,
    /// Whether the same request may succeed later.
    pub(crate) passing: bool,
    /// How long the registry asks to wait.
    pub(crate) after: Option<Duration>,
}

impl Failure {
    pub(crate) fn lasting(error: Error) -> Self {
        Self {
            error: Box::new(error),
            passing: false,
            after: None,
        }
    }

    pub(crate) fn passing(error: Error, after: Option<Duration>) -> Self {
        Self {
            error: Box::new(error),
            passing: true,
            after,
        }
    }

    /// No answer came.
    pub(crate) fn sending(url: &Url, error: reqwest::Error, settings: &Settings) -> Self {
        let error = error.without_url();
        let url = shown(url);
        if error.is_builder() {
            let reason = reason(&error);
            return Self::lasting(Error::Address { url, reason });
        }
        if let Some(found) = tls(&error) {
            let reason = found.to_string();
            return Self::lasting(Error::Tls { url, reason });
        }
        let reason = if error.is_timeout() && error.is_connect() {
            format!(
                "no connection in {} s",
                settings.connect_timeout.as_secs_f32()
            )
        } else if error.is_timeout() {
            format!("no answer in {} s", settings.stall_timeout.as_secs_f32())
        } else {
            reason(&error)
        };
        Self::passing(Error::Unreachable { url, reason }, None)
    }

    /// The answer ended early.
    pub(crate) fn reading(url: &Url, error: &io::Error) -> Self {
        let url = shown(url);
        let reason = match error.get_ref() {
            Some(inner) => match inner.downcast_ref::<reqwest::Error>() {
                Some(inner) if inner.is_timeout() => "no byte came for too long".to_owned(),
                // Its own words name the address.
                Some(inner) => inner.source().map_or_else(|| inner.to_string(), reason),
                None => reason(inner),
            },
            None => error.to_string(),
        };
        Self::passing(Error::Broken { url, reason }, None)
    }
}

/// Whether a status says that it may be another one later.
pub(crate) fn passes(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

/// How long `Retry-After` asks to wait: a number of seconds, or a date.
pub(crate) fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// What an error says, from the outside in, each thing once.
pub(crate) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // The outermost words of the HTTP library say only that a request was sent.
        if text != "error sending request" && !texts.iter().any(|before| before.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

/// What TLS found wrong, if it was TLS.
fn tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// What an answer with an unexpected status says.
pub(crate) fn refusal(url: &Url, status: StatusCode, body: &[u8]) -> Error {
    #[derive(Deserialize)]
    struct Document {
        error: Said,
    }
    #[derive(Deserialize)]
    struct Said {
        code: String,
        message: String,
        hint: Option<String>,
    }
    let said = serde_json::from_slice(body)
        .ok()
        .map(|Document { error }| error);
    match (status, said) {
        (StatusCode::UNAUTHORIZED, said) => Error::Unauthorized {
            url: shown(url),
            message: said.map_or_else(
                || "it answered with status 401".to_owned(),
                |s| one_line(&s.message),
            ),
            sent: false,
        },
        (
            _,
            Some(Said {
                code,
                message,
                hint,
            }),
        ) => Error::Refused {
            status: status.as_u16(),
            code,
            message: lines(&message),
            hint: hint.map(|hint| lines(&hint)),
        },
        (_, None) => Error::Status {
            url: shown(url),
            status: status.as_u16(),
        },
    }
}

/// A text from elsewhere, fit for a terminal: no control characters but line feeds.
fn lines(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .take(8000)
        .collect()
}

fn one_line(text: &str) -> String {
    lines(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("soon"), None);
        assert_eq!(retry_after("-1"), None);
        let past = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after(past), Some(Duration::ZERO));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let found = retry_after(&date).unwrap().as_secs();
        assert!((90..=100).contains(&found), "{found}");
    }

    #[test]
    fn refusals() {
        let url: Url = "https://a.example/api/v1/publish?key=s3cret"
            .parse()
            .unwrap();
        let json = br#"{"error":{"code":"version-exists","message":"it is\u001b[2J there","hint":"take another"}}"#;
        let error = refusal(&url, StatusCode::CONFLICT, json);
        assert_eq!(error.code(), Some("version-exists"));
        assert_eq!(error.to_string(), "it is[2J there");
        assert_eq!(error.hint().as_deref(), Some("take another"));
        let error = refusal(&url, StatusCode::FORBIDDEN, b"<html>");
        assert_eq!(
            error.to_string(),
            "https://a.example/api/v1/publish?… answered with status 403"
        );
        let error = refusal(&url, StatusCode::UNAUTHORIZED, b"");
        assert!(error.hint().unwrap().contains("puck login"));
    }
}
