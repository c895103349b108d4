//! What a server is told: where, for whom, and how much.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// How to serve a registry.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any that is free.
    pub address: SocketAddr,
    /// Whether reading needs a token, too.
    pub private: bool,
    /// The registry of which this is a read-only mirror.
    pub upstream: Option<Url>,
    /// PEM files with a certificate chain and its key; without them, plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether the last hop of `X-Forwarded-For` is the client: only behind a proxy that sets it.
    pub trust_proxy: bool,
    /// Whether `/metrics` is served.
    pub metrics: bool,
    /// What must not be exceeded.
    pub limits: Limits,
}

impl Options {
    /// The defaults, at `address`.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            private: false,
            upstream: None,
            tls: None,
            trust_proxy: false,
            metrics: true,
            limits: Limits::default(),
        }
    }
}

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that lead to a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Bounds on what clients may take: each holds without any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest archive that is accepted, in bytes.
    pub archive_size: u64,
    /// The largest head of a request, in bytes.
    pub header_size: usize,
    /// The most header lines of a request.
    pub headers: usize,
    /// How long a connection may take to send the head of its next request, waiting included.
    pub header_time: Duration,
    /// How long a body may make no progress, in either direction.
    pub stall_time: Duration,
    /// The least average speed of an upload, in bytes a second, once `stall_time` has passed.
    pub upload_speed: u64,
    /// How long the server may work on a request, the transfer of its body apart.
    pub request_time: Duration,
    /// How many requests may be worked on at once; further ones are answered 503.
    pub requests: usize,
    /// How many of them may be publishes.
    pub publishes: usize,
    /// How many connections may be open; further ones are answered 503 and closed.
    pub connections: usize,
    /// Requests a second of one address, or of one token. `None`: [`Limits::DEFAULT_RATE`], but
    /// none for addresses of this machine: these are a proxy's, or the operator's own.
    pub rate: Option<NonZeroU32>,
    /// How many bytes of files are kept in memory.
    pub cache_size: usize,
    /// How long a server that is asked to end waits for the requests that it works on.
    pub shutdown_time: Duration,
}

impl Limits {
    /// Requests a second of one address or token, unless told otherwise.
    pub const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");
    /// How many seconds' worth of requests may come at once.
    pub const BURST_SECONDS: u32 = 10;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_size: 512 << 20,
            header_size: 16 << 10,
            headers: 64,
            header_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            upload_speed: 4 << 10,
            request_time: Duration::from_secs(60),
            requests: 512,
            publishes: 64,
            connections: 4096,
            rate: None,
            cache_size: 64 << 20,
            shutdown_time: Duration::from_secs(30),
        }
    }
}
