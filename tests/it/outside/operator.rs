//! The gateway alone, in an operator's hands: a first program of the API, wrong settings told to a
//! program, bodies that are too long or never come.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    gateway::Gateway,
    http::{Answer, send},
    scenes::run,
};

const SECRET: &str = "a secret+of%2Fours";

fn settings(scope: &str) -> String {
    format!(
        "[clients.pilotage]\nclient_name = \"Pilotage\"\ngrant_types = [\"client_credentials\"]\n\
         scope = \"{scope}\"\nclient_secret_file = \"pilotage.secret\"\n"
    )
}

async fn token(gateway: &Gateway, client: &str, secret: &str) -> Answer {
    let url = "/auth/realms/esante-wallet/protocol/openid-connect/token";
    let request = gateway.http.post(gateway.at(url)).basic_auth(client, Some(secret));
    send(request.form(&[("grant_type", "client_credentials")])).await
}

async fn call(gateway: &Gateway, path: &str, token: &str) -> Answer {
    send(gateway.http.get(gateway.at(path)).bearer_auth(token)).await
}

fn access(answer: &Answer) -> String {
    answer.success()["access_token"].as_str().unwrap().to_owned()
}

/// A gateway with a program that may do this much.
fn with_program(more: &str) -> Gateway {
    let mut gateway = Gateway::start("");
    assert_eq!(gateway.stop(), Some(0));
    std::fs::write(gateway.path("pilotage.secret"), format!("{SECRET}\n")).unwrap();
    gateway.restart(&format!("{more}{}", settings("registry:read registry:write clients:write")));
    gateway
}

#[tokio::test]
async fn the_first_program_is_written_down_and_calls_the_api() {
    let mut gateway = with_program("");
    let first = access(&token(&gateway, "pilotage", SECRET).await);
    let shown = call(&gateway, "/api/v1/clients/pilotage", &first).await.success();
    assert_eq!(shown["client_name"], "Pilotage");
    assert_eq!(call(&gateway, "/api/v1/structures", &first).await.status, 200);

    // The same settings change nothing, others do, and what is not named any more stays.
    gateway.stop();
    gateway.restart(&settings("registry:read registry:write clients:write"));
    assert_eq!(call(&gateway, "/api/v1/structures", &first).await.status, 200);
    gateway.stop();
    gateway.restart(&settings("registry:write"));
    let second = access(&token(&gateway, "pilotage", SECRET).await);
    let refused = call(&gateway, "/api/v1/clients/pilotage", &second).await;
    assert_eq!(refused.told(), (403, "insufficient_scope".to_owned()));
    gateway.stop();
    gateway.restart(&format!("{}enabled = false\n", settings("registry:write")));
    assert_eq!(call(&gateway, "/api/v1/structures", &second).await.status, 401, "it was cut");
    gateway.stop();
    gateway.restart(&settings("registry:write"));
    gateway.stop();
    gateway.restart("");
    let third = access(&token(&gateway, "pilotage", SECRET).await);
    assert_eq!(call(&gateway, "/api/v1/structures", &third).await.status, 200);

    gateway.stop();
    let unknown = format!("{}structure = \"019999028\"\n", settings("registry:write"));
    let (code, said) = gateway.fail_to_start(&unknown);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("clients.pilotage") && said.contains("FINESS"), "{said}");
    assert!(!gateway.said().contains(SECRET));
}

/// RFC 6749, section 2.3.1: from clients that encode, and from those that do not.
#[tokio::test]
async fn a_secret_is_known_encoded_or_not() {
    let gateway = with_program("");
    let encoded = "a+secret%2Bof%252Fours";
    for (client, secret, expected) in [
        ("pilotage", SECRET, 200),
        ("pilotage", encoded, 200),
        ("pilot%61ge", encoded, 200),
        ("pilotage", "a secret of/ours", 401),
        ("pilotage", "a+secret+of%2Fours", 401),
        ("nobody", SECRET, 401),
    ] {
        assert_eq!(token(&gateway, client, secret).await.status, expected, "{client} {secret}");
    }
}

#[tokio::test]
async fn mistakes_are_told_to_programs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    let file = path.to_str().unwrap();
    let wrong = "[ecps]\npin_attempts = 0\n[clients.a]\nscope = \"registry:raed\"\n\
                 grant_types = [\"client_credentials\"]\nclient_secret_env = \"NO_SUCH_VARIABLE\"\n\
                 [clients.\"b.c\"]\nredirect_uris = [\"nowhere\"]\ncolour = \"red\"\n\
                 enabled = \"yes\"\nbackchannel_logout_uri = \"https://dui.example/fin\"\n\
                 [clients.portail]\nclient_secret = \"a secret of sixteen and more\"\n\
                 redirect_uris = [\"http://localhost/\"]\n";
    std::fs::write(&path, wrong).unwrap();
    let (code, out, err) = run(&["check-config", "--json", "--config", file]).await;
    assert_eq!((code, err.lines().count()), (Some(2), 9), "{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    let brief: Vec<Value> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["line"], one["setting"], one["message"]]))
        .collect();
    let expected = json!([
        [2, "ecps.pin_attempts", "a whole number from 1 to 10 is wanted"],
        [4, "clients.a.scope", "no such scope: registry:raed"],
        [6, "clients.a.client_secret_env", "the environment holds no NO_SUCH_VARIABLE"],
        [
            7,
            "clients.b.c.client_secret_file",
            "one of client_secret_file, client_secret_env and client_secret is wanted"
        ],
        [
            8,
            "clients.b.c.redirect_uris",
            "an absolute http(s) address without a fragment is wanted, not nowhere"
        ],
        [9, "clients.b.c.colour", "no such setting of a client"],
        [10, "clients.b.c.enabled", "true or false is wanted"],
        [
            11,
            "clients.b.c.backchannel_logout_uri",
            "its host is not in outbound.allow, so no notice of a log-out could leave"
        ],
        [12, "clients.portail", "this client_id is the gateway's own"],
    ]);
    assert_eq!(Value::from(brief), expected, "{out}");
    assert_eq!(told[0]["file"], file);

    std::fs::write(&path, "").unwrap();
    let (code, out, _) = run(&["check-config", "--json", "--config", file]).await;
    assert_eq!((code, out.trim()), (Some(0), "[]"));
}

/// Nobody's connection is reset while it is still sending: each hears why it is refused.
#[tokio::test]
async fn bodies_that_are_too_long_are_refused_in_words() {
    let gateway = with_program("");
    let bearer = access(&token(&gateway, "pilotage", SECRET).await);
    let oidc = "/auth/realms/esante-wallet/protocol/openid-connect";
    let (token, auth) = (format!("{oidc}/token"), format!("{oidc}/auth"));
    let json = "application/problem+json";
    for (path, bearer, told, media) in [
        ("/api/v1/professionals", &*bearer, (413, "too_large"), json),
        ("/api/v1/structures", &bearer, (413, "too_large"), json),
        ("/api/v1/professionals", "wrong", (401, "invalid_token"), json),
        ("/api/nowhere", "", (404, "not_found"), json),
        ("/device/v1/activations", "", (413, "too_large"), json),
        (token.as_str(), "", (413, "too_large"), json),
        (auth.as_str(), "", (413, ""), "text/html; charset=utf-8"),
        ("/auth/connexion", "", (413, ""), "text/html; charset=utf-8"),
    ] {
        let body = vec![b'a'; 7 << 20];
        let request = gateway.http.post(gateway.at(path)).bearer_auth(bearer);
        let form = "application/x-www-form-urlencoded";
        let answer = send(request.header("content-type", form).body(body)).await;
        assert_eq!(answer.told(), (told.0, told.1.to_owned()), "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), media, "{path}");
        let is_page = media != json;
        assert_eq!(answer.body.contains("data-code=\"requete_invalide\""), is_page, "{path}");
    }
}

/// A program is never answered with a page.
#[tokio::test]
async fn where_programs_ask_nothing_answers_a_page() {
    let gateway = Gateway::start("");
    let oidc = "/auth/realms/esante-wallet/protocol/openid-connect";
    for (method, path, told) in [
        ("GET", "/api", (404, "not_found")),
        ("GET", "/api/", (404, "not_found")),
        ("GET", "/api/v2/clients", (404, "not_found")),
        ("GET", "/api/v1/nowhere", (404, "not_found")),
        ("PATCH", "/api/v1/structures", (405, "method_not_allowed")),
        ("PATCH", "/api/v1/clients", (405, "method_not_allowed")),
        ("GET", "/api/v1/professionals/99900000037/card/block", (405, "method_not_allowed")),
        ("GET", "/device", (404, "not_found")),
        ("GET", "/device/v1/nowhere", (404, "not_found")),
        ("GET", "/device/v1/activations", (405, "method_not_allowed")),
        ("PUT", &format!("{oidc}/token"), (405, "method_not_allowed")),
        ("GET", "/demo/world", (404, "not_found")),
        ("POST", "/health/ready", (405, "method_not_allowed")),
        ("OPTIONS", "/api/v1/structures", (405, "method_not_allowed")),
        ("GET", "/api/v1/professionals/%ff", (400, "bad_request")),
        ("POST", "/api/v1/situations/%c3%28/end", (400, "bad_request")),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let answer = send(gateway.http.request(method, gateway.at(path))).await;
        assert_eq!(answer.told(), (told.0, told.1.to_owned()), "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.header("allow").is_empty(), answer.status != 405, "{path}");
    }
    for (method, path, status) in [
        ("GET", "/nowhere", 404),
        ("PUT", "/auth/connexion", 405),
        ("GET", "/annuaire/%ff", 400),
        ("GET", "/portail/situations/%ff", 400),
        ("POST", "/portail/demandes/%c3%28/valider", 400),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let answer = send(gateway.http.request(method, gateway.at(path))).await;
        assert_eq!(answer.status, status);
        assert!(answer.body.contains("data-code=\"requete_invalide\""), "{}", answer.body);
    }
}

/// What `said` is answered on a connection that says no more.
async fn answered(gateway: &Gateway, said: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    drop(stream.read_to_end(&mut heard).await);
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn who_never_finishes_is_not_waited_for() {
    let impatient = "[server]\nhead_seconds = 1\nbody_seconds = 1\n";
    let mut gateway = Gateway::start(impatient);
    assert_eq!(answered(&gateway, "GET / HTTP/1.1\r\nHost: a\r\nX: ").await, "");
    let post = |path: &str| {
        let form = "Content-Type: application/x-www-form-urlencoded";
        format!("POST {path} HTTP/1.1\r\nHost: a\r\n{form}\r\nContent-Length: 9\r\n\r\na=")
    };
    let page = answered(&gateway, &post("/auth/connexion")).await;
    assert!(page.starts_with("HTTP/1.1 408 ") && page.contains("requete_invalide"), "{page}");
    let problem = answered(&gateway, &post("/device/v1/activations")).await;
    assert!(problem.starts_with("HTTP/1.1 408 ") && problem.contains("too_slow"), "{problem}");

    // Half a request holds up the end of a gateway no more than its own.
    gateway.stop();
    gateway.restart("[server]\nhead_seconds = 600\nbody_seconds = 600\nstop_seconds = 1\n");
    let mut held = Vec::new();
    for said in ["GET / HTTP/1.1\r\nHost", &post("/auth/connexion")] {
        let mut stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        held.push(stream);
    }
    assert_eq!(gateway.stop(), Some(0));
}
