//! The certificate of a server that speaks TLS itself; read again when the operator says so.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::options::TlsFiles;
use crate::http::ServeError;

/// What the server shows whoever connects.
pub(crate) struct Certificate {
    files: TlsFiles,
    key: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// If a file cannot be read or holds something else; if the key is not the certificate's.
    pub(crate) fn read(files: TlsFiles) -> Result<Arc<Self>, ServeError> {
        let key = RwLock::new(Arc::new(read(&files)?));
        Ok(Arc::new(Self { files, key }))
    }

    /// Reads the files again; new connections are shown what they hold now.
    ///
    /// # Errors
    /// As [`Certificate::read`]; then all stays as it was.
    pub(crate) fn reload(&self) -> Result<(), ServeError> {
        let key = Arc::new(read(&self.files)?);
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
        Ok(())
    }

    /// Accepts TLS 1.2 and 1.3, and HTTP/1.1 within.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, ServeError> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config =
            rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(ServeError::Tls)?
                .with_no_client_auth()
                .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&key))
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Certificate").field(&self.files).finish()
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, ServeError> {
    let pem = |path: &PathBuf, reason: String| ServeError::Pem {
        path: path.clone(),
        reason,
    };
    let TlsFiles { certificate, key } = files;
    let text = fs_err::read(certificate)?;
    let chain = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| pem(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(pem(certificate, "it holds no CERTIFICATE".to_owned()));
    }
    let der = PrivateKeyDer::from_pem_slice(&fs_err::read(key)?)
        .map_err(|error| pem(key, error.to_string()))?;
    CertifiedKey::from_der(chain, der, &ring::default_provider())
        .map_err(|error| pem(key, error.to_string()))
}
