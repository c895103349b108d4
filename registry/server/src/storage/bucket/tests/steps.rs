//! Servers that are killed, or fall behind, after every step of what they do.

use super::fault::until_halted;
use super::*;

fn linalg() -> PackageName {
    "linalg".parse().unwrap()
}

#[tokio::test]
async fn killed_after_every_step_of_a_publish() {
    let files = TempDir::new().unwrap();
    let first = pack(files.path(), "linalg", "1.0.0", &["f()"]);
    let second = pack(files.path(), "linalg", "1.1.0", &["f()"]);
    let other = pack(files.path(), "other", "1.0.0", &["f()"]);
    let mut outcomes = [0, 0];
    for step in 0.. {
        let store = store();
        publish(&service(&store).await, first.clone())
            .await
            .unwrap();
        let fault = Fault::kill_after(step);
        let killed = publish(&faulty(&store, &fault).await, second.clone()).await;
        if killed.is_ok() && !fault.happened() {
            assert!(step > 15, "a publish has more than {step} steps");
            break;
        }
        // The next server, with something else to do, finds all of it or nothing.
        let next = service(&store).await;
        publish(&next, other.clone()).await.unwrap();
        let (versions, entries) = verified(&store).await;
        let there = versions.contains(&"linalg 1.1.0".to_owned());
        assert!(there || killed.is_err(), "{step}: acknowledged and lost");
        assert_eq!(entries, if there { 3 } else { 2 }, "{step}");
        outcomes[usize::from(there)] += 1;
        // Sent again, it succeeds either way.
        let published = publish(&next, second.clone()).await.unwrap();
        assert_eq!(published.new, !there, "{step}");
        assert_eq!(verified(&store).await.1, 3, "{step}");
        // An upload may be left, for the sweep: never decided on, or copied and not removed.
        assert!(uploads(&store).await <= 1, "{step}");
    }
    assert!(outcomes.iter().all(|count| *count >= 5), "{outcomes:?}");
}

#[tokio::test]
async fn killed_after_every_step_of_a_yank_and_of_its_undoing() {
    let files = TempDir::new().unwrap();
    let archive = pack(files.path(), "linalg", "1.0.0", &["f()"]);
    let (name, version, who) = (linalg(), Version::new(1, 0, 0), Identity::operator());
    for yanked in [true, false] {
        for step in 0.. {
            let store = store();
            let healthy = service(&store).await;
            publish(&healthy, archive.clone()).await.unwrap();
            if !yanked {
                healthy
                    .yank(&name, &version, true, Some("bad"), &who)
                    .await
                    .unwrap();
            }
            let fault = Fault::kill_after(step);
            let killed = faulty(&store, &fault).await;
            let killed = killed.yank(&name, &version, yanked, None, &who).await;
            if killed.is_ok() && !fault.happened() {
                break;
            }
            let next = service(&store).await;
            let there = next.versions(&name).await.unwrap()[0].yanked == yanked;
            assert!(there || killed.is_err(), "{step}: acknowledged and lost");
            let changed = next
                .yank(&name, &version, yanked, None, &who)
                .await
                .unwrap();
            assert_eq!(changed, !there, "{step}");
            let expected = if yanked { 2 } else { 3 };
            assert_eq!(verified(&store).await.1, expected, "{step}");
        }
    }
}

/// A server that falls behind does no harm, wherever it goes on, and whatever others did meanwhile.
#[tokio::test]
async fn halted_after_every_step_of_a_publish_while_others_go_on() {
    let files = TempDir::new().unwrap();
    let pack = |version: &str| pack(files.path(), "linalg", version, &["f()"]);
    let (first, second, third) = (pack("1.0.0"), pack("1.1.0"), pack("1.2.0"));
    let (name, who) = (linalg(), Identity::operator());
    let (old, new) = (Version::new(1, 0, 0), Version::new(1, 1, 0));
    for step in 1.. {
        let store = store();
        let others = service(&store).await;
        publish(&others, first.clone()).await.unwrap();
        let fault = Fault::halt_after(step);
        let slow = faulty(&store, &fault).await;
        let path = second.clone();
        let slow = match until_halted(&fault, async move { publish(&slow, path).await }).await {
            Ok(slow) => slow,
            Err(published) => {
                published.unwrap();
                assert!(step > 15, "a publish has more than {step} steps");
                break;
            }
        };
        publish(&others, third.clone()).await.unwrap();
        for yanked in [true, false] {
            others.yank(&name, &old, yanked, None, &who).await.unwrap();
        }
        others.yank(&name, &new, true, None, &who).await.ok();
        fault.gate.as_ref().unwrap().add_permits(1);
        let published = slow.await.unwrap().unwrap();
        assert_eq!(published.line.version, new, "{step}");
        let (versions, _) = verified(&store).await;
        let expected = ["linalg 1.0.0", "linalg 1.1.0", "linalg 1.2.0"];
        assert_eq!(versions, expected, "{step}");
        assert_eq!(uploads(&store).await, 0, "{step}");
    }
}

/// The last word is that of the change that was decided last, though an earlier one is still being
/// carried out: the index file must not be what it was when that one looked at it.
#[tokio::test]
async fn halted_after_every_step_of_a_yank_that_others_take_back() {
    let files = TempDir::new().unwrap();
    let archive = pack(files.path(), "linalg", "1.0.0", &["f()"]);
    let (name, who, version) = (linalg(), Identity::operator(), Version::new(1, 0, 0));
    for step in 1.. {
        let store = store();
        let others = service(&store).await;
        publish(&others, archive.clone()).await.unwrap();
        let fault = Fault::halt_after(step);
        let slow = faulty(&store, &fault).await;
        let yank = async move {
            let who = Identity::operator();
            let version = Version::new(1, 0, 0);
            slow.yank(&linalg(), &version, true, None, &who).await
        };
        let Ok(slow) = until_halted(&fault, yank).await else {
            assert!(step > 10, "a yank has more than {step} steps");
            break;
        };
        for yanked in [true, false] {
            others
                .yank(&name, &version, yanked, None, &who)
                .await
                .unwrap();
        }
        let decided = bucket(&store)
            .await
            .settle(None)
            .await
            .unwrap()
            .journal
            .log
            .entries;
        fault.gate.as_ref().unwrap().add_permits(1);
        slow.await.unwrap().unwrap();
        let (_, entries) = verified(&store).await;
        // Where it had not decided yet, it does so now.
        let line = others.versions(&name).await.unwrap().remove(0);
        assert_eq!(line.yanked, entries > decided, "{step}");
    }
}
