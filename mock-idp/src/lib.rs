//! The world around Passerelle, played by strangers.
//!
//! Nothing here shares a type with the gateway: every party speaks HTTP or SMTP, as it would if it
//! ran elsewhere, and keeps its own secrets in `world.json`, which the gateway never reads.
//!
//! * [`World`] makes the parties, says who they are, and serves them all.
//! * `phone` holds a key for each professional and answers what waits.
//! * `mailbox` receives the mails and SMS of everybody.
//! * `franceconnect` vouches for civil identities, as the State's platform does, or misbehaves.
//! * `dui` is care-home software, three times: two bound to a structure, one national.
//! * [`tour`] plays a whole story through the public interfaces, as a person and her machines would.

mod clock;
mod dui;
mod franceconnect;
mod gateway;
mod jws;
mod mailbox;
mod phone;
mod random;
mod recent;
#[cfg(test)]
mod rehearsal;
pub mod tour;
mod web;
mod world;

pub use world::people::{Habilitation, PersonSeed};
pub use world::ports::Ports;
pub use world::serve::Running;
pub use world::{World, WorldError};
