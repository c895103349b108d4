//! Functions as people read them in lists.

use std::collections::BTreeMap;

use crate::document::ABI_NUMBA;
use crate::index::Export;
use crate::{Function, FunctionName, Signature};

/// What [`listing`] lists.
pub trait Listed {
    /// Its name.
    fn name(&self) -> &FunctionName;
    /// Its calling convention.
    fn abi(&self) -> &str;
    /// Its type as people know it, where that is not its signature.
    fn declared(&self) -> Option<&str>;
    /// Its types.
    fn signature(&self) -> &Signature;
}

impl Listed for Function {
    fn name(&self) -> &FunctionName {
        &self.name
    }

    fn abi(&self) -> &str {
        &self.abi
    }

    fn declared(&self) -> Option<&str> {
        self.declared.as_deref()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl Listed for Export {
    fn name(&self) -> &FunctionName {
        &self.name
    }

    fn abi(&self) -> &str {
        &self.abi
    }

    fn declared(&self) -> Option<&str> {
        self.declared.as_deref()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

/// The functions, each with its type as text. What has several entry points, one a calling
/// convention, stands there once: it is one function to those who wrote it. Numba's own entry point
/// stands for it, which has the code.
pub fn listing<T: Listed>(functions: &[T]) -> Vec<(&T, String)> {
    let mut listed: Vec<(&T, String)> = Vec::new();
    let mut known: BTreeMap<(&FunctionName, &str), usize> = BTreeMap::new();
    for function in functions {
        let Some(declared) = function.declared() else {
            listed.push((function, function.signature().to_string()));
            continue;
        };
        let place = *known
            .entry((function.name(), declared))
            .or_insert(listed.len());
        match listed.get_mut(place) {
            None => listed.push((function, declared.to_owned())),
            Some((entry, _)) if function.abi() == ABI_NUMBA => *entry = function,
            Some(_) => {}
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::sample;

    #[test]
    fn entry_points_of_one_function_are_listed_once() {
        let (mut document, _) = sample();
        let mut native = document.functions[0].clone();
        native.declared = Some("(x: float64) -> float64".into());
        let mut entry = native.clone();
        entry.abi = "cpython-1".into();
        native.abi = ABI_NUMBA.into();
        let mut overload = entry.clone();
        overload.declared = Some("(x: float32) -> float32".into());
        document.functions.extend([entry, native, overload]);
        let listed = listing(&document.functions);
        let abis: Vec<_> = listed.iter().map(|(f, _)| f.abi.as_str()).collect();
        assert_eq!(abis, ["c", ABI_NUMBA, "cpython-1"]);
        let texts: Vec<_> = listed
            .iter()
            .map(|(f, text)| format!("{}{text}", f.name))
            .collect();
        assert_eq!(
            texts,
            [
                "axpyfn(n: u64, a: f64, x: *const f64, y: *mut f64)",
                "axpy(x: float64) -> float64",
                "axpy(x: float32) -> float32",
            ]
        );
        let exports: Vec<_> = document.functions.iter().map(Export::of).collect();
        assert_eq!(listing(&exports).len(), 3);
    }
}
