//! `puck size`: the table, the page, and what is said where there is nothing to measure.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;
use crate::support::package::{NORM, VECMATH};

pub(crate) fn json(machine: &Machine, line: &str) -> Value {
    let text = machine.ok("project", &format!("size --format json {line}"));
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn number(value: &Value, key: &str) -> u64 {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no number {key} in {value:#}"))
}

pub(crate) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn a_table() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    machine.project(&[("linalg", "1")]);
    machine.ok("project", "install");
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d+\.\dx", "[N]x");
    settings.add_filter(r"-?\[SIZE\], ", "[SIZE], ");
    settings.add_filter(r"\b(code|own) +", "$1  ");
    settings.bind(|| {
        assert_snapshot!(machine.ok("project", "size --target x86-64 --sort name"), @"
        package         target  exports  code  embedded  saving
        linalg   1.0.0  x86-64  1 of 1   [SIZE]  [SIZE]  [SIZE], [N]x
        vecmath  1.0.0  x86-64  2 of 2   [SIZE]  [SIZE]  [SIZE], [N]x
        all                              [SIZE]  [SIZE]  [SIZE], [N]x

        function        own  closure  reaches
        linalg::norm2   [SIZE]  [SIZE]  2
        vecmath::dot    [SIZE]  [SIZE]  1
        vecmath::scale  [SIZE]  [SIZE]  1
        ");
        assert_snapshot!(machine.ok("project", "size vecmath --top 1 --sort name"), @"
        package         target  exports  code  embedded  saving
        vecmath  1.0.0  x86-64  2 of 2   [SIZE]  [SIZE]  [SIZE], [N]x

        function      own  closure  reaches
        vecmath::dot  [SIZE]  [SIZE]  1

        1 of 2 functions; --all shows the others, --sort what comes first
        ");
    });
    // The largest first.
    let first = |sort: &str| {
        let text = machine.ok("project", &format!("size --sort {sort}"));
        let mut lines = text
            .lines()
            .skip_while(|line| !line.starts_with("function "));
        lines.nth(1).unwrap().split_once(' ').unwrap().0.to_owned()
    };
    assert_eq!(first("closure"), "linalg::norm2");
    assert_eq!(first("own"), "vecmath::dot");
    let all = machine.ok("project", "size");
    assert_eq!(machine.ok("project", "size --all"), all, "not a terminal");
    // For yourself.
    machine.ok("", "install vecmath");
    assert!(!machine.ok("project", "size --user").contains("linalg"));
}

#[test]
fn two_series_and_levels() {
    let machine = Machine::new();
    machine.publish_ir("base", "1.0.0", 1, &[]);
    machine.publish_ir("base", "2.0.0", 2, &[]);
    machine.publish_ir("middle", "1.0.0", 3, &["base"]);
    machine.project(&[("base", "2"), ("middle", "1")]);
    machine.ok("project", "install");
    let text = machine.ok("project", "size --target x86-64-v2");
    for name in ["base.v1::sum", "base.v2::sum", "middle::sum"] {
        assert!(text.contains(name), "{text}");
    }
    // The newest that runs on that level.
    assert!(
        text.contains("x86-64 ") && !text.contains("x86-64-v"),
        "{text}"
    );
    let of = |level: &str| {
        let sizes = json(&machine, &format!("--target {level}"));
        assert_eq!(sizes["packages"][0]["target"], level);
        number(&sizes["total"], "code")
    };
    assert_ne!(of("x86-64"), of("x86-64-v3"));
    // Of a package only what it calls is looked at.
    let sizes = json(&machine, "middle");
    let labels: Vec<_> = sizes["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["label"])
        .collect();
    assert_eq!(labels, ["base", "middle"]);
    assert_eq!(json(&machine, "base@2")["packages"][0]["version"], "2.0.0");
}

#[test]
fn one_library() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    machine.project(&[("linalg", "1")]);
    machine.ok("project", "install");
    let without = json(&machine, "--target x86-64");
    assert_eq!(without["image"], Value::Null);
    for mode in ["image", "lto"] {
        machine.ok("project", &format!("install --link {mode}"));
        // What the packages hold is the same; beside it stands what was made of that.
        let sizes = json(&machine, "--target x86-64");
        assert_eq!(sizes["link"], mode);
        assert_eq!(sizes["functions"], without["functions"]);
        let soname = sizes["image"]["soname"].as_str().unwrap();
        let library = machine.path("project/.puck/lib").join(soname);
        let size = fs_err::metadata(library).unwrap().len();
        assert_eq!(number(&sizes["image"], "bytes"), size, "{mode}");
        let text = machine.ok("project", "size");
        let line = text.lines().find(|line| line.starts_with(mode)).unwrap();
        assert!(line.contains(" in one file, puck."), "{text}");
    }
}

#[test]
fn a_page() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    machine.project(&[("linalg", "1")]);
    machine.ok("project", "install");
    machine.write("project/size.html", "what was there");
    assert_snapshot!(machine.puck("project", "size --html size.html"), @"
    exit 0
    --- stderr
           Wrote size.html
    ");
    let page = machine.read("project/size.html");
    for part in [
        "<!doctype html>",
        "Content-Security-Policy",
        "prefers-color-scheme: dark",
        "vecmath::dot",
        "linalg",
        "class=\"map own\"",
        "class=\"map closure\"",
        "Calls between packages",
        "</html>",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "{page}"
    );
    let names: BTreeSet<_> = fs_err::read_dir(machine.path("project"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        names,
        set(&[".puck", "Puck.lock", "Puck.toml", "size.html"])
    );

    machine.write("project/folder/x", "");
    assert_snapshot!(machine.refused("project", "size --html absent/size.html"), @"
    exit 1
    --- stderr
    error: cannot write [WORK]/project/absent/size.html: entity not found
    ");
    assert_snapshot!(machine.refused("project", "size --html folder"), @"
    exit 1
    --- stderr
    error: cannot write [WORK]/project/folder: is a directory
    ");
}

/// Names and documentation may be anything; none of it reaches the page as markup, or the terminal
/// as what steers it.
#[test]
fn hostile_names() {
    let machine = Machine::new();
    machine.write(
        "evil/Puck.toml",
        "[package]\nname = \"evil\"\nversion = \"1.0.0\"\n\n\
         [build]\nsources = [\"src/*.ll\"]\ntargets = [\"x86-64\"]\n\n\
         [[function]]\nname = \"call\"\nsignature = \"fn(x: i64) -> i64\"\n\
         doc = \"</script><script>alert('doc')</script>\"\n",
    );
    machine.write(
        "evil/src/evil.ll",
        "define internal i64 @\"</script><img src=x onerror=alert(1)>\\1B[2J\"(i64 %x) noinline {
           %y = mul i64 %x, %x
           %z = sdiv i64 %y, 7
           ret i64 %z
         }
         define i64 @call(i64 %x) {
           %y = call i64 @\"</script><img src=x onerror=alert(1)>\\1B[2J\"(i64 %x)
           %z = add i64 %x, %y
           ret i64 %z
         }\n",
    );
    machine.ok("evil", "publish");
    machine.project(&[("evil", "1")]);
    machine.ok("project", "install");
    let text = machine.ok("project", "size");
    assert!(
        text.contains("<img src=x") && !text.contains('\u{1b}'),
        "{text:?}"
    );
    machine.ok("project", "size --html size.html");
    let page = machine.read("project/size.html");
    assert!(
        page.contains("&lt;img src=x") && page.contains("alert(&#39;doc&#39;)"),
        "{page}"
    );
    assert!(!page.contains("<img") && !page.contains('\u{1b}'), "{page}");
    assert_eq!(
        page.matches("<script").count(),
        2,
        "the numbers, and the page's own"
    );
}

#[test]
fn what_is_not_there() {
    let machine = Machine::new();
    machine.project(&[]);
    assert_snapshot!(machine.refused("project", "size"), @"
    exit 1
    --- stderr
    error: there is no environment yet

    hint: run `puck install`
    ");
    machine.ok("project", "install");
    assert_snapshot!(machine.puck("project", "size"), @"
    exit 0
    --- stderr
           Empty nothing is installed
    ");
    assert_eq!(json(&machine, "")["functions"], serde_json::json!([]));

    machine.c_package("linalg", "1.0.0", "int one(void) { return 1; }\n", "");
    machine.ok("linalg", "publish");
    machine.project(&[("linalg", "1")]);
    machine.ok("project", "install");
    assert_snapshot!(machine.refused("project", "size linlag"), @"
    exit 1
    --- stderr
    error: `linlag` is not installed here

    hint: did you mean `linalg`?
    ");
    assert_snapshot!(machine.refused("project", "size other"), @"
    exit 1
    --- stderr
    error: `other` is not installed here

    hint: `puck list` shows what is; --user looks at your own environment
    ");
    assert_snapshot!(machine.refused("project", "size linalg@2"), @"
    exit 1
    --- stderr
    error: no `linalg` that matches `^2` is installed here; there is 1.0.0
    ");
    // The store lost it.
    fs_err::rename(machine.home().join("packages"), machine.home().join("gone")).unwrap();
    assert_snapshot!(machine.refused("project", "size"), @"
    exit 1
    --- stderr
    error: linalg 1.0.0 is not in the store, or not whole there

    hint: `puck install` makes it again
    ");
}
