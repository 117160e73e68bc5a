//! The primary: one mutex, in which a transaction is one locked section.

use std::sync::{Arc, Mutex};

use passerelle::{
    access::{self, CardStanding, Cause, Cut, HeadReading, Holder, Scope, Stamp, Standing},
    departure::{Ending, plan},
    kernel::{
        Clock, Epoch, Finess, Outage, Revision, Rpps, Sid, SituationId, Timestamp, journal::Actor,
    },
    registry::{Authority, Situation},
};
use uuid::Uuid;

use super::schedule::Schedule;

pub(super) const TILLEULS: &str = "019999028";
const RIVE_CLAIRE: &str = "699999124";
const NOW: Timestamp = Timestamp(1_000_000);

pub(super) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn rpps() -> Rpps {
    Rpps::from_serial(9_990_000_001)
}

/// What a proof with this stamp holds, for a client bound to `structure`.
pub(super) fn holder(stamp: Stamp, structure: Option<&str>) -> Holder {
    Holder {
        rpps: Some(rpps()),
        structure: structure.map(|finess| finess.parse().unwrap()),
        sid: Some(Sid(Uuid::nil())),
        proof: stamp,
        client: None,
        grant: None,
        own: stamp.revision,
        until: Timestamp(NOW.0 + 1_000_000),
    }
}

#[derive(Clone)]
pub(super) struct Primary(Arc<Mutex<Tables>>);

struct Tables {
    epoch: Epoch,
    revision: Revision,
    cuts: Vec<Cut>,
    standing: Standing,
    ended: Vec<Situation>,
    hired: u128,
}

impl Primary {
    pub(super) fn new() -> Self {
        let situations = vec![situation(1, TILLEULS), situation(2, RIVE_CLAIRE)];
        let (card, local_accesses) = (CardStanding::Active, Vec::new());
        Self(Arc::new(Mutex::new(Tables {
            epoch: Epoch(Uuid::from_u128(1)),
            revision: Revision(1),
            cuts: Vec::new(),
            standing: Standing {
                rpps: rpps(),
                card,
                situations,
                upcoming: Vec::new(),
                local_accesses,
            },
            ended: Vec::new(),
            hired: 2,
        })))
    }

    /// Card and situations, in one snapshot.
    pub(super) fn standing(&self) -> Standing {
        self.0.lock().unwrap().standing.clone()
    }

    /// Whether a situation is open there, or anywhere: the model's own word.
    pub(super) fn works_at(&self, structure: Option<Finess>) -> bool {
        let tables = self.0.lock().unwrap();
        let mut places = tables.standing.situations.iter().map(|s| s.finess);
        places.any(|place| structure.is_none_or(|structure| structure == place))
    }

    /// Ends the first open situation there; answers what was cut.
    pub(super) fn end(&self, at_tilleuls: bool) -> (Option<Cut>, Epoch) {
        let mut tables = self.0.lock().unwrap();
        let finess: Finess = if at_tilleuls { TILLEULS } else { RIVE_CLAIRE }.parse().unwrap();
        let place = tables.standing.situations.iter().position(|s| s.finess == finess);
        let Some(place) = place else { return (None, tables.epoch) };
        let ending = Ending::Situation(tables.standing.situations[place].id);
        let plan = plan(&tables.standing, ending, &Actor::Operator);
        let ended = tables.standing.situations.remove(place);
        tables.ended.push(ended);
        if plan.suspends_card && tables.standing.card == CardStanding::Active {
            tables.standing.card = CardStanding::Suspended;
        }
        tables.revision = tables.revision.next();
        let cut = plan.closing.map(|closing| tables.cut(closing.scope, closing.cause));
        (cut, tables.epoch)
    }

    /// Undoes the last end. The card resumes if it was suspended for want of a situation.
    pub(super) fn undo(&self) {
        let mut tables = self.0.lock().unwrap();
        if let Some(situation) = tables.ended.pop() {
            tables.open(situation);
        }
    }

    /// Hires again, at the first structure.
    pub(super) fn hire(&self) {
        let mut tables = self.0.lock().unwrap();
        tables.hired += 1;
        let hired = situation(tables.hired, TILLEULS);
        tables.open(hired);
    }

    /// Blocks the card, then hands the person a new one: what grew from the old one stays dead.
    pub(super) fn block(&self) -> (Option<Cut>, Epoch) {
        let mut tables = self.0.lock().unwrap();
        tables.revision = tables.revision.next();
        let cut = tables.cut(Scope::Person(rpps()), Cause::CardBlocked);
        (Some(cut), tables.epoch)
    }

    /// Another time line: nothing that was proven on the old one counts.
    pub(super) fn new_epoch(&self) {
        let mut tables = self.0.lock().unwrap();
        tables.epoch = Epoch(Uuid::from_u128(tables.epoch.0.as_u128() + 1));
        tables.revision = tables.revision.next();
    }

    fn read(&self, known: Option<(Epoch, Revision)>) -> HeadReading {
        let tables = self.0.lock().unwrap();
        let after = match known {
            Some((epoch, revision)) if epoch == tables.epoch => revision,
            Some(_) | None => Revision(0),
        };
        HeadReading {
            epoch: tables.epoch,
            revision: tables.revision,
            floor: Revision(0),
            end_due: false,
            cuts: tables.cuts.iter().filter(|cut| cut.revision > after).cloned().collect(),
            calendar_lead: 0,
        }
    }
}

impl Tables {
    fn cut(&mut self, scope: Scope, cause: Cause) -> Cut {
        let cut = Cut { revision: self.revision, at: NOW, scope, cause };
        self.cuts.push(cut.clone());
        cut
    }

    fn open(&mut self, situation: Situation) {
        self.standing.situations.push(situation);
        self.revision = self.revision.next();
        if self.standing.card == CardStanding::Suspended {
            self.standing.card = CardStanding::Active;
        }
    }
}

fn situation(number: u128, finess: &str) -> Situation {
    Situation {
        id: SituationId(Uuid::from_u128(number)),
        rpps: rpps(),
        finess: finess.parse().unwrap(),
        authority: Authority::Employer,
        profession: String::new(),
        role: String::new(),
        mode: String::new(),
        started_on: "2026-01-01".parse().unwrap(),
        last_day: None,
        ends_at: None,
        ended_at: None,
        exercise_name: String::new(),
        exercise_first_name: String::new(),
    }
}

/// A replica's road to the primary: the snapshot is taken when the reading is sent, and arrives
/// when the schedule lets it.
pub(super) struct Heads {
    pub(super) primary: Primary,
    pub(super) schedule: Schedule,
}

#[async_trait::async_trait]
impl access::Heads for Heads {
    async fn read_head(&self, known: Option<(Epoch, Revision)>) -> Result<HeadReading, Outage> {
        let reading = self.primary.read(known);
        self.schedule.wait().await;
        Ok(reading)
    }

    async fn fire_due_ends(&self) -> Result<(), Outage> {
        Ok(())
    }
}
