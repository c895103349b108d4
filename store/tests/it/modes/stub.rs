//! The small libraries with packages' names that lead to the one with the code.

use std::process::Command;

use fs_err as fs;
use puck_store::Link;
use puck_store::link::Forward;

use super::support::{image, image_path};
use crate::support::{Home, linalg, vecmath};

const MAIN: &str = "#include <linalg.h>\n#include <vecmath.h>\n#include <stdio.h>\n
    double (*dot)(unsigned long, const double *, const double *) = vecmath_dot;
    int main(void) {
        double x[] = {3, 4};
        printf(\"%.1f %.1f %d\", linalg_norm(2, x), dot(2, x, x), dot == vecmath_dot);
    }";
const SONAMES: [&str; 2] = ["linalg.v1.so", "vecmath.v1.so"];

#[test]
fn programs_linked_in_one_mode_run_in_the_other() {
    let home = Home::new();
    let packages = [vecmath(), linalg()].map(|recipe| home.install(&recipe.pack()));
    let dynamic = home.linked(&packages.each_ref(), &Link::default());
    let image = home.linked(&packages.each_ref(), &image());
    // A program that is at home anywhere, and ones that take addresses for granted, or tables.
    let flags = [
        "-fPIE -pie",
        "-fno-pic -no-pie",
        "-fno-plt",
        "-fuse-ld=lld",
        "-fuse-ld=gold",
    ];
    for (number, flags) in flags.into_iter().enumerate() {
        if !home.links_with(flags) {
            continue;
        }
        for (mode, linked) in [("dynamic", &dynamic), ("image", &image)] {
            let name = format!("{mode}-{number}");
            home.program_with(&name, MAIN, linked, &SONAMES, flags);
            for environment in [&dynamic, &image] {
                assert_eq!(
                    home.output(&name, environment),
                    "5.0 25.0 1",
                    "{mode} {flags}"
                );
            }
        }
    }
}

#[test]
fn the_dynamic_linker_finds_what_it_leads_to() {
    let home = Home::new();
    let packages = [vecmath(), linalg()].map(|recipe| home.install(&recipe.pack()));
    let environment = home.linked(&packages.each_ref(), &image());
    let folder = home.directory("program");
    let norm = linalg().link_name("norm");
    // A library that needs a stub, and everything opened so that nobody else sees it.
    fs::write(
        folder.join("plugin.c"),
        format!(
            "double norm(unsigned long, const double *) __asm__(\"{norm}\");
             double plugin(void) {{ double x[] = {{3, 4}}; return norm(2, x); }}"
        ),
    )
    .expect("writes");
    fs::write(
        folder.join("main.c"),
        format!(
            "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <stdio.h>\n
             int main(void) {{
                 void *plugin = dlopen(\"./plugin.so\", RTLD_NOW | RTLD_LOCAL);
                 if (!plugin) {{ puts(dlerror()); return 1; }}
                 double (*call)(void) = dlsym(plugin, \"plugin\");
                 void *stub = dlopen(\"lib/linalg.v1.so\", RTLD_NOW | RTLD_LOCAL);
                 if (!stub) {{ puts(dlerror()); return 1; }}
                 double (*norm)(unsigned long, const double *) = dlsym(stub, \"{norm}\");
                 double x[] = {{6, 8}};
                 Dl_info info;
                 dladdr((void *)norm, &info);
                 printf(\"%.1f %.1f %d %s\", call(), norm(2, x),
                        dlsym(RTLD_DEFAULT, \"{norm}\") == 0, info.dli_fname);
             }}"
        ),
    )
    .expect("writes");
    fs::os::unix::fs::symlink(environment.path.join("lib"), folder.join("lib")).expect("a link");
    for arguments in [
        &[
            "-shared",
            "-fPIC",
            "plugin.c",
            "-oplugin.so",
            "-Llib",
            "-l:linalg.v1.so",
        ][..],
        &["main.c", "-omain", "-ldl"],
    ] {
        let mut cc = Command::new("cc");
        cc.current_dir(&folder)
            .args(arguments)
            .arg("-Wl,-rpath,$ORIGIN/lib");
        assert!(cc.status().expect("cc runs").success());
    }
    for now in ["", "1"] {
        let output = Command::new("./main")
            .current_dir(&folder)
            .env("LD_BIND_NOW", now)
            .output()
            .expect("runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let soname = image_path(&environment, "");
        let soname = soname.file_name().expect("a name").to_string_lossy();
        assert!(
            text.starts_with("5.0 10.0 1 ") && text.ends_with(&*soname),
            "{text}"
        );
    }
}

#[test]
fn it_is_a_proper_file_and_no_larger_than_need_be() {
    use object::{
        Object as _, ObjectSection as _, ObjectSegment as _, ObjectSymbol as _, SegmentFlags,
    };

    let names: Vec<String> = (0..100).map(|i| format!("p.v1.f{i}.0123abcd")).collect();
    let table = "p.v1.host_imports.0123abcd";
    for (count, data) in [(0, None), (1, Some((table, 24))), (100, Some((table, 8)))] {
        let exports: Vec<&str> = names[..count].iter().map(String::as_str).collect();
        let forward = Forward {
            soname: "p.v1.so",
            library: "puck.0123456789abcdef.so",
            exports: &exports,
            data,
        };
        let bytes = forward.to_elf();
        let strings: usize = exports.iter().map(|name| name.len() + 1 + 24).sum();
        assert!(bytes.len() < strings + 1200, "{}", bytes.len());
        let file = object::File::parse(&*bytes).expect("a library");
        let found: Vec<_> = file
            .dynamic_symbols()
            .map(|s| s.name().expect("a name"))
            .collect();
        let all: Vec<_> = exports.iter().copied().chain(data.map(|d| d.0)).collect();
        assert_eq!(found, all);
        for symbol in file.dynamic_symbols() {
            let size = data.filter(|d| symbol.name() == Ok(d.0)).map(|d| d.1);
            let kind = match size {
                Some(_) => object::SymbolKind::Data,
                None => object::SymbolKind::Text,
            };
            assert_eq!(symbol.kind(), kind);
            assert_eq!(symbol.size(), size.unwrap_or_default());
            assert!(symbol.is_definition());
        }
        // A debugger takes a symbol in code for a function, and stops there too.
        let is_in_code = |s: object::Symbol<'_, '_>| {
            let section = s.section_index().expect("it is in a section");
            let section = file.section_by_index(section).expect("a section");
            section.kind() == object::SectionKind::Text
        };
        assert!(!file.dynamic_symbols().any(is_in_code));
        let is_code =
            |flags| matches!(flags, SegmentFlags::Elf { p_flags, .. } if p_flags.0 & 1 != 0);
        assert!(!file.segments().any(|segment| is_code(segment.flags())));

        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("p.v1.so");
        fs::write(&path, bytes).expect("writes");
        let Ok(output) = Command::new("readelf").arg("-aW").arg(&path).output() else {
            continue;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        for part in [
            "Shared library: [puck.0123456789abcdef.so]",
            "Library soname: [p.v1.so]",
            "[$ORIGIN]",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.is_empty(), "{errors}");
    }
}
