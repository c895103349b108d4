//! Environments: what is in them, what they are good for, and what they refuse.

use std::path::Path;
use std::process::Command;

use fs_err as fs;
use puck_package::environment::EnvironmentDocument;
use puck_store::Error;

use crate::support::{DOT, Home, Recipe, linalg, vecmath};

#[test]
fn layout() {
    let home = Home::new();
    let targets = vec![("x86-64", "-O2"), ("x86-64-v3", "-O3 -march=x86-64-v3")];
    let vecmath = home.install(
        &Recipe {
            targets,
            ..vecmath()
        }
        .pack(),
    );
    let linalg = home.install(&linalg().pack());
    let environment = home
        .try_environment(&[(&linalg, true), (&vecmath, false)])
        .expect("an environment");

    for path in [
        "environment.json",
        "lib/linalg.v1.so",
        "lib/vecmath.v1.so",
        "lib/glibc-hwcaps/x86-64-v3/vecmath.v1.so",
        "include/linalg.h",
        "include/vecmath.h",
        "lib/pkgconfig/linalg.pc",
        "packages/linalg-1.2.0.json",
    ] {
        let path = environment.path.join(path);
        assert!(
            fs::metadata(&path).is_ok_and(|file| file.len() > 0),
            "{}",
            path.display()
        );
        if fs::symlink_metadata(&path).expect("is there").is_symlink() {
            assert!(
                fs::read_link(&path).expect("a link").is_relative(),
                "{}",
                path.display()
            );
        }
    }
    // A package without a variant stands beside its callee's all the same, with what it has.
    let resolved = |path: &str| fs::canonicalize(environment.path.join(path)).expect("is there");
    let variant = resolved("lib/glibc-hwcaps/x86-64-v3/linalg.v1.so");
    assert_eq!(variant, resolved("lib/linalg.v1.so"));

    let bytes = fs::read(environment.path.join("environment.json")).expect("reads");
    let document = EnvironmentDocument::parse("it", &bytes).expect("is valid");
    assert_eq!(document, environment.document);
    let [first, second] = &document.packages[..] else {
        panic!("two packages")
    };
    assert_eq!((first.name.as_str(), first.direct), ("linalg", true));
    assert_eq!(first.needs, ["vecmath.v1.so"]);
    assert_eq!((second.name.as_str(), second.direct), ("vecmath", false));
    assert_eq!(second.targets.len(), 2);
}

#[test]
fn the_key_is_of_what_is_in_it() {
    let home = Home::new();
    let vecmath = home.install(&vecmath().pack());
    let linalg = home.install(&linalg().pack());
    let key = |packages: &[(&_, bool)]| home.try_environment(packages).expect("fits").key;
    let both = key(&[(&linalg, true), (&vecmath, true)]);
    assert_eq!(
        both,
        key(&[(&vecmath, true), (&linalg, true)]),
        "order does not count"
    );
    assert_ne!(both, key(&[(&linalg, true), (&vecmath, false)]));
    assert_ne!(both, key(&[(&vecmath, true)]));
    assert_eq!(key(&[]), key(&[]), "there is an empty one");
}

#[test]
fn a_library_finds_its_callee() {
    let home = Home::new();
    let vecmath = home.install(&vecmath().pack());
    let linalg = home.install(&linalg().pack());
    let environment = home.environment(&[&vecmath, &linalg]);
    let name = crate::support::linalg().link_name("norm").to_string();
    let x = [3.0, 4.0];
    // SAFETY: the libraries were made of the sources in `support`, without initialisers.
    let norm = unsafe {
        let path = environment.path.join("lib/linalg.v1.so");
        let library = libloading::Library::new(path).expect("it loads, and its callee too");
        let norm = library
            .get::<unsafe extern "C" fn(u64, *const f64) -> f64>(name.as_bytes())
            .expect("it is exported");
        norm(2, x.as_ptr())
    };
    assert!((norm - 5.0).abs() < 1e-12, "{norm}");
}

/// `lib/pkgconfig/NAME.pc` as pkg-config reads it, so that the test needs no pkg-config.
fn flags(environment: &Path, name: &str) -> Vec<String> {
    let directory = environment.join("lib/pkgconfig");
    let text = fs::read_to_string(directory.join(format!("{name}.pc"))).expect("reads");
    let mut variables = vec![("pcfiledir".to_owned(), directory.display().to_string())];
    let expand = |value: &str, variables: &[(String, String)]| {
        let mut value = value.to_owned();
        for (name, content) in variables.iter().rev() {
            value = value.replace(&format!("${{{name}}}"), content);
        }
        value
    };
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some((key, value)) = line.split_once(": ") {
            let value = expand(value, &variables);
            match key {
                "Cflags" | "Libs" => found.extend(value.split(' ').map(str::to_owned)),
                "Requires" => {
                    found.extend(value.split(", ").flat_map(|name| flags(environment, name)));
                }
                _ => {}
            }
        } else if let Some((name, value)) = line.split_once('=') {
            variables.push((name.to_owned(), expand(value, &variables)));
        }
    }
    found
}

#[test]
fn a_c_program_needs_nothing_but_the_flags() {
    let home = Home::new();
    let vecmath = home.install(&vecmath().pack());
    let linalg = home.install(&linalg().pack());
    let environment = home.environment(&[&vecmath, &linalg]);
    let project = home.directory("project");
    home.store
        .activate(&project, &environment)
        .expect("activates");
    fs::write(
        project.join("main.c"),
        "#include <linalg.h>\n#include <vecmath.h>\n#include <stdio.h>\n
         int main(void) {
             double x[] = {3, 4};
             printf(\"%.1f %.1f\\n\", linalg_norm(2, x), vecmath_dot(2, x, x));
             return 0;
         }",
    )
    .expect("writes");

    let mut ways = vec![("by hand", flags(&project.join(".puck"), "linalg"))];
    let pkg_config = Command::new("pkg-config")
        .args(["--cflags", "--libs", "linalg"])
        .env("PKG_CONFIG_PATH", project.join(".puck/lib/pkgconfig"))
        .output();
    if let Ok(output) = pkg_config {
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).expect("text");
        ways.push((
            "by pkg-config",
            text.split_whitespace().map(str::to_owned).collect(),
        ));
    }
    for (way, flags) in ways {
        let mut cc = Command::new("cc");
        cc.current_dir(&project)
            .arg("main.c")
            .args(&flags)
            .args(["-o", "main"]);
        assert!(cc.status().expect("cc runs").success(), "{way}: {flags:?}");
        let output = Command::new(project.join("main"))
            .env_clear()
            .output()
            .expect("runs");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "5.0 25.0\n",
            "{way}"
        );
    }
}

#[test]
fn the_loader_takes_the_variant_for_this_processor() {
    let level = "fn() -> i32";
    let targets = vec![
        ("x86-64", "-DLEVEL=1"),
        ("x86-64-v2", "-DLEVEL=2"),
        ("x86-64-v3", "-DLEVEL=3"),
        ("x86-64-v4", "-DLEVEL=4"),
    ];
    let recipe = Recipe {
        name: "level",
        version: "0.3.1",
        c: "int level(void) $level;\nint level(void) { return LEVEL; }".to_owned(),
        functions: vec![("level".to_owned(), level)],
        targets,
        ..Recipe::default()
    };
    // A caller with a variant of its own finds its callee in lib/, two folders up.
    let caller = Recipe {
        name: "caller",
        version: "1.0.0",
        c: "int level(void) $level.level;\nint call(void) $call;
            int call(void) { return 10 * LEVEL + level(); }"
            .to_owned(),
        functions: vec![("call".to_owned(), level)],
        imports: vec![("level", "0.3.1", "level", level)],
        targets: vec![("x86-64", "-DLEVEL=1"), ("x86-64-v2", "-DLEVEL=2")],
        ..Recipe::default()
    };
    let home = Home::new();
    let (level, caller) = (home.install(&recipe.pack()), home.install(&caller.pack()));
    let environment = home.environment(&[&level, &caller]);
    let folder = home.directory("program");
    fs::write(
        folder.join("main.c"),
        "#include <caller.h>\n#include <stdio.h>\nint main(void) { printf(\"%d\", caller_call()); }",
    )
    .expect("writes");
    let mut cc = Command::new("cc");
    cc.current_dir(&folder)
        .arg("main.c")
        .args(flags(&environment.path, "caller"));
    assert!(cc.arg("-omain").status().expect("cc runs").success());
    let output = Command::new(folder.join("main"))
        .env_clear()
        .output()
        .expect("runs");

    let has = |name: &str| {
        let levels = fs::read_to_string("/proc/cpuinfo").expect("reads");
        levels.split_whitespace().any(|flag| flag == name)
    };
    let own = match (has("avx512vl"), has("avx2"), has("sse4_2")) {
        (true, ..) => 4,
        (_, true, _) => 3,
        (.., true) => 2,
        _ => 1,
    };
    let expected = format!("{}{own}", own.min(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

/// `vecmath` with another version and source.
fn other_vecmath(version: &'static str, change: impl Fn(Recipe) -> Recipe) -> Recipe {
    change(Recipe {
        version,
        ..vecmath()
    })
}

#[test]
fn packages_that_do_not_fit_are_refused_by_name() {
    let renamed = |recipe: Recipe| Recipe {
        c: recipe.c.replace("dot", "dots"),
        functions: vec![("dots".to_owned(), DOT)],
        ..recipe
    };
    let retyped = |recipe: Recipe| Recipe {
        c: recipe.c.replace("unsigned long n", "unsigned n"),
        functions: vec![("dot".to_owned(), "fn(u32, *const f64, *const f64) -> f64")],
        ..recipe
    };
    let cases: [(&str, Vec<Recipe>, &[&str]); 5] = [
        (
            "no callee",
            vec![],
            &["linalg 1.2.0 calls vecmath.v1.dot.", "no vecmath v1 is in"],
        ),
        (
            "another series",
            vec![other_vecmath("2.0.0", |recipe| recipe)],
            &["no vecmath v1 is in the environment (vecmath 2.0.0 is)"],
        ),
        (
            "another name",
            vec![other_vecmath("1.1.0", renamed)],
            &[
                "calls vecmath::dot, fn(",
                "vecmath 1.1.0 does not export",
                "it exports dots, fn(",
            ],
        ),
        (
            "another type",
            vec![other_vecmath("1.1.0", retyped)],
            &[
                "calls vecmath::dot, fn(",
                "it exports dot, fn(u32, *const f64, *const f64) -> f64",
            ],
        ),
        (
            "two of a series",
            vec![vecmath(), other_vecmath("1.1.0", |recipe| recipe)],
            &[
                "one version of vecmath v1",
                "vecmath 1.0.0 and vecmath 1.1.0",
            ],
        ),
    ];
    for (name, callees, parts) in cases {
        let home = Home::new();
        let mut packages = vec![home.install(&linalg().pack())];
        packages.extend(callees.iter().map(|recipe| home.install(&recipe.pack())));
        let packages: Vec<_> = packages.iter().map(|package| (package, true)).collect();
        let error = home.try_environment(&packages).expect_err(name);
        let text = error.to_string();
        for part in parts {
            assert!(text.contains(part), "{name}: `{part}` in `{text}`");
        }
        assert!(!home.path().join("environments").exists(), "{name}");
    }
}

#[test]
fn series_live_side_by_side() {
    let home = Home::new();
    let old = home.install(&vecmath().pack());
    let new = home.install(&other_vecmath("2.0.0", |recipe| recipe).pack());
    let linalg = home.install(&linalg().pack());
    let cases = [
        ("the newest has the plain names", true, true, "2.0.0"),
        ("unless the other alone is direct", true, false, "1.0.0"),
        ("or none is", false, false, "2.0.0"),
    ];
    for (name, old_direct, new_direct, plain) in cases {
        let environment = home
            .try_environment(&[(&new, new_direct), (&old, old_direct), (&linalg, true)])
            .expect("they fit");
        let pc = fs::read_to_string(environment.path.join("lib/pkgconfig/vecmath.pc"));
        assert!(
            pc.expect("reads").contains(&format!("Version: {plain}\n")),
            "{name}"
        );
        let (other, include) = if plain == "2.0.0" {
            ("v1", "1.0.0")
        } else {
            ("v2", "2.0.0")
        };
        let pc = environment
            .path
            .join(format!("lib/pkgconfig/vecmath.{other}.pc"));
        let text = fs::read_to_string(pc).expect("reads");
        assert!(text.contains(&format!("Version: {include}\n")), "{name}");
        assert!(
            environment
                .path
                .join(format!("include/vecmath.{other}/vecmath.h"))
                .exists()
        );
        let linalg = fs::read_to_string(environment.path.join("lib/pkgconfig/linalg.pc"));
        let requires = if plain == "2.0.0" {
            "vecmath.v1"
        } else {
            "vecmath"
        };
        assert!(
            linalg
                .expect("reads")
                .contains(&format!("Requires: {requires}\n")),
            "{name}"
        );
    }
    assert!(matches!(
        home.try_environment(&[(&new, true), (&linalg, true)]),
        Err(Error::MissingPackage { .. })
    ));
}
