//! Who works where, in which role, from when to when: the RPPS+ registry.
//!
//! Its rules are pure: a request comes in as written, and either becomes a registration or the
//! list of all its faults. It knows neither sessions nor tokens; what the end of a situation
//! closes is decided by `departure`.

pub mod habilitation;
pub mod local_access;
pub mod professional;
pub mod situation;
pub mod structure;

pub use local_access::LocalAccess;
pub use professional::{CivilIdentity, Professional};
pub use situation::{Authority, Situation};
pub use structure::Structure;
