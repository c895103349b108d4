use puck_compiler::{disassemble, ir_text};

use crate::project::{FUNCTIONS, KERNELS, Project, contains, object};

#[test]
fn ir_reads_as_text() {
    let built = Project::new(KERNELS, FUNCTIONS).build().unwrap();
    let text = ir_text(&built.files["ir/own.bc"]).unwrap();
    contains(
        &text,
        &[
            "define dso_local void @own.v1.axpy.bf84be2c(i64 %n",
            "declare double @sin",
        ],
    );
    assert!(ir_text(b"rubbish").is_err());
}

#[test]
fn assembly_names_callees_and_labels() {
    let built = Project::new(KERNELS, FUNCTIONS).build().unwrap();
    let object = object(&built, "x86-64");
    let text = disassemble(object, "own.v1.axpy.bf84be2c")
        .unwrap()
        .unwrap();
    contains(
        &text,
        &["own.v1.axpy.bf84be2c:\n     0  ", "mulpd", ".L", "ret"],
    );
    let wave = built.document.functions[1].link_name.to_string();
    contains(&disassemble(object, &wave).unwrap().unwrap(), &["sin"]);
    assert_eq!(disassemble(object, "nothing").unwrap(), None);
    assert!(disassemble(b"rubbish", "x").is_err());
}
