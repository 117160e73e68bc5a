//! Clients that the operator writes down: `[clients.<client_id>]`, in the words of the API.

use figment::value::{Dict, Value as Setting};
use serde_json::{Map, Value};

use crate::{
    kernel::{ClientId, secret::Secret},
    oidc::{Registration, Written, bad_member::BadMember, built_in::is_reserved},
};

use super::{
    places::Outbound,
    reading::{Reader, in_file},
};

/// One of them, understood by the same parser as the API's.
#[derive(Debug)]
pub struct WrittenClient {
    /// Its name in the protocol.
    pub id: ClientId,
    /// Its registration and its secret.
    pub written: Written,
}

/// The section.
const SECTION: &str = "clients";
/// Where a secret may be, in place of `client_secret`.
const FILE: &str = "client_secret_file";
const VARIABLE: &str = "client_secret_env";
const SECRET: &str = "client_secret";

/// All of them, or `None` if anything is wrong with one.
pub(super) fn read(
    reader: &mut Reader<'_>,
    outbound: Option<&Outbound>,
) -> Option<Vec<WrittenClient>> {
    let tables = reader.section(SECTION);
    let mut one = |(id, table): &(&str, &Setting)| client(reader, id, table, outbound);
    let read: Vec<_> = tables.iter().map(&mut one).collect();
    read.into_iter().collect()
}

fn client(
    reader: &mut Reader<'_>,
    id: &str,
    table: &Setting,
    outbound: Option<&Outbound>,
) -> Option<WrittenClient> {
    let key = format!("{SECTION}.{id}");
    let Some(settings) = table.as_dict() else {
        reader.wrong_at(&key, table, "a section is wanted: [clients.<client_id>]");
        return None;
    };
    let at = |name: &str| settings.get(name).or_else(|| settings.values().next()).unwrap_or(table);
    let parsed: Option<ClientId> = id.parse().ok();
    if parsed.is_none() {
        let problem = "a client_id is 1 to 128 visible ASCII characters without a colon";
        reader.wrong_at(&key, at(""), problem);
    }
    if parsed.as_ref().is_some_and(is_reserved) {
        reader.wrong_at(&key, at(""), "this client_id is the gateway's own");
    }
    let secret = secret(reader, settings);
    if let Err((name, problem)) = &secret {
        reader.wrong_at(&format!("{key}.{name}"), at(name), problem.as_str());
    }
    let mut members = members(settings);
    let secret = secret.ok();
    if let Some(secret) = &secret {
        members.insert(SECRET.to_owned(), secret.expose().into());
    }
    let blank = Registration::blank(id);
    let untold = outbound.and_then(|outbound| blank.untold(&members, &outbound.allow));
    let (written, bad) = match blank.change(members) {
        Ok(written) => (Some(written), Vec::new()),
        Err(bad) => (None, bad),
    };
    let is_told = untold.is_none();
    for BadMember { field, flaw } in bad.into_iter().chain(untold) {
        reader.wrong_at(&format!("{key}.{field}"), at(&field), flaw.to_string());
    }
    let written = written.filter(|_| is_told)?;
    secret.and(Some(WrittenClient { id: parsed?, written }))
}

/// What the API would be sent, but for the secret.
fn members(settings: &Dict) -> Map<String, Value> {
    let ours = [FILE, VARIABLE, SECRET];
    let others = settings.iter().filter(|(name, _)| !ours.contains(&name.as_str()));
    // Whatever TOML holds has a form in JSON.
    let json = |value: &Setting| serde_json::to_value(value).unwrap_or_default();
    others.map(|(name, value)| (name.clone(), json(value))).collect()
}

/// The secret, from exactly one of three places; or which setting is wrong, and why.
fn secret(reader: &Reader<'_>, settings: &Dict) -> Result<Secret, (&'static str, String)> {
    let written: Vec<_> =
        [FILE, VARIABLE, SECRET].into_iter().filter(|name| settings.contains_key(*name)).collect();
    let &[name] = written.as_slice() else {
        let problem = format!("one of {FILE}, {VARIABLE} and {SECRET} is wanted");
        return Err((written.last().copied().unwrap_or(FILE), problem));
    };
    let text = settings.get(name).and_then(Setting::as_str);
    let text = text.ok_or_else(|| (name, "a text in quotes is wanted".to_owned()))?;
    if name == SECRET {
        return Ok(Secret::received(text.to_owned()));
    }
    if name == FILE {
        return in_file(text).map_err(|problem| (name, problem));
    }
    let found = reader.variable(text).map(|value| Secret::received(value.to_owned()));
    found.ok_or_else(|| (name, format!("the environment holds no {text}")))
}
