//! Callees: which functions of dependencies declarations mean.

use super::*;

#[test]
fn imports_are_resolved_by_name_series_type_and_link_name() {
    let documents = [vecmath()];
    let link_name = |index: usize| documents[0].functions[index].link_name.to_string();
    let declared = format!("declare void @{}(ptr, double)", link_name(1));
    for (declaration, call, expected) in [
        (
            "declare double @\"vec-math::dot\"(i64, ptr, ptr)",
            "call double @\"vec-math::dot\"(i64 0, ptr null, ptr null)",
            0,
        ),
        (
            "declare dso_local double @\"vec_math.v2::dot\"(i64, ptr, ptr)",
            "call double @\"vec_math.v2::dot\"(i64 0, ptr null, ptr null)",
            0,
        ),
        (
            "declare void @\"vec_math::scale\"(ptr, float)",
            "call void @\"vec_math::scale\"(ptr null, float 1.0)",
            2,
        ),
        (
            &declared,
            &format!("call void @{}(ptr null, double 1.0)", link_name(1)),
            1,
        ),
    ] {
        let merged = merge_with(&[caller(declaration, call)], &["f: fn()"], &documents).unwrap();
        let imports: Vec<_> = merged
            .imports
            .iter()
            .map(|i| i.link_name.to_string())
            .collect();
        assert_eq!(imports, [link_name(expected)], "{declaration}");
        let text = text(&merged);
        contains(
            &text,
            &[&format!("@{}(", link_name(expected)), "nonlazybind"],
        );
        assert!(
            !text.contains("::") && !text.contains("declare dso_local"),
            "{text}"
        );
    }
}

#[test]
fn callers_widen_small_integers_as_the_callee_expects() {
    let declaration = "declare i1 @\"vec_math::flag\"(i1, i8, i16)";
    let call = "call i1 @\"vec_math::flag\"(i1 true, i8 -1, i16 -1)";
    let merged = merge_with(&[caller(declaration, call)], &["f: fn()"], &[vecmath()]).unwrap();
    contains(&text(&merged), &["(i1 zeroext, i8 signext, i16 zeroext)"]);
}

#[test]
fn several_sources_may_call_the_same_function() {
    let ir = |name: &str, ty: &str, zero: &str| {
        let declaration = format!("declare void @\"vec_math::scale\"(ptr, {ty})");
        let call = format!("call void @\"vec_math::scale\"(ptr null, {ty} {zero})");
        source(
            name,
            &format!("{declaration}\ndefine void @{name}() {{ {call} ret void }}"),
        )
    };
    let sources = [
        ir("a", "double", "0.0"),
        ir("b", "double", "0.0"),
        ir("c", "float", "0.0"),
    ];
    let functions = ["a: fn()", "b: fn()", "c: fn()"];
    let merged = merge_with(&sources, &functions, &[vecmath()]).unwrap();
    assert_eq!(
        merged.imports.len(),
        2,
        "an overload each for double and float"
    );
}

#[test]
fn functions_of_other_conventions_are_not_called() {
    let mut document = vecmath();
    document.functions.truncate(1);
    let link_name = document.functions[0].link_name.to_string();
    document.functions[0].abi = "cpython-1".to_owned();
    for symbol in ["vec_math::dot", &link_name] {
        let declaration = format!("declare double @\"{symbol}\"(i64, ptr, ptr)");
        let call = format!("call double @\"{symbol}\"(i64 0, ptr null, ptr null)");
        let found = merge_with(
            &[caller(&declaration, &call)],
            &["f: fn()"],
            std::slice::from_ref(&document),
        );
        let message = message(found);
        contains(&message, &[symbol, "calling convention", "\"cpython-1\""]);
    }
}

#[test]
fn imports_are_refused() {
    let documents = [
        vecmath(),
        dependency("stats", "0.3.1", &[("mean", "fn(u64) -> f64")]),
    ];
    let stale = documents[0].functions[0].link_name.to_string();
    let stale = format!("{}.00000000", stale.rsplit_once('.').unwrap().0);
    let table: &[(&str, &str, &[&str])] = &[
        (
            "vec_math::dto",
            "double (i64, ptr, ptr)",
            &["no function `dto`", "did you mean `dot`?"],
        ),
        (
            "vecmth::dot",
            "double (i64, ptr, ptr)",
            &["no dependency `vecmth`", "did you mean `vec-math`?"],
        ),
        (
            "tensor::dot",
            "double (i64)",
            &["no dependency `tensor`", "puck add tensor"],
        ),
        (
            "own::g",
            "double (i64)",
            &["no dependency `own`", "plain name: `g`"],
        ),
        (
            "vec_math.v1::dot",
            "double (i64, ptr, ptr)",
            &["is 2.1.0, which is series v2"],
        ),
        (
            "vec_math::dot",
            "float (i64, ptr, ptr)",
            &[
                "src/caller.ll declares `vec_math::dot` as",
                "fn(i64/u64, pointer, pointer) -> f32",
                "vec-math 2.1.0 exports",
                "fn(n: u64, x: *const f64, y: *const f64) -> f64",
                "result: `f64` against f32",
            ],
        ),
        (
            "vec_math::scale",
            "void (ptr, i32)",
            &["fn(*mut f64, f64)", "fn(*mut f32, f32)"],
        ),
        (
            "vec_math::pick",
            "void (i64)",
            &["could be any of", "link name of the one that is meant"],
        ),
        (
            &stale,
            "double (i64, ptr, ptr)",
            &["exports `dot` as", "include the `vec-math.h`"],
        ),
        (
            "stats.v0_3.mean.12345678",
            "double (i64)",
            &["stats 0.3.1 exports `mean` as"],
        ),
        (
            "stats.v0_3.median.12345678",
            "double (i64)",
            &["no function `median`"],
        ),
        (
            "stats.v0_4.mean.12345678",
            "double (i64)",
            &["which is series v0_3"],
        ),
    ];
    for (symbol, ty, expected) in table {
        let (result, parameters) = ty.split_once(' ').unwrap();
        let declaration = format!("declare {result} @\"{symbol}\"{parameters}");
        let call = format!("store ptr @\"{symbol}\", ptr null");
        let result = merge_with(&[caller(&declaration, &call)], &["f: fn()"], &documents);
        contains(&message(result), expected);
    }
    let otherwise = caller(
        "declare double @\"stats::mean\"(i64)",
        "%x = call float @\"stats::mean\"(double 1.0)",
    );
    let error = message(merge_with(&[otherwise], &["f: fn()"], &documents));
    contains(
        &error,
        &["calls `stats::mean` with other types than it declares"],
    );
}
