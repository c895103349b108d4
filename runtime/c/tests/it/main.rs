//! C and C++ programs that are compiled against `puck.h` and linked with `libpuck`.

#[path = "../../../tests/it/fixture.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the Rust API, which use more of it"
)]
mod fixture;
#[path = "../../../tests/it/linked.rs"]
mod linked;

use std::path::{Path, PathBuf};
use std::process::Command;

use fixture::{Fixture, Package, run};
use linked::Linked;

/// The folder of this workspace's `puck.h`.
fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../include")
}

/// The folder of `libpuck.so`, which is built before these tests: beside them.
fn library() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().unwrap();
    assert!(
        folder.join("libpuck.so").is_file(),
        "no libpuck.so in {}",
        folder.display()
    );
    folder.to_owned()
}

fn compile(fixture: &Fixture, compiler: &str, name: &str, source: &str) -> PathBuf {
    let (file, program) = (fixture.path().join(name), fixture.path().join("program"));
    fs_err::write(&file, source).unwrap();
    run(Command::new(compiler)
        .args(["-Wall", "-Wextra", "-Werror", "-O1"])
        .arg("-I")
        .arg(include())
        .arg("-o")
        .args([&program, &file])
        .arg("-L")
        .arg(library())
        .arg("-lpuck")
        .arg(format!("-Wl,-rpath,{}", library().display())));
    program
}

fn linalg() -> Package {
    let mut package = Package::new("linalg", "1.2.0")
        .function(
            "dot",
            "fn(n: u64, x: *const f64, y: *const f64) -> f64",
            "double dot(u64 n, const double *x, const double *y)",
            "{ double s = 0; for (u64 i = 0; i < n; i++) s += x[i] * y[i]; return s; }",
        )
        .function("one", "fn() -> i32", "int one(void)", "{ return 1; }");
    package.document.functions[0].doc = Some("The inner product.".to_owned());
    package
}

#[test]
fn the_example_of_the_header() {
    let header = fs_err::read_to_string(include().join("puck.h")).unwrap();
    let example: String = header
        .lines()
        .skip_while(|line| !line.contains("#include <puck.h>"))
        .take_while(|line| !line.contains("cc example.c"))
        .map(|line| line.trim_start_matches(" *").to_owned() + "\n")
        .collect();
    let fixture = Fixture::new();
    let project = fixture.install("e", &[&linalg()]);
    let program = compile(&fixture, "cc", "example.c", &example);
    assert_eq!(run(Command::new(&program).current_dir(&project)), "32\n");

    let output = Command::new(&program)
        .current_dir(fixture.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("no environment in .: "), "{stderr}");
    assert!(stderr.contains("\nhint: `puck install`"), "{stderr}");
}

/// Every function of the header, each failure with its status; also as C++.
const EVERYTHING: &str = r#"
#include <puck.h>
#include <stdio.h>
#include <string.h>

static int failed;
static void check(int holds, const char *what) {
    if (!holds) { printf("not so: %s (%s)\n", what, puck_error_message()); failed = 1; }
}
#define CHECK(condition) check((condition), #condition)

static int package(void *context, const char *name, const char *version, const char *series, int direct) {
    printf("%s %s %s %d\n", name, version, series, direct);
    return ++*(int *)context > 0;
}
static int function(void *context, const char *name, const char *signature, const char *link_name, const char *doc) {
    printf("%s %s %.12s %s\n", name, signature, link_name, doc ? doc : "-");
    strcpy((char *)context, link_name);
    return 0;
}

int main(int count, char **arguments) {
    puck_environment *environment = NULL;
    double (*dot)(uint64_t, const double *, const double *);
    int (*one)(void);
    void *pointer = &failed;
    int seen = 0;
    char link_name[100];
    const double x[] = {1, 2};
    if (count != 2) return 2;
    CHECK(strcmp(puck_error_message(), "") == 0);
    CHECK(strlen(puck_version()) >= 5);
    CHECK(puck_open(NULL, &environment) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_open(arguments[1], NULL) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_open("/nonexistent", &environment) == PUCK_NO_ENVIRONMENT);
    CHECK(puck_open_user(&environment) == PUCK_NO_ENVIRONMENT);
    CHECK(environment == NULL);
    puck_close(NULL);
    CHECK(puck_open(arguments[1], &environment) == PUCK_OK);

    CHECK(PUCK_FUNCTION(environment, "linalg::dot", "fn(n: u64, *const f64, *const f64) -> f64", &dot) == PUCK_OK);
    CHECK(PUCK_FUNCTION(environment, "linalg.v1::one", "fn()->i32", &one) == PUCK_OK);
    CHECK(puck_function(NULL, "linalg::one", "fn()->i32", &pointer) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_function(environment, NULL, "fn()->i32", &pointer) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_function(environment, "linalg::one", NULL, &pointer) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_function(environment, "linalg::one", "fn()->i32", NULL) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_function(environment, "one", "fn()->i32", &pointer) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_function(environment, "linalg::one", "fn(->i32", &pointer) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_function(environment, "lin\xff", "fn()->i32", &pointer) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_function(environment, "algebra::one", "fn()->i32", &pointer) == PUCK_NO_PACKAGE);
    CHECK(puck_function(environment, "linalg.v7::one", "fn()->i32", &pointer) == PUCK_NO_PACKAGE);
    CHECK(puck_function(environment, "linalg::two", "fn()->i32", &pointer) == PUCK_NO_FUNCTION);
    CHECK(puck_function(environment, "linalg::one", "fn()->i64", &pointer) == PUCK_WRONG_TYPE);
    CHECK(strstr(puck_error_message(), "fn() -> i64") && strstr(puck_error_message(), "fn() -> i32"));
    CHECK(puck_symbol(environment, "linalg.one", &pointer) == PUCK_INVALID_ARGUMENT);
    CHECK(pointer == &failed);

    CHECK(puck_packages(environment, package, &seen) == PUCK_OK && seen == 1);
    CHECK(puck_packages(environment, NULL, &seen) == PUCK_INVALID_ARGUMENT);
    CHECK(puck_functions(environment, "linalg", function, link_name) == PUCK_OK);
    CHECK(puck_functions(environment, "algebra", function, link_name) == PUCK_NO_PACKAGE);
    CHECK(puck_symbol(environment, link_name, &pointer) == PUCK_OK);
    CHECK(memcmp(&pointer, &one, sizeof one) == 0);
    puck_close(environment);
    CHECK(dot(2, x, x) == 5 && one() == 1);
    return failed;
}
"#;

#[test]
fn every_function_and_status() {
    let fixture = Fixture::new();
    let other = Package::new("zeta", "0.3.1").indirect();
    let (linalg, other) = (linalg(), other);
    let packages = [&linalg, &other];
    let projects = [
        fixture.install("dynamic", &packages),
        fixture.install_linked("image", &packages, &Linked::image()),
        fixture.install_linked("lto", &packages, &Linked::lto()),
    ];
    for (compiler, name) in [("cc", "everything.c"), ("c++", "everything.cpp")] {
        if compiler == "c++" && Command::new(compiler).arg("--version").output().is_err() {
            continue;
        }
        let program = compile(&fixture, compiler, name, EVERYTHING);
        let home = fixture.path().join("home");
        for project in &projects {
            let run = run(Command::new(&program).arg(project).env("PUCK_HOME", &home));
            let expected = "linalg 1.2.0 v1 1\n\
                dot fn(n: u64, x: *const f64, y: *const f64) -> f64 linalg.v1.do The inner product.\n\
                one fn() -> i32 linalg.v1.on -\n";
            assert_eq!(run, expected, "{name} {}", project.display());
        }
    }
}

/// What each mode and processor can refuse, with its status.
const REFUSED: &str = r#"
#include <puck.h>
#include <stdio.h>

int main(int count, char **arguments) {
    puck_environment *environment = NULL;
    void *pointer = NULL;
    if (count != 2) return 2;
    puck_status status = puck_open(arguments[1], &environment);
    if (status == PUCK_OK) status = puck_function(environment, "linalg::one", "fn()->i32", &pointer);
    printf("%d %s\n", (int)status, puck_error_message());
    puck_close(environment);
    return 0;
}
"#;

#[test]
fn statuses_of_link_modes() {
    let fixture = Fixture::new();
    let program = compile(&fixture, "cc", "refused.c", REFUSED);
    let linalg = linalg();
    let status = |project: &Path| run(Command::new(&program).arg(project));
    let dropped = Linked::lto().without("one");
    let text = status(&fixture.install_linked("dropped", &[&linalg], &dropped));
    assert!(
        text.starts_with("7 `linalg::one` of linalg 1.2.0 was left out"),
        "{text}"
    );
    assert!(text.contains(r#"`keep = ["linalg::one"]`"#), "{text}");

    let mut other = Linked::lto();
    if let Some(processor) = &mut other.processor {
        processor.features.push("unheard-of".to_owned());
    }
    let project = fixture.install_linked("other", &[&linalg], &other);
    let text = status(&project);
    assert!(
        text.starts_with("5 ") && text.contains("lacks unheard-of"),
        "{text}"
    );
    let path = project.join(".puck/environment.json");
    let newer = fs_err::read_to_string(&path)
        .unwrap()
        .replace("\"lto\"", "\"thin\"");
    fs_err::write(&path, newer).unwrap();
    let text = status(&project);
    assert!(
        text.starts_with("4 ") && text.contains("link mode `thin`"),
        "{text}"
    );
}

#[test]
fn what_packages_import_from_the_process() {
    let fixture = Fixture::new();
    let mut package = Package::new("hosted", "1.0.0")
        .hosted(&[("gamma", "numba-runtime"), ("occurred", "python")])
        .function(
            "root",
            "fn(result: *mut f64, exception: *mut *mut c_void, x: f64) -> i32",
            "int root(double *result, void **exception, double x)",
            "{ static const char digest[20] = {1};\
               static const struct { void *p; int n; const char *d; void *u; int k; } info = {0, 0, digest, 0, 0};\
               if (x < 0) { *exception = (void *)&info; return 1; }\
               *result = ((double (*)(double))slots[0])(x); return 0; }",
        )
        .function(
            "ask",
            "fn() -> i32",
            "int ask(void)",
            "{ return ((int (*)(void))slots[1])(); }",
        );
    let functions: Vec<_> = package
        .document
        .functions
        .iter()
        .zip(["gamma", "occurred"])
        .map(|(function, reached)| {
            format!(
                r#"{{"link-name": "{0}", "c": "{0}", "host-imports": ["{reached}"]}}"#,
                function.link_name
            )
        })
        .collect();
    package.share.push((
        "numba.json",
        format!(
            r#"{{"format": 1, "abi": "numba-cpu-1", "functions": [{}], "exceptions": {{"01{}":
               {{"class": "builtins.ValueError", "arguments": ["'negative'"], "location": ["root", "k.py", 3]}}}}}}"#,
            functions.join(", "),
            "00".repeat(19)
        ),
    ));
    let runtime = Package::new("numba-runtime", "1.0.0").function(
        "gamma",
        "fn(x: f64) -> f64",
        "double gamma_of(double x)",
        "{ return x + 20; }",
    );
    let project = fixture.install("e", &[&package, &runtime]);
    let lacking = fixture.install("lacking", &[&package]);
    let program = compile(&fixture, "cc", "program.c", HOSTED);
    let output = run(Command::new(program).args([lacking, project]));
    assert_eq!(
        output,
        "12 `hosted::root` of hosted 1.0.0 uses what nothing in this process provides:\n  numba-runtime: gamma\n\
         25\nbuiltins.ValueError: negative (root, k.py:3)\n0\n13\n12\n42\n"
    );
}

/// Opens an environment without the runtime package, then one with it, and provides the rest.
const HOSTED: &str = r#"
#include <puck.h>
#include <stdio.h>
#include <string.h>

static int answer(void) { return 42; }
static void *provide(void *context, const char *symbol, const char *provider)
{
    if (strcmp(provider, "python") == 0 && strcmp(symbol, "occurred") == 0)
        return context;
    return NULL;
}
static void show(void *context, const char *class_name, const char *message, const char *function,
                 const char *file, uint64_t line)
{
    fprintf((FILE *)context, "%s: %s (%s, %s:%d)\n", class_name, message, function, file, (int)line);
}

int main(int count, char **arguments)
{
    puck_environment *environment;
    int (*root)(double *, void **, double), (*ask)(void);
    double result;
    void *exception = NULL;
    const char *type = "fn(*mut f64, *mut *mut c_void, f64) -> i32";
    if (count != 3 || puck_open(arguments[1], &environment) != PUCK_OK)
        return 1;
    printf("%d ", PUCK_FUNCTION(environment, "hosted::root", type, &root));
    printf("%.*s\n", (int)(strstr(puck_error_message(), "\nhint: ") - puck_error_message()),
           puck_error_message());
    puck_close(environment);

    if (puck_open(arguments[2], &environment) != PUCK_OK
        || PUCK_FUNCTION(environment, "hosted::root", type, &root) != PUCK_OK)
        return 1;
    if (root(&result, &exception, 5) != 0)
        return 1;
    printf("%g\n", result);
    int status = root(&result, &exception, -5);
    if (puck_numba_exception(environment, "hosted", status, exception, show, stdout) != PUCK_OK)
        return 1;
    printf("%d\n", puck_numba_exception(environment, "hosted", 0, NULL, show, stdout));
    printf("%d\n", puck_numba_exception(environment, "hosted", 1, NULL, show, stdout));
    printf("%d\n", PUCK_FUNCTION(environment, "hosted::ask", "fn() -> i32", &ask));
    if (puck_provide(environment, NULL, NULL) != PUCK_INVALID_ARGUMENT
        || puck_provide(environment, provide, (void *)answer) != PUCK_OK
        || PUCK_FUNCTION(environment, "hosted::ask", "fn() -> i32", &ask) != PUCK_OK)
        return 1;
    printf("%d\n", ask());
    puck_close(environment);
    return 0;
}
"#;

#[test]
fn the_header_declares_what_the_library_exports() {
    let header = fs_err::read_to_string(include().join("puck.h")).unwrap();
    let symbols = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(library().join("libpuck.so")));
    let mut exported: Vec<_> = symbols
        .lines()
        .filter_map(|line| line.split(' ').nth(2))
        .filter(|name| name.starts_with("puck_"))
        .collect();
    exported.sort_unstable();
    for name in &exported {
        assert!(
            header.contains(&format!("{name}(")),
            "{name} is not in puck.h"
        );
    }
    assert_eq!(exported.len(), 11, "{exported:?}");
    // The enumerators, as declared and as returned.
    for status in [
        "PUCK_OK = 0",
        "PUCK_WRONG_TYPE = 8",
        "PUCK_INTERNAL = 11",
        "PUCK_UNKNOWN_EXCEPTION = 13",
    ] {
        assert!(header.contains(status), "{status}");
    }
}
