//! The JSON API and the public directory, as programs meet them: a router over a real store.

mod closing;
mod directory;
mod entering;
mod managing;
mod manners;
mod requesting;
mod world;
