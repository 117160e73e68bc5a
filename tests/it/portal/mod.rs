//! The pages of people and of managers, over the whole gateway in one process: a browser that is a
//! cookie jar goes through the authorization endpoint, as any browser does.

mod departing;
mod entering;
mod examining;
mod leaving_oneself;
mod managing;
mod mine;
mod world;
