//! Activation: two secrets by two ways, a PIN, and a key that never leaves the phone.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::DeviceKey;
use super::{Phones, unusable_key};
use crate::mailbox::{Awaited, Kind, Mark};
use crate::web::Problem;
use crate::world::file::SavedPhone;
use crate::world::people;

/// Activations that one phone may have asked for at the same time.
const OPEN_AT_ONCE: usize = 20;
const MAIL_PATIENCE: Duration = Duration::from_secs(20);

/// An activation that waits for its secrets.
pub(super) struct Asked {
    pub(super) id: String,
    /// What the messages with its secrets are marked with.
    pub(super) reference: String,
    key: Arc<DeviceKey>,
}

impl Asked {
    /// Its name, and the number on its messages.
    pub(super) fn shown(&self) -> (String, String) {
        (self.id.clone(), self.reference.clone())
    }
}

/// What the person reads in her messages, and the PIN that she chooses.
#[derive(Deserialize)]
pub(crate) struct Secrets {
    pub(crate) mail_secret: String,
    pub(crate) sms_secret: String,
    pub(crate) pin: String,
}

/// Where a person reads her messages.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Contact {
    #[serde(default)]
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) mobile: String,
}

impl Phones {
    /// Asks for an activation with exactly what was typed.
    pub(crate) async fn ask(&self, rpps: &str, identifier: &str) -> Result<Value, Problem> {
        let key = DeviceKey::generate().map_err(|_| unusable_key())?;
        let answer = self.api.ask(identifier, &key).await?;
        let text = |name| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, reference, key) = (text("activation"), text("reference"), Arc::new(key));
        let mut now = self.lock();
        let asked = now.asked.entry(rpps.to_owned()).or_default();
        asked.push(Asked { id, reference, key });
        if asked.len() > OPEN_AT_ONCE {
            asked.remove(0);
        }
        Ok(answer)
    }

    /// Sends both secrets; from then on this phone holds the card.
    pub(crate) async fn finish(
        &self,
        rpps: &str,
        activation: &str,
        secrets: &Secrets,
    ) -> Result<Value, Problem> {
        let key = self.key_of(rpps, activation)?;
        let body = json!({
            "mail_secret": secrets.mail_secret,
            "sms_secret": secrets.sms_secret,
            "pin": secrets.pin,
        });
        let answer = self.api.finish(activation, &body, &key).await;
        if answer.as_ref().is_err_and(|problem| problem.status == StatusCode::GONE) {
            self.forget(rpps, activation);
        }
        let answer = answer?;
        let phone = saved(&answer, &key, &secrets.pin)?;
        let device = phone.device.clone();
        self.change(|phones| {
            phones.insert(rpps.to_owned(), phone);
        })?;
        self.lock().asked.remove(rpps);
        Ok(json!({"rpps": rpps, "state": "active", "device": device}))
    }

    /// The whole activation, as the person would do it.
    pub(crate) async fn activate(
        &self,
        rpps: &str,
        pin: &str,
        contact: Contact,
    ) -> Result<Value, Problem> {
        let contact = if contact.email.is_empty() || contact.mobile.is_empty() {
            self.contact(rpps).await
        } else {
            contact
        };
        let mark = self.mailbox.mark();
        let answer = self.ask(rpps, &format!("8{rpps}")).await?;
        let text = |name| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        let (activation, reference) = (text("activation"), text("reference"));
        let already_sent = answer.get("already_sent").and_then(Value::as_bool).unwrap_or_default();
        let since = if already_sent { Mark::default() } else { mark };
        let secret = |kind, length| Awaited { kind, length, reference, since };
        let (mail_secret, sms_secret) = tokio::join!(
            self.mailbox.await_secret(secret(Kind::Mail, 8), &contact.email, MAIL_PATIENCE),
            self.mailbox.await_secret(secret(Kind::Sms, 6), &contact.mobile, MAIL_PATIENCE),
        );
        let (Some(mail_secret), Some(sms_secret)) = (mail_secret, sms_secret) else {
            return Err(Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "no_message",
                "Les deux secrets ne sont pas arrivés.",
            ));
        };
        let secrets = Secrets { mail_secret, sms_secret, pin: pin.to_owned() };
        self.finish(rpps, activation, &secrets).await
    }

    /// A person knows her own address and number: ours by heart, the others ask the registry.
    async fn contact(&self, rpps: &str) -> Contact {
        let key = self.file.read(|saved| {
            saved.registered.iter().find(|(_, known)| *known == rpps).map(|(key, _)| key.clone())
        });
        let ours = people::all().into_iter().find(|person| Some(person.key) == key.as_deref());
        let person = match ours {
            Some(person) => Some(person.identity),
            None => self.gateway.person(rpps).await,
        };
        person.map(|person| contact_in(&person)).unwrap_or_default()
    }

    fn key_of(&self, rpps: &str, activation: &str) -> Result<Arc<DeviceKey>, Problem> {
        let now = self.lock();
        let mut asked = now.asked.get(rpps).into_iter().flatten();
        let found = asked.find(|one| one.id == activation).map(|one| Arc::clone(&one.key));
        found.ok_or_else(|| {
            Problem::new(
                StatusCode::GONE,
                "expired",
                "Cette activation n'est plus, ou n'a jamais été, en cours sur ce téléphone.",
            )
        })
    }

    fn forget(&self, rpps: &str, activation: &str) {
        if let Some(asked) = self.lock().asked.get_mut(rpps) {
            asked.retain(|one| one.id != activation);
        }
    }
}

/// The addresses in a person's record, at the top or under `contact`.
fn contact_in(person: &Value) -> Contact {
    let text = |name: &str| {
        let nested = person.get("contact").and_then(|contact| contact.get(name));
        let found = person.get(name).or(nested).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    Contact { email: text("email"), mobile: text("mobile") }
}

fn saved(answer: &Value, key: &DeviceKey, pin: &str) -> Result<SavedPhone, Problem> {
    let otp = answer.get("otp");
    let member = |name: &str| otp.and_then(|otp| otp.get(name));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(SavedPhone {
        device: text(answer.get("device")),
        key: key.to_text().map_err(|_| unusable_key())?,
        seed: text(member("seed")),
        digits: member("digits")
            .and_then(Value::as_u64)
            .and_then(|n| n.try_into().ok())
            .unwrap_or(6),
        period: member("period").and_then(Value::as_u64).unwrap_or(30),
        pin: pin.to_owned(),
    })
}
