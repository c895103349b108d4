//! Several processes at one cache, while the registry goes on.

use proptest::prelude::*;
use puck_registry_client::Client;
use semver::Version;

use crate::faulty::Fault;
use crate::scene::{Scene, name, versions};

const NAMES: [&str; 3] = ["linalg", "stats", "x"];

/// The versions of a package, and whether each is yanked.
type Versions = Vec<(Version, bool)>;

#[derive(Clone, Debug)]
enum Step {
    Publish(usize),
    Yank(usize),
    /// A new process, in place of the one of that number, which goes away.
    Start(usize),
    /// A process asks for a package.
    Ask(usize, usize),
    /// The cache loses a file.
    Lose(usize),
    /// The server forgets ranges, or all but the bytes, for one request.
    Plain(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3usize).prop_map(Step::Publish),
        1 => (0..3usize).prop_map(Step::Yank),
        4 => (0..3usize).prop_map(Step::Start),
        8 => (0..3usize, 0..3usize).prop_map(|(client, package)| Step::Ask(client, package)),
        1 => (0..5usize).prop_map(Step::Lose),
        1 => any::<bool>().prop_map(Step::Plain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A process sees at least all that the registry had when the process first looked, whatever
    /// other processes keep in the cache meanwhile; and nothing that the registry never had.
    #[test]
    fn nobody_sees_less_than_there_was(steps in prop::collection::vec(step(), 1..40)) {
        let scene = Scene::new();
        let truth = |package: &str| {
            let lines = scene.registry.versions(&name(package)).unwrap();
            lines.into_iter().map(|line| (line.version, line.yanked)).collect::<Versions>()
        };
        let mut minor = [0u64; 3];
        let mut clients: [(Client, Option<Vec<Versions>>); 3] =
            std::array::from_fn(|_| (scene.client(), None));
        for step in steps {
            match step {
                Step::Publish(package) => {
                    scene.publish(NAMES[package], &format!("1.{}.0", minor[package]));
                    minor[package] += 1;
                }
                Step::Yank(package) if minor[package] > 0 => {
                    let version = Version::new(1, minor[package] - 1, 0);
                    let yanked = truth(NAMES[package]).iter().any(|(v, yanked)| *v == version && *yanked);
                    scene.registry.yank(&name(NAMES[package]), &version, !yanked, None).unwrap();
                }
                Step::Yank(_) => {}
                Step::Start(client) => clients[client] = (scene.client(), None),
                Step::Ask(client, package) => {
                    let (client, looked) = &mut clients[client];
                    let before = looked.get_or_insert_with(|| NAMES.iter().map(|n| truth(n)).collect());
                    let now = truth(NAMES[package]);
                    let found = client.versions(&name(NAMES[package])).unwrap();
                    let found: Vec<_> = found.into_iter().map(|line| (line.version, line.yanked)).collect();
                    prop_assert!(found.len() >= before[package].len(), "{found:?} {before:?}");
                    prop_assert!(found.len() <= now.len());
                    // Since nothing else changed, what was there then is seen as it was then, or as
                    // it is now, or as it was between: only the flag of the last may differ.
                    let versions = |all: &[(Version, bool)]| all.iter().map(|(v, _)| v.clone()).collect::<Vec<_>>();
                    prop_assert_eq!(versions(&found), versions(&now[..found.len()]));
                    if before[package] == now {
                        prop_assert_eq!(found, now);
                    }
                }
                Step::Lose(file) => {
                    let files = ["position.json", "registry.json", "index/li/na/linalg", "index/st/at/stats", "index/1/x"];
                    let _ = fs_err::remove_file(scene.cache().join(files[file]));
                }
                Step::Plain(ranges) => {
                    let fault = if ranges { Fault::Plain } else { Fault::NoRange };
                    scene.server.fault("/", 1, fault);
                }
            }
        }
    }
}

#[test]
fn all_at_once() {
    let scene = Scene::usual();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let client = scene.client();
                    client.prefetch(&NAMES.map(name)).unwrap();
                    assert!(
                        versions(&client, "linalg")
                            .unwrap()
                            .starts_with("1.0.0, 1.1.0")
                    );
                }
            });
        }
        for minor in 2..6 {
            scene.publish("linalg", &format!("1.{minor}.0"));
        }
    });
    assert_eq!(
        versions(&scene.client(), "linalg").unwrap(),
        "1.0.0, 1.1.0, 1.2.0, 1.3.0, 1.4.0, 1.5.0"
    );
}
