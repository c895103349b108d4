//! Function types as LLVM has them, reduced to what a signature can be compared with.

use std::ffi::{CStr, c_uint};
use std::marker::PhantomData;

use inkwell::llvm_sys::core::{
    LLVMCountParamTypes, LLVMDisposeMessage, LLVMGetEnumAttributeAtIndex, LLVMGetFunctionCallConv,
    LLVMGetIntTypeWidth, LLVMGetParamTypes, LLVMGetPointerAddressSpace, LLVMGetReturnType,
    LLVMGetTypeAttributeValue, LLVMGetTypeKind, LLVMGlobalGetValueType, LLVMIsFunctionVarArg,
    LLVMPrintTypeToString,
};
use inkwell::llvm_sys::prelude::{LLVMTypeRef, LLVMValueRef};
use inkwell::llvm_sys::{LLVMCallConv, LLVMTypeKind};

use super::global::{RESULT, attribute_kind};
use crate::module::{Extension, Passed, Shape, Value};

/// The shape of a function: its type, and the attributes that change how it is called.
pub(super) fn of_function(function: LLVMValueRef, borrow: PhantomData<&()>) -> Shape {
    let PhantomData = borrow;
    // SAFETY: the caller holds a function of a live module; everything read belongs to it.
    unsafe {
        let ty = LLVMGlobalGetValueType(function);
        let mut types = vec![std::ptr::null_mut(); LLVMCountParamTypes(ty) as usize];
        LLVMGetParamTypes(ty, types.as_mut_ptr());
        let parameters = types
            .into_iter()
            .enumerate()
            .map(|(index, ty)| passed(function, index as c_uint + 1, ty))
            .collect();
        let result = LLVMGetReturnType(ty);
        let result = (LLVMGetTypeKind(result) != LLVMTypeKind::LLVMVoidTypeKind)
            .then(|| passed(function, RESULT, result));
        Shape {
            parameters,
            result,
            variadic: LLVMIsFunctionVarArg(ty) != 0,
            c_convention: LLVMGetFunctionCallConv(function)
                == LLVMCallConv::LLVMCCallConv as c_uint,
        }
    }
}

/// # Safety
/// `function` is a live function and `ty` the type at the attribute index `index`.
unsafe fn passed(function: LLVMValueRef, index: c_uint, ty: LLVMTypeRef) -> Passed {
    // SAFETY: as the caller promises.
    unsafe {
        let attribute = |name: &str| {
            let found = LLVMGetEnumAttributeAtIndex(function, index, attribute_kind(name));
            (!found.is_null()).then_some(found)
        };
        for name in ["byval", "sret", "inalloca", "byref", "preallocated"] {
            if let Some(attribute) = attribute(name) {
                let text = type_text(LLVMGetTypeAttributeValue(attribute));
                return Passed {
                    value: Value::Struct(text),
                    extension: Extension::None,
                };
            }
        }
        for name in ["nest", "swiftself", "swifterror", "swiftasync"] {
            if attribute(name).is_some() {
                return Passed {
                    // In a register of its own.
                    value: Value::Other(format!("{} {name}", type_text(ty))),
                    extension: Extension::None,
                };
            }
        }
        let extension = match (attribute("signext"), attribute("zeroext")) {
            (Some(_), _) => Extension::Sign,
            (None, Some(_)) => Extension::Zero,
            (None, None) => Extension::None,
        };
        Passed {
            value: value(ty),
            extension,
        }
    }
}

/// # Safety
/// `ty` is a type of a live context.
unsafe fn value(ty: LLVMTypeRef) -> Value {
    // SAFETY: as the caller promises.
    unsafe {
        match LLVMGetTypeKind(ty) {
            LLVMTypeKind::LLVMIntegerTypeKind => Value::Integer(LLVMGetIntTypeWidth(ty)),
            LLVMTypeKind::LLVMFloatTypeKind => Value::F32,
            LLVMTypeKind::LLVMDoubleTypeKind => Value::F64,
            LLVMTypeKind::LLVMPointerTypeKind if LLVMGetPointerAddressSpace(ty) == 0 => {
                Value::Pointer
            }
            LLVMTypeKind::LLVMStructTypeKind | LLVMTypeKind::LLVMArrayTypeKind => {
                Value::Struct(type_text(ty))
            }
            _ => Value::Other(type_text(ty)),
        }
    }
}

/// A type as IR has it: a struct by its name alone.
///
/// # Safety
/// `ty` is a type of a live context.
unsafe fn type_text(ty: LLVMTypeRef) -> String {
    // SAFETY: as the caller promises; the string is freed once.
    unsafe {
        let printed = LLVMPrintTypeToString(ty);
        let text = CStr::from_ptr(printed).to_string_lossy().into_owned();
        LLVMDisposeMessage(printed);
        // `%struct.Point = type { double, double }`
        match text.split_once(" = type") {
            Some((name, _)) => {
                let name = name.trim_start_matches('%').trim_matches('"');
                name.trim_start_matches("struct.")
                    .trim_start_matches("class.")
                    .to_owned()
            }
            None => text,
        }
    }
}
