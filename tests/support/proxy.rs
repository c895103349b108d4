//! Something between clients and a server that does harm on demand.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use crate::support::server::{Served, ask};

#[path = "../../registry/client/tests/it/faulty/mod.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod faulty;

pub(crate) use faulty::{Fault, Seen, Server};

/// What belongs to one connection.
const OF_THE_CONNECTION: [&str; 5] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "transfer-encoding",
];

/// A server before another one, whose answers it gives unless told to spoil them.
pub(crate) struct Proxy {
    faulty: Server,
    origin: Arc<Mutex<SocketAddr>>,
}

impl Proxy {
    pub(crate) fn before(served: &Served<'_>) -> Self {
        let origin = Arc::new(Mutex::new(served.address()));
        let address = Arc::clone(&origin);
        let faulty = Server::before(move |request, ranges, etags| {
            let address = *address.lock().unwrap();
            forward(address, request, ranges, etags)
        });
        Self { faulty, origin }
    }

    /// From now on there is another server behind it.
    pub(crate) fn lead_to(&self, served: &Served<'_>) {
        *self.origin.lock().unwrap() = served.address();
    }
}

impl Deref for Proxy {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.faulty
    }
}

fn forward(
    address: SocketAddr,
    request: &Seen,
    ranges: bool,
    etags: bool,
) -> io::Result<faulty::Answer> {
    let unknown: &[&str] = match (ranges, etags) {
        (true, _) => &[],
        (false, true) => &["range", "if-range"],
        (false, false) => &["range", "if-range", "if-none-match"],
    };
    let headers: Vec<_> = request
        .headers
        .iter()
        .filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
        .filter(|(name, _)| !unknown.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let reply = ask(
        address,
        &request.method,
        &request.path,
        &headers,
        &request.body,
    )?;
    let headers = reply.headers.into_iter();
    let kept = headers
        .filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
        .filter(|(name, _)| etags || name != "etag");
    Ok(faulty::Answer {
        status: reply.status,
        headers: kept.collect(),
        body: reply.body,
    })
}
