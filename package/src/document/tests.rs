use proptest::prelude::*;

use super::*;

/// A small package `demo` with one function, one import and one object.
pub(crate) fn sample() -> (PackageDocument, BTreeMap<String, Vec<u8>>) {
    let files: BTreeMap<String, Vec<u8>> = [
        ("ir/demo.bc", b"BC\xc0\xde".to_vec()),
        ("include/demo.h", b"// demo\n".to_vec()),
        ("obj/0123456789abcdef.o", vec![7; 5000]),
    ]
    .into_iter()
    .map(|(path, bytes)| (path.to_owned(), bytes))
    .collect();
    let text = r#"{
        "format": 1, "name": "demo", "version": "1.2.3", "opt-level": 3,
        "functions": [{
            "name": "axpy", "signature": "fn(n: u64, a: f64, x: *const f64, y: *mut f64)",
            "link-name": "demo.v1.axpy.bf84be2c", "sizes": {"x86-64": 120}
        }],
        "imports": [{
            "package": "base", "function": "axpy",
            "signature": "fn(u64, f64, *const f64, *mut f64)",
            "link-name": "base.v0_3.axpy.bf84be2c"
        }],
        "system-imports": [
            {"symbol": "exp", "library": "libm.so.6", "version": "GLIBC_2.29"},
            {"symbol": "memcpy", "library": "libc.so.6", "version": "GLIBC_2.14"},
            {"symbol": "_Unwind_Resume", "library": "libgcc_s.so.1", "version": "GCC_3.0"}
        ],
        "dependencies": [{"name": "base", "requirement": "^0.3", "series": "v0_3"}],
        "targets": {
            "x86-64": {"object": "obj/0123456789abcdef.o"},
            "x86-64-v3": {"object": "obj/0123456789abcdef.o"},
            "riscv64-of-2040": {"object": "obj/0123456789abcdef.o"}
        },
        "files": {},
        "tools": {"puck": "0.1.0", "llvm": "23.1.1", "sources": ["clang 22.1.8"]}
    }"#;
    let mut document: PackageDocument = serde_json::from_str(text).unwrap();
    document.files = files
        .iter()
        .map(|(path, bytes)| {
            let facts = FileFacts {
                sha256: Digest::of(bytes),
                size: bytes.len() as u64,
            };
            (path.clone(), facts)
        })
        .collect();
    (document, files)
}

#[test]
fn reads_back() {
    let (document, _) = sample();
    assert_eq!(
        PackageDocument::parse(&document.to_json()).unwrap(),
        document
    );
}

#[test]
fn facts() {
    let (document, _) = sample();
    assert_eq!(document.soname(), "demo.v1.so");
    assert_eq!(document.glibc(), Some((2, 29)));
    assert_eq!(
        document.imported_sonames().into_iter().collect::<Vec<_>>(),
        ["base.v0_3.so"]
    );
    let targets: Vec<_> = document
        .known_targets()
        .into_iter()
        .map(|(t, _)| t)
        .collect();
    assert_eq!(targets, [Target::X86_64, Target::X86_64V3]);
    assert_eq!(document.overloads("axpy").count(), 1);
    assert_eq!(document.overloads("dot").count(), 0);
}

/// A way to spoil a document, and what is then said.
type Spoiled = (fn(&mut PackageDocument), &'static str);

const NATIVE: &str = "fn(*mut f64, *mut *mut c_void, f64) -> i32";

fn hosts(imports: &[(&str, &str)]) -> Vec<HostImport> {
    let import = |(symbol, provider): &(&str, &str)| HostImport {
        symbol: (*symbol).to_owned(),
        provider: (*provider).to_owned(),
    };
    imports.iter().map(import).collect()
}

#[test]
fn tables_are_named_after_what_they_hold() {
    let (mut document, _) = sample();
    assert_eq!(document.host_table(), None);
    document.host_imports = hosts(&[("NRT_Allocate", "numba-runtime"), ("PyExc_E", "python")]);
    let table = document.host_table().unwrap();
    assert_eq!(table.to_string(), "demo.v1.host_imports.0c19454f");
    assert_eq!(document.exported_symbols().last(), Some(&table));
    document.host_imports.pop();
    assert_ne!(document.host_table(), Some(table));
    let read = PackageDocument::parse(&document.to_json()).unwrap();
    assert_eq!(read, document);
}

#[test]
fn host_imports_are_read_alone() {
    let (mut document, _) = sample();
    let read = |document: &PackageDocument| HostSection::parse(&document.to_json());
    assert_eq!(read(&document).unwrap().table(), None);
    document.host_imports = hosts(&[("NRT_Allocate", "numba-runtime"), ("PyExc_E", "python")]);
    let section = read(&document).unwrap();
    assert_eq!(section.table(), document.host_table());
    assert_eq!(section.host_imports, document.host_imports);
    document.host_imports.reverse();
    let error = read(&document).unwrap_err().to_string();
    assert!(error.contains("`PyExc_E` stands before"), "{error}");
    document.format += 1;
    let error = read(&document).unwrap_err().to_string();
    assert!(error.contains("has format"), "{error}");
}

#[test]
fn contradictions_are_named() {
    let cases: [Spoiled; 26] = [
        (
            |d| d.host_imports = hosts(&[("b", "python"), ("a", "python")]),
            "host import `b` stands before `a`",
        ),
        (
            |d| d.host_imports = hosts(&[("a", "python"), ("a", "numba")]),
            "host import `a` stands before `a`",
        ),
        (
            |d| d.host_imports = hosts(&[("a", "Some One")]),
            "`Some One` names no provider",
        ),
        (
            |d| d.host_imports = hosts(&[("a b", "python")]),
            "host import `a b`: that is no symbol",
        ),
        (
            |d| d.host_imports = hosts(&[("", "python")]),
            "that is no symbol",
        ),
        (
            |d| {
                d.host_imports = hosts(&[("a", "python")]);
                let mut function = d.functions[0].clone();
                function.name = "host_imports".parse().unwrap();
                function.abi = "fast".into();
                function.link_name = d.host_table().unwrap();
                d.functions.push(function);
            },
            "has the link name of the table of host imports",
        ),
        (
            |d| {
                d.functions[0].abi = "numba-cpu-1".into();
                d.functions[0].link_name = "demo.v1.axpy.00000000".parse().unwrap();
            },
            "has the calling convention `numba-cpu-1`, but the signature",
        ),
        (
            |d| {
                d.functions[0].abi = "fast".into();
                d.functions[0].link_name = "demo.v1.dot.bf84be2c".parse().unwrap();
            },
            "which is not of `axpy`",
        ),
        (
            |d| d.version = Version::new(2, 0, 0),
            "gives `demo.v2.axpy.bf84be2c`",
        ),
        (
            |d| d.functions[0].signature = "fn()".parse().unwrap(),
            "has the link name",
        ),
        (
            |d| d.functions[0].abi = "fast".into(),
            "calling convention `fast`, but the link name `demo.v1.axpy.bf84be2c` of `c`",
        ),
        (
            |d| {
                d.functions[0].abi = "fast".into();
                d.functions[0].link_name = "other.v1.axpy.bf84be2c".parse().unwrap();
            },
            "which is not of demo.v1.so",
        ),
        (
            |d| {
                let mut fast = d.functions[0].clone();
                fast.abi = "fast".into();
                fast.link_name = "demo.v1.axpy.00000000".parse().unwrap();
                d.functions.extend([fast.clone(), fast]);
            },
            "exported twice as `demo.v1.axpy.00000000`",
        ),
        (
            |d| {
                d.imports[0].abi = "fast".into();
                d.imports[0].link_name = "base.v1.axpy.00000000".parse().unwrap();
            },
            "which is not of base.v0_3.so",
        ),
        (
            |d| d.version = crate::version::of_length(65),
            "has 65 characters",
        ),
        (
            |d| d.targets.get_mut("x86-64").unwrap().object = "obj/x/a.o".into(),
            "the object of x86-64 is `obj/x/a.o`; expected `obj/<name>.o`",
        ),
        (
            |d| d.targets.get_mut("x86-64").unwrap().object = "obj/a.so".into(),
            "expected `obj/<name>.o`",
        ),
        (
            |d| d.targets.get_mut("x86-64").unwrap().object = "obj/.o".into(),
            "expected `obj/<name>.o`",
        ),
        (
            |d| d.functions.push(d.functions[0].clone()),
            "exported twice",
        ),
        (
            |d| d.imports[0].function = "dot".parse().unwrap(),
            "base.v0_3.dot.bf84be2c",
        ),
        (
            |d| d.dependencies.clear(),
            "imports `base::axpy` but does not depend on it",
        ),
        (
            |d| d.dependencies.push(d.dependencies[0].clone()),
            "depends on `base` twice",
        ),
        (|d| d.targets.clear(), "no targets"),
        (
            |d| _ = d.files.remove("obj/0123456789abcdef.o"),
            "not listed in files",
        ),
        (
            |d| _ = d.files.remove("ir/demo.bc"),
            "`ir/demo.bc` is not listed",
        ),
        (|d| d.format = 2, "has format 2"),
    ];
    for (spoil, expected) in cases {
        let (mut document, _) = sample();
        spoil(&mut document);
        let error = PackageDocument::parse(&document.to_json())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn functions_of_other_conventions_are_kept() {
    let (mut document, _) = sample();
    let mut native = document.functions[0].clone();
    native.abi = "numba-cpu-1".into();
    native.signature = NATIVE.parse().unwrap();
    native.link_name = "demo.v1.axpy.00000001".parse().unwrap();
    document.functions.push(native);
    document.imports[0].abi = "numba-cpu-1".into();
    document.imports[0].link_name = "base.v0_3.axpy.00000001".parse().unwrap();
    let read = PackageDocument::parse(&document.to_json()).unwrap();
    assert_eq!(read, document);
    let callable: Vec<_> = read.overloads("axpy").map(Function::is_c).collect();
    assert_eq!(callable, [true, false]);
}

#[test]
fn unknown_keys_are_ignored() {
    let (document, _) = sample();
    let mut json: serde_json::Value = serde_json::from_slice(&document.to_json()).unwrap();
    json["functions"][0]["entries"] = serde_json::json!({"cpython": "x"});
    json["new"] = serde_json::json!([1, 2]);
    assert_eq!(
        PackageDocument::parse(json.to_string().as_bytes()).unwrap(),
        document
    );
}

proptest! {
    /// Cut or spoilt at any place, a document is read or refused, never a panic.
    #[test]
    fn spoilt_text_is_refused(at in 0usize..3000, len in 0usize..40, text in "[a-z\\[\\]:\"{}0-9.,]{0,3}") {
        let json = String::from_utf8(sample().0.to_json()).unwrap();
        let (at, end) = (at.min(json.len()), (at + len).min(json.len()));
        let spoilt = format!("{}{text}{}", &json[..at], &json[end..]);
        if let Ok(document) = PackageDocument::parse(spoilt.as_bytes()) {
            prop_assert_eq!(PackageDocument::parse(&document.to_json()).unwrap(), document);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = PackageDocument::parse(&bytes);
    }
}

/// Nested without end, a document is refused before the stack is.
#[test]
fn deep_nesting_is_refused() {
    for open in ["[", "{\"a\":"] {
        for text in [
            open.repeat(1 << 20),
            format!("{{\"new\":{}", open.repeat(1 << 20)),
        ] {
            PackageDocument::parse(text.as_bytes()).unwrap_err();
        }
    }
}

#[test]
fn glibc_versions() {
    assert_eq!(glibc_version("GLIBC_2.2.5"), Some((2, 2)));
    assert_eq!(glibc_version("GLIBC_2.41"), Some((2, 41)));
    for other in ["GCC_3.0", "GLIBC_PRIVATE", "GLIBC_2", ""] {
        assert_eq!(glibc_version(other), None, "{other}");
    }
}
