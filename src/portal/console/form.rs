//! The form of a departure: what was typed, and what it asks for.

use jiff::civil::{Date, Time};

use crate::{
    departure::{Asked, EndRefused},
    kernel::Timestamp,
    registry::fault::{Fault, Faults},
    web::fields::Fields,
};

/// The longest reason.
const LONGEST_REASON: usize = 500;

/// What was typed, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) last_day: String,
    pub(super) hour: String,
    pub(super) is_immediate: bool,
    pub(super) reason: String,
}

impl Typed {
    pub(super) fn read(fields: &Fields) -> Self {
        let text = |name| fields.get(name).unwrap_or_default().trim().to_owned();
        Self {
            last_day: text("dernier_jour"),
            hour: text("heure"),
            is_immediate: fields.get("immediat") == Some("oui"),
            reason: text("motif"),
        }
    }

    /// When the end is wanted, or all that is wrong with what was typed.
    pub(super) fn asked(&self) -> Result<Asked, Vec<Fault>> {
        let mut faults = Faults::default();
        if self.reason.chars().count() > LONGEST_REASON {
            let message = format!("{LONGEST_REASON} caractères au plus.");
            faults.add("motif", "too_long", message);
        }
        let asked = if self.is_immediate { self.now(&mut faults) } else { self.later(&mut faults) };
        faults.or(asked)
    }

    fn now(&self, faults: &mut Faults) -> Option<Asked> {
        if self.last_day.is_empty() && self.hour.is_empty() {
            return Some(Asked::Immediate);
        }
        let message = "Choisissez l'effet immédiat ou un dernier jour, pas les deux.";
        faults.add("immediat", "one_of", message);
        None
    }

    fn later(&self, faults: &mut Faults) -> Option<Asked> {
        let day = match (self.last_day.as_str(), date(&self.last_day)) {
            ("", _) => {
                let message = "Indiquez le dernier jour, ou cochez l'effet immédiat.";
                faults.add("dernier_jour", "missing", message);
                None
            }
            (_, None) => {
                let message = "Date illisible : jour/mois/année, par exemple 21/11/2026.";
                faults.add("dernier_jour", "bad_date", message);
                None
            }
            (_, Some(day)) => Some(day),
        };
        if self.hour.is_empty() {
            return day.map(Asked::LastDay);
        }
        let Some(hour) = hour(&self.hour) else {
            faults.add("heure", "bad_hour", "Heure illisible : par exemple 07:00.");
            return None;
        };
        let moment = Timestamp::in_france(day?, hour);
        if moment.is_none() {
            faults.add("dernier_jour", "bad_date", "Cette date est hors du calendrier.");
        }
        moment.map(Asked::At)
    }
}

/// A date as browsers send it, or as people write it.
fn date(text: &str) -> Option<Date> {
    let written = || Date::strptime("%d/%m/%Y", text).ok();
    text.parse().ok().filter(|_| text.len() == 10).or_else(written)
}

fn hour(text: &str) -> Option<Time> {
    let hour = Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text));
    hour.or_else(|_| Time::strptime("%Hh%M", text)).ok()
}

/// What a rule refuses, beside its field.
pub(super) fn refused(refused: EndRefused) -> Vec<Fault> {
    let (field, message) = match refused {
        EndRefused::BeforeStart => {
            ("dernier_jour", "Date antérieure à la prise de fonction.".to_owned())
        }
        EndRefused::NoSuchDate => ("dernier_jour", "Cette date est hors du calendrier.".to_owned()),
        EndRefused::Unknown
        | EndRefused::OtherAuthority
        | EndRefused::AlreadyEnded
        | EndRefused::Changed => {
            let sentence = refused.to_string();
            let mut letters = sentence.chars();
            let first = letters.next().map(char::to_uppercase);
            let first: String = first.into_iter().flatten().collect();
            ("dernier_jour", format!("{first}{}.", letters.as_str()))
        }
    };
    let mut faults = Faults::default();
    faults.add(field, "refused", message);
    faults.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_asked_for_in_one_way() {
        #[track_caller]
        fn check(query: &str, expected: Result<Asked, &[&str]>) {
            let fields = Fields::from_query(query).unwrap();
            let asked = Typed::read(&fields).asked();
            let fields = asked.as_ref().map_err(|faults| {
                faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>()
            });
            assert_eq!(fields.copied(), expected.map_err(<[_]>::to_vec));
        }
        let day = |text: &str| Asked::LastDay(text.parse().unwrap());
        // 2026-11-22, 07:00 in Paris.
        let at_seven = Asked::At(Timestamp(1_795_327_200_000));
        check("immediat=oui", Ok(Asked::Immediate));
        check("dernier_jour=2026-11-21", Ok(day("2026-11-21")));
        check("dernier_jour=21/11/2026", Ok(day("2026-11-21")));
        check("dernier_jour=22/11/2026&heure=07:00", Ok(at_seven));
        check("dernier_jour=22/11/2026&heure=7h00", Ok(at_seven));
        check("", Err(&["dernier_jour"]));
        check("heure=07:00", Err(&["dernier_jour"]));
        check("dernier_jour=demain&heure=midi", Err(&["dernier_jour", "heure"]));
        check("dernier_jour=31/02/2026", Err(&["dernier_jour"]));
        check("immediat=oui&dernier_jour=2026-11-21", Err(&["immediat"]));
        let long = format!("immediat=oui&motif={}", "x".repeat(501));
        check(&long, Err(&["motif"]));
    }
}
