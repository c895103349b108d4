//! Packages that import from the process, and what numba.json says of their functions.

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use puck_package::HostImport;
use puck_runtime::{Environment, Error, numba};

use crate::fixture::{Fixture, Package};
use crate::linked::Linked;

type Call = unsafe extern "C" fn(i32) -> i32;

const SIGNATURE: &str = "fn(x: i32) -> i32";

extern "C" fn twice(x: i32) -> i32 {
    2 * x
}

extern "C" fn plus_one(x: i32) -> i32 {
    x + 1
}

/// A provider of `twice` and `plus_one`, whoever is known to have them.
fn ours(import: &HostImport) -> Option<NonNull<c_void>> {
    let function: extern "C" fn(i32) -> i32 = match &*import.symbol {
        "twice" => twice,
        "plus_one" => plus_one,
        _ => return None,
    };
    NonNull::new(function as *mut c_void)
}

fn provide(environment: &Environment) {
    // SAFETY: functions of the types that the packages here take them to have.
    unsafe { environment.provide(ours) };
}

/// A package whose `first` and `second` call the functions in the slots of these imports.
fn package(name: &str, imports: [(&str, &str); 2]) -> Package {
    let slot = |index| format!("{{ return ((int (*)(int))slots[{index}])(x); }}");
    Package::new(name, "1.0.0")
        .hosted(&imports)
        .function("first", SIGNATURE, "int first(int x)", &slot(0))
        .function("second", SIGNATURE, "int second(int x)", &slot(1))
}

/// What such a package says of its functions: `first` reaches the first import, `second` the second.
fn described(mut package: Package) -> Package {
    let functions = package.document.functions.iter();
    let functions = functions.zip(&package.document.host_imports);
    let functions: Vec<_> = functions
        .map(|(function, import)| {
            serde_json::json!({
                "name": function.name, "link-name": "not.v1.here.00000000", "c": function.link_name,
                "host-imports": [import.symbol],
            })
        })
        .collect();
    let text = serde_json::json!({
        "format": 1, "abi": "numba-cpu-1", "functions": functions,
        "exceptions": {
            "0102030405060708090a0b0c0d0e0f1011121314": {
                "class": "builtins.ValueError", "arguments": ["'no \\'x\\''"],
                "location": ["first", "kernels.py", 7],
            },
        },
    });
    package.share.push(("numba.json", text.to_string()));
    package
}

fn call(environment: &Environment, name: &str, x: i32) -> Result<i32, Error> {
    let function = environment.function::<Call>(name)?;
    // SAFETY: any number is right.
    Ok(unsafe { function(x) })
}

/// What is missing, in a few words.
fn missing(error: &Error) -> Vec<&str> {
    match error {
        Error::NotProvided { missing, .. } => missing.iter().map(|m| &*m.symbol).collect(),
        other => panic!("{other}"),
    }
}

fn is_mapped(soname: &str) -> bool {
    let maps = fs_err::read_to_string("/proc/self/maps").unwrap();
    maps.contains(soname)
}

#[test]
fn a_package_without_its_imports_is_not_loaded() {
    let fixture = Fixture::new();
    let lacking = package(
        "lacking",
        [("plus_one", "numba-runtime"), ("twice", "python")],
    );
    let library = fixture.library(&lacking, puck_package::Target::X86_64);
    let environment = fixture.open("e", &[&lacking]);
    let error = call(&environment, "lacking::first", 1).unwrap_err();
    assert_eq!(missing(&error), ["plus_one", "twice"]);
    assert_eq!(
        error.to_string(),
        "lacking 1.0.0 uses what nothing in this process provides:\n  numba-runtime: plus_one\n  \
         python: twice"
    );
    let hint = error.hint().unwrap();
    assert!(hint.contains("puck add numba-runtime"), "{hint}");
    assert!(hint.contains("call it from Python"), "{hint}");
    assert!(!is_mapped(&library.display().to_string()));
    assert!(environment.load("lacking.v1.so").is_err());
    // Later it is there.
    provide(&environment);
    assert_eq!(call(&environment, "lacking::first", 1).unwrap(), 2);
    assert_eq!(call(&environment, "lacking::second", 4).unwrap(), 8);
    assert!(is_mapped(&library.display().to_string()));
}

#[test]
fn the_package_of_the_providers_name_provides() {
    let fixture = Fixture::new();
    let imports = [("plus_one", "numba-runtime"), ("twice", "numba-runtime")];
    // Two of them in different link modes: an image has a SONAME of its own.
    for (number, linked) in [None, Some(Linked::image()), Some(Linked::lto())]
        .into_iter()
        .enumerate()
    {
        let user = package(&format!("served{number}"), imports);
        let caller = Package::new(&format!("serving{number}"), "1.0.0")
            .import(&user, "first", "int callee(int x)")
            .function(
                "call",
                SIGNATURE,
                "int call(int x)",
                "{ return callee(x); }",
            );
        // One library of that name in a process: the test runs alone in its own with nextest, and
        // the series differ for others.
        let runtime = Package::new("numba-runtime", &format!("{}.0.0", number + 1))
            .function(
                "plus_one",
                SIGNATURE,
                "int plus_one(int x)",
                "{ return x + 1; }",
            )
            .function("twice", SIGNATURE, "int twice(int x)", "{ return 2 * x; }");
        let packages = [&user, &caller, &runtime];
        let name = format!("e{number}");
        let environment = match linked {
            None => fixture.open(&name, &packages),
            Some(linked) => {
                let project = fixture.install_linked(&name, &packages, &linked);
                Environment::open(project).unwrap()
            }
        };
        // The caller's own package has no table; that of its callee is filled all the same.
        assert_eq!(
            call(&environment, &format!("serving{number}::call"), 5).unwrap(),
            6
        );
        assert_eq!(
            call(&environment, &format!("served{number}::second"), 5).unwrap(),
            10
        );
    }
}

#[test]
fn only_functions_that_need_python_are_refused() {
    let fixture = Fixture::new();
    let partly = described(package(
        "partly",
        [("plus_one", "numba-runtime"), ("twice", "python")],
    ));
    let through = Package::new("through", "1.0.0")
        .import(&partly, "first", "int callee(int x)")
        .function(
            "call",
            SIGNATURE,
            "int call(int x)",
            "{ return callee(x); }",
        );
    let mut through_needy = Package::new("needy", "1.0.0")
        .import(&partly, "second", "int callee(int x)")
        .function(
            "call",
            SIGNATURE,
            "int call(int x)",
            "{ return callee(x); }",
        );
    let function = partly.document.overloads("second").next().unwrap();
    let name: puck_package::PackageName = "partly".parse().unwrap();
    let dependencies = &mut through_needy.document.dependencies;
    dependencies.push(puck_package::PackageDependency {
        name: name.clone(),
        requirement: "1".parse().unwrap(),
        series: "v1".parse().unwrap(),
        registry: None,
    });
    through_needy.document.imports.push(puck_package::Import {
        package: name,
        function: function.name.clone(),
        abi: "c".to_owned(),
        signature: function.signature.clone(),
        link_name: function.link_name.clone(),
    });
    let environment = fixture.open("e", &[&partly, &through, &through_needy]);
    let only_one = |import: &HostImport| ours(import).filter(|_| import.symbol == "plus_one");
    // SAFETY: as above.
    unsafe { environment.provide(only_one) };

    environment.load_package("partly").unwrap();
    assert_eq!(call(&environment, "partly::first", 1).unwrap(), 2);
    assert_eq!(call(&environment, "through::call", 1).unwrap(), 2);
    for name in ["partly::second", "needy::call"] {
        let error = call(&environment, name, 1).unwrap_err();
        assert_eq!(missing(&error), ["twice"]);
        let text = error.to_string();
        assert!(text.starts_with(&format!("`{name}` of ")), "{text}");
        assert!(!error.hint().unwrap().contains("puck add"));
    }
    // All or nothing, for who does not say which functions; those alone for who does.
    assert_eq!(
        missing(&environment.load("partly.v1.so").unwrap_err()),
        ["twice"]
    );
    let names: Vec<_> = partly
        .document
        .functions
        .iter()
        .map(|f| f.link_name.clone())
        .collect();
    environment.load_for(&names[..1]).unwrap();
    assert_eq!(
        missing(&environment.load_for(&names).unwrap_err()),
        ["twice"]
    );

    provide(&environment);
    assert_eq!(call(&environment, "partly::second", 4).unwrap(), 8);
    assert_eq!(call(&environment, "needy::call", 4).unwrap(), 8);
    environment.load("partly.v1.so").unwrap();
}

#[test]
fn functions_that_need_nothing_of_a_missing_package_work() {
    let fixture = Fixture::new();
    let bare = described(package(
        "bare",
        [("plus_one", "python"), ("twice", "numba-runtime")],
    ));
    let environment = fixture.open("e", &[&bare]);
    let only_one = |import: &HostImport| ours(import).filter(|_| import.symbol == "plus_one");
    // SAFETY: as above.
    unsafe { environment.provide(only_one) };
    assert_eq!(call(&environment, "bare::first", 1).unwrap(), 2);
    let error = call(&environment, "bare::second", 1).unwrap_err();
    assert_eq!(missing(&error), ["twice"]);
    assert!(error.to_string().starts_with("`bare::second` of "));
    assert!(error.hint().unwrap().contains("puck add numba-runtime"));
}

#[test]
fn tables_are_filled_once_in_a_process() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let fixture = Fixture::new();
    let shared = package("shared", [("plus_one", "x"), ("twice", "y")]);
    let count = |import: &HostImport| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        ours(import)
    };
    let [one, other] = ["one", "other"].map(|name| fixture.open(name, &[&shared]));
    // SAFETY: as above.
    unsafe { one.provide(count) };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(call(&one, "shared::first", 1).unwrap(), 2));
        }
    });
    let asked = ASKED.load(Ordering::Relaxed);
    // It has no provider of its own, and needs none any more.
    assert_eq!(call(&other, "shared::second", 4).unwrap(), 8);
    assert_eq!(ASKED.load(Ordering::Relaxed), asked);
}

#[test]
fn exceptions_are_named() {
    #[repr(C)]
    struct Info {
        pickle: *const c_void,
        length: i32,
        digest: *const u8,
        unwrap: *const c_void,
        arguments: i32,
    }
    let fixture = Fixture::new();
    let raising = described(package("raising", [("plus_one", "x"), ("twice", "y")]));
    let caller = Package::new("reraising", "1.0.0")
        .import(&raising, "first", "int callee(int x)")
        .function(
            "call",
            SIGNATURE,
            "int call(int x)",
            "{ return callee(x); }",
        );
    let environment = fixture.open("e", &[&raising, &caller]);
    let digest: Vec<u8> = (1..=20).collect();
    let info = |digest: &[u8]| Info {
        pickle: null_mut(),
        length: 0,
        digest: digest.as_ptr(),
        unwrap: null_mut(),
        arguments: 0,
    };
    let raised = |package: &str, status, info: &Info| {
        let pointer = std::ptr::from_ref(info).cast();
        // SAFETY: made as Numba's code makes it.
        unsafe { environment.numba_exception(package, status, pointer) }
    };
    for package in ["raising", "reraising"] {
        let exception = raised(package, 1, &info(&digest)).unwrap().unwrap();
        assert_eq!(exception.to_string(), "ValueError: no 'x'");
        assert_eq!(exception.class, "builtins.ValueError");
        let numba::Location {
            function,
            file,
            line,
        } = exception.location.unwrap();
        assert_eq!((&*function, &*file, line), ("first", "kernels.py", 7));
    }
    for status in [0, numba::NONE] {
        assert!(raised("raising", status, &info(&digest)).unwrap().is_none());
    }
    let stop = raised("raising", -3, &info(&digest)).unwrap().unwrap();
    assert_eq!(stop.class_name(), "StopIteration");
    let unknown = raised("raising", 1, &info(&[0; 20])).unwrap_err();
    assert!(unknown.to_string().contains("000000"), "{unknown}");
    assert!(raised("raising", -1, &info(&digest)).is_err());
}

#[test]
fn shared_files_are_read_and_no_others() {
    let fixture = Fixture::new();
    let sharing = described(package("sharing", [("plus_one", "x"), ("twice", "y")]));
    let environment = fixture.open("e", &[&sharing]);
    let text = environment
        .share("sharing.v1", "numba.json")
        .unwrap()
        .unwrap();
    assert_eq!(text, sharing.share[0].1.as_bytes());
    for name in ["none.json", "../../environment.json", "", "/etc/passwd"] {
        assert_eq!(environment.share("sharing", name).unwrap(), None);
    }
    assert!(environment.share("nothing", "numba.json").is_err());
}
