//! May this session pass this door? The heart of the house.
//!
//! A proof is stamped when it starts ([`Stamp`]); a departure writes a [`Cut`]; every door asks
//! [`gate()`] behind a [`Doors::barrier`]. Rights themselves follow from the registry
//! ([`admits`]). This slice knows neither cards' secrets, nor tokens, nor pages.

mod barrier;
mod closing;
mod cut;
mod cut_set;
mod gate;
mod rights;
mod session;
mod stamp;

pub use barrier::{Doors, HeadReading, Heads, Now, Refused};
pub use closing::Closing;
pub use cut::{Cause, Cut, Scope};
pub use cut_set::CutSet;
pub use gate::{Door, Holder, Passed, Shut, gate};
pub use rights::{CardStanding, NoRight, Standing, admits, opens_bound_clients};
pub use session::{LONGEST_CHALLENGE, MEMORY, Proof, SESSION_LIFE, Session};
pub use stamp::Stamp;
