//! What is counted, and how Prometheus gets it.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The content type of [`Metrics::text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the durations that are told apart, in seconds.
const DURATIONS: [f64; 13] = [
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0,
];

/// Labels have few values each: a route is a template, never a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Routed {
    route: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Because {
    reason: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

#[derive(Clone)]
struct Durations;

impl MetricConstructor<Histogram> for Durations {
    fn new_metric(&self) -> Histogram {
        Histogram::new(DURATIONS)
    }
}

/// The server's counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Routed, Histogram, Durations>,
    sent: Family<Routed, Counter>,
    /// Bytes of uploads.
    pub(crate) received: Counter,
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    rejected: Family<Because, Counter>,
    publishes: Family<Ended, Counter>,
    cache: Family<Ended, Counter>,
    /// Bytes of files in memory.
    pub(crate) cache_bytes: Gauge,
    upstream: Family<Ended, Counter>,
    memory: Gauge,
}

impl std::fmt::Debug for Durations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Durations")
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("puck"),
            requests: Family::default(),
            durations: Family::new_with_constructor(Durations),
            sent: Family::default(),
            received: Counter::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            rejected: Family::default(),
            publishes: Family::default(),
            cache: Family::default(),
            cache_bytes: Gauge::default(),
            upstream: Family::default(),
            memory: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "http_requests",
            "Requests, by route and status",
            metrics.requests.clone(),
        );
        registry.register(
            "http_request_duration_seconds",
            "Time from a request's head to its answer's",
            metrics.durations.clone(),
        );
        registry.register(
            "http_sent_bytes",
            "Bytes of answers' bodies",
            metrics.sent.clone(),
        );
        registry.register(
            "http_received_bytes",
            "Bytes of uploads",
            metrics.received.clone(),
        );
        registry.register(
            "http_in_flight",
            "Requests being worked on",
            metrics.in_flight.clone(),
        );
        registry.register(
            "http_connections",
            "Open connections",
            metrics.connections.clone(),
        );
        registry.register(
            "http_rejected",
            "Requests and connections sent away, by reason",
            metrics.rejected.clone(),
        );
        registry.register(
            "publishes",
            "Publishes, by outcome",
            metrics.publishes.clone(),
        );
        registry.register(
            "cache_lookups",
            "Files wanted, by whether they were in memory",
            metrics.cache.clone(),
        );
        registry.register(
            "cache_bytes",
            "Bytes of files in memory",
            metrics.cache_bytes.clone(),
        );
        registry.register(
            "upstream_requests",
            "Requests of a mirror to its upstream, by outcome",
            metrics.upstream.clone(),
        );
        registry.register(
            "resident_memory_bytes",
            "Memory of the process",
            metrics.memory.clone(),
        );
        metrics
    }

    /// A request to `route` was answered.
    pub(crate) fn answered(&self, route: &'static str, status: u16, sent: u64, took: Duration) {
        self.requests
            .get_or_create(&Answered { route, status })
            .inc();
        let route = Routed { route };
        self.durations
            .get_or_create(&route)
            .observe(took.as_secs_f64());
        if sent > 0 {
            self.sent.get_or_create(&route).inc_by(sent);
        }
    }

    /// A request or a connection was sent away.
    pub(crate) fn rejected(&self, reason: &'static str) {
        self.rejected.get_or_create(&Because { reason }).inc();
    }

    /// A publish ended: `new`, `same`, `checked` or `refused`.
    pub(crate) fn published(&self, outcome: &'static str) {
        self.publishes.get_or_create(&Ended { outcome }).inc();
    }

    /// A file was wanted: `hit` or `miss`.
    pub(crate) fn looked_up(&self, outcome: &'static str) {
        self.cache.get_or_create(&Ended { outcome }).inc();
    }

    /// A mirror asked its upstream: `changed`, `unchanged`, `absent` or `failed`.
    pub(crate) fn asked(&self, outcome: &'static str) {
        self.upstream.get_or_create(&Ended { outcome }).inc();
    }

    /// Everything, as OpenMetrics text.
    pub(crate) fn text(&self) -> String {
        if let Some(bytes) = resident() {
            self.memory.set(bytes);
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        _ = encode(&mut text, &self.registry);
        text
    }
}

/// The memory that the process has, in bytes.
fn resident() -> Option<i64> {
    const PAGE: i64 = 4096;
    let statm = fs_err::read_to_string("/proc/self/statm").ok()?;
    let pages: i64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::new();
        metrics.answered("/index/{path}", 200, 10, Duration::from_millis(2));
        metrics.answered("/index/{path}", 200, 5, Duration::from_millis(2));
        metrics.rejected("overload");
        let text = metrics.text();
        for line in [
            "puck_http_requests_total{route=\"/index/{path}\",status=\"200\"} 2",
            "puck_http_sent_bytes_total{route=\"/index/{path}\"} 15",
            "puck_http_request_duration_seconds_bucket{le=\"0.003\",route=\"/index/{path}\"} 2",
            "puck_http_rejected_total{reason=\"overload\"} 1",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(!text.contains("puck_resident_memory_bytes 0"), "{text}");
    }
}
