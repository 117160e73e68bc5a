//! Addresses: one base port, and each party at its own distance from it.

/// Where each party listens, and where it finds the gateway.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The gateway's port; the parties take the next ones.
    pub base: u16,
    /// The gateway's base address, without a final slash.
    pub gateway: String,
    /// The base address of the gateway's authorization page, without a final slash.
    pub wallet: String,
}

/// A listener of the mock world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    FranceConnect,
    Tilleuls,
    RiveClaire,
    Phone,
    Smtp,
}

impl Party {
    pub(crate) const ALL: [Self; 5] =
        [Self::FranceConnect, Self::Tilleuls, Self::RiveClaire, Self::Phone, Self::Smtp];

    /// Who listens there, as an error message says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FranceConnect => "FranceConnect",
            Self::Tilleuls => "DUI Les Grands Tilleuls",
            Self::RiveClaire => "DUI Rive Claire",
            Self::Phone => "phone and mailbox",
            Self::Smtp => "SMTP",
        }
    }

    fn distance(self) -> u16 {
        match self {
            Self::FranceConnect => 1,
            Self::Tilleuls => 2,
            Self::RiveClaire => 3,
            Self::Phone => 4,
            Self::Smtp => 6,
        }
    }
}

impl Ports {
    /// The usual addresses: everything on `localhost`.
    pub fn new(base: u16) -> Self {
        let gateway = format!("http://localhost:{base}");
        Self { base, wallet: gateway.clone(), gateway }
    }

    /// The gateway's issuer identifier.
    pub fn issuer(&self) -> String {
        format!("{}/auth/realms/esante-wallet", self.gateway)
    }

    /// The highest base port that leaves room for every party.
    pub(crate) const HIGHEST_BASE: u16 = u16::MAX - 6;

    pub(crate) fn port(&self, party: Party) -> u16 {
        self.base.saturating_add(party.distance())
    }

    pub(crate) fn origin(&self, party: Party) -> String {
        let scheme = if party == Party::Smtp { "smtp" } else { "http" };
        format!("{scheme}://localhost:{}", self.port(party))
    }
}
