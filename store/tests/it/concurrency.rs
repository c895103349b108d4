//! Many at once, and processes that are killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use fs_err as fs;
use puck_package::LinkMode;
use puck_store::{EnvironmentPackage, EnvironmentRequest, Link, Store};

use crate::support::{Archive, Home, linalg, tree, vecmath};

/// Set in children: the folder of the store; the archives are beside it.
const CHILD: &str = "PUCK_STORE_TEST_HOME";

/// Installs both packages and makes their environment: what a child does.
fn install_all(store: &Store, archives: &[Archive]) {
    let packages: Vec<_> = archives
        .iter()
        .map(|archive| {
            let Archive {
                name,
                version,
                bytes,
                sha256,
            } = archive;
            store
                .add_archive(&mut bytes.as_slice(), sha256, bytes.len() as u64)
                .expect("the archive is taken");
            store
                .install_package(sha256, name, version)
                .expect("the package installs")
        })
        .collect();
    for mode in [LinkMode::Dynamic, LinkMode::Image] {
        let packages = packages.iter().map(|installed| EnvironmentPackage {
            installed,
            direct: true,
        });
        let request = EnvironmentRequest {
            packages: packages.collect(),
            link: Link {
                mode,
                ..Link::default()
            },
        };
        store.environment(&request).expect("an environment");
    }
}

fn archives() -> Vec<Archive> {
    vec![vecmath().pack(), linalg().pack()]
}

fn check(home: &Home) {
    let found = home.store.verify().expect("reads");
    assert_eq!(found.problems, []);
    assert_eq!(
        (found.archives, found.packages, found.environments),
        (2, 2, 2)
    );
    assert_eq!(found.libraries, 1);
    let staging = tree(&home.path().join("staging"));
    assert!(staging.is_empty(), "{staging:?}");
}

#[test]
fn threads() {
    let home = Home::new();
    let archives = archives();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| install_all(&Store::open(home.path()).expect("opens"), &archives));
        }
    });
    check(&home);
}

/// Where the archives for children are.
fn archive_path(home: &Path, archive: &Archive) -> PathBuf {
    home.with_file_name(format!("{}-{}.puck", archive.name, archive.version))
}

fn child(home: &Home) -> Child {
    Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "concurrency::in_a_child", "--ignored"])
        .env(CHILD, home.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts")
}

fn pack_for_children(home: &Home) -> Vec<Archive> {
    let archives = archives();
    for archive in &archives {
        fs::write(archive_path(home.path(), archive), &archive.bytes).expect("writes");
    }
    archives
}

#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn in_a_child() {
    let Some(home) = std::env::var_os(CHILD) else {
        return;
    };
    let home = PathBuf::from(home);
    let archives: Vec<Archive> = [("vecmath", "1.0.0"), ("linalg", "1.2.0")]
        .into_iter()
        .map(|(name, version)| {
            let path = home.with_file_name(format!("{name}-{version}.puck"));
            let bytes = fs::read(path).expect("reads");
            Archive {
                name: name.parse().expect("a name"),
                version: version.parse().expect("a version"),
                sha256: puck_package::Digest::of(&bytes),
                bytes,
            }
        })
        .collect();
    install_all(&Store::open(&home).expect("opens"), &archives);
}

#[test]
fn processes() {
    let home = Home::new();
    pack_for_children(&home);
    let children: Vec<Child> = (0..8).map(|_| child(&home)).collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    check(&home);
}

#[test]
fn killed_at_any_moment() {
    let home = Home::new();
    let archives = pack_for_children(&home);
    let mut half_made = 0;
    // How long a child takes depends on the machine; the kills are spread over all of it.
    let started = Instant::now();
    let elsewhere = Home::new();
    pack_for_children(&elsewhere);
    assert!(child(&elsewhere).wait().expect("it ends").success());
    let whole = started.elapsed();
    for round in 0..60 {
        let mut child = child(&home);
        std::thread::sleep(whole * round / 60);
        child.kill().expect("it dies");
        child.wait().expect("it is gone");
        let left = if home.path().join("staging").exists() {
            tree(&home.path().join("staging")).len()
        } else {
            0
        };
        half_made += usize::from(left > 0);
        // What has its name is whole, whatever else there is.
        assert_eq!(
            home.store.verify().expect("reads").problems,
            [],
            "round {round}"
        );
        if round % 2 == 1 {
            install_all(&Store::open(home.path()).expect("opens"), &archives);
            check(&home);
            for area in ["packages", "archives", "environments"] {
                let away = home.folder.path().join(format!("{round}-{area}"));
                crate::support::set_mode(&home.path().join(area), 0o755);
                fs::rename(home.path().join(area), away).expect("makes room for the next");
            }
        }
    }
    assert!(
        half_made > 0,
        "no child was killed at work; the test proves nothing"
    );
}
