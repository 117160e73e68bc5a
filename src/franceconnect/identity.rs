//! From the claims of FranceConnect to an identity: what is checked, what a missing or empty claim
//! means, which parts of a date of birth are a convention.

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    kernel::Timestamp,
    registry::{VerifiedIdentity, folding::tidy, nomenclature::FRANCE, verified::Presumed},
};

use super::Level;

/// A claim that is absent, or not what FranceConnect writes. Its value is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0} is absent or not as FranceConnect writes it")]
pub struct BadIdentity(pub &'static str);

/// Userinfo's claims, as they came.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Claims {
    sub: String,
    given_name: Option<String>,
    given_name_array: Option<Vec<String>>,
    family_name: Option<String>,
    preferred_username: Option<String>,
    gender: Option<String>,
    birthdate: Option<String>,
    idp_birthdate: Option<String>,
    birthplace: Option<String>,
    birthcountry: Option<String>,
    email: Option<String>,
}

impl Claims {
    /// Whom they are about.
    pub(super) fn subject(&self) -> &str {
        &self.sub
    }
}

/// How the person was authenticated: from the ID token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// Who, for us.
    pub(super) sub: String,
    /// How well.
    pub(super) level: Level,
    /// When.
    pub(super) at: Timestamp,
}

/// The identity that `claims` tell of the person of `proof`.
pub(super) fn identity(claims: Claims, proof: Proof) -> Result<VerifiedIdentity, BadIdentity> {
    if !is_subject(&proof.sub) {
        return Err(BadIdentity("sub"));
    }
    let (birth_date, presumed) = birth_date(&claims)?;
    let birth_country =
        claims.birthcountry.filter(|code| is_country(code)).ok_or(BadIdentity("birthcountry"))?;
    Ok(VerifiedIdentity {
        birth_name: name(claims.family_name).ok_or(BadIdentity("family_name"))?,
        first_names: first_names(claims.given_name_array, claims.given_name)?,
        usage_name: name(claims.preferred_username),
        sex: sex(claims.gender.as_deref())?,
        birth_date,
        presumed,
        birth_commune: commune(&birth_country, claims.birthplace)?,
        birth_country,
        email: claims.email.filter(|text| is_address(text)),
        sub: proof.sub,
        acr: proof.level.acr().to_owned(),
        authenticated_at: proof.at,
    })
}

/// `^[0-9a-f]{64}v1$`.
pub(super) fn is_subject(text: &str) -> bool {
    let digits = text.strip_suffix("v1").unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Absent and empty are the same: FranceConnect writes either.
fn name(text: Option<String>) -> Option<String> {
    let text = text.filter(|text| text.chars().count() <= 200 && !text.contains(char::is_control));
    text.map(|text| tidy(&text)).filter(|text| !text.is_empty())
}

/// The list where it comes: `given_name` joins with spaces first names that may hold spaces.
fn first_names(
    list: Option<Vec<String>>,
    joined: Option<String>,
) -> Result<Vec<String>, BadIdentity> {
    let names = match (list.filter(|list| !list.is_empty()), name(joined)) {
        (Some(list), _) => list.into_iter().map(|text| name(Some(text))).collect(),
        (None, Some(joined)) => Some(joined.split(' ').map(str::to_owned).collect()),
        (None, None) => None,
    };
    names.ok_or(BadIdentity("given_name"))
}

fn sex(gender: Option<&str>) -> Result<Option<String>, BadIdentity> {
    match gender {
        Some("male") => Ok(Some("M".to_owned())),
        Some("female") => Ok(Some("F".to_owned())),
        Some("unspecified" | "") | None => Ok(None),
        Some(_) => Err(BadIdentity("gender")),
    }
}

/// FranceConnect writes presumed parts as 1 and tells of them by `idp_birthdate`; FranceConnect+
/// writes them as 0.
fn birth_date(claims: &Claims) -> Result<(Date, Presumed), BadIdentity> {
    let bad = BadIdentity("birthdate");
    let (date, presumed) = claims.birthdate.as_deref().and_then(partial_date).ok_or(bad)?;
    let told = claims.idp_birthdate.as_deref().and_then(partial_date);
    // A register that knows the day corrects what the identity provider presumed.
    let presumed = match told {
        Some((same, told)) if same == date && presumed == Presumed::Nothing => told,
        Some(_) | None => presumed,
    };
    Ok((date, presumed))
}

/// `YYYY-MM-DD`, `YYYY-MM-00` or `YYYY-00-00`.
fn partial_date(text: &str) -> Option<(Date, Presumed)> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let mut parts = text.splitn(3, '-').filter_map(|part| part.parse::<i16>().ok());
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (month, day, presumed) = match (month, day) {
        (0, 0) => (1, 1, Presumed::DayAndMonth),
        (_, 0) => (month, 1, Presumed::Day),
        (_, _) => (month, day, Presumed::Nothing),
    };
    let narrow = |number: i16| i8::try_from(number).ok();
    let date = Date::new(year, narrow(month)?, narrow(day)?).ok()?;
    (shape && year > 0).then_some((date, presumed))
}

/// A country of the COG: 99 and three digits.
fn is_country(code: &str) -> bool {
    code.len() == 5 && code.starts_with("99") && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// A commune of the COG, two digits or 2A or 2B, then three digits; for who was born in France only:
/// abroad it is empty, a free text or a code of former times.
fn commune(country: &str, place: Option<String>) -> Result<Option<String>, BadIdentity> {
    if country != FRANCE {
        return Ok(None);
    }
    let is_commune = |code: &String| {
        let rest = code.strip_prefix("2A").or_else(|| code.strip_prefix("2B"));
        let digits = rest.unwrap_or(code);
        code.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    place.filter(is_commune).map(Some).ok_or(BadIdentity("birthplace"))
}

/// Good enough to propose it: the person confirms it or writes another.
fn is_address(text: &str) -> bool {
    let plain = text.len() <= 254 && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    plain && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}
