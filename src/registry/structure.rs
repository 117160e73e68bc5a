//! Where people work.

use crate::kernel::{Finess, Timestamp};

/// An establishment (EG) or a legal entity (EJ).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Its number.
    pub finess: Finess,
    /// The legal entity, for an establishment; `None` makes this one a legal entity.
    pub legal_entity: Option<Finess>,
    /// Name.
    pub name: String,
    /// Number and street.
    pub address: String,
    /// COG code of the commune.
    pub commune: String,
    /// Postal code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// `TRE_R02` (`SAnn`).
    pub sector: String,
    /// When it closed, on the calendar clock.
    pub closed_at: Option<Timestamp>,
}
