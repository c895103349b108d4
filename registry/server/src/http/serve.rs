//! A server from its start to its end: storage, socket, signals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::app::{App, Served};
use super::metrics::Metrics;
use super::mirror::{self, Mirror};
use super::options::Options;
use super::source::Source;
use super::tls::Certificate;
use super::{ServeError, listener, rate};
use crate::service::Service;
use crate::storage::StorageLocation;

/// Where the API is, relative to the registry.
const API: &str = "api/v1";

/// How many threads may wait for the disk at once. Each takes memory; more do not make it faster.
const DISK_THREADS: usize = 32;

/// A server that listens, and answers once it runs.
pub struct Server {
    served: Arc<Served>,
    listener: TcpListener,
    address: SocketAddr,
    certificate: Option<Arc<Certificate>>,
}

impl Server {
    /// Opens the registry at `location`, finishing what was left half done there, and listens.
    ///
    /// # Errors
    /// If there is no registry; if it is a mirror's copy, or no copy, and should not be; if a mirror's upstream does not answer and there is no copy; if it
    /// cannot listen there; if the certificate is none.
    pub async fn bind(location: &StorageLocation, options: &Options) -> Result<Self, ServeError> {
        let metrics = Arc::new(Metrics::new());
        let source = match (&options.upstream, location) {
            (None, _) => {
                if let StorageLocation::Directory(directory) = location {
                    mirror::refuse(directory)?;
                }
                let service = Service::open(location).await?;
                service.announce_api(API).await?;
                Source::new(service, None)
            }
            (Some(upstream), StorageLocation::Directory(directory)) => {
                let mirror = Mirror::open(directory, upstream, Arc::clone(&metrics)).await?;
                Source::new(Service::open(location).await?, Some(mirror))
            }
            (Some(_), StorageLocation::Bucket { .. }) => {
                return Err(ServeError::Contradiction(
                    "a mirror keeps its copy in a directory, not in a bucket",
                ));
            }
        };
        let certificate = options.tls.clone().map(Certificate::read).transpose()?;
        let address = options.address;
        let cannot = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        Ok(Self {
            served: Served::new(App::new(source, metrics, options)),
            listener,
            address,
            certificate,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for clients, as far as this server knows it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}/", self.address)
    }

    /// Answers until `end` is cancelled, then finishes what it works on. Returns whether that was
    /// possible in the time allowed.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub async fn run(self, end: CancellationToken) -> Result<bool, ServeError> {
        let acceptor = match &self.certificate {
            Some(certificate) => Some(certificate.acceptor()?),
            None => None,
        };
        let app = Arc::clone(&self.served.app);
        let forget = tokio::spawn(async move {
            let mut beat = tokio::time::interval(rate::FORGET);
            loop {
                beat.tick().await;
                app.rates.forget();
            }
        });
        let finished = listener::run(self.served, self.listener, acceptor, end).await;
        forget.abort();
        Ok(finished)
    }
}

/// Serves the registry at `location` until the process is told to end (SIGTERM, SIGINT); a second
/// signal ends it at once, SIGHUP reads the certificate again. `listening` is called with the
/// server as soon as clients may connect.
///
/// # Errors
/// As [`Server::bind`]; what `listening` returns.
pub fn serve<E: From<ServeError>>(
    location: &StorageLocation,
    options: &Options,
    listening: impl FnOnce(&Server) -> Result<(), E>,
) -> Result<(), E> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("puck-serve")
        .max_blocking_threads(DISK_THREADS)
        .build()
        .map_err(ServeError::Io)?;
    let served = runtime.block_on(async {
        // From the first moment on: whoever starts a server may want it to end at once.
        let end = until_told().map_err(ServeError::Io)?;
        let hangup = signal(SignalKind::hangup()).map_err(ServeError::Io)?;
        let server = Server::bind(location, options).await?;
        reload_when_told(hangup, server.certificate.clone());
        listening(&server)?;
        tracing::info!(address = %server.address, %location, "serving");
        let finished = server.run(end.clone()).await?;
        if finished {
            tracing::info!("ended");
        } else {
            tracing::warn!("ended before every request was finished");
        }
        Ok(())
    });
    // Threads that wait for a disk are not waited for again.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// Waits for `work`, in a process that has no other.
///
/// # Errors
/// If the system gives no thread for it.
pub fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(work))
}

/// Cancelled when the process is told to end.
fn until_told() -> std::io::Result<CancellationToken> {
    let end = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = end.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("ending: finishing what is being worked on");
        told.cancel();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("ended at once");
        #[expect(
            clippy::disallowed_methods,
            reason = "told twice; storage recovers at the next start from whatever is cut off"
        )]
        std::process::exit(1);
    });
    Ok(end)
}

/// Reads the certificate again whenever the process is told to. Without one it only goes on: what is
/// not waited for would end it.
fn reload_when_told(mut hangup: Signal, certificate: Option<Arc<Certificate>>) {
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match certificate.as_ref().map(|certificate| certificate.reload()) {
                Some(Ok(())) => tracing::info!("the certificate was read again"),
                Some(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
                None => tracing::info!("there is no certificate, so nothing to read again"),
            }
        }
    });
}
