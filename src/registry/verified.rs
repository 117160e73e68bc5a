//! An identity that FranceConnect vouched for: what a pre-registration starts from.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::kernel::Timestamp;

use super::nomenclature::FRANCE;

/// The code that France had in this list until 2016.
const FRANCE_BEFORE_2016: &str = "99000";

/// How much of a date of birth is a convention: some registers abroad know a year or a month only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presumed {
    /// Nothing: the day is known.
    Nothing,
    /// The day: written as the first of the month.
    Day,
    /// The day and the month: written as the first of January.
    DayAndMonth,
}

impl Presumed {
    /// As people read it; nothing where the day is known.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Day => Some("le jour n'est pas connu : le premier du mois est une convention"),
            Self::DayAndMonth => {
                Some("le jour et le mois ne sont pas connus : le 1er janvier est une convention")
            }
        }
    }
}

/// A civil identity as FranceConnect gives it, verified. Nobody edits it (promise 8); what it lacks
/// (the civility, a town abroad, a sex that is not told) the person adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedIdentity {
    /// FranceConnect's identifier of this person for us, the same each time.
    pub sub: String,
    /// Birth name (`family_name`).
    pub birth_name: String,
    /// All first names, in their order.
    pub first_names: Vec<String>,
    /// Usage name (`preferred_username`), where the person has one.
    pub usage_name: Option<String>,
    /// `M` or `F`; absent where FranceConnect says `unspecified`.
    pub sex: Option<String>,
    /// Date of birth, its presumed parts written as 1.
    pub birth_date: Date,
    /// Which parts those are.
    pub presumed: Presumed,
    /// COG code of the country.
    pub birth_country: String,
    /// COG code of the commune, valid on the date of birth; absent for who was born abroad.
    pub birth_commune: Option<String>,
    /// A contact address, shared between people at times: proposed, never a key.
    pub email: Option<String>,
    /// The level that was reached, such as `eidas1`.
    pub acr: String,
    /// When the person was authenticated.
    pub authenticated_at: Timestamp,
}

impl VerifiedIdentity {
    /// Whether the country of birth is France: its code of today, or the one of before 2016.
    pub fn is_born_in_france(&self) -> bool {
        matches!(self.birth_country.as_str(), FRANCE | FRANCE_BEFORE_2016)
    }
}
