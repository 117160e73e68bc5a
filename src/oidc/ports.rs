//! What the provider needs from storage. Each verb is one atomic step; what mints takes the proof
//! that its door asked.

use uuid::Uuid;

use crate::{
    access::{Cause, Passed, Session, Standing},
    kernel::{
        ChallengeId, ClientId, Finess, GrantId, LoginId, Outage, Rpps, Sid, Timestamp,
        journal::Actor,
        retry::{Answered, Keep},
        secret::SecretDigest,
    },
    registry::{Page, Structure},
};

use super::{
    client::StoredClient,
    client_settings::SigningAlg,
    grant::{Conclusion, Grant, Opening, Redemption, RefreshTurn, Refreshed},
    login::Login,
    registration::Registration,
};

/// A signing key as it is stored.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs with.
    pub alg: SigningAlg,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether it still signs; a retired key only verifies.
    pub retired: bool,
    /// The public half.
    pub public_jwk: String,
    /// PKCS#8, sealed.
    pub private: Vec<u8>,
}

/// Signing keys, and what is made once and kept.
#[async_trait::async_trait]
pub trait KeyStore: Send + Sync {
    /// All keys, oldest first.
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, Outage>;

    /// Keeps `made` unless there are keys already; answers those that there are then.
    async fn keep_first_keys(&self, made: Vec<StoredKey>) -> Result<Vec<StoredKey>, Outage>;

    /// The constant inside the federated form of `sub`.
    async fn federation(&self) -> Result<Uuid, Outage>;
}

/// What a change makes of a client.
#[derive(Clone, Debug)]
pub struct ClientChange {
    /// The client as the change was decided on: if it is another by then, nothing happens.
    pub seen: StoredClient,
    /// What to keep.
    pub registration: Registration,
    /// A new secret, if one was chosen.
    pub secret: Option<SecretDigest>,
}

impl ClientChange {
    /// What becomes of the grants that are open: enabling revives nothing.
    pub fn cut(&self) -> Option<Cause> {
        let (before, after) = (&self.seen.registration, &self.registration);
        if before.enabled && !after.enabled {
            return Some(Cause::ClientDisabled);
        }
        (before.structure != after.structure).then_some(Cause::ClientRebound)
    }
}

/// Why a client is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The id is taken.
    Taken,
    /// There is none, or somebody else changed it first.
    Changed,
}

/// Relying parties.
#[async_trait::async_trait]
pub trait Clients: Send + Sync {
    /// One client.
    async fn client(&self, id: &ClientId) -> Result<Option<StoredClient>, Outage>;

    /// Clients, in the order of their ids, of one structure if named.
    async fn clients(
        &self,
        structure: Option<Finess>,
        page: Page<ClientId>,
    ) -> Result<Vec<StoredClient>, Outage>;

    /// Whether somebody entered this structure: a client may be bound to it.
    async fn knows_structure(&self, finess: Finess) -> Result<bool, Outage>;

    /// Enters a client.
    async fn enter_client(
        &self,
        client: StoredClient,
        by: Actor,
        keep: Keep<StoredClient>,
    ) -> Result<Answered<StoredClient, NotWritten>, Outage>;

    /// Changes a client, cutting what [`ClientChange::cut`] says.
    async fn change_client(
        &self,
        change: ClientChange,
        by: Actor,
        keep: Keep<StoredClient>,
    ) -> Result<Answered<StoredClient, NotWritten>, Outage>;

    /// Forgets a client, and cuts its grants. Whoever gets its id later gets nothing of them: their
    /// own revision is older than the cut.
    async fn remove_client(
        &self,
        id: ClientId,
        by: Actor,
        keep: Keep<ClientId>,
    ) -> Result<Answered<ClientId, NotWritten>, Outage>;
}

/// A session, and when it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSession {
    /// The session.
    pub session: Session,
    /// Last log-in or refresh.
    pub seen_at: Timestamp,
}

/// Sessions of browsers.
#[async_trait::async_trait]
pub trait Sessions: Send + Sync {
    /// The session that a browser's cookie names.
    async fn session_of_browser(
        &self,
        cookie: &SecretDigest,
    ) -> Result<Option<SeenSession>, Outage>;

    /// One session.
    async fn session(&self, sid: Sid) -> Result<Option<SeenSession>, Outage>;

    /// Ends a session, and tells. False: there is none, or it is over already.
    async fn end_session(&self, sid: Sid, by: Actor) -> Result<bool, Outage>;
}

/// Log-ins in progress. Losing one means starting again.
#[async_trait::async_trait]
pub trait Logins: Send + Sync {
    /// Keeps one.
    async fn begin_login(&self, login: Login) -> Result<(), Outage>;

    /// One log-in.
    async fn login(&self, id: LoginId) -> Result<Option<Login>, Outage>;

    /// Notes which challenge it waits for.
    async fn attach_challenge(&self, id: LoginId, challenge: ChallengeId) -> Result<(), Outage>;

    /// Takes it out of the world. True for exactly one caller; [`Grants::conclude`] counts as one.
    async fn end_login(&self, id: LoginId, until: Timestamp) -> Result<bool, Outage>;
}

/// Grants.
#[async_trait::async_trait]
pub trait Grants: Send + Sync {
    /// One grant.
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, Outage>;

    /// Ends a log-in with a grant. However many try, one succeeds; false for the others.
    async fn conclude(&self, passed: Passed, conclusion: Conclusion) -> Result<bool, Outage>;

    /// Opens a grant inside a session that lives, and notes that the session was seen.
    async fn open_silently(&self, passed: Passed, opening: Opening) -> Result<(), Outage>;

    /// Opens the grant of a program.
    async fn open_for_program(&self, passed: Passed, grant: Grant) -> Result<(), Outage>;

    /// Takes a code out of circulation. However many race, one sees [`Redemption::Taken`]; a replay
    /// cuts the grant; a stranger's client changes nothing.
    async fn redeem(
        &self,
        passed: Passed,
        grant: GrantId,
        code: SecretDigest,
        by: ClientId,
    ) -> Result<Redemption, Outage>;

    /// Notes that the session was seen, and turns the wheel of tokens that rotate.
    async fn refresh(&self, passed: Passed, turn: RefreshTurn) -> Result<Refreshed, Outage>;

    /// Cuts one grant, once, and tells.
    async fn close_grant(&self, id: GrantId, cause: Cause, by: Actor) -> Result<(), Outage>;
}

/// What tokens and userinfo tell of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Card, open situations and local accesses.
    pub standing: Standing,
    /// The random form of `sub`.
    pub subject: Uuid,
    /// `M` or `MME`.
    pub civility: String,
}

/// The registry, as the provider reads it.
#[async_trait::async_trait]
pub trait Subjects: Send + Sync {
    /// One person, in one snapshot; `None`: nobody, or a retired number.
    async fn subject(&self, rpps: Rpps) -> Result<Option<Subject>, Outage>;

    /// The same, with the structures of their situations, in the same snapshot.
    async fn dossier(&self, rpps: Rpps) -> Result<Option<(Subject, Vec<Structure>)>, Outage>;
}
