//! Requests to be registered (Case 2): read, validated, rejected.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::Serialize;

use crate::{
    kernel::{
        Finess, RequestId, Rpps, Timestamp,
        journal::Actor,
        retry::{Keep, Wording},
    },
    registry::{
        CivilIdentity, Nomenclature,
        fault::Faults,
        placing::Placing,
        request::{
            Decider, NotDecided, NotValidated, RegistrationRequest, Rejection, RequestQuery,
            RequestState, Validated, Validation,
        },
        written::Written,
    },
    web::Problem,
};

use super::{
    Api,
    answer::{invalid, not_found, page, words, written},
    call::{Call, Scope},
    views::{PersonView, newcomer},
};

/// A request: what its person wrote and FranceConnect said, never FranceConnect's identifier of
/// them.
#[derive(Serialize)]
struct RequestView {
    id: RequestId,
    state: RequestState,
    state_label: &'static str,
    finess: Finess,
    structure_name: String,
    sent_at: Timestamp,
    lapses_at: Timestamp,
    decided_at: Option<Timestamp>,
    decided_by: Option<Actor>,
    reason: Option<String>,
    rpps: Option<Rpps>,
    #[serde(flatten)]
    identity: CivilIdentity,
    usage_name: Option<String>,
    email: String,
    mobile: String,
    document: Option<String>,
    situation: Placing,
    profession_label: String,
    role_label: String,
}

impl RequestView {
    fn new(request: &RegistrationRequest, nomenclature: &Nomenclature) -> Self {
        let of = request.clone();
        Self {
            id: of.id,
            state: of.state,
            state_label: of.state.label(),
            finess: of.structure.finess,
            structure_name: of.structure.name,
            sent_at: of.sent_at,
            lapses_at: of.lapses_at,
            decided_at: of.decided_at,
            decided_by: of.decided_by,
            reason: of.reason,
            rpps: of.rpps,
            identity: of.identity,
            usage_name: of.usage_name,
            email: of.email,
            mobile: of.mobile,
            document: of.document,
            profession_label: nomenclature.professions.label(&of.placing.profession).to_owned(),
            role_label: nomenclature.roles.label(&of.placing.role).to_owned(),
            situation: of.placing,
        }
    }
}

#[derive(Serialize)]
struct ValidatedView {
    #[serde(flatten)]
    professional: PersonView,
    request: RequestView,
}

/// `GET /requests`: oldest first, of one structure and in one state if named.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::RegistryWrite, &["finess", "state"])?;
    let asked = call.page::<RequestId>()?;
    let structures = call.listed_structure()?.map(|one| vec![one]);
    let query = RequestQuery { structures, state: call.parameter("state")? };
    let found = api.requests.requests(query, asked).await?;
    let view = |request: RegistrationRequest| RequestView::new(&request, &api.nomenclature);
    Ok(page(found, &asked, |request| request.id.to_string(), view))
}

/// `POST /requests/{id}/validate`: `{"attestation": true}`.
pub(super) async fn validate(
    State(api): State<Api>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let mut faults = Faults::default();
    let mut body = Written::body(call.object()?);
    let attested = body.flag("attestation", &mut faults);
    body.finish(&mut faults);
    faults.or(Some(())).map_err(invalid)?;
    let nomenclature = Arc::clone(&api.nomenclature);
    let calendar = call.calendar();
    let wording: Wording<Validated> = Arc::new(move |validated: &Validated| {
        let registered = &validated.registered;
        let (person, at) = (&registered.professional, &registered.structure);
        let record = newcomer(person, &registered.situation, at);
        let view = ValidatedView {
            professional: PersonView::new(&record, &nomenclature, calendar),
            request: RequestView::new(&validated.request, &nomenclature),
        };
        words(StatusCode::OK, &view)
    });
    let validation = Validation {
        id: named(&id)?,
        attested,
        decider: decider(&call),
        nomenclature: Arc::clone(&api.nomenclature),
    };
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.requests.validate_request(validation, keep).await?;
    written(outcome, &wording, |refused| match refused {
        NotValidated::NotDecided(why) => not_decided(&api, why),
        NotValidated::NotAttested => {
            let message = "Attestez avoir comparé les données avec la pièce d'identité.";
            let mut faults = Faults::default();
            faults.add("attestation", "required", message);
            invalid(faults.into_vec())
        }
        NotValidated::Already(rpps) => Problem::new(
            StatusCode::CONFLICT,
            "already_registered",
            format!(
                "Cette personne a déjà le numéro RPPS {rpps}, pour la vie : rejetez la demande et \
                 ajoutez-lui une situation d'exercice."
            ),
        )
        .with("rpps", rpps),
        NotValidated::Faults(faults) => invalid(faults),
    })
}

/// `POST /requests/{id}/reject`: `{"reason": "…"}`.
pub(super) async fn reject(
    State(api): State<Api>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let mut faults = Faults::default();
    let mut body = Written::body(call.object()?);
    let reason = body.raw("reason", "un texte", &mut faults).ok().flatten().unwrap_or_default();
    body.finish(&mut faults);
    faults.or(Some(())).map_err(invalid)?;
    let rejection = Rejection::read(named(&id)?, &reason, decider(&call)).map_err(invalid)?;
    let nomenclature = Arc::clone(&api.nomenclature);
    let wording: Wording<RegistrationRequest> = Arc::new(move |rejected: &RegistrationRequest| {
        words(StatusCode::OK, &RequestView::new(rejected, &nomenclature))
    });
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.requests.reject_request(rejection, keep).await?;
    written(outcome, &wording, |refused| not_decided(&api, refused))
}

fn named(id: &str) -> Result<RequestId, Problem> {
    id.parse().map_err(|_| unknown())
}

fn unknown() -> Problem {
    not_found("Demande inconnue")
}

fn decider(call: &Call) -> Decider {
    Decider { by: call.actor(), structure: call.structure() }
}

fn not_decided(api: &Api, refused: NotDecided) -> Problem {
    match refused {
        NotDecided::Unknown => unknown(),
        NotDecided::AlreadyDecided(request) => Problem::new(
            StatusCode::CONFLICT,
            "already_decided",
            format!("Cette demande est déjà {}.", request.state.label()),
        )
        .with("request", RequestView::new(&request, &api.nomenclature)),
    }
}
