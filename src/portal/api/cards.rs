//! Security's decisions on a card.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, Path, State},
    response::Response,
    routing::post,
};

use crate::{
    ecps::{Decision, Ecps, Nobody},
    kernel::{
        Rpps,
        retry::{Keep, Kept, Wording},
    },
    web::Problem,
};

use super::{
    super::Callers,
    answer::{not_found, written},
    call::{Call, Scope},
};

/// What this part of the API works with.
#[derive(Clone)]
pub struct CardsApi {
    /// Who recognises callers.
    pub callers: Arc<dyn Callers>,
    /// The cards.
    pub ecps: Ecps,
}

impl FromRef<CardsApi> for Arc<dyn Callers> {
    fn from_ref(api: &CardsApi) -> Self {
        Arc::clone(&api.callers)
    }
}

impl CardsApi {
    /// The routes, for `/api/v1`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/professionals/{rpps}/card/block", post(block))
            .route("/professionals/{rpps}/card/replace", post(replace))
            .with_state(self)
    }

    /// A card is the person's, not a structure's: a program bound to one decides on none.
    async fn decide(
        &self,
        call: Call,
        rpps: &str,
        decision: Decision,
    ) -> Result<Response, Problem> {
        call.needs(Scope::SecurityWrite)?;
        call.acts_everywhere()?;
        let unknown = || not_found("Professionnel inconnu");
        let rpps: Rpps = rpps.parse().map_err(|_| unknown())?;
        let wording: Wording<Rpps> = Arc::new(|_| Kept { status: 204, body: String::new() });
        let keep = Keep::under(call.once(), Arc::clone(&wording));
        let outcome = self.ecps.decide(rpps, decision, call.actor(), keep).await?;
        written(outcome, &wording, |Nobody| unknown())
    }
}

/// `POST /professionals/{rpps}/card/block`
async fn block(
    State(api): State<CardsApi>,
    Path(rpps): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    api.decide(call, &rpps, Decision::Block).await
}

/// `POST /professionals/{rpps}/card/replace`
async fn replace(
    State(api): State<CardsApi>,
    Path(rpps): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    api.decide(call, &rpps, Decision::Replace).await
}
