//! The steps of a pre-registration, as a simple browser drives them: a router over a real store,
//! and a post that remembers what it carried.

mod contact;
mod document;
mod journey;
mod names;
mod place;
mod world;
