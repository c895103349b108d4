//! Environments that are absent, damaged or newer.

use std::path::Path;

use fs_err::os::unix::fs::symlink;
use insta::assert_snapshot;
use puck_runtime::Environment;

use crate::fixture::{Fixture, Package, child, project_of_child, told};

type Number = extern "C" fn() -> i32;

fn package(name: &str) -> Package {
    Package::new(name, "1.0.0").function(
        "number",
        "fn() -> i32",
        "int number(void)",
        "{ return 3; }",
    )
}

/// What opening `project` and calling a function there is refused with.
fn refused(fixture: &Fixture, project: &Path, name: &str) -> String {
    let result = Environment::open(project).and_then(|e| e.function::<Number>(name));
    told(fixture, &result.unwrap_err())
}

#[test]
fn no_environment() {
    let fixture = Fixture::new();
    let project = fixture.path().join("project");
    assert_snapshot!(refused(&fixture, &project, "a::b"), @"
    no environment in [T]/project: neither `.puck` nor `environment.json` is there
    hint: `puck install` in a project makes its `.puck`
    ");
    fs_err::create_dir(&project).unwrap();
    assert!(refused(&fixture, &project, "a::b").starts_with("no environment in [T]/project"));
    let file = project.join("Puck.toml");
    fs_err::write(&file, "").unwrap();
    assert!(
        refused(&fixture, &file, "a::b").starts_with("no environment in [T]/project/Puck.toml")
    );
    symlink("../gone", project.join(".puck")).unwrap();
    assert_snapshot!(refused(&fixture, &project, "a::b"), @"
    [T]/project/.puck leads to ../gone, which does not exist
    hint: `puck install` puts it in place again
    ");
    fs_err::create_dir(fixture.path().join("gone")).unwrap();
    assert_snapshot!(refused(&fixture, &project, "a::b"), @"
    [T]/gone/environment.json is missing
    hint: `puck install` puts it in place again
    ");
}

#[test]
fn an_environment_opens_by_project_link_or_own_folder() {
    let package = package("damage-none");
    let fixture = Fixture::new();
    let project = fixture.install("e", &[&package]);
    let own = fixture.path().join("environments/e");
    for path in [&project, &project.join(".puck"), &own] {
        let environment = Environment::open(path).unwrap();
        assert_eq!(environment.path(), own);
        assert_eq!(environment.packages().unwrap(), [package.facts()]);
    }
}

#[test]
fn documents_that_cannot_be_used() {
    let package = package("damage-documents");
    let fixture = Fixture::new();
    let project = fixture.install("e", &[&package]);
    let path = project.join(".puck/environment.json");
    let whole = fs_err::read_to_string(&path).unwrap();
    let with = |text: &str| {
        fs_err::write(&path, text).unwrap();
        refused(&fixture, &project, "damage-documents::number")
    };
    assert_snapshot!(with(&whole.replace("\"format\": 1", "\"format\": 2")), @"
    cannot use [T]/environments/e/environment.json: environment.json has format 2, but this puck knows formats up to 1; a newer puck is needed to read it
    hint: build this program with a newer puck-runtime, or use a newer libpuck
    ");
    assert_snapshot!(with(&whole[..whole.len() / 2]).lines().last().unwrap(), @"hint: `puck install` writes it again");
    assert!(with("").contains("environment.json is not valid"));
    assert_snapshot!(with(&whole.replace("\"needs\": []", "\"needs\": [\"gone.v1.so\"]")), @"
    [T]/environments/e/environment.json is damaged: damage_documents.v1.so needs gone.v1.so, which is not listed
    hint: `puck install` puts it in place again
    ");
    // A circle is no reason to hang.
    fs_err::write(
        &path,
        whole.replace("\"needs\": []", "\"needs\": [\"damage_documents.v1.so\"]"),
    )
    .unwrap();
    let environment = Environment::open(&project).unwrap();
    assert_eq!(
        environment
            .function::<Number>("damage-documents::number")
            .unwrap()(),
        3
    );
}

#[test]
fn libraries_that_cannot_be_used() {
    let package = package("damage-library");
    let fixture = Fixture::new();
    let project = fixture.install("e", &[&package]);
    let path = project.join(".puck/lib/damage_library.v1.so");
    let whole = fs_err::read(&path).unwrap();
    fs_err::remove_file(&path).unwrap();
    assert_snapshot!(refused(&fixture, &project, "damage-library::number"), @"
    [T]/environments/e/lib/damage_library.v1.so is missing
    hint: `puck install` puts it in place again
    ");
    let with = |bytes: &[u8]| {
        fs_err::write(&path, bytes).unwrap();
        refused(&fixture, &project, "damage-library::number")
    };
    assert_snapshot!(with(&whole[..whole.len() / 2]), @"
    [T]/environments/e/lib/damage_library.v1.so is damaged: it is cut short
    hint: `puck install` puts it in place again
    ");
    assert!(with(b"").contains("it is empty"));
    assert!(with(b"!<arch>\n").contains("no ELF header"));
    // Whatever was tried before, the right file is used once it is there.
    fs_err::write(&path, &whole).unwrap();
    let environment = Environment::open(&project).unwrap();
    assert_eq!(
        environment
            .function::<Number>("damage-library::number")
            .unwrap()(),
        3
    );
}

#[test]
fn a_symbol_that_only_the_description_has_and_one_that_nobody_has() {
    let fixture = Fixture::new();
    let less = package("damage-symbol");
    let more = less
        .clone()
        .function("extra", "fn() -> i32", "int extra(void)", "{ return 1; }");
    let project = fixture.install("e", &[&more]);
    let library = project.join(".puck/lib/damage_symbol.v1.so");
    fs_err::remove_file(&library).unwrap();
    fs_err::copy(fixture.library(&less, less.targets[0]), &library).unwrap();
    let text = refused(&fixture, &project, "damage-symbol::extra");
    assert!(text.contains("lib/damage_symbol.v1.so is damaged: it lacks `damage_symbol.v1.extra."));
}

#[test]
fn an_import_that_the_callee_lacks() {
    let fixture = Fixture::new();
    let callee = package("damage-callee");
    let more = callee
        .clone()
        .function("extra", "fn() -> i32", "int extra(void)", "{ return 1; }");
    let caller = Package::new("damage-caller", "1.0.0")
        .import(&more, "extra", "int extra(void)")
        .function(
            "number",
            "fn() -> i32",
            "int number(void)",
            "{ return extra(); }",
        );
    let project = fixture.install("e", &[&caller, &callee]);
    let text = refused(&fixture, &project, "damage-caller::number");
    assert!(
        text.starts_with("cannot load [T]/environments/e/lib/damage_caller.v1.so:"),
        "{text}"
    );
    assert!(
        text.contains("undefined symbol: damage_callee.v1.extra."),
        "{text}"
    );
    assert!(
        text.contains("hint: an installed package lacks what this one imports"),
        "{text}"
    );
}

#[test]
fn descriptions_are_read_for_errors_only() {
    let package = package("damage-description");
    let fixture = Fixture::new();
    let project = fixture.install("e", &[&package]);
    let path = project.join(".puck/packages/damage-description-1.0.0.json");
    fs_err::remove_file(&path).unwrap();
    let environment = Environment::open(&project).unwrap();
    assert_eq!(
        environment
            .function::<Number>("damage-description::number")
            .unwrap()(),
        3
    );
    assert_snapshot!(refused(&fixture, &project, "damage-description::other"), @"
    [T]/environments/e/packages/damage-description-1.0.0.json is missing
    hint: `puck install` puts it in place again
    ");
    fs_err::write(&path, r#"{"format": 9}"#).unwrap();
    assert_snapshot!(told(&fixture, &environment.functions("damage-description").unwrap_err()), @"
    cannot use [T]/environments/e/packages/damage-description-1.0.0.json: package.json has format 9, but this puck knows formats up to 1; a newer puck is needed to read it
    hint: build this program with a newer puck-runtime, or use a newer libpuck
    ");
}

/// Run as a child: where the user's environment is looked for.
#[test]
#[ignore = "a part of another test"]
#[expect(clippy::disallowed_macros, reason = "its parent reads what it prints")]
fn user() {
    let _ = project_of_child();
    match Environment::user() {
        Ok(environment) => println!("opened {}", environment.path().display()),
        Err(error) => println!("refused {error}"),
    }
}

#[test]
fn the_user_s_environment_is_where_the_variables_say() {
    let fixture = Fixture::new();
    let project = fixture.install("e", &[]);
    let root = fixture.path();
    let own = root.join("environments/e");
    let set = |home: &str, xdg: &str, puck: &str| {
        child(
            "damage::user",
            &project,
            &[("HOME", home), ("XDG_DATA_HOME", xdg), ("PUCK_HOME", puck)],
        )
    };
    for folder in ["home/.local/share/puck/user", "xdg/puck/user", "puck/user"] {
        fs_err::create_dir_all(root.join(folder)).unwrap();
    }
    let [home, xdg, puck] =
        ["home", "xdg", "puck"].map(|name| root.join(name).display().to_string());
    assert!(set("", "", "").contains("refused cannot tell where"));
    for (variables, folder) in [
        ([&*home, "", ""], "home/.local/share/puck/user"),
        ([&*home, "relative", ""], "home/.local/share/puck/user"),
        ([&*home, &*xdg, ""], "xdg/puck/user"),
        ([&*home, &*xdg, &*puck], "puck/user"),
    ] {
        let [h, x, p] = variables;
        let text = set(h, x, p);
        assert!(
            text.contains(&format!(
                "refused no environment in {}/{folder}:",
                root.display()
            )),
            "{text}"
        );
        symlink(&own, root.join(folder).join(".puck")).unwrap();
        assert!(set(h, x, p).contains(&format!("opened {}", own.display())));
        fs_err::remove_file(root.join(folder).join(".puck")).unwrap();
    }
}
