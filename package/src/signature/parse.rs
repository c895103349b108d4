//! Reading a signature: Rust's own grammar of function types, narrowed to what C can pass.

use std::str::FromStr;

use syn::ext::IdentExt as _;

use super::{MAX_DEPTH, Parameter, Pointee, Signature, SignatureError, Type};
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
        read(text).map_err(|reason| SignatureError {
            text: shortened(text),
            reason,
        })
    }
}

fn read(text: &str) -> Result<Signature, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("longer than {MAX_LENGTH} bytes"));
    }
    // The parser recurses on brackets and on stars; a bound on both keeps its stack small.
    if depth(text) > MAX_DEPTH {
        return Err(format!("types nested more than {MAX_DEPTH} deep"));
    }
    let function = syn::parse_str::<syn::TypeFnPtr>(text).map_err(|error| {
        format!("expected a function type such as `fn(n: u64, x: *const f64) -> f64` ({error})")
    })?;
    signature(&function)
}

/// An upper bound of how deep types nest in `text`.
fn depth(text: &str) -> usize {
    let (mut brackets, mut deepest, mut pointers) = (0_usize, 0, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '<' | '{' => brackets += 1,
            ')' | ']' | '>' | '}' => brackets = brackets.saturating_sub(1),
            '*' | '&' => pointers += 1,
            ',' => pointers = 0,
            _ => {}
        }
        deepest = deepest.max(brackets + pointers);
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
            let name = match &input.name {
                Some((ident, _)) if ident != "_" => Some(ident.unraw().to_string()),
                _ => None,
            };
            Ok(Parameter {
                name,
                ty: value(&input.ty)?,
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let result = match &function.output {
        syn::ReturnType::Default => None,
        syn::ReturnType::Type(_, ty) => match &**ty {
            syn::Type::Tuple(tuple) if tuple.elems.is_empty() => None,
            ty => Some(value(ty)?),
        },
    };
    Ok(Signature { parameters, result })
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
            Ok(match scalar(&name) {
                Some(ty) => Pointee::Type(ty),
                None if name == "c_void" => Pointee::Void,
                None => Pointee::Opaque(name),
            })
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
    if matches!(name, "u128" | "i128" | "char" | "str" | "f16" | "f128") {
        return format!("`{name}` has no portable C type; use a scalar of at most 64 bits");
    }
    let known = Type::SCALARS
        .iter()
        .map(|(name, _)| *name)
        .chain(["usize", "isize"]);
    match nearest(name, known) {
        Some(known) => format!("unknown type `{name}`; did you mean `{known}`?"),
        None => format!("`{name}` by value: pass structs by pointer, `*const {name}`"),
    }
}
