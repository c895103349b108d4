//! One library of all packages' objects.

use std::collections::BTreeSet;

use fs_err as fs;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use puck_package::{EnvironmentDocument, LinkMode, environment::FILE};
use puck_store::{Error, Link};

use super::support::{exports, image, image_path};
use crate::support::{Home, Recipe, linalg, vecmath};

const CALL: &str = "fn() -> i32";

/// `leaf::leaf`, which gives the level that it was compiled for.
fn leaf(targets: &[(&'static str, &'static str)]) -> Recipe {
    Recipe {
        name: "leaf",
        version: "1.0.0",
        c: "int leaf(void) $leaf;\nint leaf(void) { return LEVEL; }".to_owned(),
        functions: vec![("leaf".to_owned(), CALL)],
        targets: targets.to_vec(),
        ..Recipe::default()
    }
}

#[test]
fn a_library_for_all_and_a_stub_for_each() {
    let home = Home::new();
    let vecmath = home.install(&vecmath().pack());
    let linalg = home.install(&linalg().pack());
    let environment = home.linked(&[&vecmath, &linalg], &image());

    let bytes = fs::read(environment.path.join(FILE)).expect("reads");
    let document = EnvironmentDocument::parse("it", &bytes).expect("is valid");
    assert_eq!(document, environment.document);
    assert_eq!(document.link, LinkMode::Image);
    assert_eq!((&document.processor, &document.compiler), (&None, &None));
    let soname = &document.image.as_ref().expect("an image").soname;
    let digits = soname
        .strip_prefix("puck.")
        .and_then(|s| s.strip_suffix(".so"));
    let is_digest = |s: &str| s.len() == 16 && s.chars().all(|c| c.is_ascii_hexdigit());
    assert!(digits.is_some_and(is_digest), "{soname}");

    let real = image_path(&environment, "");
    let all: BTreeSet<String> = [
        crate::support::vecmath().link_name("dot"),
        crate::support::linalg().link_name("norm"),
    ]
    .map(|name| name.to_string())
    .into();
    assert_eq!(exports(&real), all);
    for (stub, name) in [
        ("vecmath.v1.so", crate::support::vecmath().link_name("dot")),
        ("linalg.v1.so", crate::support::linalg().link_name("norm")),
    ] {
        let stub = environment.path.join("lib").join(stub);
        assert!(fs::symlink_metadata(&stub).expect("is there").is_file());
        assert!(fs::metadata(&stub).expect("is there").len() < 2048);
        assert_eq!(exports(&stub), [name.to_string()].into());
    }
    for path in [
        "include/linalg.h",
        "lib/pkgconfig/vecmath.pc",
        "packages/linalg-1.2.0.json",
    ] {
        assert!(environment.path.join(path).exists(), "{path}");
    }
}

/// The functions that those of a library call, by the targets of near calls.
fn calls(library: &[u8], caller: &str, callee: &str) -> bool {
    let file = object::File::parse(library).expect("a library");
    let find = |name: &str| {
        file.dynamic_symbols()
            .find(|s| s.name() == Ok(name))
            .expect(name)
    };
    let (from, to) = (find(caller), find(callee));
    let text = file.section_by_name(".text").expect("code");
    let start = from.address() - text.address();
    let code = text.data().expect("code");
    let code = &code[usize::try_from(start).unwrap()..][..usize::try_from(from.size()).unwrap()];
    code.windows(5).enumerate().any(|(at, bytes)| {
        let [0xe8 | 0xe9, distance @ ..] = bytes else {
            return false;
        };
        let distance = i32::from_le_bytes(distance.try_into().unwrap());
        let next = from.address() + at as u64 + 5;
        next.wrapping_add_signed(distance.into()) == to.address()
    })
}

#[test]
fn calls_between_packages_are_direct() {
    // By way of a table of procedures, and of addresses.
    for flags in ["-O2", "-O2 -fno-plt"] {
        let home = Home::new();
        let vecmath = home.install(&vecmath().pack());
        let targets = vec![("x86-64", flags)];
        let linalg = Recipe {
            targets,
            ..linalg()
        };
        let linalg = home.install(&linalg.pack());
        let environment = home.linked(&[&vecmath, &linalg], &image());
        let library = fs::read(image_path(&environment, "")).expect("reads");
        let [caller, callee] = [
            crate::support::linalg().link_name("norm"),
            crate::support::vecmath().link_name("dot"),
        ]
        .map(|name| name.to_string());
        assert!(calls(&library, &caller, &callee), "{flags}");
        let file = object::File::parse(&*library).expect("a library");
        let undefined = file.dynamic_symbols().filter(|s| s.is_undefined());
        let undefined: Vec<_> = undefined.map(|s| s.name().expect("a name")).collect();
        assert!(!undefined.contains(&callee.as_str()), "{undefined:?}");
    }
}

#[test]
fn there_is_one_for_each_level_and_environments_share_them() {
    let home = Home::new();
    let leaf = home.install(
        &leaf(&[
            ("x86-64", "-DLEVEL=1"),
            ("x86-64-v2", "-DLEVEL=2"),
            ("x86-64-v3", "-DLEVEL=2"),
        ])
        .pack(),
    );
    let vecmath = home.install(&vecmath().pack());
    let first = home
        .try_linked(&[(&leaf, true), (&vecmath, true)], &image())
        .expect("an environment");
    let libraries = home.libraries();
    assert_eq!(
        libraries.len(),
        2,
        "two levels have the same code: {libraries:?}"
    );
    let resolved = |level| fs::canonicalize(image_path(&first, level)).expect("is there");
    assert_eq!(resolved("x86-64-v2"), resolved("x86-64-v3"));
    assert_ne!(resolved(""), resolved("x86-64-v2"));

    // Who depends on what is another environment, and the same code.
    let second = home
        .try_linked(&[(&leaf, true), (&vecmath, false)], &image())
        .expect("an environment");
    assert_ne!(first.key, second.key);
    assert_eq!(first.document.image, second.document.image);
    assert_eq!(home.libraries().len(), 2);
    // So are other packages.
    let third = home.linked(&[&leaf], &image());
    assert_ne!(first.document.image, third.document.image);
    assert_eq!(home.libraries().len(), 4);
    let dynamic = home.linked(&[&leaf, &vecmath], &Link::default());
    assert_eq!(dynamic.document.image, None);
    assert_ne!(dynamic.key, first.key);

    home.program(
        "main",
        "#include <leaf.h>\n#include <stdio.h>\nint main(void) { printf(\"%d\", leaf_leaf()); }",
        &first,
        &["leaf.v1.so"],
    );
    let by_loader = home.output("main", &dynamic);
    assert_eq!(home.output("main", &first), by_loader);
}

#[test]
fn a_level_is_there_only_if_every_package_has_code_for_it() {
    let home = Home::new();
    let newer = home.install(&leaf(&[("x86-64-v2", "-DLEVEL=2")]).pack());
    let vecmath = home.install(&vecmath().pack());
    let environment = home.linked(&[&newer, &vecmath], &image());
    let image = environment.document.image.expect("an image");
    assert_eq!(
        image.libraries.into_keys().collect::<Vec<_>>(),
        ["x86-64-v2"]
    );
}

#[test]
fn series_state_and_initialisers() {
    let counter = |version, start| Recipe {
        name: "counter",
        version,
        c: format!(
            "static int count;
             int next(void) $next;
             static __attribute__((noipa)) int step(int by) {{ return count += by; }}
             int next(void) {{ return step(1); }}
             __attribute__((constructor)) static void set(void) {{ count += {start}; }}"
        ),
        functions: vec![("next".to_owned(), CALL)],
        ..Recipe::default()
    };
    let user = Recipe {
        name: "user",
        version: "1.0.0",
        c: "int next(void) $counter.next;\nint use(void) $use;\nint use(void) { return next(); }"
            .to_owned(),
        functions: vec![("use".to_owned(), CALL)],
        imports: vec![("counter", "2.0.0", "next", CALL)],
        ..Recipe::default()
    };
    let home = Home::new();
    let packages = [counter("1.0.0", 10), counter("2.0.0", 20), user]
        .map(|recipe| home.install(&recipe.pack()));
    let all = packages.each_ref();
    let environment = home.linked(&all, &image());
    home.program(
        "main",
        "#include <user.h>\n#include <counter.h>\n#include <counter.v1/counter.h>\n#include <stdio.h>
         int main(void) { int first = user_use(); printf(\"%d %d\", first, user_use()); }",
        &environment,
        &["user.v1.so", "counter.v1.so", "counter.v2.so"],
    );
    assert_eq!(home.output("main", &environment), "21 22");
    assert_eq!(
        home.output("main", &home.linked(&all, &Link::default())),
        "21 22"
    );

    // Internal functions keep their names, and data does not.
    let library = fs::read(image_path(&environment, "")).expect("reads");
    let file = object::File::parse(&*library).expect("a library");
    let names: Vec<_> = file.symbols().filter_map(|s| s.name().ok()).collect();
    assert_eq!(
        names.iter().filter(|name| **name == "step").count(),
        2,
        "{names:?}"
    );
    assert!(!names.contains(&"count"), "{names:?}");
}

#[test]
fn the_newest_version_of_a_system_function_serves_all() {
    let user = |name, version| Recipe {
        name,
        version: "1.0.0",
        c: "double exp(double);\ndouble f(double x) $f;\ndouble f(double x) { return exp(x); }"
            .to_owned(),
        functions: vec![("f".to_owned(), "fn(x: f64) -> f64")],
        system: vec![("exp", "libm.so.6", Some(version))],
        ..Recipe::default()
    };
    let home = Home::new();
    let packages = [user("older", "GLIBC_2.2.5"), user("newer", "GLIBC_2.29")]
        .map(|recipe| home.install(&recipe.pack()));
    let environment = home.linked(&packages.each_ref(), &image());
    let library = fs::read(image_path(&environment, "")).expect("reads");
    let holds = |text: &str| {
        library
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("GLIBC_2.29") && !holds("GLIBC_2.2.5"));
}

#[test]
fn two_packages_that_define_one_symbol_are_named() {
    let with_helper = |name, function: &'static str| Recipe {
        name,
        version: "1.0.0",
        c: format!(
            "int helper(void) {{ return 1; }}\nint f(void) ${function};\nint f(void) {{ return helper(); }}"
        ),
        functions: vec![(function.to_owned(), CALL)],
        ..Recipe::default()
    };
    let home = Home::new();
    let packages = [with_helper("one", "f"), with_helper("two", "g")]
        .map(|recipe| home.install(&recipe.pack()));
    let all = [(&packages[0], true), (&packages[1], true)];
    let error = home.try_linked(&all, &image()).expect_err("they clash");
    assert!(matches!(error, Error::LinkTogether { .. }), "{error:?}");
    let text = error.to_string();
    for part in ["helper", "one 1.0.0", "two 1.0.0", "x86-64"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(error.hint().is_some_and(|hint| hint.contains("dynamic")));
    assert!(home.libraries().is_empty());
    home.linked(&packages.each_ref(), &Link::default());
}

#[test]
fn packages_without_code_for_this_machine_are_named() {
    let home = Home::new();
    let recipe = vecmath();
    let vecmath = home.install(&recipe.pack());
    let mut document = vecmath.document.clone();
    let object = document.targets.remove("x86-64").expect("a target");
    document.targets.insert("m68k".to_owned(), object.clone());
    document.version = "2.0.0".parse().expect("a version");
    document.functions.clear();
    let bytes = fs::read(vecmath.path.join(&object.object)).expect("reads");
    document.files.clear();
    let archive = crate::support::pack(document, [(object.object, bytes)].into());
    let foreign = home.install(&archive);
    let error = home
        .try_linked(&[(&foreign, true)], &image())
        .expect_err("nothing to link");
    assert!(matches!(error, Error::NoCode { .. }), "{error}");
    assert!(error.to_string().contains("vecmath 2.0.0"), "{error}");
}

#[test]
fn what_is_made_together_is_linked_together() {
    let home = Home::new();
    let archives = [vecmath(), linalg()].map(|recipe| recipe.pack());
    let batch = home.store.batch();
    let installed = archives.each_ref().map(|archive| {
        let mut bytes = archive.bytes.as_slice();
        let size = archive.bytes.len() as u64;
        batch
            .add_archive(&mut bytes, &archive.sha256, size)
            .expect("adds");
        batch
            .install_package(&archive.sha256, &archive.name, &archive.version)
            .expect("installs")
    });
    let packages = installed
        .iter()
        .map(|installed| puck_store::EnvironmentPackage {
            installed,
            direct: true,
        });
    let request = puck_store::EnvironmentRequest {
        packages: packages.collect(),
        link: image(),
    };
    let environment = batch.environment(&request).expect("an environment");
    batch.finish().expect("finishes");
    assert!(image_path(&environment, "").exists());
    assert_eq!(home.libraries().len(), 1);
}
