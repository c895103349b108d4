//! The linker by itself, as those use it who have objects of their own.

use std::process::Command;

use fs_err as fs;
use puck_store::link::{LinkError, LinkRequest, Linker};

use crate::support::vecmath;

fn object(source: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [c, o] = ["x.c", "x.o"].map(|name| folder.path().join(name));
    fs::write(&c, source).expect("writes");
    let mut cc = Command::new("cc");
    cc.args(["-c", "-O2", "-fPIC", "-w"])
        .arg(&c)
        .arg("-o")
        .arg(&o);
    assert!(cc.status().expect("cc runs").success());
    fs::read(o).expect("reads")
}

fn request<'a>(exports: &'a [&'a str]) -> LinkRequest<'a> {
    LinkRequest {
        soname: "caller.so",
        exports,
        imports: &[],
        system_imports: &[],
        runpath: None,
        debug: false,
    }
}

#[test]
fn several_objects_with_names_of_any_kind() {
    let names = ["linalg::norm", "f(double) [clone *]", "a b?"];
    let objects = [
        object(&format!("int f(void) __asm__(\"\\\"{}\\\"\"); int f(void) {{ return 1; }}", names[0])),
        object(&format!(
            "int f(void) __asm__(\"\\\"{}\\\"\"); int g(void) __asm__(\"\\\"{}\\\"\"); int h(void) __asm__(\"\\\"{}\\\"\");
             int g(void) {{ return f() + 1; }} int h(void) {{ return g() + f(); }} int i(void) {{ return 9; }}",
            names[0], names[1], names[2]
        )),
    ];
    let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
    let linker = Linker::new(&request(&names)).expect("arguments are understood");
    let library = linker.link_all(&objects).expect("links");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("caller.so");
    fs::write(&path, library).expect("writes");
    // SAFETY: the library was made of the sources above, without initialisers.
    unsafe {
        let library = libloading::Library::new(&path).expect("loads");
        let call = |name: &str| {
            let name = std::ffi::CString::new(name).expect("text");
            let function = library.get::<unsafe extern "C" fn() -> i32>(name.as_bytes_with_nul());
            function.map(|function| function())
        };
        let found = names.map(|name| call(name).expect("is exported"));
        assert_eq!(found, [1, 2, 3]);
        assert!(call("i").is_err(), "it was not asked for");
    }
}

#[test]
fn callees_are_needed_by_name() {
    let dot = vecmath().link_name("dot");
    let source = format!(
        "double dot(unsigned long, const double *, const double *) __asm__(\"{dot}\");
         double call(void) {{ double x[] = {{3, 4}}; return dot(2, x, x); }}"
    );
    let request = LinkRequest {
        imports: &[&dot],
        ..request(&["call"])
    };
    let linker = Linker::new(&request).expect("arguments are understood");
    let library = linker.link(&object(&source)).expect("links");
    let holds = |text: &str| {
        library
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("vecmath.v1.so") && !holds("$ORIGIN"));
}

#[test]
fn names_that_would_say_something_else_are_refused() {
    for name in ["a; local: *", "a\"b", "a\nb"] {
        let error = Linker::new(&request(&[name])).err().expect("it is refused");
        assert!(matches!(error, LinkError::Name(_)), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let linker = Linker::new(&request(&["absent"])).expect("arguments are understood");
    let error = linker
        .link_all(&[&object("int there(void) { return 0; }")])
        .err();
    assert!(matches!(error, Some(LinkError::MissingExport(name)) if name == "absent"));
    assert!(linker.link_all(&[]).is_err());
}
