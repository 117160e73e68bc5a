//! A code becomes tokens.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::{
    access::{Door, Now, Passed},
    kernel::{ClientId, Timestamp, secret::Secret},
    web::fields::Fields,
};

use super::{
    Provider,
    claims::Named,
    client::Client,
    client_auth::AuthenticatedClient,
    error::TokenError,
    grant::{Code, Grant, GrantRequest, Redemption},
    registration::GrantType,
    tokens::{Minting, RefreshToken, Tokens},
};

/// What comes with a code.
pub(super) struct Presented {
    pub(super) code: Code,
    pub(super) redirect_uri: Option<String>,
    pub(super) verifier: Option<Secret>,
}

impl Provider {
    /// RFC 6749, section 4.1.3. The code leaves circulation first and is checked then: a failed check
    /// has burnt it.
    pub(super) async fn redeem(
        &self,
        client: &AuthenticatedClient,
        mut fields: Fields,
    ) -> Result<Tokens, TokenError> {
        let client = client.client();
        let code = fields.take_secret("code").ok_or(TokenError::Missing("code"))?;
        let presented = Presented {
            code: Code::read(&code).ok_or(TokenError::UnknownCode)?,
            redirect_uri: fields.get("redirect_uri").map(str::to_owned),
            verifier: fields.take_secret("code_verifier"),
        };
        let (grant, now) = self.take(&client.id, presented).await?;
        self.first_tokens(client, &grant, now).await
    }

    /// Takes a code out of circulation for `by`, through both gates, and checks what came with it.
    pub(super) async fn take(
        &self,
        by: &ClientId,
        presented: Presented,
    ) -> Result<(Box<Grant>, Timestamp), TokenError> {
        let Presented { code, redirect_uri, verifier } = presented;
        let grant = self.with.grants.grant(code.grant).await?.ok_or(TokenError::UnknownCode)?;
        if grant.client != *by {
            return Err(TokenError::UnknownCode);
        }
        let write = async |passed: Passed, now: Now| match self
            .with
            .grants
            .redeem(passed, code.grant, code.digest(), by.clone())
            .await?
        {
            Redemption::Taken(grant) => {
                check(&grant.request, redirect_uri.as_deref(), verifier.as_ref())?;
                let grown = grant.holder();
                Ok(((grant, now.protocol), grown))
            }
            Redemption::Replayed => Err(TokenError::CodeReplayed),
            Redemption::Unknown => Err(TokenError::UnknownCode),
        };
        self.with.doors.mint(Door::Redemption, &grant.holder(), write).await
    }

    async fn first_tokens(
        &self,
        client: &Client,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Tokens, TokenError> {
        let bearer = grant.bearer.ok_or(TokenError::UnknownCode)?;
        let subject = self.with.subjects.subject(bearer.rpps).await?;
        let subject = subject.ok_or(TokenError::UnknownCode)?;
        let named = Named::new(&subject, grant, self.federation);
        let refresh = if client.may(GrantType::RefreshToken) {
            RefreshToken::New(0, now)
        } else {
            RefreshToken::None
        };
        let scope = &grant.request.scope;
        let minting = Minting { grant, named: &named, scope, now, first: true };
        Ok(self.tokens(&minting, refresh).await?)
    }
}

fn check(
    request: &GrantRequest,
    redirect: Option<&str>,
    verifier: Option<&Secret>,
) -> Result<(), TokenError> {
    if redirect != request.redirect_uri.as_deref() {
        return Err(TokenError::RedirectMismatch);
    }
    match (request.code_challenge.as_deref(), verifier) {
        (None, None) => Ok(()),
        // RFC 9700, section 2.1.1: a verifier without a challenge may be a downgrade.
        (None, Some(_)) => Err(TokenError::VerifierUnasked),
        (Some(challenge), Some(verifier)) if proves(verifier, challenge) => Ok(()),
        (Some(_), Some(_) | None) => Err(TokenError::VerifierMismatch),
    }
}

/// RFC 7636, section 4.6.
fn proves(verifier: &Secret, challenge: &str) -> bool {
    let verifier = verifier.expose();
    let unreserved = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~');
    let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    let computed = URL_SAFE_NO_PAD.encode(hash);
    well_formed && bool::from(computed.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_of_the_standard_proves_its_challenge() {
        // RFC 7636, appendix B.
        const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        const HERE: &str = "http://localhost:8082/retour";

        #[track_caller]
        fn outcome(
            challenge: Option<&str>,
            verifier: Option<&str>,
            redirect: Option<&str>,
        ) -> String {
            let request = GrantRequest {
                redirect_uri: Some(HERE.to_owned()),
                code_challenge: challenge.map(str::to_owned),
                ..GrantRequest::default()
            };
            let verifier = verifier.map(|text| Secret::received(text.to_owned()));
            match check(&request, redirect, verifier.as_ref()) {
                Ok(()) => "ok".to_owned(),
                Err(error) => format!("{error:?}"),
            }
        }
        let short = &VERIFIER[..42];
        assert_eq!(outcome(None, None, Some(HERE)), "ok");
        assert_eq!(outcome(Some(CHALLENGE), Some(VERIFIER), Some(HERE)), "ok");
        assert_eq!(outcome(Some(CHALLENGE), None, Some(HERE)), "VerifierMismatch");
        assert_eq!(outcome(Some(CHALLENGE), Some(short), Some(HERE)), "VerifierMismatch");
        assert_eq!(outcome(Some(CHALLENGE), Some(CHALLENGE), Some(HERE)), "VerifierMismatch");
        assert_eq!(outcome(None, Some(VERIFIER), Some(HERE)), "VerifierUnasked");
        assert_eq!(outcome(None, None, None), "RedirectMismatch");
        let slash = format!("{HERE}/");
        assert_eq!(outcome(None, None, Some(&slash)), "RedirectMismatch");
    }
}
