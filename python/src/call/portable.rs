//! Portable signatures: the types of Numba functions as `numba.json` writes them.
//!
//! `(f64,array<f64,1,C,rw,al>)->(i64,opt<bool>)`: no spaces; scalars by the names they have in C
//! signatures, `c64` and `c128`, `dt64<unit>` and `td64<unit>`, tuples in parentheses, named ones after
//! their class. What `puck/numba/_portable.py` writes; types that mean something in one version of Numba
//! only are not among them.

use super::scalar::Scalar;

/// Nothing is nested deeper than this.
const MAX_DEPTH: usize = 16;

/// A type of Numba's that means the same in every version of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Portable {
    Scalar(Scalar),
    /// Nothing: `None`.
    Void,
    /// `datetime64`, or `timedelta64` if `is_difference`.
    Time {
        is_difference: bool,
        unit: String,
    },
    Array {
        item: Box<Portable>,
        dimensions: usize,
        layout: Layout,
        writable: bool,
        aligned: bool,
    },
    Tuple(Vec<Portable>),
    /// A tuple with a class, and names for its items.
    Named {
        class: String,
        fields: Vec<String>,
        items: Vec<Portable>,
    },
    Optional(Box<Portable>),
    /// Bytes that only NumPy knows the fields of.
    Record {
        text: String,
        size: usize,
    },
}

/// In which order an array's items are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Layout {
    C,
    Fortran,
    Any,
}

/// Parameters and result of a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PortableSignature {
    pub(crate) parameters: Vec<Portable>,
    pub(crate) result: Portable,
}

impl PortableSignature {
    /// Reads a signature; the error says what was expected where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        let read = |reader: &mut Reader<'_>| {
            let parameters = reader.list(0)?;
            reader.expect("->")?;
            let result = reader.ty(0)?;
            if reader.rest().is_empty() {
                Ok(Self { parameters, result })
            } else {
                Err(reader.wrong("the end"))
            }
        };
        read(&mut reader)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn wrong(&self, expected: &str) -> String {
        format!(
            "`{}` is no portable signature: expected {expected} at `{}`",
            self.text,
            self.rest()
        )
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) {
            Ok(())
        } else {
            Err(self.wrong(&format!("`{token}`")))
        }
    }

    /// The characters up to one of `ends`, which is left.
    fn word(&mut self, ends: &[char]) -> &'a str {
        let rest = self.rest();
        let length = rest.find(ends).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Portable>, String> {
        self.expect("(")?;
        let mut types = Vec::new();
        while !self.take(")") {
            if !types.is_empty() {
                self.expect(",")?;
                // A tuple of one may be written as Python does.
                if self.take(")") {
                    break;
                }
            }
            types.push(self.ty(depth)?);
        }
        Ok(types)
    }

    fn ty(&mut self, depth: usize) -> Result<Portable, String> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("less depth"));
        }
        if self.rest().starts_with('(') {
            return Ok(Portable::Tuple(self.list(depth + 1)?));
        }
        if self.take("array<") {
            return self.array(depth);
        }
        if self.take("opt<") {
            let inner = self.ty(depth + 1)?;
            self.expect(">")?;
            return Ok(Portable::Optional(Box::new(inner)));
        }
        for (start, is_difference) in [("dt64<", false), ("td64<", true)] {
            if self.take(start) {
                let unit = self.word(&['>']).to_owned();
                self.expect(">")?;
                return Ok(Portable::Time {
                    is_difference,
                    unit,
                });
            }
        }
        if self.rest().starts_with("record{") {
            return self.record();
        }
        let start = self.at;
        let word = self.word(&[',', ')', '>', '<', '(', '{', '-']);
        match (word, Scalar::named(word)) {
            (_, Some(scalar)) => Ok(Portable::Scalar(scalar)),
            ("void", _) => Ok(Portable::Void),
            ("", _) => Err(self.wrong("a type")),
            _ if self.rest().starts_with('(') => self.named(word, depth + 1),
            _ => {
                self.at = start;
                Err(self.wrong("a type that every version of Numba passes alike"))
            }
        }
    }

    fn named(&mut self, class: &str, depth: usize) -> Result<Portable, String> {
        self.expect("(")?;
        let (mut fields, mut items) = (Vec::new(), Vec::new());
        while !self.take(")") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            fields.push(self.word(&[':', ',', ')']).to_owned());
            self.expect(":")?;
            items.push(self.ty(depth)?);
        }
        Ok(Portable::Named {
            class: class.to_owned(),
            fields,
            items,
        })
    }

    fn array(&mut self, depth: usize) -> Result<Portable, String> {
        let item = Box::new(self.ty(depth + 1)?);
        self.expect(",")?;
        let dimensions = self.word(&[',']).parse();
        let dimensions = dimensions.map_err(|_| self.wrong("a number of dimensions"))?;
        self.expect(",")?;
        let layout = match self.word(&[',']) {
            "C" => Layout::C,
            "F" => Layout::Fortran,
            "A" => Layout::Any,
            _ => return Err(self.wrong("C, F or A")),
        };
        self.expect(",")?;
        let writable = self.one_of("rw", "ro")?;
        self.expect(",")?;
        let aligned = self.one_of("al", "ua")?;
        self.expect(">")?;
        Ok(Portable::Array {
            item,
            dimensions,
            layout,
            writable,
            aligned,
        })
    }

    fn one_of(&mut self, yes: &str, no: &str) -> Result<bool, String> {
        if self.take(yes) {
            return Ok(true);
        }
        self.expect(no).map(|()| false)
    }

    /// `record{x:f64@0,n:i32@8}16/al`: fields with offsets, then the size.
    fn record(&mut self) -> Result<Portable, String> {
        let start = self.at;
        let mut depth = 0;
        for (index, character) in self.rest().char_indices() {
            depth += match character {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            if character == '}' && depth == 0 {
                self.at += index + 1;
                break;
            }
        }
        let size = self.rest().find(|c: char| !c.is_ascii_digit());
        let size = self
            .rest()
            .get(..size.unwrap_or(self.rest().len()))
            .unwrap_or("");
        self.at += size.len();
        let size = size.parse().map_err(|_| self.wrong("the record's size"))?;
        self.expect("/")?;
        self.one_of("al", "ua")?;
        let text = self.text.get(start..self.at).unwrap_or("").to_owned();
        Ok(Portable::Record { text, size })
    }
}
