//! The provider over a store on a temporary file: what needs a clock that tests move, every setting
//! of a client, and races.

pub(crate) mod browser;
mod clients;
mod logout;
mod refresh;
mod sessions;
mod world;
