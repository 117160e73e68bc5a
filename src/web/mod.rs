//! HTTP plumbing that the edges of every slice share: problems, forms, pages, cookies, the one
//! outgoing client. It knows no rule of the trade.

pub mod aside;
pub mod bearer;
pub mod cookie;
pub mod csrf;
pub mod fields;
pub mod intake;
pub mod origin;
pub mod outgoing;
pub mod page;
mod problem;
pub mod throttle;

pub use problem::Problem;
