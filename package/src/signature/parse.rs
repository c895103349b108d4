//! Reading a signature: Rust's own grammar of function types, narrowed to what C can pass.

use std::collections::BTreeSet;
use std::str::FromStr;

use syn::ext::IdentExt as _;

use super::{MAX_DEPTH, Parameter, Pointee, Signature, SignatureError, Type, plain, words};
use crate::nearest;

/// The longest text that is read.
const MAX_LENGTH: usize = 16 * 1024;
/// More parameters than any function has.
const MAX_PARAMETERS: usize = 255;

impl FromStr for Signature {
    type Err = SignatureError;

    /// # Errors
    /// If `text` is no Rust function type, or names a type that a signature cannot have.
    fn from_str(text: &str) -> Result<Self, SignatureError> {
        if let Some(signature) = plain::read(text) {
            return Ok(signature);
        }
        by_grammar(text).map_err(|reason| SignatureError {
            text: shortened(text),
            reason,
        })
    }
}

pub(super) fn by_grammar(text: &str) -> Result<Signature, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("longer than {MAX_LENGTH} bytes"));
    }
    refuse_foreign(text)?;
    if depth(text) > MAX_DEPTH {
        return Err(format!("types nested more than {MAX_DEPTH} deep"));
    }
    let function = syn::parse_str::<syn::TypeFnPtr>(text).map_err(|error| {
        format!("expected a function type such as `fn(n: u64, x: *const f64) -> f64` ({error})")
    })?;
    let signature = signature(&function)?;
    // What is written is longer than what was read where `extern "C"` was left out.
    if signature.to_string().len() > MAX_LENGTH {
        return Err(format!("longer than {MAX_LENGTH} bytes when written out"));
    }
    Ok(signature)
}

/// Refuses characters that stand in no signature.
///
/// It is not only for the message: expressions, blocks and attributes could nest in ways that
/// [`depth`] does not see, and a bracket in a comment or a string would mislead it.
fn refuse_foreign(text: &str) -> Result<(), String> {
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_alphanumeric() || matches!(c, '_' | '-') => {}
            _ if quoted => {
                return Err("calling convention: only \"C\" is supported".to_owned());
            }
            c if c.is_whitespace() || "():,*>#<&'.".contains(c) => {}
            '[' | ']' => {
                let message = "expected a scalar, a pointer or a function pointer; arrays go by \
                               pointer to their elements";
                return Err(message.to_owned());
            }
            '/' => return Err("comments do not belong in a signature".to_owned()),
            _ => {
                return Err(format!(
                    "`{}` does not belong in a signature",
                    c.escape_debug()
                ));
            }
        }
    }
    Ok(())
}

/// An upper bound of how deep types nest in `text`, and so of how deep the parser recurses.
fn depth(text: &str) -> usize {
    // For each open bracket, the pointers and results since the last comma in it: each of them is
    // a type that the one before it is made of.
    let mut chains = vec![0_usize];
    let (mut generics, mut now, mut deepest, mut before) = (0, 0_usize, 0, ' ');
    for c in text.chars() {
        let here = chains.len() - 1;
        match c {
            '(' => {
                chains.push(0);
                now += 1;
            }
            // One in a character literal is none; those are refused later.
            ')' if here > 0 && before != '\'' => now -= 1 + chains.pop().unwrap_or(0),
            '>' if before != '-' => {}
            '*' | '&' | '>' => {
                chains[here] += 1;
                now += 1;
            }
            ',' => now -= std::mem::take(&mut chains[here]),
            // Never closed: generic types are refused anyway.
            '<' => generics += 1,
            _ => {}
        }
        deepest = deepest.max(now + generics);
        before = c;
    }
    deepest
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn signature(function: &syn::TypeFnPtr) -> Result<Signature, String> {
    if function.lifetimes.is_some() {
        return Err("lifetimes have no meaning here; write raw pointers".to_owned());
    }
    if function.variadic.is_some() {
        return Err("variable numbers of arguments (`...`) are not supported".to_owned());
    }
    if let Some(syn::Abi {
        name: Some(name), ..
    }) = &function.abi
        && name.value() != "C"
    {
        return Err(format!(
            "calling convention \"{}\": only \"C\" is supported",
            name.value()
        ));
    }
    if function.inputs.len() > MAX_PARAMETERS {
        return Err(format!("more than {MAX_PARAMETERS} parameters"));
    }
    let parameters = function
        .inputs
        .iter()
        .map(|input| {
            Ok(Parameter {
                name: parameter_name(input)?,
                ty: value(&input.ty)?,
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let mut names = BTreeSet::new();
    for name in parameters.iter().filter_map(|p| p.name.as_deref()) {
        if !names.insert(name) {
            return Err(format!("two parameters are called `{name}`"));
        }
    }
    let result = match &function.output {
        syn::ReturnType::Default => None,
        syn::ReturnType::Type(_, ty) => match &**ty {
            syn::Type::Tuple(tuple) if tuple.elems.is_empty() => None,
            ty => Some(value(ty)?),
        },
    };
    Ok(Signature { parameters, result })
}

fn parameter_name(input: &syn::NamedArg) -> Result<Option<String>, String> {
    match &input.name {
        Some((ident, _)) if ident == "_" => Ok(None),
        Some((ident, _)) if ident == "self" => {
            Err("no parameter can be called `self`; write `self_`".to_owned())
        }
        Some((ident, _)) => Ok(Some(ident.unraw().to_string())),
        None => Ok(None),
    }
}

/// The type of something passed by value.
fn value(ty: &syn::Type) -> Result<Type, String> {
    match ty {
        syn::Type::Paren(inner) => value(&inner.elem),
        syn::Type::Group(inner) => value(&inner.elem),
        syn::Type::Ptr(pointer) => Ok(Type::Pointer {
            mutable: matches!(pointer.mutability, syn::PointerMutability::Mut(_)),
            pointee: Box::new(pointee(&pointer.elem)?),
        }),
        syn::Type::FnPtr(function) => Ok(Type::Function(Box::new(signature(function)?))),
        syn::Type::Reference(reference) => Err(format!(
            "references are not C types; write `{}` for the `&`",
            if reference.mutability.is_some() {
                "*mut"
            } else {
                "*const"
            }
        )),
        syn::Type::Path(path) => {
            let name = type_name(path)?;
            scalar(&name).ok_or_else(|| not_by_value(&name))
        }
        _ => Err("expected a scalar, a pointer or a function pointer".to_owned()),
    }
}

/// What a pointer points to.
fn pointee(ty: &syn::Type) -> Result<Pointee, String> {
    match ty {
        syn::Type::Paren(inner) => pointee(&inner.elem),
        syn::Type::Group(inner) => pointee(&inner.elem),
        syn::Type::Path(path) => {
            let name = type_name(path)?;
            match scalar(&name) {
                Some(ty) => Ok(Pointee::Type(ty)),
                None if name == "c_void" => Ok(Pointee::Void),
                None => match not_opaque(&name) {
                    Some(reason) => Err(reason),
                    None => Ok(Pointee::Opaque(name)),
                },
            }
        }
        other => value(other).map(Pointee::Type),
    }
}

/// The last word of a path without arguments: `core::ffi::c_void` is `c_void`.
fn type_name(path: &syn::TypePath) -> Result<String, String> {
    let plain = path.qself.is_none() && path.path.segments.iter().all(|s| s.arguments.is_none());
    match path.path.segments.last() {
        Some(last) if plain => {
            let name = last.ident.to_string();
            if crate::name::is_identifier(&name) {
                Ok(name)
            } else {
                Err(format!("`{name}`: names of types are ASCII identifiers"))
            }
        }
        _ => Err("generic types are not C types".to_owned()),
    }
}

fn scalar(name: &str) -> Option<Type> {
    let name = match name {
        "usize" => "u64",
        "isize" => "i64",
        name => name,
    };
    Type::SCALARS
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, ty)| ty)
}

fn not_by_value(name: &str) -> String {
    if name == "c_void" {
        return "`c_void` stands only behind a pointer; leave out `->` where nothing is returned"
            .to_owned();
    }
    if let Some(reason) = words::meant(name).or_else(|| words::not_portable(name)) {
        return reason;
    }
    match nearest(name, words::scalars()) {
        Some(known) => format!("unknown type `{name}`; did you mean `{known}`?"),
        None => format!("`{name}` by value: pass structs by pointer, `*const {name}`"),
    }
}

/// Why no type behind a pointer is known by the name `name` alone; `None` if one may be.
fn not_opaque(name: &str) -> Option<String> {
    words::meant(name)
        .or_else(|| words::not_portable(name))
        .or_else(|| words::mistyped(name))
        .or_else(|| {
            let reserved = words::is_c_keyword(name) || !words::is_plain_word(name);
            reserved.then(|| format!("`{name}` is a word of the language and names no type"))
        })
}
