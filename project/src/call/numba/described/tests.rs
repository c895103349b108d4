use std::ffi::c_void;
use std::path::Path;

use puck_package::Function;

use super::*;
use crate::call::overload::tests::function as sample;
use crate::call::{Asked, CallError, choose};

/// A function with a view for C, and what a package says of it.
fn function(signature: &str, portable: &str, parameters: &str) -> (Function, Described) {
    let function = sample(signature);
    let text = format!(
        r#"{{"format": 1, "abi": "numba-cpu-1", "functions": [{{"c": "{}",
            "signature": "{portable}", "parameters": [{parameters}]}}]}}"#,
        function.link_name
    );
    (function, Described::read(text.as_bytes()).unwrap())
}

fn read(described: &(Function, Described), texts: &[&str]) -> Result<Arguments, CallError> {
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    choose([&described.0], &described.1, &texts, Path::new(".")).map(|found| found.arguments)
}

/// Calls a function of this file.
///
/// # Safety
/// It is a view for C with those types.
unsafe fn call(
    address: *const c_void,
    described: &(Function, Described),
    texts: &[&str],
) -> Result<String, String> {
    let arguments = read(described, texts).map_err(|error| error.to_string())?;
    // SAFETY: the caller's promise.
    let outcome = unsafe { arguments.call(address) }.map_err(|error| error.to_string())?;
    match outcome.raised {
        Some(raised) => Err(format!("{raised:?}")),
        None => Ok(outcome.display(Some(4)).to_string()),
    }
}

#[repr(C)]
struct Array2 {
    owner: *mut c_void,
    parent: *mut c_void,
    items: i64,
    item_size: i64,
    data: *mut f64,
    shape: [i64; 2],
    strides: [i64; 2],
}

#[repr(C)]
struct Optional<T> {
    value: T,
    valid: u8,
}

#[repr(C)]
struct Returned {
    flag: bool,
    complex: [f64; 2],
    array: Array2,
    some: Optional<i8>,
    none: Optional<u8>,
}

/// Doubles the elements of an array of two dimensions, and gives back its transposition with others.
unsafe extern "C" fn shapes(
    result: *mut Returned,
    exception: *mut usize,
    flag: bool,
    complex: *const [f64; 2],
    array: *const Array2,
    optional: *const Optional<i64>,
) -> i32 {
    // SAFETY: the types are those of the signature.
    unsafe {
        let found = &*array;
        assert!(found.owner.is_null() && found.parent.is_null());
        assert_eq!((found.items, found.item_size), (6, 8));
        if (*optional).valid != 0 {
            *exception = 0x1234;
            return (*optional).value as i32;
        }
        for i in 0..6 {
            *found.data.add(i) *= 2.0;
        }
        *result = Returned {
            flag: !flag,
            complex: [(*complex)[1], (*complex)[0]],
            array: Array2 {
                owner: std::ptr::null_mut(),
                parent: std::ptr::null_mut(),
                shape: [found.shape[1], found.shape[0]],
                strides: [found.strides[1], found.strides[0]],
                ..*found
            },
            some: Optional { value: 7, valid: 1 },
            none: Optional { value: 7, valid: 0 },
        };
        0
    }
}

#[test]
fn values_with_parts_go_in_and_come_out() {
    for order in ["C", "F"] {
        let array = format!("array<f64,2,{order},rw,al>");
        let described = function(
            "fn(*mut R, *mut *mut c_void, bool, *const C, *const A, *const O) -> i32",
            &format!("(bool,c128,{array},opt<i64>)->(bool,m.P(z:c128,a:{array}),opt<i8>,opt<u8>)"),
            r#"{"name": "flag"}, {"name": "z"}, {"name": "a"}, {"name": "o", "default": null}"#,
        );
        // SAFETY: the types are the function's.
        let shown = |texts: &[&str]| unsafe { call(shapes as *const c_void, &described, texts) };
        let texts = ["true", "1-2.5j", "[[1,2,3],[4,5,6]]"];
        assert_eq!(
            shown(&texts).unwrap(),
            "(false, P(z=-2.5+1j, a=[2, 8, …, 6, 12] (3 x 2 values)), 7, None)\n\
             a = [2, 4, …, 10, 12] (2 x 3 values)"
        );
        let texts = ["true", "1-2.5j", "[[1,2,3],[4,5,6]]", "3"];
        assert_eq!(
            shown(&texts).unwrap_err(),
            "Raised { status: 3, exception: 4660 }"
        );
    }
}

unsafe extern "C" fn none(_: *mut c_void, _: *mut usize, _: *const c_void) -> i32 {
    -2
}

#[test]
fn nothing_is_none_where_something_may_be() {
    for (result, shown) in [("void", ""), ("opt<f64>", "None")] {
        let described = function(
            "fn(*mut c_void, *mut *mut c_void, *const T) -> i32",
            &format!("((i8,array<i64,1,A,ro,ua>))->{result}"),
            r#"{"name": "t"}"#,
        );
        // SAFETY: the types are the function's.
        let found = unsafe { call(none as *const c_void, &described, &["(1, [2,3])"]) };
        assert_eq!(found.unwrap(), shown);
    }
}

#[test]
fn arguments_that_do_not_fit() {
    let described = function(
        "fn(result: *mut f64, exception: *mut *mut c_void, x: f64, *const T, *const A) -> i32",
        "(f64,(i8,f64),array<c64,1,C,rw,al>)->f64",
        r#"{"name": "x"}, {"name": "pair"}, {"name": "a", "default": {"pickle": ""}}"#,
    );
    for (texts, reason) in [
        (
            &["1"][..],
            "expected 3 arguments, found 1: (f64,(i8,f64),array<c64,1,C,rw,al>)->f64",
        ),
        (
            &["1", "2", "3"],
            "argument 2 (`pair: (i8,f64)`): expected 2 values in parentheses, as in `(1, 2.5)`, \
             found `2`",
        ),
        (
            &["1", "(1, 2, 3)", "3"],
            "argument 2 (`pair: (i8,f64)`): expected 2 values in parentheses, as in `(1, 2.5)`, \
             found `(1, 2, 3)`",
        ),
        (
            &["1", "(300, 2)", "3"],
            "argument 2 (`pair: (i8,f64)`): element 0 (from 0): `300` is out of the range of i8: \
             -128 to 127",
        ),
        (
            &["1", "(1, 2)", "[3]"],
            "argument 3 (`a: array<c64,1,C,rw,al>`): an array of complex numbers cannot be typed here",
        ),
        (
            &["null", "(1, 2)", "[3]"],
            "argument 1 (`x: f64`): expected a number, found `null`",
        ),
    ] {
        assert_eq!(read(&described, texts).unwrap_err().to_string(), reason);
    }
    let described = function(
        "fn(*mut f64, *mut *mut c_void, *const A, *const C) -> i32",
        "(array<f64,2,C,rw,al>,c64)->f64",
        r#"{"name": "a"}, {"name": "z"}"#,
    );
    for (texts, reason) in [
        (
            ["[1, 2]", "1"],
            "argument 1 (`a: array<f64,2,C,rw,al>`): expected an array of 2 dimensions, found one of \
             1 dimension",
        ),
        (
            ["null", "1"],
            "argument 1 (`a: array<f64,2,C,rw,al>`): expected values of type f64: `[...]`, \
             `zeros(LENGTH)`, `@FILE.npy` or `@FILE.csv:COLUMN`, found `null`",
        ),
        (
            ["zeros(1, 1)", "1+2i"],
            "argument 2 (`z: c64`): expected a complex number such as `1+2j`, found `1+2i`",
        ),
    ] {
        assert_eq!(read(&described, &texts).unwrap_err().to_string(), reason);
    }
}

#[test]
fn complex_numbers_as_python_writes_them() {
    let described = function(
        "fn(*mut c_void, *mut *mut c_void, *const C) -> i32",
        "(c128)->c128",
        r#"{"name": "z"}"#,
    );
    unsafe extern "C" fn same(to: *mut [f64; 2], _: *mut usize, from: *const [f64; 2]) -> i32 {
        // SAFETY: the types are those of the signature.
        unsafe { *to = *from };
        0
    }
    for (text, shown) in [
        ("1+2j", "1+2j"),
        ("(1-2j)", "1-2j"),
        ("3", "3+0j"),
        ("-2.5j", "0-2.5j"),
        ("1e-3+2e+1j", "0.001+20j"),
        ("-inf+nanj", "-inf+nanj"),
    ] {
        // SAFETY: the types are the function's.
        let found = unsafe { call(same as *const c_void, &described, &[text]) };
        assert_eq!(found.unwrap(), shown);
    }
    for text in ["j", "1+", "1+j2", "1 2j", ""] {
        assert!(read(&described, &[text]).is_err(), "{text}");
    }
}

#[test]
fn parameters_are_shown_as_they_are_declared() {
    let (mut one, described) = function(
        "fn(*mut f64, *mut *mut c_void, x: f64, *const A) -> i32",
        "(f64,array<f64,1,C,rw,al>)->f64",
        r#"{"name": "x"}, {"name": "a"}"#,
    );
    one.declared = Some("(x: float64, a: float64[::1]) -> float64".to_owned());
    let found = (one, described);
    let error = read(&found, &["1", "x"]).unwrap_err().to_string();
    assert!(
        error.starts_with("argument 2 (`a: float64[::1]`): expected values"),
        "{error}"
    );
    let error = read(&found, &[]).unwrap_err().to_string();
    let expected = "expected 2 arguments, found 0: (x: float64, a: float64[::1]) -> float64";
    assert_eq!(error, expected);
    for asked in [
        "(x: float64, a: float64[::1]) -> float64",
        " (f64, array<f64,1,C,rw,al>) -> f64",
        "fn(*mut f64, *mut *mut c_void, f64, *const A) -> i32",
    ] {
        let asked: Asked = asked.parse().unwrap();
        let texts = ["1", "[2]"].map(str::to_owned);
        let chosen =
            crate::call::by_signature([&found.0], &found.1, &asked, &texts, Path::new("."));
        assert_eq!(
            chosen.unwrap().signature,
            "(x: float64, a: float64[::1]) -> float64"
        );
    }
}

#[test]
fn a_description_of_something_else_is_refused() {
    let two = |x: &str, result: &str| format!("fn(*mut f64, *mut *mut c_void{x}) -> {result}");
    let other = "it tells of 1 parameters of `(f64)->f64`, and what is called is";
    for (signature, portable, reason) in [
        (two(", f32", "i32"), "(f64)->f64", other),
        (two("", "i32"), "(f64)->f64", other),
        (two(", f64, f64", "i32"), "(f64)->f64", other),
        (two(", f64", "f64"), "(f64)->f64", other),
        (
            two("", "i32"),
            "()->f64",
            "it tells of 1 parameters of `()->f64`",
        ),
        (two(", f64", "i32"), "(f64)", "expected `->` at ``"),
        (
            two(", *mut R", "i32"),
            "(record{a:f64@0}4000000000/al)->f64",
            "it tells of values of more than 1048576 bytes",
        ),
    ] {
        let described = function(&signature, portable, r#"{"name": "x"}"#);
        let error = read(&described, &["1"]).unwrap_err();
        assert!(matches!(error, CallError::Described { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{portable}: {error}");
    }
}
