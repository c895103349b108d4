//! TLS by the server itself.

use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use puck_registry_server::http::{Options, ServeError, Server, TlsFiles, block_on};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::raw;
use crate::running::Running;

/// Writes a certificate for localhost with its key.
fn certificate(folder: &Path) -> (TlsFiles, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
    };
    fs_err::write(&files.certificate, made.cert.pem()).unwrap();
    fs_err::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.der().clone())
}

#[test]
fn whoever_knows_the_certificate_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (files, trusted) = certificate(folder.path());
    let running = Running::start(|options| options.tls = Some(files));
    assert!(running.url.starts_with("https://127.0.0.1:"));
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    for _ in 0..2 {
        let name = "localhost".try_into().unwrap();
        let connection = ClientConnection::new(Arc::clone(&config), name).unwrap();
        let stream = TcpStream::connect(running.address).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let request = raw::head("GET", "/registry.json", &[], None);
        stream.write_all(request.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let reply = raw::read(&mut stream, false).unwrap();
        assert_eq!(reply.body, running.file("registry.json"));
        assert_eq!(
            stream.get_ref().conn.alpn_protocol(),
            Some(&b"http/1.1"[..])
        );
    }
    // Who does not speak TLS gets nowhere, and hinders nobody.
    let mut plain = raw::Connection::to(running.address);
    plain.send(raw::head("GET", "/registry.json", &[], None));
    assert!(!plain.rest().starts_with(b"HTTP/1.1 200"));
}

#[test]
fn certificates_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = certificate(folder.path());
    let other = tempfile::tempdir().unwrap();
    let (others, _) = certificate(other.path());
    let empty = folder.path().join("empty.pem");
    fs_err::write(&empty, "").unwrap();
    let swapped = TlsFiles {
        certificate: files.key.clone(),
        key: files.certificate.clone(),
    };
    for (tls, expected) in [
        (swapped, "it holds no CERTIFICATE"),
        (
            TlsFiles {
                certificate: empty.clone(),
                ..files.clone()
            },
            "it holds no CERTIFICATE",
        ),
        (
            TlsFiles {
                key: empty,
                ..files.clone()
            },
            "cannot be used for TLS",
        ),
        (
            TlsFiles {
                key: others.key,
                ..files.clone()
            },
            "cannot be used for TLS",
        ),
        (
            TlsFiles {
                key: folder.path().join("nothing.pem"),
                ..files
            },
            "nothing.pem",
        ),
    ] {
        let registry = tempfile::tempdir().unwrap();
        let location = puck_registry_server::StorageLocation::Directory(registry.path().into());
        let mut options = Options::at("127.0.0.1:0".parse().unwrap());
        options.tls = Some(tls);
        let bound = block_on(Server::bind(&location, &options)).unwrap();
        let error: ServeError = bound.err().unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
