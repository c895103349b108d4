//! TLS: who is trusted, and that it is not left.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use puck_registry_client::{Client, Error, Settings};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server for `localhost` that describes itself, and redirects to plain HTTP what else is asked.
struct Secure {
    url: String,
    /// Its certificate, as a PEM file.
    certificate: PathBuf,
    _directory: tempfile::TempDir,
}

impl Secure {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let certificate = directory.path().join("ca.pem");
        fs_err::write(&certificate, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "https://localhost:{}/",
            listener.local_addr().unwrap().port()
        );
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                // A client that trusts nobody goes away, and is no matter here.
                let _ = answer(StreamOwned::new(connection, stream.unwrap()));
            }
        });
        Self {
            url,
            certificate,
            _directory: directory,
        }
    }

    fn client(&self, certificates: Option<PathBuf>) -> Client {
        let mut settings = Settings::new(self.url.parse().unwrap());
        settings.certificates = certificates;
        settings.retry.count = 1;
        settings.retry.base = std::time::Duration::from_millis(1);
        Client::new(settings).unwrap()
    }
}

fn answer(mut stream: impl Read + Write) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let body = r#"{"format": 1, "name": "secure"}"#;
    let text = if head.starts_with(b"GET /registry.json") {
        format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    } else {
        let to = "http://localhost:1/log.jsonl";
        format!(
            "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        )
    };
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

#[test]
fn a_certificate_of_ones_own() {
    let server = Secure::new();
    let client = server.client(Some(server.certificate.clone()));
    assert_eq!(client.name().unwrap(), "secure");
    let error = client.names().unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }), "{error:?}");
    assert!(
        error.to_string().contains("from HTTPS to plain HTTP"),
        "{error}"
    );
}

#[test]
fn a_stranger_is_not_trusted() {
    let (server, other) = (Secure::new(), Secure::new());
    for certificates in [None, Some(other.certificate)] {
        let error = server.client(certificates).name().unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        assert!(error.to_string().contains(&server.url), "{error}");
        assert!(error.hint().unwrap().contains("PEM"), "{error}");
    }
    // The right certificate, for another name.
    let mut settings = Settings::new(
        server
            .url
            .replace("localhost", "127.0.0.1")
            .parse()
            .unwrap(),
    );
    settings.certificates = Some(server.certificate);
    let error = Client::new(settings).unwrap().name().unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
}

#[test]
fn files_that_hold_no_certificate() {
    let server = Secure::new();
    let path = server.certificate.with_extension("txt");
    for text in [
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        fs_err::write(&path, text).unwrap();
        let error = server.client(Some(path.clone())).name().unwrap_err();
        assert!(
            matches!(error, Error::Certificates { .. }),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn a_plain_server_by_mistake() {
    let scene = crate::scene::Scene::usual();
    let mut settings = scene.settings();
    settings.url = scene
        .server
        .url()
        .replace("http:", "https:")
        .parse()
        .unwrap();
    settings.retry.count = 0;
    let error = Client::new(settings).unwrap().name().unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("use http://"), "{error}");
}
