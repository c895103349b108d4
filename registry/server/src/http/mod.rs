//! HTTP: what [`crate::service`] offers, to whoever asks over a socket.
//!
//! | module | |
//! |---|---|
//! | `options` | what a server is told: where, for whom, how much |
//! | `serve` | from start to end: storage, socket, signals |
//! | `listener`, `stall`, `tls` | connections, and how long they may take |
//! | `app` | one request: admission, answer, what is counted and logged |
//! | `drain` | what is left of an upload that was refused |
//! | `gate`, `rate` | how much at once, and how often |
//! | `reads`, `readable`, `files` | the registry's files: which, from memory or storage |
//! | `conditional`, `range`, `encoding` | RFC 9110, as functions of headers |
//! | `api`, `route` | the routes, with their OpenAPI description |
//! | `source`, `mirror` | the registry itself, or the copy of another |
//! | `refusal`, `error` | what a client is told that went wrong, and the operator |
//! | `metrics`, `log`, `secrets` | what the operator is told, and what nobody is |

mod api;
mod app;
mod conditional;
mod drain;
mod encoding;
mod error;
mod files;
mod gate;
mod listener;
mod log;
mod metrics;
mod mirror;
mod options;
mod range;
mod rate;
mod readable;
mod reads;
mod refusal;
mod route;
mod secrets;
mod serve;
mod source;
mod stall;
mod tls;

pub use error::ServeError;
pub use log::{LogFormat, start as start_log};
pub use options::{Limits, Options, TlsFiles};
pub use serve::{Server, block_on, serve};
