//! Which of what could be removed goes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::inventory::{Inventory, Item};
use super::roots::{Roots, short_of_package};
use super::{GcOptions, Kind, Removed};

/// What goes, and how much stays.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In the order in which it goes.
    pub(super) removed: Vec<Removed>,
    pub(super) kept: usize,
    pub(super) kept_size: u64,
}

/// Decides; nothing is looked at but what is given.
pub(super) fn plan(
    inventory: &Inventory,
    roots: &Roots,
    options: &GcOptions,
    now: SystemTime,
) -> Plan {
    let used = last_uses(inventory);
    let needed = needed(inventory, roots);
    let mut plan = Plan::default();
    let mut candidates: Vec<(SystemTime, &Item, u64)> = Vec::new();
    for item in &inventory.0 {
        plan.kept += 1;
        plan.kept_size += item.size.unwrap_or(0);
        let used = used.get(&*item.name).copied().unwrap_or(item.used);
        if let (Some(size), false) = (item.size, needed.contains(&(item.kind, &*item.name))) {
            candidates.push((used, item, size));
        }
    }
    // A thing is used no later than what it needs, and comes before it: whatever is left out at the
    // end, nothing that stays lacks what it needs.
    candidates.sort_by_key(|(used, item, _)| (*used, item.kind, &item.name));
    for (used, item, size) in candidates {
        let age = now.duration_since(used).unwrap_or_default();
        let too_large = options.max_size.is_some_and(|max| plan.kept_size > max);
        if age < options.max_age && !too_large {
            break;
        }
        plan.kept -= 1;
        plan.kept_size -= size;
        plan.removed.push(Removed {
            kind: item.kind,
            path: item.path.clone(),
            size,
            used,
        });
    }
    plan.removed.sort_by_key(|removed| removed.kind);
    plan
}

/// When things were used last, by name: a package or library also when an environment with it was, and
/// an archive when its package was.
fn last_uses(inventory: &Inventory) -> BTreeMap<&str, SystemTime> {
    let mut used: BTreeMap<&str, SystemTime> = BTreeMap::new();
    let mut of_archives: BTreeMap<&str, SystemTime> = BTreeMap::new();
    let mut note = |name, time: SystemTime| {
        let last = used.entry(name).or_insert(time);
        *last = time.max(*last);
        *last
    };
    for item in of(inventory, Kind::Environment) {
        for name in item.packages.iter().chain(&item.libraries) {
            note(name, item.used);
        }
    }
    for item in of(inventory, Kind::Library) {
        note(&item.name, item.used);
    }
    for item in of(inventory, Kind::Package) {
        let time = note(&item.name, item.used);
        if let Some(short) = short_of_package(&item.name) {
            let last = of_archives.entry(short).or_insert(time);
            *last = time.max(*last);
        }
    }
    for item in of(inventory, Kind::Archive) {
        let of_package = item.name.get(..16).and_then(|short| of_archives.get(short));
        note(
            &item.name,
            item.used.max(of_package.copied().unwrap_or(item.used)),
        );
    }
    used
}

/// What has to stay, and what that needs in turn: the packages of environments, and their archives,
/// from which they are mended.
fn needed<'a>(inventory: &'a Inventory, roots: &Roots) -> BTreeSet<(Kind, &'a str)> {
    let mut needed: BTreeSet<(Kind, &str)> = BTreeSet::new();
    // What was made after the sizes were measured is about to be used.
    let by_root = inventory
        .0
        .iter()
        .filter(|item| item.size.is_none() || roots.need(item));
    needed.extend(by_root.map(|item| (item.kind, &*item.name)));
    for item in of(inventory, Kind::Environment) {
        if needed.contains(&(Kind::Environment, &item.name)) {
            needed.extend(item.packages.iter().map(|name| (Kind::Package, &**name)));
            needed.extend(item.libraries.iter().map(|name| (Kind::Library, &**name)));
        }
    }
    let shorts: BTreeSet<&str> = needed
        .iter()
        .filter(|(kind, _)| *kind == Kind::Package)
        .filter_map(|(_, name)| short_of_package(name))
        .collect();
    let archives = of(inventory, Kind::Archive).filter(|item| {
        item.name
            .get(..16)
            .is_some_and(|short| shorts.contains(short))
    });
    needed.extend(archives.map(|item| (item.kind, &*item.name)));
    needed
}

fn of(inventory: &Inventory, kind: Kind) -> impl Iterator<Item = &Item> {
    inventory.0.iter().filter(move |item| item.kind == kind)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_000 * DAY
    }

    /// A thing of ten bytes, last used some days ago.
    fn item(kind: Kind, name: &str, days: u32, packages: &[&str]) -> Item {
        Item {
            kind,
            name: name.to_owned(),
            path: name.into(),
            size: Some(10),
            used: now() - days * DAY,
            owner: 0,
            packages: packages.iter().map(ToString::to_string).collect(),
            libraries: BTreeSet::new(),
        }
    }

    fn package(letter: &str) -> String {
        format!("{letter}-1.0.0-{}", letter.repeat(16))
    }

    fn archive(letter: &str) -> String {
        format!("{}.puck", letter.repeat(64))
    }

    /// Environment `e` with packages `a` and `b`, `f` with `b`; package and archive `c` alone.
    fn inventory(e: u32, f: u32, packages: u32) -> Inventory {
        let [a, b, c] = ["a", "b", "c"].map(package);
        let mut items = vec![
            item(Kind::Environment, "e", e, &[&a, &b]),
            item(Kind::Environment, "f", f, &[&b]),
            item(Kind::Index, "team-12345678", packages, &[]),
        ];
        for name in [a, b, c] {
            items.push(item(Kind::Package, &name, packages, &[]));
        }
        for letter in ["a", "b", "c"] {
            items.push(item(Kind::Archive, &archive(letter), packages, &[]));
        }
        Inventory(items)
    }

    fn removed(inventory: &Inventory, roots: &Roots, days: u32, max_size: Option<u64>) -> String {
        let options = GcOptions {
            max_age: days * DAY,
            max_size,
            dry_run: false,
            registries: BTreeSet::new(),
        };
        let plan = plan(inventory, roots, &options, now());
        assert_eq!(plan.kept + plan.removed.len(), inventory.0.len());
        assert_eq!(plan.kept_size, 10 * plan.kept as u64);
        let names = plan.removed.iter().map(|removed| {
            let path = removed.path.to_string_lossy();
            format!(
                "{}{}",
                if removed.kind == Kind::Archive {
                    "."
                } else {
                    ""
                },
                &path[..1]
            )
        });
        names.collect::<Vec<_>>().join(" ")
    }

    fn roots(environments: &[&str], digests: &[&str], registries: &[&str]) -> Roots {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Roots {
            environments: set(environments),
            digests: digests.iter().map(|letter| letter.repeat(16)).collect(),
            registries: set(registries),
            ..Roots::default()
        }
    }

    #[test]
    fn by_age() {
        let free = Roots::default();
        let cases = [
            // Nothing is old enough; everything is.
            (inventory(1, 2, 3), &free, 30, ""),
            (inventory(31, 32, 33), &free, 30, "t f e c a b .c .a .b"),
            (inventory(1, 2, 3), &free, 0, "t f e c a b .c .a .b"),
            // A young environment keeps its packages and their archives.
            (inventory(1, 40, 50), &free, 30, "t f c .c"),
            (inventory(40, 1, 50), &free, 30, "t e c a .c .a"),
            // So does a needed one, however old.
            (
                inventory(90, 90, 90),
                &roots(&["f"], &[], &[]),
                0,
                "t e a c .a .c",
            ),
            (
                inventory(90, 90, 90),
                &roots(&[], &["c"], &["team"]),
                0,
                "e f a b .a .b",
            ),
        ];
        for (number, (inventory, roots, days, expected)) in cases.into_iter().enumerate() {
            assert_eq!(
                removed(&inventory, roots, days, None),
                expected,
                "case {number}"
            );
        }
    }

    #[test]
    fn by_size_the_oldest_first() {
        let free = Roots::default();
        for (max, expected) in [
            (90, ""),
            (85, "t"),
            (71, "t c"),
            (70, "t c"),
            (61, "t c .c"),
            (60, "t c .c"),
            (50, "t f c .c"),
            (40, "t f e c .c"),
            (0, "t f e c a b .c .a .b"),
        ] {
            let found = removed(&inventory(1, 2, 3), &free, 30, Some(max));
            assert_eq!(found, expected, "{max}");
        }
        let needed = roots(&["e"], &[], &[]);
        assert_eq!(
            removed(&inventory(9, 1, 9), &needed, 30, Some(0)),
            "t f c .c"
        );
    }

    #[test]
    fn what_is_newer_than_its_size_stays() {
        let mut inventory = inventory(90, 90, 90);
        for item in &mut inventory.0 {
            if item.name == "f" {
                item.size = None;
            }
        }
        let options = GcOptions {
            max_age: Duration::ZERO,
            max_size: Some(0),
            dry_run: false,
            registries: BTreeSet::new(),
        };
        let plan = plan(&inventory, &Roots::default(), &options, now());
        let stayed = |removed: &Removed| removed.path.as_os_str() == &*package("b");
        assert!(!plan.removed.iter().any(stayed), "the environment needs it");
        assert_eq!(plan.removed.len(), 6);
    }
}
