//! Tokens are in no log, whatever is done with them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

use crate::raw::{ask, send};
use crate::running::{Running, archive};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn tokens_are_not_logged() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .try_init()
        .unwrap();
    let running = Running::start(|_| ());
    let at = running.address;
    let token = running.all("alice");
    let unknown = format!("puck_{}", "q7".repeat(22).get(..43).unwrap());
    let bytes = archive("linalg", "1.0.0", &["dot(n: u64) -> f64"]);
    assert_eq!(
        send(at, "POST", "/api/v1/publish", &token, &bytes).status,
        201
    );
    for secret in [&token, &unknown] {
        for (method, path) in [
            ("GET", "/api/v1/me".to_owned()),
            ("POST", "/api/v1/publish".to_owned()),
            ("PUT", format!("/api/v1/packages/{secret}/1.0.0/yank")),
            ("PUT", format!("/api/v1/packages/linalg/{secret}/yank")),
            ("PUT", format!("/api/v1/packages/linalg/owners/{secret}")),
            ("GET", format!("/index/{secret}")),
            ("GET", format!("/{}", secret.replacen('_', "%5F", 1))),
            ("GET", format!("/{}", secret.replacen("puck", "%70uck", 1))),
            ("GET", format!("/api/v1/packages/{secret}/owners")),
            ("GET", format!("/api/v1/search?signature={secret}")),
            ("GET", format!("/api/v1/search?limit={secret}")),
            ("GET", format!("/{secret}?token={secret}")),
        ] {
            let reply = send(at, method, &path, secret, secret.as_bytes());
            assert!(!reply.text().contains(&secret[5..30]), "{reply:?}");
        }
        let basic = format!("Basic {secret}");
        ask(at, "GET", "/api/v1/me", &[("Authorization", &basic)]);
    }
    drop(running);
    let log = log.0.lock().unwrap_or_else(PoisonError::into_inner);
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("\"path\":\"/api/v1/me\""), "the log is kept");
    assert!(log.contains("alice"), "the log is kept");
    for secret in [&token, &unknown] {
        // Not a part of it either.
        let part = &secret[5..30];
        let line = log.lines().find(|line| line.contains(part));
        assert_eq!(line, None);
    }
}
