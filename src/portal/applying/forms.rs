//! Forms as pages show them: one template, fields as data.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{
    registry::fault::Fault,
    web::page::{Frame, html},
};

use super::{
    Applicant, HOME,
    fields::{Step, label},
};

/// One field.
pub(super) struct Field {
    name: &'static str,
    label: &'static str,
    hint: Option<String>,
    value: String,
    kind: Kind,
    is_optional: bool,
    fault: Option<String>,
}

/// How a field is filled in.
pub(super) enum Kind {
    /// Typed.
    Typed {
        /// `text`, `email`, `tel` or `date`.
        kind: &'static str,
        /// What browsers may propose (WCAG 2.2, 1.3.5).
        autocomplete: &'static str,
    },
    /// A code of some digits.
    Code,
    /// Chosen from a list.
    Chosen(Vec<Choice>),
    /// A file.
    File,
}

/// One choice of a list.
pub(super) struct Choice {
    /// What is sent.
    pub(super) code: String,
    /// What people read.
    pub(super) label: String,
}

impl Field {
    /// A field that must be filled in, with the value that it has.
    pub(super) fn new(name: &'static str, value: impl Into<String>, kind: Kind) -> Self {
        let (hint, fault) = (None, None);
        Self {
            name,
            label: label(name),
            hint,
            value: value.into(),
            kind,
            is_optional: false,
            fault,
        }
    }

    /// With a word of advice.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// May stay empty.
    pub(super) fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }

    /// Its name.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    fn described(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("aide-{}", self.name));
        let fault = self.fault.as_ref().map(|_| format!("faute-{}", self.name));
        hint.into_iter().chain(fault).collect::<Vec<_>>().join(" ")
    }
}

/// A text that is typed, without proposals.
pub(super) fn typed() -> Kind {
    Kind::Typed { kind: "text", autocomplete: "off" }
}

/// A button that sends the form.
pub(super) struct Button {
    /// Its name and id.
    pub(super) name: &'static str,
    /// What it says.
    pub(super) label: &'static str,
    /// Whether another one comes first.
    pub(super) is_quiet: bool,
}

#[derive(Template)]
#[template(path = "portail/preenregistrement_etape.html")]
struct Page<'a> {
    frame: Frame,
    title: &'static str,
    number: usize,
    action: String,
    token: &'a str,
    has_file: bool,
    intro: Option<&'static str>,
    fields: Vec<Field>,
    faults: Vec<Told<'a>>,
    buttons: Vec<Button>,
}

/// One line of the summary: which field, where it stands if it stands on this page, and what is wrong.
struct Told<'a> {
    field: Option<&'a str>,
    label: &'static str,
    message: &'a str,
}

/// What one form shows.
pub(super) struct Sheet {
    /// Which.
    pub(super) step: Step,
    /// What comes before the fields.
    pub(super) intro: Option<&'static str>,
    /// The fields.
    pub(super) fields: Vec<Field>,
    /// The buttons, the first of them for the Enter key.
    pub(super) buttons: Vec<Button>,
}

impl Sheet {
    /// The page, with what is wrong.
    pub(super) fn page(mut self, frame: Frame, who: &Applicant, faults: &[Fault]) -> Response {
        let told = |name: &str| {
            let messages: Vec<_> = faults
                .iter()
                .filter(|fault| fault.field == name)
                .map(|fault| fault.message.as_str())
                .collect();
            Some(messages.join(" ")).filter(|message| !message.is_empty())
        };
        for field in &mut self.fields {
            field.fault = told(field.name);
        }
        let is_here = |fault: &&Fault| self.fields.iter().any(|field| field.name == fault.field);
        let told = |fault| Told {
            field: Some(fault).filter(is_here).map(|fault| fault.field.as_str()),
            label: label(&fault.field),
            message: &fault.message,
        };
        let summary = faults.iter().map(told).collect();
        let status =
            if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let before = Step::ALL.into_iter().take_while(|step| *step != self.step).count();
        let page = Page {
            frame,
            title: self.step.title(),
            number: before + 1,
            action: format!("{HOME}/{}", self.step.path()),
            token: who.csrf.expose(),
            has_file: self.fields.iter().any(|field| matches!(field.kind, Kind::File)),
            intro: self.intro,
            faults: summary,
            fields: self.fields,
            buttons: self.buttons,
        };
        html(status, &page)
    }
}

/// The button that goes on.
pub(super) const fn onward() -> Button {
    Button { name: "continuer", label: "Continuer", is_quiet: false }
}
