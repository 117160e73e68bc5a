//! The phone's slice over a real file: the store, what people received, and one person's moves.

use std::sync::{Mutex, PoisonError};

use crate::{
    access::{Doors, Heads, Now},
    departure::{Asked, Departures, EndRequest, Mandate},
    ecps::{
        self, ApprovalRefused, Ask, Cards, Challenge, Challenges, Decision, Device, Ecps,
        FinishRefused, NewDevice, Opened, Pin, Ports, Post, PublicKey, Said, State,
        post::Undelivered,
    },
    kernel::{
        ChallengeId, ClientId,
        journal::Actor,
        letter::Letter,
        retry::{Answered, Keep},
        secret::Secret,
    },
};

use super::*;

pub(super) const PIN: &str = "2468";

/// A post that keeps what it carries, or loses it.
#[derive(Default)]
pub(super) struct Mailbox {
    sent: Mutex<Vec<(String, String)>>,
    pub(super) down: std::sync::atomic::AtomicBool,
}

impl Mailbox {
    fn take(&self, to: &str, text: &str) -> Result<(), Undelivered> {
        if self.down.load(Ordering::SeqCst) {
            return Err(Undelivered);
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push((to.to_owned(), text.to_owned()));
        Ok(())
    }

    /// The secret in the last message to `to`: the line that is one word of capitals or digits.
    pub(super) fn secret(&self, to: &str) -> Secret {
        let sent = self.sent.lock().unwrap();
        let (_, text) = sent.iter().rev().find(|(known, _)| known == to).unwrap();
        let fits = |line: &&str| {
            (6..=8).contains(&line.len())
                && line.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        Secret::received(text.lines().find(fits).unwrap().to_owned())
    }
}

#[async_trait::async_trait]
impl Post for Mailbox {
    async fn mail(&self, letter: &Letter) -> Result<(), Undelivered> {
        self.take(&letter.to, &letter.text)
    }
    async fn mail_secret(&self, to: &str, _: &str, text: &Secret) -> Result<(), Undelivered> {
        self.take(to, text.expose())
    }
    async fn sms(&self, to: &str, text: &Secret) -> Result<(), Undelivered> {
        self.take(to, text.expose())
    }
}

/// The store, the slice over it, and what people received.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) ecps: Ecps,
    pub(super) doors: Doors,
    pub(super) mailbox: Arc<Mailbox>,
    dui: ClientId,
}

impl Desk {
    /// A person with a situation at Les Grands Tilleuls, validated at the clock's zero.
    pub(super) async fn new() -> Self {
        let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
        world.store.write(|write| write.execute("DELETE FROM card", []).map(|_| ())).await.unwrap();
        let mailbox = Arc::new(Mailbox::default());
        let (store, clock) = (Arc::clone(&world.store), Arc::clone(&world.clock));
        let heads = Arc::clone(&store) as Arc<dyn Heads>;
        let doors = Doors::new(heads, clock);
        let ecps = Ecps::new(ecps::Collaborators {
            doors: doors.clone(),
            ports: Ports {
                cards: Arc::clone(&store) as Arc<dyn Cards>,
                activations: Arc::clone(&store) as _,
                challenges: store as _,
            },
            post: Arc::clone(&mailbox) as _,
            key: Arc::new(RecordsKey::new(&[7; 32]).unwrap()),
            random: Arc::new(SystemRandom),
            settings: ecps::Settings::default(),
        });
        Self { world, ecps, doors, mailbox, dui: "dui".parse().unwrap() }
    }

    /// The whole activation, as the person would.
    pub(super) async fn activate(&self) -> (Device, Secret) {
        let started = self.ecps.activate(&identifier(), key()).await.unwrap();
        let NewDevice { device, seed } = self.finish(started, self.secrets()).await.unwrap();
        (self.world.store.device(device).await.unwrap().unwrap(), seed)
    }

    pub(super) fn secrets(&self) -> (Secret, Secret) {
        (self.mailbox.secret("e"), self.mailbox.secret("m"))
    }

    pub(super) async fn finish(
        &self,
        started: ecps::Started,
        secrets: (Secret, Secret),
    ) -> Result<NewDevice, FinishRefused> {
        let found = ecps::Activations::activation(&*self.world.store, started.activation).await?;
        let activation = found.ok_or(FinishRefused::Expired)?;
        let pin = Pin::choose(Secret::received(PIN.to_owned())).unwrap();
        self.ecps.finish(&activation, secrets, pin, self.world.clock.now()).await
    }

    pub(super) fn ask<'a>(&'a self, identifier: &'a str, structure: Option<&str>) -> Ask<'a> {
        let structure = structure.map(finess);
        Ask { identifier, client: &self.dui, service: "DUI", structure }
    }

    pub(super) async fn open(&self, structure: Option<&str>) -> Challenge {
        let opened = self.ecps.open_challenge(self.ask(&identifier(), structure)).await.unwrap();
        let Opened::Waits(id) = opened else { panic!("{opened:?}") };
        self.world.store.challenge(id).await.unwrap().unwrap()
    }

    pub(super) async fn approve(
        &self,
        device: &Device,
        challenge: &Challenge,
        pin: &str,
    ) -> Result<(), ApprovalRefused> {
        let said = Said {
            code: challenge.codes.shown.clone(),
            pin: Secret::received(pin.to_owned()),
            client: "dui".to_owned(),
        };
        self.ecps.approve(device, challenge.id, said).await
    }

    pub(super) async fn state(&self, id: ChallengeId) -> State {
        self.ecps.state(id).await.unwrap()
    }

    pub(super) async fn now(&self) -> Now {
        self.doors.barrier().await.unwrap()
    }

    pub(super) async fn decide(&self, decision: Decision) {
        let by = Actor::Operator;
        let decided = self.ecps.decide(rpps(1), decision, by, Keep::nothing()).await;
        assert_eq!(decided.unwrap(), Answered::Done(rpps(1)));
    }

    pub(super) async fn leave(&self) {
        let by = Actor::Operator;
        let mandate = Mandate { structure: None, for_authority: false };
        let request = EndRequest { asked: Asked::Immediate, reason: None, by, mandate, seen: None };
        let ended = self.world.store.end_situation(situation_id(1), request, Keep::nothing()).await;
        assert!(matches!(ended, Ok(Answered::Done(_))), "{ended:?}");
    }
}

pub(super) fn identifier() -> String {
    format!("8{}", rpps(1))
}

pub(super) fn key() -> PublicKey {
    // The curve's generator (SEC 2, section 2.4.2).
    let jwk = serde_json::json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
    });
    serde_json::from_value(jwk).unwrap()
}

/// What the phone shows now, for this PIN.
pub(super) fn otp(seed: &Secret, pin: &str, now: Timestamp) -> Secret {
    use aws_lc_rs::hmac;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let seed = URL_SAFE_NO_PAD.decode(seed.expose()).unwrap();
    let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &seed), pin.as_bytes());
    // RFC 6238 and RFC 4226 by hand: the gateway's library must agree with somebody else.
    let step = u64::try_from(now.as_seconds()).unwrap() / 30;
    let sha1 = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_ref());
    let tag = hmac::sign(&sha1, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let value = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    Secret::received(format!("{:06}", value % 1_000_000))
}
