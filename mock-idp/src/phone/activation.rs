//! Activation: two secrets by two ways, a PIN, and a key that never leaves the phone.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::DeviceKey;
use super::{Phones, unusable_key};
use crate::mailbox::Kind;
use crate::web::Problem;
use crate::world::file::SavedPhone;
use crate::world::people;

/// Activations that one phone may have asked for at the same time.
const OPEN_AT_ONCE: usize = 20;
const MAIL_PATIENCE: Duration = Duration::from_secs(20);

/// An activation that waits for its secrets.
pub(super) struct Asked {
    pub(super) id: String,
    key: DeviceKey,
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
        let id = answer.get("activation").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut now = self.lock();
        let asked = now.asked.entry(rpps.to_owned()).or_default();
        asked.push(Asked { id, key });
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
        let key = self.take_key(rpps, activation)?;
        let body = json!({
            "mail_secret": secrets.mail_secret,
            "sms_secret": secrets.sms_secret,
            "pin": secrets.pin,
        });
        let answer = self.api.finish(activation, &body, &key).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(problem) => {
                if problem.status != StatusCode::GONE {
                    self.give_back(rpps, activation, key);
                }
                return Err(problem);
            }
        };
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
        let activation = answer.get("activation").and_then(Value::as_str).unwrap_or_default();
        let (mail_secret, sms_secret) = tokio::join!(
            self.mailbox.await_secret((Kind::Mail, 8), &contact.email, mark, MAIL_PATIENCE),
            self.mailbox.await_secret((Kind::Sms, 6), &contact.mobile, mark, MAIL_PATIENCE),
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

    fn take_key(&self, rpps: &str, activation: &str) -> Result<DeviceKey, Problem> {
        let mut now = self.lock();
        let asked = now.asked.get_mut(rpps);
        let found = asked.and_then(|asked| {
            let place = asked.iter().position(|one| one.id == activation)?;
            Some(asked.remove(place).key)
        });
        found.ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "unknown_activation",
                "Ce téléphone n'a pas demandé cette activation.",
            )
        })
    }

    fn give_back(&self, rpps: &str, activation: &str, key: DeviceKey) {
        let asked = Asked { id: activation.to_owned(), key };
        self.lock().asked.entry(rpps.to_owned()).or_default().push(asked);
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
