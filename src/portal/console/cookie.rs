//! The cookie of a person who is logged in: it names a grant, sealed, and no token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    kernel::{
        GrantId, Timestamp,
        seal::{RecordsKey, Unsealable},
        secret::Secret,
    },
    web::csrf::Csrf,
};

/// Its name.
pub(super) const NAME: &str = "portail";
/// What its seal is bound to.
const WHAT: &str = "cookie/portail";
/// What a form's token is bound to.
const PURPOSE: &str = "portail";

/// What the cookie says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The grant.
    pub(super) grant: GrantId,
    /// When a page was last shown: the session rests from there.
    pub(super) seen_at: Timestamp,
}

impl Named {
    /// As the browser holds it.
    pub(super) fn seal(self, key: &RecordsKey) -> Result<Secret, Unsealable> {
        let seen_at = self.seen_at.0.to_be_bytes();
        let plain = [self.grant.0.as_bytes().as_slice(), &seen_at].concat();
        Ok(Secret::received(URL_SAFE_NO_PAD.encode(key.seal(WHAT, &plain)?)))
    }

    /// Reads what a browser presents. `None`: we never made it.
    pub(super) fn open(presented: &Secret, key: &RecordsKey) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(presented.expose()).ok()?;
        let plain = key.open(WHAT, &sealed).ok()?;
        let (grant, seen_at) = plain.split_first_chunk::<16>()?;
        let seen_at = i64::from_be_bytes(seen_at.try_into().ok()?);
        Some(Self { grant: GrantId(Uuid::from_bytes(*grant)), seen_at: Timestamp(seen_at) })
    }

    /// The secret from which the forms of this session take their token. The cookie itself changes
    /// with each page, and a form that was opened before must stay good.
    fn form_secret(self, key: &RecordsKey) -> Secret {
        let digest = key.digest("forms/portail", &self.grant.to_string());
        Secret::received(URL_SAFE_NO_PAD.encode(digest.as_bytes()))
    }

    /// The token of its forms.
    pub(super) fn forms(self, key: &RecordsKey) -> Csrf {
        Csrf::token(&self.form_secret(key), PURPOSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_as_it_was_made_and_by_us_only() {
        let [ours, others] = [[7; 32], [8; 32]].map(|bytes| RecordsKey::new(&bytes).unwrap());
        let named = Named { grant: GrantId(Uuid::from_u128(7)), seen_at: Timestamp(42) };
        let held = named.seal(&ours).unwrap();
        assert_eq!(Named::open(&held, &ours), Some(named));
        assert_eq!(Named::open(&held, &others), None);
        #[track_caller]
        fn check(presented: &str, key: &RecordsKey) {
            assert_eq!(Named::open(&Secret::received(presented.to_owned()), key), None);
        }
        check("", &ours);
        check("x", &ours);
        check(&held.expose()[1..], &ours);
        check(&named.grant.to_string(), &ours);
    }
}
