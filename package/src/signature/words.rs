//! Words with a meaning: scalars of other languages, keywords, and slips of the pen.
//!
//! A name behind a pointer may be any struct's, so a mistyped scalar would pass for one: `*const
//! f46` would be a pointer to something unknown, with a link name that nobody else has.

use super::Type;
use crate::nearest;

/// Words that name nothing in C23 or C++23 although they are identifiers.
const C_KEYWORDS: &str = "alignas alignof and and_eq asm auto bitand bitor bool break case catch char \
    class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit \
    continue decltype default delete do double dynamic_cast else enum explicit export extern false \
    float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr \
    operator or or_eq private protected public register reinterpret_cast requires restrict return \
    short signed sizeof static static_assert static_cast struct switch template this thread_local \
    throw true try typedef typeid typename typeof union unsigned using virtual void volatile \
    wchar_t while xor xor_eq NULL";

/// Scalars of C, of Rust's `core::ffi` and of other languages, with what they are here.
const MEANT: &[(&str, &str)] = &[
    ("_Bool", "bool"),
    ("c_char", "i8"),
    ("c_double", "f64"),
    ("c_float", "f32"),
    ("c_int", "i32"),
    ("c_long", "i64"),
    ("c_longlong", "i64"),
    ("c_schar", "i8"),
    ("c_short", "i16"),
    ("c_uchar", "u8"),
    ("c_uint", "u32"),
    ("c_ulong", "u64"),
    ("c_ulonglong", "u64"),
    ("c_ushort", "u16"),
    ("double", "f64"),
    ("float", "f32"),
    ("float32", "f32"),
    ("float64", "f64"),
    ("int", "i32"),
    ("int16", "i16"),
    ("int16_t", "i16"),
    ("int32", "i32"),
    ("int32_t", "i32"),
    ("int64", "i64"),
    ("int64_t", "i64"),
    ("int8", "i8"),
    ("int8_t", "i8"),
    ("intptr_t", "i64"),
    ("long", "i64"),
    ("ptrdiff_t", "i64"),
    ("short", "i16"),
    ("signed", "i32"),
    ("size_t", "u64"),
    ("ssize_t", "i64"),
    ("uint", "u32"),
    ("uint16", "u16"),
    ("uint16_t", "u16"),
    ("uint32", "u32"),
    ("uint32_t", "u32"),
    ("uint64", "u64"),
    ("uint64_t", "u64"),
    ("uint8", "u8"),
    ("uint8_t", "u8"),
    ("uintptr_t", "u64"),
    ("unsigned", "u32"),
    ("void", "c_void"),
];

/// The names of scalars that can be written.
pub(super) fn scalars() -> impl Iterator<Item = &'static str> {
    let scalars = Type::SCALARS.iter().map(|(name, _)| *name);
    scalars.chain(["usize", "isize"])
}

/// What to write instead, if `name` is a scalar under another name.
pub(super) fn meant(name: &str) -> Option<String> {
    if name == "char" {
        return Some("`char` is called `i8` here if it is C's, `u32` if it is Rust's".to_owned());
    }
    let (_, scalar) = MEANT.iter().find(|(word, _)| *word == name)?;
    Some(format!("`{name}` is called `{scalar}` here"))
}

/// That `name` is a scalar which C has no portable type for.
pub(super) fn not_portable(name: &str) -> Option<String> {
    matches!(name, "u128" | "i128" | "str" | "f16" | "f128").then(|| {
        format!("`{name}` has no portable C type; use a scalar of at most 64 bits, or `c_void`")
    })
}

/// What was likely meant, if `name` is shaped like a scalar: `f46`, `u63`.
pub(super) fn mistyped(name: &str) -> Option<String> {
    let digits = name.strip_prefix(['f', 'i', 'u'])?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hint = nearest(name, scalars())
        .map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
    Some(format!("unknown type `{name}`{hint}"))
}

/// Whether `name` means something to C or C++, and so can name nothing there.
pub(crate) fn is_c_keyword(name: &str) -> bool {
    C_KEYWORDS.split_whitespace().any(|keyword| keyword == name)
}

/// Whether Rust, and so a signature, takes `name` for a name without further ado.
pub(super) fn is_plain_word(name: &str) -> bool {
    // Marks that combine with letters can be part of names in Rust, but not in signatures.
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    name.chars().all(plain) && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// Whether `name` is a word of Rust that `r#` makes a name of.
pub(super) fn is_raw_word(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric())
        && syn::parse_str::<syn::Ident>(&format!("r#{name}")).is_ok()
}
