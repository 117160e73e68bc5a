//! Deciding: the manager of the structure validates or rejects, once.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::kernel::{Finess, RequestId, Rpps, Timestamp, journal::Actor, letter::Letter};

use super::{
    super::{
        Nomenclature, Registered,
        fault::{Fault, Faults},
        folding::tidy,
        letters,
        registration::{Application, Draft, Known, NotRegistered, Wanted},
    },
    RegistrationRequest, RequestState,
};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// Who decides, and where they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decider {
    /// Who. A person must manage the structure: the records are asked inside the transaction.
    pub by: Actor,
    /// The one structure where a program may; `None`: everywhere.
    pub structure: Option<Finess>,
}

impl Decider {
    /// Whether they may decide on what was sent to `finess`.
    fn reaches(&self, finess: Finess, manages: bool) -> bool {
        let is_manager = match self.by {
            Actor::Person(_) => manages,
            Actor::Client(_) | Actor::Operator => true,
            Actor::Gateway | Actor::Applicant | Actor::Stranger => false,
        };
        is_manager && self.structure.is_none_or(|own| own == finess)
    }
}

/// Why nobody may decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotDecided {
    /// No such request, or none that this decider may know of.
    Unknown,
    /// Somebody decided before, or it has lapsed: this is how it stands.
    AlreadyDecided(Box<RegistrationRequest>),
}

/// A validation that is asked for.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Which request.
    pub id: RequestId,
    /// Whether the decider attests that they compared the data with the document.
    pub attested: bool,
    /// Who decides.
    pub decider: Decider,
    /// The code lists.
    pub nomenclature: Arc<Nomenclature>,
}

/// Why a request is not validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotValidated {
    /// Nobody may decide.
    NotDecided(NotDecided),
    /// Nobody attests having compared.
    NotAttested,
    /// The person was given a number in the meantime.
    Already(Rpps),
    /// A rule that was satisfied when it was sent is not any more: the structure closed, the last
    /// day passed, somebody else took the address.
    Faults(Vec<Fault>),
}

/// A rejection that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Which request.
    pub id: RequestId,
    /// Why, for the person.
    pub reason: String,
    /// Who decides.
    pub decider: Decider,
}

/// What the records know when a decision is taken.
#[derive(Clone, Debug, Default)]
pub struct ValidationFacts {
    /// The request.
    pub request: Option<RegistrationRequest>,
    /// Whether the person who decides manages its structure.
    pub manages: bool,
    /// What a registration is judged with, as of now.
    pub known: Known,
    /// Who was registered with this FranceConnect identifier.
    pub sub_of: Option<Rpps>,
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The request, still as it stood.
    pub request: RegistrationRequest,
    /// The registration that it becomes.
    pub application: Application,
}

/// A request that was validated, and the registration that it became.
#[derive(Clone, Debug)]
pub struct Validated {
    /// The request.
    pub request: RegistrationRequest,
    /// The person, the situation and the mail owed.
    pub registered: Registered,
}

impl Validation {
    /// May it be validated, and as what? Every rule is asked again.
    pub fn decide(&self, facts: ValidationFacts, today: Date) -> Result<Decision, NotValidated> {
        let request =
            open(facts.request, &self.decider, facts.manages).map_err(NotValidated::NotDecided)?;
        if !self.attested {
            return Err(NotValidated::NotAttested);
        }
        if let Some(rpps) = facts.sub_of {
            return Err(NotValidated::Already(rpps));
        }
        let draft = request.draft(Arc::clone(&self.nomenclature), today);
        match draft.judge(&facts.known) {
            Ok(application) => Ok(Decision { request, application }),
            Err(NotRegistered::Already(rpps)) => Err(NotValidated::Already(rpps)),
            Err(NotRegistered::Faults(faults)) => Err(NotValidated::Faults(faults)),
        }
    }

    /// What to look up of `request`.
    pub fn wanted(&self, request: &RegistrationRequest, today: Date) -> Wanted {
        request.draft(Arc::clone(&self.nomenclature), today).wanted()
    }
}

impl Rejection {
    /// Reads the reason, or says what is wrong with it.
    pub fn read(id: RequestId, reason: &str, decider: Decider) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let lines: Vec<String> = reason.lines().map(tidy).filter(|line| !line.is_empty()).collect();
        let reason = lines.join("\n");
        if reason.is_empty() {
            let message = "Motif obligatoire : la personne le reçoit par courriel.";
            faults.add("reason", "required", message);
        }
        if reason.chars().count() > LONGEST_REASON {
            let message = format!("Motif trop long : {LONGEST_REASON} caractères au plus.");
            faults.add("reason", "too_long", message);
        }
        if reason.chars().any(|c| c.is_control() && c != '\n') {
            faults.add("reason", "bad_character", "Caractères de contrôle interdits.");
        }
        faults.or(Some(Self { id, reason, decider }))
    }

    /// May it be rejected?
    pub fn decide(
        &self,
        request: Option<RegistrationRequest>,
        manages: bool,
    ) -> Result<RegistrationRequest, NotDecided> {
        open(request, &self.decider, manages)
    }
}

/// The request, if this decider may decide on it now.
fn open(
    request: Option<RegistrationRequest>,
    decider: &Decider,
    manages: bool,
) -> Result<RegistrationRequest, NotDecided> {
    let reached = request.filter(|request| decider.reaches(request.finess(), manages));
    let request = reached.ok_or(NotDecided::Unknown)?;
    match request.state {
        RequestState::ToProcess => Ok(request),
        RequestState::Validated | RequestState::Rejected | RequestState::Lapsed => {
            Err(NotDecided::AlreadyDecided(Box::new(request)))
        }
    }
}

impl RegistrationRequest {
    /// The same request, validated.
    #[must_use]
    pub fn validated(self, rpps: Rpps, by: Actor, at: Timestamp) -> Self {
        let decided = self.decided(RequestState::Validated, Some(by), at);
        Self { rpps: Some(rpps), ..decided }
    }

    /// The same request, rejected.
    #[must_use]
    pub fn rejected(self, reason: String, by: Actor, at: Timestamp) -> Self {
        let decided = self.decided(RequestState::Rejected, Some(by), at);
        Self { reason: Some(reason), ..decided }
    }

    /// The same request, lapsed.
    #[must_use]
    pub fn lapsed(self, at: Timestamp) -> Self {
        self.decided(RequestState::Lapsed, None, at)
    }

    /// The mail that a rejected or lapsed person is owed; a validated one is owed another.
    pub fn letter(&self) -> Option<Letter> {
        match self.state {
            RequestState::ToProcess | RequestState::Validated => None,
            RequestState::Rejected => {
                Some(letters::request_rejected(self, self.reason.as_deref().unwrap_or_default()))
            }
            RequestState::Lapsed => Some(letters::request_lapsed(self)),
        }
    }

    fn decided(self, state: RequestState, by: Option<Actor>, at: Timestamp) -> Self {
        Self { state, decided_by: by, decided_at: Some(at), ..self }
    }

    /// The registration that it asks for, to be judged anew.
    fn draft(&self, nomenclature: Arc<Nomenclature>, today: Date) -> Draft {
        Draft::verified(&self.verified, self.members(), nomenclature, today)
    }

    /// What the person wrote, in the members of a registration.
    fn members(&self) -> Map<String, Value> {
        let (identity, placing) = (&self.identity, &self.placing);
        let is_given = self.verified.birth_commune.is_some();
        let mut members = Map::new();
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("civility", json!(identity.civility));
        if self.verified.sex.is_none() {
            add("sex", json!(identity.sex));
        }
        add("birth_town", json!(identity.birth_town));
        if !is_given {
            add("birth_commune", json!(identity.birth_commune));
        }
        add("usage_name", json!(self.usage_name));
        add("email", json!(self.email));
        add("mobile", json!(self.mobile));
        add(
            "situation",
            json!({
                "finess": placing.finess,
                "profession": placing.profession,
                "role": placing.role,
                "mode": placing.mode,
                "started_on": placing.started_on,
                "last_day": placing.last_day,
                "exercise_name": placing.exercise_name,
                "exercise_first_name": placing.exercise_first_name,
            }),
        );
        members
    }
}
