//! What was written becomes what we understood, or the list of all mistakes.
//!
//! `config/gateway.toml` documents every setting and *is* the defaults: the program carries the file.
//! Layers stand on it in the order of [`Sources`]. Nothing but this slice reads files of settings or
//! the environment; the rest of the house gets a [`Config`] whose values cannot be malformed.

mod clients;
mod franceconnect;
mod layers;
mod limits;
mod mistake;
mod places;
mod reading;
mod spelling;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use clients::WrittenClient;
pub use franceconnect::FranceConnect;
pub use limits::{Ecps, Journal, Log, Logout, Retention, Session, Throttle, Tokens};
pub use mistake::{Mistake, Mistakes, Place};
pub use places::{MailSecurity, Outbound, Patience, Records, Server, Sms, Smtp};

use {layers::Layers, reading::Reader};

/// All settings.
#[derive(Debug)]
#[expect(missing_docs, reason = "each name is the section")]
pub struct Config {
    pub server: Server,
    pub records: Records,
    pub sms: Sms,
    pub smtp: Smtp,
    pub outbound: Outbound,
    pub ecps: Ecps,
    pub franceconnect: FranceConnect,
    pub session: Session,
    pub tokens: Tokens,
    pub throttle: Throttle,
    pub logout: Logout,
    pub journal: Journal,
    pub retention: Retention,
    pub log: Log,
    pub clients: Vec<WrittenClient>,
}

impl Config {
    /// Every section is read before any is missed, so that no mistake hides another.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let server = Server::read(reader);
        let records = Records::read(reader);
        let outbound = Outbound::read(reader);
        let sms = Sms::read(reader, outbound.as_ref());
        let smtp = Smtp::read(reader);
        let ecps = Ecps::read(reader);
        let franceconnect = FranceConnect::read(reader, server.as_ref(), outbound.as_ref());
        let session = Session::read(reader);
        let tokens = Tokens::read(reader);
        let throttle = Throttle::read(reader);
        let logout = Logout::read(reader);
        let journal = Journal::read(reader);
        let retention = Retention::read(reader);
        let log = Log::read(reader);
        let clients = clients::read(reader, outbound.as_ref());
        Some(Self {
            server: server?,
            records: records?,
            sms: sms?,
            smtp: smtp?,
            outbound: outbound?,
            ecps: ecps?,
            franceconnect: franceconnect?,
            session: session?,
            tokens: tokens?,
            throttle: throttle?,
            logout: logout?,
            journal: journal?,
            retention: retention?,
            log: log?,
            clients: clients?,
        })
    }
}

/// Where settings come from, from the weakest to the strongest. Settings are named
/// `section.key`.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Whether `config/demo.toml` stands on the defaults.
    pub demo: bool,
    /// What a command works out by itself: the demo's addresses and store.
    pub computed: Vec<(&'static str, String)>,
    /// Files, later ones win.
    pub files: Vec<PathBuf>,
    /// Names and values of the environment: [`environment`], or a test's own.
    pub environment: Vec<(String, String)>,
    /// Options of the command line that name a setting.
    pub command_line: Vec<(&'static str, String)>,
}

/// Reads everything, and either understands it or says all that is wrong.
pub fn load(sources: &Sources) -> Result<Config, Mistakes> {
    let mut unreadable = Vec::new();
    let layers = Layers::read(sources, &mut unreadable);
    let mut reader = Reader::new(&layers, unreadable);
    let config = Config::read(&mut reader);
    let mistakes = reader.finish();
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        Some(_) | None => Err(Mistakes(mistakes)),
    }
}

/// The process's environment. A value that is not Unicode is kept with marks in place of what
/// cannot be read, and is refused where it is understood.
pub fn environment() -> Vec<(String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}
