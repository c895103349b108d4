//! Types of C, C++ and Rust, as DWARF describes them, to the types of signatures.
//!
//! | in the source | in the signature |
//! |---|---|
//! | base types, by encoding and size | the scalar of that size |
//! | enumerations | the integer that they are stored in |
//! | `typedef`, `const`, `volatile`, `restrict`, `_Atomic` | what they are of |
//! | pointers and references to those | `*mut`, or `*const` where what is behind is `const` |
//! | pointers to structs, classes, unions | a pointer to their name |
//! | pointers to anything else that has no name | a pointer to `c_void` |
//! | pointers to arrays | a pointer to the element |
//! | pointers to functions; Rust's `extern "C" fn` and `Option` of it | `extern "C" fn` |
//! | Rust's `Option<&T>`, `NonNull<T>`, `Box<T>` | a pointer |
//! | structs, unions, arrays, vectors by value; variadic functions | refused, by name |

use gimli::constants as dw;
use puck_package::{Parameter, Pointee, Signature, Type};

use super::entry::{Entry, Units};

/// Types that nest deeper than any that is written by hand.
const MAX_DEPTH: usize = 16;

/// The signature of a function whose entry has these children and this result type.
pub(super) fn signature(
    units: &Units<'_>,
    children: &[Entry],
    result: Option<Entry>,
    depth: usize,
) -> Result<Signature, String> {
    let mut parameters = Vec::new();
    for child in children {
        match units.tag(*child) {
            Some(dw::DW_TAG_formal_parameter) => {
                let forms = units.forms(*child);
                let name = forms
                    .iter()
                    .find_map(|form| units.text(*form, dw::DW_AT_name));
                let what = match &name {
                    Some(name) => format!("parameter `{name}`"),
                    None => format!("parameter {}", parameters.len() + 1),
                };
                let of = forms
                    .iter()
                    .find_map(|form| units.reference(*form, dw::DW_AT_type));
                let ty = of.ok_or_else(|| "has no type".to_owned());
                let ty = ty.and_then(|of| value(units, of, depth + 1));
                let ty = ty.map_err(|reason| format!("{what} {reason}"))?;
                let ty = ty.ok_or_else(|| format!("{what} is of type `()`"))?;
                parameters.push(Parameter { name, ty });
            }
            Some(dw::DW_TAG_unspecified_parameters) => {
                return Err("it takes a variable number of arguments (`...`)".to_owned());
            }
            _ => {}
        }
    }
    let result = match result {
        Some(of) => value(units, of, depth + 1).map_err(|reason| format!("the result {reason}"))?,
        None => None,
    };
    Ok(Signature { parameters, result })
}

/// The type of something passed by value; `None` for nothing (`void`, `()`, `!`). The error goes on
/// from "parameter `x`".
fn value(units: &Units<'_>, of: Entry, depth: usize) -> Result<Option<Type>, String> {
    if depth > MAX_DEPTH {
        return Err(format!("has a type nested more than {MAX_DEPTH} deep"));
    }
    let next = units.reference(of, dw::DW_AT_type);
    let name = name(units, of);
    match units.tag(of) {
        Some(dw::DW_TAG_base_type) => scalar(units, of),
        Some(tag) if is_transparent(tag) => match next {
            Some(next) => value(units, next, depth + 1),
            None => Ok(None),
        },
        Some(dw::DW_TAG_enumeration_type) => enumeration(units, of, depth),
        Some(
            dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type,
        ) => pointer(units, of, depth).map(Some),
        Some(dw::DW_TAG_structure_type) if units.text(of, dw::DW_AT_name).is_some() => {
            match rust_pointer(units, of, &name, depth)? {
                Some(pointer) => Ok(Some(pointer)),
                None if units.number(of, dw::DW_AT_byte_size) == Some(0) => Ok(None),
                None => Err(by_value("struct", &name)),
            }
        }
        Some(dw::DW_TAG_structure_type) => Err(by_value("struct", &name)),
        Some(dw::DW_TAG_class_type) => Err(by_value("class", &name)),
        Some(dw::DW_TAG_union_type) => Err(by_value("union", &name)),
        Some(dw::DW_TAG_array_type) if units.flag(of, dw::DW_AT_GNU_vector) => {
            Err("is a vector by value; pass a pointer to its elements".to_owned())
        }
        Some(dw::DW_TAG_array_type) => Err("is an array by value; pass a pointer".to_owned()),
        _ => Err(format!(
            "is of type `{name}`, which C has no equivalent for"
        )),
    }
}

fn by_value(kind: &str, name: &str) -> String {
    format!("is the {kind} `{name}` by value; pass a pointer to it")
}

/// The name of a type, for messages.
fn name(units: &Units<'_>, of: Entry) -> String {
    units
        .text(of, dw::DW_AT_name)
        .unwrap_or_else(|| match units.tag(of) {
            Some(dw::DW_TAG_ptr_to_member_type) => "pointer to member".to_owned(),
            _ => "(anonymous)".to_owned(),
        })
}

/// Whether a type of this tag is passed as the one it is of.
fn is_transparent(tag: gimli::DwTag) -> bool {
    [
        dw::DW_TAG_typedef,
        dw::DW_TAG_const_type,
        dw::DW_TAG_volatile_type,
        dw::DW_TAG_restrict_type,
        dw::DW_TAG_atomic_type,
        dw::DW_TAG_immutable_type,
        dw::DW_TAG_template_alias,
    ]
    .contains(&tag)
}

fn scalar(units: &Units<'_>, of: Entry) -> Result<Option<Type>, String> {
    let name = name(units, of);
    let size = units.number(of, dw::DW_AT_byte_size);
    let refused = || format!("is of type `{name}`, which a signature cannot have");
    if name.contains("_BitInt") {
        return Err("is a `_BitInt`, which a signature cannot have".to_owned());
    }
    let ty = match (units.encoding(of), size) {
        (_, Some(0)) => return Ok(None),
        (Some(dw::DW_ATE_complex_float), _) => {
            return Err("is a complex number by value; pass a pointer to it".to_owned());
        }
        (Some(dw::DW_ATE_boolean), Some(1)) => Type::Bool,
        (Some(dw::DW_ATE_float), Some(4)) => Type::F32,
        (Some(dw::DW_ATE_float), Some(8)) => Type::F64,
        (Some(dw::DW_ATE_signed | dw::DW_ATE_signed_char), size) => {
            integer(true, size).ok_or_else(refused)?
        }
        (
            Some(
                dw::DW_ATE_unsigned
                | dw::DW_ATE_unsigned_char
                | dw::DW_ATE_UTF
                | dw::DW_ATE_ASCII
                | dw::DW_ATE_UCS,
            ),
            size,
        ) => integer(false, size).ok_or_else(refused)?,
        _ => return Err(refused()),
    };
    Ok(Some(ty))
}

fn integer(signed: bool, size: Option<u64>) -> Option<Type> {
    Some(match (signed, size?) {
        (true, 1) => Type::I8,
        (true, 2) => Type::I16,
        (true, 4) => Type::I32,
        (true, 8) => Type::I64,
        (false, 1) => Type::U8,
        (false, 2) => Type::U16,
        (false, 4) => Type::U32,
        (false, 8) => Type::U64,
        _ => return None,
    })
}

/// The integer that an enumeration is stored in.
fn enumeration(units: &Units<'_>, of: Entry, depth: usize) -> Result<Option<Type>, String> {
    if let Some(underlying) = units.reference(of, dw::DW_AT_type) {
        return value(units, underlying, depth + 1);
    }
    let size = units.number(of, dw::DW_AT_byte_size);
    let ty = integer(false, size);
    ty.map(Some)
        .ok_or_else(|| format!("is the enumeration `{}` of odd size", name(units, of)))
}

fn pointer(units: &Units<'_>, of: Entry, depth: usize) -> Result<Type, String> {
    // Rust has no `const` types: whether the pointee may be written is in the pointer's name.
    let given = units.text(of, dw::DW_AT_name).unwrap_or_default();
    let constant =
        given.starts_with("*const ") || (given.starts_with('&') && !given.starts_with("&mut "));
    let target = units.reference(of, dw::DW_AT_type);
    behind(units, target, constant, &given, depth)
}

/// A pointer to `target`, or to the function that it is. `given` is the pointer's own name.
fn behind(
    units: &Units<'_>,
    target: Option<Entry>,
    mut constant: bool,
    given: &str,
    depth: usize,
) -> Result<Type, String> {
    let void = |constant: bool| Type::Pointer {
        mutable: !constant,
        pointee: Pointee::Void.into(),
    };
    if depth > MAX_DEPTH {
        return Err(format!("has a type nested more than {MAX_DEPTH} deep"));
    }
    let mut alias = None;
    let mut target = target;
    let mut steps = 0_usize;
    loop {
        let Some(here) = target else {
            return Ok(void(constant));
        };
        match units.tag(here) {
            Some(tag) if steps < 64 && (is_transparent(tag) || tag == dw::DW_TAG_array_type) => {
                constant |= tag == dw::DW_TAG_const_type || tag == dw::DW_TAG_immutable_type;
                if units.flag(here, dw::DW_AT_GNU_vector) {
                    return Ok(void(constant));
                }
                if tag == dw::DW_TAG_typedef {
                    alias = alias.or_else(|| units.text(here, dw::DW_AT_name));
                }
                target = units.reference(here, dw::DW_AT_type);
                steps += 1;
            }
            Some(dw::DW_TAG_subroutine_type) => return function(units, here, given, depth),
            _ => break,
        }
    }
    let Some(here) = target else {
        return Ok(void(constant));
    };
    let named = units.text(here, dw::DW_AT_name);
    let pointee = match units.tag(here) {
        Some(dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type) => {
            opaque(named.or(alias))
        }
        _ if named.as_deref() == Some("c_void") => Pointee::Void,
        Some(
            dw::DW_TAG_base_type
            | dw::DW_TAG_enumeration_type
            | dw::DW_TAG_pointer_type
            | dw::DW_TAG_reference_type,
        ) => match value(units, here, depth + 1) {
            Ok(Some(ty)) => Pointee::Type(ty),
            // What is behind a pointer need not have a type; but a function that is called does.
            Err(reason) if reason.contains("pointer to a function") => return Err(reason),
            _ => Pointee::Void,
        },
        _ => Pointee::Void,
    };
    Ok(Type::Pointer {
        mutable: !constant,
        pointee: Box::new(pointee),
    })
}

/// A type known by name, if the name is one that a signature can have.
fn opaque(name: Option<String>) -> Pointee {
    let Some(name) = name else {
        return Pointee::Void;
    };
    let read = format!("fn(*const {name})").parse::<Signature>();
    let same = read.is_ok_and(|read| {
        matches!(read.parameters.first(), Some(Parameter { ty: Type::Pointer { pointee, .. }, .. })
            if matches!(&**pointee, Pointee::Opaque(found) if *found == name))
    });
    if same {
        Pointee::Opaque(name)
    } else {
        Pointee::Void
    }
}

/// A pointer to a function.
fn function(units: &Units<'_>, of: Entry, given: &str, depth: usize) -> Result<Type, String> {
    if given.starts_with("fn(") || given.starts_with("unsafe fn(") {
        return Err(format!(
            "is a pointer to a function of Rust's own calling convention; write \
             `extern \"C\" {}`",
            given.trim_start_matches("unsafe ")
        ));
    }
    let result = units.reference(of, dw::DW_AT_type);
    let signature = signature(units, &units.children(of), result, depth + 1);
    let mut signature = signature.map_err(|reason| {
        format!("is a pointer to a function that cannot be expressed: {reason}")
    })?;
    for parameter in &mut signature.parameters {
        parameter.name = None;
    }
    Ok(Type::Function(Box::new(signature)))
}

/// A struct of Rust that is passed as a pointer: `NonNull<T>`, and `Option` of what is never null.
fn rust_pointer(
    units: &Units<'_>,
    of: Entry,
    name: &str,
    depth: usize,
) -> Result<Option<Type>, String> {
    let is_pointer_sized = units.number(of, dw::DW_AT_byte_size) == Some(8);
    // `Option` has its argument in its variant `Some`.
    let argument = || {
        let children = units.children(of);
        let some = children.iter().copied().filter(|child| {
            units.tag(*child) == Some(dw::DW_TAG_structure_type)
                && units.text(*child, dw::DW_AT_name).as_deref() == Some("Some")
        });
        let inner = some.flat_map(|some| units.children(some));
        let mut all = children.iter().copied().chain(inner);
        let parameter =
            all.find(|child| units.tag(*child) == Some(dw::DW_TAG_template_type_parameter))?;
        units.reference(parameter, dw::DW_AT_type)
    };
    if !is_pointer_sized {
        return Ok(None);
    }
    if name.starts_with("NonNull<") {
        return behind(units, argument(), false, "", depth + 1).map(Some);
    }
    if name.starts_with("Option<")
        && let Some(inner) = argument()
        && let Some(ty @ (Type::Pointer { .. } | Type::Function(_))) =
            value(units, inner, depth + 1)?
    {
        return Ok(Some(ty));
    }
    Ok(None)
}
