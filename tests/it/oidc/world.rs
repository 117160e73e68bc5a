//! The provider, the API's clients, one person with a card, and browsers that are cookie jars.

use std::{ops::Deref, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use passerelle::{
    access::Session,
    departure::{Asked, Departures, EndRequest, Mandate},
    kernel::{Rpps, SituationId, journal::Actor, retry::Keep, seal::RecordsKey, secret::Secret},
    oidc::{self, Clients, Provider, Registration, StoredClient, client_secret_digest},
};
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::browser::{Answer, Browser};
use crate::ground::{Ground, ask};

pub(super) use crate::ground::{RIVE_CLAIRE, TILLEULS};

pub(super) const SECRET: &str = "un secret d'essai";
pub(super) const REDIRECT: &str = "http://localhost:8082/retour";
pub(super) const GONE: &str = "http://localhost:8082/fin?x=1";
pub(super) const ISSUER: &str = "/auth/realms/esante-wallet";

pub(super) struct World {
    pub(super) router: Router,
    pub(super) provider: Arc<Provider>,
    ground: Ground,
}

impl Deref for World {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let ground = Ground::new();
        let provider = ground.provider().await;
        let router = oidc::router(Arc::clone(&provider));
        let world = Self { router, provider, ground };
        world.furnish();
        world
    }

    pub(super) fn key(&self) -> Arc<RecordsKey> {
        Arc::clone(&self.key)
    }

    /// Two structures, and one person with an employer's situation at each.
    fn furnish(&self) {
        let db = self.records();
        let rpps = person();
        let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| db.execute(sql, params).unwrap();
        let structure =
            "INSERT INTO structure VALUES (?1, 'EG', NULL, 'S', '', '', '', '', '', NULL)";
        run(structure, &[&TILLEULS]);
        run(structure, &[&RIVE_CLAIRE]);
        run(
            "INSERT INTO professional VALUES
             (?1, '{\"civility\":\"MME\"}', 'k', NULL, 'e', 'm', 0, ?2, NULL)",
            &[&rpps.as_str(), &Uuid::from_u128(1)],
        );
        run(
            "INSERT INTO card (rpps, device) VALUES (?1, ?2)",
            &[&rpps.as_str(), &Uuid::from_u128(2)],
        );
        for (number, finess) in [(1, TILLEULS), (2, RIVE_CLAIRE)] {
            run(
                "INSERT INTO situation VALUES (?1, ?2, ?3, 'employer', '313', 'GENR11', 'S',
                     '2026-01-01', NULL, NULL, NULL, 'N', 'P', 'n p')",
                &[&Uuid::from_u128(number), &rpps.as_str(), &finess],
            );
        }
    }

    /// A client, entered as the API would.
    pub(super) async fn client(&self, id: &str, more: Value) {
        let mut members = json!({"redirect_uris": [REDIRECT], "post_logout_redirect_uris": [GONE]});
        if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
            members.extend(more);
        }
        let Value::Object(members) = members else { return };
        let id = id.parse().unwrap();
        let secret = Secret::received(SECRET.to_owned());
        let client = StoredClient {
            registration: Registration::blank("DUI").change(members).unwrap().registration,
            secret: Some(client_secret_digest(&self.key, &id, &secret)),
            id,
        };
        self.store.enter_client(client, Actor::Operator, Keep::nothing()).await.unwrap();
    }

    /// Changes members of a client, as the API would.
    pub(super) async fn change(&self, id: &str, members: Value) {
        let seen = self.store.client(&id.parse().unwrap()).await.unwrap().unwrap();
        let members: Map<String, Value> = members.as_object().unwrap().clone();
        let registration = seen.registration.change(members).unwrap().registration;
        let change = oidc::ports::ClientChange { seen, registration, secret: None };
        self.store.change_client(change, Actor::Operator, Keep::nothing()).await.unwrap();
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, text) = ask(&self.router, request).await;
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(super) async fn get(&self, browser: &mut Browser, path: &str) -> Answer {
        let request = Request::builder().uri(path).header(header::COOKIE, browser.cookies());
        let answer = self.send(request.body(Body::empty()).unwrap()).await;
        browser.learn(&answer);
        answer
    }

    pub(super) async fn post(
        &self,
        browser: &mut Browser,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, browser.cookies())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let answer = self.send(request.body(Body::from(body)).unwrap()).await;
        browser.learn(&answer);
        answer
    }

    /// A call of a client, secret in the body.
    pub(super) async fn call(&self, id: &str, what: &str, form: &[(&str, &str)]) -> Answer {
        let own = [("client_id", id), ("client_secret", SECRET)];
        let form: Vec<_> = own.iter().chain(form).copied().collect();
        let path = format!("{ISSUER}/protocol/openid-connect/{what}");
        self.post(&mut Browser::default(), &path, &form).await
    }

    /// Asks for a code.
    pub(super) async fn authorize(&self, browser: &mut Browser, id: &str, more: &str) -> Answer {
        let redirect = "http%3A%2F%2Flocalhost%3A8082%2Fretour";
        let path = format!(
            "/auth?response_type=code&client_id={id}&redirect_uri={redirect}&state=s\
             &scope=openid+scope_all&nonce=0123{more}"
        );
        self.get(browser, &path).await
    }

    /// A session, as an approval on the phone would write it.
    pub(super) async fn session(&self) -> Session {
        self.session_of(person()).await
    }

    /// The log-in that a request began.
    pub(super) async fn pending(
        &self,
        browser: &Browser,
        answer: &Answer,
    ) -> Result<oidc::PendingLogin, oidc::LoginError> {
        let id = answer.sent("demande").unwrap().parse().unwrap();
        self.provider.login(id, browser.secret().as_ref()).await
    }

    /// A whole log-in: the code.
    pub(super) async fn log_in(&self, browser: &mut Browser, id: &str) -> String {
        let begun = self.authorize(browser, id, "&prompt=login").await.is(303);
        let pending = self.pending(browser, &begun).await.unwrap();
        let session = self.session().await;
        let concluded = self.provider.conclude(&pending, &session).await.unwrap();
        let response = self.provider.concluded(concluded);
        let headers = response.headers().clone();
        let answer = Answer { status: response.status(), headers, text: String::new() };
        browser.learn(&answer);
        answer.sent("code").unwrap()
    }

    pub(super) async fn redeem(&self, id: &str, code: &str) -> Answer {
        let form =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
        self.call(id, "token", &form).await
    }

    /// A whole log-in: the tokens.
    pub(super) async fn tokens(&self, browser: &mut Browser, id: &str) -> Answer {
        let code = self.log_in(browser, id).await;
        self.redeem(id, &code).await.is(200)
    }

    pub(super) async fn refresh(&self, id: &str, token: &str) -> Answer {
        self.call(id, "token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(super) async fn is_active(&self, id: &str, token: &str) -> bool {
        let answer = self.call(id, "token/introspect", &[("token", token)]).await.is(200);
        answer.json()["active"].as_bool().unwrap()
    }

    /// The end of a situation, now.
    pub(super) async fn leave(&self, number: u128) {
        let request = EndRequest {
            asked: Asked::Immediate,
            reason: None,
            by: Actor::Operator,
            mandate: Mandate { structure: None, for_authority: false },
            seen: None,
        };
        let id = SituationId(Uuid::from_u128(number));
        self.store.end_situation(id, request, Keep::nothing()).await.unwrap();
    }
}

pub(super) fn person() -> Rpps {
    "99900000037".parse().unwrap()
}
