//! A registration, Case 1: what was written becomes a registration, or the list of all its faults.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::kernel::{Finess, Rpps, SituationId, Timestamp, letter::Letter};

use super::{
    CivilIdentity, Nomenclature, Professional, Situation, Structure, VerifiedIdentity, contact,
    document::{self, Document},
    fault::{Fault, Faults},
    identity, letters,
    placing::{Named, Placing, PlacingDraft},
    written::Written,
};

/// What a request is read with.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The code lists.
    pub nomenclature: &'a Nomenclature,
    /// Today, on the calendar clock.
    pub today: Date,
    /// Whether the asker speaks for an Ordre or an ARS.
    pub for_authority: bool,
}

/// A registration as far as it can be judged without the records.
#[derive(Clone, Debug)]
pub struct Draft {
    nomenclature: Arc<Nomenclature>,
    identity: Option<CivilIdentity>,
    usage_name: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    document: Option<Document>,
    placing: Option<PlacingDraft>,
    faults: Faults,
}

/// What a draft needs to know of the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The structure.
    pub finess: Option<Finess>,
    /// Somebody's address.
    pub email: Option<String>,
    /// Somebody's mobile.
    pub mobile: Option<String>,
    /// Somebody's identity: [`identity::key`].
    pub identity_key: Option<String>,
}

/// What the records know of it; retired numbers count for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The structure.
    pub structure: Option<Structure>,
    /// Whether the address is somebody's.
    pub is_email_taken: bool,
    /// Whether the mobile is somebody's.
    pub is_mobile_taken: bool,
    /// Who has this identity.
    pub same_person: Option<Rpps>,
}

/// Why somebody is not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRegistered {
    /// Faults, all of them.
    Faults(Vec<Fault>),
    /// The person has a number already: one person, one number, for life.
    Already(Rpps),
}

/// A registration that satisfies every rule.
#[derive(Clone, Debug)]
pub struct Application {
    nomenclature: Arc<Nomenclature>,
    pub(super) identity: CivilIdentity,
    pub(super) identity_key: String,
    pub(super) usage_name: Option<String>,
    pub(super) email: String,
    pub(super) mobile: String,
    document: Option<Document>,
    pub(super) placing: Placing,
    pub(super) structure: Structure,
}

/// What is drawn for a new person.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// The number.
    pub rpps: Rpps,
    /// The random form of `sub`.
    pub subject: Uuid,
    /// The situation.
    pub situation: SituationId,
}

/// A registration, whole: what one transaction writes.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The person.
    pub professional: Professional,
    /// What two entries of the person share.
    pub identity_key: String,
    /// Where they work.
    pub situation: Situation,
    /// That structure.
    pub structure: Structure,
    /// The identity document, unless the asker attested having seen it.
    pub document: Option<Document>,
    /// The mail that they are owed.
    pub letter: Letter,
}

impl Draft {
    /// Reads the body of a registration.
    pub fn read(
        body: Map<String, Value>,
        nomenclature: Arc<Nomenclature>,
        today: Date,
        for_authority: bool,
    ) -> Self {
        let mut faults = Faults::default();
        let mut written = Written::body(body);
        let identity = identity::read(&mut written, &nomenclature, today, &mut faults);
        Self::rest(identity, written, nomenclature, (today, for_authority), faults)
    }

    /// Reads what somebody adds to the identity that FranceConnect vouches for. Whatever it gave is
    /// no member here: nobody edits it, not even the person (promise 8).
    pub fn verified(
        verified: &VerifiedIdentity,
        body: Map<String, Value>,
        nomenclature: Arc<Nomenclature>,
        today: Date,
    ) -> Self {
        let mut faults = Faults::default();
        let mut written = Written::body(body);
        let identity =
            identity::complete(verified, &mut written, &nomenclature, today, &mut faults);
        Self::rest(identity, written, nomenclature, (today, false), faults)
    }

    fn rest(
        identity: Option<CivilIdentity>,
        mut written: Written,
        nomenclature: Arc<Nomenclature>,
        (today, for_authority): (Date, bool),
        mut faults: Faults,
    ) -> Self {
        let reading = Reading { nomenclature: &nomenclature, today, for_authority };
        let usage_name = identity::optional_name(&mut written, "usage_name", &mut faults);
        let email = contact::email(&mut written, &mut faults);
        let mobile = contact::mobile(&mut written, &mut faults);
        let document = document::read(&mut written, &mut faults);
        let placing = written
            .object("situation", &mut faults)
            .map(|members| PlacingDraft::read(members, &reading, &mut faults));
        written.finish(&mut faults);
        Self { nomenclature, identity, usage_name, email, mobile, document, placing, faults }
    }

    /// The structure that it names.
    pub fn finess(&self) -> Option<Finess> {
        self.placing.as_ref().and_then(|placing| placing.finess)
    }

    /// Whether the records may be asked to write it: nothing is wrong so far.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// What to look up.
    pub fn wanted(&self) -> Wanted {
        let key = |identity| identity::key(identity, &self.nomenclature);
        Wanted {
            finess: self.finess(),
            email: self.email.clone(),
            mobile: self.mobile.clone(),
            identity_key: self.identity.as_ref().map(key),
        }
    }

    /// Judges the rest with what the records know. A person who is registered already is told so
    /// first: their address and mobile are then their own.
    pub fn judge(mut self, known: &Known) -> Result<Application, NotRegistered> {
        if let Some(rpps) = known.same_person {
            return Err(NotRegistered::Already(rpps));
        }
        if known.is_email_taken {
            let message = "Cette adresse est celle d'une autre personne : chacun a la sienne, elle \
                           reçoit un secret d'activation.";
            self.faults.add("email", "email_taken", message);
        }
        if known.is_mobile_taken {
            let message = "Ce mobile est celui d'une autre personne : chacun a le sien, il reçoit \
                           un secret d'activation.";
            self.faults.add("mobile", "mobile_taken", message);
        }
        let named = self
            .identity
            .as_ref()
            .map(|identity| Named { identity, usage_name: self.usage_name.as_deref() });
        let (structure, list) = (known.structure.as_ref(), &self.nomenclature);
        let placing = self
            .placing
            .as_ref()
            .and_then(|draft| draft.place(structure, named, list, &mut self.faults));
        let faults = std::mem::take(&mut self.faults);
        let application = self.application(placing, known.structure.clone());
        faults.or(application).map_err(NotRegistered::Faults)
    }

    fn application(
        self,
        placing: Option<Placing>,
        structure: Option<Structure>,
    ) -> Option<Application> {
        let identity = self.identity?;
        Some(Application {
            identity_key: identity::key(&identity, &self.nomenclature),
            nomenclature: self.nomenclature,
            identity,
            usage_name: self.usage_name,
            email: self.email?,
            mobile: self.mobile?,
            document: self.document,
            placing: placing?,
            structure: structure?,
        })
    }
}

impl Application {
    /// The registration, validated at `validated_at`: delays count from there.
    pub fn complete(self, drawn: Drawn, validated_at: Timestamp) -> Registered {
        let professional = Professional {
            rpps: drawn.rpps,
            identity: self.identity,
            usage_name: self.usage_name,
            email: self.email,
            mobile: self.mobile,
            validated_at,
            subject: drawn.subject,
            retired_at: None,
        };
        let situation = self.placing.situation(drawn.situation, drawn.rpps);
        let letter =
            letters::registered(&professional, &situation, &self.structure, &self.nomenclature);
        Registered {
            professional,
            identity_key: self.identity_key,
            situation,
            structure: self.structure,
            document: self.document,
            letter,
        }
    }
}
