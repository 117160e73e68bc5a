//! Where the gateway and the mock world are introduced to each other: plain JSON goes across, and
//! nothing else.

use std::{path::Path, sync::Arc};

use mock_idp::{Ports, Running, World, WorldError};
use serde_json::json;

use crate::{
    app::{self, Describe, Machine, Seed, SeedPerson},
    cli::{
        failure::Failure,
        listen::{self, Stop},
    },
    store::sqlite::Sqlite,
};

use super::addresses::Addresses;

/// Opens the world that lives in `folder`.
pub(super) fn open(folder: &Path, addresses: &Addresses) -> Result<World, Failure> {
    let ports = Ports {
        base: addresses.port,
        gateway: addresses.gateway.clone(),
        wallet: addresses.wallet.clone(),
    };
    World::open(folder, ports).map_err(failure)
}

/// What `GET /demo/world` answers.
pub(super) fn described(world: &World) -> Describe {
    let world = world.clone();
    Arc::new(move || {
        let world = world.clone();
        Box::pin(async move { world.description().await })
    })
}

/// Puts the world's people and clients into the records, and tells it who received which number.
pub(super) async fn seed(
    world: &World,
    store: &Arc<Sqlite>,
    machine: &Machine,
) -> Result<(), Failure> {
    let people = world.people().into_iter().map(|person| SeedPerson {
        key: person.key.to_owned(),
        registration: person.registration,
        validated_before_hours: person.validated_before_hours,
        authority: person.authority.to_owned(),
        other_situations: person.other_situations,
        local_accesses: person.local_accesses.into_iter().map(str::to_owned).collect(),
        habilitations: person
            .habilitations
            .into_iter()
            .map(|held| {
                json!({
                    "as": held.as_what, "finess": held.finess, "trained_on": held.trained_on
                })
            })
            .collect(),
    });
    let seed = Seed { clients: world.client_registrations(), people: people.collect() };
    let registered = app::seed(store, machine, seed).await;
    for (key, rpps) in registered.map_err(|error| Failure::Wrong(error.to_string()))? {
        world.registered(&key, rpps.as_str()).map_err(failure)?;
    }
    Ok(())
}

/// Serves every party until told to stop.
pub(super) async fn serve(world: &World, stop: Stop) -> Result<Running, Failure> {
    world.serve(listen::stopped(stop)).await.map_err(failure)
}

/// What the mock world could not do.
#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
pub(super) fn failure(error: WorldError) -> Failure {
    let told = error.to_string();
    match error {
        WorldError::Ports { .. } | WorldError::Listen { .. } | WorldError::Newer { .. } => {
            Failure::Usage(told)
        }
        WorldError::File { .. }
        | WorldError::Damaged { .. }
        | WorldError::Http(_)
        | WorldError::Keys(_)
        | WorldError::Activation { .. } => Failure::Wrong(told),
    }
}
