//! The composition root: the one place that sees everything. It builds each slice with its
//! collaborators, joins the routers, and says what goes on beside the requests.

mod clients;
mod demo;
mod front;
mod glue;
mod pages;
mod refusal;
mod seed;

use std::{future::Future, pin::Pin, sync::Arc};

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    access::{Doors, Heads},
    config::{Config, MailSecurity},
    departure::{RetryPolicy, Telling},
    ecps::{
        self, Ecps, Post,
        post::{BadPost, MailServer, OutgoingPost, Protection},
    },
    franceconnect::BadSettings,
    kernel::{Clock, Outage, random::Random},
    oidc::{self, Provider},
    portal::{
        Api, Callers, Phones,
        api::{CardsApi, ClientsApi},
        directory::{self, PublicDirectory},
        home::Home,
        operations::{self, Operations},
    },
    registry::{Nomenclature, nomenclature::BadNomenclature},
    signin::{self, SignIn},
    store::sqlite::Sqlite,
    web::{
        outgoing::{NoClient, Outgoing},
        page::{self, Frame},
        throttle::Refuse,
    },
};

use {front::Limits, glue::Refusals};

pub use demo::{Demo, Describe};
pub use seed::{NotSeeded, Seed, SeedPerson, seed};

/// What the machine gives: time and randomness, and where the process counts.
#[derive(Clone)]
pub struct Machine {
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// A generator fit for secrets.
    pub random: Arc<dyn Random>,
    /// The counters, where the process has installed them.
    pub metrics: Option<PrometheusHandle>,
}

/// Work of some length, on its own.
pub type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The gateway, ready to be served.
pub struct App {
    /// Every path.
    pub router: Router,
    /// What goes on beside the requests, until dropped: the outbox, the timer of due ends, the sweep.
    pub background: Vec<Work<()>>,
}

/// Why a gateway is not built.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// The store does not answer.
    #[error(transparent)]
    Outage(#[from] Outage),
    /// The HTTP client does not start.
    #[error(transparent)]
    Outgoing(#[from] NoClient),
    /// A client that the configuration names cannot be entered.
    #[error("{setting}: {why}")]
    Client {
        /// Its section.
        setting: String,
        /// What is in the way.
        why: String,
    },
    /// No mail could leave.
    #[error(transparent)]
    Post(#[from] BadPost),
    /// FranceConnect's settings name no addresses.
    #[error(transparent)]
    FranceConnect(#[from] BadSettings),
    /// The code lists that we ship are damaged.
    #[error(transparent)]
    Nomenclature(#[from] BadNomenclature),
}

/// The slices, each with its collaborators.
struct House {
    store: Arc<Sqlite>,
    doors: Doors,
    outgoing: Outgoing,
    post: Arc<OutgoingPost>,
    ecps: Ecps,
    provider: Arc<Provider>,
    nomenclature: Arc<Nomenclature>,
    frame: Frame,
}

/// Builds the gateway on `store`; with `demo`, its mock world's paths too.
pub async fn build(
    config: &Config,
    store: Arc<Sqlite>,
    machine: Machine,
    demo: Option<Demo>,
) -> Result<App, NotBuilt> {
    let house = furnish(config, store, &machine, demo.is_some()).await?;
    clients::settle(&house.store, &config.clients).await?;
    let phones = demo.as_ref().map(|demo| demo.phones(house.outgoing.clone()));
    let limits = Limits::new(config, Arc::clone(&machine.clock));
    let frame = house.frame;
    let signin = SignIn::new(signin::Collaborators {
        provider: Arc::clone(&house.provider),
        ecps: house.ecps.clone(),
        frame,
    });
    let directory = PublicDirectory {
        records: Arc::clone(&house.store) as _,
        doors: house.doors.clone(),
        nomenclature: Arc::clone(&house.nomenclature),
        frame: house.frame,
    };
    let home = Home {
        frame: house.frame,
        issuer: config.server.issuer.clone(),
        parties: demo.as_ref().map(|demo| demo.parties.clone()),
    };
    let operations = Operations {
        doors: house.doors.clone(),
        records: Arc::clone(&house.store) as _,
        parties: demo.as_ref().map(|demo| demo.ready.clone()),
        metrics: machine.metrics.clone(),
    };
    let (too_many, too_many_looks): (Refuse, Refuse) = (
        Arc::new(move |_| signin::too_many(frame)),
        Arc::new(move |headers| directory::too_many(frame, headers)),
    );
    let phones_limit = limits.logins(Arc::new(ecps::http::too_many));
    let mut router = Router::new()
        .merge(page::assets(&config.server.stylesheet))
        .merge(home.router())
        .merge(operations::router(operations))
        .merge(oidc::router(Arc::clone(&house.provider)))
        .merge(signin::router(signin, &limits.logins(too_many)))
        .merge(ecps::http::router(house.ecps.clone(), &phones_limit))
        .merge(directory.router(&limits.searches(too_many_looks)))
        .merge(pages::router(config, &house, &machine, &limits)?)
        .nest("/api/v1", api(&house, &machine, phones));
    if let Some(demo) = demo {
        router = router.merge(demo.router(&house.ecps, &house.doors, Arc::clone(&house.store)));
    }
    let refusals = Arc::new(Refusals::default());
    let router = front::around(router, frame, config, &refusals);
    let mut background = background(config, &house, &machine);
    let every = config.journal.refusals_every;
    background.push(Box::pin(refusals.write_down(Arc::clone(&house.store), every)));
    Ok(App { router, background })
}

async fn furnish(
    config: &Config,
    store: Arc<Sqlite>,
    machine: &Machine,
    demo: bool,
) -> Result<House, NotBuilt> {
    let heads = Arc::clone(&store) as Arc<dyn Heads>;
    let doors = Doors::new(heads, Arc::clone(&machine.clock));
    let outgoing = Outgoing::new(config.outbound.allow.clone())?;
    let post =
        Arc::new(OutgoingPost::new(mail_server(config), config.sms.url.clone(), outgoing.clone())?);
    let ecps = Ecps::new(ecps::Collaborators {
        doors: doors.clone(),
        ports: ecps::Ports {
            cards: Arc::clone(&store) as _,
            activations: Arc::clone(&store) as _,
            challenges: Arc::clone(&store) as _,
        },
        post: Arc::clone(&post) as Arc<dyn Post>,
        key: store.key(),
        random: Arc::clone(&machine.random),
        settings: ecps::Settings {
            pin_attempts: config.ecps.pin_attempts,
            challenge_life: config.ecps.challenge,
            activation_life: config.ecps.activation,
            activation_tries: config.ecps.activation_tries,
            session_life: config.session.life,
            ..ecps::Settings::default()
        },
    });
    let frame = Frame { demo };
    let provider = Provider::open(oidc::Collaborators {
        settings: oidc::Settings {
            issuer: config.server.issuer.clone(),
            code_life: config.tokens.code,
            access_token_life: config.tokens.access,
            refresh_token_life: config.tokens.refresh,
            session_rest: config.session.idle,
            ..oidc::Settings::at(
                config.server.base_url.clone(),
                config.server.wallet_url.clone(),
                frame,
            )
        },
        doors: doors.clone(),
        clock: Arc::clone(&machine.clock),
        random: Arc::clone(&machine.random),
        records_key: store.key(),
        clients: Arc::clone(&store) as _,
        sessions: Arc::clone(&store) as _,
        logins: Arc::clone(&store) as _,
        grants: Arc::clone(&store) as _,
        subjects: Arc::clone(&store) as _,
        key_store: Arc::clone(&store) as _,
    })
    .await?;
    let nomenclature = Arc::new(Nomenclature::shipped()?);
    Ok(House { store, doors, outgoing, post, ecps, provider, nomenclature, frame })
}

fn mail_server(config: &Config) -> MailServer {
    let smtp = &config.smtp;
    let password = smtp.password.as_ref().map(|password| password.expose().to_owned());
    let account = smtp.user.clone().zip(password.map(crate::kernel::secret::Secret::received));
    MailServer {
        host: smtp.host.clone(),
        port: smtp.port,
        protection: match smtp.tls {
            MailSecurity::None => Protection::None,
            MailSecurity::StartTls => Protection::StartTls,
            MailSecurity::Wrapped => Protection::Wrapped,
        },
        account,
        from: smtp.from.clone(),
    }
}

fn api(house: &House, machine: &Machine, phones: Option<Arc<dyn Phones>>) -> Router {
    let callers: Arc<dyn Callers> = Arc::new(glue::ProviderCallers(Arc::clone(&house.provider)));
    let clients = ClientsApi {
        callers: Arc::clone(&callers),
        clients: Arc::clone(&house.store) as _,
        records_key: house.store.key(),
        random: Arc::clone(&machine.random),
    };
    let cards = CardsApi { callers: Arc::clone(&callers), ecps: house.ecps.clone() };
    let api = Api {
        callers,
        doors: house.doors.clone(),
        nomenclature: Arc::clone(&house.nomenclature),
        registry: Arc::clone(&house.store) as _,
        requests: Arc::clone(&house.store) as _,
        habilitations: Arc::clone(&house.store) as _,
        people: Arc::clone(&house.store) as _,
        departures: Arc::clone(&house.store) as _,
        outbox: Arc::clone(&house.store) as _,
        removals: Arc::clone(&house.store) as _,
        sessions: Arc::clone(&house.store) as _,
        journal: Arc::clone(&house.store) as _,
        phones,
    };
    api.router().merge(clients.router()).merge(cards.router())
}

fn background(config: &Config, house: &House, machine: &Machine) -> Vec<Work<()>> {
    let telling = Arc::new(Telling {
        outbox: Arc::clone(&house.store) as _,
        tokens: Arc::new(glue::ProviderLogoutTokens(Arc::clone(&house.provider))),
        mailbag: Arc::new(glue::PostMailbag(Arc::clone(&house.post))),
        outgoing: house.outgoing.clone(),
        policy: RetryPolicy {
            tries: config.logout.tries,
            first_wait: config.logout.first_wait,
            longest_wait: config.logout.longest_wait,
        },
        clock: Arc::clone(&machine.clock),
        random: Arc::clone(&machine.random),
        wake: house.store.changed(),
    });
    vec![
        Box::pin(telling.run()),
        Box::pin(glue::fire_what_is_due(house.doors.clone())),
        Box::pin(glue::sweep(Arc::clone(&house.store))),
    ]
}
