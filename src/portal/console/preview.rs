//! What would happen: what closes, what stays. The rule is `departure`'s own; this says it in French.

use crate::{
    access::Scope,
    departure::{EndRefused, EndRequest, Mark, Outlook, Plan, When},
    kernel::{Finess, Outage, time::Span},
    oidc::{GrantType, StoredClient},
    registry::Page,
};

use super::{super::SessionRecord, Console, leaver::Leaver, visit::Visit, words};

/// Relying parties read at once.
const CLIENTS: u32 = 200;

/// What confirming would do, in sentences.
pub(super) struct Preview {
    /// When.
    pub(super) when: String,
    /// Whether it is at once.
    pub(super) is_now: bool,
    /// What closes.
    pub(super) closes: Vec<String>,
    /// What stays.
    pub(super) stays: Vec<String>,
    /// Whether the visitor would close their own rights.
    pub(super) is_own: bool,
    /// Whether nobody will manage the structure afterwards.
    pub(super) leaves_unmanaged: bool,
    /// How long a program that checks only our signature may stay open.
    pub(super) longest_token: i64,
    /// What the form brings back, so that nothing else is confirmed than what was shown.
    pub(super) mark: Mark,
}

impl Console {
    /// What `request` would do to `leaver` as things stand now.
    pub(super) async fn preview(
        &self,
        visit: &Visit,
        leaver: &Leaver,
        request: &EndRequest,
    ) -> Result<Result<Preview, EndRefused>, Outage> {
        let (ending, calendar) = (leaver.ending(), visit.now.calendar);
        let foreseen = self.with.departures.foresee(ending, request.clone(), calendar).await?;
        let outlook = match foreseen {
            Ok(outlook) => outlook,
            Err(refused) => return Ok(Err(refused)),
        };
        let sessions = self.open_sessions(leaver.rpps(), visit.now.protocol).await?;
        let closes = self.closes(leaver, &outlook.plan, &sessions).await?;
        let life: Span = self.with.provider.settings().access_token_life;
        Ok(Ok(Preview {
            when: match outlook.when {
                When::Now => "immédiatement".to_owned(),
                When::Later { at, .. } => format!("le {}", at.end_in_french()),
            },
            is_now: outlook.when == When::Now,
            closes,
            stays: self.stays(leaver, &outlook),
            is_own: leaver.rpps() == visit.rpps() && outlook.plan.closing.is_some(),
            leaves_unmanaged: outlook.leaves_unmanaged,
            longest_token: life.as_seconds(),
            mark: outlook.mark(),
        }))
    }

    async fn closes(
        &self,
        leaver: &Leaver,
        planned: &Plan,
        sessions: &[SessionRecord],
    ) -> Result<Vec<String>, Outage> {
        let Some(closing) = &planned.closing else { return Ok(Vec::new()) };
        let here = leaver.structure.finess;
        let mut closes = Vec::new();
        let is_whole = matches!(closing.scope, Scope::Person(_));
        for client in self.relying_parties(here).await? {
            let is_bound = client.registration.structure.is_some();
            if is_bound || is_whole {
                let kind = if is_bound { &leaver.structure.name } else { "service national" };
                closes.push(format!("{} ({kind})", client.registration.client_name));
            }
        }
        let grants = sessions.iter().flat_map(|session| &session.grants);
        let grants = grants.filter(|grant| is_whole || grant.structure == Some(here)).count();
        if is_whole {
            closes.push(counted(sessions.len(), "session ouverte", "sessions ouvertes"));
        }
        closes.push(counted(grants, "connexion à un logiciel", "connexions à des logiciels"));
        closes.push("Les codes et les demandes en attente sur le téléphone".to_owned());
        if planned.suspends_card {
            closes.push("L'e-CPS, suspendue : aucune autre situation n'est en cours".to_owned());
        }
        Ok(closes)
    }

    fn stays(&self, leaver: &Leaver, outlook: &Outlook) -> Vec<String> {
        let planned = &outlook.plan;
        let all = leaver.record.situations.iter();
        let mut stays: Vec<_> = all
            .filter(|(situation, _)| outlook.stays.contains(&situation.id))
            .map(|(situation, at)| {
                let role = self.with.nomenclature.roles.label(&situation.role);
                format!("La situation à {} ({role})", words::place(at))
            })
            .collect();
        if planned.closing.is_none() {
            let name = &leaver.structure.name;
            stays.push(format!(
                "Tout le reste : rien de ce qui est ouvert ne dépend de cette fin à {name}"
            ));
        }
        if !planned.suspends_card {
            stays.push("L'e-CPS, sur le même téléphone".to_owned());
        }
        stays.push(format!("Le numéro RPPS {}, attribué à vie", leaver.rpps()));
        stays
    }

    /// The relying parties that log people in at `finess`, then the national ones.
    pub(super) async fn relying_parties(
        &self,
        finess: Finess,
    ) -> Result<Vec<StoredClient>, Outage> {
        let page = || Page { after: None, limit: CLIENTS };
        let mut found = self.with.clients.clients(Some(finess), page()).await?;
        let all = self.with.clients.clients(None, page()).await?;
        found.extend(all.into_iter().filter(|client| client.registration.structure.is_none()));
        found.retain(|client| {
            let registration = &client.registration;
            registration.enabled && registration.grant_types.contains(&GrantType::AuthorizationCode)
        });
        Ok(found)
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("Aucune {one} en ce moment"),
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}
