//! What leaves for people: mail by SMTP, SMS through the provider's address. The file that names
//! `lettre`.

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use serde_json::json;
use std::time::Duration;
use url::Url;

use crate::{
    kernel::{letter::Letter, secret::Secret},
    web::outgoing::Outgoing,
};

/// How long one mail may take, from the connection to the server's last word: it may accept the one
/// and never say the other.
const PATIENCE: Duration = Duration::from_secs(5);

/// It did not leave. Who asked is told to try again; the log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it could not be sent")]
pub struct Undelivered;

/// A way to people.
#[async_trait::async_trait]
pub trait Post: Send + Sync {
    /// Sends a letter that was owed.
    async fn mail(&self, letter: &Letter) -> Result<(), Undelivered>;

    /// Sends a mail that carries a secret: at once or never, and it is stored nowhere.
    async fn mail_secret(&self, to: &str, subject: &str, text: &Secret) -> Result<(), Undelivered>;

    /// Sends an SMS that carries a secret.
    async fn sms(&self, to: &str, text: &Secret) -> Result<(), Undelivered>;
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    None,
    /// TLS after a greeting (RFC 3207), and no mail without it.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Wrapped,
}

/// The mail server, and who writes.
#[derive(Debug)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The way there.
    pub protection: Protection,
    /// Account and password, for a server that wants them.
    pub account: Option<(String, Secret)>,
    /// The address that our mails come from.
    pub from: String,
}

/// Why no post can be set up.
#[derive(Debug, thiserror::Error)]
pub enum BadPost {
    /// The sender is no address.
    #[error("{0} is no mail address")]
    From(String),
    /// The mail library refuses the server's name.
    #[error("the mail server: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
}

/// The real post: SMTP and the SMS provider.
pub struct OutgoingPost {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    outgoing: Outgoing,
    sms_url: Url,
}

impl OutgoingPost {
    /// Sets it up; nothing is called yet.
    pub fn new(server: MailServer, sms_url: Url, outgoing: Outgoing) -> Result<Self, BadPost> {
        let from = server.from.parse().map_err(|_| BadPost::From(server.from))?;
        let tls = match server.protection {
            Protection::None => Tls::None,
            Protection::StartTls => Tls::Required(TlsParameters::new(server.host.clone())?),
            Protection::Wrapped => Tls::Wrapper(TlsParameters::new(server.host.clone())?),
        };
        let mut smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host)
            .port(server.port)
            .tls(tls);
        if let Some((user, password)) = server.account {
            smtp = smtp.credentials(Credentials::new(user, password.expose().to_owned()));
        }
        Ok(Self { smtp: smtp.build(), from, outgoing, sms_url })
    }

    async fn send(&self, to: &str, subject: &str, text: &str) -> Result<(), Undelivered> {
        let to: Mailbox = to.parse().map_err(|_| {
            tracing::error!("a mail address in the records is no mail address");
            Undelivered
        })?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned());
        let message = message.map_err(|error| {
            tracing::error!(%error, "a mail could not be written");
            Undelivered
        })?;
        match tokio::time::timeout(PATIENCE, self.smtp.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Err(_) => {
                tracing::error!(timeout = true, "a mail did not leave");
                Err(Undelivered)
            }
            Ok(Err(error)) => {
                // The server's words may quote the recipient: only what kind of failure it was.
                let status = error.status().map(|code| code.to_string());
                tracing::error!(?status, "a mail did not leave");
                Err(Undelivered)
            }
        }
    }
}

#[async_trait::async_trait]
impl Post for OutgoingPost {
    async fn mail(&self, letter: &Letter) -> Result<(), Undelivered> {
        self.send(&letter.to, &letter.subject, &letter.text).await
    }

    async fn mail_secret(&self, to: &str, subject: &str, text: &Secret) -> Result<(), Undelivered> {
        self.send(to, subject, text.expose()).await
    }

    async fn sms(&self, to: &str, text: &Secret) -> Result<(), Undelivered> {
        let body = json!({ "to": to, "text": text.expose() });
        self.outgoing.post_json(&self.sms_url, &body).await.map_err(|error| {
            tracing::error!(%error, "an SMS did not leave");
            Undelivered
        })
    }
}
