use std::ffi::c_void;
use std::path::Path;

use super::*;

/// Calls a function of this file with arguments written as text.
///
/// # Safety
/// As for [`Arguments::call`].
unsafe fn run(
    address: *const c_void,
    signature: &str,
    texts: &[&str],
) -> Result<String, CallError> {
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    let arguments = Arguments::read(&signature.parse().unwrap(), &texts, Path::new(".")).unwrap();
    // SAFETY: the caller's promise.
    let outcome = unsafe { arguments.call(address) }?;
    Ok(outcome.display(None).to_string())
}

/// Calls functions with a signature and arguments each, and compares what they give.
macro_rules! check {
    ($($function:ident $signature:literal [$($text:literal),*] => $shown:literal;)*) => {
        $(
            // SAFETY: the signature is the function's; lengths are those of the arrays.
            let found = unsafe { run($function as *const c_void, $signature, &[$($text),*]) };
            assert_eq!(found.unwrap(), $shown, stringify!($function));
        )*
    };
}

/// A function that gives back its argument, for each type.
macro_rules! identities {
    ($($name:ident $rust:ty),*) => {
        $(extern "C" fn $name(x: $rust) -> $rust { x })*
    };
}
identities!(bool_ bool, i8_ i8, i16_ i16, i32_ i32, i64_ i64, u8_ u8, u16_ u16, u32_ u32, u64_ u64,
            f32_ f32, f64_ f64, pointer_ *const f64);

#[test]
fn every_type_goes_in_and_comes_out() {
    check! {
        bool_ "fn(bool) -> bool" ["true"] => "true";
        bool_ "fn(bool) -> bool" ["false"] => "false";
        i8_ "fn(i8) -> i8" ["-128"] => "-128";
        i8_ "fn(i8) -> i8" ["127"] => "127";
        i16_ "fn(i16) -> i16" ["-32768"] => "-32768";
        i32_ "fn(i32) -> i32" ["-2147483648"] => "-2147483648";
        i64_ "fn(i64) -> i64" ["-9223372036854775808"] => "-9223372036854775808";
        u8_ "fn(u8) -> u8" ["255"] => "255";
        u16_ "fn(u16) -> u16" ["65535"] => "65535";
        u32_ "fn(u32) -> u32" ["4294967295"] => "4294967295";
        u64_ "fn(u64) -> u64" ["18446744073709551615"] => "18446744073709551615";
        f32_ "fn(f32) -> f32" ["0.1"] => "0.1";
        f32_ "fn(f32) -> f32" ["-inf"] => "-inf";
        f64_ "fn(f64) -> f64" ["0.1"] => "0.1";
        f64_ "fn(f64) -> f64" ["-0"] => "-0";
        f64_ "fn(f64) -> f64" ["nan"] => "nan";
        pointer_ "fn(*const f64) -> *const f64" ["null"] => "null";
    }
}

/// Sees all 64 bits of the registers that narrow arguments come in: C callers extend them.
extern "C" fn wide(a: i64, b: u64) -> i64 {
    a.wrapping_mul(3).wrapping_add(b as i64)
}

#[test]
fn narrow_arguments_are_extended() {
    let signature = "fn(i32, bool) -> i64";
    // SAFETY: a wider integer is read than is passed, from registers of 64 bits.
    let found = unsafe { run(wide as *const c_void, signature, &["-5", "true"]) };
    assert_eq!(found.unwrap(), "-14");
}

extern "C" fn nothing() {}

extern "C" fn address() -> *const c_void {
    std::ptr::without_provenance(0x1234)
}

extern "C" fn is_null(x: *const f64, f: Option<extern "C" fn(f64) -> f64>) -> bool {
    x.is_null() && f.is_none()
}

#[test]
fn nothing_and_addresses() {
    check! {
        nothing "fn()" [] => "";
        address "fn() -> *const c_void" [] => "0x1234";
        address "fn() -> extern \"C\" fn(f64)" [] => "0x1234";
        is_null "fn(*const f64, extern \"C\" fn(f64) -> f64) -> bool" ["null", "null"] => "true";
        is_null "fn(*const f64, extern \"C\" fn(f64) -> f64) -> bool" ["[]", "null"] => "false";
    }
}

extern "C" fn mixed(
    a: i8,
    b: f64,
    c: u64,
    d: f32,
    e: i16,
    f: f64,
    g: u8,
    h: f64,
    i: i32,
    j: f32,
    k: bool,
    l: f64,
) -> f64 {
    let whole = [
        i64::from(a),
        c as i64,
        i64::from(e),
        i64::from(g),
        i64::from(i),
        i64::from(k),
    ];
    let floats = [b, f64::from(d), f, h, f64::from(j), l];
    let mut sum = 0.0;
    for (n, (w, x)) in whole.iter().zip(floats).enumerate() {
        sum = sum * 10.0 + (n + 1) as f64 * (*w as f64) + x;
    }
    sum
}

extern "C" fn twelve(
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
    f: u64,
    g: u64,
    h: u64,
    i: u64,
    j: u64,
    k: u64,
    l: u8,
) -> u64 {
    let all = [a, b, c, d, e, f, g, h, i, j, k, u64::from(l)];
    all.iter().fold(0, |sum, x| sum * 10 + x)
}

extern "C" fn floats(
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    e: f64,
    f: f64,
    g: f64,
    h: f64,
    i: f32,
    j: f64,
    k: f32,
    l: f64,
) -> f64 {
    let all = [a, b, c, d, e, f, g, h, f64::from(i), j, f64::from(k), l];
    all.iter().fold(0.0, |sum, x| sum * 10.0 + x)
}

#[test]
fn arguments_on_the_stack() {
    let expected = mixed(-1, 2.5, 3, 4.5, -5, 6.5, 7, 8.5, -9, 10.5, true, 12.5);
    let signature = "fn(i8, f64, u64, f32, i16, f64, u8, f64, i32, f32, bool, f64) -> f64";
    let texts = [
        "-1", "2.5", "3", "4.5", "-5", "6.5", "7", "8.5", "-9", "10.5", "true", "12.5",
    ];
    // SAFETY: the signature is the function's.
    let found = unsafe { run(mixed as *const c_void, signature, &texts) };
    assert_eq!(found.unwrap(), Value::F64(expected).to_string());
    check! {
        twelve "fn(u64,u64,u64,u64,u64,u64,u64,u64,u64,u64,u64,u8) -> u64"
            ["1","2","3","4","5","6","7","8","9","1","2","3"] => "123456789123";
        floats "fn(f64,f64,f64,f64,f64,f64,f64,f64,f32,f64,f32,f64) -> f64"
            ["1","2","3","4","5","6","7","8","9","1","2","3"] => "123456789123";
    }
}

/// # Safety
/// x and y have n elements.
unsafe extern "C" fn axpy(n: u64, a: f64, x: *const f64, y: *mut f64) {
    for i in 0..n as usize {
        // SAFETY: the caller's promise.
        unsafe { *y.add(i) += a * *x.add(i) };
    }
}

/// # Safety
/// x has n elements.
unsafe extern "C" fn negate(n: u8, x: *mut i8, seen: *mut bool) -> i8 {
    // SAFETY: the caller's promise.
    unsafe {
        for i in 0..usize::from(n) {
            *x.add(i) = (*x.add(i)).wrapping_neg();
        }
        // No bool, but what C may leave in one.
        *seen.cast::<u8>() = 2;
        if n == 0 { 0 } else { *x }
    }
}

#[test]
fn changed_arrays_are_shown() {
    check! {
        axpy "fn(n: u64, a: f64, x: *const f64, y: *mut f64)"
            ["3", "10", "[1,2,3]", "[0.5,0.5,0.5]"] => "y = [10.5, 20.5, 30.5]";
        axpy "fn(n: u64, a: f64, x: *const f64, y: *mut f64)"
            ["3", "0", "[1,2,3]", "[1,2,3]"] => "";
        axpy "fn(u64, f64, *const f64, *mut f64)"
            ["1", "1", "1", "[0;3]"] => "argument 4 = [1, 0, 0]";
        negate "fn(n: u8, x: *mut i8, seen: *mut bool) -> i8"
            ["3", "[1,-2,3]", "[false]"] => "-1\nx = [-1, 2, -3]\nseen = [true]";
        negate "fn(n: u8, x: *mut i8, seen: *mut bool) -> i8"
            ["0", "[]", "[false]"] => "0\nseen = [true]";
    }
}

#[test]
fn writing_past_the_end_is_an_error() {
    let signature = "fn(n: u64, a: f64, x: *const f64, y: *mut f64)";
    let texts = ["3", "1", "[1,2,3]", "[0,0]"];
    // SAFETY: one element too many is within the guard.
    let error = unsafe { run(axpy as *const c_void, signature, &texts) }.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the function wrote past the end of argument 4 (`y: *mut f64`), which has 2 elements; what \
         it returned is not to be trusted"
    );
    assert!(error.hint().is_some());
}

#[test]
fn one_set_of_arguments_serves_many_calls() {
    let signature = "fn(n: u64, a: f64, x: *const f64, y: *mut f64)"
        .parse()
        .unwrap();
    let texts = ["1", "2", "[3]", "[4]"].map(str::to_owned);
    let arguments = Arguments::read(&signature, &texts, Path::new(".")).unwrap();
    for _ in 0..2 {
        // SAFETY: the signature is the function's, and the arrays have one element.
        let outcome = unsafe { arguments.clone().call(axpy as *const c_void) }.unwrap();
        assert_eq!(outcome.display(None).to_string(), "y = [10]");
    }
}
