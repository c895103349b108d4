use std::collections::BTreeSet;

use puck_package::Digest;

use crate::project::{FUNCTIONS, KERNELS, Project, contains, object, symbols};

#[test]
fn a_package_has_all_that_its_document_says() {
    let project = Project::new(KERNELS, FUNCTIONS);
    project.write("README.md", "# own");
    project.write("LICENSE-MIT", "licence");
    let built = project.build().unwrap();
    let document = &built.document;
    let names: Vec<_> = document.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["axpy", "wave"]);
    assert_eq!(document.functions[0].doc.as_deref(), Some("y += a * x"));
    assert_eq!(
        document.functions[0].link_name.to_string(),
        "own.v1.axpy.bf84be2c"
    );
    for function in &document.functions {
        let sizes: Vec<_> = function.sizes.iter().collect();
        assert_eq!(sizes.len(), 3, "{sizes:?}");
        assert!(
            sizes.iter().all(|(_, size)| (4..4096).contains(*size)),
            "{sizes:?}"
        );
    }
    let imports: Vec<_> = document
        .system_imports
        .iter()
        .map(|i| (i.symbol.as_str(), i.library.as_str(), i.version.as_deref()))
        .collect();
    let expected = [
        ("pow", "libm.so.6", Some("GLIBC_2.29")),
        ("sin", "libm.so.6", Some("GLIBC_2.2.5")),
    ];
    assert_eq!(imports, expected);
    assert_eq!(document.glibc(), Some((2, 29)));
    assert_eq!(
        document.targets.keys().collect::<Vec<_>>(),
        ["x86-64", "x86-64-v3", "x86-64-v4"]
    );
    let archived: BTreeSet<_> = built.files.keys().collect();
    assert_eq!(archived, document.files.keys().collect());
    for path in ["ir/own.bc", "include/own.h", "README.md", "LICENSE-MIT"] {
        assert!(built.files.contains_key(path), "{path}");
    }
    for (path, facts) in &document.files {
        assert_eq!(facts.sha256, Digest::of(&built.files[path]), "{path}");
        assert_eq!(facts.size, built.files[path].len() as u64, "{path}");
    }
    assert!(document.tools.llvm.starts_with("23.1"));
    let again = puck_package::PackageDocument::parse(&document.to_json()).unwrap();
    assert_eq!(again, *document);
}

#[test]
fn objects_show_link_names_only() {
    let built = Project::new(KERNELS, FUNCTIONS).build().unwrap();
    let exports: Vec<_> = built
        .document
        .functions
        .iter()
        .map(|f| f.link_name.to_string())
        .collect();
    for target in built.document.targets.keys() {
        let (visible, undefined) = symbols(object(&built, target));
        assert_eq!(visible, exports, "{target}");
        assert_eq!(undefined, ["pow", "sin"], "{target}");
    }
}

#[test]
fn each_target_uses_its_own_instructions() {
    let built = Project::new(KERNELS, FUNCTIONS).build().unwrap();
    let assembly = |target: &str| {
        let name = built.document.functions[0].link_name.to_string();
        puck_compiler::disassemble(object(&built, target), &name)
            .unwrap()
            .unwrap()
    };
    let (base, v3, v4) = (
        assembly("x86-64"),
        assembly("x86-64-v3"),
        assembly("x86-64-v4"),
    );
    assert!(base.contains("xmm") && !base.contains("ymm"), "{base}");
    assert!(v3.contains("ymm") && !v3.contains("zmm"), "{v3}");
    assert!(v4.contains("ymm") || v4.contains("zmm"), "{v4}");
}

#[test]
fn equal_objects_are_stored_once() {
    let ir = "define i64 @next(i64 %x) { %r = add i64 %x, 1 ret i64 %r }";
    let function = "[[function]]\nname = \"next\"\nsignature = \"fn(u64) -> u64\"";
    let built = Project::new(ir, function).build().unwrap();
    let objects: BTreeSet<_> = built.document.targets.values().map(|t| &t.object).collect();
    assert_eq!((built.document.targets.len(), objects.len()), (3, 1));
}

#[test]
fn an_unchanged_package_is_not_compiled_again() {
    let project = Project::new(KERNELS, FUNCTIONS);
    let first = project.build().unwrap();
    assert_eq!(first.compiled, 3);
    let second = project.build().unwrap();
    assert_eq!(second.compiled, 0);
    assert_eq!(
        (second.document, &second.files),
        (first.document.clone(), &first.files)
    );

    // Another text around the same code: the objects are those of before.
    project.manifest(&FUNCTIONS.replace("y += a * x", "y plus a times x"));
    let third = project.build().unwrap();
    assert_eq!(third.compiled, 0);
    assert_eq!(
        third.document.functions[0].doc.as_deref(),
        Some("y plus a times x")
    );

    // Other code.
    project.write("a.ll", &KERNELS.replace("3.5", "4.5"));
    assert_eq!(project.build().unwrap().compiled, 3);
    // What was there before is there still.
    project.write("a.ll", KERNELS);
    project.manifest(FUNCTIONS);
    let fourth = project.build().unwrap();
    assert_eq!((fourth.compiled, fourth.files), (0, first.files));
}

#[test]
fn a_target_more_compiles_that_one() {
    let project = Project::new(KERNELS, &format!("targets = [\"x86-64\"]\n{FUNCTIONS}"));
    assert_eq!(project.build().unwrap().compiled, 1);
    project.manifest(&format!(
        "targets = [\"x86-64\", \"x86-64-v2\"]\n{FUNCTIONS}"
    ));
    assert_eq!(project.build().unwrap().compiled, 1);
    project.manifest(&format!(
        "targets = [\"x86-64\"]\nopt-level = 1\n{FUNCTIONS}"
    ));
    assert_eq!(project.build().unwrap().compiled, 1);
}

#[test]
fn a_damaged_cache_is_repaired() {
    let project = Project::new(KERNELS, FUNCTIONS);
    let first = project.build().unwrap();
    for entry in fs_err::read_dir(project.cache().join("objects")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs_err::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs_err::write(&path, bytes).unwrap();
    }
    let second = project.build().unwrap();
    assert_eq!((second.compiled, &second.files), (3, &first.files));
    assert_eq!(project.build().unwrap().compiled, 0);
}

#[test]
fn two_folders_give_the_same_bytes() {
    let build = || {
        let project = Project::new(KERNELS, FUNCTIONS);
        project.write("b.ll", "define i32 @unused(i32 %x) { ret i32 %x }");
        project.build().unwrap()
    };
    let (one, two) = (build(), build());
    assert_eq!(one.document.to_json(), two.document.to_json());
    assert_eq!(one.files, two.files);
}

#[test]
fn callees_of_packages_are_called_through_the_got() {
    let callee = Project::new(KERNELS, FUNCTIONS).build().unwrap().document;
    let ir = r#"
        declare double @"base::wave"(double)
        declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
        define double @f(double %x, ptr %to, ptr %from, i64 %n) {
          call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %n, i1 false)
          %r = call double @"base::wave"(double %x)
          %s = fadd double %r, 1.0
          ret double %s
        }
    "#;
    let functions = "[[function]]\nname = \"f\"\n\
                     signature = \"fn(f64, *mut u8, *const u8, u64) -> f64\"\n\
                     [dependencies]\nbase = \"1.2\"";
    let mut project = Project::new(ir, functions);
    project.dependencies = vec![puck_package::PackageDocument {
        name: "base".parse().unwrap(),
        functions: callee
            .functions
            .iter()
            .map(|function| puck_package::Function {
                link_name: function
                    .link_name
                    .to_string()
                    .replace("own", "base")
                    .parse()
                    .unwrap(),
                ..function.clone()
            })
            .collect(),
        ..callee
    }];
    let built = project.build().unwrap();
    let import = &built.document.imports[0];
    assert_eq!(import.package.as_str(), "base");
    assert_eq!(built.document.dependencies[0].series.to_string(), "v1");
    let (_, undefined) = symbols(object(&built, "x86-64"));
    assert_eq!(
        undefined,
        [import.link_name.to_string(), "memcpy".to_owned()]
    );
    let file = object::File::parse(object(&built, "x86-64")).unwrap();
    use object::{Object, ObjectSection, ObjectSymbol};
    let text = file.section_by_name(".text").unwrap();
    let mut calls = Vec::new();
    for (_, relocation) in text.relocations() {
        let object::RelocationTarget::Symbol(target) = relocation.target() else {
            panic!()
        };
        let target = file.symbol_by_index(target).unwrap();
        if target.is_undefined() {
            let object::RelocationFlags::Elf { r_type } = relocation.flags() else {
                panic!()
            };
            calls.push((target.name().unwrap().to_owned(), r_type));
        }
    }
    calls.sort();
    // The first is what a linker can make a direct call.
    let expected = [
        (
            import.link_name.to_string(),
            object::elf::R_X86_64_GOTPCRELX,
        ),
        ("memcpy".to_owned(), object::elf::R_X86_64_PLT32),
    ];
    assert_eq!(calls, expected);
    let name = built.document.functions[0].link_name.to_string();
    let assembly = puck_compiler::disassemble(object(&built, "x86-64"), &name)
        .unwrap()
        .unwrap();
    contains(&assembly, &[&import.link_name.to_string(), "memcpy"]);
}

#[test]
fn constructors_run_from_the_objects_arrays() {
    let ir = r#"
        @state = internal global i32 0
        @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @start, ptr null }]
        @__dso_handle = external hidden global i8
        declare i32 @__cxa_atexit(ptr, ptr, ptr)
        define internal void @stop(ptr %p) { store volatile i32 0, ptr @state ret void }
        define internal void @start() {
          %n = call i32 @f()
          store i32 %n, ptr @state
          %r = call i32 @__cxa_atexit(ptr @stop, ptr null, ptr @__dso_handle)
          ret void }
        define i32 @f() noinline { %v = load volatile i32, ptr @state %w = add i32 %v, 1 ret i32 %w }
    "#;
    let function = "[[function]]\nname = \"f\"\nsignature = \"fn() -> i32\"";
    let built = Project::new(ir, function).build().unwrap();
    use object::Object;
    let file = object::File::parse(object(&built, "x86-64")).unwrap();
    for section in [".init_array", ".fini_array"] {
        assert!(file.section_by_name(section).is_some(), "{section}");
    }
    let system: Vec<_> = built
        .document
        .system_imports
        .iter()
        .map(|import| import.symbol.as_str())
        .collect();
    assert_eq!(system, ["__cxa_atexit", "__cxa_finalize"]);
}
