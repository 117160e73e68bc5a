//! A JSON object as somebody wrote it: members are taken out one by one, each with its faults, and
//! what is left at the end was not expected.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::{fault::Faults, folding::tidy};

/// The longest text of any field.
const LONGEST: usize = 200;

/// A member is there and at fault; the fault is told already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtFault;

/// An object that is being read.
#[derive(Debug)]
pub struct Written {
    prefix: String,
    members: Map<String, Value>,
}

impl Written {
    /// The body of a request.
    pub fn body(members: Map<String, Value>) -> Self {
        Self { prefix: String::new(), members }
    }

    /// The name of a member, as faults tell it.
    pub fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A member that must be there.
    pub fn text(&mut self, name: &str, faults: &mut Faults) -> Option<String> {
        let text = self.optional_text(name, faults).ok()?;
        if text.is_none() {
            self.missing(name, faults);
        }
        text
    }

    /// A member that may be absent, null or empty.
    pub fn optional_text(
        &mut self,
        name: &str,
        faults: &mut Faults,
    ) -> Result<Option<String>, AtFault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => {
                let text = self.sane(name, &text, faults)?;
                Ok(Some(text).filter(|text| !text.is_empty()))
            }
            Some(_) => Err(self.wrong_type(name, "un texte", faults)),
        }
    }

    /// A list of texts that must be there, with at least one, none of them empty.
    pub fn texts(&mut self, name: &str, faults: &mut Faults) -> Option<Vec<String>> {
        let values = match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(values)) if values.iter().all(Value::is_string) => values,
            Some(_) => {
                let wanted = "une liste de textes, par exemple [\"Marie\", \"Rose\"]";
                self.wrong_type(name, wanted, faults);
                return None;
            }
        };
        let sane = |text| self.sane(name, text, faults);
        let texts: Vec<String> =
            values.iter().filter_map(Value::as_str).map(sane).collect::<Result<_, _>>().ok()?;
        if texts.is_empty() || texts.iter().any(String::is_empty) {
            self.missing(name, faults);
            return None;
        }
        Some(texts)
    }

    /// A date that must be there.
    pub fn date(&mut self, name: &str, faults: &mut Faults) -> Option<Date> {
        let text = self.text(name, faults)?;
        self.parsed_date(name, &text, faults)
    }

    /// A date that may be absent.
    pub fn optional_date(
        &mut self,
        name: &str,
        faults: &mut Faults,
    ) -> Result<Option<Date>, AtFault> {
        match self.optional_text(name, faults)? {
            None => Ok(None),
            Some(text) => self.parsed_date(name, &text, faults).map(Some).ok_or(AtFault),
        }
    }

    /// A yes or no; absent is no.
    pub fn flag(&mut self, name: &str, faults: &mut Faults) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.wrong_type(name, "true ou false", faults);
                false
            }
        }
    }

    /// A long text without tidying; `wanted` says which.
    pub fn raw(
        &mut self,
        name: &str,
        wanted: &str,
        faults: &mut Faults,
    ) -> Result<Option<String>, AtFault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong_type(name, wanted, faults)),
        }
    }

    /// An object that must be there.
    pub fn object(&mut self, name: &str, faults: &mut Faults) -> Option<Self> {
        match self.take(name) {
            None => {
                self.missing(name, faults);
                None
            }
            Some(Value::Object(members)) => {
                Some(Self { prefix: format!("{}{name}.", self.prefix), members })
            }
            Some(_) => {
                self.wrong_type(name, "un objet", faults);
                None
            }
        }
    }

    /// Whether a member is there.
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Takes a member out without a look: it was judged otherwise.
    pub fn take_out(&mut self, name: &str) {
        drop(self.take(name));
    }

    /// Names what nobody took: a misspelt name must not be a datum that is silently lost.
    pub fn finish(self, faults: &mut Faults) {
        let left = self.members.iter().filter(|(_, value)| !value.is_null());
        for (name, _) in left {
            let known: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            let message = "Champ inconnu : vérifiez son nom, ou retirez-le.";
            faults.add(self.path(&known), "unknown_field", message);
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    fn sane(&self, name: &str, text: &str, faults: &mut Faults) -> Result<String, AtFault> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            let message = "Caractères de contrôle interdits : écrivez ce champ sur une ligne.";
            faults.add(self.path(name), "bad_character", message);
            return Err(AtFault);
        }
        let tidy = tidy(text);
        if tidy.chars().count() > LONGEST {
            let message = format!("Trop long : {LONGEST} caractères au plus.");
            faults.add(self.path(name), "too_long", message);
            return Err(AtFault);
        }
        Ok(tidy)
    }

    fn parsed_date(&self, name: &str, text: &str, faults: &mut Faults) -> Option<Date> {
        // Ten characters: jiff would take a date with an hour as well, and drop the hour.
        let date = text.parse().ok().filter(|_| text.len() == 10);
        if date.is_none() {
            let message = "Date incorrecte : écrivez-la année-mois-jour, par exemple 1986-04-23.";
            faults.add(self.path(name), "bad_date", message);
        }
        date
    }

    fn missing(&self, name: &str, faults: &mut Faults) {
        faults.add(self.path(name), "required", "Champ obligatoire : renseignez-le.");
    }

    fn wrong_type(&self, name: &str, wanted: &str, faults: &mut Faults) -> AtFault {
        let message = format!("Type incorrect : ce champ attend {wanted}.");
        faults.add(self.path(name), "wrong_type", message);
        AtFault
    }
}
