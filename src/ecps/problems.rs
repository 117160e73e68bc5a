//! Refusals as a phone's program reads them: each has one stable code.

use axum::http::StatusCode;

use crate::web::Problem;

use super::{
    ActivationRefused, ApprovalRefused, BadProof, FinishRefused, activation::NotActivable,
    card::CardInactive, device_proof::BadKey,
};

impl From<BadKey> for Problem {
    fn from(_: BadKey) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_key",
            "La clé publique n'est pas celle d'un téléphone : il faut une clé P-256 (JWK).",
        )
    }
}

impl From<BadProof> for Problem {
    fn from(bad: BadProof) -> Self {
        tracing::debug!(%bad, "a phone's proof was refused");
        Self::new(
            StatusCode::UNAUTHORIZED,
            "bad_proof",
            "La preuve de ce téléphone n'est pas valable.",
        )
    }
}

impl From<CardInactive> for Problem {
    fn from(reason: CardInactive) -> Self {
        Self::new(StatusCode::FORBIDDEN, "card_inactive", reason.to_string())
    }
}

impl From<ActivationRefused> for Problem {
    fn from(refused: ActivationRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            ActivationRefused::Unknown(_) => {
                Self::new(StatusCode::NOT_FOUND, "unknown_identifier", detail)
            }
            ActivationRefused::NotActivable(NotActivable::TooEarly { at }) => {
                Self::new(StatusCode::CONFLICT, "too_early", detail).with("activable_at", at)
            }
            ActivationRefused::NotActivable(NotActivable::Inactive(reason)) => reason.into(),
            ActivationRefused::Rests { until } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail)
                    .with("activable_at", until)
            }
            ActivationRefused::Undelivered => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(60)
            }
            ActivationRefused::Outage(outage) => outage.into(),
        }
    }
}

impl From<FinishRefused> for Problem {
    fn from(refused: FinishRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            FinishRefused::Expired => Self::new(StatusCode::GONE, "expired", detail),
            FinishRefused::Wrong { left } => {
                Self::new(StatusCode::BAD_REQUEST, "wrong_secret", detail)
                    .with("attempts_left", left)
            }
            FinishRefused::Inactive(reason) => reason.into(),
            FinishRefused::Outage(outage) => outage.into(),
        }
    }
}

impl From<ApprovalRefused> for Problem {
    fn from(refused: ApprovalRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            ApprovalRefused::Gone => Self::new(StatusCode::GONE, "challenge_gone", detail),
            ApprovalRefused::WrongPin { left } => {
                Self::new(StatusCode::BAD_REQUEST, "wrong_pin", detail).with("attempts_left", left)
            }
            ApprovalRefused::WrongCode => Self::new(StatusCode::BAD_REQUEST, "wrong_code", detail),
            ApprovalRefused::Inactive(reason) => reason.into(),
            ApprovalRefused::NoRight(_) => {
                Self::new(StatusCode::FORBIDDEN, "card_inactive", detail)
            }
            ApprovalRefused::Outage(outage) => outage.into(),
        }
    }
}
