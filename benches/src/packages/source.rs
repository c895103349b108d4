//! The sources of a package of the graph, for each of the three tools: they do the same.

use std::fmt::Write as _;

use super::graph::{Graph, name};

/// The LLVM IR of a package: `evaluate` calls the `evaluate` of every dependency, `dot` and `scale`
/// are loops over arrays, which come out differently for each level of the processor.
pub(super) fn ir(graph: &Graph, package: usize) -> String {
    let mut text = String::new();
    for &dependency in &graph.dependencies[package] {
        let _ = writeln!(
            text,
            "declare double @\"{}::evaluate\"(double)",
            name(dependency)
        );
    }
    let constant = format!("{package}.5");
    let _ = write!(
        text,
        "\ndefine double @evaluate(double %x) {{\n  %s0 = fmul double %x, {constant}\n"
    );
    for (i, &dependency) in graph.dependencies[package].iter().enumerate() {
        let _ = write!(
            text,
            "  %v{i} = call double @\"{}::evaluate\"(double %x)\n  \
             %s{} = fadd double %s{i}, %v{i}\n",
            name(dependency),
            i + 1
        );
    }
    let last = graph.dependencies[package].len();
    let _ = write!(text, "  ret double %s{last}\n}}\n");
    text.push_str(&LOOPS.replace("CONSTANT", &constant));
    text
}

const LOOPS: &str = "
define double @dot(i64 %n, ptr readonly %x, ptr readonly %y) {
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi double [ CONSTANT, %entry ], [ %more, %loop ]
  %px = getelementptr inbounds double, ptr %x, i64 %i
  %py = getelementptr inbounds double, ptr %y, i64 %i
  %vx = load double, ptr %px, align 8
  %vy = load double, ptr %py, align 8
  %product = fmul double %vx, %vy
  %more = fadd double %sum, %product
  %next = add nuw i64 %i, 1
  %again = icmp ult i64 %next, %n
  br i1 %again, label %loop, label %done
done:
  %result = phi double [ CONSTANT, %entry ], [ %more, %loop ]
  ret double %result
}

define void @scale(i64 %n, ptr %x) {
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %px = getelementptr inbounds double, ptr %x, i64 %i
  %old = load double, ptr %px, align 8
  %new = fmul double %old, CONSTANT
  store double %new, ptr %px, align 8
  %next = add nuw i64 %i, 1
  %again = icmp ult i64 %next, %n
  br i1 %again, label %loop, label %done
done:
  ret void
}
";

/// `Puck.toml` of a package.
pub(super) fn manifest(graph: &Graph, package: usize) -> String {
    let mut text = format!(
        "[package]\nname = \"{}\"\nversion = \"1.0.0\"\n\n[build]\nsources = [\"src/*.ll\"]\n",
        name(package)
    );
    for (function, signature) in [
        ("evaluate", "fn(x: f64) -> f64"),
        ("dot", "fn(n: u64, x: *const f64, y: *const f64) -> f64"),
        ("scale", "fn(n: u64, x: *mut f64)"),
    ] {
        let _ = write!(
            text,
            "\n[[function]]\nname = \"{function}\"\nsignature = \"{signature}\"\n"
        );
    }
    text.push_str("\n[dependencies]\n");
    for &dependency in &graph.dependencies[package] {
        let _ = writeln!(text, "{} = \"1.0\"", name(dependency));
    }
    text
}
