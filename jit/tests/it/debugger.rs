//! What `gdb` shows of callers. Without it, or where it may not look into a process, the test says so
//! and proves nothing.

use std::process::Command;

use crate::child::Step;
use crate::fixture::{Home, UNARY, line};

const CALLER: &str = r#"
    declare double @"debugged::f"(double)
    define internal double @own_helper(double %x) noinline {
      %r = call double @"debugged::f"(double %x)
      %s = fmul double %r, %x
      ret double %s
    }
    define double @run(double %x) {
      %r = call double @own_helper(double %x)
      %s = fadd double %r, 1.0
      ret double %s
    }"#;

#[test]
fn gdb_stops_in_callees_and_names_their_callers() {
    let home = Home::new();
    let package = home.package(
        "debugged",
        "1.0.0",
        &line("f", 3.0, 1.0),
        &[("f", UNARY)],
        &[],
    );
    let environment = home.linked(&[&package], Default::default());
    let step = Step {
        environment: &environment,
        cache: &home.path("callers"),
        inline: false,
        ir: CALLER,
    };
    let callee = &package.document.functions[0].link_name;
    let stop = format!("break {callee}");
    let mut gdb = Command::new("gdb");
    gdb.args(["--batch", "--nx", "-ex", "set breakpoint pending on"]);
    for order in [&stop, "run", "backtrace 3"] {
        gdb.args(["-ex", order]);
    }
    gdb.arg("--args").arg(std::env::current_exe().unwrap());
    step.give(&mut gdb);
    let Ok(output) = gdb.output() else {
        println!("skipped: there is no gdb on this machine");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("Operation not permitted") {
        println!("skipped: {errors}");
        return;
    }
    let library = home.path("callers").display().to_string();
    let frame = |number: usize| {
        let start = format!("#{number} ");
        let mut lines = text.lines();
        lines.find(|line| line.starts_with(&start)).unwrap_or(&text)
    };
    assert!(frame(0).contains(&callee.to_string()), "{text}{errors}");
    for (number, function) in [(1, "own_helper ("), (2, "run (")] {
        let frame = frame(number);
        assert!(frame.contains(function), "{text}{errors}");
        assert!(frame.contains(&library), "{text}{errors}");
    }
}
