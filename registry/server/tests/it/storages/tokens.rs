//! Tokens: made, expired, revoked, and what is no token.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _};
use puck_registry_server::access::{NewToken, Scope};
use puck_registry_server::{ErrorKind, Service};

use super::refused;

pub(super) async fn tokens(service: &Service) {
    let before = service.tokens().await.unwrap().len();
    let new = |scopes: &[Scope], expires| NewToken {
        user: "carol".parse().unwrap(),
        scopes: scopes.iter().copied().collect::<BTreeSet<_>>(),
        packages: vec!["*".parse().unwrap()],
        expires,
    };
    assert_eq!(
        refused(service.create_token(new(&[], None)).await).0,
        ErrorKind::BadRequest
    );
    let past = Timestamp::now() - 1.second();
    let late = service.create_token(new(&[Scope::Read], Some(past))).await;
    assert_eq!(refused(late).0, ErrorKind::BadRequest);

    let soon = Timestamp::now() + 50.milliseconds();
    let (token, secret) = service
        .create_token(new(&[Scope::Read], Some(soon)))
        .await
        .unwrap();
    assert_eq!(service.tokens().await.unwrap().len(), before + 1);
    tokio::time::sleep(std::time::Duration::from_millis(80)).await;
    let (kind, said) = refused(service.authenticate(secret.text()).await);
    assert_eq!(
        (kind, said.as_str()),
        (ErrorKind::Unauthorized, "this token has expired")
    );
    service.revoke_token(&token.id).await.unwrap();

    let (token, secret) = service
        .create_token(new(&[Scope::Read], None))
        .await
        .unwrap();
    assert!(
        service
            .authenticate(secret.text())
            .await
            .unwrap()
            .has(Scope::Read)
    );
    let mut other = secret.text().to_owned();
    let last = if other.ends_with('A') { 'B' } else { 'A' };
    other.replace_range(other.len() - 1.., &last.to_string());
    for text in ["", "puck_", "../../registry", other.as_str()] {
        let (kind, said) = refused(service.authenticate(text).await);
        assert_eq!(kind, ErrorKind::Unauthorized, "{text}");
        assert!(text.len() < 10 || !said.contains(text), "{said}");
    }
    service.revoke_token(&token.id).await.unwrap();
    assert_eq!(
        refused(service.authenticate(secret.text()).await).0,
        ErrorKind::Unauthorized
    );
    for id in [token.id.as_str(), "", "../owners/linalg", "zz"] {
        assert_eq!(
            refused(service.revoke_token(id).await).0,
            ErrorKind::NotFound,
            "{id}"
        );
    }
    assert_eq!(service.tokens().await.unwrap().len(), before);
    let stored = format!("{:?}", service.tokens().await.unwrap());
    assert!(!stored.contains(secret.text()));
}
