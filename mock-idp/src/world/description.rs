//! What `GET /demo/world` answers, so that a program needs no constant.

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::World;
use super::clients::API_SCOPE;
use super::people::{self, PersonSeed};
use super::ports::Party;

#[derive(Deserialize)]
struct StructureRow {
    key: String,
    finess: String,
    #[serde(rename = "type")]
    kind: String,
    finess_ej: String,
    name: String,
}

impl World {
    /// The world as programs read it. People's state is asked from the gateway, as it is now.
    pub async fn description(&self) -> Value {
        let people = join_all(people::all().into_iter().map(|person| self.person(person))).await;
        let mut clients = self.client_registrations();
        for client in &mut clients {
            let key = client.get("client_id").cloned().unwrap_or_default();
            if let Some(members) = client.as_object_mut() {
                members.insert("key".into(), key);
            }
        }
        clients.retain(|client| client.get("key") != Some(&json!("api")));
        let secret = self.file.read(|saved| saved.clients.get("api").cloned());
        json!({
            "urls": {
                "gateway": self.ports.gateway,
                "franceconnect": self.ports.origin(Party::FranceConnect),
                "dui-tilleuls": self.ports.origin(Party::Tilleuls),
                "dui-rive-claire": self.ports.origin(Party::RiveClaire),
                "phone": self.ports.origin(Party::Phone),
                "mtls": null,
                "smtp": self.ports.origin(Party::Smtp),
            },
            "issuer": self.ports.issuer(),
            "ca": null,
            "clients": clients,
            "api": {
                "client_id": "api",
                "client_secret": secret,
                "scope": API_SCOPE,
                "token_endpoint_auth_method": "client_secret_basic",
            },
            "structures": structures(),
            "people": people,
            "franceconnect": self.franceconnect.people(),
            "franceconnect_clients": self.franceconnect.clients(),
        })
    }

    async fn person(&self, person: PersonSeed) -> Value {
        let rpps = self.file.read(|saved| saved.registered.get(person.key).cloned());
        let live = match &rpps {
            Some(rpps) => self.gateway.person(rpps).await,
            None => None,
        };
        let member = |name: &str| live.as_ref().and_then(|live| live.get(name)).cloned();
        let state = match &rpps {
            None => Some(json!("to-register")),
            Some(_) => member("card").map(|card| card.get("state").cloned().unwrap_or(card)),
        };
        let pin = rpps.as_deref().and_then(|rpps| self.phones.saved(rpps)).map(|phone| phone.pin);
        let identity = |name: &str| person.identity.get(name).cloned();
        json!({
            "key": person.key,
            "civil_names": {
                "birth_name": identity("family_name"),
                "usage_name": identity("preferred_username"),
                "first_names": identity("given_name_array"),
            },
            "name": person.full_name(),
            "rpps": rpps,
            "identifier": rpps.as_ref().map(|rpps| format!("8{rpps}")),
            "email": identity("email"),
            "mobile": identity("mobile"),
            "pin": pin,
            "situations": member("situations").unwrap_or_else(|| seeded_situations(&person)),
            "state": state,
        })
    }
}

/// What was sown, for a gateway that cannot be asked.
fn seeded_situations(person: &PersonSeed) -> Value {
    let first = person.registration.as_ref().and_then(|body| body.get("situation")).cloned();
    first.into_iter().chain(person.other_situations.iter().cloned()).collect()
}

fn structures() -> Vec<Value> {
    csv::Reader::from_reader(include_str!("../../data/structures.csv").as_bytes())
        .into_deserialize()
        .filter_map(Result::ok)
        .map(|row: StructureRow| {
            let juridical = Some(row.finess_ej).filter(|finess| !finess.is_empty());
            json!({
                "key": row.key,
                "finess": row.finess,
                "name": row.name,
                "type": row.kind,
                "finess_ej": juridical,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invented_structure_is_there() {
        let keys: Vec<Value> =
            structures().iter().filter_map(|row| row.get("key").cloned()).collect();
        assert_eq!(keys.len(), 19);
        assert!(keys.contains(&json!("tilleuls")) && keys.contains(&json!("rive-claire")));
    }
}
