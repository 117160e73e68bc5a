//! The parameters of a call: each known, each once, each with a value.

use std::str::FromStr;

use axum::http::StatusCode;

use crate::web::Problem;

/// The parameters as they came, in order.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// From a query string, without its question mark. An empty `after` is the first page: so does a
    /// program ask that has no `next` yet.
    pub(super) fn read(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        Self(pairs.filter(|(name, value)| name != "after" || !value.is_empty()).collect())
    }

    /// Refuses parameters other than `known`, those that came twice, and those without a value: an
    /// empty filter is a variable that its writer forgot to fill.
    pub(super) fn holds_only(&self, known: &[&str]) -> Result<(), Problem> {
        let exist = || match known {
            [] => "cet appel n'en prend aucun".to_owned(),
            known => format!("cet appel prend {}", known.join(", ")),
        };
        for (index, (name, value)) in self.0.iter().enumerate() {
            let why = if !known.contains(&name.as_str()) {
                format!("inconnu ; {}", exist())
            } else if self.0.iter().take(index).any(|(before, _)| before == name) {
                format!("donné deux fois ; {}, une fois chacun", exist())
            } else if value.is_empty() {
                "vide : donnez-lui une valeur, ou retirez-le".to_owned()
            } else {
                continue;
            };
            return Err(bad_parameter(name, &why).with("parameters", known));
        }
        Ok(())
    }

    /// The value of `name`.
    pub(super) fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let found = self.0.iter().find(|(known, _)| known == name);
        let parse = |(_, text): &(String, String)| {
            text.parse().map_err(|_| bad_parameter(name, "valeur illisible"))
        };
        found.map(parse).transpose()
    }
}

/// What is wrong with a parameter, or a header that stands for one.
pub(super) fn bad_parameter(name: &str, why: &str) -> Problem {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    let detail = format!("Paramètre {shown} incorrect : {why}.");
    Problem::new(StatusCode::BAD_REQUEST, "invalid_parameter", detail).with("parameter", shown)
}
