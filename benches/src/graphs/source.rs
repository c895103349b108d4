//! The functions' sources, in C and as LLVM IR: the same function in both.
//!
//! `double f(double x, int64_t n)` fills an array of `n` numbers with a sine and a ramp, one of `2 n`
//! with a constant, adds both up, and adds a thousandth of what its callees return. They are called
//! with `n - 1`, and only while that is positive: without an end to it, a graph of 100 layers would
//! make 3^100 calls. The constants differ from function to function, so that none can be folded
//! into another.

use std::fmt::Write as _;

use super::division::Division;
use super::graph::{Graph, name};

/// What a graph is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    C,
    Ir,
}

impl Language {
    pub(super) fn title(self) -> &'static str {
        match self {
            Language::C => "C",
            Language::Ir => "LLVM IR",
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Language::C => "c",
            Language::Ir => "ll",
        }
    }
}

/// Whom a source is written for.
#[derive(Clone, Copy)]
pub(super) enum Names {
    /// Callees have their plain names.
    Plain,
    /// Callees in other packages are called through these.
    Packages(Division),
}

impl Names {
    /// The package of a callee, if that is another one than the caller's.
    fn package(self, function: usize, callee: usize) -> Option<String> {
        match self {
            Names::Plain => None,
            Names::Packages(division) => {
                let package = division.part_of(callee);
                (package != division.part_of(function)).then_some(package)
            }
        }
    }
}

/// The source of a function. The revision changes what it computes, and nothing else.
pub(super) fn text(
    language: Language,
    graph: &Graph,
    function: usize,
    names: Names,
    revision: usize,
) -> String {
    let constant = function as f64 + 0.25 + revision as f64;
    match language {
        Language::C => c(graph, function, names, constant),
        Language::Ir => ir(graph, function, names, constant),
    }
}

/// What the array is filled with: the sine's factor and the ramp's slope.
fn coefficients(function: usize) -> (f64, f64) {
    (function as f64 + 1.0, (function % 7) as f64 + 0.5)
}

fn c(graph: &Graph, function: usize, names: Names, constant: f64) -> String {
    let mut text = "#include <math.h>\n#include <stdint.h>\n#include <stdlib.h>\n".to_owned();
    let mut calls = String::new();
    for &callee in &graph.callees[function] {
        let called = match names.package(function, callee) {
            Some(package) => {
                let _ = writeln!(text, "#include \"{package}.h\"");
                format!("{package}_{}", name(callee))
            }
            None => {
                let _ = writeln!(text, "double {}(double, int64_t);", name(callee));
                name(callee)
            }
        };
        let _ = writeln!(
            calls,
            "        s += {called}(x + {callee}.5, n - 1) * 1e-3;"
        );
    }
    let (factor, slope) = coefficients(function);
    let _ = write!(
        text,
        "
double {name}(double x, int64_t n)
{{
    double *a = malloc(n * sizeof *a), *b = malloc(2 * n * sizeof *b);
    for (int64_t i = 0; i < n; i++)
        a[i] = sin(x * {factor:?}) + i * {slope:?};
    for (int64_t i = 0; i < 2 * n; i++)
        b[i] = {constant:?};
    double s = 0, t = 0;
    for (int64_t i = 0; i < n; i++)
        s += a[i];
    for (int64_t i = 0; i < 2 * n; i++)
        t += b[i];
    s += t;
    if (n > 1) {{
{calls}    }}
    free(a);
    free(b);
    return s;
}}
",
        name = name(function)
    );
    text
}

fn ir(graph: &Graph, function: usize, names: Names, constant: f64) -> String {
    let mut text = "declare ptr @malloc(i64)\ndeclare void @free(ptr)\n\
                    declare double @sin(double)\n"
        .to_owned();
    let mut calls = String::new();
    let mut sum = "%total".to_owned();
    for (number, &callee) in graph.callees[function].iter().enumerate() {
        let called = match names.package(function, callee) {
            Some(package) => format!("@\"{package}::{}\"", name(callee)),
            None => format!("@{}", name(callee)),
        };
        let _ = writeln!(text, "declare double {called}(double, i64)");
        let _ = write!(
            calls,
            "  %x{number} = fadd double %x, {callee}.5\n  \
             %r{number} = call double {called}(double %x{number}, i64 %less)\n  \
             %p{number} = fmul double %r{number}, 0x3F50624DD2F1A9FC\n  \
             %s{number} = fadd double {sum}, %p{number}\n"
        );
        sum = format!("%s{number}");
    }
    let (factor, slope) = coefficients(function);
    let body = BODY
        .replace("FACTOR", &format!("{factor:?}"))
        .replace("SLOPE", &format!("{slope:?}"))
        .replace("CONSTANT", &format!("{constant:?}"))
        .replace("CALLS", &calls)
        .replace("LAST", &sum)
        .replace("NAME", &name(function));
    text + &body
}

const BODY: &str = "
define double @NAME(double %x, i64 %n) {
entry:
  %size = shl i64 %n, 3
  %a = call ptr @malloc(i64 %size)
  %twice = shl i64 %n, 1
  %double = shl i64 %n, 4
  %b = call ptr @malloc(i64 %double)
  br label %fill
fill:
  %i = phi i64 [ 0, %entry ], [ %i.next, %fill.body ]
  %i.more = icmp slt i64 %i, %n
  br i1 %i.more, label %fill.body, label %same
fill.body:
  %angle = fmul double %x, FACTOR
  %sine = call double @sin(double %angle)
  %place = sitofp i64 %i to double
  %ramp = fmul double %place, SLOPE
  %value = fadd double %sine, %ramp
  %a.i = getelementptr inbounds double, ptr %a, i64 %i
  store double %value, ptr %a.i, align 8
  %i.next = add nsw i64 %i, 1
  br label %fill
same:
  %j = phi i64 [ 0, %fill ], [ %j.next, %same.body ]
  %j.more = icmp slt i64 %j, %twice
  br i1 %j.more, label %same.body, label %sum
same.body:
  %b.j = getelementptr inbounds double, ptr %b, i64 %j
  store double CONSTANT, ptr %b.j, align 8
  %j.next = add nsw i64 %j, 1
  br label %same
sum:
  %k = phi i64 [ 0, %same ], [ %k.next, %sum.body ]
  %s = phi double [ 0.0, %same ], [ %s.next, %sum.body ]
  %k.more = icmp slt i64 %k, %n
  br i1 %k.more, label %sum.body, label %other
sum.body:
  %a.k = getelementptr inbounds double, ptr %a, i64 %k
  %a.value = load double, ptr %a.k, align 8
  %s.next = fadd double %s, %a.value
  %k.next = add nsw i64 %k, 1
  br label %sum
other:
  %l = phi i64 [ 0, %sum ], [ %l.next, %other.body ]
  %t = phi double [ 0.0, %sum ], [ %t.next, %other.body ]
  %l.more = icmp slt i64 %l, %twice
  br i1 %l.more, label %other.body, label %both
other.body:
  %b.l = getelementptr inbounds double, ptr %b, i64 %l
  %b.value = load double, ptr %b.l, align 8
  %t.next = fadd double %t, %b.value
  %l.next = add nsw i64 %l, 1
  br label %other
both:
  %total = fadd double %s, %t
  %deeper = icmp sgt i64 %n, 1
  br i1 %deeper, label %calls, label %done
calls:
  %less = add nsw i64 %n, -1
CALLS  br label %done
done:
  %result = phi double [ %total, %both ], [ LAST, %calls ]
  call void @free(ptr %a)
  call void @free(ptr %b)
  ret double %result
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_functions_are_the_same() {
        let graph = Graph::new(10);
        for language in [Language::C, Language::Ir] {
            let mut bodies: Vec<String> = (0..10)
                .map(|function| {
                    let text = text(language, &graph, function, Names::Plain, 0);
                    text.replace(&name(function), "f")
                })
                .collect();
            bodies.sort();
            bodies.dedup();
            assert_eq!(bodies.len(), 10);
        }
    }

    #[test]
    fn callees_of_other_packages_are_called_through_them() {
        let graph = Graph::new(20);
        let callee = graph.callees[15][0];
        let source = |language, division| text(language, &graph, 15, Names::Packages(division), 0);
        let (part, layer) = (format!("part{callee:04}"), "layer00");
        let c = source(Language::C, Division::Function);
        assert!(c.contains(&format!("#include \"{part}.h\"")));
        assert!(c.contains(&format!("{part}_f{callee:04}(x + {callee}.5, n - 1)")));
        let ir = source(Language::Ir, Division::Layer);
        assert!(ir.contains(&format!("call double @\"{layer}::f{callee:04}\"(")));
        let one = source(Language::C, Division::One);
        assert!(one.contains(&format!("double f{callee:04}(double, int64_t);")));
    }

    #[test]
    fn a_revision_changes_a_constant_only() {
        let graph = Graph::new(20);
        for language in [Language::C, Language::Ir] {
            let at = |revision| text(language, &graph, 3, Names::Plain, revision);
            assert_eq!(at(0), text(language, &graph, 3, Names::Plain, 0));
            assert_eq!(at(0).replace("3.25", "5.25"), at(2));
        }
    }
}
