//! Step 1: registered at T0, visible at T+24 h, activable at T+48 h.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{Cast, Person, eventually, text};
use super::story::{Story, Told, ensure};
use crate::random;

const PIN: &str = "2468";

/// The person whom the story is about.
pub(super) struct Newcomer {
    pub(super) person: Person,
    pub(super) name: String,
    pub(super) situation: String,
    /// The situation as it was entered, to hire her again.
    pub(super) hiring: Value,
}

pub(super) async fn play(story: &mut Story<'_>, cast: &Cast) -> Option<Newcomer> {
    let newcomer = story
        .step(
            "1.1 Enregistrée par l'API à T0 : un numéro RPPS dont la clé est juste",
            register(cast),
        )
        .await?;
    let person = &newcomer.person;
    story.step("1.2 Un courriel récapitule ce qui a été enregistré", mailed(cast, &newcomer)).await;
    story
        .step("1.3 Activation refusée avant l'heure, et l'heure est dite", too_early(cast, person))
        .await;
    story
        .step("1.4 T+24 h : absente de l'annuaire avant, visible après", visible(cast, &newcomer))
        .await;
    story.step("1.5 T+48 h : le calendrier avance encore d'un jour", cast.advance("PT24H")).await?;
    story
        .step("1.6 Un identifiant sans le 8 : le téléphone le dit", without_the_8(cast, person))
        .await;
    story
        .step(
            "1.7 Activation : un secret par SMS, un par courriel, un PIN, une clé neuve",
            activate(cast, person),
        )
        .await?;
    Some(newcomer)
}

async fn register(cast: &Cast) -> Told<Newcomer> {
    let hiring = json!({
        "finess": cast.finess("tilleuls")?,
        "profession": "313",
        "role": "GENR11",
        "mode": "S",
        "started_on": cast.today().await?,
    });
    let unique = random::token();
    let letters: String = unique.bytes().take(6).map(letter).collect();
    let digits: String = unique.bytes().skip(6).take(4).map(|b| char::from(b'1' + b % 9)).collect();
    let (email, mobile) =
        (format!("estelle.{}@example.org", letters.to_lowercase()), format!("+3363998{digits}"));
    let name = format!("MARVAUD-{letters}");
    let body = json!({
        "civility": "MME",
        "birth_name": name,
        "first_names": ["Estelle", "Rose"],
        "sex": "F",
        "birth_date": "1994-05-17",
        "birth_country": "99100",
        "birth_commune": "01053",
        "email": email,
        "mobile": mobile,
        "situation": hiring,
    });
    let made = cast.api_ok(Method::POST, "/professionals", Some(&body)).await?;
    let rpps = text(&made, "/rpps")?;
    ensure(has_right_key(&rpps), || format!("la clé de {rpps} est fausse"))?;
    let situation = text(&made, "/situations/0/id")?;
    let person = Person { rpps, pin: PIN.to_owned(), email, mobile };
    Ok(Newcomer { person, name, situation, hiring })
}

async fn mailed(cast: &Cast, newcomer: &Newcomer) -> Told<()> {
    let person = &newcomer.person;
    let mail = eventually(|| async {
        let messages = cast.messages(&person.email).await?;
        let found = messages.iter().find_map(|mail| text(mail, "/text").ok());
        found.ok_or_else(|| "aucun courriel".to_owned())
    })
    .await?;
    let identifier = format!("8{}", person.rpps);
    let plain = |text: &str| text.replace([' ', '\u{a0}', '\u{202f}', '.'], "").to_lowercase();
    let finess = text(&newcomer.hiring, "/finess")?;
    let mobile = person.mobile.trim_start_matches("+33");
    let wanted: [&str; 10] = [
        &person.rpps,
        &identifier,
        &newcomer.name,
        "Estelle",
        &person.email,
        mobile,
        &finess,
        "EHPAD LES GRANDS TILLEULS",
        "Aide-soignant",
        "e-CPS",
    ];
    let mail = plain(&mail);
    let missing: Vec<&str> =
        wanted.into_iter().filter(|wanted| !mail.contains(&plain(wanted))).collect();
    ensure(missing.is_empty(), || format!("il y manque {}", missing.join(", ")))
}

async fn too_early(cast: &Cast, person: &Person) -> Told<()> {
    let body = json!({"pin": person.pin});
    let answer = cast.phone(&person.rpps, (Method::POST, "/activate"), Some(&body)).await?;
    ensure(answer.status == 409 && answer.code() == "too_early", || answer.seen())?;
    text(&answer.body, "/activable_at").map(|_| ())
}

async fn visible(cast: &Cast, newcomer: &Newcomer) -> Told<()> {
    let path = format!("/annuaire/{}", newcomer.person.rpps);
    let (before, _) = cast.public(&path).await?;
    ensure(before == 404, || format!("avant : {before}"))?;
    cast.advance("PT24H").await?;
    let (after, page) = cast.public(&path).await?;
    ensure(after == 200, || format!("après : {after}"))?;
    let shown = page.to_lowercase().contains(&newcomer.name.to_lowercase());
    ensure(shown, || "le nom d'exercice n'y est pas".to_owned())?;
    let hidden = !page.contains(&newcomer.person.email) && !page.contains("1994");
    ensure(hidden, || "l'annuaire montre ce qu'il doit taire".to_owned())
}

async fn without_the_8(cast: &Cast, person: &Person) -> Told<()> {
    let body = json!({"identifier": person.rpps});
    let answer = cast.phone(&person.rpps, (Method::POST, "/activation"), Some(&body)).await?;
    ensure(answer.code() == "unknown_identifier", || answer.seen())?;
    let detail = text(&answer.body, "/detail")?;
    ensure(detail.contains('8'), || format!("rien ne dit d'ajouter le 8 : {detail}"))
}

async fn activate(cast: &Cast, person: &Person) -> Told<()> {
    let asked = cast.phone(&person.rpps, (Method::POST, "/activation"), None).await?;
    ensure(asked.status == 201, || asked.seen())?;
    let path = format!("/activation/{}/finish", text(&asked.body, "/activation")?);
    let mail_secret = secret(cast, &person.email, 8).await?;
    let sms_secret = secret(cast, &person.mobile, 6).await?;

    let wrong = json!({"mail_secret": "AAAAAAAA", "sms_secret": sms_secret, "pin": person.pin});
    let answer = cast.phone(&person.rpps, (Method::POST, &path), Some(&wrong)).await?;
    ensure(answer.code() == "wrong_secret", || answer.seen())?;
    let right = json!({"mail_secret": mail_secret, "sms_secret": sms_secret, "pin": person.pin});
    let answer = cast.phone(&person.rpps, (Method::POST, &path), Some(&right)).await?;
    ensure(answer.status == 200, || answer.seen())?;

    let path = format!("/professionals/{}", person.rpps);
    let known = cast.api_ok(Method::GET, &path, None).await?;
    let card = text(&known, "/card").or_else(|_| text(&known, "/card/state"))?;
    ensure(card == "active", || format!("la carte est « {card} »"))
}

/// The newest secret of this length in somebody's messages.
pub(super) async fn secret(cast: &Cast, to: &str, length: usize) -> Told<String> {
    eventually(|| async {
        let messages = cast.messages(to).await?;
        let codes = messages.iter().filter_map(|message| message.get("codes")?.as_array());
        codes
            .flatten()
            .filter_map(Value::as_str)
            .find(|code| code.len() == length)
            .map(str::to_owned)
            .ok_or_else(|| format!("pas de secret pour {to}"))
    })
    .await
}

/// A letter from `A` to `P` for a hexadecimal digit.
fn letter(digit: u8) -> char {
    let value = char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    char::from(b'A' + value.unwrap_or_default())
}

/// Eleven digits whose last is the Luhn key of the others.
fn has_right_key(rpps: &str) -> bool {
    let sum: u32 = rpps
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    rpps.len() == 11 && rpps.bytes().all(|b| b.is_ascii_digit()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_number() {
        for (rpps, expected) in
            [("99900000037", true), ("99900000038", false), ("9990000003", false), ("", false)]
        {
            assert_eq!(has_right_key(rpps), expected, "{rpps}");
        }
    }
}
