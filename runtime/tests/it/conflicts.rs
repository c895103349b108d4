//! Several environments in one process, and libraries that others have loaded.

use fs_err::os::unix::fs::symlink;
use insta::assert_snapshot;
use puck_runtime::{Environment, Error};

use crate::fixture::{Fixture, Package, run, told};

type Number = extern "C" fn() -> i32;

fn release(name: &str, version: &str, number: i32) -> Package {
    let body = format!("{{ return {number}; }}");
    Package::new(name, version).function("number", "fn() -> i32", "int number(void)", &body)
}

/// A package whose `number` is one more than that of its callee.
fn caller(name: &str, callee: &Package) -> Package {
    Package::new(name, "1.0.0")
        .import(callee, "number", "int number(void)")
        .function(
            "more",
            "fn() -> i32",
            "int more(void)",
            "{ return number() + 1; }",
        )
}

#[test]
fn the_same_content_is_shared() {
    let package = release("conflicts-shared", "1.0.0", 7);
    let other = release("conflicts-other", "1.0.0", 8);
    let fixture = Fixture::new();
    let (one, two) = (
        fixture.open("one", &[&package]),
        fixture.open("two", &[&other, &package]),
    );
    let name = "conflicts-shared::number";
    let address = |e: &Environment| e.function::<Number>(name).unwrap().pointer() as usize;
    assert_eq!(address(&one), address(&two));
    assert_eq!(
        two.function::<Number>("conflicts-other::number").unwrap()(),
        8
    );
}

#[test]
fn a_copy_of_an_environment_shares_too() {
    let package = release("conflicts-copy", "1.0.0", 7);
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&package]);
    let copy = fixture.path().join("copy");
    // As `puck environment --export` writes it: no link into the store.
    run(std::process::Command::new("cp")
        .arg("-rL")
        .args([one.path(), &copy]));
    let two = Environment::open(&copy).unwrap();
    assert_eq!(two.path(), copy);
    let address = |e: &Environment| {
        e.function::<Number>("conflicts-copy::number")
            .unwrap()
            .pointer() as usize
    };
    assert_eq!(address(&one), address(&two));
}

#[test]
fn another_version_of_a_series_is_refused() {
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&release("conflicts-two", "1.0.0", 1)]);
    let two = fixture.open("two", &[&release("conflicts-two", "1.1.0", 2)]);
    let far = fixture.open("far", &[&release("conflicts-two", "2.0.0", 3)]);
    let again = fixture.open("again", &[&release("conflicts-two", "1.0.0", 4)]);
    let number = |e: &Environment| e.function::<Number>("conflicts-two::number").map(|f| f());
    assert_eq!(number(&one).unwrap(), 1);
    assert_eq!(number(&far).unwrap(), 3);
    let error = number(&two).unwrap_err();
    assert_snapshot!(told(&fixture, &error), @"
    this process already uses 1.0.0 of [T]/environments/one as conflicts_two.v1.so, and cannot use 1.1.0 of [T]/environments/two beside it
    hint: the dynamic linker knows one library of a name per process: let both projects lock the same version, or use two processes
    ");
    let error = number(&again).unwrap_err().to_string();
    assert_eq!(error.matches("1.0.0 (archive ").count(), 2, "{error}");
    assert_eq!(number(&one).unwrap(), 1);
}

#[test]
fn a_caller_whose_callee_differs_is_refused_though_it_is_the_same_itself() {
    let (first, second) = (
        release("conflicts-callee", "1.0.0", 10),
        release("conflicts-callee", "1.0.1", 20),
    );
    let package = caller("conflicts-caller", &first);
    let fixture = Fixture::new();
    let one = fixture.open("one", &[&first, &package]);
    let two = fixture.open("two", &[&second, &package]);
    let more = |e: &Environment| e.function::<Number>("conflicts-caller::more").map(|f| f());
    assert_eq!(more(&one).unwrap(), 11);
    let error = more(&two).unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    assert!(
        error.to_string().contains("conflicts_callee.v1.so"),
        "{error}"
    );
}

#[test]
fn a_library_that_others_loaded_is_used_if_it_is_the_same_and_refused_if_not() {
    let (same, first, second) = (
        release("conflicts-same", "1.0.0", 5),
        release("conflicts-foreign", "1.0.0", 1),
        release("conflicts-foreign", "1.1.0", 2),
    );
    let fixture = Fixture::new();
    for package in [&same, &first] {
        let library = fixture.library(package, package.targets[0]);
        let name = std::ffi::CString::new(library.to_str().unwrap()).unwrap();
        // SAFETY: a library without constructors.
        assert!(!unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) }.is_null());
    }
    let environment = fixture.open("e", &[&same, &second]);
    assert_eq!(
        environment
            .function::<Number>("conflicts-same::number")
            .unwrap()(),
        5
    );
    let error = environment
        .function::<Number>("conflicts-foreign::number")
        .unwrap_err();
    let text = told(&fixture, &error).replace(&first.facts().directory, "[FIRST]");
    assert_snapshot!(text, @"
    this process has already loaded another conflicts_foreign.v1.so, [T]/packages/[FIRST]/lib/x86-64.so, and cannot use 1.1.0 beside it ([T]/environments/e/lib/conflicts_foreign.v1.so)
    hint: open the environment before anything else loads the library, or use two processes
    ");
}

#[test]
fn a_swapped_project_keeps_what_is_open() {
    let (old, new) = (
        release("conflicts-swap", "1.0.0", 1),
        release("conflicts-swap", "2.0.0", 2),
    );
    let fixture = Fixture::new();
    let project = fixture.install("old", &[&old]);
    let opened = Environment::open(&project).unwrap();
    fixture.install("new", &[&new]);
    fs_err::remove_file(project.join(".puck")).unwrap();
    symlink("../../environments/new", project.join(".puck")).unwrap();
    let number = |e: &Environment| e.function::<Number>("conflicts-swap::number").unwrap()();
    assert_eq!(number(&opened), 1);
    assert_eq!(number(&Environment::open(&project).unwrap()), 2);
}
