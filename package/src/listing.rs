//! Functions as people read them in lists.

use std::collections::BTreeSet;

use crate::index::Export;
use crate::{Function, FunctionName, Signature};

/// What [`listing`] lists.
pub trait Listed {
    /// Its name.
    fn name(&self) -> &FunctionName;
    /// Its type as people know it, where that is not its signature.
    fn declared(&self) -> Option<&str>;
    /// Its types.
    fn signature(&self) -> &Signature;
}

impl Listed for Function {
    fn name(&self) -> &FunctionName {
        &self.name
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

    fn declared(&self) -> Option<&str> {
        self.declared.as_deref()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

/// The functions, each with its type as text. What has several entry points, one a calling
/// convention, stands there once, for the first of them: it is one function to those who wrote it.
pub fn listing<T: Listed>(functions: &[T]) -> impl Iterator<Item = (&T, String)> {
    let mut seen = BTreeSet::new();
    functions.iter().filter_map(move |function| {
        let Some(declared) = function.declared() else {
            return Some((function, function.signature().to_string()));
        };
        let is_new = seen.insert((function.name(), declared));
        is_new.then(|| (function, declared.to_owned()))
    })
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
        let mut overload = entry.clone();
        overload.declared = Some("(x: float32) -> float32".into());
        document.functions.extend([native, entry, overload]);
        let listed = listing(&document.functions);
        let texts: Vec<_> = listed
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
        assert_eq!(listing(&exports).count(), 3);
    }
}
