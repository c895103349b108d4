//! Storages compared: the same deeds, at random, by the same users.

use proptest::prelude::*;
use puck_package::PackageName;
use puck_registry::Registry;
use puck_registry_server::access::{Identity, Scope, User};
use puck_registry_server::{Error, Service};
use semver::Version;
use tempfile::TempDir;

use crate::sample::pack;
use crate::storages::{holder, in_directory, in_memory, log_of};

/// What is asked of two storages alike.
#[derive(Clone, Debug)]
enum Deed {
    Publish {
        package: usize,
        minor: u64,
        exports: usize,
        user: usize,
    },
    Yank {
        package: usize,
        minor: u64,
        yanked: bool,
        user: usize,
    },
    AddOwner {
        package: usize,
        owner: usize,
        user: usize,
    },
    RemoveOwner {
        package: usize,
        owner: usize,
        user: usize,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    let (package, minor, user) = (0_usize..2, 0_u64..5, 0_usize..3);
    prop_oneof![
        4 => (package.clone(), minor.clone(), 1_usize..4, user.clone())
            .prop_map(|(package, minor, exports, user)| Deed::Publish { package, minor, exports, user }),
        3 => (package.clone(), minor, any::<bool>(), user.clone())
            .prop_map(|(package, minor, yanked, user)| Deed::Yank { package, minor, yanked, user }),
        1 => (package.clone(), user.clone(), user.clone())
            .prop_map(|(package, owner, user)| Deed::AddOwner { package, owner, user }),
        1 => (package, user.clone(), user)
            .prop_map(|(package, owner, user)| Deed::RemoveOwner { package, owner, user }),
    ]
}

const USERS: [&str; 3] = ["alice", "bob", "carol"];
const PACKAGES: [&str; 2] = ["linalg", "stats"];

/// Does one deed; what came of it, as text.
async fn does(service: &Service, who: &[Identity], files: &TempDir, deed: &Deed) -> String {
    let said = |result: Result<String, Error>| match result {
        Ok(said) => said,
        Err(error) => format!("{:?}: {error}", error.kind()),
    };
    let name = |package: usize| PACKAGES[package].parse::<PackageName>().unwrap();
    let user = |user: usize| USERS[user].parse::<User>().unwrap();
    match *deed {
        Deed::Publish {
            package,
            minor,
            exports,
            user,
        } => {
            let functions = &["f()", "g()", "h()"][..exports];
            let version = format!("1.{minor}.0");
            let archive = pack(files.path(), PACKAGES[package], &version, functions);
            let published = service.publish(archive, &who[user], false).await;
            said(published.map(|published| format!("new: {}", published.new)))
        }
        Deed::Yank {
            package,
            minor,
            yanked,
            user,
        } => {
            let version = Version::new(1, minor, 0);
            let (name, who) = (name(package), &who[user]);
            let changed = service.yank(&name, &version, yanked, Some("so"), who).await;
            said(changed.map(|changed| format!("changed: {changed}")))
        }
        Deed::AddOwner {
            package,
            owner,
            user: by,
        } => {
            let owners = service
                .add_owner(&name(package), &user(owner), &who[by])
                .await;
            said(owners.map(|owners| format!("{owners:?}")))
        }
        Deed::RemoveOwner {
            package,
            owner,
            user: by,
        } => {
            let owners = service
                .remove_owner(&name(package), &user(owner), &who[by])
                .await;
            said(owners.map(|owners| format!("{owners:?}")))
        }
    }
}

/// What is left in the end, without times.
async fn remains(service: &Service) -> Vec<String> {
    let mut all = Vec::new();
    for package in PACKAGES {
        let name = package.parse().unwrap();
        for mut line in service.versions(&name).await.unwrap() {
            line.time.clear();
            all.push(line.to_json());
        }
        all.push(format!("{:?}", service.owners(&name).await.ok()));
    }
    if service.facts("log.jsonl").await.is_ok() {
        for entry in log_of(service).await {
            all.push(format!(
                "{:?} {} {}",
                entry.action, entry.name, entry.version
            ));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A directory and a bucket give the same answers, and are the same in the end.
    #[test]
    fn storages_agree(deeds in prop::collection::vec(deed(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
            let services = [in_directory(&directory).await, in_memory().await];
            let mut who = Vec::new();
            for user in USERS {
                who.push(holder(&services[0], user, &Scope::ALL, &["*"]).await);
            }
            for deed in &deeds {
                let [a, b] = &services;
                let answer = does(a, &who, &files, deed).await;
                assert_eq!(answer, does(b, &who, &files, deed).await, "{deed:?}");
            }
            assert_eq!(remains(&services[0]).await, remains(&services[1]).await);
            Registry::open(directory.path()).unwrap().verify_log().unwrap();
        });
    }
}
