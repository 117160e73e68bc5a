//! What people and programs outside see of the registry, of departures and of open sessions: the
//! JSON API under `/api/v1`, the pages under `/portail`, and the public directory.
//!
//! Handlers are thin: who asks, what came in, one verb of a port, what goes out. Rules live in the
//! slices below.

pub mod api;
pub mod applying;
mod birth_place;
mod card;
pub mod console;
pub mod directory;
pub mod entrance;
pub mod home;
mod known;
mod live;
pub mod operations;
mod ports;
pub mod preregistration;
mod timeline;

pub use api::{Api, ClientsApi};
pub use card::CardState;
pub use console::{Console, Desk, StaffAccess, StaffFilter, StaffRow, StaffState};
pub use ports::{
    Caller, Callers, Denied, GrantRecord, JournalLines, NoSession, NotDeleted, People,
    PersonRecord, Phones, Removals, SessionRecord, Sessions,
};
