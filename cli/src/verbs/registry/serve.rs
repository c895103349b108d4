//! `puck registry serve`

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use puck_registry_server::http::{self, Limits, LogFormat, Options, TlsFiles};
use serde::Serialize;
use url::Url;

use super::place::{location, make};
use crate::arguments::Format;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Serve a registry over HTTP
///
/// Whoever has the address can read; changing needs a token (`puck registry token create`). An
/// empty folder becomes a registry. Ends on SIGTERM and SIGINT when the requests are finished that
/// it works on; SIGHUP reads the certificate again.
///
/// What it logs goes to standard error; PUCK_LOG says how much.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck registry serve /srv/puck
  puck registry serve s3://bucket/prefix --address 0.0.0.0:7878
  puck registry serve /srv/mirror --upstream https://puck.example.com/")]
pub(super) struct ServeArguments {
    /// The registry's folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "DIR", required_unless_present = "storage")]
    place: Option<OsString>,
    /// The same as DIR, for settings that name everything
    #[arg(long, value_name = "PLACE", conflicts_with = "place")]
    storage: Option<OsString>,
    /// Where to listen; port 0 takes any that is free
    #[arg(long, default_value = "127.0.0.1:7878", value_name = "ADDRESS:PORT")]
    address: SocketAddr,
    /// Reading needs a token, too, with the scope `read`
    #[arg(long)]
    private: bool,
    /// Serve a read-only copy of this registry, which fills itself as it is used
    #[arg(long, value_name = "URL")]
    upstream: Option<Url>,
    /// Speak TLS, with this certificate (PEM, with those that lead to a root)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Take the last hop of X-Forwarded-For as the client's address: only behind a proxy that sets it
    #[arg(long)]
    trust_proxy: bool,
    /// Do not serve /metrics
    #[arg(long)]
    no_metrics: bool,
    /// The form of the log
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    log: Log,
    /// The form in which the address is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    #[command(flatten)]
    limits: LimitArguments,
}

/// What must not be exceeded.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArguments {
    /// The largest archive
    #[arg(long, default_value = "512MiB", value_name = "SIZE", value_parser = size)]
    max_archive_size: u64,
    /// How many requests may be worked on at once; further ones are answered 503
    #[arg(long, default_value_t = Limits::default().requests, value_name = "N")]
    max_requests: usize,
    /// How many of them may be publishes
    #[arg(long, default_value_t = Limits::default().publishes, value_name = "N")]
    max_publishes: usize,
    /// How many connections may be open
    #[arg(long, default_value_t = Limits::default().connections, value_name = "N")]
    max_connections: usize,
    /// Requests a second of one address, and of one token; ten times as many may come at once
    /// [default: 1000, but none for addresses of this machine]
    #[arg(long, value_name = "N")]
    rate_limit: Option<NonZeroU32>,
    /// Seconds until a connection must have sent its next request's head
    #[arg(long, default_value_t = Limits::default().header_time.as_secs(), value_name = "SECONDS")]
    header_timeout: u64,
    /// Seconds for which a body may make no progress
    #[arg(long, default_value_t = Limits::default().stall_time.as_secs(), value_name = "SECONDS")]
    stall_timeout: u64,
    /// Seconds that the server may work on a request
    #[arg(long, default_value_t = Limits::default().request_time.as_secs(), value_name = "SECONDS")]
    request_timeout: u64,
    /// Seconds to wait for requests when the server is to end
    #[arg(long, default_value_t = Limits::default().shutdown_time.as_secs(), value_name = "SECONDS")]
    shutdown_timeout: u64,
    /// How much of the registry's files is kept in memory
    #[arg(long, default_value = "64MiB", value_name = "SIZE", value_parser = size)]
    cache_size: u64,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Log {
    /// For people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

pub(super) fn run(
    arguments: &ServeArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    /// What `--format json` prints.
    #[derive(Serialize)]
    struct Listening {
        address: String,
        url: String,
    }

    let ServeArguments {
        place,
        storage,
        address,
        private,
        upstream,
        tls_certificate,
        tls_key,
        trust_proxy,
        no_metrics,
        log,
        format,
        limits,
    } = arguments;
    let place = storage.as_deref().or(place.as_deref()).unwrap_or_default();
    let location = location(place, settings)?;
    let file = |path: &PathBuf| settings.directory.join(path);
    let tls = tls_certificate
        .as_ref()
        .zip(tls_key.as_ref())
        .map(|(certificate, key)| TlsFiles {
            certificate: file(certificate),
            key: file(key),
        });
    let options = Options {
        address: *address,
        private: *private,
        upstream: upstream.clone(),
        tls,
        trust_proxy: *trust_proxy,
        metrics: !no_metrics,
        limits: limits.limits(),
    };
    let log = match log {
        Log::Text => LogFormat::Text,
        Log::Json => LogFormat::Json,
    };
    if let Some(complaint) = http::start_log(log) {
        return Err(Failure::new(complaint).hint(
            "give a level, e.g. `info`, or levels by target, e.g. `warn,puck::request=info`",
        ));
    }
    make(&location)?;
    http::serve(&location, &options, |server| {
        let url = server.url();
        match format {
            // One line, so that it is whole when it is read.
            Format::Json => {
                let address = server.address().to_string();
                console.line(serde_json::to_string(&Listening { address, url })?)
            }
            Format::Text => console.line(format_args!("Serving {location} at {url}")),
        }
    })
}

impl LimitArguments {
    fn limits(&self) -> Limits {
        let Self {
            max_archive_size,
            max_requests,
            max_publishes,
            max_connections,
            rate_limit,
            header_timeout,
            stall_timeout,
            request_timeout,
            shutdown_timeout,
            cache_size,
        } = *self;
        Limits {
            archive_size: max_archive_size,
            requests: max_requests,
            publishes: max_publishes,
            connections: max_connections,
            rate: rate_limit,
            header_time: Duration::from_secs(header_timeout),
            stall_time: Duration::from_secs(stall_timeout),
            request_time: Duration::from_secs(request_timeout),
            shutdown_time: Duration::from_secs(shutdown_timeout),
            cache_size: usize::try_from(cache_size).unwrap_or(usize::MAX),
            ..Limits::default()
        }
    }
}

/// A number of bytes: `4096`, `64KiB`, `512MiB`, `2GiB`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(0),
        "k" | "kb" | "kib" => Some(10),
        "m" | "mb" | "mib" => Some(20),
        "g" | "gb" | "gib" => Some(30),
        _ => None,
    };
    number
        .parse::<u64>()
        .ok()
        .zip(shift)
        .and_then(|(number, shift)| number.checked_mul(1 << shift))
        .ok_or_else(|| format!("expected a number of bytes, e.g. 512MiB, found `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("0", Some(0)),
            ("4096", Some(4096)),
            ("64KiB", Some(64 << 10)),
            ("512MiB", Some(512 << 20)),
            ("2g", Some(2 << 30)),
            ("", None),
            ("MiB", None),
            ("-1", None),
            ("1.5G", None),
            ("1TiB", None),
            ("99999999999999999999", None),
            ("99999999999999G", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }
}
