//! Passerelle: an identity gateway for French health and social care.
//!
//! The map, from the ground up; each part may use those above it in this list, and no other.
//!
//! - [`kernel`]: the vocabulary. Identifiers, time, revisions, secrets, journal entries; no I/O.
//! - [`web`]: HTTP plumbing. Fields, problems, pages, cookies, the one outgoing client.
//! - [`registry`]: who works where, in which role, from when to when.
//! - [`access`]: may this session pass this door? Stamps, cuts, the barrier, the gate: read it first.
//! - [`franceconnect`]: we are its relying party: a browser comes back with a verified identity.
//! - [`ecps`]: the mock e-CPS, from two secrets sent apart to a code chosen on the phone.
//! - [`oidc`]: the provider, in the manner of Pro Santé Connect.
//! - [`signin`]: where an e-CPS proof becomes a session of the provider; the log-in pages.
//! - [`departure`]: somebody leaves: what closes, when, and who is told until they confirm.
//! - [`portal`]: what people and programs outside see: the JSON API, the directory, operations.
//! - [`store`]: the ports of all of them, implemented on SQLite.
//! - [`config`]: what was written becomes what we understood, or the list of all mistakes.
//! - [`app`]: the composition root.
//! - [`cli`]: the commands.
//!
//! Four journeys to read along: *log in*: `oidc::authorize`, `signin::connexion`, `ecps::challenge`,
//! `oidc::login`; *token*: `oidc::endpoint`, `oidc::code_grant`, `oidc::refresh_grant`; *leave*:
//! `departure::schedule`, `departure::cascade`, `store::sqlite`'s `departures`, `departure::telling`;
//! *any question*: `access::barrier`, `access::gate`.

pub mod access;
pub mod app;
pub mod cli;
pub mod config;
pub mod departure;
pub mod ecps;
pub mod franceconnect;
pub mod kernel;
pub mod oidc;
pub mod portal;
pub mod registry;
pub mod signin;
pub mod store;
pub mod web;
