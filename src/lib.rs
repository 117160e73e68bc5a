//! Passerelle: an identity gateway for French health and social care.

pub mod access;
pub mod app;
pub mod cli;
pub mod config;
pub mod departure;
pub mod ecps;
pub mod kernel;
pub mod oidc;
pub mod portal;
pub mod registry;
pub mod signin;
pub mod store;
pub mod web;
