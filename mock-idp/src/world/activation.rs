//! The active people of the demo activate their cards, each on her own phone.

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::people::{self, PersonSeed};
use super::ports::Party;
use super::{World, WorldError};

/// The PIN that everybody chooses here: the demo's visitors need to know it.
const PIN: &str = "2468";
/// Cards are activable from the 48th hour.
const ACTIVABLE_AFTER_HOURS: u32 = 48;

impl World {
    /// Activates the card of each person who may have one and has none, over HTTP.
    pub async fn activate_all(&self) -> Result<(), WorldError> {
        let registered = self.file.read(|saved| saved.registered.clone());
        let waiting = people::all().into_iter().filter_map(|person| {
            let rpps = registered.get(person.key)?.clone();
            let due = person.validated_before_hours >= ACTIVABLE_AFTER_HOURS;
            (due && self.phones.saved(&rpps).is_none()).then_some((person, rpps))
        });
        try_join_all(waiting.map(|(person, rpps)| self.activate(person, rpps))).await?;
        Ok(())
    }

    async fn activate(&self, person: PersonSeed, rpps: String) -> Result<(), WorldError> {
        let phone = self.ports.origin(Party::Phone);
        let url = format!("{phone}/api/phones/{rpps}/activate");
        let answer = self.http.post(url).json(&json!({"pin": PIN})).send().await?;
        if answer.status().is_success() {
            return Ok(());
        }
        let problem: Value = answer.json().await.unwrap_or_default();
        let word = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
        let why = format!("{} {}", word("code"), word("detail"));
        Err(WorldError::Activation { key: person.key, why })
    }
}
