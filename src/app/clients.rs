//! The clients that the configuration names: in the records as they are written.

use std::sync::Arc;

use crate::{
    config::WrittenClient,
    kernel::{
        Outage,
        journal::Actor,
        retry::{Answered, Keep},
    },
    oidc::{Clients, StoredClient, client_secret_digest, ports::ClientChange},
    store::sqlite::Sqlite,
};

use super::NotBuilt;

/// Enters those that are absent, changes those that differ, removes none.
pub(super) async fn settle(store: &Arc<Sqlite>, clients: &[WrittenClient]) -> Result<(), NotBuilt> {
    for client in clients {
        let refused = |why: &str| NotBuilt::Client {
            setting: format!("clients.{}", client.id),
            why: why.to_owned(),
        };
        let written = settle_one(store, client).await?;
        written.map_err(refused)?;
    }
    Ok(())
}

async fn settle_one(
    store: &Arc<Sqlite>,
    client: &WrittenClient,
) -> Result<Result<(), &'static str>, Outage> {
    let (id, registration) = (&client.id, &client.written.registration);
    if let Some(finess) = registration.structure
        && !store.knows_structure(finess).await?
    {
        return Ok(Err("no registered structure has this FINESS number: enter it first"));
    }
    let key = store.key();
    let secret = client.written.secret.as_ref();
    let secret = secret.map(|secret| client_secret_digest(&key, id, secret));
    let wanted = StoredClient { id: id.clone(), registration: registration.clone(), secret };
    let by = Actor::Operator;
    let outcome = match store.client(id).await? {
        None => store.enter_client(wanted, by, Keep::nothing()).await?,
        Some(seen) if is_same(&seen, &wanted) => return Ok(Ok(())),
        Some(seen) => {
            let change = ClientChange { seen, registration: wanted.registration, secret };
            store.change_client(change, by, Keep::nothing()).await?
        }
    };
    Ok(match outcome {
        Answered::Done(_) => {
            tracing::info!(client = %id, "written as the configuration says");
            Ok(())
        }
        Answered::Refused(_) | Answered::Replayed(_) | Answered::KeyReused => {
            Err("somebody else is changing it: start again")
        }
    })
}

fn is_same(one: &StoredClient, other: &StoredClient) -> bool {
    let same_secret = match (&one.secret, &other.secret) {
        (Some(one), Some(other)) => one.matches(other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    same_secret && one.registration == other.registration
}
