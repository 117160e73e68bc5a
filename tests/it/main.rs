//! The one binary of integration tests.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails, and says where"
)]

mod api;
mod applying;
mod architecture;
mod codes;
mod commands;
mod franceconnect;
mod ground;
mod model;
mod oidc;
mod outside;
mod portal;
