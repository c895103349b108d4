//! Publishing, owning and yanking, and who may.

use puck_package::PackageName;
use puck_registry_server::access::{Scope, User};
use puck_registry_server::{ErrorKind, Service};
use semver::Version;
use tempfile::TempDir;

use super::{holder, log_of, refused};
use crate::sample::{Sample, pack};

fn users(names: &[&str]) -> Vec<User> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

pub(super) async fn publishing_and_owning(service: &Service) {
    let files = TempDir::new().unwrap();
    let linalg = |version: &str| pack(files.path(), "linalg", version, &["f()"]);
    let name: PackageName = "linalg".parse().unwrap();
    let alice = holder(service, "alice", &Scope::ALL, &["*"]).await;
    let bob = holder(service, "bob", &Scope::ALL, &["lin*", "other"]).await;
    let beginner = holder(service, "alice", &[Scope::PublishNew], &["*"]).await;

    // Of what does not exist there is nothing to own.
    assert_eq!(refused(service.owners(&name).await).0, ErrorKind::NotFound);
    // A dry run says what would happen, and nothing does.
    let would = service
        .publish(linalg("1.0.0"), &alice, true)
        .await
        .unwrap();
    assert!(would.new);
    assert_eq!(service.versions(&name).await.unwrap(), []);

    let first = service
        .publish(linalg("1.0.0"), &beginner, false)
        .await
        .unwrap();
    assert!(first.new);
    assert_eq!(service.owners(&name).await.unwrap(), users(&["alice"]));
    // Sent again, it is no update.
    let again = service
        .publish(linalg("1.0.0"), &beginner, false)
        .await
        .unwrap();
    assert_eq!((again.new, again.line), (false, first.line));
    let (kind, said) = refused(service.publish(linalg("1.1.0"), &beginner, false).await);
    assert_eq!(kind, ErrorKind::Forbidden);
    assert_eq!(said, "this token does not have the scope publish-update");
    let (kind, said) = refused(service.publish(linalg("1.1.0"), &bob, false).await);
    assert_eq!(kind, ErrorKind::Forbidden);
    assert_eq!(said, "bob does not own linalg");
    let (kind, said) = refused(
        service
            .publish(pack(files.path(), "stats", "1.0.0", &["f()"]), &bob, false)
            .await,
    );
    assert_eq!(kind, ErrorKind::Forbidden);
    assert_eq!(
        said,
        "this token is for the packages lin*, other, not for stats"
    );

    let (a, b): (User, User) = ("alice".parse().unwrap(), "bob".parse().unwrap());
    assert_eq!(
        refused(service.add_owner(&name, &b, &bob).await).0,
        ErrorKind::Forbidden
    );
    assert_eq!(
        service.add_owner(&name, &b, &alice).await.unwrap(),
        users(&["alice", "bob"])
    );
    service.publish(linalg("1.1.0"), &bob, false).await.unwrap();
    assert_eq!(
        service.remove_owner(&name, &a, &bob).await.unwrap(),
        users(&["bob"])
    );
    assert_eq!(
        refused(service.remove_owner(&name, &b, &bob).await).0,
        ErrorKind::Conflict
    );
    assert_eq!(
        refused(service.publish(linalg("1.2.0"), &alice, false).await).0,
        ErrorKind::Forbidden
    );

    let mut changed = Sample::new("linalg", "1.1.0", &["f()"]);
    changed.document.description = "another".to_owned();
    let changed = changed.pack(TempDir::new_in(files.path()).unwrap().keep().as_path());
    assert_eq!(
        refused(service.publish(changed, &bob, false).await).0,
        ErrorKind::VersionExists
    );
    let broken = pack(files.path(), "linalg", "1.3.0", &["g()"]);
    assert_eq!(
        refused(service.publish(broken, &bob, false).await).0,
        ErrorKind::Incompatible
    );
    let nonsense = files.path().join("nonsense.puck");
    for bytes in [&b"nonsense"[..], b"", &[0; 5000]] {
        fs_err::write(&nonsense, bytes).unwrap();
        let (kind, said) = refused(service.publish(nonsense.clone(), &bob, false).await);
        assert_eq!(kind, ErrorKind::BadArchive, "{said}");
        assert!(!said.contains("nonsense.puck"), "{said}");
    }
    assert_eq!(log_of(service).await.len(), 2);
}

pub(super) async fn yanking(service: &Service) {
    let name: PackageName = "linalg".parse().unwrap();
    let bob = holder(service, "bob", &[Scope::Yank], &["*"]).await;
    let stranger = holder(service, "mallory", &[Scope::Yank], &["*"]).await;
    let version = Version::new(1, 0, 0);
    let reason = Some("wrong for n = 0");
    assert_eq!(
        refused(service.yank(&name, &version, true, reason, &stranger).await).0,
        ErrorKind::Forbidden
    );
    assert!(
        service
            .yank(&name, &version, true, reason, &bob)
            .await
            .unwrap()
    );
    assert!(
        !service
            .yank(&name, &version, true, reason, &bob)
            .await
            .unwrap()
    );
    let line = service.versions(&name).await.unwrap().remove(0);
    assert_eq!((line.yanked, line.yank_reason.as_deref()), (true, reason));
    assert_eq!(
        log_of(service).await.pop().unwrap().reason.as_deref(),
        reason
    );
    assert!(
        service
            .yank(&name, &version, false, None, &bob)
            .await
            .unwrap()
    );
    let line = service.versions(&name).await.unwrap().remove(0);
    assert_eq!(
        (line.yanked, line.yank_reason, line.changed),
        (false, None, Some(4))
    );
    let unknown = Version::new(9, 0, 0);
    assert_eq!(
        refused(service.yank(&name, &unknown, true, None, &bob).await).0,
        ErrorKind::NotFound
    );
    assert_eq!(
        refused(
            service
                .yank(&name, &version, true, Some("a\nb"), &bob)
                .await
        )
        .0,
        ErrorKind::BadRequest
    );
}
