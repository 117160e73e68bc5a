//! A situation d'exercice: this person, at this structure, in this profession and role.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::kernel::{Finess, Rpps, SituationId, Timestamp};

/// Who entered a situation, and therefore who may end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The employer: professionnels à rôle.
    Employer,
    /// An Ordre.
    Ordre,
    /// A regional health agency, for the former ADELI professions.
    Ars,
}

/// A situation. Ended is a stored fact, never a comparison repeated later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Our own identifier.
    pub id: SituationId,
    /// Who.
    pub rpps: Rpps,
    /// Where: a FINESS establishment.
    pub finess: Finess,
    /// Entered by whom.
    pub authority: Authority,
    /// What the person is: `TRE_R85` for a professionnel à rôle, `TRE_G15` otherwise.
    pub profession: String,
    /// What the person does: `TRE_R22` (`GENRnn`). Drives what the DMP shows.
    pub role: String,
    /// How: `TRE_R23` (S, L, B, I).
    pub mode: String,
    /// First day.
    pub started_on: Date,
    /// Last day, when it is known.
    pub last_day: Option<Date>,
    /// When it is due to end, on the calendar clock.
    pub ends_at: Option<Timestamp>,
    /// When it ended, on the calendar clock.
    pub ended_at: Option<Timestamp>,
    /// Name in practice (published).
    pub exercise_name: String,
    /// First name in practice (published): one of the civil first names.
    pub exercise_first_name: String,
}

impl Situation {
    /// Whether it has not ended, begun or not.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether its first day has come by `day`: before that it opens nothing, and nobody is told.
    pub fn has_begun(&self, day: Date) -> bool {
        self.started_on <= day
    }
}
