//! The vocabulary that every slice speaks: identifiers, time, revisions, secrets, journal entries.
//!
//! Nothing here knows a rule of the trade, opens a socket or reads a file. The clock and the
//! generator are traits with one system implementation each, read by edges and never by rules.

pub mod ids;
pub mod journal;
pub mod letter;
pub mod outage;
pub mod random;
pub mod retry;
pub mod revision;
pub mod seal;
pub mod secret;
pub mod time;

pub use ids::{
    ChallengeId, ClientId, DepartureId, DeviceId, Finess, GrantId, HabilitationId, IdNat,
    LocalAccessId, LoginId, PreRegistrationId, RequestId, Rpps, Sid, SituationId,
};
pub use outage::Outage;
pub use revision::{Epoch, Revision};
pub use time::{Clock, Timestamp};
