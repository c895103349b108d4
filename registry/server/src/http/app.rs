//! One request: who asks, whether there is room for it, the answer, and what is told of it.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::drain::Upload;
use super::files::Files;
use super::gate::{Gate, Place};
use super::metrics::Metrics;
use super::options::{Limits, Options};
use super::rate::Rates;
use super::readable::{Kind, Readable};
use super::refusal::{Code, Refusal};
use super::source::Source;
use super::{route, secrets};
use crate::access::{Identity, Scope, Secret};

/// What identifies a request in the log and in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything that the handlers share.
pub(crate) struct App {
    pub(crate) source: Source,
    pub(crate) limits: Limits,
    pub(crate) private: bool,
    pub(crate) files: Files,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rates: Rates,
    /// Places for publishes, from the first byte on.
    pub(crate) publishing: Arc<Gate>,
    /// Those that are whole are checked by few at a time: that takes a processor each.
    pub(crate) checking: Semaphore,
    /// Work that goes on when its client has gone.
    pub(crate) tasks: TaskTracker,
    requests: Arc<Gate>,
    serve_metrics: bool,
    trust_proxy: bool,
    ids: AtomicU64,
}

/// An [`App`] with the routes to its handlers.
pub(crate) struct Served {
    pub(crate) app: Arc<App>,
    router: Router,
}

impl App {
    pub(crate) fn new(source: Source, metrics: Arc<Metrics>, options: &Options) -> Arc<Self> {
        let Options {
            address: _,
            private,
            upstream: _,
            tls: _,
            trust_proxy,
            metrics: serve_metrics,
            limits,
        } = options;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Self {
            source,
            private: *private,
            files: Files::new(limits.cache_size),
            metrics,
            rates: Rates::new(limits.rate),
            publishing: Gate::new(limits.publishes),
            checking: Semaphore::new(processors),
            tasks: TaskTracker::new(),
            requests: Gate::new(limits.requests),
            serve_metrics: *serve_metrics,
            trust_proxy: *trust_proxy,
            ids: AtomicU64::new(seed()),
            limits: limits.clone(),
        })
    }

    /// Waits for the work that goes on without a client.
    pub(crate) async fn finished(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The client's address: the connection's, or what the trusted proxy says.
    fn client(&self, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
        self.trust_proxy
            .then(|| last_hop(headers))
            .flatten()
            .unwrap_or(peer.ip())
    }

    /// A place for a request, if its client may have one.
    fn admit(&self, route: &'static str, client: IpAddr) -> Result<Option<Place>, Refusal> {
        // Whoever watches the server must be able to when it has too much to do.
        if matches!(route, "/health" | "/metrics") {
            return Ok(None);
        }
        let Some(place) = self.requests.enter() else {
            self.metrics.rejected("overload");
            return Err(Refusal::overloaded(
                "it works on as many requests as it may",
            ));
        };
        self.rates
            .address(client)
            .inspect_err(|_| self.metrics.rejected("rate"))?;
        Ok(Some(place))
    }

    /// Whom the token in `headers` belongs to; `None` if there is no token.
    pub(crate) async fn identity(&self, headers: &HeaderMap) -> Result<Option<Identity>, Refusal> {
        let Some(value) = headers.get(AUTHORIZATION) else {
            return Ok(None);
        };
        let secret = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, secret)| secret.trim().parse::<Secret>().ok())
            .ok_or_else(|| Refusal::unauthorized("what came as Authorization is no token"))?;
        let identity = self.source.authenticate(secret.text()).await?;
        self.rates
            .token(&secret.id())
            .inspect_err(|_| self.metrics.rejected("rate"))?;
        Ok(Some(identity))
    }

    /// Whether whoever asks may read at all, and the file at `path`. In a private registry, who it
    /// is: nobody need ask again.
    async fn may_read(
        &self,
        route: &'static str,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Identity>, Refusal> {
        if !self.private || route == "/health" {
            return Ok(None);
        }
        match self.identity(headers).await? {
            Some(identity) if identity.has(Scope::Read) => {
                if let Some(Kind::Index(name) | Kind::Archive(name, _)) =
                    Readable::parse(path).map(|readable| readable.kind)
                {
                    identity.require(Scope::Read, &name)?;
                }
                Ok(Some(identity))
            }
            Some(_) => Err(
                Refusal::new(Code::Forbidden, "this token may not read the registry").hint(
                    "whoever runs the registry can make a token with the scope `read`".to_owned(),
                ),
            ),
            None => Err(Refusal::unauthorized(
                "this registry is private: reading needs a token",
            )),
        }
    }

    /// Whether `/metrics` is there.
    pub(crate) fn serves_metrics(&self) -> bool {
        self.serve_metrics
    }
}

impl Served {
    pub(crate) fn new(app: Arc<App>) -> Arc<Self> {
        let router = super::api::router(Arc::clone(&app));
        Arc::new(Self { app, router })
    }

    /// Answers a request that came from `peer`.
    pub(crate) async fn respond<B>(&self, request: Request<B>, peer: SocketAddr) -> Response
    where
        B: axum::body::HttpBody<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let begun = Instant::now();
        let app = &self.app;
        let route = route::of(request.uri().path());
        let client = app.client(request.headers(), peer);
        let method = request.method().clone();
        let uri = request.uri().clone();
        let id = app.ids.fetch_add(1, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        let upload = (route == PUBLISH).then(|| {
            let upload = Upload::new(std::mem::take(request.body_mut()));
            *request.body_mut() = Body::new(upload.clone());
            (upload, request.headers().clone())
        });

        let in_flight = InFlight::new(&app.metrics);
        let handled = AssertUnwindSafe(self.handle(route, client, request)).catch_unwind();
        let (mut response, place) = match handled.await {
            Ok(Ok((response, place))) => (response, place),
            Ok(Err(refusal)) => (refusal.into_response(), None),
            Err(panic) => (panicked(panic.as_ref()).into_response(), None),
        };
        drop(in_flight);
        let status = response.status();
        if let Some((upload, headers)) = upload
            && (status.is_client_error() || status.is_server_error())
            && status != StatusCode::REQUEST_TIMEOUT
        {
            upload.drain(&headers).await;
        }
        let sent = match response.headers().get(CONTENT_LENGTH) {
            _ if method == Method::HEAD => None,
            Some(length) => length.to_str().ok().and_then(|text| text.parse().ok()),
            None => axum::body::HttpBody::size_hint(response.body()).exact(),
        };
        let sent = sent.unwrap_or(0);
        let took = begun.elapsed();
        app.metrics.answered(route, status.as_u16(), sent, took);
        tracing::info!(
            target: "puck::request",
            id = format_args!("{id:016x}"),
            client = %client,
            method = %method,
            path = %secrets::redacted(uri.path()),
            status = status.as_u16(),
            bytes = sent,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
        if (status.is_client_error() || status.is_server_error())
            && let Ok(value) = HeaderValue::try_from(format!("{id:016x}"))
        {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        match place {
            // What is in memory needs no more work.
            Some(place) if response.extensions().get::<Streamed>().is_some() => {
                response.map(|body| holding(body, place))
            }
            _ => response,
        }
    }

    async fn handle(
        &self,
        route: &'static str,
        client: IpAddr,
        mut request: Request<Body>,
    ) -> Result<(Response, Option<Place>), Refusal> {
        let app = &self.app;
        let place = app.admit(route, client)?;
        let path = request.uri().path();
        if let Some(identity) = app.may_read(route, path, request.headers()).await? {
            request.extensions_mut().insert(identity);
        }
        let routed = self.router.clone().oneshot(request);
        let response = if route == PUBLISH {
            // It looks after itself: uploads take as long as they make progress.
            routed.await
        } else {
            timeout(app.limits.request_time, routed)
                .await
                .map_err(|_| {
                    app.metrics.rejected("timeout");
                    let message = "the request took too long";
                    Refusal::new(Code::Timeout, message).close()
                })?
        };
        match response {
            Ok(response) => Ok((response, place)),
            Err(never) => match never {},
        }
    }
}

/// The route whose bodies are archives.
const PUBLISH: &str = "/api/v1/publish";

/// Counts a request until it is answered, or its client has gone.
struct InFlight<'a>(&'a Metrics);

impl<'a> InFlight<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

/// Marks an answer whose body is still to be read from storage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streamed;

/// `body`, for whose sake `place` stays taken until it is sent.
fn holding(body: Body, place: Place) -> Body {
    let stream = body.into_data_stream();
    Body::from_stream(stream.inspect(move |_| _ = &place))
}

/// The last hop before the proxy: what it adds itself, behind anything that a client may claim.
fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers.get_all("x-forwarded-for").into_iter().next_back()?;
    let hop = value.to_str().ok()?.rsplit(',').next()?.trim();
    let address = || {
        hop.trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()
    };
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    address().or_else(with_port)
}

/// Where the numbers of requests begin, so that those of two runs differ.
fn seed() -> u64 {
    let mut bytes = [0; 8];
    // Without randomness they count from 0.
    _ = getrandom::fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

fn panicked(panic: &(dyn Any + Send)) -> Refusal {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of unknown kind");
    tracing::error!(panic = %secrets::redacted(text), "a request failed");
    Refusal::new(Code::Internal, "the server could not do that")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_hop_is_believed() {
        for (lines, expected) in [
            (&[][..], None),
            (&["192.0.2.1"], Some("192.0.2.1")),
            (&["6.6.6.6, 192.0.2.1"], Some("192.0.2.1")),
            (&["6.6.6.6", "192.0.2.1"], Some("192.0.2.1")),
            (&["192.0.2.1:4711"], Some("192.0.2.1")),
            (&["[2001:db8::1]:4711"], Some("2001:db8::1")),
            (&["[2001:db8::1]"], Some("2001:db8::1")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["192.0.2.1, unknown"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            assert_eq!(last_hop(&headers), expected.map(|hop| hop.parse().unwrap()));
        }
    }
}
