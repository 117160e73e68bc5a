//! Promise 12: a stranger's mistake gets a clear answer. Nothing here may panic, hang, answer 500,
//! or change anything.

mod pages;
mod tokens;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{
    api::Api,
    demo::Demo,
    http::Answer,
    party::{Doors, Party},
    scenes::logged_in,
};

/// Everything that these requests could have changed.
async fn state(api: &Api) -> Vec<Value> {
    let mut state = Vec::new();
    for path in ["/professionals", "/clients", "/departures", "/sessions", "/structures"] {
        state.push(api.get(path).await.success());
    }
    state
}

/// One demo, one live log-in, and the state that must not change.
struct Target {
    demo: Demo,
    api: Api,
    party: Party,
    tokens: super::party::Tokens,
    before: Vec<Value>,
}

impl Target {
    async fn set_up() -> Self {
        let demo = Demo::start().await;
        let api = Api::of(&demo).await;
        let party = Party::of(&demo, "dui-tilleuls");
        let (_, tokens) = logged_in(&demo, &party, &demo.person("aide-soignante")).await;
        let before = state(&api).await;
        Self { demo, api, party, tokens, before }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.demo.http.request(method, format!("{}{path}", self.demo.gateway()))
    }

    async fn tear_down(self) {
        assert_eq!(state(&self.api).await, self.before, "a mistake changed something");
        assert_eq!(self.party.doors(&self.tokens).await, Doors::open());
        assert!(!self.demo.said().contains("panicked"), "{}", self.demo.said());
    }
}

#[track_caller]
fn refused(what: &str, answer: &Answer, expected: &(u16, String)) {
    assert_eq!(answer.told(), *expected, "{what}: {}", answer.body);
    assert!(!answer.body.contains("panicked"), "{what}");
}

/// The kind of body that OAuth takes.
const FORM: &str = "application/x-www-form-urlencoded";

/// Bytes that are no HTTP, and requests that never end: the others are served meanwhile.
#[tokio::test]
async fn on_the_wire() {
    use tokio::{io::AsyncWriteExt, net::TcpStream};
    let target = Target::set_up().await;
    let address = ("127.0.0.1", target.demo.port());
    let mut held = Vec::new();
    let starts: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /auth HTTP/9.9\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
    ];
    for start in starts.iter().cycle().take(100) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(start).await.unwrap();
        held.push(stream);
    }
    target.tear_down().await;
    drop(held);
}
