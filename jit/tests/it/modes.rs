//! The same callers in environments of every link mode.

use std::collections::BTreeSet;
use std::path::Path;

use puck_compiler::{CodeOptions, Ir};
use puck_package::{LinkMode, LinkName, Processor, Target};
use puck_store::{Code, Compile, CompileError, InstalledPackage, Link};

use crate::child::Step;
use crate::fixture::{Home, UNARY, line, sum_of};

/// LLVM, as `puck install` gives it to the store.
struct Compiler(tempfile::TempDir);

impl Compiler {
    fn with<T>(
        &self,
        packages: &[&InstalledPackage],
        work: impl FnOnce(&[Ir<'_>], &CodeOptions<'_>) -> Result<T, puck_compiler::Error>,
    ) -> Result<T, CompileError> {
        let read = |package: &&InstalledPackage| {
            fs_err::read(package.path.join(package.document.ir_path()))
        };
        let bitcode = packages.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let ir: Vec<Ir<'_>> = packages
            .iter()
            .zip(&bitcode)
            .map(|(package, bitcode)| Ir {
                document: &package.document,
                bitcode,
            })
            .collect();
        let options = CodeOptions {
            jobs: 1,
            cache: self.0.path(),
        };
        Ok(work(&ir, &options)?)
    }
}

fn code(code: puck_compiler::Code) -> Code {
    Code {
        objects: code.objects,
        system_imports: code.system_imports,
        debug: false,
    }
}

impl Compile for Compiler {
    fn identity(&self) -> String {
        puck_compiler::identity()
    }

    fn packages(
        &self,
        packages: &[&InstalledPackage],
        processor: &Processor,
    ) -> Result<Vec<Code>, CompileError> {
        let compiled = self.with(packages, |ir, options| {
            puck_compiler::specialize(ir, processor, options, &())
        })?;
        Ok(compiled.into_iter().map(code).collect())
    }

    fn program(
        &self,
        packages: &[&InstalledPackage],
        exports: &BTreeSet<LinkName>,
        processor: &Processor,
    ) -> Result<Code, CompileError> {
        self.with(packages, |ir, options| {
            puck_compiler::program(ir, exports, processor, options, &())
        })
        .map(code)
    }
}

#[test]
fn callers_bind_to_libraries_images_and_programs() {
    let home = Home::new();
    let low = home.package(
        "lowest",
        "1.0.0",
        &line("leaf", 2.0, 1.0),
        &[("leaf", UNARY)],
        &[],
    );
    let ir = "declare double @\"lowest::leaf\"(double)
        define double @top(double %x) {
          %l = call double @\"lowest::leaf\"(double %x)
          %r = fmul double %l, 10.0
          ret double %r
        }";
    let top = home.package("topmost", "1.0.0", ir, &[("top", UNARY)], &[&low]);
    let compiler = Compiler(tempfile::tempdir().unwrap());
    let link = |mode, processor: Option<Target>| Link {
        mode,
        processor: processor.map(Processor::of),
        compiler: Some(&compiler),
        ..Link::default()
    };
    let base = Some(Target::X86_64);
    let environments = [
        link(LinkMode::Dynamic, None),
        link(LinkMode::Dynamic, base),
        link(LinkMode::Image, None),
        link(LinkMode::Image, base),
        link(LinkMode::Lto, base),
    ]
    .map(|link| home.linked_below(&[&top], &[&low], link));
    let cache = &home.path("callers");
    let run = |environment: &Path, name: &str, inline| {
        let ir = &sum_of(&[name]);
        Step {
            environment,
            cache,
            inline,
            ir,
        }
        .run()
    };
    for inline in [false, true] {
        let mut expected = "Compiled 50";
        for environment in &environments {
            assert_eq!(run(environment, "topmost::top", inline), expected);
            expected = "Cached 50";
        }
    }
    let [others @ .., program] = &environments;
    for environment in others {
        assert!(run(environment, "lowest::leaf", false).ends_with(" 5"));
    }
    // Nothing asked to keep it; its body is there nevertheless.
    let error = run(program, "lowest::leaf", false);
    assert!(error.contains("leaf") && error.contains("keep"), "{error}");
    assert_eq!(run(program, "lowest::leaf", true), "Compiled 5");
}

#[test]
fn bodies_that_call_what_a_program_lacks_stay_in_it() {
    let home = Home::new();
    let unary = |name| (name, UNARY);
    let ir = "declare double @sin(double)
        define double @far(double %x) noinline {
          %r = call double @sin(double %x)
          ret double %r
        }
        define double @down(double %x) {
          %end = fcmp olt double %x, 1.0
          br i1 %end, label %stop, label %go
        stop:
          ret double %x
        go:
          %less = fsub double %x, 1.0
          %r = call double @down(double %less)
          %s = fmul double %r, 3.0
          %t = call double @sin(double %s)
          ret double %t
        }";
    let inner = home.package("inner", "1.0.0", ir, &["far", "down"].map(unary), &[]);
    let calls = |name: &str, callee: &str| {
        format!(
            "declare double @\"{callee}\"(double)
            define double @{name}(double %x) {{
              %r = call double @\"{callee}\"(double %x)
              %s = fadd double %r, 1.0
              ret double %s
            }}\n"
        )
    };
    let ir = calls("calm", "inner::far") + &calls("steep", "inner::down") + &line("near", 2.0, 1.0);
    let functions = ["calm", "steep", "near"].map(unary);
    let outer = home.package("outer", "1.0.0", &ir, &functions, &[&inner]);
    let compiler = Compiler(tempfile::tempdir().unwrap());
    let open = |mode| {
        home.linked_below(
            &[&outer],
            &[&inner],
            Link {
                mode,
                processor: (mode == LinkMode::Lto).then(|| Processor::of(Target::X86_64)),
                compiler: Some(&compiler),
                ..Link::default()
            },
        )
    };
    let (libraries, program) = (open(LinkMode::Dynamic), open(LinkMode::Lto));
    for name in ["outer::calm", "outer::steep"] {
        let cache = &home.path(name);
        let ir = &sum_of(&[name, "outer::near"]);
        let run = |environment, inline| {
            Step {
                environment,
                cache,
                inline,
                ir,
            }
            .run()
        };
        let plain = run(&program, false);
        let result = plain.strip_prefix("Compiled ").expect(&plain);
        assert_eq!(run(&libraries, true), format!("Compiled {result}"));
        assert_eq!(run(&program, true), format!("Compiled {result}"));
        assert_eq!(run(&libraries, true), format!("Cached {result}"));
    }
    let environment = puck_runtime::Environment::open(&program).unwrap();
    let jit = puck_jit::Jit::new(&environment)
        .inline(true)
        .build()
        .unwrap();
    let module = jit
        .compile(&sum_of(&["outer::calm", "outer::near"]))
        .unwrap();
    let inlined = module.inlined().iter().map(|name| name.function());
    assert_eq!(inlined.collect::<Vec<_>>(), ["near"]);
}
