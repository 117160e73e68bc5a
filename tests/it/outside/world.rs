//! What `GET /demo/world` tells, so that a test needs no constant.

use serde_json::Value;

/// The world of one demo, as it was when it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct World(pub(crate) Value);

/// Somebody of the demo.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) rpps: String,
    pub(crate) identifier: String,
    pub(crate) pin: String,
    pub(crate) email: String,
    pub(crate) mobile: String,
}

impl World {
    pub(crate) fn url(&self, party: &str) -> String {
        text(&self.0["urls"][party])
    }

    pub(crate) fn issuer(&self) -> String {
        text(&self.0["issuer"])
    }

    pub(crate) fn person(&self, key: &str) -> Person {
        Person::from(find(&self.0["people"], key))
    }

    pub(crate) fn client(&self, key: &str) -> Value {
        find(&self.0["clients"], key).clone()
    }

    pub(crate) fn finess(&self, key: &str) -> String {
        text(&find(&self.0["structures"], key)["finess"])
    }

    /// Identifier and secret of the program that may call the whole API.
    pub(crate) fn api(&self) -> (String, String) {
        (text(&self.0["api"]["client_id"]), text(&self.0["api"]["client_secret"]))
    }
}

impl From<&Value> for Person {
    fn from(person: &Value) -> Self {
        Self {
            rpps: text(&person["rpps"]),
            identifier: text(&person["identifier"]),
            pin: text(&person["pin"]),
            email: text(&person["email"]),
            mobile: text(&person["mobile"]),
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn find<'a>(list: &'a Value, key: &str) -> &'a Value {
    let found = list.as_array().and_then(|list| list.iter().find(|one| one["key"] == key));
    found.unwrap_or_else(|| panic!("the demo world has no {key}: {list}"))
}
