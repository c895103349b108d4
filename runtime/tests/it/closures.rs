//! Libraries that need many others, loaded by one call of the dynamic linker where possible.

use puck_runtime::{Environment, Error, Target};

use crate::fixture::{Fixture, Package};

type Number = extern "C" fn() -> i32;

/// Three packages on top of each other, `NAME-a` the lowest, each with a function `number`: 1, 2, 3.
fn tower(name: &str) -> [Package; 3] {
    let number = |package: Package, body: &str| {
        package.function("number", "fn() -> i32", "int number(void)", body)
    };
    let above = |suffix: &str, callee: &Package| {
        let package = Package::new(&format!("{name}-{suffix}"), "1.0.0");
        let package = package.import(callee, "number", "int callee(void)");
        number(package, "{ return callee() + 1; }")
    };
    let lowest = number(Package::new(&format!("{name}-a"), "1.0.0"), "{ return 1; }");
    let middle = above("b", &lowest);
    let highest = above("c", &middle);
    [lowest, middle, highest]
}

fn number(environment: &Environment, package: &Package) -> Result<i32, Error> {
    let name = format!("{}::number", package.document.name);
    Ok(environment.function::<Number>(&name)?())
}

/// The paths under which the process has loaded libraries of a tower.
fn mapped(name: &str) -> Vec<String> {
    let maps = fs_err::read_to_string("/proc/self/maps").unwrap();
    let lines = maps
        .lines()
        .filter(|line| line.contains(&format!("/{name}-")));
    let mut paths: Vec<_> = lines
        .map(|line| line[line.find('/').unwrap()..].to_owned())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

#[test]
fn callees_can_be_asked_for_after_their_caller() {
    let [a, b, c] = tower("closures-later");
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&a, &b, &c]);
    let two = fixture.open("two", &[&a, &b, &c]);
    assert_eq!(number(&one, &c).unwrap(), 3);
    assert_eq!(mapped("closures-later").len(), 3);
    for environment in [&one, &two] {
        assert_eq!(number(environment, &a).unwrap(), 1);
        assert_eq!(number(environment, &b).unwrap(), 2);
        assert_eq!(number(environment, &c).unwrap(), 3);
    }
    assert_eq!(mapped("closures-later").len(), 3);
}

#[test]
fn what_is_loaded_already_is_not_loaded_again() {
    let [a, b, c] = tower("closures-half");
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&a, &b]);
    assert_eq!(number(&one, &b).unwrap(), 2);
    let two = fixture.open("two", &[&a, &b, &c]);
    assert_eq!(number(&two, &c).unwrap(), 3);
    assert_eq!(mapped("closures-half").len(), 3);
}

#[test]
fn a_library_deep_down_that_cannot_be_loaded_is_named_and_claims_are_taken_back() {
    let [a, b, c] = tower("closures-deep");
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&a, &b, &c]);
    let path = one.path().join("lib").join(a.soname());
    let whole = fs_err::read(&path).unwrap();
    fs_err::remove_file(&path).unwrap();
    let refused = || number(&one, &c).unwrap_err().to_string();
    assert!(refused().contains("closures_deep_a.v1.so is missing"));
    fs_err::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(refused().contains("closures_deep_a.v1.so is damaged: it is cut short"));
    // It can be loaded itself, but lacks what is needed of it.
    let empty = Package::new("closures-deep-a", "1.0.0");
    fs_err::copy(fixture.library(&empty, Target::X86_64), &path).unwrap();
    let text = refused();
    assert!(
        text.contains("cannot load") && text.contains("closures_deep_b.v1.so"),
        "{text}"
    );
    // Callers of it were not loaded, so other releases of them may be.
    let other = Package::new("closures-deep-c", "1.2.0").function(
        "number",
        "fn() -> i32",
        "int number(void)",
        "{ return 9; }",
    );
    let two = fixture.open("two", &[&other]);
    assert_eq!(number(&two, &other).unwrap(), 9);
}

#[test]
fn a_conflict_deep_down_is_refused_before_anything_is_loaded() {
    let [a, b, c] = tower("closures-conflict");
    let other = Package::new("closures-conflict-a", "1.1.0").function(
        "number",
        "fn() -> i32",
        "int number(void)",
        "{ return 5; }",
    );
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&other]);
    assert_eq!(number(&one, &other).unwrap(), 5);
    let two = fixture.open("two", &[&a, &b, &c]);
    let error = number(&two, &c).unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    assert!(
        error.to_string().contains("closures_conflict_a.v1.so"),
        "{error}"
    );
    assert_eq!(mapped("closures-conflict").len(), 1);
}

#[test]
fn threads_may_load_overlapping_closures_at_once() {
    let towers: Vec<_> = (0..8)
        .map(|at| tower(&format!("closures-threads{at}")))
        .collect();
    let fixture = Fixture::new();
    let packages: Vec<_> = towers.iter().flatten().collect();
    let environments = [
        fixture.open("one", &packages),
        fixture.open("two", &packages),
    ];
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (towers, environments) = (&towers, &environments);
            scope.spawn(move || {
                for tower in towers {
                    for step in 0..3 {
                        let at = (thread + step) % 3;
                        let found = number(&environments[thread % 2], &tower[at]).unwrap();
                        assert_eq!(found, i32::try_from(at).unwrap() + 1);
                    }
                }
            });
        }
    });
    for at in 0..8 {
        assert_eq!(mapped(&format!("closures-threads{at}")).len(), 3);
    }
}

#[test]
fn each_library_is_the_best_in_a_complete_folder() {
    use Target::{X86_64 as V1, X86_64V2 as V2};
    if puck_runtime::cpu::best() < Some(V2) {
        return;
    }
    let [a, b, c] = tower("closures-levels");
    let a = a.targets(&[V1, V2]);
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&a, &b, &c]);
    // As an installer does it: each package is in the folder of each level.
    for package in [&b, &c] {
        let library = fixture.library(package, V1);
        fixture.place("one", &package.facts().library_path(V2), &library);
    }
    assert_eq!(number(&one, &c).unwrap(), 3);
    let text = mapped("closures-levels").join(" ");
    assert!(
        text.contains("/x86-64-v2.so") && text.matches("/x86-64.so").count() == 2,
        "{text}"
    );
    assert_eq!(number(&one, &a).unwrap(), 1);
    assert_eq!(mapped("closures-levels").len(), 3);
}
