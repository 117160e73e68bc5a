//! A browser's way to FranceConnect and back, and out again.

use std::sync::Arc;

use url::Url;

use crate::{
    kernel::{Clock, Timestamp, random::Random, secret::Secret},
    registry::VerifiedIdentity,
    web::{fields::Fields, outgoing::Outgoing},
};

use super::{
    BadToken, Errand, Errands, Failure, Purpose, Refusal, Settings, UserinfoForm,
    errand::fresh,
    http::Http,
    identity::{Claims, Proof, identity},
    known::{Known, Memory},
    provider::{Provider, Redeemed},
};

/// What the journey needs.
pub struct Collaborators {
    /// Who we are there.
    pub settings: Arc<Settings>,
    /// Whom we may call.
    pub outgoing: Outgoing,
    /// Trips in progress.
    pub errands: Arc<dyn Errands>,
    /// Real time: FranceConnect's answers are judged by it when they arrive.
    pub clock: Arc<dyn Clock>,
    /// For `state` and `nonce`.
    pub random: Arc<dyn Random>,
}

/// FranceConnect, seen from us.
pub struct FranceConnect {
    with: Collaborators,
    http: Http,
    provider: Provider,
    memory: Memory,
}

/// Who came back.
#[derive(Debug)]
pub struct Arrival {
    /// The identity, verified.
    pub identity: VerifiedIdentity,
    /// The ID token, which FranceConnect wants to see at the log-out, and good for nothing else.
    pub id_token: Secret,
}

/// Why the settings make no client.
#[derive(Debug, thiserror::Error)]
#[error("FranceConnect's settings: {0}")]
pub struct BadSettings(#[from] url::ParseError);

impl FranceConnect {
    /// Puts it together; calls nobody yet.
    pub fn new(with: Collaborators) -> Result<Self, BadSettings> {
        Ok(Self {
            http: Http::new(with.outgoing.clone(), with.settings.timeout),
            provider: Provider::new(&with.settings)?,
            memory: Memory::new(&with.settings),
            with,
        })
    }

    /// Where to send this browser to log in.
    pub async fn depart(&self, browser: &Secret) -> Result<Url, Failure> {
        let now = self.with.clock.now();
        let known = self.memory.current(&self.http, now).await?;
        let (state, nonce) = (fresh(self.with.random.as_ref()), fresh(self.with.random.as_ref()));
        let purpose = Purpose::LogIn { nonce: nonce.digest() };
        self.begin(&state, browser, purpose, now).await?;
        Ok(self.provider.authorization(&known.endpoints, &state, &nonce))
    }

    /// Who came back with this answer, the query of the address that FranceConnect sent the browser
    /// to. Good once, whatever comes of it.
    pub async fn arrive(&self, answer: &str, browser: Option<&Secret>) -> Result<Arrival, Failure> {
        let fields = Fields::from_query(answer).map_err(|_| Failure::Unreadable)?;
        let nonce = match self.take(&fields, browser).await?.purpose {
            Purpose::LogIn { nonce } => nonce,
            Purpose::LogOut => return Err(Failure::NotInProgress),
        };
        if fields.get("iss") != Some(self.with.settings.issuer.as_str()) {
            return Err(Failure::OtherIssuer);
        }
        if let Some(error) = fields.get("error") {
            return Err(Failure::Refused(Refusal::new(error, fields.get("error_uri"))));
        }
        let code = fields.get("code").ok_or(Failure::NoCode)?;
        let known = self.memory.current(&self.http, self.with.clock.now()).await?;
        let redeemed = self
            .provider
            .redeem(&known.endpoints, &self.http, &self.with.settings.client_secret, code)
            .await?;
        let judged = self
            .judged(known, |known, now| self.provider.judge(&redeemed, &known.keys, &nonce, now))
            .await?;
        let (known, proof) = judged.map_err(Failure::IdToken)?;
        let identity = self.identity(known, &redeemed, proof).await?;
        Ok(Arrival { identity, id_token: redeemed.id_token() })
    }

    /// Where to send this browser to log out there too; its session here is over already.
    pub async fn leave(&self, browser: &Secret, id_token: &Secret) -> Result<Url, Failure> {
        let now = self.with.clock.now();
        let known = self.memory.current(&self.http, now).await?;
        let state = fresh(self.with.random.as_ref());
        let way_out = self.provider.log_out(&known.endpoints, id_token, &state);
        let way_out = way_out.map_err(Failure::IdToken)?;
        self.begin(&state, browser, Purpose::LogOut, now).await?;
        Ok(way_out)
    }

    /// Whether this answer ends a log-out that this browser went for.
    pub async fn left(&self, answer: &str, browser: Option<&Secret>) -> Result<(), Failure> {
        let fields = Fields::from_query(answer).map_err(|_| Failure::Unreadable)?;
        match self.take(&fields, browser).await?.purpose {
            Purpose::LogOut => Ok(()),
            Purpose::LogIn { .. } => Err(Failure::NotInProgress),
        }
    }

    async fn begin(
        &self,
        state: &Secret,
        browser: &Secret,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let (state, browser) = (state.digest(), browser.digest());
        let until = now + self.with.settings.login_life;
        Ok(self.with.errands.begin_errand(Errand { state, browser, purpose, until }).await?)
    }

    async fn take(&self, fields: &Fields, browser: Option<&Secret>) -> Result<Errand, Failure> {
        let state = fields.get("state").map(|text| Secret::received(text.to_owned()));
        let (Some(state), Some(browser)) = (state, browser) else {
            return Err(Failure::NotInProgress);
        };
        let errand = self.with.errands.take_errand(state.digest(), browser.digest()).await?;
        errand.ok_or(Failure::NotInProgress)
    }

    /// What `judge` says, by newer keys if the ones that we know do not fit.
    async fn judged<T>(
        &self,
        known: Arc<Known>,
        judge: impl Fn(&Known, Timestamp) -> Result<T, BadToken>,
    ) -> Result<Result<(Arc<Known>, T), BadToken>, Failure> {
        let now = self.with.clock.now();
        let bad = match judge(&known, now) {
            Ok(judged) => return Ok(Ok((known, judged))),
            Err(bad) => bad,
        };
        if !bad.may_be_old_keys() {
            return Ok(Err(bad));
        }
        let Some(newer) = self.memory.newer(&known, &self.http, now).await? else {
            return Ok(Err(bad));
        };
        Ok(judge(&newer, now).map(|judged| (newer, judged)))
    }

    /// Asks userinfo who that is.
    async fn identity(
        &self,
        known: Arc<Known>,
        redeemed: &Redeemed,
        proof: Proof,
    ) -> Result<VerifiedIdentity, Failure> {
        let what = "userinfo";
        let media = match self.with.settings.userinfo {
            UserinfoForm::Signed => "application/jwt",
            UserinfoForm::Json => "application/json",
        };
        let url = &known.endpoints.userinfo;
        let body = self.http.get(what, url, media, Some(redeemed.access_token())).await?;
        let unreadable = |why: String| Failure::Unintelligible { what, why };
        if body.media != media {
            return Err(unreadable(format!("{} instead of {media}", body.media)));
        }
        let said = match self.with.settings.userinfo {
            UserinfoForm::Json => serde_json::from_slice(&body.bytes)
                .map_err(|error| unreadable(error.to_string()))?,
            UserinfoForm::Signed => {
                let jwt = str::from_utf8(&body.bytes).map_err(|e| unreadable(e.to_string()))?;
                let judged = self.judged(known, |known, now| {
                    self.provider.judge_userinfo(jwt.trim(), &known.keys, now)
                });
                judged.await?.map_err(Failure::Userinfo)?.1
            }
        };
        let claims: Claims =
            serde_json::from_value(said).map_err(|_| Failure::Userinfo(BadToken::Malformed))?;
        if claims.subject() != proof.sub {
            return Err(Failure::Userinfo(BadToken::Subject));
        }
        Ok(identity(claims, proof)?)
    }
}
