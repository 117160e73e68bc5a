//! A person with an RPPS number, for life.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::{Rpps, Timestamp};

/// The civil identity, as FranceConnect or a document gave it. Never edited (promise 8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CivilIdentity {
    /// `M` or `MME`.
    pub civility: String,
    /// Birth name. Never published.
    pub birth_name: String,
    /// All first names, in the document's order.
    pub first_names: Vec<String>,
    /// `M` or `F`.
    pub sex: String,
    /// Date of birth.
    pub birth_date: Date,
    /// COG code of the country, 99100 for France.
    pub birth_country: String,
    /// COG code of the commune, in France.
    pub birth_commune: Option<String>,
    /// The town in free text, abroad.
    pub birth_town: Option<String>,
}

/// A professional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Professional {
    /// The number.
    pub rpps: Rpps,
    /// Civil identity.
    pub identity: CivilIdentity,
    /// Name in use, when it is not the birth name.
    pub usage_name: Option<String>,
    /// Address that receives the number and one activation secret; belongs to one person only.
    pub email: String,
    /// Mobile that receives the other secret, `+` and digits; belongs to one person only.
    pub mobile: String,
    /// When the employer validated, on the calendar clock: delays count from here.
    pub validated_at: Timestamp,
    /// The random form of `sub`, made once and kept.
    pub subject: Uuid,
    /// When the authority deleted this identity: the number is retired.
    pub retired_at: Option<Timestamp>,
}
