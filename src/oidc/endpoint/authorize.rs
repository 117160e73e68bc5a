//! The authorization endpoint, for GET and POST.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    access::Now,
    kernel::{ClientId, LoginId, Outage, secret::Secret},
    web::{
        fields::{BadFields, Fields},
        page::{self, Trouble},
    },
};

use super::{
    super::{
        BROWSER_COOKIE, Provider, SESSION_COOKIE,
        authorize::{AuthorizationRequest, Prompt, check},
        client::Client,
        error::AuthorizationError,
        login::{Login, set},
        pages,
        ports::SeenSession,
        return_address::{NoReturnAddress, ReturnAddress},
        silent::Silent,
    },
    unavailable,
};

pub(super) async fn get(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&provider, &headers, read(&query.unwrap_or_default())).await
}

/// Sends the request, whole, to the wallet host: method and body stay as they are (RFC 9110, section
/// 15.4.8).
pub(super) async fn to_wallet(
    State(provider): State<Arc<Provider>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let address = provider.settings().wallet(&format!("/auth{query}"));
    Redirect::temporary(&address).into_response()
}

pub(super) async fn post(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = std::str::from_utf8(&body).map_err(|_| BadFields::Encoding);
    let read = match Fields::from_form(&headers, &body) {
        Ok(fields) => Ok((fields, false)),
        Err(BadFields::Repeated(_)) => form.and_then(read),
        Err(error @ (BadFields::ContentType | BadFields::Encoding)) => Err(error),
    };
    answer(&provider, &headers, read).await
}

/// Parameters, and whether one came twice: repeated ones are left out, so that the answer can still
/// go to the client (RFC 6749, section 3.1). Who it is must be beyond doubt.
fn read(query: &str) -> Result<(Fields, bool), BadFields> {
    match Fields::from_query(query) {
        Ok(fields) => Ok((fields, false)),
        Err(BadFields::Repeated(_)) => {
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let once = |(name, _): &&(String, String)| {
                pairs.iter().filter(|(other, _)| other == name).count() == 1
            };
            if pairs.iter().filter(|(name, _)| name == "client_id").count() > 1 {
                return Err(BadFields::Repeated("client_id".to_owned()));
            }
            let mut kept = url::form_urlencoded::Serializer::new(String::new());
            kept.extend_pairs(pairs.iter().filter(once));
            Fields::from_query(&kept.finish()).map(|fields| (fields, true))
        }
        Err(error @ (BadFields::ContentType | BadFields::Encoding)) => Err(error),
    }
}

async fn answer(
    provider: &Provider,
    headers: &HeaderMap,
    read: Result<(Fields, bool), BadFields>,
) -> Response {
    let Ok((fields, repeated)) = read else { return unreadable(provider) };
    match decide(provider, headers, &fields, repeated).await {
        Ok(response) => response,
        Err(outage) => unavailable(provider, &outage),
    }
}

async fn decide(
    provider: &Provider,
    headers: &HeaderMap,
    fields: &Fields,
    repeated: bool,
) -> Result<Response, Outage> {
    // First: a grant that opens silently counts from a reading older than the client's `enabled`.
    let arrival = provider.with.doors.barrier().await?;
    let client = match fields.get("client_id").and_then(|id| id.parse::<ClientId>().ok()) {
        Some(id) => provider.client(&id).await?,
        None => None,
    };
    let vetted = ReturnAddress::vet(client.as_ref(), fields.get("redirect_uri"));
    let (client, address) = match (client, vetted) {
        (Some(client), Ok(address)) => (client, address),
        (_, Err(error)) => return Ok(nowhere(provider, error)),
        (None, Ok(_)) => return Ok(nowhere(provider, NoReturnAddress::UnknownClient)),
    };
    let frame = provider.settings().frame;
    let issuer = &provider.settings().issuer;
    let request = match check(&client, address, fields, repeated) {
        Ok(request) => {
            let expected = provider.expected(&client.id, fields).await?;
            AuthorizationRequest { expected, ..request }
        }
        Err(refusal) => {
            tracing::info!(client.id = %client.id, reason = %refusal.error, "a request is refused");
            return Ok(refusal.address.refuse(issuer, refusal.error).into_response(frame));
        }
    };
    if let Some(seen) = fresh_session(provider, headers, &request, arrival).await? {
        match provider.silently(&client, &request, &seen, arrival).await? {
            Silent::Answered(answer) => return Ok(answer.into_response(frame)),
            Silent::NoRight(why) => {
                let answer = request.address.refuse(issuer, AuthorizationError::NoRight);
                return Ok(match request.prompt {
                    Prompt::None => answer.into_response(frame),
                    Prompt::AsNeeded | Prompt::Login => {
                        pages::no_right(frame, &answer, why, &client.registration.client_name)
                    }
                });
            }
            Silent::Dead => {}
        }
    }
    if request.prompt == Prompt::None {
        let answer = request.address.refuse(issuer, AuthorizationError::LoginRequired);
        return Ok(answer.into_response(frame));
    }
    begin(provider, headers, request, &client, arrival).await
}

/// The browser's session, if it may answer this request by its age.
async fn fresh_session(
    provider: &Provider,
    headers: &HeaderMap,
    request: &AuthorizationRequest,
    now: Now,
) -> Result<Option<SeenSession>, Outage> {
    let cookie = provider.cookies.read(headers, SESSION_COOKIE);
    let Some(cookie) = cookie.filter(|_| request.prompt != Prompt::Login) else { return Ok(None) };
    let seen = provider.with.sessions.session_of_browser(&cookie.digest()).await?;
    let rest = provider.settings().session_rest;
    Ok(seen.filter(|seen| request.is_answered_by(seen, rest, now.protocol)))
}

/// Keeps the request and sends the browser to the page that asks for the identifier.
async fn begin(
    provider: &Provider,
    headers: &HeaderMap,
    request: AuthorizationRequest,
    client: &Client,
    now: Now,
) -> Result<Response, Outage> {
    let random = provider.with.random.as_ref();
    let known = provider.browser(headers).filter(|secret| secret.expose().len() == 43);
    let browser = known.unwrap_or_else(|| Secret::mint(random));
    let id = LoginId(random.id(now.protocol));
    let life = provider.settings().login_life;
    let login = Login {
        id,
        browser: browser.digest(),
        request,
        challenge: None,
        until: now.protocol + life,
    };
    tracing::debug!(client.id = %client.id, login.id = %id, "a log-in begins");
    provider.with.logins.begin_login(login).await?;
    let location = provider.settings().wallet(&format!("/auth/connexion?demande={id}"));
    let location = HeaderValue::from_str(&location)
        .map_err(|_| Outage::Unavailable("wallet_url is no header".to_owned()))?;
    let mut response =
        page::protected((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response());
    set(&mut response, provider.cookies.set(BROWSER_COOKIE, &browser, life));
    Ok(response)
}

fn nowhere(provider: &Provider, error: NoReturnAddress) -> Response {
    let trouble = match error {
        NoReturnAddress::UnknownClient => Trouble {
            code: "client_inconnu",
            title: "Service inconnu",
            text: "Le service qui vous a envoyé ici n'est pas enregistré, ou il est désactivé. \
                   Revenez à votre logiciel et prévenez son éditeur.",
            onward: None,
        },
        NoReturnAddress::UnregisteredRedirect => Trouble {
            code: "adresse_retour",
            title: "Adresse de retour non enregistrée",
            text: "L'adresse redirect_uri de la demande n'est pas, caractère pour caractère, l'une \
                   de celles que ce service a enregistrées. Revenez à votre logiciel et prévenez \
                   son éditeur.",
            onward: None,
        },
    };
    page::error(provider.settings().frame, StatusCode::BAD_REQUEST, trouble)
}

fn unreadable(provider: &Provider) -> Response {
    let trouble = Trouble {
        code: "requete_invalide",
        title: "Demande illisible",
        text: "Les paramètres de la demande ne sont pas lisibles. Revenez à votre logiciel et \
               recommencez.",
        onward: None,
    };
    page::error(provider.settings().frame, StatusCode::BAD_REQUEST, trouble)
}
