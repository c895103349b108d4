use crate::project::{FUNCTIONS, KERNELS, Project, contains};

fn one(ir: &str, signature: &str) -> Project {
    let function = format!("[[function]]\nname = \"f\"\nsignature = \"{signature}\"");
    Project::new(ir, &function)
}

#[test]
fn undefined_symbols_name_their_user() {
    for (symbol, expected) in [
        ("sinn", "did you mean `sin`?"),
        ("_ZNSt6vectorIdE4pushEd", "-fno-exceptions"),
        ("__cxa_throw", "-fno-exceptions"),
        ("completely_unknown_function", "[dependencies]"),
    ] {
        let ir = format!(
            "declare double @{symbol}(double)
             define internal double @inner(double %x) noinline {{
               %r = call double @{symbol}(double %x) %s = fadd double %r, 1.0 ret double %s }}
             define double @f(double %x) {{
               %r = call double @{symbol}(double %x) %s = fadd double %r, 1.0 ret double %s }}"
        );
        let error = one(&ir, "fn(f64) -> f64").error();
        contains(
            &error,
            &["`f` needs the undefined symbol", symbol, expected],
        );
    }
    // Not needed: code that only asks whether it is there.
    let ir = "declare extern_weak void @maybe()
              define i1 @f() { %r = icmp ne ptr @maybe, null ret i1 %r }";
    assert!(
        one(ir, "fn() -> bool")
            .build()
            .unwrap()
            .document
            .system_imports
            .is_empty()
    );
}

#[test]
fn instructions_that_a_target_lacks() {
    let ir = r#"
        declare <8 x float> @llvm.x86.avx.round.ps.256(<8 x float>, i32)
        define void @f(ptr %x) {
          %v = load <8 x float>, ptr %x
          %r = call <8 x float> @llvm.x86.avx.round.ps.256(<8 x float> %v, i32 3)
          store <8 x float> %r, ptr %x
          ret void }
    "#;
    contains(
        &one(ir, "fn(*mut f32)").error(),
        &["cannot compile for x86-64", "remove flags such as `-mavx2`"],
    );
    // The function asks for them by itself.
    let own = ir.replace("(ptr %x) {", "(ptr %x) #0 {")
        + "define void @g() #1 { ret void }
           attributes #0 = { \"target-features\"=\"+avx,+sse2\" }
           attributes #1 = { \"target-features\"=\"+sse2\" }";
    let function = "[[function]]\nname = \"f\"\nsignature = \"fn(*mut f32)\"\n\
                    [[function]]\nname = \"g\"\nsignature = \"fn()\"";
    assert_eq!(
        Project::new(&own, function)
            .build()
            .unwrap()
            .document
            .functions
            .len(),
        2
    );
}

#[test]
fn assembly_may_not_define_global_symbols() {
    let ir = "module asm \".globl stray\\0Astray: ret\"
              define void @f() { ret void }";
    contains(&one(ir, "fn()").error(), &["defines `stray` for everybody"]);
    let local = "module asm \"stray: ret\"\ndefine void @f() { ret void }";
    one(local, "fn()").build().unwrap();
    let wrong = "define void @f() { call void asm sideeffect \"frobnicate\", \"\"() ret void }";
    contains(
        &one(wrong, "fn()").error(),
        &["cannot compile for x86-64", "frobnicate"],
    );
}

#[test]
fn manifests_that_cannot_be_built() {
    let project = Project::new(KERNELS, FUNCTIONS);
    project.write("Puck.toml", "[dependencies]\n");
    contains(
        &project.error(),
        &["there is no [package] section", "puck new"],
    );
    project.manifest(&format!("{FUNCTIONS}\n[dependencies]\nvecmath = \"1\""));
    contains(
        &project.error(),
        &["`vecmath` is not installed", "puck install"],
    );
}

#[test]
fn a_failed_build_leaves_the_next_one_free() {
    let project = Project::new("define void @f() { ret i32 0 }", FUNCTIONS);
    contains(&project.error(), &["a.ll: invalid LLVM IR"]);
    project.write("a.ll", KERNELS);
    assert_eq!(project.build().unwrap().compiled, 3);
}

#[test]
fn damaged_bitcode_is_an_error() {
    let project = Project::new(KERNELS, FUNCTIONS);
    let bitcode = project.build().unwrap().files.remove("ir/own.bc").unwrap();
    fs_err::remove_file(project.path().join("a.ll")).unwrap();
    project.manifest(&FUNCTIONS.replace("[[function]]", "\n[[function]]"));
    let manifest = fs_err::read_to_string(project.path().join("Puck.toml")).unwrap();
    project.write("Puck.toml", &manifest.replace("*.ll", "a.bc"));
    for length in [3, 16, bitcode.len() / 2, bitcode.len() - 8] {
        fs_err::write(project.path().join("a.bc"), &bitcode[..length]).unwrap();
        contains(&project.error(), &["a.bc", "invalid LLVM IR"]);
    }
}
