//! Somebody in front of a page: who, still let in, with which rights, and what they sent.

use std::fmt::Display;

use askama::Template;
use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};

use crate::{
    access::{Door, Holder, Now, Refused, Shut, Standing, admits},
    kernel::{
        Finess, Outage, Rpps, Sid,
        journal::{Actor, Entry, Event},
        retry::Once,
    },
    oidc::{BuiltIn, Grant},
    registry::{Structure, habilitation::Managing},
    web::{
        csrf::{self, Csrf},
        fields::Fields,
        page::{self, Frame},
    },
};

use super::{
    super::PersonRecord,
    Console, again,
    cookie::{NAME, Named},
    login,
    pages::{self, Chrome},
    rights::still_managed,
    words,
};

/// Forms here are short.
pub(super) const LARGEST_FORM: usize = 64 << 10;

/// The parameter of a page that is asked for by itself, without anybody's hand.
pub(super) const FOLLOWING: &str = "suivi";

/// One request of somebody who has passed the gate. Nothing else makes one, and each page takes one:
/// for a posted form, its token was checked too.
pub(super) struct Visit {
    /// Who, with all that their own page tells.
    pub(super) record: PersonRecord,
    /// What they may enter.
    pub(super) standing: Standing,
    /// Their session.
    pub(super) sid: Sid,
    /// Where they manage.
    pub(super) managed: Vec<Structure>,
    /// How many requests wait for them.
    to_process: u64,
    /// What came: the query, or the posted form.
    pub(super) fields: Fields,
    /// The clocks, read once.
    pub(super) now: Now,
    csrf: Csrf,
    renewed: Option<HeaderValue>,
    frame: Frame,
}

impl FromRequest<Console> for Visit {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let let_in = console.let_in(&parts).await.map_err(|stop| console.stopped(stop, &parts))?;
        let unreadable = || pages::unreadable(console.with.frame);
        if parts.method != Method::POST {
            let query = parts.uri.query().unwrap_or_default();
            let fields = Fields::from_query(query).map_err(|_| unreadable())?;
            // A page that brings itself up to date is nobody's activity: the session goes on resting.
            let renewed = let_in.renewed.filter(|_| !fields.has(FOLLOWING));
            return Ok(Self { fields, renewed, ..let_in });
        }
        let body = to_bytes(body, LARGEST_FORM).await.map_err(|_| unreadable())?;
        let fields = Fields::from_form(&parts.headers, &body).map_err(|_| unreadable())?;
        if !let_in.csrf.admits(&fields) {
            return Err(let_in.forged(console).await);
        }
        Ok(Self { fields, ..let_in })
    }
}

/// Why a page does not open.
enum Stop {
    /// Nobody is logged in here.
    Nobody,
    /// The session is over; said to who had proven who they are.
    Over(&'static str),
    /// No right to enter is left.
    NoRight(crate::access::NoRight),
    /// 503.
    Outage(Outage),
}

impl From<Outage> for Stop {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl Console {
    /// Asks the gate, then reads rights.
    async fn let_in(&self, parts: &Parts) -> Result<Visit, Stop> {
        let with = &self.with;
        let cookie =
            self.cookies.read(&parts.headers, NAME).filter(|held| !held.expose().is_empty());
        let cookie = cookie.ok_or(Stop::Nobody)?;
        let named = Named::open(&cookie, &with.key).ok_or(Stop::Nobody)?;
        let grant = with.provider.grant_of_built_in(BuiltIn::Portal, named.grant).await?;
        let grant = grant.ok_or(Stop::Nobody)?;
        let bearer = grant.bearer.ok_or(Stop::Nobody)?;
        let holder = grant.holder();
        let now = self.ask(&holder).await?;
        if now.protocol - named.seen_at >= with.provider.settings().session_rest {
            return Err(Stop::Over(words::RESTED));
        }
        let record = with.people.person(bearer.rpps).await?;
        let over = Stop::Over(words::CUT);
        let record = record.filter(|record| record.professional.retired_at.is_none());
        let record = record.ok_or(over)?;
        let standing = record.standing(now.calendar.date());
        admits(&standing, None).map_err(Stop::NoRight)?;
        let managed = self.managed(&record, &holder, now).await?;
        let to_process = self.to_process(&managed).await?;
        let seen = Named { seen_at: now.protocol, ..named };
        Ok(Visit {
            record,
            standing,
            sid: bearer.sid,
            managed,
            to_process,
            fields: Fields::default(),
            now,
            csrf: named.forms(&with.key),
            renewed: self.cookie(seen, &grant),
            frame: with.frame,
        })
    }

    async fn to_process(&self, managed: &[Structure]) -> Result<u64, Outage> {
        if managed.is_empty() {
            return Ok(0);
        }
        let places = managed.iter().map(|structure| structure.finess).collect();
        self.with.requests.requests_to_process(places).await
    }

    async fn ask(&self, holder: &Holder) -> Result<Now, Stop> {
        match self.with.doors.ask(Door::Console, holder).await {
            Ok((passed, now)) => {
                tracing::trace!(door = passed.door().as_str(), "a page");
                Ok(now)
            }
            Err(Refused::Outage(outage)) => Err(Stop::Outage(outage)),
            Err(Refused::Shut(shut)) => Err(match shut {
                Shut::Unknown => Stop::Outage(Outage::Unavailable(shut.to_string())),
                Shut::Expired | Shut::BelowFloor => Stop::Over(words::EXPIRED),
                Shut::OtherEpoch | Shut::Cut => Stop::Over(words::CUT),
            }),
        }
    }

    /// Where this session manages: what the registry says, and no cut of this person there.
    async fn managed(
        &self,
        record: &PersonRecord,
        holder: &Holder,
        now: Now,
    ) -> Result<Vec<Structure>, Outage> {
        let rpps = record.professional.rpps;
        let candidates = self.with.habilitations.managed_by(rpps).await?;
        if candidates.is_empty() {
            return Ok(candidates);
        }
        let managing = Managing {
            habilitations: self.with.habilitations.habilitations_of(rpps).await?,
            situations: record.situations.clone(),
            local_accesses: record.local_accesses.clone(),
        };
        let is_alive = |finess: Finess| {
            let there = Holder { structure: Some(finess), ..holder.clone() };
            self.with.doors.judge(Door::Console, &there, now.protocol).is_ok()
        };
        Ok(still_managed(candidates, managing, now.calendar.date(), is_alive))
    }

    /// The `Set-Cookie` that names `grant`. It goes with the browser's rest, or with the grant.
    pub(super) fn cookie(&self, named: Named, grant: &Grant) -> Option<HeaderValue> {
        let rest = self.with.provider.settings().session_rest;
        let held = named.seal(&self.with.key).ok()?;
        self.cookies.set(NAME, &held, rest.min(grant.until - named.seen_at))
    }

    fn stopped(&self, stop: Stop, parts: &Parts) -> Response {
        let frame = self.with.frame;
        let asked = (parts.method != Method::POST).then(|| parts.uri.path());
        let mut response = match stop {
            Stop::Outage(outage) => return pages::unavailable(frame, &outage),
            Stop::Nobody => return pages::see_other(&login::address(asked)),
            Stop::Over(why) => pages::over(frame, why, &login::address(asked)),
            Stop::NoRight(why) => pages::no_right(frame, why),
        };
        append(&mut response, self.cookies.clear(NAME));
        response
    }
}

impl Visit {
    /// Who.
    pub(super) fn rpps(&self) -> Rpps {
        self.standing.rpps
    }

    /// Who, for the journal.
    pub(super) fn actor(&self) -> Actor {
        Actor::Person(self.rpps())
    }

    /// What makes this post and another of the same form of the same session one confirmation.
    pub(super) fn once(&self, path: &str) -> Option<Once> {
        again::once(&self.csrf, path, &self.fields)
    }

    /// What the frame of each page shows; `here` is the entry of the navigation.
    pub(super) fn chrome(&self, here: &'static str) -> Chrome<'_> {
        Chrome {
            who: words::name(&self.record),
            jeton: self.csrf.expose(),
            is_manager: !self.managed.is_empty(),
            to_process: self.to_process,
            here,
        }
    }

    /// The frame of every page.
    pub(super) fn frame(&self) -> Frame {
        self.frame
    }

    /// The structure of this number, if this person manages it.
    pub(super) fn manages(&self, finess: Finess) -> Option<&Structure> {
        self.managed.iter().find(|structure| structure.finess == finess)
    }

    /// A page, and the cookie for another while.
    pub(super) fn page(&self, status: StatusCode, template: &impl Template) -> Response {
        self.renewing(page::html(status, template))
    }

    /// After a form, to a page of ours.
    pub(super) fn see_other(&self, path: &str) -> Response {
        self.renewing(pages::see_other(path))
    }

    fn renewing(&self, mut response: Response) -> Response {
        append(&mut response, self.renewed.clone());
        response
    }

    /// What is not theirs does not exist for them: one page for both, and a line of the journal for
    /// what does exist. `finess` is where it is.
    pub(super) async fn not_theirs(&self, console: &Console, finess: Option<Finess>) -> Response {
        let noted = match finess {
            Some(_) => self.note_refusal(console, finess, "not_their_structure").await,
            None => Ok(()),
        };
        match noted {
            Ok(()) => self.renewing(pages::unknown(self.frame)),
            Err(outage) => pages::unavailable(self.frame, &outage),
        }
    }

    /// A form of somebody who is let in, without the token of their session: another site may have
    /// sent it in their name, so that the journal says whose.
    async fn forged(&self, console: &Console) -> Response {
        match self.note_refusal(console, None, "forged_form").await {
            Ok(()) => csrf::refused(self.frame, "/portail/moi"),
            Err(outage) => pages::unavailable(self.frame, &outage),
        }
    }

    async fn note_refusal(
        &self,
        console: &Console,
        structure: Option<Finess>,
        outcome: &str,
    ) -> Result<(), Outage> {
        let entry = Entry {
            person: Some(self.rpps()),
            structure,
            sid: Some(self.sid),
            door: Some(Door::Console.as_str().to_owned()),
            outcome: Some(outcome.to_owned()),
            ..Entry::new(Event::PageRefused, self.actor())
        };
        console.with.desk.note(entry).await
    }
}

/// Adds a `Set-Cookie`.
pub(super) fn append(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// A link of ours with one parameter.
pub(super) fn with_parameter(path: &str, name: &str, value: impl Display) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, &value.to_string());
    format!("{path}?{}", query.finish())
}
