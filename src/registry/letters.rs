//! What the registry writes to people. A letter is stored until it left: it carries no secret.

use crate::kernel::{IdNat, letter::Letter};

use super::{
    Nomenclature, Professional, Situation, Structure, delays, request::RegistrationRequest,
};

/// The mail of a new professional: the number, what was entered, and how to go on.
pub(super) fn registered(
    who: &Professional,
    situation: &Situation,
    structure: &Structure,
    nomenclature: &Nomenclature,
) -> Letter {
    let greeting = greeting(who, situation, nomenclature);
    let (rpps, national) = (who.rpps, IdNat(who.rpps));
    let validated = who.validated_at.in_french();
    let visible = delays::visible_at(who.validated_at).from_in_french();
    let activable = delays::activable_at(who.validated_at).from_in_french();
    let recap = recap(who, situation, structure, nomenclature);
    let text = format!(
        "Bonjour {greeting},\n\n\
         {structure_name} vous a enregistré(e) au répertoire des professionnels intervenant dans le \
         système de santé (RPPS) le {validated}.\n\n\
         Votre numéro RPPS est le {rpps}. Il est à vous pour la vie : gardez-le.\n\n\
         Voici ce qui a été enregistré. Si une ligne est fausse, prévenez votre établissement avant \
         d'activer votre e-CPS.\n\n\
         {recap}\n\n\
         L'annuaire public montrera votre numéro, vos nom et prénom d'exercice, votre profession et \
         votre établissement à partir du {visible}. Il ne montre jamais votre adresse électronique, \
         votre téléphone, ni votre état civil.\n\n\
         VOTRE e-CPS\n\n\
         La e-CPS, sur votre téléphone, vous identifie auprès des services numériques de santé. \
         Vous pourrez l'activer à partir du {activable}, pas avant :\n\n\
         1. Installez l'application e-CPS sur votre téléphone.\n\
         2. Saisissez votre identifiant national : {national}. C'est votre numéro RPPS précédé \
         d'un 8.\n\
         3. Deux secrets vous parviennent séparément, l'un à cette adresse, l'autre par SMS au \
         numéro ci-dessus. Saisissez-les.\n\
         4. Choisissez un code à quatre chiffres que vous seul(e) connaissez.\n\n\
         Personne ne vous demandera jamais ces secrets ni ce code, ni par téléphone, ni par \
         courriel.\n\n\
         Passerelle, pour {structure_name}\n",
        structure_name = structure.name,
    );
    let subject = format!("Votre numéro RPPS : {rpps}");
    Letter { to: who.email.clone(), subject, text }
}

/// The mail of somebody who is registered already, when another situation is entered.
pub(super) fn situation_opened(
    who: &Professional,
    situation: &Situation,
    structure: &Structure,
    nomenclature: &Nomenclature,
) -> Letter {
    let greeting = greeting(who, situation, nomenclature);
    let recap = recap(who, situation, structure, nomenclature);
    let text = format!(
        "Bonjour {greeting},\n\n\
         Une situation d'exercice a été ajoutée à votre enregistrement. Votre numéro RPPS ne change \
         pas : {rpps}.\n\n\
         {recap}\n\n\
         Si vous ne travaillez pas dans cet établissement, prévenez-le.\n\n\
         Passerelle, pour {structure_name}\n",
        rpps = who.rpps,
        structure_name = structure.name,
    );
    let subject = "Une situation d'exercice a été ajoutée à votre enregistrement".to_owned();
    Letter { to: who.email.clone(), subject, text }
}

/// The mail of somebody whose request was rejected.
pub(super) fn request_rejected(request: &RegistrationRequest, reason: &str) -> Letter {
    let why = format!("n'a pas validé cette demande. Le motif indiqué :\n\n{reason}");
    let onward = "Voyez avec cet établissement ce qu'il faut corriger, puis envoyez une nouvelle \
                  demande.";
    let subject = "Votre demande d'enregistrement n'a pas été validée";
    undecided(request, (subject, &why), onward)
}

/// The mail of somebody whose request nobody decided in time.
pub(super) fn request_lapsed(request: &RegistrationRequest) -> Letter {
    let why = "ne l'a pas traitée dans les 30 jours : elle est caduque. Aucun numéro RPPS n'a été \
               attribué.";
    let onward = "Les établissements ne sont pas prévenus de l'arrivée d'une demande : parlez-en \
                  d'abord au vôtre, puis envoyez-en une nouvelle.";
    undecided(request, ("Votre demande d'enregistrement est caduque", why), onward)
}

fn undecided(request: &RegistrationRequest, (subject, why): (&str, &str), onward: &str) -> Letter {
    let placing = &request.placing;
    let text = format!(
        "Bonjour {first_name} {name},\n\n\
         Vous avez demandé le {sent} à être enregistré(e) au répertoire des professionnels \
         intervenant dans le système de santé (RPPS) par l'établissement {structure} (FINESS \
         {finess}). Cet établissement {why}\n\n\
         {onward}\n\n\
         Passerelle\n",
        first_name = placing.exercise_first_name,
        name = placing.exercise_name,
        sent = request.sent_at.in_french(),
        structure = request.structure.name,
        finess = request.structure.finess,
    );
    Letter { to: request.email.clone(), subject: subject.to_owned(), text }
}

fn greeting(who: &Professional, situation: &Situation, nomenclature: &Nomenclature) -> String {
    let civility = nomenclature.civilities.label(&who.identity.civility);
    format!("{civility} {} {}", situation.exercise_first_name, situation.exercise_name)
}

fn recap(
    who: &Professional,
    situation: &Situation,
    structure: &Structure,
    nomenclature: &Nomenclature,
) -> String {
    let identity = &who.identity;
    let civility = nomenclature.civilities.label(&identity.civility);
    let first_names = identity.first_names.join(", ");
    let mobile = mobile(&who.mobile);
    let usage = who.usage_name.as_ref().map_or(String::new(), |n| format!("- Nom d'usage : {n}\n"));
    let profession = nomenclature.professions.label(&situation.profession);
    let role = nomenclature.roles.label(&situation.role);
    let started = situation.started_on.strftime("%d/%m/%Y");
    let ends = situation
        .last_day
        .map_or(String::new(), |day| format!(", dernier jour le {}", day.strftime("%d/%m/%Y")));
    format!(
        "- Identité : {civility} {birth_name}, {first_names}\n{usage}\
         - Adresse électronique : {email}\n\
         - Téléphone mobile : {mobile}\n\
         - Raison sociale de l'établissement : {structure_name}\n\
         - Numéro FINESS de l'établissement : {finess}\n\
         - Profession : {profession}\n\
         - Rôle : {role}\n\
         - Nom et prénom d'exercice : {exercise_name} {exercise_first_name}\n\
         - Prise de fonction : le {started}{ends}",
        birth_name = identity.birth_name,
        email = who.email,
        structure_name = structure.name,
        finess = structure.finess,
        exercise_name = situation.exercise_name,
        exercise_first_name = situation.exercise_first_name,
    )
}

/// As French people dial it, with the international form beside.
fn mobile(number: &str) -> String {
    match number.strip_prefix("+33") {
        Some(national) => format!("0{national} ({number})"),
        None => number.to_owned(),
    }
}
