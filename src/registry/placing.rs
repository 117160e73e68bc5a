//! The rules of a situation d'exercice, before it is entered.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::kernel::{Finess, Rpps, SituationId, Timestamp};

use super::{
    Authority, CivilIdentity, Nomenclature, Reading, Situation, Structure, StructureKind,
    fault::Faults,
    folding::fold,
    identity::optional_name,
    nomenclature::{Found, List},
    structure::finess,
    written::Written,
};

/// The one role of practices (*secteur libéral*): *Autre activité*.
const PRACTICE_ROLE: &str = "GENR99";
/// The mode that a practice's owner works in.
const LIBERAL: &str = "L";

/// A situation as it was written, as far as it can be judged without the records. What is `None`
/// was absent or at fault.
#[derive(Clone, Debug)]
pub struct PlacingDraft {
    prefix: String,
    /// Where.
    pub finess: Option<Finess>,
    profession: Option<(String, Authority)>,
    role: Option<String>,
    mode: Option<String>,
    started_on: Option<Date>,
    last_day: Option<Date>,
    exercise_name: Option<String>,
    exercise_first_name: Option<String>,
}

/// A situation that satisfies every rule, before it has a number and a holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placing {
    /// Where.
    pub finess: Finess,
    /// Who enters it.
    pub authority: Authority,
    /// What the person is.
    pub profession: String,
    /// What the person does.
    pub role: String,
    /// How.
    pub mode: String,
    /// First day.
    pub started_on: Date,
    /// Last day, when it is known.
    pub last_day: Option<Date>,
    /// Name in practice.
    pub exercise_name: String,
    /// First name in practice.
    pub exercise_first_name: String,
}

/// Whose situation it is: what names in practice are judged against.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The civil identity.
    pub identity: &'a CivilIdentity,
    /// The name in use.
    pub usage_name: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// The name in practice of who chooses none: the usage name, or else the birth name.
    pub fn usual(self) -> &'a str {
        self.usage_name.unwrap_or(&self.identity.birth_name)
    }

    fn names(self) -> impl Iterator<Item = &'a str> {
        self.usage_name.into_iter().chain([self.identity.birth_name.as_str()])
    }
}

impl PlacingDraft {
    /// Reads the members of a situation.
    pub fn read(mut written: Written, reading: &Reading<'_>, faults: &mut Faults) -> Self {
        let prefix = written.path("");
        let finess = finess(&mut written, "finess", faults);
        let (started_on, last_day) = days(&mut written, reading.today, faults);
        let on = [started_on.unwrap_or(reading.today), reading.today];
        let nomenclature = reading.nomenclature;
        let profession = profession(&mut written, reading, &on, faults);
        let role = code(&mut written, "role", (&nomenclature.roles, &on), faults);
        let mode = code(&mut written, "mode", (&nomenclature.modes, &on), faults);
        let exercise_name = optional_name(&mut written, "exercise_name", faults);
        let exercise_first_name = optional_name(&mut written, "exercise_first_name", faults);
        written.finish(faults);
        Self {
            prefix,
            finess,
            profession,
            role,
            mode,
            started_on,
            last_day,
            exercise_name,
            exercise_first_name,
        }
    }

    /// Judges the rest, with what the records know. `named` is `None` while the identity itself is
    /// at fault.
    pub fn place(
        &self,
        structure: Option<&Structure>,
        named: Option<Named<'_>>,
        nomenclature: &Nomenclature,
        faults: &mut Faults,
    ) -> Option<Placing> {
        let structure = self.open_establishment(structure, faults);
        let is_offered = self.role_is_offered(structure, nomenclature, faults);
        let name = named.and_then(|named| self.last_name(named, faults));
        let first_name = named.and_then(|named| self.first_name(named, faults));
        let is_later = named.is_none_or(|named| self.starts_after_birth(named, faults));
        let (profession, authority) = self.profession.clone()?;
        let placing = Placing {
            finess: structure?.finess,
            authority,
            profession,
            role: self.role.clone()?,
            mode: self.mode.clone()?,
            started_on: self.started_on?,
            last_day: self.last_day,
            exercise_name: name?,
            exercise_first_name: first_name?,
        };
        (is_offered && is_later).then_some(placing)
    }

    fn field(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn open_establishment<'a>(
        &self,
        structure: Option<&'a Structure>,
        faults: &mut Faults,
    ) -> Option<&'a Structure> {
        self.finess?;
        let (code, message) = match structure {
            Some(found) if found.closed_at.is_some() => (
                "structure_closed",
                "Cette structure est fermée : indiquez l'établissement où la personne travaille.",
            ),
            Some(found) if found.kind == StructureKind::LegalEntity => (
                "not_an_establishment",
                "Ce numéro est celui d'une entité juridique : indiquez le FINESS géographique de \
                 l'établissement où la personne travaille.",
            ),
            Some(found) => return Some(found),
            None => (
                "unknown_structure",
                "Établissement inconnu : vérifiez le numéro, ou enregistrez d'abord la structure.",
            ),
        };
        faults.add(self.field("finess"), code, message);
        None
    }

    /// Practices know one role, and only practices know it. What an Ordre or an ARS registers is
    /// not bound by it.
    fn role_is_offered(
        &self,
        structure: Option<&Structure>,
        nomenclature: &Nomenclature,
        faults: &mut Faults,
    ) -> bool {
        let (Some((_, Authority::Employer)), Some(role), Some(mode)) =
            (&self.profession, &self.role, &self.mode)
        else {
            return true;
        };
        let is_practice = structure.is_some_and(|found| nomenclature.is_practice(&found.sector));
        let message = match (role == PRACTICE_ROLE, mode == LIBERAL) {
            (false, true) => "En mode libéral (L), un seul rôle existe : GENR99, Autre activité.",
            (true, false) if !is_practice && structure.is_some() => {
                "Le rôle GENR99, Autre activité, est celui du secteur libéral : choisissez le rôle \
                 que la personne exerce dans cet établissement."
            }
            (true, _) | (false, false) => return true,
        };
        faults.add(self.field("role"), "role_not_offered", message);
        false
    }

    /// The usage name or the birth name, in the spelling of either; the usual one if none was chosen.
    fn last_name(&self, named: Named<'_>, faults: &mut Faults) -> Option<String> {
        let Some(chosen) = &self.exercise_name else { return Some(named.usual().to_owned()) };
        let found = named.names().find(|name| fold(name) == fold(chosen));
        if found.is_none() {
            let known: Vec<_> = named.names().collect();
            let message = format!(
                "Le nom d'exercice doit être le nom d'usage ou le nom de naissance : {}.",
                known.join(", ")
            );
            faults.add(self.field("exercise_name"), "not_a_name", message);
        }
        found.map(str::to_owned)
    }

    /// One of the civil first names, in its civil spelling; the first one if none was chosen.
    fn first_name(&self, named: Named<'_>, faults: &mut Faults) -> Option<String> {
        let civil = &named.identity.first_names;
        let Some(chosen) = &self.exercise_first_name else { return civil.first().cloned() };
        let found = civil.iter().find(|name| fold(name) == fold(chosen));
        if found.is_none() {
            let message = format!(
                "Le prénom d'exercice doit être l'un des prénoms d'état civil : {}.",
                civil.join(", ")
            );
            faults.add(self.field("exercise_first_name"), "not_a_first_name", message);
        }
        found.cloned()
    }

    fn starts_after_birth(&self, named: Named<'_>, faults: &mut Faults) -> bool {
        let is_later = self.started_on.is_none_or(|day| day > named.identity.birth_date);
        if !is_later {
            let message = "La prise de fonction précède la naissance : vérifiez les deux dates.";
            faults.add(self.field("started_on"), "before_birth", message);
        }
        is_later
    }
}

impl Placing {
    /// The situation, once it has a number and a holder.
    pub fn situation(self, id: SituationId, rpps: Rpps) -> Situation {
        Situation {
            id,
            rpps,
            finess: self.finess,
            authority: self.authority,
            profession: self.profession,
            role: self.role,
            mode: self.mode,
            started_on: self.started_on,
            last_day: self.last_day,
            ends_at: self.last_day.and_then(Timestamp::end_of_day),
            ended_at: None,
            exercise_name: self.exercise_name,
            exercise_first_name: self.exercise_first_name,
        }
    }

    /// Whether `other` is the same situation, entered before.
    pub fn repeats(&self, other: &Situation) -> bool {
        other.is_open()
            && self.finess == other.finess
            && self.profession == other.profession
            && self.role == other.role
            && self.mode == other.mode
            && self.started_on == other.started_on
    }
}

fn days(written: &mut Written, today: Date, faults: &mut Faults) -> (Option<Date>, Option<Date>) {
    let started_on = written.date("started_on", faults);
    let a_year_ahead = today.checked_add(1.year()).unwrap_or(Date::MAX);
    if started_on.is_some_and(|day| day > a_year_ahead) {
        let message = "Prise de fonction dans plus d'un an : vérifiez l'année.";
        faults.add(written.path("started_on"), "too_far", message);
    }
    let last_day = written.optional_date("last_day", faults).ok().flatten();
    let field = written.path("last_day");
    match last_day {
        Some(last) if started_on.is_some_and(|first| last < first) => {
            let message = "Le dernier jour précède la prise de fonction : vérifiez les deux dates.";
            faults.add(field, "before_start", message);
        }
        Some(last) if last < today => {
            let message = "Le dernier jour est passé : une situation terminée ne s'enregistre pas.";
            faults.add(field, "in_the_past", message);
        }
        Some(last) if Timestamp::end_of_day(last).is_none() => {
            faults.add(field, "bad_date", "Date hors du calendrier : vérifiez l'année.");
        }
        Some(_) | None => {}
    }
    (started_on, last_day)
}

fn profession(
    written: &mut Written,
    reading: &Reading<'_>,
    on: &[Date],
    faults: &mut Faults,
) -> Option<(String, Authority)> {
    let nomenclature = reading.nomenclature;
    let code = code(written, "profession", (&nomenclature.professions, on), faults)?;
    let field = written.path("profession");
    match nomenclature.authority(&code) {
        Some(Authority::Employer) => Some((code, Authority::Employer)),
        Some(authority) if reading.for_authority => Some((code, authority)),
        Some(Authority::Ordre | Authority::Ars) => {
            let message = "Cette profession est enregistrée par un Ordre ou une ARS, non par \
                           l'employeur : donnez plutôt un accès local.";
            faults.add(field, "other_authority", message);
            None
        }
        None => {
            let message = "Ce code est technique : choisissez la profession exercée (TRE_R85).";
            faults.add(field, "unknown_code", message);
            None
        }
    }
}

/// A code of a list, valid on the first day or today: a hiring of three years ago is entered today
/// under the code of then or of now.
fn code(
    written: &mut Written,
    name: &str,
    (list, on): (&List, &[Date]),
    faults: &mut Faults,
) -> Option<String> {
    let code = written.text(name, faults)?;
    let field = written.path(name);
    match list.find(&code, on) {
        Found::Valid(_) => return Some(code),
        Found::Outdated(term) => {
            let instead = term
                .replaced_by
                .as_deref()
                .map_or(String::new(), |code| format!(" : utilisez {code} ({})", list.label(code)));
            let message = format!("{} n'a pas cours à cette date{instead}.", term.label);
            faults.add(field, "outdated_code", message);
        }
        Found::Unknown => {
            let message = "Code inconnu de la nomenclature : vérifiez-le.";
            faults.add(field, "unknown_code", message);
        }
    }
    None
}
