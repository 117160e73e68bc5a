//! The storage verbs of requests. Each is one transaction.

use crate::kernel::{
    Finess, Outage, RequestId, Timestamp,
    retry::{Answered, Keep},
};

use super::{
    super::{Page, document::Document},
    NearDuplicate, NotDecided, NotSent, NotValidated, RegistrationRequest, Rejection, RequestDraft,
    RequestFacts, RequestState, RequestWanted, Validated, Validation,
};

/// Which requests are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestQuery {
    /// Only at these structures; `None`: everywhere.
    pub structures: Option<Vec<Finess>>,
    /// Only in this state.
    pub state: Option<RequestState>,
}

/// Requests.
#[async_trait::async_trait]
pub trait Requests: Send + Sync {
    /// Sends it, with its document: of two of one person at once, one is sent.
    async fn send_request(
        &self,
        draft: RequestDraft,
        sent_at: Timestamp,
    ) -> Result<Result<RegistrationRequest, NotSent>, Outage>;

    /// What the records know of somebody, before they write anything.
    async fn known(&self, wanted: RequestWanted) -> Result<RequestFacts, Outage>;

    /// What sending it would say, without sending it.
    async fn try_request(&self, draft: RequestDraft) -> Result<Result<(), NotSent>, Outage>;

    /// Requests, oldest first.
    async fn requests(
        &self,
        query: RequestQuery,
        page: Page<RequestId>,
    ) -> Result<Vec<RegistrationRequest>, Outage>;

    /// How many wait for a decision at these structures.
    async fn requests_to_process(&self, structures: Vec<Finess>) -> Result<u64, Outage>;

    /// One request.
    async fn request(&self, id: RequestId) -> Result<Option<RegistrationRequest>, Outage>;

    /// The last request of the person whom FranceConnect calls `sub`, unless the number that it gave
    /// is retired.
    async fn last_request_of(&self, sub: &str) -> Result<Option<RegistrationRequest>, Outage>;

    /// The copy of the identity document, unsealed, until it is erased.
    async fn request_document(&self, id: RequestId) -> Result<Option<Document>, Outage>;

    /// Who looks like the person of that request.
    async fn near_duplicates(&self, id: RequestId) -> Result<Vec<NearDuplicate>, Outage>;

    /// Validates it: the number, the situation, the journal and the mail owed are one transaction,
    /// as in Case 1. Of two managers at once, one decides.
    async fn validate_request(
        &self,
        validation: Validation,
        keep: Keep<Validated>,
    ) -> Result<Answered<Validated, NotValidated>, Outage>;

    /// Rejects it, with the mail that says why.
    async fn reject_request(
        &self,
        rejection: Rejection,
        keep: Keep<RegistrationRequest>,
    ) -> Result<Answered<RegistrationRequest, NotDecided>, Outage>;
}
