//! Whether there are values of a type: what a package says of them is believed after this only.

use super::{PortableSignature, PortableType};

/// Larger values are no value that a function passes: 1 MiB.
const MAX_SIZE: usize = 1 << 20;

impl PortableSignature {
    /// Checks that the values are of a size that is ever passed, and that fields are within their
    /// records.
    ///
    /// # Errors
    /// What the signature has that no value is like.
    pub fn check(&self) -> Result<(), String> {
        let mut types = self.parameters.iter().chain([&self.result]);
        types.try_for_each(check_type)
    }
}

fn check_type(ty: &PortableType) -> Result<(), String> {
    if ty.layout().size > MAX_SIZE {
        return Err(format!("values of more than {MAX_SIZE} bytes"));
    }
    match ty {
        PortableType::Void
        | PortableType::Scalar(_)
        | PortableType::Complex(_)
        | PortableType::Time { .. } => Ok(()),
        PortableType::Array(array) => check_type(&array.item),
        PortableType::Optional(item) => check_type(item),
        // Of those, any number would fit into memory.
        PortableType::Nested { item, .. } if item.layout().size == 0 => {
            Err("values that hold nothing, one after the other".to_owned())
        }
        PortableType::Nested { item, .. } => check_type(item),
        PortableType::Tuple { items, .. } => items.iter().try_for_each(check_type),
        PortableType::Record(record) => record.fields.iter().try_for_each(|field| {
            check_type(&field.ty)?;
            match field.offset.saturating_add(field.ty.layout().size) <= record.size {
                true => Ok(()),
                false => Err(format!(
                    "a record that ends before its field `{}`",
                    field.name
                )),
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_value_is_like_is_refused() {
        let large = "values of more than 1048576 bytes";
        let empty = "values that hold nothing, one after the other";
        let short = "a record that ends before its field `a`";
        for (text, reason) in [
            ("nested<f64,4000000000,4000000000>", Some(large)),
            ("(nested<f64,4000000000>,f64)", Some(large)),
            ("opt<record{a:f64@0}4000000000/al>", Some(large)),
            ("nested<f64,131072>", None),
            ("nested<(),4294967295,4294967295,4294967295>", Some(empty)),
            ("(nested<nested<f64,0>,4294967295>)", Some(empty)),
            ("record{a:f64@1}8/al", Some(short)),
            ("record{a:f64@4294967295}8/al", Some(short)),
            ("array<record{a:f64@8}8/al,1,C,rw,al>", Some(short)),
            ("array<record{a:f64@8}16/al,1,C,rw,al>", None),
            ("m.P(x:dt64<s>,y:c128)", None),
        ] {
            for signature in [format!("({text})->void"), format!("()->{text}")] {
                let found: PortableSignature = signature.parse().unwrap();
                assert_eq!(found.check().err().as_deref(), reason, "{signature}");
            }
        }
    }
}
