//! What waits for this phone, and its owner's answers.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::device::Signer;
use super::{Active, Phones};
use crate::web::Problem;

/// One log-in that waits, as the phone shows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Pending {
    pub(crate) challenge: String,
    pub(crate) kind: String,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) codes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binding_message: Option<String>,
    #[serde(default)]
    pub(crate) expires_at: String,
}

/// What the owner does: chooses a code, then types the PIN.
#[derive(Deserialize)]
pub(crate) struct Approval {
    pub(crate) challenge: String,
    #[serde(default)]
    pub(crate) code: Option<String>,
    pub(crate) pin: String,
}

impl Phones {
    /// What waits, newest first; nothing waits on a phone without a card.
    pub(crate) async fn pending(&self, rpps: &str) -> Result<Vec<Pending>, Problem> {
        match self.active(rpps) {
            Ok(active) => self.pending_of(&active).await,
            Err(problem) if problem.code() == "no_device" => Ok(Vec::new()),
            Err(problem) => Err(problem),
        }
    }

    async fn pending_of(&self, active: &Active) -> Result<Vec<Pending>, Problem> {
        let answer = self.api.challenges(active.signer()).await?;
        let items = answer.get("items").cloned().unwrap_or(answer);
        let pending: Vec<Pending> = serde_json::from_value(items).map_err(|error| {
            tracing::warn!(%error, "the gateway's list of challenges could not be read");
            Problem::new(
                StatusCode::BAD_GATEWAY,
                "gateway_error",
                "La liste des demandes est illisible.",
            )
        })?;
        let mut now = self.lock();
        for one in &pending {
            now.clients.insert(&one.challenge, one.client_id.clone());
        }
        Ok(pending)
    }

    pub(crate) async fn approve(&self, rpps: &str, approval: &Approval) -> Result<Value, Problem> {
        let active = self.active(rpps)?;
        let client_id = self.client_of(&active, &approval.challenge).await?;
        let mut body = json!({"pin": approval.pin, "client_id": client_id});
        if let (Some(code), Some(members)) = (&approval.code, body.as_object_mut()) {
            members.insert("code".into(), code.as_str().into());
        }
        self.api.answer((&approval.challenge, "approve"), &body, active.signer()).await
    }

    pub(crate) async fn deny(&self, rpps: &str, challenge: &str) -> Result<Value, Problem> {
        let active = self.active(rpps)?;
        self.api.answer((challenge, "deny"), &json!({}), active.signer()).await
    }

    /// The client that the phone showed with this challenge.
    async fn client_of(&self, active: &Active, challenge: &str) -> Result<String, Problem> {
        let known = |phones: &Self| phones.lock().clients.get(challenge).cloned();
        if let Some(client) = known(self) {
            return Ok(client);
        }
        self.pending_of(active).await?;
        known(self).ok_or_else(|| {
            Problem::new(StatusCode::GONE, "challenge_gone", "Cette demande n'existe plus.")
        })
    }
}

impl Active {
    fn signer(&self) -> Signer<'_> {
        Signer { key: &self.key, kid: &self.saved.device }
    }
}
