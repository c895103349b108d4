//! What `gdb` and `perf` show of functions, in every link mode. Without those programs, or where they
//! may not look into a process, the tests say so and prove nothing.

use std::io::Write as _;

use puck_package::variables;

use crate::support::Machine;
use crate::support::run::Run;

const KERNEL: &str = "\
#include <stdint.h>
static __attribute__((noinline)) double inner_sum(uint64_t n, double x)
{
    double sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += x / (double)(i + 1);
    return sum;
}
double outer_step(uint64_t n, double x)
{
    return inner_sum(n, x) + 1;
}
";

const SOLVER: &str = "\
#include <kernel.h>
double solve(uint64_t n, double x)
{
    double sum = 0;
    for (uint64_t i = 0; i < 40; i++)
        sum += kernel_outer_step(n, x + (double)i);
    return sum;
}
";

const MAIN: &str = "\
#include <solver.h>
#include <stdio.h>
int main(int count, char **arguments)
{
    (void)arguments;
    printf(\"%g\\n\", solver_solve(count > 1 ? 3000000 : 10, 1.0));
    return 0;
}
";

/// A machine with a program that is linked to an environment.
fn machine(mode: &str, debug: bool) -> Machine {
    let machine = Machine::new();
    let debug = format!("targets = [\"x86-64\"]\ndebug = {debug}");
    for (name, source, needs) in [
        ("kernel", KERNEL, ""),
        ("solver", SOLVER, "kernel = \"1\"\n"),
    ] {
        machine.c_package(name, "1.0.0", source, needs);
        machine.edit(
            format!("{name}/Puck.toml"),
            "targets = [\"x86-64\"]",
            &debug,
        );
        machine.ok(name, "publish");
    }
    machine.project(&[("solver", "1")]);
    machine.write("project/main.c", MAIN);
    machine.ok("project", &format!("install --link {mode}"));
    let script = "cc -O1 main.c $($puck environment --flags) -o main && ./main";
    machine.shell("project", script).ok();
    machine
}

/// Whether a program is there and works; says so where not.
fn works(machine: &Machine, program: &str, line: &str, sign: &str) -> bool {
    let path = variables::get(variables::PATH).unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        skipped(format_args!("there is no {program} on this machine"));
        return false;
    }
    let run = machine.program(program, "", line).run();
    if run.code != Some(0) || !run.stdout.contains(sign) {
        skipped(format_args!(
            "{program} cannot look into processes here\n{run}"
        ));
        return false;
    }
    true
}

/// Says why nothing is proved here.
fn skipped(why: std::fmt::Arguments<'_>) {
    _ = writeln!(std::io::stderr(), "skipped: {why}");
}

fn gdb_works(machine: &Machine) -> bool {
    let line = "-nx -batch -ex 'break main' -ex run -ex 'echo stopped' --args true";
    // A program without symbols has no `main`, but runs to its end.
    works(machine, "gdb", line, "exited normally")
}

/// What gdb says when the innermost function is reached.
fn backtrace(machine: &Machine) -> Run {
    let line = "-nx -batch -iex 'set debuginfod enabled off' -ex 'break main' -ex run \
                -ex 'rbreak inner_sum' -ex continue -ex backtrace ./main";
    machine.program("gdb", "project", line).run()
}

/// The names in a backtrace, the innermost first.
fn frames(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines
        .map(|line| {
            let name = line.split_once(" in ").map_or(line, |(_, rest)| rest);
            let name =
                name.trim_start_matches(|c: char| c == '#' || c == ' ' || c.is_ascii_digit());
            name.split(' ').next().unwrap_or_default().to_owned()
        })
        .collect()
}

/// Exports have their link names, other functions those of the source.
fn names_in_gdb(mode: &str) {
    let machine = machine(mode, false);
    if !gdb_works(&machine) {
        return;
    }
    let run = backtrace(&machine);
    let names = frames(&run.stdout);
    // A whole program is free to inline what stands between.
    let inlined = mode == "lto";
    let is = |at: usize, start: &str| names.get(at).is_some_and(|name| name.starts_with(start));
    let inner = names.first().map(String::as_str);
    // In a program of several packages, functions of the same name are told apart.
    let expected = if inlined {
        "kernel.v1.inner_sum"
    } else {
        "inner_sum"
    };
    assert_eq!(inner, Some(expected), "{mode}: {run}");
    let next = if is(1, "kernel.v1.outer_step.") { 2 } else { 1 };
    assert!(next == 2 || inlined, "{mode}: {run}");
    assert!(
        is(next, "solver.v1.solve.") && is(next + 1, "main"),
        "{mode}: {run}"
    );
    // An export is found by its name.
    let line = "-nx -batch -iex 'set debuginfod enabled off' -ex 'break main' -ex run \
                -ex 'rbreak ^solver.v1.solve' -ex continue -ex backtrace ./main";
    let run = machine.program("gdb", "project", line).run();
    assert!(
        frames(&run.stdout)[0].starts_with("solver.v1.solve."),
        "{mode}: {run}"
    );
}

/// With `debug = true`, files and lines, and the names of the source.
fn lines_in_gdb(mode: &str) {
    let machine = machine(mode, true);
    if !gdb_works(&machine) {
        return;
    }
    let run = backtrace(&machine);
    let frame = run
        .stdout
        .lines()
        .find(|line| line.starts_with("#0"))
        .unwrap_or_default();
    assert!(
        frame.contains("inner_sum (") && frame.contains("kernel.c:"),
        "{mode}: {run}"
    );
    assert!(run.stdout.contains("solver.c:6"), "{mode}: {run}");
}

/// Most of the time is spent in the innermost function, under its name.
fn names_in_perf(mode: &str) {
    let machine = machine(mode, false);
    if !works(
        &machine,
        "perf",
        "record -q -e cpu-clock:u -o probe.data -- echo works",
        "works",
    ) {
        return;
    }
    let line = "record -q -e cpu-clock:u -o perf.data -- ./main much";
    machine.program("perf", "project", line).ok();
    let line = "report --stdio --no-children --sort symbol -i perf.data";
    let report = machine.program("perf", "project", line).ok();
    let mut lines = report
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    assert!(first.contains("inner_sum"), "{mode}: {report}");
}

#[test]
fn libraries_in_gdb() {
    names_in_gdb("dynamic");
    lines_in_gdb("dynamic");
}

#[test]
fn libraries_in_perf() {
    names_in_perf("dynamic");
}

#[test]
fn an_image_in_gdb() {
    names_in_gdb("image");
    lines_in_gdb("image");
}

#[test]
fn an_image_in_perf() {
    names_in_perf("image");
}

#[test]
fn a_program_in_gdb() {
    names_in_gdb("lto");
    lines_in_gdb("lto");
}

#[test]
fn a_program_in_perf() {
    names_in_perf("lto");
}
