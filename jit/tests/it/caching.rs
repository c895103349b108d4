//! What is kept, and when it counts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use puck_jit::Jit;
use puck_runtime::Environment;
use puck_store::{InstalledPackage, Link};

use crate::child::{Step, answer};
use crate::fixture::{Home, UNARY, call, files, line, sum_of};

/// A store with a package `lines` of two functions, in releases.
struct Lines {
    home: Home,
    cache: PathBuf,
}

impl Lines {
    fn new() -> Self {
        let home = Home::new();
        let cache = home.path("cache/callers");
        Self { home, cache }
    }

    /// A release whose `near` and `far` give these for 2.
    fn release(&self, version: &str, near: f64, far: f64) -> PathBuf {
        let ir = line("near", 0.0, near) + &line("far", 0.0, far);
        self.installed(version, &ir, &[("near", UNARY), ("far", UNARY)])
    }

    fn installed(&self, version: &str, ir: &str, functions: &[(&str, &str)]) -> PathBuf {
        let package = self.home.package("lines", version, ir, functions, &[]);
        self.environment(&[&package])
    }

    fn environment(&self, packages: &[&InstalledPackage]) -> PathBuf {
        self.home.linked(packages, Link::default())
    }
}

#[test]
fn what_was_only_declared_may_change_and_what_was_inlined_may_not() {
    let lines = Lines::new();
    let first = lines.release("1.0.0", 1.0, 10.0);
    let near = lines.release("1.0.1", 2.0, 10.0);
    let far = lines.release("1.0.2", 1.0, 20.0);
    let ir = sum_of(&["lines::near"]);
    let step = |environment: &PathBuf, inline| {
        let cache = &lines.cache;
        Step {
            environment,
            cache,
            inline,
            ir: &ir,
        }
        .run()
    };
    assert_eq!(step(&first, false), "Compiled 1");
    assert_eq!(step(&first, false), "Cached 1");
    // Another body: the caller calls it.
    assert_eq!(step(&near, false), "Cached 2");
    assert_eq!(step(&first, false), "Cached 1");

    assert_eq!(step(&first, true), "Compiled 1");
    assert_eq!(step(&first, true), "Cached 1");
    assert_eq!(files(&lines.cache, "json").len(), 2);
    // Another archive, but the same body, twice.
    assert_eq!(step(&far, true), "Cached 1");
    assert_eq!(step(&far, true), "Cached 1");
    // Another body.
    assert_eq!(step(&near, true), "Compiled 2");
    assert_eq!(step(&near, true), "Cached 2");
    assert_eq!(step(&far, true), "Compiled 1");
}

#[test]
fn a_body_is_the_same_whatever_else_a_package_has() {
    let lines = Lines::new();
    let table = |name: &str| {
        format!(
            "@{name} = private unnamed_addr constant [2 x double] [double 3.0, double 4.0]
             define internal double @pick(double %x) {{
               %i = fptoui double %x to i64
               %p = getelementptr [2 x double], ptr @{name}, i64 0, i64 %i
               %r = load double, ptr %p
               ret double %r
             }}
             define double @near(double %x) {{
               %h = fmul double %x, 0.5
               %r = call double @pick(double %h)
               ret double %r
             }}"
        )
    };
    let near = ("near", UNARY);
    let first = lines.installed("1.0.0", &table("table"), &[near]);
    let more = "@table = internal global double 1.0
        define double @far(double %x) {
          %o = load double, ptr @table
          store double %x, ptr @table
          ret double %o
        }\n";
    let more = more.to_owned() + &table("table.1");
    let second = lines.installed("1.1.0", &more, &[near, ("far", UNARY)]);
    let ir = &sum_of(&["lines::near"]);
    let step = |environment| {
        let cache = &lines.cache;
        Step {
            environment,
            cache,
            inline: true,
            ir,
        }
        .run()
    };
    assert_eq!(step(&first), "Compiled 4");
    assert_eq!(step(&second), "Cached 4");
}

#[test]
fn what_is_gone_or_of_another_type_is_named() {
    let lines = Lines::new();
    let first = lines.release("1.0.0", 1.0, 10.0);
    let without = lines.installed("1.0.1", &line("far", 0.0, 10.0), &[("far", UNARY)]);
    let ir = "define double @near(double %x, double %y) { ret double %x }";
    let other = lines.installed("1.0.2", ir, &[("near", "fn(f64, f64) -> f64")]);
    let nothing = lines.home.package(
        "unrelated",
        "1.0.0",
        &line("f", 1.0, 0.0),
        &[("f", UNARY)],
        &[],
    );
    let nothing = lines.environment(&[&nothing]);
    let ir = sum_of(&["lines::near"]);
    for inline in [false, true] {
        let step = |environment: &PathBuf| {
            let cache = &lines.cache;
            Step {
                environment,
                cache,
                inline,
                ir: &ir,
            }
            .run()
        };
        assert_eq!(step(&first), "Compiled 1");
        for (environment, expected) in [
            (
                &without,
                "child.ll calls `lines::near`, but lines 1.0.1 has no function `near`",
            ),
            (&other, "fn(f64, f64) -> f64"),
            (
                &nothing,
                "child.ll calls `lines::near`, but no package `lines` is installed",
            ),
        ] {
            let error = step(environment);
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(step(&first), "Cached 1");
    }
}

#[test]
fn a_plain_name_may_come_to_mean_another_series() {
    let lines = Lines::new();
    let package = |version, value| {
        let ir = line("near", 0.0, value);
        lines
            .home
            .package("lines", version, &ir, &[("near", UNARY)], &[])
    };
    let (old, new) = (package("1.0.0", 1.0), package("2.0.0", 2.0));
    let (one, two) = (lines.environment(&[&old]), lines.environment(&[&old, &new]));
    let step = |environment: &PathBuf, name| {
        let (cache, ir) = (&lines.cache, sum_of(&[name]));
        Step {
            environment,
            cache,
            inline: false,
            ir: &ir,
        }
        .run()
    };
    assert_eq!(step(&one, "lines::near"), "Compiled 1");
    assert_eq!(step(&one, "lines.v1::near"), "Compiled 1");
    assert_eq!(step(&two, "lines::near"), "Compiled 2");
    assert_eq!(step(&two, "lines.v1::near"), "Cached 1");
}

#[test]
fn damage_counts_as_absence() {
    let lines = Lines::new();
    let environment = &lines.release("1.0.0", 1.0, 10.0);
    let ir = &sum_of(&["lines::near"]);
    let cache = &lines.cache;
    let step = || {
        Step {
            environment,
            cache,
            inline: false,
            ir,
        }
        .run()
    };
    assert_eq!(step(), "Compiled 1");
    let (library, record) = (&files(cache, "so")[0], &files(cache, "json")[0]);
    for path in [library, record] {
        let whole = fs_err::read(path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() / 2], b""] {
            fs_err::write(path, damaged).unwrap();
            assert_eq!(step(), "Compiled 1");
            assert_eq!(step(), "Cached 1");
        }
        fs_err::remove_file(path).unwrap();
        assert_eq!(step(), "Compiled 1");
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_done_without() {
    let lines = Lines::new();
    let environment = &lines.release("1.0.0", 1.0, 10.0);
    let file = lines.home.path("file");
    fs_err::write(&file, "no folder").unwrap();
    let cache = &file.join("callers");
    let ir = &sum_of(&["lines::near"]);
    let answer = Step {
        environment,
        cache,
        inline: false,
        ir,
    }
    .run();
    assert!(
        answer.starts_with("NotKept(") && answer.ends_with(" 1"),
        "{answer}"
    );
}

#[test]
fn many_processes_share_a_cache() {
    let lines = Lines::new();
    let environment = &lines.release("1.0.0", 1.0, 10.0);
    let ir = &sum_of(&["lines::near", "lines::far"]);
    let cache = &lines.cache;
    let step = Step {
        environment,
        cache,
        inline: true,
        ir,
    };
    let children: Vec<_> = (0..4).map(|_| step.start()).collect();
    for child in children {
        let answer = answer(child);
        assert!(
            ["Compiled 11", "Cached 11"].contains(&answer.as_str()),
            "{answer}"
        );
    }
    assert_eq!(step.run(), "Cached 11");
    let names = |folder: &Path| fs_err::read_dir(folder).unwrap().count();
    // The record, the library, and what is kept of packages.
    assert_eq!(names(cache), 3);
    let packages = cache.join("packages");
    assert_eq!(names(&packages.join("objects")), 1);
    assert_eq!(names(&packages.join("temporary")), 0);

    let environment = Environment::open(environment).unwrap();
    let jit = Jit::new(&environment).cache(cache).build().unwrap();
    assert_eq!(jit.clean(Duration::from_secs(3600)).unwrap(), 0);
    assert_eq!(names(&packages.join("objects")), 1);
    assert_eq!(jit.clean(Duration::ZERO).unwrap(), 1);
    assert_eq!((names(cache), names(&packages.join("objects"))), (1, 0));
}

#[test]
fn keys_lead_to_callers_and_cleaning_removes_them() {
    let home = Home::new();
    let package = home.package(
        "cleaned",
        "1.0.0",
        &line("f", 1.0, 1.0),
        &[("f", UNARY)],
        &[],
    );
    let environment = home.environment(&[&package]);
    let cache = home.path("callers");
    let jit = || Jit::new(&environment).cache(&cache).build().unwrap();
    let ir = sum_of(&["cleaned::f"]);
    let key = jit().key(&ir).unwrap();
    assert!(jit().load(&key).unwrap().is_none());
    assert_eq!(jit().clean(Duration::ZERO).unwrap(), 0);
    assert_eq!(jit().compile(&ir).unwrap().key(), key);
    assert_eq!(call(&jit().load(&key).unwrap().unwrap(), "run", 4.0), 5.0);

    // What a killed process leaves.
    fs_err::write(cache.join(".puck-abc"), "half").unwrap();
    let orphan = cache.join("00000000000000000000000000000000-0000000000000000.so");
    fs_err::write(&orphan, "orphan").unwrap();
    // What others keep in the folder.
    let others = [".newsrc", "lib-other.so", "package.json"];
    for other in others {
        fs_err::write(cache.join(other), "theirs").unwrap();
    }
    assert_eq!(jit().clean(Duration::from_secs(3600)).unwrap(), 0);
    assert_eq!(fs_err::read_dir(&cache).unwrap().count(), 7);
    assert_eq!(jit().clean(Duration::ZERO).unwrap(), 1);
    let rest = fs_err::read_dir(&cache).unwrap();
    let mut rest: Vec<_> = rest.map(|entry| entry.unwrap().file_name()).collect();
    rest.sort();
    assert_eq!(rest, others);
    assert!(jit().load(&key).unwrap().is_none());
}

#[test]
fn a_cache_may_be_cleaned_or_removed_while_callers_are_compiled() {
    let home = Home::new();
    let package = home.package("busy", "1.0.0", &line("f", 1.0, 1.0), &[("f", UNARY)], &[]);
    let environment = home.environment(&[&package]);
    let cache = home.path("callers");
    let jit = || Jit::new(&environment).cache(&cache).build().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let _ = jit().clean(Duration::ZERO);
                let _ = fs_err::remove_dir_all(&cache);
            }
        });
        let results: Vec<_> = (0..40)
            .map(|index| {
                let ir = sum_of(&["busy::f"]).replace("@run", &format!("@run{index}"));
                jit().compile(&ir).map(|module| (index, module))
            })
            .collect();
        done.store(true, Ordering::Relaxed);
        for result in results {
            let (index, module) = result.unwrap();
            assert_eq!(call(&module, &format!("run{index}"), 4.0), 5.0);
        }
    });
}
