//! Errors as the client sees them: a status, a code, a sentence and a hint.

use axum::http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::secrets;
use crate::{Error, ErrorKind};

/// The body of an answer that is no success.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorFacts,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorFacts {
    /// For programs.
    #[schema(example = "version-exists")]
    code: &'static str,
    /// For people: what was expected, what was found.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// Every kind of error; each has one status and one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    VersionExists,
    Incompatible,
    Conflict,
    BadArchive,
    BadRequest,
    PreconditionFailed,
    RangeNotSatisfiable,
    TooLarge,
    RateLimited,
    Overloaded,
    ReadOnly,
    Timeout,
    Upstream,
    Internal,
}

impl Code {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed | Self::ReadOnly => StatusCode::METHOD_NOT_ALLOWED,
            Self::VersionExists | Self::Incompatible | Self::Conflict => StatusCode::CONFLICT,
            Self::BadArchive => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Upstream => StatusCode::BAD_GATEWAY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::VersionExists => "version-exists",
            Self::Incompatible => "incompatible",
            Self::Conflict => "conflict",
            Self::BadArchive => "bad-archive",
            Self::BadRequest => "bad-request",
            Self::PreconditionFailed => "precondition-failed",
            Self::RangeNotSatisfiable => "range-not-satisfiable",
            Self::TooLarge => "too-large",
            Self::RateLimited => "rate-limited",
            Self::Overloaded => "overloaded",
            Self::ReadOnly => "read-only",
            Self::Timeout => "timeout",
            Self::Upstream => "upstream",
            Self::Internal => "internal",
        }
    }
}

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    message: String,
    hint: Option<String>,
    /// Seconds after which it may be tried again.
    retry_after: Option<u64>,
    /// The methods that there are.
    allow: Option<&'static str>,
    /// Nothing more can be read from the connection: its body was not read to the end.
    close: bool,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            retry_after: None,
            allow: None,
            close: false,
        }
    }

    pub(crate) fn hint(self, hint: impl Into<Option<String>>) -> Self {
        let hint = hint.into();
        Self { hint, ..self }
    }

    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        let retry_after = Some(seconds.max(1));
        Self {
            retry_after,
            ..self
        }
    }

    pub(crate) fn allow(self, methods: &'static str) -> Self {
        let allow = Some(methods);
        Self { allow, ..self }
    }

    pub(crate) fn close(self) -> Self {
        Self {
            close: true,
            ..self
        }
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(Code::NotFound, format!("there is nothing at {path}"))
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(Code::Unauthorized, message)
            .hint("log in with `puck login`, with a token of this registry".to_owned())
    }

    pub(crate) fn overloaded(what: &str) -> Self {
        Self::new(Code::Overloaded, format!("the server is busy: {what}"))
            .hint("try again later".to_owned())
            .retry_after(1)
    }

    pub(crate) fn method(path: &str, allowed: &'static str) -> Self {
        let message = format!("{path} is there for {allowed} only");
        Self::new(Code::MethodNotAllowed, message).allow(allowed)
    }

    /// What went wrong here is for the log; the client learns that it did.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        let text = sentence(error);
        tracing::error!(error = %secrets::redacted(&text), "a request failed");
        Self::new(Code::Internal, "the server could not do that").hint(
            "it is not your request that is wrong; try again later, or tell whoever runs the \
             registry, whose log says more"
                .to_owned(),
        )
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Unauthorized => Code::Unauthorized,
            ErrorKind::Forbidden => Code::Forbidden,
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::VersionExists => Code::VersionExists,
            ErrorKind::Incompatible => Code::Incompatible,
            ErrorKind::Conflict => Code::Conflict,
            ErrorKind::BadArchive => Code::BadArchive,
            ErrorKind::BadRequest => Code::BadRequest,
            ErrorKind::Overloaded => Code::Overloaded,
            ErrorKind::Internal => return Self::internal(&error),
        };
        let refusal = Self::new(code, sentence(&error)).hint(error.hint());
        match code {
            Code::Overloaded => refusal.retry_after(1),
            _ => refusal,
        }
    }
}

/// An error with its causes, as far as it does not say them itself.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: ErrorFacts {
                code: self.code.name(),
                // What a client sent by mistake is not to be found in its own logs either.
                message: secrets::redacted(&self.message).into_owned(),
                hint: self.hint.map(|hint| secrets::redacted(&hint).into_owned()),
            },
        };
        let mut response = (self.code.status(), axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        if self.code == Code::Unauthorized {
            let challenge = HeaderValue::from_static("Bearer realm=\"puck\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.close {
            let close = HeaderValue::from_static("close");
            headers.insert(axum::http::header::CONNECTION, close);
        }
        response
    }
}
