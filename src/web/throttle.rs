//! How often one address may try something.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::MethodRouter,
};

use crate::kernel::{Clock, Timestamp, time::Span};

use super::origin::Proxies;

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
        let count = window.counts.entry(household(address)).or_default();
        *count = count.saturating_add(1);
        *count <= self.per_minute
    }
}

/// What is counted as one: the first half of an IPv6 address, since whoever has one address has the
/// 2^64 that share it (RFC 4291, section 2.5.1).
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            Ipv6Addr::from(u128::from(address) & (u128::MAX << u64::BITS)).into()
        }
    }
}

/// Words for who tries too often.
pub type Refuse = Arc<dyn Fn(&HeaderMap) -> Response + Send + Sync>;

/// A throttle in front of some routes, and what it says to who tries too often.
#[derive(Clone)]
pub struct Limit {
    /// Who counts; several routes may share it.
    pub throttle: Arc<Throttle>,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// Who may say on whose behalf a request comes.
    pub proxies: Proxies,
    /// The refusal, 429, to a request with these headers.
    pub refuse: Refuse,
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
    let origin = peer.map(|peer| limit.proxies.origin(peer, request.headers()));
    match origin {
        Some(address) if !limit.throttle.admits(address, limit.clock.now()) => {
            (limit.refuse)(request.headers())
        }
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

    #[test]
    fn whoever_has_one_ipv6_address_has_them_all() {
        #[track_caller]
        fn check(one: &str, other: &str, counted_together: bool) {
            let throttle = Throttle::new(1);
            let [first, second] =
                [one, other].map(|text| throttle.admits(text.parse().unwrap(), Timestamp(0)));
            assert_eq!((first, second), (true, !counted_together), "{one} {other}");
        }
        check("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true);
        check("2001:db8:1:2::1", "2001:db8:1:3::1", false);
        check("192.0.2.1", "192.0.2.2", false);
    }
}
