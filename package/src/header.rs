//! The C header of a package: its functions under C names, bound to their link names.
//!
//! `linalg::dot` is declared as `linalg_dot` with an `asm` label, which GCC and clang understand;
//! C and C++ programs include the header and link against the library, with no help from Puck.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::signature::words::is_c_keyword;
use crate::{Function, PackageDocument, PackageName, Pointee, Signature, Type};

/// The name of `function` in C: `linalg_dot`; with the signature's fingerprint behind it where
/// several functions of the package share the name: `linalg_dot_1a2b3c4d`.
#[must_use]
pub fn c_name(document: &PackageDocument, function: &Function) -> String {
    let name = format!("{}_{}", document.name.symbol(), function.name);
    let overloads = document.overloads(function.name.as_str());
    if overloads.filter(|other| other.is_c()).count() > 1 {
        format!("{name}_{}", function.link_name.fingerprint())
    } else {
        name
    }
}

/// The text of `include/NAME.h`.
#[must_use]
pub fn c_header(document: &PackageDocument) -> String {
    let (name, series) = (document.name.symbol(), document.series());
    let guard = format!("PUCK_{name}_{series}_H").to_uppercase();
    let functions = || document.functions.iter().filter(|function| function.is_c());
    let mut text = format!("/* {} {}", document.name, document.version);
    if !document.description.is_empty() {
        write!(text, ": {}", comment(&document.description)).expect(STRING);
    }
    write!(
        text,
        " */\n#ifndef {guard}\n#define {guard}\n\n#include <stdbool.h>\n#include <stdint.h>\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n"
    )
    .expect(STRING);

    let mut opaque = BTreeSet::new();
    for function in functions() {
        opaque_names(&function.signature, &mut opaque);
    }
    if document.files.contains_key(STRUCTS) {
        text.push_str(&include_structs(&document.name));
    }
    if !opaque.is_empty() {
        text.push('\n');
    }
    for name in opaque {
        writeln!(text, "struct {name};").expect(STRING);
    }

    text.push_str(&host_table(document));
    for function in functions() {
        text.push('\n');
        let said: Vec<String> = (function.doc.iter().map(|doc| comment(doc)))
            .chain(needs(document, function))
            .collect();
        if !said.is_empty() {
            writeln!(text, "/* {} */", said.join("\n   ")).expect(STRING);
        }
        let declarator = declaration(&function.signature, &c_name(document, function));
        writeln!(
            text,
            "{declarator}\n    __asm__(\"{}\");",
            function.link_name
        )
        .expect(STRING);
    }
    write!(text, "\n#ifdef __cplusplus\n}}\n#endif\n\n#endif\n").expect(STRING);
    text
}

/// What a function needs of the process, where some of its package need anything.
fn needs(document: &PackageDocument, function: &Function) -> Option<String> {
    if document.host_imports.is_empty() {
        return None;
    }
    Some(match function.needs.as_deref() {
        Some([]) => "Needs nothing of the process.".to_owned(),
        Some(needs) => format!("Needs a filled table: {}.", needs.join(", ")),
        None => "May need a filled table.".to_owned(),
    })
}

/// The table of what the process provides, and what to do about it.
fn host_table(document: &PackageDocument) -> String {
    let Some(table) = document.host_table() else {
        return String::new();
    };
    let imports = document.host_imports.iter().enumerate();
    let slots: String = imports
        .map(|(i, import)| format!("\n   {i:5} {} ({})", import.symbol, import.provider))
        .collect();
    // Declared as a variable, a program that is linked would have a copy of it.
    format!(
        "\n/* Functions that need a filled table read in it where the process has what they use. Whoever\n   \
         finds them with Puck's runtime (puck.h) has it filled, or is told what is missing. A program\n   \
         that is linked to the library, or opens it by itself, puts these addresses into\n   \
         `void **table = dlsym(library, {symbol}_HOST_IMPORTS)`, where `library` is RTLD_DEFAULT if it\n   \
         is linked, before it calls such a function: where a slot is empty, the call ends it.\n{slots} */\n\
         #define {symbol}_HOST_IMPORTS \"{table}\"\n",
        symbol = document.name.symbol().to_uppercase(),
    )
}

/// The definitions of what functions of Numba take and give, in an archive.
pub const STRUCTS: &str = "share/numba.h";

/// What [`STRUCTS`] is called where the package's header is.
#[must_use]
pub fn structs_header(package: &PackageName) -> String {
    format!("{package}.numba.h")
}

/// Includes the definitions of opaque structs, where they are; elsewhere they stay opaque.
fn include_structs(package: &PackageName) -> String {
    let file = structs_header(package);
    format!(
        "\n#ifdef __has_include\n#if __has_include(\"{file}\")\n#include \"{file}\"\n#endif\n\
         #endif\n"
    )
}

const STRING: &str = "a String takes all that is written";

/// `text` so that it cannot end the comment it stands in.
fn comment(text: &str) -> String {
    text.replace("*/", "* /")
        .replace("/*", "/ *")
        .replace('\n', "\n   ")
}

fn opaque_names<'a>(signature: &'a Signature, names: &mut BTreeSet<&'a str>) {
    for ty in signature
        .parameters
        .iter()
        .map(|p| &p.ty)
        .chain(&signature.result)
    {
        opaque_names_of(ty, names);
    }
}

fn opaque_names_of<'a>(ty: &'a Type, names: &mut BTreeSet<&'a str>) {
    match ty {
        Type::Function(signature) => opaque_names(signature, names),
        Type::Pointer { pointee, .. } => match &**pointee {
            Pointee::Opaque(name) => drop(names.insert(name)),
            Pointee::Type(ty) => opaque_names_of(ty, names),
            Pointee::Void => {}
        },
        _ => {}
    }
}

/// C's declaration of something called `declarator` that is a function of `signature`.
fn declaration(signature: &Signature, declarator: &str) -> String {
    let parameters = match &signature.parameters[..] {
        [] => "void".to_owned(),
        parameters => parameters
            .iter()
            .map(|parameter| declare(&parameter.ty, &parameter_name(parameter.name.as_deref())))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let function = format!("{declarator}({parameters})");
    match &signature.result {
        Some(result) => declare(result, &function),
        None => format!("void {function}"),
    }
}

/// C's declaration of `declarator` as a `ty`: types wrap around the name they declare.
fn declare(ty: &Type, declarator: &str) -> String {
    match ty {
        Type::Pointer { mutable, pointee } => {
            let qualifier = if *mutable { "" } else { "const " };
            match &**pointee {
                Pointee::Void => format!("{qualifier}void *{declarator}"),
                Pointee::Opaque(name) => format!("{qualifier}struct {name} *{declarator}"),
                Pointee::Type(inner @ (Type::Pointer { .. } | Type::Function(_))) => {
                    declare(inner, &format!("*{qualifier}{declarator}"))
                }
                Pointee::Type(scalar) => {
                    format!("{qualifier}{} *{declarator}", scalar_name(scalar))
                }
            }
        }
        Type::Function(signature) => declaration(signature, &format!("(*{declarator})")),
        scalar if declarator.is_empty() => scalar_name(scalar).to_owned(),
        scalar => format!("{} {declarator}", scalar_name(scalar)),
    }
}

fn parameter_name(name: Option<&str>) -> String {
    match name {
        Some(word) if is_c_keyword(word) => format!("{word}_"),
        Some(word) if word.is_ascii() => word.to_owned(),
        _ => String::new(),
    }
}

fn scalar_name(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::I8 => "int8_t",
        Type::I16 => "int16_t",
        Type::I32 => "int32_t",
        Type::I64 => "int64_t",
        Type::U8 => "uint8_t",
        Type::U16 => "uint16_t",
        Type::U32 => "uint32_t",
        Type::U64 => "uint64_t",
        Type::F32 => "float",
        Type::F64 => "double",
        Type::Pointer { .. } | Type::Function(_) => "void *",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::sample;

    #[test]
    fn declarations() {
        for (signature, expected) in [
            ("fn()", "void f(void)"),
            (
                "fn(n: u64, x: *const f64) -> f64",
                "double f(uint64_t n, const double *x)",
            ),
            ("fn(bool, *mut f32)", "void f(bool, float *)"),
            ("fn(new: i8) -> *const c_void", "const void *f(int8_t new_)"),
            (
                "fn(m: *mut Matrix) -> *mut Matrix",
                "struct Matrix *f(struct Matrix *m)",
            ),
            ("fn(p: *const *mut f64)", "void f(double **const p)"),
            ("fn(p: *mut *const f64)", "void f(const double **p)"),
            (
                "fn(g: extern \"C\" fn(x: f64) -> f64, a: f64) -> f64",
                "double f(double (*g)(double x), double a)",
            ),
            ("fn() -> extern \"C\" fn(i32)", "void (*f(void))(int32_t)"),
            (
                "fn(p: *mut extern \"C\" fn(i32))",
                "void f(void (**p)(int32_t))",
            ),
        ] {
            let signature: Signature = signature.parse().unwrap();
            assert_eq!(declaration(&signature, "f"), expected);
        }
    }

    #[test]
    fn whole_header() {
        let (mut document, _) = sample();
        document.description = "a /* tricky */ one".into();
        document.functions[0].doc = Some("y += a * x\nover all n".into());
        let header = c_header(&document);
        assert!(
            header.starts_with("/* demo 1.2.3: a / * tricky * / one */\n#ifndef PUCK_DEMO_V1_H")
        );
        assert!(header.contains(
            "/* y += a * x\n   over all n */\n\
             void demo_axpy(uint64_t n, double a, const double *x, double *y)\n    \
             __asm__(\"demo.v1.axpy.bf84be2c\");\n"
        ));
    }

    #[test]
    fn structs_are_included_where_they_are() {
        let (mut document, _) = sample();
        document.functions[0].signature = "fn(x: *const ArrayF64x1)".parse().unwrap();
        assert!(!c_header(&document).contains("has_include"));
        let facts = document.files["ir/demo.bc"];
        document.files.insert(STRUCTS.to_owned(), facts);
        let header = c_header(&document);
        assert!(
            header.contains(
                "#if __has_include(\"demo.numba.h\")\n#include \"demo.numba.h\"\n#endif\n#endif\n\n\
                 struct ArrayF64x1;\n"
            ),
            "{header}"
        );
    }

    #[test]
    fn what_functions_need_of_the_process_is_said() {
        let (mut document, _) = sample();
        let import = |symbol: &str, provider: &str| crate::HostImport {
            symbol: symbol.to_owned(),
            provider: provider.to_owned(),
        };
        document.functions[0].needs = Some(Vec::new());
        assert!(!c_header(&document).contains("Needs"));
        document.host_imports = vec![
            import("NRT_Allocate", "numba-runtime"),
            import("PyErr_Occurred", "python"),
        ];
        document.functions[0].doc = Some("Adds.".to_owned());
        let header = c_header(&document);
        let table = document.host_table().unwrap();
        for part in [
            "\n       0 NRT_Allocate (numba-runtime)\n       1 PyErr_Occurred (python) */\n",
            &format!("#define DEMO_HOST_IMPORTS \"{table}\"\n"),
            "/* Adds.\n   Needs nothing of the process. */\nvoid demo_axpy(",
        ] {
            assert!(header.contains(part), "{header}");
        }
        document.functions[0].doc = None;
        document.functions[0].needs = Some(vec!["numba-runtime".to_owned()]);
        let header = c_header(&document);
        assert!(
            header.contains("/* Needs a filled table: numba-runtime. */\n"),
            "{header}"
        );
        document.functions[0].needs = None;
        assert!(c_header(&document).contains("/* May need a filled table. */\n"));
    }

    #[test]
    fn overloads_get_names_of_their_own() {
        let (mut document, _) = sample();
        let mut other = document.functions[0].clone();
        other.signature = "fn(n: u64)".parse().unwrap();
        other.link_name = "demo.v1.axpy.00000000".parse().unwrap();
        document.functions.push(other);
        let names: Vec<_> = document
            .functions
            .iter()
            .map(|f| c_name(&document, f))
            .collect();
        assert_eq!(names, ["demo_axpy_bf84be2c", "demo_axpy_00000000"]);
    }

    #[test]
    fn functions_of_other_conventions_are_left_out() {
        let (mut document, _) = sample();
        let header = c_header(&document);
        let mut native = document.functions[0].clone();
        native.abi = "numba-cpu-1".into();
        native.link_name = "demo.v1.axpy.00000000".parse().unwrap();
        document.functions.push(native);
        assert_eq!(c_header(&document), header);
        assert_eq!(c_name(&document, &document.functions[0]), "demo_axpy");
    }
}
