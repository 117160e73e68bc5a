//! Faults as the person herself reads them. The rules tell them to whoever registers others, a manager
//! or a program; here is the one place where the same fault finds other words for another reader.

use crate::registry::fault::Fault;

/// What is wrong, and what she can do about it.
pub(super) fn to_herself(fault: &Fault) -> String {
    words(&fault.field, fault.code).map_or_else(|| fault.message.clone(), str::to_owned)
}

fn words(member: &str, code: &str) -> Option<&'static str> {
    let told = match (member, code) {
        ("situation.finess", "bad_finess") => {
            "Numéro FINESS incorrect : il a neuf caractères, dont une clé de contrôle. Recopiez-le d'un \
             document de votre employeur, ou cherchez votre établissement par son nom."
        }
        ("situation.finess", "unknown_structure") => {
            "Établissement inconnu ici : vérifiez le numéro, ou cherchez votre établissement par son \
             nom. S'il ne s'y trouve pas, demandez à votre employeur de le faire enregistrer."
        }
        ("situation.finess", "structure_closed") => {
            "Cet établissement est fermé : indiquez celui où vous travaillez."
        }
        ("situation.finess", "not_an_establishment") => {
            "Ce numéro est celui d'un siège (entité juridique) : indiquez celui de l'établissement où \
             vous travaillez."
        }
        ("situation.profession", "other_authority") => {
            "Cette profession n'est pas enregistrée par l'employeur : demandez votre numéro RPPS à votre \
             Ordre ou à l'ARS."
        }
        ("situation.role", "role_not_offered") => {
            "Ce rôle et ce mode d'exercice ne vont pas ensemble : le mode libéral n'a qu'un rôle, « Autre \
             activité », et ce rôle n'existe qu'en libéral. Choisissez ce que vous faites dans cet \
             établissement."
        }
        ("birth_date", _) => {
            "La date de naissance transmise par FranceConnect ne permet pas d'enregistrement ici. Si elle \
             est juste, adressez-vous à votre établissement ; sinon, faites-la corriger par l'Insee."
        }
        (
            "civility" | "sex" | "situation.profession" | "situation.role" | "situation.mode",
            "required" | "unknown_code" | "outdated_code",
        ) => "Choisissez dans la liste.",
        (_, "bad_date") => "Date incorrecte : écrivez-la jour/mois/année, par exemple 02/11/2026.",
        _ => return None,
    };
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_finds_the_words_for_its_reader() {
        #[track_caller]
        fn check(field: &str, code: &'static str, expected: &str) {
            const TO_A_MANAGER: &str = "Ce que lit un gestionnaire.";
            let fault = Fault { field: field.to_owned(), code, message: TO_A_MANAGER.to_owned() };
            let told = to_herself(&fault);
            assert!(told.contains(expected), "{told}");
        }
        check("situation.finess", "bad_finess", "cherchez votre établissement");
        check("situation.finess", "unknown_structure", "demandez à votre employeur");
        check("situation.finess", "structure_closed", "où vous travaillez");
        check("situation.finess", "not_an_establishment", "où vous travaillez");
        check("situation.profession", "other_authority", "votre Ordre");
        check("situation.role", "role_not_offered", "ce que vous faites");
        check("situation.started_on", "bad_date", "02/11/2026");
        check("situation.last_day", "bad_date", "02/11/2026");
        check("situation.role", "unknown_code", "dans la liste");
        check("civility", "required", "dans la liste");
        check("birth_date", "implausible", "FranceConnect");
        check("email", "email_taken", "un gestionnaire");
    }
}
