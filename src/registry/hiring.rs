//! Another situation for somebody who has a number already: hired again, or hired elsewhere.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::kernel::{Finess, Rpps, SituationId, letter::Letter};

use super::{
    Nomenclature, Professional, Reading, Situation, Structure,
    fault::{Fault, Faults},
    letters,
    placing::{Named, Placing, PlacingDraft},
    written::Written,
};

/// A situation that somebody wants to enter, as far as it can be judged without the records.
#[derive(Clone, Debug)]
pub struct Hiring {
    /// Whose.
    pub rpps: Rpps,
    nomenclature: Arc<Nomenclature>,
    placing: PlacingDraft,
    faults: Faults,
}

/// Why a situation is not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotHired {
    /// Nobody has this number.
    Unknown,
    /// The number is retired: a wrong identity was deleted.
    Retired,
    /// Faults, all of them.
    Faults(Vec<Fault>),
    /// The very same situation is open: ending one of two would leave a door open unseen.
    Already(SituationId),
}

/// A situation that was entered.
#[derive(Clone, Debug)]
pub struct Hired {
    /// The situation.
    pub situation: Situation,
    /// Its structure.
    pub structure: Structure,
    /// The mail that the person is owed.
    pub letter: Letter,
}

impl Hiring {
    /// Reads the body of a request.
    pub fn read(
        rpps: Rpps,
        body: Map<String, Value>,
        nomenclature: Arc<Nomenclature>,
        (today, for_authority): (Date, bool),
    ) -> Self {
        let reading = Reading { nomenclature: &nomenclature, today, for_authority };
        let mut faults = Faults::default();
        let placing = PlacingDraft::read(Written::body(body), &reading, &mut faults);
        Self { rpps, nomenclature, placing, faults }
    }

    /// The structure that it names.
    pub fn finess(&self) -> Option<Finess> {
        self.placing.finess
    }

    /// Judges the rest with what the records know: the person, their open situations, and the
    /// structure.
    pub fn judge(
        mut self,
        who: Option<Professional>,
        open: &[Situation],
        structure: Option<Structure>,
    ) -> Result<Judged, NotHired> {
        let who = who.ok_or(NotHired::Unknown)?;
        if who.retired_at.is_some() {
            return Err(NotHired::Retired);
        }
        let usage_name = who.usage_name.as_deref();
        let named = Named { identity: &who.identity, usage_name };
        let placing = self.placing.place(
            structure.as_ref(),
            Some(named),
            &self.nomenclature,
            &mut self.faults,
        );
        let (placing, structure) =
            self.faults.or(placing.zip(structure)).map_err(NotHired::Faults)?;
        if let Some(same) = open.iter().find(|situation| placing.repeats(situation)) {
            return Err(NotHired::Already(same.id));
        }
        Ok(Judged { who, placing, structure, nomenclature: self.nomenclature })
    }
}

/// A situation that satisfies every rule.
#[derive(Debug)]
pub struct Judged {
    who: Professional,
    placing: Placing,
    structure: Structure,
    nomenclature: Arc<Nomenclature>,
}

impl Judged {
    /// The situation, whole.
    pub fn complete(self, id: SituationId) -> Hired {
        let situation = self.placing.situation(id, self.who.rpps);
        let letter =
            letters::situation_opened(&self.who, &situation, &self.structure, &self.nomenclature);
        Hired { situation, structure: self.structure, letter }
    }
}
