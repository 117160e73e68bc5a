//! Where people work.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::kernel::{Finess, Timestamp, ids::BadIdentifier};

use super::{
    Nomenclature, Reading,
    fault::{Fault, Faults},
    nomenclature::{Found, SampleStructure},
    written::Written,
};

/// What a FINESS number names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StructureKind {
    /// An establishment (*FINESS géographique*): where people work.
    #[serde(rename = "EG")]
    Establishment,
    /// A legal entity (*FINESS juridique*): what owns establishments.
    #[serde(rename = "EJ")]
    LegalEntity,
}

impl StructureKind {
    /// As stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Establishment => "EG",
            Self::LegalEntity => "EJ",
        }
    }
}

/// An establishment or a legal entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Its number.
    pub finess: Finess,
    /// Which of the two.
    pub kind: StructureKind,
    /// The legal entity that an establishment belongs to, where it is known.
    pub legal_entity: Option<Finess>,
    /// Name.
    pub name: String,
    /// Number and street.
    pub address: String,
    /// COG code of the commune.
    pub commune: String,
    /// Postal code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// `TRE_R02` (`SAnn`).
    pub sector: String,
    /// When it closed, on the calendar clock.
    pub closed_at: Option<Timestamp>,
}

/// `TRE_R02`: *Secteur non défini*.
const NO_SECTOR: &str = "SA43";

impl Structure {
    /// Reads a structure that somebody wants to enter, or all that is wrong with it.
    pub fn read(body: Map<String, Value>, reading: &Reading<'_>) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut written = Written::body(body);
        let number = finess(&mut written, "finess", &mut faults);
        let kind = kind(&mut written, &mut faults);
        let is_owned = written.has("legal_entity");
        let legal_entity =
            if is_owned { finess(&mut written, "legal_entity", &mut faults) } else { None };
        if legal_entity.is_some() && kind == Some(StructureKind::LegalEntity) {
            let message = "Une entité juridique n'appartient pas à une autre : retirez ce champ.";
            faults.add("legal_entity", "not_an_establishment", message);
        }
        let name = written.text("name", &mut faults);
        let sector = sector(&mut written, reading, &mut faults);
        let commune = commune(&mut written, reading.nomenclature, &mut faults);
        let mut optional = |name| match written.optional_text(name, &mut faults) {
            Ok(text) => text.unwrap_or_default(),
            Err(_) => String::new(),
        };
        let [address, postal_code, city] = ["address", "postal_code", "city"].map(&mut optional);
        written.finish(&mut faults);
        let structure = || {
            Some(Self {
                finess: number?,
                kind: kind?,
                legal_entity,
                name: name?,
                address,
                commune: commune?,
                postal_code,
                city,
                sector: sector?,
                closed_at: None,
            })
        };
        faults.or(structure())
    }

    /// A structure of the sample that ships with the program.
    pub fn of_sample(sample: &SampleStructure) -> Result<Self, BadIdentifier> {
        let kind = if sample.is_establishment {
            StructureKind::Establishment
        } else {
            StructureKind::LegalEntity
        };
        Ok(Self {
            finess: sample.finess.parse()?,
            kind,
            legal_entity: sample.legal_entity.as_deref().map(str::parse).transpose()?,
            name: sample.name.clone(),
            address: sample.address.clone(),
            commune: sample.commune.clone(),
            postal_code: sample.postal_code.clone(),
            city: sample.city.clone(),
            sector: sample.sector.clone(),
            closed_at: None,
        })
    }
}

/// A FINESS number as people write it: in blocks, its letter in lower case.
pub fn number(text: &str) -> Result<Finess, BadIdentifier> {
    let bare = text.chars().filter(|c| !c.is_whitespace());
    bare.collect::<String>().to_ascii_uppercase().parse()
}

/// Reads a FINESS number that must be there.
pub(super) fn finess(written: &mut Written, name: &str, faults: &mut Faults) -> Option<Finess> {
    let text = written.text(name, faults)?;
    match number(&text) {
        Ok(finess) => Some(finess),
        Err(bad) => {
            let message = format!(
                "Numéro FINESS incorrect ({}) : neuf caractères, ceux de l'établissement.",
                bad.told()
            );
            faults.add(written.path(name), "bad_finess", message);
            None
        }
    }
}

fn kind(written: &mut Written, faults: &mut Faults) -> Option<StructureKind> {
    match written.optional_text("kind", faults).ok()?.as_deref() {
        None | Some("EG") => Some(StructureKind::Establishment),
        Some("EJ") => Some(StructureKind::LegalEntity),
        Some(_) => {
            let message = "Type inconnu : EG pour un établissement, EJ pour une entité juridique.";
            faults.add(written.path("kind"), "unknown_code", message);
            None
        }
    }
}

fn sector(written: &mut Written, reading: &Reading<'_>, faults: &mut Faults) -> Option<String> {
    let Some(code) = written.optional_text("sector", faults).ok()? else {
        return Some(NO_SECTOR.to_owned());
    };
    if matches!(reading.nomenclature.sectors.find(&code, &[reading.today]), Found::Valid(_)) {
        return Some(code);
    }
    let message = "Secteur d'activité inconnu : indiquez un code TRE_R02, par exemple SA17.";
    faults.add(written.path("sector"), "unknown_code", message);
    None
}

fn commune(
    written: &mut Written,
    nomenclature: &Nomenclature,
    faults: &mut Faults,
) -> Option<String> {
    let Some(code) = written.optional_text("commune", faults).ok()? else {
        return Some(String::new());
    };
    if nomenclature.communes.find(&code, &[]) != Found::Unknown {
        return Some(code);
    }
    let message = "Commune inconnue de la nomenclature : indiquez son code INSEE (COG).";
    faults.add(written.path("commune"), "unknown_code", message);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(number(text).ok().as_ref().map(Finess::as_str), expected, "{text}");
        }
        check("019999028", Some("019999028"));
        check("01 9999 028", Some("019999028"));
        check(" 01\u{a0}999\u{202f}9028 ", Some("019999028"));
        check("2a9999612", Some("2A9999612"));
        check("2b 9999 612", Some("2B9999612"));
        check("019999029", None);
        check("01.9999.028", None);
        check("", None);
    }
}
