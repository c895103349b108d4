//! Reading a signature in the form in which it is written: many times faster than by Rust's grammar.
//!
//! Indexes hold thousands of signatures, nearly all of them functions of scalars and pointers. What
//! is read here means the same to [`parse`](super::parse); whatever is not sure to, is left to it.

use super::{Parameter, Pointee, Signature, Type, words};

/// More pointers to pointers than anybody writes; the limit is elsewhere.
const MAX_POINTERS: usize = 4;

/// More parameters than most functions have; the limit is elsewhere.
const MAX_PARAMETERS: usize = 64;

/// The signature `text`, if it is written plainly.
pub(super) fn read(text: &str) -> Option<Signature> {
    let mut rest = text.strip_prefix("fn(")?;
    let mut parameters: Vec<Parameter> = Vec::new();
    if let Some(after) = rest.strip_prefix(')') {
        rest = after;
    } else {
        loop {
            let parameter = parameter(&mut rest)?;
            let same = |other: &Parameter| other.name.is_some() && other.name == parameter.name;
            if parameters.len() == MAX_PARAMETERS || parameters.iter().any(same) {
                return None;
            }
            parameters.push(parameter);
            if let Some(after) = rest.strip_prefix(", ") {
                rest = after;
            } else {
                rest = rest.strip_prefix(')')?;
                break;
            }
        }
    }
    let result = match rest.strip_prefix(" -> ") {
        Some(after) => {
            rest = after;
            Some(value(&mut rest)?)
        }
        None => None,
    };
    rest.is_empty().then_some(Signature { parameters, result })
}

fn parameter(rest: &mut &str) -> Option<Parameter> {
    let mut after = *rest;
    let name = word(&mut after).filter(|_| after.starts_with(": "));
    let name = match name {
        Some(name) if is_reserved(name) => return None,
        Some(name) => {
            *rest = after.strip_prefix(": ")?;
            Some(name.to_owned())
        }
        None => None,
    };
    let ty = value(rest)?;
    Some(Parameter { name, ty })
}

fn value(rest: &mut &str) -> Option<Type> {
    match pointers(rest, MAX_POINTERS)? {
        Pointee::Type(ty) => Some(ty),
        Pointee::Void | Pointee::Opaque(_) => None,
    }
}

/// What is written next: a type, or what may stand behind a pointer only.
fn pointers(rest: &mut &str, left: usize) -> Option<Pointee> {
    for (start, mutable) in [("*const ", false), ("*mut ", true)] {
        if let Some(after) = rest.strip_prefix(start) {
            *rest = after;
            let pointee = Box::new(pointers(rest, left.checked_sub(1)?)?);
            return Some(Pointee::Type(Type::Pointer { mutable, pointee }));
        }
    }
    let name = word(rest)?;
    let scalar = Type::SCALARS.iter().find(|(known, _)| *known == name);
    match scalar {
        Some((_, ty)) => Some(Pointee::Type(ty.clone())),
        None if name == "c_void" => Some(Pointee::Void),
        // Those are written with other names, or not at all.
        None if is_reserved(name)
            || words::scalars().any(|scalar| scalar == name)
            || words::is_c_keyword(name)
            || words::meant(name).is_some()
            || words::not_portable(name).is_some()
            || words::mistyped(name).is_some() =>
        {
            None
        }
        None => Some(Pointee::Opaque(name.to_owned())),
    }
}

/// The ASCII identifier that is written next.
fn word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = rest.bytes().take_while(part).count();
    let (name, after) = rest.split_at_checked(length)?;
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    *rest = after;
    Some(name)
}

/// Whether `name` is a word of Rust that cannot name a parameter or a type, or may become one.
fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "_" | "Self"
            | "abstract"
            | "as"
            | "async"
            | "await"
            | "become"
            | "box"
            | "break"
            | "const"
            | "continue"
            | "crate"
            | "do"
            | "dyn"
            | "else"
            | "enum"
            | "extern"
            | "false"
            | "final"
            | "fn"
            | "for"
            | "gen"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "loop"
            | "macro"
            | "match"
            | "mod"
            | "move"
            | "mut"
            | "override"
            | "priv"
            | "pub"
            | "ref"
            | "return"
            | "self"
            | "static"
            | "struct"
            | "super"
            | "trait"
            | "true"
            | "try"
            | "type"
            | "typeof"
            | "unsafe"
            | "unsized"
            | "use"
            | "virtual"
            | "where"
            | "while"
            | "yield"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::super::tests::signatures;
    use super::*;

    /// Every word that means something to Rust now, or may.
    const WORDS: &str = "as break const continue crate else enum extern false fn for if impl in let \
        loop match mod move mut pub ref return self Self static struct super trait true type \
        unsafe use where while async await dyn abstract become box do final macro override priv \
        typeof unsized virtual yield try gen macro_rules raw safe union auto default catch \
        existential static r x _ __ _x u64 usize isize i128 c_void f46 u6 int size_t char str \
        String Matrix void class NULL";

    fn agrees(text: &str) {
        if let Some(signature) = read(text) {
            assert_eq!(parse::by_grammar(text), Ok(signature.clone()), "{text}");
            assert_eq!(signature.to_string(), text);
        }
    }

    #[test]
    fn what_is_written_plainly() {
        for text in [
            "fn()",
            "fn() -> u64",
            "fn(u64)",
            "fn(n: u64, x: *const f64, y: *mut f64) -> f64",
            "fn(*const c_void, m: *mut Matrix) -> *const *mut f32",
        ] {
            assert!(read(text).is_some(), "{text}");
            agrees(text);
        }
    }

    #[test]
    fn what_is_left_to_the_grammar() {
        for text in [
            "",
            "fn",
            "fn(",
            "fn(u64",
            "fn(u64) ",
            " fn()",
            "fn(u64,)",
            "fn(u64,f64)",
            "fn(n:u64)",
            "fn(n: u64, n: u64)",
            "fn() -> ()",
            "fn(_: u64)",
            "fn(x: usize)",
            "fn(x: c_void)",
            "fn(m: Matrix)",
            "fn(m: *const core::ffi::c_void)",
            "fn(f: extern \"C\" fn())",
            "fn(r#type: u64)",
            "fn(é: u64)",
            "fn(1: u64)",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn words_of_the_language() {
        for word in WORDS.split_whitespace() {
            agrees(&format!("fn({word}: u64)"));
            agrees(&format!("fn({word})"));
            agrees(&format!("fn(*const {word})"));
            agrees(&format!("fn() -> *mut {word}"));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_grammar_does(signature in signatures()) {
            let text = signature.to_string();
            agrees(&text);
            if !text.contains("extern") && !text.contains('#') && text.matches('*').count() < 4 {
                let read = read(&text);
                prop_assert!(read.is_none() || read.unwrap() == signature);
            }
        }

        #[test]
        fn so_is_what_looks_like_it(
            text in "fn\\(([a-z_]{1,6}: )?(\\*const |\\*mut ){0,5}[a-zA-Z_]?[a-z0-9_]{0,6}(, ([a-z]{1,2}: )?[uif](8|16|32|64)){0,3}\\)( -> [a-z*0-9 ]{0,9})?",
        ) {
            agrees(&text);
        }
    }
}
