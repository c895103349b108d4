//! What came out of a call, for people and as JSON.

use std::fmt;

use serde::Serialize;

use super::numba::{Data, Raised};

/// What came out of a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// What was returned; `None` where nothing is.
    pub result: Option<Data>,
    /// The arrays that the function changed, in the order of its parameters.
    pub changed: Vec<Changed>,
    /// The exception that the function ended with.
    #[serde(skip)]
    pub raised: Option<Raised>,
}

/// An array that a function changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// Which argument it was, counted from 1.
    pub position: usize,
    /// What the parameter is called.
    #[serde(rename = "parameter")]
    pub name: Option<String>,
    /// What is in it now.
    pub values: Data,
}

/// A call and what came out of it, as `--format json` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Report<'a> {
    /// The function's full name, as it was asked for.
    pub function: &'a str,
    /// Its signature.
    pub signature: &'a str,
    /// What came out.
    #[serde(flatten)]
    pub outcome: &'a Outcome,
}

impl Outcome {
    /// The outcome for people: the result, then a line for each array that changed. Of arrays with
    /// more than `limit` elements the first and the last are shown.
    ///
    /// Empty if nothing was returned and nothing changed.
    pub fn display(&self, limit: Option<usize>) -> impl fmt::Display + '_ {
        Shown {
            outcome: self,
            limit,
        }
    }
}

impl Changed {
    /// What to call it: the parameter's name, or which argument it was.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("argument {}", self.position),
        }
    }
}

/// See [`Outcome::display`].
struct Shown<'a> {
    outcome: &'a Outcome,
    limit: Option<usize>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        if let Some(result) = &self.outcome.result {
            write!(f, "{}", result.display(self.limit))?;
            between = "\n";
        }
        for changed in &self.outcome.changed {
            let values = changed.values.display(self.limit);
            write!(f, "{between}{} = {values}", changed.label())?;
            between = "\n";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
