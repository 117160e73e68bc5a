//! How often one address may try something.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::MethodRouter,
};

use crate::kernel::{Clock, Timestamp, time::Span};

/// Addresses remembered at once; beyond, the window is started anew rather than let grow.
const ADDRESSES: usize = 100_000;

/// A fixed window of one minute for each address, in memory of this replica.
#[derive(Debug)]
pub struct Throttle {
    per_minute: u32,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    began: Timestamp,
    counts: HashMap<IpAddr, u32>,
}

impl Throttle {
    /// Allows that many a minute from each address; 0 allows everything.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, window: Mutex::new(Window::default()) }
    }

    /// Counts a try of `address`. False: refuse it.
    pub fn admits(&self, address: IpAddr, now: Timestamp) -> bool {
        if self.per_minute == 0 {
            return true;
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now - window.began >= Span::minutes(1) || window.counts.len() >= ADDRESSES {
            *window = Window { began: now, counts: HashMap::new() };
        }
        let count = window.counts.entry(address).or_default();
        *count = count.saturating_add(1);
        *count <= self.per_minute
    }
}

/// A throttle in front of some routes, and what it says to who tries too often.
#[derive(Clone)]
pub struct Limit {
    /// Who counts; several routes may share it.
    pub throttle: Arc<Throttle>,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// The refusal, 429.
    pub refuse: Arc<dyn Fn() -> Response + Send + Sync>,
}

impl Limit {
    /// Puts it in front of the methods that `routes` has so far.
    pub fn around<S>(&self, routes: MethodRouter<S, Infallible>) -> MethodRouter<S, Infallible>
    where
        S: Clone + Send + Sync + 'static,
    {
        routes.layer(from_fn_with_state(self.clone(), admit))
    }
}

/// A request without a peer's address, as tests make them, comes from nowhere and is not counted.
async fn admit(State(limit): State<Limit>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    match peer {
        Some(address) if !limit.throttle.admits(address, limit.clock.now()) => (limit.refuse)(),
        Some(_) | None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_for_the_next_minute() {
        let throttle = Throttle::new(2);
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let tries = [(here, 0), (here, 1), (here, 2), (there, 3), (here, 60_000)];
        let answers = tries.map(|(address, at)| throttle.admits(address, Timestamp(at)));
        assert_eq!(answers, [true, true, false, true, true]);
    }
}
