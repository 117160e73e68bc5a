//! The last page before sending, the sending, and what has become of it.

use askama::Template;
use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use crate::{
    kernel::{Outage, Timestamp},
    portal::{
        console::words,
        timeline::{self, Milestone},
    },
    registry::{
        Structure,
        fault::{Fault, Faults},
        identity::is_usual,
        nomenclature::Dmp,
        request::{RegistrationRequest, RequestState},
    },
    web::{
        fields::Fields,
        page::{Frame, html},
    },
};

use super::{
    Applicant, Applying, HOME, Judged, PENDING, Site, Stop,
    codes::Channel,
    contact::posted,
    fields::{Step, is_asked, label},
    pages, to_step, to_what_was_sent,
};

/// `GET …/recapitulatif`
pub(super) async fn review(State(applying): Site, headers: HeaderMap) -> Response {
    let shown = async {
        let who = applying.applicant(&headers).await?;
        if let Some(instead) = applying.instead(&who, false).await? {
            return Ok(instead);
        }
        match applying.all_faults(&who).await? {
            Judged::Faults(faults) => applying.review_page(&who, &faults, StatusCode::OK).await,
            Judged::Instead(instead) => Ok(instead),
        }
    };
    applying.answer(shown.await)
}

/// `POST …/envoyer`
pub(super) async fn send(State(applying): Site, headers: HeaderMap, body: Bytes) -> Response {
    let sent = async {
        let who = applying.applicant(&headers).await?;
        posted(&who, &headers, &body)?;
        let faults = applying.unproven(&who);
        if !faults.is_empty() {
            return Ok(to_step(Step::Contact));
        }
        let (draft, now) = (applying.draft(&who), who.now.calendar);
        match applying.with.requests.send_request(draft, now).await? {
            Ok(_) => {
                applying.with.applications.forget_filled(who.visitor.at.id).await?;
                Ok(to_what_was_sent(false))
            }
            Err(refused) => match applying.refused(refused) {
                Judged::Faults(faults) => {
                    let status = StatusCode::UNPROCESSABLE_ENTITY;
                    applying.review_page(&who, &faults, status).await
                }
                Judged::Instead(instead) => Ok(instead),
            },
        }
    };
    applying.answer(sent.await)
}

/// `GET …/envoyee`
pub(super) async fn sent(
    State(applying): Site,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Fields::from_query(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let shown = async {
        let who = applying.applicant(&headers).await?;
        let last = applying.with.requests.last_request_of(&who.identity().sub).await?;
        Ok(match last {
            Some(request) => {
                let is_another = query.has(PENDING);
                applying.state_page(&request, is_another, who.now.calendar).await?
            }
            None if query.has(PENDING) => pages::pending(applying.with.frame),
            None => to_step(Step::Identity),
        })
    };
    applying.answer(shown.await)
}

/// One line of what will be sent.
struct Line {
    id: &'static str,
    label: &'static str,
    value: String,
}

/// The lines of one step, and what is wrong there.
struct Section {
    title: &'static str,
    path: String,
    lines: Vec<Line>,
    faults: Vec<(&'static str, Fault)>,
}

#[derive(Template)]
#[template(path = "portail/preenregistrement_recapitulatif.html")]
struct Review<'a> {
    frame: Frame,
    token: &'a str,
    given: String,
    sections: Vec<Section>,
    /// Whether the civility is not the usual one for the sex.
    is_civility_unusual: bool,
    dmp: Dmp<'a>,
    is_ready: bool,
}

#[derive(Template)]
#[template(path = "portail/preenregistrement_etat.html")]
struct Standing<'a> {
    frame: Frame,
    request: &'a RegistrationRequest,
    /// Whether somebody comes here with another one, which was not sent.
    not_sent: bool,
    sent_at: String,
    lapses_on: String,
    decided_at: Option<String>,
    /// From the validation to the last end, with what comes next.
    steps: Vec<Milestone>,
    /// No situation is left of what the validation opened.
    is_over: bool,
    again: String,
}

impl Applying {
    /// What the rules say, and the addresses that nobody proved.
    async fn all_faults(&self, who: &Applicant) -> Result<Judged, Outage> {
        Ok(match self.judge(who).await? {
            Judged::Faults(mut faults) => {
                faults.extend(self.unproven(who));
                Judged::Faults(faults)
            }
            Judged::Instead(instead) => Judged::Instead(instead),
        })
    }

    fn unproven(&self, who: &Applicant) -> Vec<Fault> {
        let targets = self.targets(who);
        let mut faults = Faults::default();
        for channel in Channel::ALL {
            let target = targets.iter().find(|(known, _)| *known == channel);
            if target.is_some_and(|(_, target)| !who.filled.is_proven(channel, target)) {
                let message = match channel {
                    Channel::Email => "Votre adresse électronique n'est pas vérifiée.",
                    Channel::Mobile => "Votre mobile n'est pas vérifié.",
                };
                faults.add(channel.as_str(), "not_proven", message);
            }
        }
        faults.into_vec()
    }

    async fn review_page(
        &self,
        who: &Applicant,
        faults: &[Fault],
        status: StatusCode,
    ) -> Result<Response, Stop> {
        let place = self.establishment(who).await?;
        let section = |step: Step| {
            let faults = step.faults(faults).into_iter();
            Section {
                title: step.title(),
                path: format!("{HOME}/{}", step.path()),
                lines: self.lines(who, step, place.as_ref()),
                faults: faults.map(|fault| (label(&fault.field), fault)).collect(),
            }
        };
        let identity = who.identity();
        let sex = identity.sex.as_deref().unwrap_or_else(|| who.typed("sexe"));
        let page = Review {
            frame: self.with.frame,
            token: who.csrf.expose(),
            given: format!(
                "{} {}, né(e) le {}",
                identity.birth_name,
                identity.first_names.join(" "),
                identity.birth_date.strftime("%d/%m/%Y")
            ),
            sections: Step::ALL.into_iter().map(section).collect(),
            is_civility_unusual: !is_usual(who.typed("civilite"), sex),
            dmp: self.with.nomenclature.dmp(who.typed("role")),
            is_ready: faults.is_empty(),
        };
        Ok(html(status, &page))
    }

    fn lines(&self, who: &Applicant, step: Step, place: Option<&Structure>) -> Vec<Line> {
        let line = |(name, _): &(&'static str, &str)| {
            let value = match (*name, place) {
                ("finess", Some(place)) => words::place(place),
                (name, _) => self.told(who, name),
            };
            Line { id: name, label: label(name), value }
        };
        let asked = step.fields().iter().filter(|(name, _)| is_asked(name, who.identity()));
        asked.map(line).filter(|line| !line.value.is_empty()).collect()
    }

    /// A value as people read it.
    fn told(&self, who: &Applicant, name: &str) -> String {
        let kept = who.typed(name);
        let list = &self.with.nomenclature;
        match name {
            "piece" if who.filled.document.is_some() => "jointe".to_owned(),
            // Left empty: this one applies.
            "nom_exercice" if kept.is_empty() && who.filled.fields.contains_key(name) => {
                who.usual_name().to_owned()
            }
            "civilite" => list.civilities.label(kept).to_owned(),
            "profession" => list.professions.label(kept).to_owned(),
            "role" => list.roles.label(kept).to_owned(),
            "mode" => list.modes.label(kept).to_owned(),
            "prise_de_fonction" | "fin_prevue" => match kept.parse::<jiff::civil::Date>() {
                Ok(day) => day.strftime("%d/%m/%Y").to_string(),
                Err(_) => kept.to_owned(),
            },
            _ => kept.to_owned(),
        }
    }

    /// What has become of `request`; `is_another`: the one that led here was not sent.
    async fn state_page(
        &self,
        request: &RegistrationRequest,
        is_another: bool,
        calendar: Timestamp,
    ) -> Result<Response, Outage> {
        let registered = match request.rpps {
            Some(rpps) => self.with.people.person(rpps).await?,
            None => None,
        };
        let steps = registered.as_ref().map(|record| timeline::of_person(record, calendar));
        let page = Standing {
            frame: self.with.frame,
            request,
            not_sent: is_another && request.state == RequestState::ToProcess,
            sent_at: request.sent_at.in_french(),
            lapses_on: request.lapses_at.in_french(),
            decided_at: request.decided_at.map(Timestamp::in_french),
            steps: steps.unwrap_or_default(),
            is_over: registered.is_some_and(|record| !record.is_employed()),
            again: format!("{HOME}/{}?nouvelle=oui", Step::Identity.path()),
        };
        Ok(html(StatusCode::OK, &page))
    }
}
