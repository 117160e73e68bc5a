//! What is wrong with a field: said once, for programs and for people.

use serde::Serialize;

/// One fault of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The field, as it was written: `birth_commune`, `situation.finess`.
    pub field: String,
    /// A stable word for programs.
    pub code: &'static str,
    /// For people, in French: what is wrong and what to do.
    pub message: String,
}

/// All the faults of one request: nobody should have to send it ten times to find ten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one.
    pub fn add(
        &mut self,
        field: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.0.push(Fault { field: field.into(), code, message: message.into() });
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The list, or `value` if there is none.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Vec<Fault>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(self.0),
        }
    }

    /// The list.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
