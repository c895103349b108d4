//! The variant that is loaded: the best one, or the one that `PUCK_TARGET` allows, for each library.

use puck_package::EnvironmentDocument;
use puck_runtime::{Environment, Target, cpu};

use crate::fixture::{Fixture, Package, child, project_of_child};

type Number = extern "C" fn() -> i32;

fn levels(name: &str, targets: &[Target]) -> Package {
    Package::new(name, "1.0.0").targets(targets).function(
        "level",
        "fn() -> i32",
        "int level(void)",
        "{ return LEVEL; }",
    )
}

/// Run as a child: calls through both packages, and prints what was loaded.
#[test]
#[ignore = "a part of other tests"]
#[expect(clippy::disallowed_macros, reason = "its parent reads what it prints")]
fn report() {
    let levels = Environment::open(project_of_child())
        .and_then(|environment| environment.function::<Number>("variants-caller::levels"));
    match levels {
        Ok(levels) => {
            println!("levels {}", levels());
            let maps = fs_err::read_to_string("/proc/self/maps").unwrap();
            let mut mapped: Vec<_> = maps
                .lines()
                .filter_map(|line| line.split_once("/packages/"))
                .collect();
            mapped.dedup_by_key(|(_, path)| *path);
            mapped
                .iter()
                .for_each(|(_, path)| println!("mapped {path}"));
        }
        Err(error) => println!("refused {error} | {}", error.hint().unwrap_or_default()),
    }
}

/// The caller's level times ten and the callee's, as loaded under `PUCK_TARGET`.
fn loaded(project: &std::path::Path, target: Option<&str>) -> String {
    let variables: Vec<_> = target
        .map(|target| ("PUCK_TARGET", target))
        .into_iter()
        .collect();
    let printed = child("variants::report", project, &variables);
    let start = printed
        .find("levels ")
        .or_else(|| printed.find("refused "))
        .unwrap();
    let text = printed[start..].to_owned();
    // Each package is there once: the dynamic linker took the callee that was chosen.
    for line in text.lines().filter_map(|line| line.strip_prefix("mapped ")) {
        let package = line.split_once("-1.0.0").unwrap().0;
        let files = |l: &&str| l.starts_with(&format!("mapped {package}-1.0.0"));
        assert_eq!(text.lines().filter(files).count(), 1, "{text}");
    }
    text.lines().next().unwrap().to_owned()
}

fn project(fixture: &Fixture, caller: &[Target], callee: &[Target]) -> std::path::PathBuf {
    let callee = levels("variants-callee", callee);
    let caller = Package::new("variants-caller", "1.0.0")
        .targets(caller)
        .import(&callee, "level", "int level(void)")
        .function(
            "levels",
            "fn() -> i32",
            "int levels(void)",
            "{ return LEVEL * 10 + level(); }",
        );
    fixture.install("e", &[&callee, &caller])
}

#[test]
fn the_best_variant_that_is_allowed_is_loaded_of_each_library() {
    use Target::{X86_64 as V1, X86_64V2 as V2, X86_64V3 as V3, X86_64V4 as V4};
    let best = cpu::best().unwrap();
    // Targets of the caller, of the callee, PUCK_TARGET, what is loaded of the two.
    let cases: [(&[Target], &[Target], Target, i32); 7] = [
        (&[V1, V2, V3], &[V1, V2, V3], V1, 11),
        (&[V1, V2, V3], &[V1, V2, V3], V2, 22),
        (&[V1, V2, V3], &[V1, V2, V3], V3, 33),
        (&[V1, V3], &[V1, V2, V3, V4], V2, 12),
        (&[V1], &[V1, V3], V3, 13),
        (&[V1, V3], &[V1], V3, 31),
        (&[V1, V2, V3, V4], &[V1, V4], V4, 44),
    ];
    for (caller, callee, target, expected) in cases.into_iter().filter(|case| case.2 <= best) {
        let fixture = Fixture::new();
        let project = project(&fixture, caller, callee);
        let found = loaded(&project, Some(target.name()));
        assert_eq!(
            found,
            format!("levels {expected}"),
            "{caller:?} {callee:?} {target}"
        );
    }
}

#[test]
fn without_the_variable_the_processor_decides() {
    let fixture = Fixture::new();
    let project = project(&fixture, &Target::ALL, &Target::ALL);
    let best = Target::ALL
        .iter()
        .position(|target| Some(*target) == cpu::best())
        .unwrap()
        + 1;
    assert_eq!(loaded(&project, None), format!("levels {}", best * 11));
    assert_eq!(loaded(&project, Some("")), format!("levels {}", best * 11));
}

#[test]
fn the_processor_and_the_dynamic_linker_are_of_one_mind() {
    // The loader prints which folders of glibc-hwcaps it searches on this machine (glibc 2.33).
    let Ok(output) = std::process::Command::new("/lib64/ld-linux-x86-64.so.2")
        .arg("--help")
        .output()
    else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    if !text.contains("Subdirectories of glibc-hwcaps") {
        return;
    }
    for target in &Target::ALL[1..] {
        let searched = text
            .lines()
            .any(|l| l.trim().starts_with(&format!("{target} (supported")));
        assert_eq!(
            searched,
            cpu::missing(*target).is_empty(),
            "{target}: {text}"
        );
    }
}

#[test]
fn an_unknown_target_is_refused_with_the_nearest() {
    let fixture = Fixture::new();
    let project = project(&fixture, &[Target::X86_64], &[Target::X86_64]);
    let text = loaded(&project, Some("x86-64v3"));
    assert!(
        text.contains("PUCK_TARGET: unknown target `x86-64v3`"),
        "{text}"
    );
    assert!(text.contains("did you mean `x86-64-v3`?"), "{text}");
}

/// On a processor with everything, the C library is told to deny some of it: it is what is asked.
#[test]
fn a_target_that_the_processor_lacks_is_refused_by_feature() {
    let fixture = Fixture::new();
    let project = project(&fixture, &Target::ALL, &[Target::X86_64]);
    let denied = ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-BMI2");
    let text = child(
        "variants::report",
        &project,
        &[("PUCK_TARGET", "x86-64-v3"), denied],
    );
    if cpu::best() >= Some(Target::X86_64V3) && text.contains("refused") {
        let expected = "PUCK_TARGET is x86-64-v3, but this processor lacks avx2, bmi2";
        assert!(text.contains(expected), "{text}");
        assert!(
            text.contains("the best this processor has is x86-64-v2"),
            "{text}"
        );
        let text = child("variants::report", &project, &[denied]);
        assert!(text.contains("levels 21"), "{text}");
    }
    if let Some(above) = Target::ALL
        .into_iter()
        .find(|target| Some(*target) > cpu::best())
    {
        let text = loaded(&project, Some(above.name()));
        assert!(text.contains("but this processor lacks"), "{text}");
    }
}

#[test]
fn a_package_for_better_processors_only_says_so() {
    let fixture = Fixture::new();
    let project = project(&fixture, &[Target::X86_64], &[Target::X86_64]);
    let path = project.join(".puck/environment.json");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replace("\"x86-64\"", "\"x86-64-v4\"")).unwrap();
    assert_eq!(
        loaded(&project, Some("x86-64")),
        "refused variants-callee 1.0.0 is compiled for x86-64-v4, but this process may use no more \
         than x86-64 | "
    );
}

#[test]
fn targets_of_later_programs_are_passed_over() {
    let fixture = Fixture::new();
    let project = project(&fixture, &[Target::X86_64], &[Target::X86_64]);
    let path = project.join(".puck/environment.json");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(
        &path,
        text.replace("\"x86-64\"", "\"aarch64\", \"x86-64\", \"x86-64-v9\""),
    )
    .unwrap();
    assert_eq!(loaded(&project, None), "levels 11");
    fs_err::write(&path, text.replace("\"x86-64\"", "\"aarch64\"")).unwrap();
    let refused = loaded(&project, Some("x86-64"));
    assert!(
        refused.contains("is compiled for aarch64, but"),
        "{refused}"
    );
}

#[test]
fn what_was_compiled_for_another_processor_gives_way_to_a_lower_level() {
    let Some(mine) = cpu::processor("generic").filter(|p| p.target > Target::X86_64) else {
        return;
    };
    let level = |target| 1 + Target::ALL.iter().position(|t| *t == target).unwrap();
    let mut other = mine.clone();
    other.features.push("unheard-of".to_owned());
    for (processor, expected) in [(&mine, level(mine.target)), (&other, 1)] {
        let fixture = Fixture::new();
        let targets = [Target::X86_64, mine.target];
        let project = project(&fixture, &targets, &targets);
        let path = project.join(".puck/environment.json");
        let mut document = EnvironmentDocument::parse("", &fs_err::read(&path).unwrap()).unwrap();
        document.processor = Some(processor.clone());
        for package in &mut document.packages {
            package.specialised = Some(package.sha256);
        }
        fs_err::write(&path, document.to_json()).unwrap();
        assert_eq!(loaded(&project, None), format!("levels {}", expected * 11));
        // A package that was not compiled here keeps the best of what was packed.
        document.packages[1].specialised = None;
        fs_err::write(&path, document.to_json()).unwrap();
        let caller = level(mine.target);
        let expected = format!("levels {}", caller * 10 + expected);
        assert_eq!(loaded(&project, None), expected);
        // With no other library, there is an error.
        let package = &mut document.packages[0];
        package.specialised = Some(package.sha256);
        package.targets = vec![mine.target.to_string()];
        fs_err::write(&path, document.to_json()).unwrap();
        let text = loaded(&project, None);
        if *processor == other {
            let start = format!("refused variants-callee 1.0.0 was compiled for {other}; this ");
            assert!(text.starts_with(&start), "{text}");
            assert!(text.contains("lacks unheard-of | `puck install`"), "{text}");
        } else {
            assert!(text.starts_with("levels "), "{text}");
        }
    }
}
