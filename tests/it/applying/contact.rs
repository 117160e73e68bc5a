//! An address and a mobile, each proven by a code.

use passerelle::kernel::time::Span;

use super::world::{HOME, World, faults, identity, text, value};

const EMAIL: &str = "ines@example.org";
const MOBILE: &str = "+33639980016";
const BOTH: &[(&str, &str)] = &[("email", EMAIL), ("mobile", "06 39 98 00 16")];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [BOTH, more].concat()
}

#[tokio::test]
async fn both_are_proven_by_their_own_code() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let proposed = world.get(&ines, "contact").await.is(200).text;
    assert_eq!(value(&proposed, "email"), EMAIL, "FranceConnect's is proposed");
    let refused = world.post(&ines, "contact", BOTH).await.is(422);
    assert_eq!(faults(&refused), ["email", "mobile"]);
    world.post(&ines, "contact", &with(&[("recevoir", "oui")])).await.is(303);
    assert_eq!(world.sent(), 2);
    let (by_mail, by_sms) = (world.code(EMAIL), world.code(MOBILE));
    let swapped = with(&[("code_email", &by_sms), ("code_mobile", &by_mail)]);
    let refused = world.post(&ines, "contact", &swapped).await.is(422);
    assert_eq!(faults(&refused), ["code_email", "code_mobile"]);
    // The right one counts, though the other is missing.
    let half = with(&[("code_email", &by_mail)]);
    let refused = world.post(&ines, "contact", &half).await.is(422);
    assert_eq!(faults(&refused), ["code_mobile"]);
    assert!(!refused.text.contains("name=\"code_email\""));
    assert_eq!(text(&refused.text, "aide-email"), "Vérifié.");
    let whole = with(&[("code_mobile", &by_sms)]);
    let done = world.post(&ines, "contact", &whole).await.is(303);
    assert_eq!(done.location(), format!("{HOME}/situation"));
    // Nothing is sent again to what is proven; another address is not.
    world.post(&ines, "contact", &with(&[("recevoir", "oui")])).await.is(303);
    assert_eq!(world.sent(), 2);
    let other = [("email", "autre@example.org"), ("mobile", MOBILE)];
    let refused = world.post(&ines, "contact", &other).await.is(422);
    assert_eq!(faults(&refused), ["email"]);
    let stopped = world.post(&ines, "envoyer", &[]).await.is(303);
    assert_eq!(stopped.location(), format!("{HOME}/contact"));
}

#[tokio::test]
async fn a_code_expires_is_tried_five_times_and_gives_way_to_the_next() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let ask = with(&[("recevoir", "oui")]);
    world.post(&ines, "contact", &ask).await.is(303);
    let first = world.code(EMAIL);
    world.advance(Span::minutes(10));
    let late = with(&[("code_email", &first), ("code_mobile", "000000")]);
    let refused = world.post(&ines, "contact", &late).await.is(422);
    assert!(text(&refused.text, "faute-code_email").contains("expiré"));
    world.post(&ines, "contact", &ask).await.is(303);
    let second = world.code(EMAIL);
    let wrong = if second == "123456" { "123457" } else { "123456" };
    for left in [4, 3, 2, 1] {
        let answer = world.post(&ines, "contact", &with(&[("code_email", wrong)])).await.is(422);
        let told = text(&answer.text, "faute-code_email");
        assert!(told.contains(&left.to_string()), "{told}");
    }
    world.post(&ines, "contact", &with(&[("code_email", wrong)])).await.is(422);
    let over = world.post(&ines, "contact", &with(&[("code_email", &second)])).await.is(422);
    assert!(text(&over.text, "faute-code_email").contains("trop souvent"));
    world.post(&ines, "contact", &ask).await.is(303);
    let third = world.code(EMAIL);
    if third != second {
        world.post(&ines, "contact", &with(&[("code_email", &second)])).await.is(422);
    }
    let taken = world.post(&ines, "contact", &with(&[("code_email", &third)])).await.is(422);
    assert_eq!(faults(&taken), ["code_mobile"]);
}

#[tokio::test]
async fn codes_leave_a_few_times_an_hour_only() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let ask = with(&[("recevoir", "oui")]);
    for _ in 0..6 {
        world.post(&ines, "contact", &ask).await.is(303);
    }
    let refused = world.post(&ines, "contact", &ask).await.is(422);
    assert_eq!((faults(&refused), world.sent()), (vec!["email".into(), "mobile".into()], 12));
    // Another browser of the same person, or another person and the same mobile: no more either.
    let again = world.arrives(identity("CARBONNEL", 1)).await;
    let elsewhere = [("email", "autre@example.org"), ("mobile", "0639980017"), ("recevoir", "oui")];
    world.post(&again, "contact", &elsewhere).await.is(422);
    let other = world.arrives(identity("MOREL", 2)).await;
    let same_mobile = [("email", "morel@example.org"), ("mobile", MOBILE), ("recevoir", "oui")];
    let refused = world.post(&other, "contact", &same_mobile).await.is(422);
    assert_eq!((faults(&refused), world.sent()), (vec!["mobile".into()], 13));
    world.advance(Span::minutes(29));
    world.get(&ines, "contact").await.is(200);
    world.advance(Span::minutes(29));
    world.get(&ines, "contact").await.is(200);
    world.advance(Span::minutes(2));
    world.post(&ines, "contact", &ask).await.is(303);
}

#[tokio::test]
async fn an_address_of_somebody_else_receives_nothing() {
    let world = World::new().await;
    let first = world.arrives(identity("CARBONNEL", 1)).await;
    world.ready(&first, EMAIL, MOBILE).await;
    world.post(&first, "envoyer", &[]).await.is(303);
    let sent = world.sent();
    let other = world.arrives(identity("MOREL", 2)).await;
    let same = [("email", "INES@example.org"), ("mobile", MOBILE), ("recevoir", "oui")];
    let refused = world.post(&other, "contact", &same).await.is(422);
    assert_eq!((faults(&refused), world.sent()), (vec!["email".into(), "mobile".into()], sent));
    let wrong = [("email", "ines"), ("mobile", "0142000000"), ("recevoir", "oui")];
    let refused = world.post(&other, "contact", &wrong).await.is(422);
    assert_eq!(faults(&refused), ["email", "mobile"]);
    assert_eq!(value(&refused.text, "mobile"), "0142000000");
}
