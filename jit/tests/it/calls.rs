//! Compiling in all forms of IR, and calling what came out.

use std::thread;

use object::{Object, ObjectSymbol};
use puck_jit::inkwell::context::Context;
use puck_jit::inkwell::memory_buffer::MemoryBuffer;
use puck_jit::{Jit, JitModule, Origin, Processor};

use crate::fixture::{Home, UNARY, Unary, call, line, sum_of};

#[test]
fn text_bitcode_and_modules_are_the_same() {
    let home = Home::new();
    let package = home.package(
        "forms",
        "1.2.0",
        &line("twice", 2.0, 0.5),
        &[("twice", UNARY)],
        &[],
    );
    let jit = Jit::new(&home.environment(&[&package])).build().unwrap();
    let ir = sum_of(&["forms::twice", "forms.v1::twice"]);

    let context = Context::create();
    let buffer = MemoryBuffer::create_from_memory_range_copy(ir.as_bytes(), "mine");
    let module = context.create_module_from_ir(buffer).unwrap();
    let bitcode = module.write_bitcode_to_memory().as_slice().to_vec();

    let modules = [
        jit.compile(&ir).unwrap(),
        jit.compile(&bitcode).unwrap(),
        jit.compile(&module).unwrap(),
    ];
    for module in &modules {
        assert_eq!(call(module, "run", 3.0), 13.0);
        assert_eq!(module.origin(), &Origin::Compiled);
        let callees: Vec<_> = module.callees().iter().map(|it| it.function()).collect();
        assert_eq!(callees, ["twice"]);
        assert!(module.inlined().is_empty());
    }
    // The same again is not compiled again.
    assert_eq!(jit.compile(&ir).unwrap().path(), modules[0].path());
    assert_ne!(modules[1].path(), modules[0].path());

    let path = modules[0].path().to_owned();
    assert!(path.exists());
    let run = modules[0].function::<Unary>("run").unwrap();
    drop((jit, modules));
    assert!(!path.exists());
    // SAFETY: the module stays loaded.
    assert_eq!(unsafe { run(1.0) }, 5.0);
}

#[test]
fn callers_may_be_named_as_others_are_and_use_the_system() {
    let home = Home::new();
    let package = home.package(
        "system",
        "1.0.0",
        &line("f", 1.0, 0.0),
        &[("f", UNARY)],
        &[],
    );
    let jit = Jit::new(&home.environment(&[&package])).build().unwrap();
    let module = jit
        .compile(
            r#"
            declare double @"system::f"(double)
            declare double @exp(double)
            @state = global i64 0
            define double @main(double %x) { ; not the program's
              %y = call double @exp(double %x)
              %z = call double @"system::f"(double %y)
              ret double %z
            }
            define i64 @next() {
              %old = load i64, ptr @state
              %new = add i64 %old, 1
              store i64 %new, ptr @state
              ret i64 %new
            }
            define double @"name.with.$.and.\C3\A9"(double %x) { ret double %x }
            define i1 @truth(i8 zeroext %x) { %r = icmp ne i8 %x, 0
              ret i1 %r }
            define internal i64 @"any::name; \22 @ {} *"() noinline { ret i64 1 }
            define i64 @"first[0]"() {
              %r = call i64 @"any::name; \22 @ {} *"()
              ret i64 %r
            }
            @second = alias i64 (), ptr @"first[0]"
            define weak hidden i64 @secret() { ret i64 2 }
            "#,
        )
        .unwrap();
    assert_eq!(call(&module, "main", 0.0), 1.0);
    assert_eq!(call(&module, "name.with.$.and.é", 7.0), 7.0);
    let next = module
        .function::<unsafe extern "C" fn() -> u64>("next")
        .unwrap();
    let truth = module
        .function::<unsafe extern "C" fn(u8) -> bool>("truth")
        .unwrap();
    // SAFETY: they take and give numbers.
    unsafe {
        assert_eq!((next(), next()), (1, 2));
        assert!(truth(7) && !truth(0));
    }
    let names: Vec<_> = module.functions().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for name in ["first[0]", "second"] {
        let one = module
            .function::<unsafe extern "C" fn() -> i64>(name)
            .unwrap();
        // SAFETY: it gives a number.
        assert_eq!(unsafe { one() }, 1);
    }
}

#[test]
fn any_thread_may_compile() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let home = Home::new();
    let package = home.package(
        "threads",
        "1.0.0",
        &line("f", 3.0, 1.0),
        &[("f", UNARY)],
        &[],
    );
    let jit = Jit::new(&home.environment(&[&package]))
        .inline(true)
        .build()
        .unwrap();
    shared(&jit);
    let compiled: Vec<JitModule> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|index| {
                let jit = jit.clone();
                // Half of them compile what another one compiles too.
                let ir = sum_of(&["threads::f"]).replace("@run", &format!("@run{}", index / 2));
                scope.spawn(move || jit.compile(&ir).unwrap())
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for (index, module) in compiled.iter().enumerate() {
        assert_eq!(call(module, &format!("run{}", index / 2), 2.0), 7.0);
    }
    shared(&compiled[0]);
    assert_eq!(compiled[0].path(), compiled[1].path());
}

#[test]
fn processors_and_levels() {
    let home = Home::new();
    let package = home.package(
        "levels",
        "1.0.0",
        &line("f", 3.0, 1.0),
        &[("f", UNARY)],
        &[],
    );
    let environment = home.environment(&[&package]);
    let ir = sum_of(&["levels::f"]);
    let mut keys = Vec::new();
    for level in 0..=3 {
        for inline in [false, true] {
            let jit = Jit::new(&environment)
                .opt_level(level)
                .inline(inline)
                .build()
                .unwrap();
            assert_eq!(call(&jit.compile(&ir).unwrap(), "run", 1.0), 4.0);
            keys.push(jit.key(&ir).unwrap());
        }
    }
    let base = Processor::of(puck_package::Target::X86_64);
    let jit = Jit::new(&environment)
        .processor(base.clone())
        .build()
        .unwrap();
    assert_eq!(call(&jit.compile(&ir).unwrap(), "run", 1.0), 4.0);
    keys.push(jit.key(&ir).unwrap());
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 9, "every setting has a key of its own");

    let mut other = base;
    other.features = vec!["unheard-of".to_owned()];
    let error = Jit::new(&environment).processor(other).build().unwrap_err();
    assert!(error.to_string().contains("it lacks unheard-of"), "{error}");
}

#[test]
fn addresses_of_callees_may_be_taken() {
    let home = Home::new();
    let package = home.package("taken", "1.0.0", &line("f", 3.0, 1.0), &[("f", UNARY)], &[]);
    let environment = home.environment(&[&package]);
    let ir = r#"
        declare double @"taken::f"(double)
        @table = constant [2 x ptr] [ptr @"taken::f", ptr @own]
        define double @own(double %x) { ret double %x }
        define ptr @pick(i64 %i) {
          %p = getelementptr [2 x ptr], ptr @table, i64 0, i64 %i
          %f = load ptr, ptr %p
          ret ptr %f
        }"#;
    let installed = environment.function::<Unary>("taken::f").unwrap().pointer();
    type Pick = unsafe extern "C" fn(u64) -> Unary;
    for inline in [false, true] {
        let jit = Jit::new(&environment).inline(inline).build().unwrap();
        let module = jit.compile(ir).unwrap();
        let pick = module.function::<Pick>("pick").unwrap();
        let own = module.function::<Unary>("own").unwrap();
        // SAFETY: both indices are in the table, of functions that take and give a number.
        unsafe {
            assert_eq!(
                (pick(0) as usize, pick(1) as usize),
                (installed as usize, own as usize)
            );
            assert_eq!(pick(0)(2.0), 7.0);
        }
    }
}

#[test]
fn tools_see_names_and_lines() {
    let home = Home::new();
    let package = home.package("seen", "1.0.0", &line("f", 3.0, 1.0), &[("f", UNARY)], &[]);
    let environment = home.environment(&[&package]);
    let ir = r#"
        declare double @"seen::f"(double)
        define internal double @helper(double %x) noinline !dbg !4 {
          %r = call double @"seen::f"(double %x), !dbg !6
          %s = fmul double %r, %x, !dbg !6
          ret double %s, !dbg !6
        }
        define double @run(double %x) {
          %r = call double @helper(double %x)
          %s = fadd double %r, 1.0
          ret double %s
        }
        !llvm.dbg.cu = !{!0}
        !llvm.module.flags = !{!2, !3}
        !0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1, emissionKind: FullDebug)
        !1 = !DIFile(filename: "helper.c", directory: "/")
        !2 = !{i32 7, !"Dwarf Version", i32 5}
        !3 = !{i32 2, !"Debug Info Version", i32 3}
        !4 = distinct !DISubprogram(name: "helper", file: !1, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)
        !5 = !DISubroutineType(types: !{})
        !6 = !DILocation(line: 2, scope: !4)
    "#;
    for debug in [false, true] {
        let jit = Jit::new(&environment)
            .inline(true)
            .debug(debug)
            .build()
            .unwrap();
        let module = jit.compile(ir).unwrap();
        assert_eq!(call(&module, "run", 2.0), 15.0);
        let bytes = fs_err::read(module.path()).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let mut names: Vec<_> = file
            .symbols()
            .filter_map(|symbol| symbol.name().ok())
            .collect();
        names.retain(|name| ["run", "helper"].contains(name));
        names.sort_unstable();
        assert_eq!(names, ["helper", "run"]);
        assert_eq!(file.section_by_name(".debug_line").is_some(), debug);
    }
}
