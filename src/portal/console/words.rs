//! French words for what the records hold.

use crate::{
    departure::{DepartureState, NoticeState},
    kernel::Timestamp,
    registry::{Authority, Situation, Structure},
};

use super::super::{CardState, PersonRecord};

/// Why a session is over: what happened, and what to do.
pub(super) const EXPIRED: &str = "Une session dure quatre heures au plus, et la vôtre les a \
    atteintes. Reconnectez-vous avec votre e-CPS.";
pub(super) const RESTED: &str = "Aucune page n'a été ouverte depuis trop longtemps. \
    Reconnectez-vous avec votre e-CPS.";
pub(super) const CUT: &str = "Elle a été fermée : par une déconnexion, par la fin d'une situation \
    d'exercice, ou parce que l'e-CPS a été bloquée ou remplacée. Rien de ce qu'elle ouvrait ne \
    s'ouvre plus. Si vous avez encore une situation d'exercice, reconnectez-vous ; sinon, \
    adressez-vous à votre établissement.";

/// The name of somebody as their colleagues know it: that of an open situation, or the civil one.
pub(super) fn name(record: &PersonRecord) -> String {
    let mut situations = record.situations.iter().map(|(situation, _)| situation);
    if let Some(situation) = situations.find(|situation| situation.is_open()) {
        return exercise(situation);
    }
    let who = &record.professional;
    let last = who.usage_name.as_ref().unwrap_or(&who.identity.birth_name);
    let first = who.identity.first_names.first().map(String::as_str).unwrap_or_default();
    format!("{first} {last}")
}

/// The name in practice.
pub(super) fn exercise(situation: &Situation) -> String {
    format!("{} {}", situation.exercise_first_name, situation.exercise_name)
}

pub(super) const fn card(state: CardState) -> &'static str {
    match state {
        CardState::None => "aucune",
        CardState::Waiting => "en attente de la 48e heure",
        CardState::Activable => "à activer",
        CardState::Active => "active",
        CardState::Suspended => "suspendue",
        CardState::Blocked => "bloquée",
    }
}

pub(super) const fn authority(authority: Authority) -> &'static str {
    match authority {
        Authority::Employer => "l'employeur",
        Authority::Ordre => "l'Ordre",
        Authority::Ars => "l'ARS",
    }
}

pub(super) const fn notice(state: NoticeState) -> &'static str {
    match state {
        NoticeState::Due => "dû",
        NoticeState::Sent => "envoyé",
        NoticeState::Confirmed => "confirmé",
        NoticeState::Refused => "refusé",
        NoticeState::GivenUp => "abandonné",
    }
}

pub(super) const fn departure(state: DepartureState) -> &'static str {
    match state {
        DepartureState::Scheduled => "prévu",
        DepartureState::Done => "fait",
        DepartureState::Undone => "annulé",
    }
}

/// The end of something, as a list shows it.
pub(super) fn end(ends_at: Option<Timestamp>, ended_at: Option<Timestamp>) -> String {
    match (ended_at, ends_at) {
        (Some(at), _) => format!("terminée le {}", at.end_in_french()),
        (None, Some(at)) => format!("prévue le {}", at.end_in_french()),
        (None, None) => "aucune".to_owned(),
    }
}

/// `IME Rive Claire, Ville (FINESS 699999124)`.
pub(in crate::portal) fn place(structure: &Structure) -> String {
    format!("{}, {} (FINESS {})", structure.name, structure.city, structure.finess)
}
