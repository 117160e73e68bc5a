//! When an end takes effect, and who may ask for it.

use jiff::civil::Date;

use crate::{
    kernel::{Finess, Timestamp, journal::Actor},
    registry::{Authority, LocalAccess, Situation},
};

use super::Mark;

/// When the asker wants the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Midnight Europe/Paris at the end of this day, today's included.
    LastDay(Date),
    /// This hour: a night shift ends at seven.
    At(Timestamp),
    /// *Effet immédiat*.
    Immediate,
}

/// What the asker may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// The one structure that the asker is bound to; `None`: all.
    pub structure: Option<Finess>,
    /// Whether the asker speaks for an Ordre or an ARS.
    pub for_authority: bool,
}

impl Mandate {
    /// Whether something at `finess` is within reach.
    pub fn reaches(&self, finess: Finess) -> bool {
        self.structure.is_none_or(|own| own == finess)
    }
}

/// A request to end something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndRequest {
    /// When.
    pub asked: Asked,
    /// Why, in the asker's words; kept with the departure, never in the journal.
    pub reason: Option<String>,
    /// Who asks.
    pub by: Actor,
    /// What they may touch.
    pub mandate: Mandate,
    /// What they were shown of it, and confirm. `None`: a program, which was shown nothing.
    pub seen: Option<Mark>,
}

/// When the end takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In this very transaction.
    Now,
    /// At this moment of the calendar clock.
    Later {
        /// The moment.
        at: Timestamp,
        /// The last day, to show.
        last_day: Date,
    },
}

/// Why something is not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndRefused {
    /// No such situation or local access, or none that this asker may know of.
    #[error("situation inconnue")]
    Unknown,
    /// An Ordre or an ARS entered it: the employer cannot end it, but may take a local access back.
    #[error(
        "cette situation a été enregistrée par un Ordre ou une ARS : l'employeur ne peut pas y \
         mettre fin, mais il peut retirer l'accès local"
    )]
    OtherAuthority,
    /// It has ended already.
    #[error("cette situation est déjà terminée")]
    AlreadyEnded,
    /// The end would come before the first day.
    #[error("la date de fin est antérieure à la prise de fonction")]
    BeforeStart,
    /// No calendar holds that date.
    #[error("date hors du calendrier")]
    NoSuchDate,
    /// It would do something else than what the asker was shown.
    #[error("la situation a changé depuis l'aperçu")]
    Changed,
}

impl EndRequest {
    /// May `situation` end as asked, and when? Past dates mean now.
    pub fn decide(&self, situation: &Situation, calendar: Timestamp) -> Result<When, EndRefused> {
        if !self.mandate.reaches(situation.finess) {
            return Err(EndRefused::Unknown);
        }
        match situation.authority {
            Authority::Ordre | Authority::Ars if !self.mandate.for_authority => {
                return Err(EndRefused::OtherAuthority);
            }
            Authority::Ordre | Authority::Ars | Authority::Employer => {}
        }
        if !situation.is_open() {
            return Err(EndRefused::AlreadyEnded);
        }
        let last_day = match self.asked {
            Asked::LastDay(date) => date,
            Asked::At(moment) => moment.date(),
            Asked::Immediate => calendar.date(),
        };
        // Ending today what should begin tomorrow is how a hiring is called off.
        if last_day < situation.started_on && self.asked != Asked::Immediate {
            return Err(EndRefused::BeforeStart);
        }
        self.moment(calendar)
    }

    /// May a local access end as asked, and when?
    pub fn decide_access(
        &self,
        access: &LocalAccess,
        calendar: Timestamp,
    ) -> Result<When, EndRefused> {
        if !self.mandate.reaches(access.finess) {
            return Err(EndRefused::Unknown);
        }
        if access.ended_at.is_some() {
            return Err(EndRefused::AlreadyEnded);
        }
        self.moment(calendar)
    }

    /// When the end takes effect.
    fn moment(&self, calendar: Timestamp) -> Result<When, EndRefused> {
        let (at, last_day) = match self.asked {
            Asked::Immediate => return Ok(When::Now),
            Asked::At(moment) => (moment, moment.date()),
            Asked::LastDay(date) => {
                (Timestamp::end_of_day(date).ok_or(EndRefused::NoSuchDate)?, date)
            }
        };
        Ok(if at <= calendar { When::Now } else { When::Later { at, last_day } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Rpps, SituationId};

    #[test]
    fn an_end_takes_effect_when_the_calendar_says() {
        // 2026-11-21, 15:00 in Paris.
        let now = Timestamp(1_795_269_600_000);
        #[track_caller]
        fn check(
            asked: Asked,
            authority: Authority,
            ours: bool,
            expected: Result<&str, EndRefused>,
        ) {
            let now = Timestamp(1_795_269_600_000);
            let situation = Situation {
                id: SituationId(uuid::Uuid::nil()),
                rpps: Rpps::from_serial(1),
                finess: "019999028".parse().unwrap(),
                authority,
                profession: String::new(),
                role: String::new(),
                mode: String::new(),
                started_on: "2026-11-01".parse().unwrap(),
                last_day: None,
                ends_at: None,
                ended_at: None,
                exercise_name: String::new(),
                exercise_first_name: String::new(),
            };
            let structure = if ours { "019999028" } else { "699999124" };
            let mandate =
                Mandate { structure: Some(structure.parse().unwrap()), for_authority: false };
            let request =
                EndRequest { asked, reason: None, by: Actor::Operator, mandate, seen: None };
            let when = request.decide(&situation, now).map(|when| match when {
                When::Now => "now".to_owned(),
                When::Later { at, last_day } => format!("{at} {last_day}"),
            });
            assert_eq!(when.as_deref().map_err(|error| *error), expected);
        }
        use Authority::{Ars, Employer, Ordre};
        let day = |text: &str| Asked::LastDay(text.parse().unwrap());
        check(Asked::Immediate, Employer, true, Ok("now"));
        check(day("2026-11-20"), Employer, true, Ok("now"));
        check(day("2026-11-21"), Employer, true, Ok("2026-11-21T23:00:00.000Z 2026-11-21"));
        check(day("2026-11-22"), Employer, true, Ok("2026-11-22T23:00:00.000Z 2026-11-22"));
        check(Asked::At(now), Employer, true, Ok("now"));
        let at_seven = Asked::At(Timestamp(1_795_327_200_000));
        check(at_seven, Employer, true, Ok("2026-11-22T06:00:00.000Z 2026-11-22"));
        check(day("2026-10-31"), Employer, true, Err(EndRefused::BeforeStart));
        check(Asked::Immediate, Ordre, true, Err(EndRefused::OtherAuthority));
        check(Asked::Immediate, Ars, true, Err(EndRefused::OtherAuthority));
        check(Asked::Immediate, Employer, false, Err(EndRefused::Unknown));
    }
}
