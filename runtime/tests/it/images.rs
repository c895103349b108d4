//! Environments whose packages are one library: the same functions, found in the same way.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use puck_package::EnvironmentDocument;
use puck_runtime::{Environment, Error, LinkMode, Processor, Target, cpu};

use crate::fixture::{Fixture, Package, child, project_of_child, run, told};
use crate::linked::Linked;

type Number = extern "C" fn() -> i32;
const NUMBER: &str = "fn() -> i32";

fn callee(name: &str) -> Package {
    Package::new(name, "1.0.0")
        .indirect()
        .function("number", NUMBER, "int number(void)", "{ return LEVEL; }")
        .function("unused", NUMBER, "int unused(void)", "{ return 9; }")
}

fn caller(name: &str, callee: &Package) -> Package {
    Package::new(name, "2.1.0")
        .import(callee, "number", "int number(void)")
        .function(
            "more",
            NUMBER,
            "int more(void)",
            "{ return number() * 10 + LEVEL; }",
        )
}

fn number(environment: &Environment, name: &str) -> Result<i32, Error> {
    environment.function::<Number>(name).map(|f| f())
}

#[test]
fn one_library_serves_every_package() {
    for (linked, prefix) in [(Linked::image(), "images"), (Linked::lto(), "images-lto")] {
        let callee = callee(&format!("{prefix}-callee"));
        let caller = caller(&format!("{prefix}-caller"), &callee);
        let fixture = Fixture::new();
        let project = fixture.install_linked("e", &[&caller, &callee], &linked);
        let environment = Environment::open(project).unwrap();
        assert_eq!(environment.link(), linked.mode);
        assert_eq!(environment.processor(), linked.processor.as_ref());
        let [more, one] = [
            format!("{prefix}-caller::more"),
            format!("{prefix}-callee::number"),
        ];
        assert_eq!(number(&environment, &more).unwrap(), 11);
        assert_eq!(number(&environment, &one).unwrap(), 1);
        // By link name, and with the wrong type.
        let facts = &environment.overloads(&more).unwrap()[0];
        let by_type = environment.address(&more, &facts.signature).unwrap();
        let by_name = environment.symbol(&facts.link_name).unwrap();
        assert_eq!(by_name, by_type.as_ptr().cast_const());
        let error = environment.function::<extern "C" fn() -> i64>(&more);
        assert!(matches!(error, Err(Error::WrongType { .. })), "{error:?}");
        // One library in the process, and no filter.
        let maps = fs_err::read_to_string("/proc/self/maps").unwrap();
        let root = fixture.path().display().to_string();
        let mut mapped: Vec<_> = maps
            .lines()
            .filter_map(|line| line.split_once(&root))
            .collect();
        mapped.dedup_by_key(|(_, path)| *path);
        let paths: Vec<_> = mapped.iter().map(|(_, path)| *path).collect();
        assert_eq!(paths, ["/libraries/e/x86-64.so"]);
    }
}

#[test]
fn several_series_in_one_image() {
    let release = |version: &str, body: &str| {
        Package::new("images-series", version).function("number", NUMBER, "int number(void)", body)
    };
    let (one, two) = (
        release("1.4.0", "{ return 1; }"),
        release("2.0.0", "{ return 2; }"),
    );
    for linked in [Linked::image(), Linked::lto()] {
        let fixture = Fixture::new();
        let project = fixture.install_linked("e", &[&one, &two], &linked);
        let environment = Environment::open(project).unwrap();
        let number = |name| number(&environment, name).unwrap();
        assert_eq!(number("images-series::number"), 2);
        assert_eq!(number("images-series.v1::number"), 1);
        assert_eq!(number("images_series.v2::number"), 2);
    }
}

#[test]
fn a_function_that_was_left_out_says_how_to_keep_it() {
    let callee = callee("images-kept");
    let caller = caller("images-keeper", &callee);
    let fixture = Fixture::new();
    let linked = Linked::lto().without("unused");
    let project = fixture.install_linked("e", &[&callee, &caller], &linked);
    let environment = Environment::open(project).unwrap();
    assert_eq!(number(&environment, "images-keeper::more").unwrap(), 11);
    let error = number(&environment, "images-kept::unused").unwrap_err();
    assert_snapshot!(told(&fixture, &error), @r#"
    `images-kept::unused` of images-kept 1.0.0 was left out of this environment: its link mode is lto, and the project does not depend on images-kept itself
    hint: add `keep = ["images-kept::unused"]` to `[environment]` in Puck.toml and run `puck install`
    "#);
    let link_name = &environment.overloads("images-kept::unused").unwrap()[0].link_name;
    let error = environment.symbol(link_name).unwrap_err();
    assert!(matches!(error, Error::LeftOut { .. }), "{error}");
    // What no package exports, or with other types, is told as ever.
    let error = number(&environment, "images-kept::unusd").unwrap_err();
    assert!(matches!(error, Error::UnknownFunction { .. }), "{error}");
    // Not left out, but not there: the image is not what it should be.
    let linked = Linked::image().without("unused");
    let project = fixture.install_linked("damaged", &[&callee, &caller], &linked);
    let environment = Environment::open(project).unwrap();
    let error = number(&environment, "images-kept::unused").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("lib/puck.") && text.contains("it lacks `images_kept.v1.unused."));
}

/// A library that needs `linalg.v1.so` by name and calls a function of it, as one that is compiled
/// at run time does.
fn user(fixture: &Fixture, package: &Package, environment: &Path) -> std::ffi::CString {
    let link_name = &package.document.functions[0].link_name;
    let folder = fixture.path().join("user");
    fs_err::create_dir_all(&folder).unwrap();
    let (source, library) = (folder.join("user.c"), folder.join("user.so"));
    let text = format!(
        "int number(void) __asm__(\"{link_name}\");\nint twice(void) {{ return 2 * number(); }}\n"
    );
    fs_err::write(&source, text).unwrap();
    run(Command::new("cc")
        .args(["-shared", "-fPIC", "-Wl,--no-as-needed", "-o"])
        .args([&library, &source])
        .arg(environment.join("lib").join(package.soname())));
    std::ffi::CString::new(library.to_str().unwrap()).unwrap()
}

#[test]
fn libraries_that_need_a_package_by_name_bind_to_it_in_every_mode() {
    for (mode, linked) in [
        ("dynamic", None),
        ("image", Some(Linked::image())),
        ("lto", Some(Linked::lto())),
    ] {
        let package = callee(&format!("images-needed-{mode}"));
        let fixture = Fixture::new();
        let project = match &linked {
            Some(linked) => fixture.install_linked("e", &[&package], linked),
            None => fixture.install("e", &[&package]),
        };
        let environment = Environment::open(project).unwrap();
        let path = environment.load(&package.soname()).unwrap();
        let place = environment.path().join("lib").join(package.soname());
        assert_eq!(path, place, "{mode}");
        // Twice is no harm.
        assert_eq!(environment.load(&package.soname()).unwrap(), path);
        let user = user(&fixture, &package, environment.path());
        // SAFETY: a library without constructors, and a function of it of that type.
        let twice: Number = unsafe {
            let handle = libc::dlopen(user.as_ptr(), libc::RTLD_NOW);
            assert!(!handle.is_null(), "{mode}");
            let address = libc::dlsym(handle, c"twice".as_ptr());
            assert!(!address.is_null(), "{mode}");
            std::mem::transmute(address)
        };
        assert_eq!(twice(), 2, "{mode}");
        let error = environment.load("gone.v1.so").unwrap_err();
        assert!(matches!(error, Error::UnknownLibrary { .. }), "{error}");
    }
}

#[test]
fn environments_of_different_modes_share_a_process() {
    let package = callee("images-mixed");
    let fixture = Fixture::new();
    let dynamic = fixture.open("dynamic", &[&package]);
    let open = |name: &str, linked: &Linked| {
        Environment::open(fixture.install_linked(name, &[&package], linked)).unwrap()
    };
    let image = open("image", &Linked::image());
    let again = open("again", &Linked::image());
    let lto = open("lto", &Linked::lto().without("unused"));
    let name = "images-mixed::number";
    let address = |e: &Environment| e.function::<Number>(name).unwrap().pointer() as usize;
    assert_eq!(number(&lto, name).unwrap(), 1);
    let (one, two) = (address(&image), address(&lto));
    assert!(one != two && one != address(&dynamic) && two != address(&dynamic));
    assert_eq!(address(&image), one);
    // What is equal under one SONAME is the same.
    assert_eq!(address(&again), one);
    assert_eq!(number(&image, "images-mixed::unused").unwrap(), 9);

    // By the package's SONAME, the process has its own library: it serves all of them.
    for environment in [&dynamic, &image, &lto] {
        environment.load(&package.soname()).unwrap();
    }
    // The other way round, a library that may lack functions serves only its own.
    let package = callee("images-partial");
    let lto = fixture.install_linked("one", &[&package], &Linked::lto());
    let lto = Environment::open(lto).unwrap();
    lto.load(&package.soname()).unwrap();
    let dynamic = fixture.open("two", &[&package]);
    let error = number(&dynamic, "images-partial::number").unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    let text = told(&fixture, &error);
    assert!(text.contains("1.0.0 (in puck."), "{text}");
    assert!(text.contains("1.0.0 (archive "), "{text}");
}

#[test]
fn the_ir_of_a_package_is_in_the_store() {
    let package = callee("images-ir");
    let fixture = Fixture::new();
    for linked in [Linked::image(), Linked::lto()] {
        let name = linked.mode.name();
        let project = fixture.install_linked(name, &[&package], &linked);
        let environment = Environment::open(project).unwrap();
        let path = environment.ir_path("images-ir.v1").unwrap();
        assert!(path.ends_with("ir/images-ir.bc"), "{path:?}");
        assert!(path.starts_with(fixture.path().join("packages")));
        assert_eq!(environment.ir_path("images-ir.v2"), None);
        assert_eq!(environment.ir_path("gone"), None);
    }
    let copy = fixture.path().join("copy");
    let original = fixture.path().join("environments/lto");
    run(Command::new("cp").arg("-rL").args([&original, &copy]));
    let exported = Environment::open(&copy).unwrap();
    assert_eq!(exported.ir_path("images-ir"), None);
    assert_eq!(number(&exported, "images-ir::number").unwrap(), 1);
}

/// Run as a child: calls through the image.
#[test]
#[ignore = "a part of other tests"]
#[expect(clippy::disallowed_macros, reason = "its parent reads what it prints")]
fn report() {
    match Environment::open(project_of_child()).and_then(|e| number(&e, "images-child::more")) {
        Ok(more) => println!("more {more}"),
        Err(error) => println!("refused {error} | {}", error.hint().unwrap_or_default()),
    }
}

fn printed(project: &Path, variables: &[(&str, &str)]) -> String {
    let text = child("images::report", project, variables);
    let start = text.find("refused ").or_else(|| text.find("more "));
    text[start.unwrap()..].lines().next().unwrap().to_owned()
}

fn packages() -> (Package, Package) {
    let callee = callee("images-child-callee");
    let caller = caller("images-child", &callee);
    (callee, caller)
}

#[test]
fn the_best_image_that_is_allowed_is_loaded() {
    use Target::{X86_64 as V1, X86_64V2 as V2, X86_64V3 as V3};
    let (callee, caller) = packages();
    let fixture = Fixture::new();
    let mut linked = Linked::image();
    linked.targets = vec![V1, V3];
    let project = fixture.install_linked("e", &[&callee, &caller], &linked);
    let cases = [(V1, "more 11"), (V2, "more 11"), (V3, "more 33")];
    for (target, expected) in cases {
        if Some(target) <= cpu::best() {
            let text = printed(&project, &[("PUCK_TARGET", target.name())]);
            assert_eq!(text, expected, "{target}");
        }
    }
    linked.targets = vec![V3];
    let project = fixture.install_linked("above", &[&callee, &caller], &linked);
    let text = printed(&project, &[("PUCK_TARGET", "x86-64-v2")]);
    let expected = "is compiled for x86-64-v3, but this process may use no more than x86-64-v2";
    assert!(cpu::best() < Some(V2) || text.contains(expected), "{text}");
}

#[test]
fn an_image_for_another_processor_gives_way_to_a_lower_level_and_lto_says_so() {
    let Some(mut other) = cpu::processor("generic").filter(|p| p.target > Target::X86_64) else {
        return;
    };
    other.features.push("unheard-of".to_owned());
    let (callee, caller) = packages();
    let fixture = Fixture::new();
    let mut linked = Linked::image();
    linked.targets = vec![Target::X86_64, other.target];
    linked.processor = Some(other.clone());
    let project = fixture.install_linked("other", &[&callee, &caller], &linked);
    assert_eq!(printed(&project, &[]), "more 11");
    linked.processor = cpu::processor("generic");
    let project = fixture.install_linked("mine", &[&callee, &caller], &linked);
    assert_ne!(printed(&project, &[]), "more 11");

    let mut linked = Linked::lto();
    linked.processor = Some(other.clone());
    let project = fixture.install_linked("lto", &[&callee, &caller], &linked);
    let text = printed(&project, &[]);
    let expected = format!(
        "refused the environment {} was compiled for {other}; this processor lacks unheard-of | `puck install`",
        fixture.path().join("environments/lto").display()
    );
    assert!(text.starts_with(&expected), "{text}");
    // As for the processor, so for what it is told to do without.
    linked.processor = Some(Processor::of(other.target));
    let project = fixture.install_linked("level", &[&callee, &caller], &linked);
    assert_eq!(printed(&project, &[]), "more 11");
    let text = printed(&project, &[("PUCK_TARGET", "x86-64")]);
    let expected = format!(
        "is compiled for {}, but this process may use no more than x86-64 |",
        other.target
    );
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn documents_that_contradict_their_mode_or_are_newer() {
    let package = callee("images-document");
    let fixture = Fixture::new();
    let project = fixture.install_linked("e", &[&package], &Linked::lto());
    let path = project.join(".puck/environment.json");
    let whole = fs_err::read_to_string(&path).unwrap();
    let with = |text: &str| {
        fs_err::write(&path, text).unwrap();
        let error = Environment::open(&project).and_then(|e| number(&e, "images-document::number"));
        told(&fixture, &error.unwrap_err())
    };
    assert_snapshot!(with(&whole.replace("\"lto\"", "\"thin\"")), @"
    [T]/environments/e/environment.json has the link mode `thin`; this program knows dynamic, image and lto
    hint: build this program with a newer puck-runtime, or use a newer libpuck
    ");
    let without = |key: &str| {
        let mut json: serde_json::Value = serde_json::from_str(&whole).unwrap();
        json.as_object_mut().unwrap().remove(key);
        with(&json.to_string())
    };
    assert_snapshot!(without("image"), @"
    [T]/environments/e/environment.json is damaged: its link mode is lto, but it names no image
    hint: `puck install` puts it in place again
    ");
    assert!(without("processor").contains("its link mode is lto, but it names no processor"));
    fs_err::write(&path, &whole).unwrap();
    fs_err::remove_file(project.join(".puck/lib").join(package.soname())).unwrap();
    let environment = Environment::open(&project).unwrap();
    assert_eq!(environment.link(), LinkMode::Lto);
    // The filter is no one's business who calls functions.
    assert_eq!(number(&environment, "images-document::number").unwrap(), 1);
    let error = environment.load(&package.soname()).unwrap_err();
    assert!(matches!(error, Error::MissingFile { .. }), "{error}");
}

#[test]
fn a_long_list_is_read_where_it_is_asked() {
    let (callee, other) = (callee("images-long-m"), release("images-long-z"));
    let fixture = Fixture::new();
    let packages = [&callee, &other];
    let project = fixture.install_linked("e", &packages, &Linked::image());
    let path = project.join(".puck/environment.json");
    let mut document = EnvironmentDocument::parse("", &fs_err::read(&path).unwrap()).unwrap();
    let template = callee.facts();
    for letter in 'a'..='y' {
        let mut facts = template.clone();
        facts.name = format!("images-long-{letter}{letter}").parse().unwrap();
        facts.soname = puck_package::soname(&facts.name, &facts.series);
        document.packages.push(facts);
    }
    document
        .packages
        .sort_by(|one, two| one.name.cmp(&two.name));
    let whole = String::from_utf8(document.to_json()).unwrap();
    let with = |text: &str| {
        fs_err::write(&path, text).unwrap();
        Environment::open(&project)
    };
    let names = ["images-long-m::number", "images_long_z.v1::number"];

    let environment = with(&whole).unwrap();
    assert_eq!(
        names.map(|name| number(&environment, name).unwrap()),
        [1, 4]
    );
    let error = number(&environment, "images-long-q::number").unwrap_err();
    assert!(matches!(error, Error::UnknownPackage { .. }), "{error}");
    assert_eq!(environment.packages().unwrap(), document.packages);
    assert_eq!(
        names.map(|name| number(&environment, name).unwrap()),
        [1, 4]
    );

    // One spoilt entry is an error where it is asked for, or the whole list is.
    let spoilt = whole.replace(
        "\"images-long-m\",\n      \"version\": \"1",
        "\"images-long-m\",\n      \"version\": \"x",
    );
    assert_ne!(spoilt, whole);
    let environment = with(&spoilt).unwrap();
    assert_eq!(number(&environment, names[1]).unwrap(), 4);
    for error in [
        number(&environment, names[0]).unwrap_err(),
        environment.packages().unwrap_err(),
        environment.load("images_long_m.v1.so").unwrap_err(),
    ] {
        assert!(matches!(error, Error::Document { .. }), "{error}");
    }
    assert!(with(&whole[..whole.len() - 500]).is_err());
}

fn release(name: &str) -> Package {
    Package::new(name, "1.0.0").function("number", NUMBER, "int number(void)", "{ return 4; }")
}
