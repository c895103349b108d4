//! Whether a project has the environment that it should have, seen by names and sizes.

use std::path::Path;

use fs_err as fs;
use puck_store::{
    Environment, EnvironmentPackage, EnvironmentRequest, Link, WantedLink, WantedPackage,
};

use crate::support::{Home, Recipe, damage, library, linalg, set_mode, tree, vecmath};

/// A project with an environment of two packages, and what it wants.
struct Case {
    home: Home,
    environment: Environment,
    wanted: Vec<WantedPackage>,
}

impl Case {
    fn new() -> Self {
        let home = Home::new();
        let installed = [vecmath(), linalg()].map(|recipe| home.install(&recipe.pack()));
        let environment = home.environment(&[&installed[0], &installed[1]]);
        let project = home.directory("project");
        home.store
            .activate(&project, &environment)
            .expect("activates");
        let wanted = installed.iter().map(|package| WantedPackage {
            name: package.document.name.clone(),
            version: package.document.version.clone(),
            sha256: *package.sha256(),
            direct: true,
        });
        Self {
            wanted: wanted.collect(),
            home,
            environment,
        }
    }

    fn is_current(&self) -> bool {
        let project = self.home.directory("project");
        let found = self
            .home
            .store
            .current_environment(&project, &self.wanted, &WantedLink::default())
            .expect("reads");
        found.is_some_and(|found| {
            assert_eq!(found.path, self.environment.path);
            assert_eq!(found.document, self.environment.document);
            true
        })
    }
}

#[test]
fn what_is_wanted_is_found() {
    let mut case = Case::new();
    assert!(case.is_current());
    case.wanted.reverse();
    assert!(case.is_current(), "the order does not matter");
}

#[test]
fn anything_else_that_is_wanted_is_not() {
    let spoils: [fn(&mut Vec<WantedPackage>); 5] = [
        |wanted| drop(wanted.pop()),
        |wanted| wanted[0].direct = false,
        |wanted| wanted[0].version.patch += 1,
        |wanted| wanted[0].sha256 = wanted[1].sha256,
        |wanted| wanted.push(wanted[0].clone()),
    ];
    let mut case = Case::new();
    let right = case.wanted.clone();
    for spoil in spoils {
        spoil(&mut case.wanted);
        assert!(!case.is_current(), "{:?}", case.wanted);
        case.wanted.clone_from(&right);
    }
    assert!(case.is_current());
}

/// Whatever file or link goes away, from the environment or a package, is missed.
#[test]
fn whatever_is_missing_is_seen() {
    let case = Case::new();
    let home = case.home.path();
    let places = tree(&home.join("packages"));
    let places = places.into_iter().chain(tree(&case.environment.path));
    let mut count = 0;
    for path in places.filter(|path| path.is_symlink() || path.is_file()) {
        let parent = path.parent().expect("a folder");
        let aside = home.join("aside");
        set_mode(parent, 0o755);
        fs::rename(&path, &aside).expect("moves");
        assert!(!case.is_current(), "{}", path.display());
        fs::rename(&aside, &path).expect("moves back");
        set_mode(parent, 0o555);
        count += 1;
    }
    assert!(count > 20, "{count}");
    assert!(case.is_current());
}

#[test]
fn another_size_is_seen() {
    let case = Case::new();
    let package = case.home.install(&vecmath().pack());
    for file in [library(&package), package.path.join("include/vecmath.h")] {
        let content = fs::read(&file).expect("reads");
        damage(&file, &content[1..]);
        assert!(!case.is_current(), "{}", file.display());
        damage(&file, &content);
        assert!(case.is_current());
    }
}

#[test]
fn an_environment_of_elsewhere_does_not_count() {
    let case = Case::new();
    let project = case.home.directory("project");
    let copy = case.home.path().with_file_name("copy");
    case.home
        .store
        .export(&case.environment.path, &copy)
        .expect("exports");
    fs::remove_file(project.join(".puck")).expect("removes");
    assert!(!case.is_current(), "there is none");
    for target in [Path::new("nowhere"), &copy] {
        fs_err::os::unix::fs::symlink(target, project.join(".puck")).expect("a link");
        assert!(!case.is_current(), "{}", target.display());
        fs::remove_file(project.join(".puck")).expect("removes");
    }
}

/// Two series of one package, of which one has the plain names.
#[test]
fn two_series_beside_each_other() {
    let home = Home::new();
    let second = Recipe {
        version: "2.0.0",
        ..vecmath()
    };
    let installed = [vecmath(), second].map(|recipe| home.install(&recipe.pack()));
    for direct in [[true, false], [false, true], [true, true]] {
        let request = EnvironmentRequest {
            packages: installed
                .iter()
                .zip(direct)
                .map(|(installed, direct)| EnvironmentPackage { installed, direct })
                .collect(),
            link: Link::default(),
        };
        let environment = home.store.environment(&request).expect("fits");
        let project = home.directory("project");
        home.store
            .activate(&project, &environment)
            .expect("activates");
        let wanted = installed
            .iter()
            .zip(direct)
            .map(|(package, direct)| WantedPackage {
                name: package.document.name.clone(),
                version: package.document.version.clone(),
                sha256: *package.sha256(),
                direct,
            });
        let wanted: Vec<_> = wanted.collect();
        let found = home
            .store
            .current_environment(&project, &wanted, &WantedLink::default());
        assert!(found.expect("reads").is_some(), "{direct:?}");
    }
}
