//! Who works where, in which role, from when to when: the RPPS+ registry.
//!
//! Its rules are pure: a request comes in as written, and either becomes a registration or the
//! list of all its faults. It knows neither sessions nor tokens; what the end of a situation
//! closes is decided by `departure`.

mod contact;
pub mod delays;
pub mod directory;
pub mod document;
pub mod fault;
pub mod folding;
pub mod habilitation;
pub mod hiring;
pub mod identity;
mod letters;
pub mod local_access;
pub mod nomenclature;
pub mod placing;
mod ports;
pub mod professional;
pub mod registration;
pub mod request;
pub mod situation;
pub mod structure;
#[cfg(test)]
mod tests;
pub mod verified;
pub mod written;

pub use local_access::LocalAccess;
pub use nomenclature::Nomenclature;
pub use ports::{AccessAt, NotEntered, Page, Registry};
pub use professional::{CivilIdentity, Professional};
pub use registration::{Reading, Registered};
pub use request::Requests;
pub use situation::{Authority, Situation};
pub use structure::{Structure, StructureKind};
pub use verified::VerifiedIdentity;
