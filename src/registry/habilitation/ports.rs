//! The storage verbs of habilitations: facts, decision, row and journal line in one transaction.

use crate::kernel::{
    Finess, HabilitationId, Outage, Rpps,
    retry::{Answered, Keep},
};

use super::{
    super::{Page, Structure},
    Habilitation, Naming, NamingRefused, NotWithdrawn, Withdrawal,
};

/// Who manages what.
#[async_trait::async_trait]
pub trait Habilitations: Send + Sync {
    /// Gives it, if [`Naming::decide`] says so.
    async fn give_habilitation(
        &self,
        naming: Naming,
        keep: Keep<Habilitation>,
    ) -> Result<Answered<Habilitation, NamingRefused>, Outage>;

    /// Takes it back, and cuts that person's console there: what they had open does not revive when
    /// it is given again.
    async fn withdraw_habilitation(
        &self,
        withdrawal: Withdrawal,
        keep: Keep<Habilitation>,
    ) -> Result<Answered<Habilitation, NotWithdrawn>, Outage>;

    /// Habilitations, withdrawn ones included, oldest first, of one structure and of one person if
    /// named.
    async fn habilitations(
        &self,
        finess: Option<Finess>,
        rpps: Option<Rpps>,
        page: Page<HabilitationId>,
    ) -> Result<Vec<Habilitation>, Outage>;

    /// What one person holds, withdrawn ones left out.
    async fn habilitations_of(&self, rpps: Rpps) -> Result<Vec<Habilitation>, Outage>;

    /// Where one person manages: what they hold and are still entitled to, establishments first.
    async fn managed_by(&self, rpps: Rpps) -> Result<Vec<Structure>, Outage>;
}
