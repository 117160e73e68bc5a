//! The second step: an address and a mobile, each proven by a code that was sent to it.

use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};

use crate::{
    kernel::{Outage, secret::Secret},
    registry::fault::{Fault, Faults},
    web::fields::Fields,
};

use super::{
    Applicant, Applying, Judged, Site, Stop,
    codes::{self, CODE_LIFE, Channel, CodeToSend, CodeTried, CodeVerdict},
    fields::Step,
    forms::{Button, Field, Kind, Sheet, onward},
    identity::keep,
    to_step,
};

/// `GET …/contact`
pub(super) async fn show(State(applying): Site, headers: HeaderMap) -> Response {
    let shown = async {
        let who = applying.applicant(&headers).await?;
        match applying.instead(&who, true).await? {
            Some(instead) => Ok(instead),
            None => Ok(applying.contact_form(&who, &[])),
        }
    };
    applying.answer(shown.await)
}

/// `POST …/contact`: sends codes, or takes them and goes on.
pub(super) async fn save(State(applying): Site, headers: HeaderMap, body: Bytes) -> Response {
    let saved = async {
        let mut who = applying.applicant(&headers).await?;
        let mut fields = posted(&who, &headers, &body)?;
        keep(&mut who, Step::Contact, |name| fields.get(name).map(str::to_owned));
        let (id, kept) = (who.visitor.at.id, who.filled.fields.clone());
        applying.with.applications.fill(id, kept, None).await?;
        let faults = match applying.judge(&who).await? {
            Judged::Faults(faults) => Step::Contact.faults(&faults),
            Judged::Instead(instead) => return Ok(instead),
        };
        if !faults.is_empty() {
            return Ok(applying.contact_form(&who, &faults));
        }
        let faults = if fields.has("recevoir") {
            applying.send_codes(&who).await?
        } else {
            applying.take_codes(&who, &mut fields).await?
        };
        if !faults.is_empty() {
            let who = applying.applicant(&headers).await?;
            return Ok(applying.contact_form(&who, &faults));
        }
        Ok(to_step(if fields.has("recevoir") { Step::Contact } else { Step::Situation }))
    };
    applying.answer(saved.await)
}

/// A posted form that carries its session's token.
pub(super) fn posted(who: &Applicant, headers: &HeaderMap, body: &Bytes) -> Result<Fields, Stop> {
    let fields = Fields::from_form(headers, body).map_err(|_| Stop::Unreadable)?;
    if who.csrf.admits(&fields) { Ok(fields) } else { Err(Stop::Forged) }
}

impl Applying {
    /// Where the person is reached, in the one form in which it is kept.
    pub(super) fn targets(&self, who: &Applicant) -> Vec<(Channel, String)> {
        let wanted = self.draft(who).wanted().registration;
        let of = |channel| match channel {
            Channel::Email => wanted.email.clone(),
            Channel::Mobile => wanted.mobile.clone(),
        };
        Channel::ALL.into_iter().filter_map(|channel| Some((channel, of(channel)?))).collect()
    }

    async fn send_codes(&self, who: &Applicant) -> Result<Vec<Fault>, Outage> {
        let mut faults = Faults::default();
        for (channel, target) in self.targets(who) {
            if !who.filled.is_proven(channel, &target) {
                self.send_code(who, (channel, &target), &mut faults).await?;
            }
        }
        Ok(faults.into_vec())
    }

    /// The digest is kept before the code leaves: one that arrives can be used.
    async fn send_code(
        &self,
        who: &Applicant,
        (channel, target): (Channel, &str),
        faults: &mut Faults,
    ) -> Result<(), Outage> {
        let with = &self.with;
        let id = who.visitor.at.id;
        let code = codes::draw(with.random.as_ref());
        let to_send = CodeToSend {
            id,
            sub: who.identity().sub.clone(),
            channel,
            target: target.to_owned(),
            digest: codes::digest(&with.key, id, (channel, target), &code),
        };
        if with.applications.keep_code(to_send).await?.is_err() {
            let message = "Trop de codes ont été demandés : patientez une heure, puis recommencez.";
            faults.add(channel.as_str(), "too_many_codes", message);
            return Ok(());
        }
        let left = match channel {
            Channel::Email => {
                let (subject, text) = codes::mail(&code);
                with.post.mail_secret(target, subject, &text).await
            }
            Channel::Mobile => with.post.sms(target, &codes::sms(&code)).await,
        };
        if left.is_err() {
            let message = "Le code n'a pas pu partir : recommencez dans un instant.";
            faults.add(channel.as_str(), "not_sent", message);
        }
        Ok(())
    }

    /// Takes the codes that were typed; all that is wrong with them.
    async fn take_codes(&self, who: &Applicant, fields: &mut Fields) -> Result<Vec<Fault>, Outage> {
        let mut faults = Faults::default();
        for (channel, target) in self.targets(who) {
            if who.filled.is_proven(channel, &target) {
                continue;
            }
            let typed = fields.take_secret(channel.code_field());
            match (who.filled.contact(channel, &target), typed) {
                (None, _) => {
                    let message = match channel {
                        Channel::Email => "Recevez d'abord un code à cette adresse.",
                        Channel::Mobile => "Recevez d'abord un code sur ce mobile.",
                    };
                    faults.add(channel.as_str(), "not_proven", message);
                }
                (Some(_), None) => {
                    let message = "Saisissez le code reçu.";
                    faults.add(channel.code_field(), "required", message);
                }
                (Some(_), Some(typed)) => {
                    self.take_code(who, (channel, &target), &typed, &mut faults).await?;
                }
            }
        }
        Ok(faults.into_vec())
    }

    async fn take_code(
        &self,
        who: &Applicant,
        (channel, target): (Channel, &str),
        typed: &Secret,
        faults: &mut Faults,
    ) -> Result<(), Outage> {
        let id = who.visitor.at.id;
        let digest = codes::digest(&self.with.key, id, (channel, target), typed);
        let tried = CodeTried { id, channel, target: target.to_owned(), digest };
        let field = channel.code_field();
        match self.with.applications.try_code(tried).await? {
            CodeVerdict::Proven => {}
            CodeVerdict::Wrong { left } => {
                let message = format!("Code incorrect : essais restants, {left}.");
                faults.add(field, "wrong_code", message);
            }
            CodeVerdict::Over => {
                let message = "Code expiré, ou essayé trop souvent : recevez-en un autre.";
                faults.add(field, "code_over", message);
            }
        }
        Ok(())
    }

    fn contact_form(&self, who: &Applicant, faults: &[Fault]) -> Response {
        let filled = &who.filled;
        let proposed = |name: &str| match name {
            "email" => who.identity().email.clone(),
            _ => None,
        };
        let value = |channel: Channel| {
            let name = channel.as_str();
            filled.fields.get(name).cloned().or_else(|| proposed(name)).unwrap_or_default()
        };
        let targets = self.targets(who);
        let mut fields = Vec::new();
        let mut is_waiting = false;
        for channel in Channel::ALL {
            let target = targets.iter().find(|(known, _)| *known == channel);
            let sent = target.and_then(|(_, target)| filled.contact(channel, target));
            let is_proven = sent.is_some_and(|sent| sent.is_proven);
            fields.push(address(channel, value(channel), is_proven));
            if sent.is_some() && !is_proven {
                is_waiting = true;
                fields.push(code(channel));
            }
        }
        let all_proven = targets.len() == Channel::ALL.len()
            && targets.iter().all(|(channel, target)| filled.is_proven(*channel, target));
        let form = Sheet {
            step: Step::Contact,
            intro: Some(
                "Donnez une adresse et un mobile que vous êtes seul(e) à utiliser : ils reçoivent \
                 votre numéro RPPS et les deux secrets qui activent votre e-CPS. Un code est envoyé \
                 à chacun.",
            ),
            fields,
            buttons: buttons(is_waiting || all_proven, all_proven),
        };
        form.page(self.with.frame, who, faults)
    }
}

fn address(channel: Channel, value: String, is_proven: bool) -> Field {
    let (kind, advice) = match channel {
        Channel::Email => {
            ("email", "Évitez une adresse MSSanté : elle ne permet pas d'activer la e-CPS.")
        }
        Channel::Mobile => ("tel", "Par exemple 06 12 34 56 78 ou +33 6 12 34 56 78."),
    };
    let hint = if is_proven { "Vérifié." } else { advice };
    Field::new(channel.as_str(), value, Kind::Typed { kind, autocomplete: kind }).hint(hint)
}

fn code(channel: Channel) -> Field {
    let minutes = CODE_LIFE.as_seconds() / 60;
    let hint = format!("Six chiffres, valables {minutes} minutes.");
    Field::new(channel.code_field(), "", Kind::Code).hint(hint)
}

/// The Enter key goes on once there is something to go on with.
fn buttons(goes_on: bool, all_proven: bool) -> Vec<Button> {
    let receive = |is_quiet| Button { name: "recevoir", label: "Recevoir les codes", is_quiet };
    match (goes_on, all_proven) {
        (_, true) => vec![onward()],
        (true, false) => vec![onward(), receive(true)],
        (false, false) => vec![receive(false)],
    }
}
