//! Types, as `numba.json` writes them: `(f64,array<f64,1,C,rw,al>)->(i64,opt<bool>)`.

use super::super::Element;

/// Nothing is nested deeper than this.
const MAX_DEPTH: usize = 16;
/// More dimensions than NumPy has.
const MAX_DIMENSIONS: usize = 64;

/// A type that every version of Numba passes alike.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Type {
    /// Nothing: `None`.
    Void,
    Number(Element),
    /// Two floats.
    Complex(Element),
    /// `datetime64` or `timedelta64` of a unit.
    Time(String),
    Array {
        item: Box<Type>,
        dimensions: usize,
        /// Whether columns come before rows.
        is_fortran: bool,
    },
    Tuple(Vec<Type>),
    /// A tuple with a class, and names for its items.
    Named {
        class: String,
        fields: Vec<(String, Type)>,
    },
    Optional(Box<Type>),
    /// Fields, each with its place.
    Record {
        fields: Vec<(String, Type, usize)>,
        size: usize,
    },
    /// An array within a record.
    Nested {
        item: Box<Type>,
        shape: Vec<usize>,
    },
}

/// Reads a signature: its parameters and its result.
///
/// # Errors
/// What was expected where, as a sentence.
pub(super) fn signature(text: &str) -> Result<(Vec<Type>, Type), String> {
    let mut reader = Reader { text, at: 0 };
    let parameters = reader.tuple(0)?;
    reader.expect("->")?;
    let result = reader.ty(0)?;
    match reader.rest() {
        "" => Ok((parameters, result)),
        _ => Err(reader.wrong("the end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &str) -> String {
        let (text, rest) = (self.text, self.rest());
        format!("`{text}` is no portable signature: expected {expected} at `{rest}`")
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        match self.take(token) {
            true => Ok(()),
            false => Err(self.wrong(&format!("`{token}`"))),
        }
    }

    /// The characters up to one that has a meaning here.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let ends = [',', ':', '@', '(', ')', '<', '>', '{', '}', '/', '-'];
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn number(&mut self) -> Result<usize, String> {
        let number = self.word().parse::<u32>();
        number
            .map(|number| number as usize)
            .map_err(|_| self.wrong("a number"))
    }

    /// Items with commas between them, up to `end`.
    fn list<T>(
        &mut self,
        end: &str,
        mut item: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        while !self.take(end) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn tuple(&mut self, depth: usize) -> Result<Vec<Type>, String> {
        self.expect("(")?;
        self.list(")", |reader| reader.ty(depth))
    }

    fn ty(&mut self, depth: usize) -> Result<Type, String> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("types that are less nested"));
        }
        if self.rest().starts_with('(') {
            return Ok(Type::Tuple(self.tuple(depth + 1)?));
        }
        let start = self.at;
        let word = self.word();
        let inner = |reader: &mut Self| reader.ty(depth + 1).map(Box::new);
        match word {
            "void" => return Ok(Type::Void),
            "c64" => return Ok(Type::Complex(Element::F32)),
            "c128" => return Ok(Type::Complex(Element::F64)),
            _ => {}
        }
        if let Some(element) = Element::named(word) {
            return Ok(Type::Number(element));
        }
        if word == "record" && self.take("{") {
            return self.record(depth);
        }
        if !word.is_empty() && self.take("(") {
            let class = word.to_owned();
            let fields = self.list(")", |reader| reader.field(depth))?;
            return Ok(Type::Named { class, fields });
        }
        if !["array", "opt", "dt64", "td64", "nested"].contains(&word) {
            self.at = start;
            return Err(self.wrong("a type that every version of Numba passes alike"));
        }
        self.expect("<")?;
        let ty = match word {
            "array" => {
                let item = inner(self)?;
                return self.array(item);
            }
            "opt" => Type::Optional(inner(self)?),
            "nested" => {
                let item = inner(self)?;
                self.expect(",")?;
                let shape = self.list(">", Self::number)?;
                return Ok(Type::Nested { item, shape });
            }
            _ => Type::Time(self.word().to_owned()),
        };
        self.expect(">").map(|()| ty)
    }

    fn field(&mut self, depth: usize) -> Result<(String, Type), String> {
        let name = self.word().to_owned();
        self.expect(":")?;
        Ok((name, self.ty(depth + 1)?))
    }

    /// `2,C,rw,al>`: what follows the type of the items and says how they lie.
    fn array(&mut self, item: Box<Type>) -> Result<Type, String> {
        self.expect(",")?;
        let dimensions = self.number()?;
        if dimensions > MAX_DIMENSIONS {
            return Err(self.wrong("an array of fewer dimensions"));
        }
        self.expect(",")?;
        let order = self.word();
        if !["C", "F", "A"].contains(&order) {
            return Err(self.wrong("C, F or A"));
        }
        for marks in [["rw", "ro"], ["al", "ua"]] {
            self.expect(",")?;
            if !marks.contains(&self.word()) {
                return Err(self.wrong(&marks.join(" or ")));
            }
        }
        self.expect(">")?;
        Ok(Type::Array {
            item,
            dimensions,
            is_fortran: order == "F",
        })
    }

    /// `x:f64@0,n:i32@8}16/al`: fields with offsets, then the size.
    fn record(&mut self, depth: usize) -> Result<Type, String> {
        let fields = self.list("}", |reader| {
            let (name, ty) = reader.field(depth)?;
            reader.expect("@")?;
            Ok((name, ty, reader.number()?))
        })?;
        let size = self.number()?;
        self.expect("/")?;
        if !["al", "ua"].contains(&self.word()) {
            return Err(self.wrong("al or ua"));
        }
        Ok(Type::Record { fields, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_every_kind() {
        let f64 = || Type::Number(Element::F64);
        let (parameters, result) = signature(
            "(f64,c64,array<i8,2,F,ro,ua>,(bool,(u8)),m.P(x:f64,y:opt<i64>),dt64<ns>,\
             record{a:f64@0,b:nested<f64,2,3>@8}56/al,())->void",
        )
        .unwrap();
        assert_eq!(result, Type::Void);
        let expected = [
            f64(),
            Type::Complex(Element::F32),
            Type::Array {
                item: Box::new(Type::Number(Element::I8)),
                dimensions: 2,
                is_fortran: true,
            },
            Type::Tuple(vec![
                Type::Number(Element::Bool),
                Type::Tuple(vec![Type::Number(Element::U8)]),
            ]),
            Type::Named {
                class: "m.P".to_owned(),
                fields: vec![
                    ("x".to_owned(), f64()),
                    (
                        "y".to_owned(),
                        Type::Optional(Box::new(Type::Number(Element::I64))),
                    ),
                ],
            },
            Type::Time("ns".to_owned()),
            Type::Record {
                fields: vec![
                    ("a".to_owned(), f64(), 0),
                    (
                        "b".to_owned(),
                        Type::Nested {
                            item: Box::new(f64()),
                            shape: vec![2, 3],
                        },
                        8,
                    ),
                ],
                size: 56,
            },
            Type::Tuple(Vec::new()),
        ];
        assert_eq!(parameters, expected);
    }

    #[test]
    fn what_is_none_is_refused() {
        let deep = format!("()->{}f64{}", "(".repeat(40), ")".repeat(40));
        for text in [
            "",
            "f64",
            "(f64)",
            "(f64)->",
            "(f64)->f64 ",
            "(f64->f64",
            "(numba<x>)->f64",
            "(array<f64,1,C,rw>)->f64",
            "(array<f64,99999,C,rw,al>)->f64",
            "(record{a:f64}8/al)->f64",
            "(opt<f64)->void",
            "(é)->void",
            &deep,
        ] {
            assert!(signature(text).is_err(), "{text}");
        }
    }
}
