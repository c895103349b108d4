//! No space left: said so, and nothing half-made.

use std::process::Command;

use fs_err as fs;
use puck_package::LinkMode;
use puck_store::{EnvironmentPackage, EnvironmentRequest, Error, Link, Store};

use crate::support::{Archive, Home, many, tree};

const CHILD: &str = "PUCK_STORE_TEST_SPACE";

#[test]
#[ignore = "run by the other test, in a process of its own"]
fn in_a_child() {
    let Some(home) = std::env::var_os(CHILD) else {
        return;
    };
    // A limit on the size of files gives the same errors as a full device, without a device.
    let limit = libc::rlimit {
        rlim_cur: 4096,
        rlim_max: 4096,
    };
    // SAFETY: both calls take plain values and change only this process.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
    let store = Store::open(std::path::Path::new(&home)).expect("opens");
    let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
    let sha256 = puck_package::Digest::of(&bytes);
    let error = store
        .add_archive(&mut bytes.as_slice(), &sha256, 100_000)
        .expect_err("too large");
    assert!(matches!(error, Error::NoSpace(_)), "{error}");
    assert!(
        error.to_string().contains("/archive-0"),
        "the path is named: {error}"
    );

    let archive = fs::read(store.home().with_file_name("many.puck")).expect("reads");
    let sha256 = puck_package::Digest::of(&archive);
    let name = "many".parse().expect("a name");
    let version = semver::Version::new(1, 0, 0);
    let error = store
        .install_package(&sha256, &name, &version)
        .expect_err("too large");
    assert!(matches!(error, Error::NoSpace(_)), "{error}");
    assert!(
        error.to_string().contains("/package-0"),
        "the path is named: {error}"
    );

    let second = Store::open(&store.home().with_file_name("second")).expect("opens");
    let installed = second
        .installed_package(&sha256, &name, &version)
        .expect("reads")
        .expect("is there");
    let request = EnvironmentRequest {
        packages: vec![EnvironmentPackage {
            installed: &installed,
            direct: true,
        }],
        link: Link {
            mode: LinkMode::Image,
            ..Link::default()
        },
    };
    let error = second.environment(&request).expect_err("too large");
    assert!(matches!(error, Error::NoSpace(_)), "{error}");
    assert!(
        error.to_string().contains("/library-0"),
        "the path is named: {error}"
    );
}

#[test]
fn a_full_device_is_reported_and_nothing_is_half_made() {
    let home = Home::new();
    let archive = many(30).pack();
    home.add(&archive);
    fs::write(home.path().with_file_name("many.puck"), &archive.bytes).expect("writes");
    let second = home.path().with_file_name("second");
    let store = Store::open(&second).expect("opens");
    let size = archive.bytes.len() as u64;
    let mut bytes = archive.bytes.as_slice();
    store
        .add_archive(&mut bytes, &archive.sha256, size)
        .expect("adds");
    store
        .install_package(&archive.sha256, &archive.name, &archive.version)
        .expect("installs");
    let child = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "space::in_a_child", "--ignored", "--nocapture"])
        .env(CHILD, home.path())
        .output()
        .expect("it runs");
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stderr)
    );
    assert!(!home.path().join("packages").exists());
    assert!(!second.join("libraries").exists());
    for home in [home.path(), &second] {
        assert!(tree(&home.join("staging")).is_empty());
    }
    let Archive {
        name,
        version,
        sha256,
        ..
    } = archive;
    home.store
        .install_package(&sha256, &name, &version)
        .expect("with space it installs");
}
