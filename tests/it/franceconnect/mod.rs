//! FranceConnect's relying party, the whole house around it, against a stand-in that says what a test
//! wants it to say.

mod house;
mod keys;
mod leaving;
mod patience;
mod returning;
mod stand_in;
mod talking;
mod tokens;
