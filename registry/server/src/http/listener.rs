//! Connections: accepting them, TLS, and ending them gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::app::Served;
use super::gate::{Gate, Place};
use super::stall::Stall;

/// What a connection too many is told; over TLS it is only closed.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
Content-Type: application/json\r\nConnection: close\r\nContent-Length: 80\r\n\r\n\
{\"error\":{\"code\":\"overloaded\",\"message\":\"the server has too many connections\"}}\n";

/// How long accepting pauses when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a connection that has not asked for anything yet is left to do so at the end.
const LAST_CALL: Duration = Duration::from_secs(1);

/// Serves `served` on `listener` until `end`; then waits for what is being worked on, up to the limit.
/// Returns whether all of it was finished.
pub(crate) async fn run(
    served: Arc<Served>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    end: CancellationToken,
) -> bool {
    let app = &served.app;
    let gate = Gate::new(app.limits.connections);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = end.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Either the peer has gone, or there are no more descriptors: others end meanwhile.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(place) = gate.enter() else {
            app.metrics.rejected("connections");
            if tls.is_none() {
                _ = stream.try_write(FULL);
            }
            continue;
        };
        // Answers are written whole; waiting to merge them with later ones only delays.
        _ = stream.set_nodelay(true);
        let watcher = graceful.watcher();
        let connection = Connection {
            served: Arc::clone(&served),
            peer,
            end: end.clone(),
            _place: place,
        };
        match &tls {
            None => {
                tokio::spawn(connection.serve(stream, watcher));
            }
            Some(acceptor) => {
                tokio::spawn(connection.serve_tls(stream, acceptor.clone(), watcher));
            }
        }
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        app.finished().await;
    };
    timeout(app.limits.shutdown_time, finished).await.is_ok()
}

struct Connection {
    served: Arc<Served>,
    peer: SocketAddr,
    end: CancellationToken,
    _place: Place,
}

impl Connection {
    async fn serve_tls(
        self,
        stream: TcpStream,
        acceptor: TlsAcceptor,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let end = self.end.clone();
        let accepted = tokio::select! {
            accepted = timeout(self.served.app.limits.header_time, acceptor.accept(stream)) => accepted,
            () = last_call(&end) => return,
        };
        match accepted {
            Ok(Ok(stream)) => self.serve(stream, watcher).await,
            Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "no TLS came about"),
            Err(_) => {
                self.served.app.metrics.rejected("timeout");
            }
        }
    }

    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let Self {
            served,
            peer,
            end,
            _place,
        } = self;
        let app = &served.app;
        let limits = &app.limits;
        app.metrics.connections.inc();
        let stream = TokioIo::new(Stall::new(stream, limits.stall_time));
        let asked = AtomicBool::new(false);
        let service = service_fn(|request| {
            asked.store(true, Ordering::Relaxed);
            let served = Arc::clone(&served);
            async move { Ok::<_, std::convert::Infallible>(served.respond(request, peer).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_buf_size(limits.header_size.max(8192))
            .max_headers(limits.headers)
            .serve_connection(stream, service);
        let silent = async {
            last_call(&end).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let ended = tokio::select! {
            ended = watcher.watch(connection) => ended,
            () = silent => Ok(()),
        };
        if let Err(error) = ended {
            if error.is_timeout() {
                app.metrics.rejected("timeout");
            } else if error.is_parse() {
                app.metrics.rejected("malformed");
            }
            tracing::debug!(%peer, %error, "a connection ended early");
        }
        app.metrics.connections.dec();
    }
}

/// Returns a moment after `end`.
async fn last_call(end: &CancellationToken) {
    end.cancelled().await;
    tokio::time::sleep(LAST_CALL).await;
}
