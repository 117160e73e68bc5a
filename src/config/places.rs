//! Settings that name places: where we listen, what we keep where, whom we call.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use url::Url;

use crate::{
    kernel::secret::Secret,
    web::{
        origin::{BadNetwork, Proxies},
        outgoing::Allow,
    },
};

use super::reading::{Reader, is_localhost, url, web_address};

/// Where we listen, and under which names.
#[derive(Clone, Debug)]
pub struct Server {
    /// Addresses to listen on; never empty.
    pub listen: Vec<SocketAddr>,
    /// Our address, without a final slash.
    pub base_url: Url,
    /// The address of the log-in pages.
    pub wallet_url: Url,
    /// The issuer, byte for byte: never print it from a parsed address.
    pub issuer: String,
    /// What a deployment adds to our theme; empty: nothing.
    pub stylesheet: String,
    /// The reverse proxies that say for whom they speak.
    pub trusted_proxies: Proxies,
    /// How long we wait for callers.
    pub patience: Patience,
}

/// How long we wait for callers: waiting is what a hostile one takes from us.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the head of a request.
    pub head: Duration,
    /// For its body.
    pub body: Duration,
    /// For what is under way when we are told to stop.
    pub stop: Duration,
}

impl Patience {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut seconds = |key| {
            let read = reader.number(key, 1..=600);
            read.map(|seconds| Duration::from_secs(seconds.into()))
        };
        let head = seconds("server.head_seconds");
        let body = seconds("server.body_seconds");
        let stop = seconds("server.stop_seconds");
        Some(Self { head: head?, body: body?, stop: stop? })
    }
}

/// The issuer's path after the base address, where no setting says otherwise.
const REALM: &str = "/auth/realms/esante-wallet";

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let listen = reader.list("server.listen", |text| {
            text.parse().map_err(|_| {
                format!("{text} is no address and port, such as 127.0.0.1:8080 or [::1]:8080")
            })
        });
        if listen.as_ref().is_some_and(Vec::is_empty) {
            reader.wrong("server.listen", "at least one address is wanted");
        }
        let base = reader
            .text("server.base_url", |text| web_address(text).map(|url| (url, text.to_owned())));
        let wallet_url = reader.optional("server.wallet_url", web_address);
        let issuer =
            reader.optional("server.issuer", |text| web_address(text).map(|_| text.to_owned()));
        let stylesheet = reader.optional("server.stylesheet", stylesheet);
        let trusted_proxies = reader.list("server.trusted_proxies", |text| {
            text.parse().map_err(|error: BadNetwork| format!("{text}: {error}"))
        });
        let patience = Patience::read(reader);
        let (base_url, base_text) = base?;
        Some(Self {
            listen: listen?,
            wallet_url: wallet_url.unwrap_or_else(|| base_url.clone()),
            base_url,
            issuer: issuer.unwrap_or_else(|| format!("{base_text}{REALM}")),
            stylesheet: stylesheet.unwrap_or_default(),
            trusted_proxies: Proxies::new(trusted_proxies?),
            patience: patience?,
        })
    }
}

/// A stylesheet that stands alone: our policy lets a page fetch nothing from elsewhere, so what it
/// imports or points to would be missing.
fn stylesheet(path: &str) -> Result<String, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    if text.contains("@import") {
        return Err(format!("{path} imports another stylesheet: write it in the same file"));
    }
    Ok(text)
}

/// What must never be lost.
#[derive(Clone, Debug)]
pub struct Records {
    /// The SQLite file.
    pub path: PathBuf,
    /// The file of `records.key`.
    pub key_file: PathBuf,
}

impl Records {
    /// The name of the key file beside a store.
    pub const KEY_FILE: &str = "records.key";

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let path = reader.text("records.url", |text| match text.split_once(':') {
            Some(("sqlite", path)) if !path.trim_start_matches('/').is_empty() => {
                Ok(PathBuf::from(path))
            }
            Some(_) | None => Err(format!("{text}: sqlite: and the path of a file is wanted")),
        });
        let key_file = reader.optional("records.key_file", |text| Ok(PathBuf::from(text)));
        let path = path?;
        let beside = || path.parent().unwrap_or(Path::new("")).join(Self::KEY_FILE);
        Some(Self { key_file: key_file.unwrap_or_else(beside), path })
    }
}

/// Where SMS go.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Sms {
    pub url: Url,
}

impl Sms {
    pub(super) fn read(reader: &mut Reader<'_>, outbound: Option<&Outbound>) -> Option<Self> {
        let url = reader.text("sms.url", url)?;
        if outbound.is_some_and(|outbound| !outbound.allow.admits(&url)) {
            reader.wrong("sms.url", "its host is not in outbound.allow, so no SMS could leave");
        }
        Some(Self { url })
    }
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all.
    None,
    /// TLS after a greeting (RFC 3207), and no mail without it.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Wrapped,
}

/// The mail server.
#[derive(Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: MailSecurity,
    pub from: String,
    pub user: Option<String>,
    pub password: Option<Secret>,
}

impl Smtp {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let host = reader.text("smtp.host", |text| {
            let host = url::Host::parse(text);
            host.map(|host| host.to_string()).map_err(|_| format!("{text} is no host name"))
        });
        let port = reader.number("smtp.port", 1..=u32::from(u16::MAX));
        let tls = reader.text("smtp.tls", |text| match text {
            "none" => Ok(MailSecurity::None),
            "starttls" => Ok(MailSecurity::StartTls),
            "wrapped" => Ok(MailSecurity::Wrapped),
            other => Err(format!("none, starttls or wrapped is wanted, not {other}")),
        });
        let from = reader.text("smtp.from", mail_address);
        let user = reader.optional("smtp.user", |text| Ok(text.to_owned()));
        let password = reader.secret("smtp.password", "smtp.password_file");
        if user.is_some() != password.is_some() {
            let (here, missing) =
                if user.is_some() { ("smtp.user", "password") } else { ("smtp.password", "user") };
            reader.wrong(
                here,
                format!("an account and a password go together: {missing} is missing"),
            );
        }
        let in_clear = password.is_some() && tls == Some(MailSecurity::None);
        if in_clear && !host.as_deref().is_some_and(is_localhost) {
            reader.wrong("smtp.tls", "a password would travel in clear: starttls or wrapped");
        }
        let port = u16::try_from(port?).ok()?;
        Some(Self { host: host?, port, tls: tls?, from: from?, user, password })
    }
}

/// Good enough to refuse what is plainly no address; the mail library has the last word.
fn mail_address(text: &str) -> Result<String, String> {
    let is_plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != ',');
    match text.split_once('@') {
        Some((name, host)) if !name.is_empty() && url::Host::parse(host).is_ok() && is_plain => {
            Ok(text.to_owned())
        }
        Some(_) | None => Err(format!("{text} is no mail address")),
    }
}

/// Whom we may call.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Outbound {
    pub allow: Allow,
}

impl Outbound {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let hosts = reader.list("outbound.allow", |text| {
            let host = url::Host::parse(text);
            host.map(|host| host.to_string())
                .map_err(|_| format!("{text} is no host name: no scheme, no port, no path"))
        });
        let hosts: BTreeSet<String> = hosts?.into_iter().collect();
        Some(Self { allow: Allow::Hosts(hosts) })
    }
}
