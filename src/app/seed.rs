//! What a demo begins with, entered by the same rules as everything else.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    access::Doors,
    kernel::{
        ClientId, Outage, Rpps, Timestamp,
        journal::Actor,
        retry::{Answered, Keep},
        time::Span,
    },
    oidc::{Clients, Registration, StoredClient},
    registry::{
        Nomenclature, Registry, Structure,
        habilitation::{Habilitations, Naming},
        hiring::Hiring,
        local_access::LocalAccessDraft,
        nomenclature::BadNomenclature,
        registration::{Draft, Registered},
    },
    store::sqlite::Sqlite,
};

use super::Machine;

/// What a demo begins with, in the shapes of the API.
pub struct Seed {
    /// Relying parties and programs, in the field names of dynamic registration.
    pub clients: Vec<Value>,
    /// People.
    pub people: Vec<SeedPerson>,
}

/// Somebody to begin with.
pub struct SeedPerson {
    /// The name by which programs find this person.
    pub key: String,
    /// The body of `POST /professionals`; none for who is not registered yet.
    pub registration: Option<Value>,
    /// How long before seeding the registration was validated.
    pub validated_before_hours: u32,
    /// Who entered the situation: `employer` or `ordre`.
    pub authority: String,
    /// Situations beside the first, in the shape of the API.
    pub other_situations: Vec<Value>,
    /// Structures that gave a local access.
    pub local_accesses: Vec<String>,
    /// What this person may manage, in the shape of the API, without their number.
    pub habilitations: Vec<Value>,
}

/// Why a world is not seeded.
#[derive(Debug, thiserror::Error)]
pub enum NotSeeded {
    /// The store does not answer.
    #[error(transparent)]
    Outage(#[from] Outage),
    /// The code lists that we ship are damaged.
    #[error(transparent)]
    Nomenclature(#[from] BadNomenclature),
    /// The rules refuse something.
    #[error("{what}: {why}")]
    Refused {
        /// What was to be entered.
        what: String,
        /// What the rules say.
        why: String,
    },
}

fn refused(what: &str, why: impl std::fmt::Debug) -> NotSeeded {
    NotSeeded::Refused { what: what.to_owned(), why: format!("{why:?}") }
}

/// Writes `seed`, and answers who received which number.
pub async fn seed(
    store: &Arc<Sqlite>,
    machine: &Machine,
    seed: Seed,
) -> Result<Vec<(String, Rpps)>, NotSeeded> {
    let nomenclature = Arc::new(Nomenclature::shipped()?);
    let doors = Doors::new(Arc::clone(store) as _, Arc::clone(&machine.clock));
    let sower = Sower { store, nomenclature, calendar: doors.barrier().await?.calendar };
    for sample in &sower.nomenclature.structures {
        let structure = Structure::of_sample(sample);
        sower.structure(structure.map_err(|error| refused(&sample.finess, error))?).await?;
    }
    for registration in seed.clients {
        sower.client(registration).await?;
    }
    let mut registered = Vec::new();
    for person in seed.people {
        if let Some(rpps) = sower.person(&person).await? {
            registered.push((person.key, rpps));
        }
    }
    Ok(registered)
}

struct Sower<'a> {
    store: &'a Arc<Sqlite>,
    nomenclature: Arc<Nomenclature>,
    calendar: Timestamp,
}

impl Sower<'_> {
    async fn structure(&self, structure: Structure) -> Result<(), NotSeeded> {
        let what = structure.finess.to_string();
        let entered =
            self.store.enter_structure(structure, Actor::Operator, Keep::nothing()).await?;
        done(&what, entered).map(|_| ())
    }

    async fn client(&self, written: Value) -> Result<(), NotSeeded> {
        let mut written = object("client", written)?;
        let id = written.remove("client_id").and_then(|id| id.as_str().map(str::to_owned));
        let id = id.unwrap_or_default();
        let id: ClientId = id.parse().map_err(|error| refused(&id, error))?;
        let what = id.to_string();
        let understood = Registration::blank(&what).change(written);
        let understood = understood.map_err(|faults| refused(&what, faults))?;
        let digest = |secret: &crate::kernel::secret::Secret| {
            self.store.key().digest(id.as_str(), secret.expose())
        };
        let secret = understood.secret.as_ref().map(digest);
        let client = StoredClient { id: id.clone(), registration: understood.registration, secret };
        let entered = self.store.enter_client(client, Actor::Operator, Keep::nothing()).await?;
        done(&what, entered).map(|_| ())
    }

    /// The person, then what they have beside their first situation.
    async fn person(&self, person: &SeedPerson) -> Result<Option<Rpps>, NotSeeded> {
        let Some(body) = &person.registration else { return Ok(None) };
        let body = object(&person.key, body.clone())?;
        let for_authority = person.authority != "employer";
        let today = self.calendar.date();
        let draft = Draft::read(body, Arc::clone(&self.nomenclature), today, for_authority);
        let validated_at = self.calendar - Span::hours(person.validated_before_hours.into());
        let registered = self
            .store
            .register(draft, validated_at, Actor::Operator, Keep::<Registered>::nothing())
            .await?;
        let rpps = done(&person.key, registered)?.professional.rpps;
        for situation in &person.other_situations {
            self.situation(person, rpps, situation.clone()).await?;
        }
        for finess in &person.local_accesses {
            self.local_access(person, rpps, finess).await?;
        }
        for held in &person.habilitations {
            self.habilitation(person, rpps, held.clone()).await?;
        }
        Ok(Some(rpps))
    }

    async fn situation(
        &self,
        person: &SeedPerson,
        rpps: Rpps,
        written: Value,
    ) -> Result<(), NotSeeded> {
        let body = object(&person.key, written)?;
        let (nomenclature, today) = (Arc::clone(&self.nomenclature), self.calendar.date());
        let for_authority = person.authority != "employer";
        let hiring = Hiring::read(rpps, body, nomenclature, (today, for_authority));
        let hired = self.store.hire(hiring, Actor::Operator, Keep::nothing()).await?;
        done(&person.key, hired).map(|_| ())
    }

    async fn local_access(
        &self,
        person: &SeedPerson,
        rpps: Rpps,
        finess: &str,
    ) -> Result<(), NotSeeded> {
        let mut body = Map::new();
        body.insert("rpps".to_owned(), rpps.to_string().into());
        body.insert("finess".to_owned(), finess.into());
        let draft = LocalAccessDraft::read(body, self.calendar.date());
        let draft = draft.map_err(|faults| refused(&person.key, faults))?;
        let given = self.store.give_local_access(draft, Actor::Operator, Keep::nothing()).await?;
        done(&person.key, given).map(|_| ())
    }

    async fn habilitation(
        &self,
        person: &SeedPerson,
        rpps: Rpps,
        written: Value,
    ) -> Result<(), NotSeeded> {
        let mut body = object(&person.key, written)?;
        body.insert("rpps".to_owned(), rpps.to_string().into());
        let naming = Naming::read(body, self.calendar.date(), Actor::Operator);
        let naming = naming.map_err(|faults| refused(&person.key, faults))?;
        let given = self.store.give_habilitation(naming, Keep::nothing()).await?;
        done(&person.key, given).map(|_| ())
    }
}

fn object(what: &str, value: Value) -> Result<Map<String, Value>, NotSeeded> {
    match value {
        Value::Object(members) => Ok(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(refused(what, "an object is wanted"))
        }
    }
}

fn done<T, E: std::fmt::Debug>(what: &str, answered: Answered<T, E>) -> Result<T, NotSeeded> {
    match answered {
        Answered::Done(outcome) => Ok(outcome),
        Answered::Refused(why) => Err(refused(what, why)),
        Answered::Replayed(_) | Answered::KeyReused => Err(refused(what, "it was entered before")),
    }
}
