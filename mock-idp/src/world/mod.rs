//! The world itself: it makes the parties, knows who its people are, and tells programs about both.

mod activation;
mod clients;
mod description;
pub(crate) mod file;
pub(crate) mod people;
pub(crate) mod ports;
pub(crate) mod serve;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::dui::{self, Dui};
use crate::franceconnect::{self, FranceConnect};
use crate::gateway::{Gateway, http_client};
use crate::jws::KeyError;
use crate::mailbox::Mailbox;
use crate::phone::Phones;
use file::WorldFile;
use people::PersonSeed;
use ports::{Party, Ports};

/// A party waits this long for an answer of the gateway.
const PATIENCE: Duration = Duration::from_secs(10);
/// An activation also waits for two messages.
const ACTIVATION_PATIENCE: Duration = Duration::from_secs(40);

/// The mock world. Cloning it gives another handle on the same world.
#[derive(Clone)]
pub struct World {
    ports: Ports,
    file: Arc<WorldFile>,
    gateway: Arc<Gateway>,
    mailbox: Arc<Mailbox>,
    phones: Arc<Phones>,
    duis: Vec<Arc<Dui>>,
    franceconnect: Arc<FranceConnect>,
    /// Without cookies or redirects, for calls between parties.
    http: reqwest::Client,
}

/// Why the world could not be opened or served.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The base port leaves no room for the parties.
    #[error("base port {base} is too high: the parties take the six ports after it")]
    Ports {
        /// The base port.
        base: u16,
    },
    /// The world's file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The world's file cannot be understood.
    #[error("{} is damaged: {source}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where it stops making sense.
        source: serde_json::Error,
    },
    /// The world's file comes from a newer version.
    #[error("{} has version {version}, which this program does not know", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The version found.
        version: u64,
    },
    /// A port could not be taken.
    #[error("port {port} ({party}) on {host}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// Who wanted it.
        party: &'static str,
        /// The address that was tried.
        host: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    /// `FranceConnect`'s signing keys could not be read or made.
    #[error("FranceConnect's keys: {0}")]
    Keys(String),
    /// A phone could not activate its card.
    #[error("the phone of {key} could not activate its card: {why}")]
    Activation {
        /// Whose phone.
        key: &'static str,
        /// What it answered.
        why: String,
    },
}

impl From<KeyError> for WorldError {
    fn from(error: KeyError) -> Self {
        Self::Keys(error.to_string())
    }
}

impl World {
    /// Loads the world kept in `dir`, or begins a new one there.
    pub fn open(dir: &Path, ports: Ports) -> Result<Self, WorldError> {
        if ports.base > Ports::HIGHEST_BASE {
            return Err(WorldError::Ports { base: ports.base });
        }
        // Whoever was first to install a provider installed the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = http_client(PATIENCE)?;
        let file = Arc::new(WorldFile::open(
            dir,
            &[&clients::KEYS[..], &franceconnect::CLIENTS].concat(),
        )?);
        let gateway = Arc::new(Gateway::new(&ports, Arc::clone(&file), http.clone()));
        let mailbox = Arc::new(Mailbox::default());
        let phones = Arc::new(Phones::new(
            &ports.gateway,
            http.clone(),
            Arc::clone(&gateway),
            Arc::clone(&mailbox),
            Arc::clone(&file),
        ));
        let duis = [dui::TILLEULS, dui::PLATEFORME, dui::RIVE_CLAIRE]
            .map(|software| Arc::new(Dui::new(software, &ports, &file, http.clone())))
            .to_vec();
        let origin = ports.origin(Party::FranceConnect);
        let franceconnect =
            Arc::new(FranceConnect::open(origin, &ports.gateway, &people::all(), &file)?);
        let http = http_client(ACTIVATION_PATIENCE)?;
        Ok(Self { ports, file, gateway, mailbox, phones, duis, franceconnect, http })
    }

    /// The relying parties and the API's client, as the gateway is to register them.
    pub fn client_registrations(&self) -> Vec<Value> {
        self.file.read(|saved| clients::registrations(&self.ports, saved))
    }

    /// The secret under which `FranceConnect` knows the gateway, its client `passerelle-demo`.
    pub fn franceconnect_secret(&self) -> String {
        self.franceconnect.secret()
    }

    /// The people of the demo, as the gateway is to register them.
    pub fn people(&self) -> Vec<PersonSeed> {
        people::all()
    }

    /// Keeps the RPPS number that a person received.
    pub fn registered(&self, key: &str, rpps: &str) -> Result<(), WorldError> {
        self.file.change(|saved| {
            saved.registered.insert(key.to_owned(), rpps.to_owned());
        })
    }
}
