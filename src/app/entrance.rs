//! Where one enters the portal, put together.

use std::sync::Arc;

use axum::Router;

use crate::{
    config::Config,
    franceconnect::{self, BadSettings, FranceConnect},
    portal::{
        entrance::{self, Entrance},
        preregistration::Visits,
    },
    web::cookie::Cookies,
};

use super::{House, Machine, front::Limits};

/// The entrance of the portal, with FranceConnect where it is configured.
pub(super) fn router(
    config: &Config,
    house: &House,
    machine: &Machine,
    limits: &Limits,
) -> Result<Router, BadSettings> {
    let frame = house.frame;
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
    let entrance = Entrance::new(entrance::Collaborators {
        franceconnect: config.franceconnect.settings.as_ref().map(client).transpose()?,
        preregistrations: Arc::clone(&house.store) as _,
        visits: Visits { cookies, rest: config.franceconnect.session },
        cookies,
        nomenclature: Arc::clone(&house.nomenclature),
        frame,
        clock: Arc::clone(&machine.clock),
        random: Arc::clone(&machine.random),
    });
    Ok(entrance.router(&limits.logins(Arc::new(move |_| entrance::too_many(frame)))))
}
