//! Reading a portable signature. What is accepted is what `python/puck/numba/_portable.py` reads, but for
//! types that one version of Numba knows, and with limits.

use std::str::FromStr;

use super::{
    Field, Names, Order, PortableArray, PortableError, PortableRecord, PortableSignature,
    PortableType,
};
use crate::Type;

/// Nothing is nested deeper than this.
const MAX_DEPTH: usize = 16;
/// More dimensions than NumPy has.
const MAX_DIMENSIONS: usize = 64;
/// Characters of a signature that an error shows.
const SHOWN: usize = 200;
/// Characters of it that an error shows from where it is wrong.
const SHOWN_REST: usize = 40;

impl FromStr for PortableSignature {
    type Err = PortableError;

    /// # Errors
    /// What was expected where.
    fn from_str(text: &str) -> Result<Self, PortableError> {
        let mut reader = Reader { text, at: 0 };
        reader.expect("(")?;
        let parameters = reader.list(")", |reader| reader.ty(0))?;
        reader.expect("->")?;
        let result = reader.ty(0)?;
        match reader.rest() {
            "" => Ok(Self { parameters, result }),
            _ => Err(reader.wrong("the end")),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, PortableError>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &str) -> PortableError {
        PortableError {
            text: shortened(self.text, SHOWN),
            expected: expected.to_owned(),
            rest: shortened(self.rest(), SHOWN_REST),
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Read<()> {
        match self.take(token) {
            true => Ok(()),
            false => Err(self.wrong(&format!("`{token}`"))),
        }
    }

    /// The value of the one of `words` that is next.
    fn one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Read<T> {
        let found = words.iter().find(|(word, _)| self.take(word));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.wrong(&words.join(" or "))
        })
    }

    /// The characters that are part of a word, maybe none.
    fn word(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        self.at += word.len();
        word
    }

    fn name(&mut self) -> String {
        self.word(is_of_name).to_owned()
    }

    fn number(&mut self) -> Read<usize> {
        let start = self.at;
        let number = self.word(|c| c.is_ascii_digit()).parse::<u32>();
        number.map(|number| number as usize).map_err(|_| {
            self.at = start;
            self.wrong("a number")
        })
    }

    /// Items with commas between them, up to `end`.
    fn list<T>(&mut self, end: &str, item: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut items = Vec::new();
        while !self.take(end) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn ty(&mut self, depth: usize) -> Read<PortableType> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("types that are less nested"));
        }
        if self.take("(") {
            let items = self.list(")", |reader| reader.ty(depth + 1))?;
            return Ok(PortableType::Tuple { items, names: None });
        }
        let start = self.at;
        let word = self.word(|c| is_of_name(c) || c == '.');
        if let Some((_, scalar)) = Type::SCALARS.into_iter().find(|(name, _)| *name == word) {
            return Ok(PortableType::Scalar(scalar));
        }
        match word {
            "void" => Ok(PortableType::Void),
            "c64" => Ok(PortableType::Complex(Type::F32)),
            "c128" => Ok(PortableType::Complex(Type::F64)),
            "dt64" => self.time(false),
            "td64" => self.time(true),
            "array" => self.array(depth + 1).map(PortableType::Array),
            "opt" => self.optional(depth + 1),
            "record" => self.record(depth + 1).map(PortableType::Record),
            "nested" => self.nested(depth + 1),
            class if !class.is_empty() && class != "numba" && self.take("(") => {
                self.named(class, depth + 1)
            }
            _ => {
                self.at = start;
                Err(self.wrong("a type that every version of Numba passes alike"))
            }
        }
    }

    /// `<ns>`.
    fn time(&mut self, is_difference: bool) -> Read<PortableType> {
        self.expect("<")?;
        let unit = self.name();
        self.expect(">")?;
        Ok(PortableType::Time {
            is_difference,
            unit,
        })
    }

    /// `<f64,2,C,rw,al>`.
    fn array(&mut self, depth: usize) -> Read<PortableArray> {
        self.expect("<")?;
        let item = Box::new(self.ty(depth)?);
        self.expect(",")?;
        let start = self.at;
        let dimensions = self.number()?;
        if dimensions > MAX_DIMENSIONS {
            self.at = start;
            return Err(self.wrong(&format!("at most {MAX_DIMENSIONS} dimensions")));
        }
        self.expect(",")?;
        let orders = [("C", Order::C), ("F", Order::Fortran), ("A", Order::Any)];
        let order = self.one_of(&orders)?;
        self.expect(",")?;
        let writable = self.one_of(&[("rw", true), ("ro", false)])?;
        self.expect(",")?;
        let aligned = self.alignment()?;
        self.expect(">")?;
        Ok(PortableArray {
            item,
            dimensions,
            order,
            writable,
            aligned,
        })
    }

    fn alignment(&mut self) -> Read<bool> {
        self.one_of(&[("al", true), ("ua", false)])
    }

    /// `<f64>`.
    fn optional(&mut self, depth: usize) -> Read<PortableType> {
        self.expect("<")?;
        let item = Box::new(self.ty(depth)?);
        self.expect(">")?;
        Ok(PortableType::Optional(item))
    }

    /// `{x:f64@0,n:i32@8}16/al`: fields with offsets, then the size.
    fn record(&mut self, depth: usize) -> Read<PortableRecord> {
        self.expect("{")?;
        let fields = self.list("}", |reader| {
            let (name, ty) = reader.field(depth)?;
            reader.expect("@")?;
            let offset = reader.number()?;
            Ok(Field { name, ty, offset })
        })?;
        let size = self.number()?;
        self.expect("/")?;
        Ok(PortableRecord {
            fields,
            size,
            aligned: self.alignment()?,
        })
    }

    /// `<f64,3,4>`.
    fn nested(&mut self, depth: usize) -> Read<PortableType> {
        self.expect("<")?;
        let item = Box::new(self.ty(depth)?);
        self.expect(",")?;
        let shape = self.list(">", Self::number)?;
        Ok(PortableType::Nested { item, shape })
    }

    /// `x:f64,y:f64)`: the rest of a named tuple.
    fn named(&mut self, class: &str, depth: usize) -> Read<PortableType> {
        let fields = self.list(")", |reader| reader.field(depth))?;
        let (fields, items) = fields.into_iter().unzip();
        let class = class.to_owned();
        Ok(PortableType::Tuple {
            items,
            names: Some(Names { class, fields }),
        })
    }

    fn field(&mut self, depth: usize) -> Read<(String, PortableType)> {
        let name = self.name();
        self.expect(":")?;
        Ok((name, self.ty(depth)?))
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A text for a message: the beginning of it if it is long, and nothing that moves a cursor.
fn shortened(text: &str, limit: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(limit)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}
