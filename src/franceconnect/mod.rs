//! We are a relying party of FranceConnect: a browser goes there and comes back with a civil
//! identity that the State vouches for.
//!
//! Pure rules: [`Endpoints`] (which addresses are believed), `identity` (from claims to an
//! identity), [`Refusal`]. `provider` speaks the protocol through a library and judges tokens;
//! `known` remembers addresses and keys; [`FranceConnect`] is the journey. What FranceConnect does
//! otherwise than other providers: any parameter too many in the authorization request is answered
//! 400, PKCE included; tokens live 60 seconds; userinfo is a signed JWT.

mod endpoints;
mod errand;
mod failure;
mod http;
mod identity;
#[cfg(test)]
mod identity_tests;
mod journey;
mod known;
mod provider;
mod settings;

pub use endpoints::{BadEndpoints, Endpoints, lies_under};
pub use errand::{Errand, Errands, Purpose};
pub use failure::{BadToken, Failure, Refusal};
pub use identity::BadIdentity;
pub use journey::{Arrival, BadSettings, Collaborators, FranceConnect};
pub use settings::{Level, Settings, SignedWith, UserinfoForm};
