//! Where one enters the portal, put together.

use std::sync::Arc;

use crate::{
    config::Config,
    franceconnect::{self, BadSettings, FranceConnect},
    portal::{
        entrance::{self, Entrance},
        preregistration::Visits,
    },
    web::cookie::Cookies,
};

use super::{House, Machine};

/// The entrance of the portal, with FranceConnect where it is configured.
pub(super) fn build(
    config: &Config,
    house: &House,
    machine: &Machine,
) -> Result<Entrance, BadSettings> {
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
        cookies,
        nomenclature: Arc::clone(&house.nomenclature),
        frame: house.frame,
        clock: Arc::clone(&machine.clock),
        random: Arc::clone(&machine.random),
    }))
}
