//! Where a request comes from, when reverse proxies stand in front.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::http::HeaderMap;

/// Some addresses: one, or a block in CIDR notation (RFC 4632).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u32,
}

/// What is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor a block of addresses, such as 10.0.0.4 or fd00::/8")]
pub struct BadNetwork;

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| BadNetwork)?)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| BadNetwork)?;
        let longest = width(first);
        let prefix: u32 = prefix.unwrap_or(longest);
        if prefix > longest { Err(BadNetwork) } else { Ok(Self { first, prefix }) }
    }
}

impl Network {
    /// Whether `address` is one of them.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.first.is_ipv4() == address.is_ipv4()
            && block(self.first, self.prefix) == block(address, self.prefix)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The block of 2^(width - prefix) addresses that `address` is in.
fn block(address: IpAddr, prefix: u32) -> u128 {
    let bits = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    bits.checked_shr(width(address).saturating_sub(prefix)).unwrap_or_default()
}

/// The reverse proxies whose word about a request's origin is taken.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    /// Trusts these; nobody, if there are none.
    pub fn new(trusted: Vec<Network>) -> Self {
        Self(trusted)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Who sent the request that `peer` handed to us. The word of a stranger counts for nothing; of
    /// a trusted proxy's, only what proxies that we trust have added: the address farthest to the
    /// right that is none of theirs.
    ///
    /// A proxy writes one of the two headers and may pass on what a stranger wrote in the other, so
    /// where both come and disagree, neither is believed.
    pub fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let told = |name| -> Option<IpAddr> {
            let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default());
            let text = lines.collect::<Vec<_>>().join(",");
            (!text.is_empty()).then(|| self.farthest(peer, &hops(name, &text)))
        };
        match (told(FORWARDED_FOR), told(FORWARDED)) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(origin), _) | (None, Some(origin)) => origin,
            (None, None) => peer,
        }
    }

    /// From right to left as long as proxies are trusted. What is no address (`unknown`, an
    /// obfuscated name: RFC 7239, section 6) ends the way at the proxy that wrote it.
    fn farthest(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
        let mut farthest = peer;
        for hop in hops.iter().rev() {
            match hop {
                Some(address) if self.trusts(farthest) => farthest = *address,
                Some(_) | None => break,
            }
        }
        farthest
    }
}

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";

/// The addresses that a header lists, from the farthest to the nearest.
fn hops(name: &str, text: &str) -> Vec<Option<IpAddr>> {
    // Nothing that we read in these headers holds a comma or a semicolon within quotes; a value that
    // does is no address, and ends the way.
    text.split(',')
        .map(|element| match name {
            FORWARDED => element.split(';').find_map(forwarded_for).and_then(node),
            _ => node(element),
        })
        .collect()
}

/// The value of `for=…` (RFC 7239, section 5.2).
fn forwarded_for(pair: &str) -> Option<&str> {
    let (name, value) = pair.split_once('=')?;
    name.trim().eq_ignore_ascii_case("for").then_some(value)
}

/// An address with or without brackets and port (RFC 7239, section 6).
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    bare.parse().or_else(|_| with_port()).map(|address: IpAddr| address.to_canonical()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_holds_its_addresses() {
        #[track_caller]
        fn check(network: &str, address: &str, expected: bool) {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.holds(address.parse().unwrap()), expected);
        }
        check("10.0.0.4", "10.0.0.4", true);
        check("10.0.0.4", "10.0.0.5", false);
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("0.0.0.0/0", "192.0.2.1", true);
        check("0.0.0.0/0", "::1", false);
        check("fd00::/8", "fdff::1", true);
        check("fd00::/8", "fe80::1", false);
        check("::/0", "2001:db8::1", true);
        for bad in ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.1:80"] {
            assert_eq!(bad.parse::<Network>(), Err(BadNetwork), "{bad}");
        }
    }

    #[test]
    fn only_what_trusted_proxies_have_added_is_believed() {
        #[track_caller]
        fn check(peer: &str, headers: &[(&'static str, &str)], expected: &str) {
            let trusted = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
            let proxies = Proxies::new(trusted.into());
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            let origin = proxies.origin(peer.parse().unwrap(), &map);
            assert_eq!(origin, expected.parse::<IpAddr>().unwrap());
        }
        let (told, forwarded) = (FORWARDED_FOR, FORWARDED);
        check("10.0.0.1", &[], "10.0.0.1");
        check("192.0.2.9", &[(told, "192.0.2.1")], "192.0.2.9");
        check("192.0.2.9", &[(forwarded, "for=192.0.2.1")], "192.0.2.9");
        check("10.0.0.1", &[(told, "192.0.2.1")], "192.0.2.1");
        check("::ffff:10.0.0.1", &[(told, "192.0.2.1")], "192.0.2.1");
        check("10.0.0.1", &[(told, "198.51.100.7, 192.0.2.1, 10.0.0.2")], "192.0.2.1");
        check("10.0.0.1", &[(told, "198.51.100.7"), (told, "192.0.2.1")], "192.0.2.1");
        check("10.0.0.1", &[(told, "10.0.0.3, 10.0.0.2")], "10.0.0.3");
        check("10.0.0.1", &[(told, "192.0.2.1, unknown, 10.0.0.2")], "10.0.0.2");
        check("10.0.0.1", &[(told, "192.0.2.1:4711")], "192.0.2.1");
        check("10.0.0.1", &[(told, "2001:db8::1")], "2001:db8::1");
        check("fd00::1", &[(told, "[2001:db8::1]:4711")], "2001:db8::1");
        check("10.0.0.1", &[(forwarded, "for=192.0.2.1;proto=https, for=10.0.0.2")], "192.0.2.1");
        check("10.0.0.1", &[(forwarded, "By=_x; For=\"[2001:db8::1]:4711\"")], "2001:db8::1");
        check("10.0.0.1", &[(forwarded, "for=\"[2001:db8::1]\"")], "2001:db8::1");
        check("10.0.0.1", &[(forwarded, "for=192.0.2.1, for=_hidden")], "10.0.0.1");
        check("10.0.0.1", &[(forwarded, "proto=https")], "10.0.0.1");
        // What a stranger wrote in the header that the proxy does not write.
        check("10.0.0.1", &[(told, "192.0.2.1"), (forwarded, "for=198.51.100.7")], "10.0.0.1");
        check("10.0.0.1", &[(told, "192.0.2.1"), (forwarded, "for=192.0.2.1")], "192.0.2.1");
    }
}
