//! The civil identity: read once with all its faults, never edited afterwards (promise 8).

use jiff::{ToSpan, civil::Date};

use super::{
    CivilIdentity, Nomenclature, VerifiedIdentity,
    fault::Faults,
    folding::fold,
    nomenclature::{FRANCE, Found},
    written::Written,
};

/// Names are no longer than that.
const LONGEST_NAME: usize = 80;
/// Nobody has more first names than that.
const MOST_FIRST_NAMES: usize = 15;
/// Nobody works younger (Code du travail: apprentices turn 15 within the year)…
const YOUNGEST: i32 = 14;
/// …or is that old.
const OLDEST: i32 = 110;

/// Reads the members of a civil identity.
pub fn read(
    written: &mut Written,
    nomenclature: &Nomenclature,
    today: Date,
    faults: &mut Faults,
) -> Option<CivilIdentity> {
    let civility = civility(written, nomenclature, today, faults);
    let birth_name = required_name(written, "birth_name", faults);
    let first_names = first_names(written, faults);
    let sex = sex(written, faults);
    let birth_date = birth_date(written, today, faults);
    let place = place(written, nomenclature, birth_date, faults);
    let (birth_country, birth_commune, birth_town) = place?;
    Some(CivilIdentity {
        civility: civility?,
        birth_name: birth_name?,
        first_names: first_names?,
        sex: sex?,
        birth_date: birth_date?,
        birth_country,
        birth_commune,
        birth_town,
    })
}

/// Completes what FranceConnect vouched for with what it does not give: the civility; a sex or a
/// town of birth that it leaves open. What it gave is taken as it is: a commune or a country that
/// our lists lack is one of the register's all the same.
pub fn complete(
    verified: &VerifiedIdentity,
    written: &mut Written,
    nomenclature: &Nomenclature,
    today: Date,
    faults: &mut Faults,
) -> Option<CivilIdentity> {
    let civility = civility(written, nomenclature, today, faults);
    let sex = match &verified.sex {
        Some(sex) => Some(sex.clone()),
        None => sex(written, faults),
    };
    let birth_date = plausible("birth_date", verified.birth_date, today, faults);
    let (birth_commune, birth_town) = match (&verified.birth_commune, verified.is_born_in_france())
    {
        (Some(commune), _) => (Some(commune.clone()), None),
        (None, true) => {
            (Some(commune(written, nomenclature, Some(verified.birth_date), faults)?), None)
        }
        (None, false) => (None, Some(town(written, faults)?)),
    };
    Some(CivilIdentity {
        civility: civility?,
        birth_name: verified.birth_name.clone(),
        first_names: verified.first_names.clone(),
        sex: sex?,
        birth_date: birth_date?,
        birth_country: verified.birth_country.clone(),
        birth_commune,
        birth_town,
    })
}

/// Whether a civility is the usual one for a sex. The register keeps the two apart and no rule binds
/// one to the other, so that a difference is shown to who can tell, and is never a fault.
pub fn is_usual(civility: &str, sex: &str) -> bool {
    !matches!((civility, sex), ("M", "F") | ("MME", "M"))
}

/// What two entries of one person share, however they are spelt: one person, one number.
pub fn key(identity: &CivilIdentity, nomenclature: &Nomenclature) -> String {
    let place = match (&identity.birth_commune, &identity.birth_town) {
        (Some(commune), _) => nomenclature.commune_today(commune).to_owned(),
        (None, Some(town)) => fold(town),
        (None, None) => String::new(),
    };
    let names = (identity.birth_name.as_str(), identity.first_names.as_slice());
    joined(names, identity.birth_date, (&identity.birth_country, &place))
}

/// The same of somebody who has added nothing yet to what FranceConnect gave. `None`: it gave no
/// commune, and the place is still to be written.
pub fn key_of_verified(verified: &VerifiedIdentity, nomenclature: &Nomenclature) -> Option<String> {
    let place = nomenclature.commune_today(verified.birth_commune.as_deref()?);
    let names = (verified.birth_name.as_str(), verified.first_names.as_slice());
    Some(joined(names, verified.birth_date, (&verified.birth_country, place)))
}

fn joined(
    (name, first_names): (&str, &[String]),
    date: Date,
    (country, place): (&str, &str),
) -> String {
    let names: Vec<String> = first_names.iter().map(|name| fold(name)).collect();
    let (name, names) = (fold(name), names.join(" "));
    format!("{name}|{names}|{date}|{country}|{place}")
}

/// A name that may be absent: a usage name, a name in practice.
pub fn optional_name(written: &mut Written, name: &str, faults: &mut Faults) -> Option<String> {
    let text = written.optional_text(name, faults).ok()??;
    is_name(&text, &written.path(name), faults).then_some(text)
}

fn required_name(written: &mut Written, name: &str, faults: &mut Faults) -> Option<String> {
    let text = written.text(name, faults)?;
    is_name(&text, &written.path(name), faults).then_some(text)
}

/// Letters of the Latin script, spaces, hyphens, apostrophes; a letter at both ends.
fn is_name(text: &str, field: &str, faults: &mut Faults) -> bool {
    let is_letter =
        |c: char| c.is_alphabetic() && (c < '\u{250}' || ('\u{1e00}'..'\u{1f00}').contains(&c));
    if text.chars().count() > LONGEST_NAME {
        faults.add(field, "too_long", format!("Trop long : {LONGEST_NAME} caractères au plus."));
        return false;
    }
    let inner = |c: char| is_letter(c) || matches!(c, ' ' | '-' | '\'' | '’' | '.');
    let ends = |c: Option<char>| c.is_some_and(|c| is_letter(c) || c == '.');
    let sane = text.chars().next().is_some_and(is_letter)
        && ends(text.chars().next_back())
        && text.chars().all(inner);
    if !sane {
        let message = "Caractères inattendus : écrivez le nom comme sur la pièce d'identité, en \
                       lettres latines, avec espaces, traits d'union ou apostrophes.";
        faults.add(field, "bad_character", message);
    }
    sane
}

fn first_names(written: &mut Written, faults: &mut Faults) -> Option<Vec<String>> {
    let field = written.path("first_names");
    let names = written.texts("first_names", faults)?;
    if names.len() > MOST_FIRST_NAMES {
        let message = format!("Trop de prénoms : {MOST_FIRST_NAMES} au plus.");
        faults.add(field, "too_many", message);
        return None;
    }
    if !names.iter().all(|name| is_name(name, &field, faults)) {
        return None;
    }
    let mut folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    folded.sort();
    folded.dedup();
    if folded.len() != names.len() {
        let message = "Un prénom est répété : écrivez tous les prénoms de la pièce d'identité, \
                       une fois chacun, dans son ordre.";
        faults.add(field, "repeated", message);
        return None;
    }
    Some(names)
}

fn civility(
    written: &mut Written,
    nomenclature: &Nomenclature,
    today: Date,
    faults: &mut Faults,
) -> Option<String> {
    let code = written.text("civility", faults)?;
    match nomenclature.civilities.find(&code, &[today]) {
        Found::Valid(_) => Some(code),
        Found::Outdated(_) | Found::Unknown => {
            let message = "Civilité inconnue : indiquez M ou MME.";
            faults.add(written.path("civility"), "unknown_code", message);
            None
        }
    }
}

fn sex(written: &mut Written, faults: &mut Faults) -> Option<String> {
    let sex = written.text("sex", faults)?;
    if matches!(sex.as_str(), "M" | "F") {
        return Some(sex);
    }
    faults.add(written.path("sex"), "unknown_code", "Sexe inconnu : indiquez M ou F.");
    None
}

fn birth_date(written: &mut Written, today: Date, faults: &mut Faults) -> Option<Date> {
    let date = written.date("birth_date", faults)?;
    plausible(&written.path("birth_date"), date, today, faults)
}

/// The date of birth of somebody who may work.
fn plausible(field: &str, date: Date, today: Date, faults: &mut Faults) -> Option<Date> {
    if date >= today {
        let message = "La date de naissance n'est pas passée : vérifiez l'année.";
        faults.add(field, "in_the_future", message);
        return None;
    }
    let years = |count: i32| today.checked_sub(count.years()).unwrap_or(Date::MIN);
    if date > years(YOUNGEST) || date < years(OLDEST) {
        let message = format!(
            "Date de naissance invraisemblable : la personne aurait moins de {YOUNGEST} ans ou \
             plus de {OLDEST} ans. Vérifiez l'année."
        );
        faults.add(field, "implausible", message);
        return None;
    }
    Some(date)
}

type Place = (String, Option<String>, Option<String>);

/// Country, then a commune of the nomenclature in France, a town in free text elsewhere.
fn place(
    written: &mut Written,
    nomenclature: &Nomenclature,
    birth_date: Option<Date>,
    faults: &mut Faults,
) -> Option<Place> {
    let country = country(written, nomenclature, faults);
    let (commune_field, town_field) = (written.path("birth_commune"), written.path("birth_town"));
    let commune = written.optional_text("birth_commune", faults);
    let town = written.optional_text("birth_town", faults);
    let country = country?;
    if country == FRANCE {
        if town.is_ok_and(|town| town.is_some()) {
            let message = "Naissance en France : indiquez birth_commune (code INSEE) et retirez \
                           ce champ.";
            faults.add(town_field, "not_in_france", message);
        }
        let commune = commune_at(commune.ok()?, &commune_field, faults)?;
        let known = known_commune(&commune, &commune_field, nomenclature, birth_date, faults);
        return known.then_some((country, Some(commune), None));
    }
    if commune.is_ok_and(|commune| commune.is_some()) {
        let message = "Naissance à l'étranger : indiquez la ville dans birth_town et retirez ce \
                       champ.";
        faults.add(commune_field, "not_abroad", message);
    }
    Some((country, None, Some(town_at(town.ok()?, &town_field, faults)?)))
}

fn commune(
    written: &mut Written,
    nomenclature: &Nomenclature,
    birth_date: Option<Date>,
    faults: &mut Faults,
) -> Option<String> {
    let field = written.path("birth_commune");
    let commune = written.optional_text("birth_commune", faults).ok()?;
    let commune = commune_at(commune, &field, faults)?;
    known_commune(&commune, &field, nomenclature, birth_date, faults).then_some(commune)
}

fn town(written: &mut Written, faults: &mut Faults) -> Option<String> {
    let town = written.optional_text("birth_town", faults).ok()?;
    town_at(town, &written.path("birth_town"), faults)
}

fn commune_at(commune: Option<String>, field: &str, faults: &mut Faults) -> Option<String> {
    if commune.is_none() {
        let message = "Naissance en France : indiquez le code INSEE (COG) de la commune, sur cinq \
                       caractères.";
        faults.add(field, "required", message);
    }
    commune
}

fn town_at(town: Option<String>, field: &str, faults: &mut Faults) -> Option<String> {
    if town.is_none() {
        faults.add(field, "required", "Naissance à l'étranger : indiquez la ville.");
    }
    town
}

fn country(
    written: &mut Written,
    nomenclature: &Nomenclature,
    faults: &mut Faults,
) -> Option<String> {
    let code = written.text("birth_country", faults)?;
    let field = written.path("birth_country");
    // A code that ended is refused whatever the date of birth: the present one names the country.
    match nomenclature.countries.find(&code, &[Date::MAX]) {
        Found::Valid(_) => return Some(code),
        Found::Outdated(term) => {
            let instead = term.replaced_by.as_deref().unwrap_or(FRANCE);
            let message = format!("Ce code de pays n'a plus cours : utilisez {instead}.");
            faults.add(field, "outdated_code", message);
        }
        Found::Unknown => {
            let message = "Pays inconnu de la nomenclature : indiquez son code COG, 99100 pour la \
                           France.";
            faults.add(field, "unknown_code", message);
        }
    }
    None
}

/// A code valid on the day of birth is right, and so is the present one: documents show either.
fn known_commune(
    code: &str,
    field: &str,
    nomenclature: &Nomenclature,
    birth_date: Option<Date>,
    faults: &mut Faults,
) -> bool {
    let days = [birth_date.unwrap_or(Date::MAX), Date::MAX];
    match nomenclature.communes.find(code, &days) {
        Found::Valid(_) => return true,
        // Without a date of birth nothing can be said of a former code.
        Found::Outdated(_) if birth_date.is_none() => return true,
        Found::Outdated(term) => {
            let instead = nomenclature.commune_today(code);
            let message = format!(
                "{} n'avait plus ce code à la date de naissance : utilisez {instead} ({}).",
                term.label,
                nomenclature.communes.label(instead),
            );
            faults.add(field, "outdated_code", message);
        }
        Found::Unknown => {
            let message = "Commune inconnue de la nomenclature : vérifiez le code INSEE (COG), qui \
                           n'est pas le code postal.";
            faults.add(field, "unknown_code", message);
        }
    }
    false
}
