//! Tables of host imports and shared files, in every link mode.

use std::process::Command;

use fs_err as fs;
use puck_package::LinkMode;
use puck_store::{Environment, InstalledPackage, Link, WantedLink, WantedPackage};

use super::support::{Compiler, base, exports, image_path};
use crate::support::{Home, Recipe, set_mode};

const CALL: &str = "fn() -> i32";

/// `hosted::call`, which calls what is in the second of two slots, and two shared files.
fn hosted() -> Recipe {
    Recipe {
        name: "hosted-by",
        version: "1.0.0",
        c: "void *slots[2] $host = {0};
            int call(void) $call;
            int call(void) { return ((int (*)(void))slots[1])(); }"
            .to_owned(),
        functions: vec![("call".to_owned(), CALL)],
        host: vec![("one", "python"), ("two", "provider")],
        files: vec![
            ("share/numba.json", "{}"),
            ("share/numba.h", "#define SHARED 1\n"),
        ],
        ..Recipe::default()
    }
}

/// `provider::two` and another function, which nobody asks for.
fn provider() -> Recipe {
    Recipe {
        name: "provider",
        version: "1.0.0",
        c: "int two(void) $two; int two(void) { return 2; }
            int three(void) $three; int three(void) { return 3; }"
            .to_owned(),
        functions: vec![("two".to_owned(), CALL), ("three".to_owned(), CALL)],
        ..Recipe::default()
    }
}

/// Fills the table, found through the package's own SONAME, and calls.
const PROGRAM: &str = r#"
#include <dlfcn.h>
#include <stdio.h>
#include <hosted-by.numba.h>
static int answer(void) { return 41 + SHARED; }
int main(int argc, char **argv)
{
    void *library = dlopen(argv[1], RTLD_NOW);
    void **table = library ? dlsym(library, argv[2]) : 0;
    int (*call)(void) = library ? (int (*)(void))dlsym(library, argv[3]) : 0;
    if (!table || !call || table[0] || table[1]) {
        printf("%s\n", dlerror());
        return 1;
    }
    table[1] = (void *)answer;
    printf("%d\n", call());
    return 0;
}
"#;

fn links(compiler: &Compiler) -> [Link<'_>; 4] {
    let compiled = |mode| Link {
        mode,
        processor: Some(base()),
        compiler: Some(compiler),
        ..Link::default()
    };
    let packed = |mode| Link {
        mode,
        ..Link::default()
    };
    [
        packed(LinkMode::Dynamic),
        packed(LinkMode::Image),
        compiled(LinkMode::Dynamic),
        compiled(LinkMode::Lto),
    ]
}

fn check(home: &Home, environment: &Environment) {
    let document = &environment.document;
    let recipe = hosted();
    let table = recipe.host_table().expect("a table");
    assert_eq!(document.packages[0].host_table.as_ref(), Some(&table));
    if let Some(image) = &document.image {
        assert!(image.host_tables);
    }
    for (path, content) in [
        ("share/hosted_by.v1/numba.json", "{}"),
        ("include/hosted-by.numba.h", "#define SHARED 1\n"),
    ] {
        let path = environment.path.join(path);
        assert_eq!(fs::read_to_string(&path).expect("reads"), content);
        assert!(fs::symlink_metadata(path).expect("is there").is_symlink());
    }
    home.program("main", PROGRAM, environment, &[]);
    let output = Command::new(home.directory("program").join("main"))
        .arg(environment.path.join("lib/hosted_by.v1.so"))
        .args([&table, &recipe.link_name("call")].map(ToString::to_string))
        .output()
        .expect("runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n");
}

fn install(home: &Home) -> [InstalledPackage; 2] {
    [hosted(), provider()].map(|recipe| home.install(&recipe.pack()))
}

#[test]
fn tables_and_shared_files_are_in_every_mode() {
    let home = Home::new();
    let packages = install(&home);
    let compiler = Compiler::new(&[hosted(), provider()]);
    for link in links(&compiler) {
        let all: Vec<_> = packages.iter().map(|package| (package, false)).collect();
        let environment = home.try_linked(&all, &link).expect("an environment");
        if link.mode != LinkMode::Lto {
            check(&home, &environment);
            continue;
        }
        // Nothing is direct, so that nothing is kept but what loaders look for.
        let kept = [
            hosted().host_table().expect("a table"),
            provider().link_name("two"),
        ];
        let kept = kept.iter().map(ToString::to_string).collect();
        assert_eq!(exports(&image_path(&environment, "")), kept);
        check(&home, &home.linked(&[&packages[0], &packages[1]], &link));
    }
}

#[test]
fn shared_files_are_looked_at_copied_and_missed() {
    let home = Home::new();
    let packages = install(&home);
    let environment = home.environment(&[&packages[0]]);
    let copy = home.directory("copies").join("copy");
    home.store
        .export(&environment.path, &copy)
        .expect("exports");
    let text = fs::read_to_string(copy.join("share/hosted_by.v1/numba.json"));
    assert_eq!(text.expect("reads"), "{}");
    assert!(home.store.verify().expect("verifies").problems.is_empty());

    let project = home.directory("project");
    home.store
        .activate(&project, &environment)
        .expect("activates");
    let wanted = [WantedPackage {
        name: packages[0].document.name.clone(),
        version: packages[0].document.version.clone(),
        sha256: *packages[0].sha256(),
        direct: true,
    }];
    let is_current = || {
        let link = WantedLink::default();
        let found = home.store.current_environment(&project, &wanted, &link);
        found.expect("reads").is_some()
    };
    assert!(is_current());
    let folder = environment.path.join("share/hosted_by.v1");
    set_mode(&folder, 0o755);
    fs::remove_file(folder.join("numba.json")).expect("removes");
    assert!(!is_current());
    assert_eq!(home.store.verify().expect("verifies").problems.len(), 1);
    assert!(home.environment(&[&packages[0]]).path == environment.path && is_current());
}
