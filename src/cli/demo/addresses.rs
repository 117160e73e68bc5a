//! Who listens where: one base port, and each party at its own distance from it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use crate::{
    cli::{failure::Failure, listen},
    config::Server,
    portal::home::Parties,
};

/// The parties beside the gateway, by their distance from its port.
const PARTIES: [(u16, &str, &str); 5] = [
    (FRANCECONNECT, "http", "FranceConnect, simulated"),
    (2, "http", "care-home software, Les Grands Tilleuls"),
    (3, "http", "care-home software, Rive Claire"),
    (4, "http", "phones, mails and SMS of everybody"),
    (6, "smtp", "mail server"),
];
const FRANCECONNECT: u16 = 1;
const PHONE: u16 = 4;
const SMTP: u16 = 6;

/// The addresses of a demo.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) port: u16,
    pub(super) gateway: String,
    pub(super) wallet: String,
}

impl Addresses {
    pub(super) fn new(port: u16, server: &Server) -> Self {
        let plain = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
        Self { port, gateway: plain(&server.base_url), wallet: plain(&server.wallet_url) }
    }
}

impl Addresses {
    /// What tells one demo's addresses from another's.
    pub(super) fn mark(&self) -> String {
        format!("{} {} port {}", self.gateway, self.wallet, self.port)
    }

    /// Where the mock phones are.
    pub(super) fn phones(&self) -> Result<url::Url, Failure> {
        let port = self.port.saturating_add(PHONE);
        let address = format!("http://localhost:{port}");
        address.parse().map_err(|error| Failure::Wrong(format!("{address}: {error}")))
    }
}

impl Addresses {
    /// What the home page names.
    pub(super) fn parties(&self) -> Parties {
        let at = |distance: u16| format!("http://localhost:{}", self.port.saturating_add(distance));
        let software = [("Les Grands Tilleuls", 2), ("Rive Claire", 3)];
        Parties {
            phones: at(PHONE),
            software: software.map(|(name, distance)| (name.to_owned(), at(distance))).into(),
        }
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Passerelle, demonstration: nobody and nothing here is real.\n")?;
        writeln!(f, "  {:<24} the gateway", self.gateway)?;
        for (distance, scheme, who) in PARTIES {
            let address = format!("{scheme}://localhost:{}", self.port.saturating_add(distance));
            writeln!(f, "  {address:<24} {who}")?;
        }
        write!(f, "\nReady. Ctrl-C stops it.")
    }
}

/// The settings that follow from the port, and from the secret that the mock FranceConnect drew for
/// the gateway.
pub(super) fn settings(port: u16, secret: &str) -> Vec<(&'static str, String)> {
    let at = |distance: u16| port.saturating_add(distance);
    let listen = loopback(port).map(|address| address.to_string()).join(",");
    vec![
        ("server.listen", listen),
        ("server.base_url", format!("http://localhost:{port}")),
        ("franceconnect.issuer", format!("http://localhost:{}/api/v2", at(FRANCECONNECT))),
        ("franceconnect.client_id", "passerelle-demo".to_owned()),
        ("franceconnect.client_secret", secret.to_owned()),
        ("sms.url", format!("http://localhost:{}/api/sms", at(PHONE))),
        ("smtp.host", "localhost".to_owned()),
        ("smtp.port", at(SMTP).to_string()),
    ]
}

/// Whether the mock world will find its ports free: a demo that cannot start whole starts nothing.
pub(super) async fn probe(port: u16) -> Result<(), Failure> {
    for (distance, ..) in PARTIES {
        listen::bind(&loopback(port.saturating_add(distance))).await?;
    }
    Ok(())
}

fn loopback(port: u16) -> [SocketAddr; 2] {
    [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]
        .map(|ip| SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Sources};

    #[test]
    fn everything_follows_the_port() {
        let sources =
            Sources { demo: true, computed: settings(9000, "drawn"), ..Sources::default() };
        let config = config::load(&sources).unwrap();
        assert_eq!(config.server.listen, loopback(9000));
        assert_eq!(config.server.issuer, "http://localhost:9000/auth/realms/esante-wallet");
        assert_eq!(config.sms.url.as_str(), "http://localhost:9004/api/sms");
        assert_eq!(config.smtp.port, 9006);
        let told = Addresses::new(9000, &config.server).to_string();
        assert!(told.contains("http://localhost:9000 ") && told.contains("http://localhost:9002 "));
    }
}
