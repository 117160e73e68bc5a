//! The pages for people, each part with its collaborators.

use std::sync::Arc;

use axum::Router;

use crate::{
    config::Config,
    franceconnect::{self, BadSettings, FranceConnect},
    portal::{
        Console,
        applying::{self, Applying},
        console,
        entrance::{self, Entrance},
        preregistration::Visits,
    },
    web::cookie::Cookies,
};

use super::{House, Machine, front::Limits};

/// Every page below `/portail`.
pub(super) fn router(
    config: &Config,
    house: &House,
    machine: &Machine,
    limits: &Limits,
) -> Result<Router, BadSettings> {
    let frame = house.frame;
    let limit = limits.logins(Arc::new(move |_| entrance::too_many(frame)));
    Ok(Router::new()
        .merge(console(house, machine).router())
        .merge(entrance(config, house, machine)?.router(&limit))
        .merge(applying(config, house, machine).router(&limit)))
}

fn console(house: &House, machine: &Machine) -> Console {
    Console::new(console::Collaborators {
        provider: Arc::clone(&house.provider),
        doors: house.doors.clone(),
        ecps: house.ecps.clone(),
        nomenclature: Arc::clone(&house.nomenclature),
        registry: Arc::clone(&house.store) as _,
        people: Arc::clone(&house.store) as _,
        habilitations: Arc::clone(&house.store) as _,
        requests: Arc::clone(&house.store) as _,
        desk: Arc::clone(&house.store) as _,
        departures: Arc::clone(&house.store) as _,
        outbox: Arc::clone(&house.store) as _,
        clients: Arc::clone(&house.store) as _,
        sessions: Arc::clone(&house.store) as _,
        key: house.store.key(),
        random: Arc::clone(&machine.random),
        frame: house.frame,
    })
}

fn entrance(config: &Config, house: &House, machine: &Machine) -> Result<Entrance, BadSettings> {
    let cookies = Cookies::for_base(&config.server.base_url);
    let client = |settings: &Arc<franceconnect::Settings>| {
        FranceConnect::new(franceconnect::Collaborators {
            settings: Arc::clone(settings),
            outgoing: house.outgoing.clone(),
            errands: Arc::clone(&house.store) as _,
            clock: Arc::clone(&machine.clock),
            random: Arc::clone(&machine.random),
        })
    };
    Ok(Entrance::new(entrance::Collaborators {
        franceconnect: config.franceconnect.settings.as_ref().map(client).transpose()?,
        preregistrations: Arc::clone(&house.store) as _,
        visits: Visits { cookies, rest: config.franceconnect.session },
        requests: Arc::clone(&house.store) as _,
        cookies,
        nomenclature: Arc::clone(&house.nomenclature),
        frame: house.frame,
        clock: Arc::clone(&machine.clock),
        random: Arc::clone(&machine.random),
    }))
}

fn applying(config: &Config, house: &House, machine: &Machine) -> Applying {
    let cookies = Cookies::for_base(&config.server.base_url);
    Applying::new(applying::Collaborators {
        preregistrations: Arc::clone(&house.store) as _,
        visits: Visits { cookies, rest: config.franceconnect.session },
        applications: Arc::clone(&house.store) as _,
        requests: Arc::clone(&house.store) as _,
        registry: Arc::clone(&house.store) as _,
        people: Arc::clone(&house.store) as _,
        doors: house.doors.clone(),
        post: Arc::clone(&house.post) as _,
        key: house.store.key(),
        random: Arc::clone(&machine.random),
        nomenclature: Arc::clone(&house.nomenclature),
        frame: house.frame,
    })
}
