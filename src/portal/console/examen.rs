//! One request: its data beside its document, who looks alike, and the decision.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    kernel::{
        Outage, RequestId, Rpps, Timestamp,
        journal::Actor,
        retry::{Answered, Keep},
        time::day_in_french,
    },
    registry::{
        nomenclature::Dmp,
        request::{
            Decider, NearDuplicate, NotDecided, NotValidated, RegistrationRequest, Rejection,
            RequestState, Validation,
        },
    },
    web::{page::Frame, page::protected},
};

use super::{
    Console,
    compared::Compared,
    demandes::name,
    leaver::Found,
    pages::{self, Chrome},
    visit::Visit,
    words,
};

#[derive(Template)]
#[template(path = "portail/examen.html")]
struct Review<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    id: RequestId,
    who: String,
    compared: Compared,
    /// The media type of the copy, while it is kept…
    document: Option<&'a str>,
    /// …and the day on which it is erased, once that is known.
    erased_on: Option<String>,
    request: &'a RegistrationRequest,
    profession: &'a str,
    role: &'a str,
    mode: &'a str,
    dmp: Dmp<'a>,
    started_on: String,
    last_day: Option<String>,
    place: String,
    sent_at: String,
    twins: Vec<Twin>,
    is_open: bool,
    decided: Option<String>,
    /// Somebody else has decided first: what, and who.
    late: Option<String>,
    faults: Vec<Fault>,
    reason: &'a str,
}

/// What became of what the visitor asked for here.
enum Remark {
    /// They only look.
    Nothing,
    /// This is wrong.
    Faults(Vec<Fault>),
    /// Somebody has decided first.
    Late(String),
}

/// What is wrong, beside its field.
struct Fault {
    field: &'static str,
    message: String,
}

impl Review<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }
}

/// Somebody who looks like the person of the request.
struct Twin {
    rpps: Rpps,
    name: String,
    born: String,
}

impl Twin {
    fn of(near: &NearDuplicate) -> Self {
        let who = &near.identity;
        Self {
            rpps: near.rpps,
            name: format!("{} {}", who.first_names.join(" "), who.birth_name),
            born: day_in_french(who.birth_date),
        }
    }
}

/// `GET /portail/demandes/{id}`
pub(super) async fn show(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let answered = match console.asked(&visit, &id).await {
        Ok(Ok(request)) => console.review(&visit, &request, Remark::Nothing).await,
        Ok(Err(instead)) => Ok(instead),
        Err(outage) => Err(outage),
    };
    answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
}

/// `GET /portail/demandes/{id}/piece`: the copy of the identity document.
pub(super) async fn document(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let answered = match console.asked(&visit, &id).await {
        Ok(Ok(request)) => console.copy(&visit, &request).await,
        Ok(Err(instead)) => Ok(instead),
        Err(outage) => Err(outage),
    };
    answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
}

/// `POST /portail/demandes/{id}/valider`
pub(super) async fn validate(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let answered = match console.asked(&visit, &id).await {
        Ok(Ok(request)) => console.validated(&visit, &request).await,
        Ok(Err(instead)) => Ok(instead),
        Err(outage) => Err(outage),
    };
    answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
}

/// `POST /portail/demandes/{id}/rejeter`
pub(super) async fn reject(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let answered = match console.asked(&visit, &id).await {
        Ok(Ok(request)) => console.rejected(&visit, &request).await,
        Ok(Err(instead)) => Ok(instead),
        Err(outage) => Err(outage),
    };
    answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
}

impl Console {
    /// The request of this path, if the visitor manages its structure.
    async fn asked(&self, visit: &Visit, id: &str) -> Found<RegistrationRequest> {
        let found = match id.parse::<RequestId>() {
            Ok(id) => self.with.requests.request(id).await?,
            Err(_) => None,
        };
        let Some(request) = found else { return Ok(Err(visit.not_theirs(self, None).await)) };
        if visit.manages(request.finess()).is_none() {
            return Ok(Err(visit.not_theirs(self, Some(request.finess())).await));
        }
        Ok(Ok(request))
    }

    async fn review(
        &self,
        visit: &Visit,
        request: &RegistrationRequest,
        remark: Remark,
    ) -> Result<Response, Outage> {
        let is_open = request.state == RequestState::ToProcess;
        let twins = if is_open {
            self.with.requests.near_duplicates(request.id).await?
        } else {
            Vec::new()
        };
        let (placing, calendar) = (&request.placing, visit.now.calendar);
        let lists = &self.with.nomenclature;
        let (status, late, faults) = match remark {
            Remark::Nothing => (StatusCode::OK, None, Vec::new()),
            Remark::Faults(faults) => (StatusCode::UNPROCESSABLE_ENTITY, None, faults),
            Remark::Late(told) => (StatusCode::CONFLICT, Some(told), Vec::new()),
        };
        let page = Review {
            frame: visit.frame(),
            chrome: visit.chrome("demandes"),
            id: request.id,
            who: name(request),
            compared: Compared::of(request, lists, request.age(calendar.date())),
            document: request.document_at(calendar),
            erased_on: request.erased_at().map(Timestamp::day_in_french),
            request,
            profession: lists.professions.label(&placing.profession),
            role: lists.roles.label(&placing.role),
            mode: lists.modes.label(&placing.mode),
            dmp: lists.dmp(&placing.role),
            started_on: day_in_french(placing.started_on),
            last_day: placing.last_day.map(day_in_french),
            place: words::place(&request.structure),
            sent_at: request.sent_at.in_french(),
            twins: twins.iter().map(Twin::of).collect(),
            is_open,
            decided: self.decided(request).await?,
            late,
            faults,
            reason: visit.fields.get("motif").unwrap_or_default(),
        };
        Ok(visit.page(status, &page))
    }

    /// Who decided, and when.
    async fn decided(&self, request: &RegistrationRequest) -> Result<Option<String>, Outage> {
        let Some(at) = request.decided_at else { return Ok(None) };
        let by = match &request.decided_by {
            Some(Actor::Person(rpps)) => match self.with.people.person(*rpps).await? {
                Some(record) => words::name(&record),
                None => rpps.to_string(),
            },
            Some(Actor::Client(client)) => format!("le programme {client}"),
            Some(Actor::Operator | Actor::Gateway | Actor::Applicant | Actor::Stranger) | None => {
                "la passerelle".to_owned()
            }
        };
        Ok(Some(format!("par {by}, le {}", at.in_french())))
    }

    async fn copy(&self, visit: &Visit, request: &RegistrationRequest) -> Result<Response, Outage> {
        let Some(found) = self.with.requests.request_document(request.id).await? else {
            return Ok(visit.not_theirs(self, None).await);
        };
        let mut response = protected(found.bytes.to_vec().into_response());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(found.media));
        // A stranger's file: shown, and nothing in it runs or reaches out.
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        );
        // Browsers show no PDF in a sandbox: it is handed over as a file.
        let disposition = match found.media {
            "application/pdf" => "attachment; filename=\"piece.pdf\"",
            _ => "inline",
        };
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
        Ok(response)
    }

    fn decider(visit: &Visit, request: &RegistrationRequest) -> Decider {
        Decider { by: visit.actor(), structure: Some(request.finess()) }
    }

    async fn validated(
        &self,
        visit: &Visit,
        request: &RegistrationRequest,
    ) -> Result<Response, Outage> {
        let validation = Validation {
            id: request.id,
            attested: visit.fields.get("attestation") == Some("oui"),
            decider: Self::decider(visit, request),
            nomenclature: std::sync::Arc::clone(&self.with.nomenclature),
        };
        let here = format!("/portail/demandes/{}", request.id);
        match self.with.requests.validate_request(validation, Keep::nothing()).await? {
            Answered::Done(_) | Answered::Replayed(_) | Answered::KeyReused => {
                Ok(visit.see_other(&here))
            }
            Answered::Refused(NotValidated::NotDecided(refused)) => {
                self.not_decided(visit, refused).await
            }
            Answered::Refused(refused) => {
                let message = match refused {
                    NotValidated::Already(rpps) => format!(
                        "Cette personne a déjà le numéro RPPS {rpps} : rejetez la demande et \
                         ajoutez-lui une situation."
                    ),
                    NotValidated::Faults(faults) => {
                        let all: Vec<_> = faults.into_iter().map(|fault| fault.message).collect();
                        all.join(" ")
                    }
                    NotValidated::NotAttested | NotValidated::NotDecided(_) => {
                        "Cochez l'attestation : vous avez comparé les données avec la pièce."
                            .to_owned()
                    }
                };
                let fault = Fault { field: "attestation", message };
                self.review(visit, request, Remark::Faults(vec![fault])).await
            }
        }
    }

    async fn rejected(
        &self,
        visit: &Visit,
        request: &RegistrationRequest,
    ) -> Result<Response, Outage> {
        let reason = visit.fields.get("motif").unwrap_or_default();
        let rejection = match Rejection::read(request.id, reason, Self::decider(visit, request)) {
            Ok(rejection) => rejection,
            Err(faults) => {
                let faults = faults.into_iter().map(|fault| fault.message);
                let faults = faults.map(|message| Fault { field: "motif", message }).collect();
                return self.review(visit, request, Remark::Faults(faults)).await;
            }
        };
        let here = format!("/portail/demandes/{}", request.id);
        match self.with.requests.reject_request(rejection, Keep::nothing()).await? {
            Answered::Done(_) | Answered::Replayed(_) | Answered::KeyReused => {
                Ok(visit.see_other(&here))
            }
            Answered::Refused(refused) => self.not_decided(visit, refused).await,
        }
    }

    /// Somebody was first: who, and what they decided.
    async fn not_decided(&self, visit: &Visit, refused: NotDecided) -> Result<Response, Outage> {
        let request = match refused {
            NotDecided::Unknown => return Ok(visit.not_theirs(self, None).await),
            NotDecided::AlreadyDecided(request) => request,
        };
        let by = self.decided(&request).await?.unwrap_or_default();
        let told = format!("Cette demande a déjà été traitée {by} : {}.", request.state.label());
        self.review(visit, &request, Remark::Late(told)).await
    }
}
