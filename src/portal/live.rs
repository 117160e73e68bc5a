//! Which sessions are alive: those that a door would still honour. The store cannot say it.

use crate::{
    access::{Door, Doors, Holder},
    kernel::Timestamp,
};

use super::SessionRecord;

/// The session with the grants that are still alive, if the gate would honour it. The caller has
/// passed the barrier since its question arrived.
pub(super) fn alive(
    doors: &Doors,
    mut session: SessionRecord,
    now: Timestamp,
) -> Option<SessionRecord> {
    let holder = Holder {
        rpps: Some(session.rpps),
        structure: None,
        sid: Some(session.sid),
        proof: session.stamp,
        client: None,
        grant: None,
        own: session.stamp.revision,
        until: session.until,
    };
    let _honoured = doors.judge(Door::SilentLogin, &holder, now).ok()?;
    session.grants.retain(|grant| {
        let holder = Holder {
            structure: grant.structure,
            client: Some(grant.client.clone()),
            grant: Some(grant.id),
            own: grant.own,
            until: grant.until,
            ..holder.clone()
        };
        doors.judge(Door::Introspection, &holder, now).is_ok()
    });
    Some(session)
}
