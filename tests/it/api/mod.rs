//! The JSON API and the public directory, as programs meet them: a router over a real store.

mod closing;
mod directory;
mod entering;
mod manners;
mod world;
