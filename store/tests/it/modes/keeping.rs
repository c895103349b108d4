//! How libraries of environments are looked after: current or not, damage, removal, copies.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fs_err as fs;
use puck_package::{LinkMode, Processor, Target};
use puck_store::{
    Environment, Error, GcOptions, InstalledPackage, Kind, Link, WantedLink, WantedPackage,
};

use super::support::{Compiler, base, image, image_path};
use crate::support::{Home, damage, linalg, vecmath};

struct Case {
    home: Home,
    packages: [InstalledPackage; 2],
    project: PathBuf,
}

impl Case {
    fn new() -> Self {
        let home = Home::new();
        Self {
            packages: [vecmath(), linalg()].map(|recipe| home.install(&recipe.pack())),
            project: home.directory("project"),
            home,
        }
    }

    fn linked(&self, link: &Link<'_>) -> Environment {
        self.home.linked(&self.packages.each_ref(), link)
    }

    fn is_current(&self, link: &WantedLink) -> bool {
        let wanted = self.packages.iter().map(|package| WantedPackage {
            name: package.document.name.clone(),
            version: package.document.version.clone(),
            sha256: *package.sha256(),
            direct: true,
        });
        let wanted: Vec<_> = wanted.collect();
        let found = self
            .home
            .store
            .current_environment(&self.project, &wanted, link);
        found.expect("reads").is_some()
    }

    fn library(&self, file: &str) -> PathBuf {
        let libraries = self.home.libraries();
        let [only] = &libraries[..] else {
            panic!("one library, not {libraries:?}")
        };
        self.home.path().join("libraries").join(only).join(file)
    }
}

fn wanted(link: &Link<'_>) -> WantedLink {
    WantedLink {
        mode: link.mode,
        processor: link.processor.clone(),
        compiler: link.compiler.map(puck_store::Compile::identity),
        keep: link.keep.keys().cloned().collect(),
    }
}

#[test]
fn an_environment_is_current_if_it_is_linked_as_wanted() {
    let compiler = Compiler::new(&[vecmath(), linalg()]);
    let links = [
        Link::default(),
        image(),
        Link {
            processor: Some(base()),
            compiler: Some(&compiler),
            ..Link::default()
        },
        Link {
            processor: Some(Processor::of(Target::X86_64V3)),
            compiler: Some(&compiler),
            ..image()
        },
        Link {
            mode: LinkMode::Lto,
            processor: Some(base()),
            compiler: Some(&compiler),
            ..Link::default()
        },
        Link {
            mode: LinkMode::Lto,
            processor: Some(base()),
            compiler: Some(&compiler),
            keep: [("linalg".to_owned(), [linalg().link_name("norm")].into())].into(),
        },
    ];
    let case = Case::new();
    for (made, link) in links.iter().enumerate() {
        let environment = case.linked(link);
        case.home
            .store
            .activate(&case.project, &environment)
            .expect("activates");
        for (asked, link) in links.iter().enumerate() {
            assert_eq!(
                case.is_current(&wanted(link)),
                made == asked,
                "{made} {asked}"
            );
        }
        // Another compiler gives other code; none at all is content with what is there.
        if link.compiler.is_some() {
            let mut other = wanted(link);
            other.compiler = Some("another".to_owned());
            assert!(!case.is_current(&other));
            other.compiler = None;
            assert!(case.is_current(&other));
        }
    }
}

#[test]
fn what_went_away_makes_it_not_current_and_is_made_again() {
    let case = Case::new();
    let environment = case.linked(&image());
    case.home
        .store
        .activate(&case.project, &environment)
        .expect("activates");
    let link = wanted(&image());
    let (library, record) = (case.library("library.so"), case.library("library.json"));
    let good = [&library, &record].map(|path| fs::read(path).expect("reads"));
    let spoils: [&dyn Fn(); 4] = [
        &|| damage(&library, b"short"),
        &|| damage(&record, b"{}"),
        &|| fs::remove_file(&record).expect("removes"),
        &|| fs::remove_file(&library).expect("removes"),
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        assert!(case.is_current(&link), "{number}");
        let directory = library.parent().expect("a folder");
        crate::support::set_mode(directory, 0o755);
        spoil();
        assert!(!case.is_current(&link), "{number}");
        assert_eq!(case.linked(&image()).key, environment.key);
        let again = [&library, &record].map(|path| fs::read(path).expect("reads"));
        assert_eq!(again, good, "{number}");
    }
    // Parts of the environment itself.
    for path in [
        "lib/linalg.v1.so",
        &format!(
            "lib/{}",
            environment.document.image.clone().expect("an image").soname
        ),
    ] {
        let path = environment.path.join(path);
        crate::support::set_mode(path.parent().expect("a folder"), 0o755);
        fs::remove_file(&path).expect("removes");
        assert!(!case.is_current(&link));
        case.linked(&image());
        assert!(case.is_current(&link));
    }
    let stub = environment.path.join("lib/linalg.v1.so");
    let bytes = fs::read(&stub).expect("reads");
    for length in [0, 63, 64, bytes.len() - 1] {
        damage(&stub, &bytes[..length]);
        assert!(!case.is_current(&link), "{length}");
        case.linked(&image());
        assert_eq!(fs::read(&stub).expect("reads"), bytes, "{length}");
    }
}

#[test]
fn damage_is_found_and_mended() {
    let case = Case::new();
    let environment = case.linked(&image());
    let found = case.home.store.verify().expect("reads");
    assert_eq!((found.libraries, found.environments), (1, 1));
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let found = case
        .home
        .store
        .verify_environment(&environment.path)
        .expect("reads");
    assert_eq!((found.libraries, found.problems.len()), (1, 0));

    // The same length, another byte.
    let library = case.library("library.so");
    let mut bytes = fs::read(&library).expect("reads");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    damage(&library, &bytes);
    let found = case.home.store.verify().expect("reads");
    let [problem] = &found.problems[..] else {
        panic!("{:?}", found.problems)
    };
    assert_eq!(Some(&*problem.path), library.parent());
    assert_eq!(problem.reason, "library.so has changed");
    let removed = case
        .home
        .store
        .remove_damaged(&found.problems, &mut || {})
        .expect("removes");
    assert_eq!(removed, [library.parent().expect("a folder")]);
    // The environment lacks it now, and is whole again when that is.
    let found = case.home.store.verify().expect("reads");
    let [problem] = &found.problems[..] else {
        panic!("{:?}", found.problems)
    };
    assert_eq!(problem.path, environment.path);
    assert!(
        case.home
            .store
            .remove_damaged(&found.problems, &mut || {})
            .expect("looks")
            .is_empty()
    );
    case.linked(&image());
    assert!(case.home.store.verify().expect("reads").problems.is_empty());

    // A stub that was tampered with.
    let stub = environment.path.join("lib/linalg.v1.so");
    let mut bytes = fs::read(&stub).expect("reads");
    bytes[100] ^= 1;
    damage(&stub, &bytes);
    let found = case.home.store.verify().expect("reads");
    let reasons: Vec<_> = found.problems.iter().map(|p| p.reason.as_str()).collect();
    assert_eq!(reasons, ["lib/linalg.v1.so is missing or has changed"]);
}

#[test]
fn what_was_kept_in_a_program_is_known_to_verify() {
    let compiler = Compiler::new(&[vecmath(), linalg()]);
    let case = Case::new();
    let [vecmath, linalg] = case.packages.each_ref();
    let link = Link {
        mode: LinkMode::Lto,
        processor: Some(base()),
        compiler: Some(&compiler),
        ..Link::default()
    };
    case.home
        .try_linked(&[(vecmath, false), (linalg, true)], &link)
        .expect("an environment");
    let found = case.home.store.verify().expect("reads");
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

fn older_than(days: u64) -> GcOptions {
    GcOptions {
        max_age: Duration::from_secs(days * 24 * 3600),
        max_size: None,
        dry_run: false,
        registries: std::collections::BTreeSet::new(),
    }
}

fn gc(home: &Home, days: u64) -> Vec<Kind> {
    let collected = home
        .store
        .gc(&older_than(days), &mut || {})
        .expect("collects");
    collected
        .removed
        .iter()
        .map(|removed| removed.kind)
        .collect()
}

#[test]
fn libraries_go_with_the_environments_that_need_them() {
    let case = Case::new();
    let environment = case.linked(&image());
    case.home
        .store
        .activate(&case.project, &environment)
        .expect("activates");
    let cached = case.home.path().join("cache/objects/0123");
    fs::create_dir_all(cached.parent().expect("a folder")).expect("folders");
    fs::write(&cached, "compiled").expect("writes");
    let young = case.home.path().join("cache/objects/4567");
    fs::write(&young, "compiled").expect("writes");
    let old = SystemTime::now() - Duration::from_secs(60 * 24 * 3600);
    for path in [&cached, &case.library("")] {
        let file = fs::File::open(path).expect("opens");
        file.file().set_modified(old).expect("sets the time");
    }

    assert_eq!(
        gc(&case.home, 30),
        [Kind::Cache],
        "the environment needs the library"
    );
    assert!(!cached.exists() && young.exists());
    assert!(case.library("library.so").exists());

    fs::remove_file(case.project.join(".puck")).expect("removes");
    let held = fs::File::open(case.library("library.so")).expect("opens");
    assert_eq!(gc(&case.home, 0), [Kind::Cache], "somebody has it open");
    drop(held);
    let removed = gc(&case.home, 0);
    assert!(
        removed.contains(&Kind::Environment) && removed.contains(&Kind::Library),
        "{removed:?}"
    );
    assert!(case.home.libraries().is_empty());
}

#[test]
fn a_copy_works_by_itself() {
    let case = Case::new();
    let environment = case.linked(&image());
    let main = "#include <linalg.h>\n#include <stdio.h>
        int main(void) { double x[] = {3, 4}; printf(\"%.1f\", linalg_norm(2, x)); }";
    case.home
        .program("main", main, &environment, &["linalg.v1.so"]);
    let copy = case.home.folder.path().join("copy");
    case.home
        .store
        .export(&environment.path, &copy)
        .expect("exports");
    let mut copied = environment;
    copied.path = copy;
    assert!(
        fs::symlink_metadata(image_path(&copied, ""))
            .expect("is there")
            .is_file()
    );
    crate::support::set_mode(case.home.path(), 0o000);
    let output = case.home.output("main", &copied);
    crate::support::set_mode(case.home.path(), 0o755);
    assert_eq!(output, "5.0");
}

/// What is made of packages has names that say what it was made of, and so must be made of that.
#[test]
fn nothing_is_made_of_what_is_damaged() {
    let case = Case::new();
    let compiler = Compiler::new(&[vecmath(), linalg()]);
    let lto = Link {
        mode: LinkMode::Lto,
        compiler: Some(&compiler),
        ..Link::default()
    };
    let [package, _] = &case.packages;
    let object = &package.document.targets["x86-64"].object;
    for (file, link) in [(object.clone(), image()), (package.document.ir_path(), lto)] {
        let path = package.path.join(&file);
        let good = fs::read(&path).expect("reads");
        let mut bytes = good.clone();
        bytes[good.len() / 2] ^= 1;
        damage(&path, &bytes);
        let packages = case.packages.each_ref().map(|package| (package, true));
        let error = case
            .home
            .try_linked(&packages, &link)
            .expect_err("it is damaged");
        assert!(matches!(error, Error::DamagedPackage { .. }), "{error:?}");
        assert!(error.to_string().contains(&file), "{error}");
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("verify --fix"))
        );
        assert!(case.home.libraries().is_empty());
        damage(&path, &good);
        case.home
            .try_linked(&packages, &link)
            .expect("an environment");
        let made = case.home.path().join("libraries");
        case.home
            .store
            .gc(&older_than(0), &mut || {})
            .expect("collects");
        assert!(fs::read_dir(made).expect("reads").next().is_none());
        for recipe in [vecmath(), linalg()] {
            case.home.install(&recipe.pack());
        }
    }
}
