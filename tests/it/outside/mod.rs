//! The promises of the design, tried from outside: the real binary, started as anybody starts it,
//! spoken to over HTTP only.
//!
//! The first modules are who takes part: the process, a browser, a phone, a relying party, a
//! program of the API. The others try one subject each; a test is named after what must hold.

mod api;
mod browser;
mod demo;
mod gateway;
mod http;
mod party;
mod scenes;
mod world;

mod activation;
mod authorization;
mod clients;
mod command_line;
mod crash;
mod departure;
mod franceconnect;
mod full_disk;
mod hostile;
mod idempotency;
mod journal;
mod log_in;
mod operator;
mod phone_proof;
mod racing;
mod revival;
mod secrets;
mod single_use;
mod telling;
mod throttle;
