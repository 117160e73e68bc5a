//! Promise 7: what is used once is used once, fifty at once as well.

use futures_util::future::join_all;

use super::{
    api::Api,
    browser::Browser,
    demo::Demo,
    party::{Doors, Party, Tokens},
    scenes::{Phone, code_on, identify, log_in, logged_in, refused_with, silently},
};

#[tokio::test]
async fn a_code_that_comes_back_kills_what_it_gave() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let (party, other) = (Party::of(&demo, "dui-tilleuls"), Party::of(&demo, "plateforme"));
    let mut browser = Browser::for_parties(&[&party, &other]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    let code = page.parameter("code").unwrap();
    let tokens = Tokens::from(party.redeem(&code).await.success());
    let elsewhere = silently(&mut browser, &other).await;
    assert_eq!(party.doors(&tokens).await, Doors::open());

    assert_eq!(party.redeem(&code).await.told(), (400, "invalid_grant".into()));

    assert_eq!(party.doors(&tokens).await, Doors::shut());
    assert_eq!(other.doors(&elsewhere).await, Doors::open(), "the session's other grants stay");
}

#[tokio::test]
async fn of_fifty_redemptions_at_once_one_wins_and_its_tokens_die() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (mut browser, _) = logged_in(&demo, &party, &person).await;
    for _ in 0..3 {
        let code = browser.get(&party.silent()).await.parameter("code").unwrap();
        let answers = join_all((0..50).map(|_| party.redeem(&code))).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "one wins");
        for lost in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(lost.told(), (400, "invalid_grant".into()));
        }
        // All replays have been answered: what the winner holds is dead.
        let tokens = Tokens::from(won[0].success());
        assert_eq!(party.doors(&tokens).await, Doors::shut());
    }
}

#[tokio::test]
async fn refreshing_fifty_times_at_once_gives_tokens_that_all_work_until_the_end() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (_, first) = logged_in(&demo, &party, &person).await;
    // PSC reissues: an old refresh token stays good to its own end.
    let answers = join_all((0..50).map(|_| party.refresh(&first.refresh))).await;
    let all: Vec<Tokens> = answers.iter().map(|answer| Tokens::from(answer.success())).collect();
    assert_eq!(party.doors(&first).await, Doors::open());
    assert_eq!(party.doors(&all[0]).await, Doors::open());
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    api.end_now(&situation).await;
    for tokens in all.iter().chain([&first]) {
        assert_eq!(party.doors(tokens).await, Doors::shut());
    }
}

#[tokio::test]
async fn what_one_token_of_a_grant_revokes_is_the_grant() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let (party, other) = (Party::of(&demo, "dui-tilleuls"), Party::of(&demo, "plateforme"));
    let mut browser = Browser::for_parties(&[&party, &other]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    let first = party.tokens(&page).await;
    let renewed = Tokens::from(party.refresh(&first.refresh).await.success());
    let elsewhere = silently(&mut browser, &other).await;
    let revoked = other.call("revoke", &[("token", &first.refresh)]).await;
    assert!(matches!(revoked.status, 200 | 400), "{}", revoked.body);
    assert_eq!(party.doors(&first).await, Doors::open(), "another client's token is not ours");

    for _ in 0..2 {
        let revoked = party.call("revoke", &[("token", &first.refresh)]).await;
        assert_eq!(revoked.status, 200, "{}", revoked.body);
    }
    assert_eq!(party.doors(&first).await, Doors::shut());
    assert_eq!(party.doors(&renewed).await, Doors::shut());
    assert_eq!(other.doors(&elsewhere).await, Doors::open());
    let again = silently(&mut browser, &party).await;
    assert_eq!(party.doors(&again).await, Doors::open(), "the session itself stays");
}

#[tokio::test]
async fn a_challenge_is_answered_once() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let phone = Phone::of(&demo, &person);
    let mut browser = Browser::for_parties(&[&party]);

    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let (challenge, code) = (phone.challenge().await, code_on(&page));
    let approvals = (0..10).map(|_| phone.approve(&challenge, &code, &person.pin));
    let approvals = join_all(approvals).await;
    assert_eq!(approvals.iter().filter(|answer| answer.status == 200).count(), 1);
    for lost in approvals.iter().filter(|answer| answer.status != 200) {
        assert_eq!(lost.told(), (410, "challenge_gone".into()));
    }
    let page = browser.again(&page).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());

    let page = identify(&mut browser, &party.start(&[("prompt", "login")]), &person).await;
    let challenge = phone.challenge().await;
    let denial = serde_json::json!({ "challenge": challenge });
    phone.call("deny", &denial).await.success();
    let late = phone.approve(&challenge, &code_on(&page), &person.pin).await;
    assert_eq!(late.told(), (410, "challenge_gone".into()));
    let page = browser.again(&page).await;
    assert_eq!(page.error(), "demande_refusee", "{}", page.summary());
    let page = browser.press(&page, "annuler", &[]).await;
    assert_eq!(refused_with(&page), "access_denied", "{}", page.summary());
}

#[tokio::test]
async fn a_one_time_code_opens_once() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let otp = Phone::of(&demo, &person).one_time_code(&person.pin).await;
    let mut browser = Browser::for_parties(&[&party]);
    let page = super::log_in::with_one_time_code(&mut browser, &party, &person, &otp).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
    let mut thief = Browser::for_parties(&[&party]);
    let page = super::log_in::with_one_time_code(&mut thief, &party, &person, &otp).await;
    assert!(page.parameter("code").is_none(), "{}", page.summary());
    assert!((200..500).contains(&page.answer.status), "{}", page.summary());
}
