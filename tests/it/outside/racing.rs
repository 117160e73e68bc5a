//! Promise 2, while everything happens at once: whatever was under way when the end came, nothing
//! that came of it opens a door once the end has been answered.

use futures_util::future::{join, join_all};

use super::{
    api::Api,
    browser::Browser,
    demo::Demo,
    http::Answer,
    party::{Doors, Party, Tokens},
    scenes::{Phone, code_on, identify, log_in, logged_in, silently},
    world::Person,
};

/// Everything that may be under way at one moment.
struct Underway {
    browsers: Vec<Browser>,
    tokens: Tokens,
    codes: Vec<String>,
    waiting: Vec<(Browser, super::browser::Page, String)>,
}

async fn prepare(demo: &Demo, party: &Party, person: &Person) -> Underway {
    let (mut browser, tokens) = logged_in(demo, party, person).await;
    let phone = Phone::of(demo, person);
    let mut codes = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..3 {
        codes.push(browser.get(&party.silent()).await.parameter("code").unwrap());
        let mut other = Browser::for_parties(&[party]);
        let page = identify(&mut other, &party.start(&[]), person).await;
        waiting.push((other, page, phone.challenge().await));
    }
    let browsers = (0..5).map(|_| browser.clone()).collect();
    Underway { browsers, tokens, codes, waiting }
}

/// Lets it all go on at once, and answers every token and every code that came of it.
async fn go_on(demo: &Demo, party: &Party, person: &Person, underway: &mut Underway) -> Gained {
    let phone = Phone::of(demo, person);
    let refreshed = join_all((0..10).map(|_| party.refresh(&underway.tokens.refresh)));
    let redeemed = join_all(underway.codes.iter().map(|code| party.redeem(code)));
    let silent = join_all(underway.browsers.iter_mut().map(|browser| silent(browser, party)));
    let approved = join_all(underway.waiting.iter_mut().map(async |(browser, page, challenge)| {
        phone.approve(challenge, &code_on(page), &person.pin).await;
        browser.again(page).await.parameter("code")
    }));
    let ((refreshed, redeemed), (silent, approved)) =
        join(join(refreshed, redeemed), join(silent, approved)).await;
    let won = |answer: &Answer| answer.status == 200;
    let tokens = refreshed.iter().chain(&redeemed).filter(|answer| won(answer));
    let mut tokens: Vec<Tokens> = tokens.map(|answer| Tokens::from(answer.json())).collect();
    let mut codes: Vec<String> = approved.into_iter().flatten().collect();
    for (code, answer) in silent.into_iter().flatten() {
        if won(&answer) {
            tokens.push(Tokens::from(answer.json()));
        } else {
            codes.push(code);
        }
    }
    Gained { tokens, codes }
}

async fn silent(browser: &mut Browser, party: &Party) -> Option<(String, Answer)> {
    let code = browser.get(&party.silent()).await.parameter("code")?;
    let answer = party.redeem(&code).await;
    Some((code, answer))
}

struct Gained {
    tokens: Vec<Tokens>,
    codes: Vec<String>,
}

impl Gained {
    async fn is_worthless(&self, party: &Party) {
        for tokens in &self.tokens {
            assert_eq!(party.doors(tokens).await, Doors::shut());
        }
        for code in &self.codes {
            assert_eq!(party.redeem(code).await.told(), (400, "invalid_grant".into()));
        }
    }
}

#[tokio::test]
async fn what_was_under_way_when_the_end_came_opens_nothing_after_it() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    for round in 0..5 {
        let mut underway = prepare(&demo, &party, &person).await;
        let old = underway.tokens.clone();
        // The end comes a little later each time: it meets other things under way.
        let end = async {
            for _ in 0..round * 4 {
                demo.get(&format!("{}/health/live", demo.gateway())).await;
            }
            api.end_now(&situation).await;
            // From here on, whatever else is still on its way.
            let at_once = party.doors(&old).await;
            assert_eq!(at_once, Doors::shut(), "round {round}");
        };
        let (gained, ()) = join(go_on(&demo, &party, &person, &mut underway), end).await;
        gained.is_worthless(&party).await;
        api.reopen(&situation).await;
        gained.is_worthless(&party).await;
        assert_eq!(party.doors(&old).await, Doors::shut(), "round {round}, after the undoing");
    }
    let mut browser = Browser::for_parties(&[&party]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
}

/// Fifty ends and undoings at once: each is done or refused, and a log-in afterwards is judged by
/// what the registry says in the end.
#[tokio::test]
async fn ends_and_undoings_at_once_leave_one_truth() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("educateur");
    let [first, second, national] =
        ["dui-tilleuls", "dui-rive-claire", "plateforme"].map(|key| Party::of(&demo, key));
    let mut browser = Browser::for_parties(&[&first, &second, &national]);
    let page = log_in(&demo, &mut browser, &first.start(&[]), &person).await;
    let held = [
        (&first, first.tokens(&page).await),
        (&second, silently(&mut browser, &second).await),
        (&national, silently(&mut browser, &national).await),
    ];
    let mut situations = Vec::new();
    for key in ["tilleuls", "rive-claire"] {
        situations.push(api.situation(&person.rpps, &demo.world.finess(key)).await);
    }
    // Both at once: neither may believe that the other is still open.
    let end = serde_json::json!({"immediate": true});
    let paths: Vec<_> = situations.iter().map(|id| format!("/situations/{id}/end")).collect();
    let ends = join_all(paths.iter().cycle().take(50).map(|path| api.post(path, &end))).await;
    assert_eq!(ends.iter().filter(|answer| answer.status == 200).count(), 2, "each once");
    assert!(ends.iter().all(|answer| matches!(answer.status, 200 | 409)));
    for (party, tokens) in &held {
        assert_eq!(party.doors(tokens).await, Doors::shut());
    }
    assert_eq!(api.card(&person.rpps).await, "suspended");
}
