//! Programs that are so large that they are compiled in parts.

use puck_compiler::Code;

use crate::packages::{Packages, processor, slices, symbols};

/// Packages `g0` to `g17` with ten functions each, of which each calls three of the package before,
/// counts its calls in a variable of the package, and looks into a table.
fn graph() -> Packages {
    let mut packages = Packages::new();
    for package in 0..18 {
        packages.add(
            &format!("g{package} 1.0.0"),
            "a.c",
            &source(package, 0),
            "opt-level = 1",
        );
    }
    packages
}

/// `edit` changes one small function.
fn source(package: usize, edit: usize) -> String {
    let mut source = String::from(
        "static long calls;\n\
         static const double table[8] = {1, 3, 5, 7, 2, 4, 6, 8};\n\
         static double helper(double x, long i) { return x * table[i & 7] + (double)calls; }\n",
    );
    for function in 0..10 {
        let number = package * 10 + function;
        let callees: Vec<usize> = match package {
            0 => Vec::new(),
            _ => (0..3)
                .map(|i| (function * 3 + i * 4 + package) % 10)
                .collect(),
        };
        for callee in &callees {
            let below = package - 1;
            source.push_str(&format!(
                "double f{below}_{callee}(double) __asm__(\"g{below}::f{below}_{callee}\");\n"
            ));
        }
        source.push_str(&format!(
            "double f{package}_{function}(double x) {{\n  double s = helper(x, {number}); calls++;\n"
        ));
        // Some can be inlined, some are too large.
        for step in 0..if function % 3 == 0 { 2 } else { 40 } {
            source.push_str(&format!(
                "  s = s * 0.{}5 + (s > {step}.5 ? x : -x);\n",
                step % 9 + 1
            ));
        }
        if function == 4 {
            source.push_str(&format!("  s += {edit};\n"));
        }
        for callee in callees {
            source.push_str(&format!(
                "  if (x < 7) s += 0.25 * f{}_{callee}(x + 1);\n",
                package - 1
            ));
        }
        source.push_str("  return s;\n}\n");
    }
    source
}

/// Calls go down a few packages only, so that they come to an end.
const TOP: [&str; 10] = [
    "g17::f17_0",
    "g17::f17_1",
    "g17::f17_2",
    "g17::f17_3",
    "g16::f16_4",
    "g14::f14_5",
    "g12::f12_6",
    "g10::f10_7",
    "g7::f7_8",
    "g4::f4_9",
];

fn compiled(steps: &[String]) -> usize {
    steps
        .iter()
        .filter(|step| step.starts_with("Compiling part"))
        .count()
}

/// The results of all packages' functions, each called from its own object.
fn apart(packages: &Packages) -> Vec<String> {
    let cache = packages.path().join("apart");
    let options = packages.options(&cache);
    let code = puck_compiler::specialize(&packages.ir(), &processor(), &options, &()).unwrap();
    let objects: Vec<&[u8]> = code.iter().flat_map(slices).collect();
    packages.run(&objects, &TOP)
}

#[test]
fn a_program_in_parts_does_what_its_packages_do() {
    let mut packages = graph();
    let (code, steps) = packages.program(&TOP);
    let parts = code.objects.len();
    assert!((3..18).contains(&parts), "{parts} parts");
    assert_eq!(compiled(&steps), parts);
    let (visible, hidden, undefined) = symbols(&code);
    let mut expected = TOP.map(|path| packages.link_name(path).to_string());
    expected.sort();
    assert_eq!(visible, expected);
    // What parts need of each other is there once.
    let mut once = hidden.clone();
    once.dedup();
    assert_eq!(hidden, once);
    for symbol in &undefined {
        let is_there =
            hidden.binary_search(symbol).is_ok() || visible.binary_search(symbol).is_ok();
        assert!(is_there, "{symbol}");
    }
    assert!(
        hidden.iter().any(|name| name == "g3.v1.calls"),
        "{hidden:?}"
    );
    let results = packages.run(&slices(&code), &TOP);
    assert_eq!(results, apart(&packages));

    // Whatever the number of threads and the order of the packages.
    for jobs in [1, 5] {
        packages.jobs = jobs;
        fs_err::remove_dir_all(packages.path().join("cache")).unwrap();
        packages.built.reverse();
        let (again, _) = packages.program(&TOP);
        assert_eq!(digests(&again), digests(&code), "{jobs} jobs");
    }
}

fn digests(code: &Code) -> Vec<puck_package::Digest> {
    code.objects
        .iter()
        .map(|object| puck_package::Digest::of(object))
        .collect()
}

#[test]
fn only_the_parts_that_a_change_reaches_are_compiled_again() {
    let mut packages = graph();
    let (first, steps) = packages.program(&TOP);
    assert_eq!(
        steps
            .iter()
            .filter(|step| step.starts_with("Reading"))
            .count(),
        18
    );
    let (same, steps) = packages.program(&TOP);
    assert_eq!(
        (same.objects == first.objects, steps.as_slice()),
        (true, &[][..])
    );

    packages.add("g7 1.0.0", "a.c", &source(7, 1000), "opt-level = 1");
    let (changed, steps) = packages.program(&TOP);
    let (parts, again) = (changed.objects.len(), compiled(&steps));
    assert_eq!(
        steps
            .iter()
            .filter(|step| step.starts_with("Reading"))
            .count(),
        1
    );
    assert!(again >= 1 && again * 2 <= parts, "{again} of {parts}");
    assert_eq!(packages.run(&slices(&changed), &TOP), apart(&packages));

    // Back again, nothing is left to do.
    packages.add("g7 1.0.0", "a.c", &source(7, 0), "opt-level = 1");
    let (back, steps) = packages.program(&TOP);
    assert_eq!(
        (back.objects == first.objects, steps.as_slice()),
        (true, &[][..])
    );
}

#[test]
fn a_damaged_or_emptied_cache_is_repaired() {
    let mut packages = Packages::new();
    packages.add(
        "base 1.0.0",
        "a.c",
        "double twice(double x) { return x * 2; }",
        "",
    );
    let (first, _) = packages.program(&["base::twice"]);
    let folder = packages.path().join("cache/objects");
    let entries: Vec<_> = fs_err::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert!(entries.len() >= 4, "{entries:?}");
    for entry in &entries {
        fs_err::remove_file(entry).unwrap();
        assert_eq!(packages.program(&["base::twice"]).0, first);
        fs_err::write(entry, b"nonsense").unwrap();
        assert_eq!(packages.program(&["base::twice"]).0, first);
    }
}
