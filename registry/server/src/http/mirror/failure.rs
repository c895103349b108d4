//! Why nothing came of a request to the upstream.

use std::fmt;

use reqwest::StatusCode;

/// Why nothing came of a request.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    reason: String,
    /// Whether other requests would fail, too: the upstream cannot be reached, or is overloaded.
    pub(super) down: bool,
}

impl Failure {
    /// The upstream did not answer that it has the file, nor that it has not.
    pub(super) fn status(path: &str, status: StatusCode) -> Self {
        Self {
            reason: format!("{path}: it answered {status}"),
            down: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// Something is wrong with one file.
impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self {
            reason,
            down: false,
        }
    }
}

/// Without the address, which the message names anyway, and with the causes.
impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let mut text = String::new();
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
        while let Some(error) = cause {
            text = if text.is_empty() {
                error.to_string()
            } else {
                format!("{text}: {error}")
            };
            cause = error.source();
        }
        Self {
            reason: if text.is_empty() {
                error.to_string()
            } else {
                text
            },
            down: !error.is_redirect() && !error.is_builder(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}
