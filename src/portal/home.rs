//! The home page: who are you, and where to go from here.

use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

use crate::web::page::{Frame, html};

/// What the home page names.
#[derive(Clone, Debug)]
pub struct Home {
    /// How pages are framed.
    pub frame: Frame,
    /// The issuer, as a vendor configures it.
    pub issuer: String,
    /// The demo's other parties; `None` where there is no demo.
    pub parties: Option<Parties>,
}

/// Where the demo's other parties are.
#[derive(Clone, Debug)]
pub struct Parties {
    /// The mock phones and their mailbox.
    pub phones: String,
    /// Care-home software: name and address.
    pub software: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "accueil.html")]
struct Page<'a> {
    frame: Frame,
    issuer: &'a str,
    parties: Option<&'a Parties>,
}

impl Home {
    /// `/`
    pub fn router(self) -> Router {
        Router::new().route("/", get(show)).with_state(self)
    }
}

async fn show(State(home): State<Home>) -> Response {
    let page = Page { frame: home.frame, issuer: &home.issuer, parties: home.parties.as_ref() };
    html(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_finds_a_way_and_the_demo_shows_its_parties() {
        let page = |parties: Option<&Parties>| {
            let frame = Frame { demo: parties.is_some() };
            Page { frame, issuer: "http://localhost:8080/auth/realms/esante-wallet", parties }
                .render()
                .unwrap()
        };
        let parties = Parties {
            phones: "http://localhost:8084".to_owned(),
            software: vec![("DUI".to_owned(), "http://localhost:8082".to_owned())],
        };
        let (demo, served) = (page(Some(&parties)), page(None));
        for id in ["professionnel", "gestionnaire", "editeur", "securite"] {
            assert!(served.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(demo.contains("DÉMONSTRATION") && demo.contains("http://localhost:8084"));
        assert!(!served.contains("DÉMONSTRATION") && !served.contains("localhost:8084"));
    }
}
