//! How often one address may try, with and without a reverse proxy in front.

use super::{
    gateway::Gateway,
    http::{Answer, send},
};

const TWO_A_MINUTE: &str = "[throttle]\ndirectory_per_minute_per_address = 2\n";

async fn look(gateway: &Gateway, accept: &str, header: (&str, &str)) -> Answer {
    let request = gateway.http.get(gateway.at("/annuaire?nom=du")).header("accept", accept);
    send(request.header(header.0, header.1)).await
}

#[tokio::test]
async fn behind_a_proxy_that_we_trust_each_address_has_its_own_count() {
    let settings = format!("[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n{TWO_A_MINUTE}");
    let gateway = Gateway::start(&settings);
    let json = "application/json";
    for (header, expected) in [
        (("x-forwarded-for", "192.0.2.1"), 200),
        (("x-forwarded-for", "198.51.100.1, 192.0.2.1"), 200),
        (("x-forwarded-for", "198.51.100.2, 192.0.2.1"), 429),
        (("x-forwarded-for", "192.0.2.2"), 200),
        (("forwarded", "for=192.0.2.1"), 429),
        (("forwarded", "for=\"[2001:db8::1]\""), 200),
        (("forwarded", "for=\"[2001:db8::2]\""), 200),
        (("forwarded", "for=\"[2001:db8::3]\""), 429),
    ] {
        assert_eq!(look(&gateway, json, header).await.status, expected, "{header:?}");
    }
    let refused = look(&gateway, json, ("x-forwarded-for", "192.0.2.1")).await;
    assert_eq!(refused.told(), (429, "too_many_requests".to_owned()));
    assert_eq!(refused.header("retry-after"), "60");
    let refused = look(&gateway, "text/html", ("x-forwarded-for", "192.0.2.1")).await;
    assert!(refused.body.contains("data-code=\"trop_de_tentatives\""), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "60");
}

#[tokio::test]
async fn the_word_of_a_stranger_is_not_taken() {
    let gateway = Gateway::start(TWO_A_MINUTE);
    let mut told = Vec::new();
    for origin in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        told.push(look(&gateway, "*/*", ("x-forwarded-for", origin)).await.status);
    }
    assert_eq!(told, [200, 200, 429]);
}
