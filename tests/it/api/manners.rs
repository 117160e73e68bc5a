//! What every call has in common: who asks, in which words, and how it is refused.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use super::world::{RIVE_CLAIRE, TILLEULS, World, hiring, person};

#[tokio::test]
async fn a_token_is_wanted_known_and_wide_enough() {
    let world = World::new().await;
    let bare = Request::get("/api/v1/professionals").body(Body::empty()).unwrap();
    let answer = world.send(bare).await.problem(401, "token_required");
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"passerelle\"");
    let answer = world.call("stranger", "GET /professionals", None).await;
    let answer = answer.problem(401, "invalid_token");
    let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"invalid_token\""));
    for (call, scope) in [
        ("GET /professionals", "registry:read"),
        ("GET /professionals/99900000011", "registry:read"),
        ("POST /professionals", "registry:write"),
        ("DELETE /professionals/99900000011", "registry:authority"),
        ("POST /professionals/99900000011/situations", "registry:write"),
        ("POST /situations/x/end", "registry:write"),
        ("POST /situations/x/reopen", "registry:write"),
        ("POST /structures", "registry:write"),
        ("POST /local-accesses", "registry:write"),
        ("DELETE /local-accesses/x", "registry:write"),
        ("GET /departures", "security:read"),
        ("GET /departures/x", "security:read"),
        ("GET /sessions", "security:read"),
        ("DELETE /sessions/x", "security:write"),
        ("GET /journal", "security:read"),
    ] {
        let answer = world.call("none", call, None).await.problem(403, "insufficient_scope");
        let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains(&format!("scope=\"{scope}\"")), "{call}: {challenge}");
        let answer = world.call(scope, call, None).await;
        assert_ne!(answer.at("/code"), "insufficient_scope", "{call}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_its_own_name() {
    let world = World::new().await;
    let post = |media: &'static str, body: Vec<u8>| {
        let request = Request::post("/api/v1/professionals")
            .header(header::AUTHORIZATION, "Bearer all")
            .header(header::CONTENT_TYPE, media);
        world.send(request.body(Body::from(body)).unwrap())
    };
    let json = "application/json";
    post("text/plain", b"{}".to_vec()).await.problem(415, "unsupported_media_type");
    post("application/x-www-form-urlencoded", b"a=b".to_vec())
        .await
        .problem(415, "unsupported_media_type");
    for body in [
        "",
        " \n",
        "{",
        "[]",
        "null",
        "\"text\"",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1,\"a\":1}",
        "{\"a\":[{\"b\":null,\"b\":2}]}",
    ] {
        post(json, body.as_bytes().to_vec()).await.problem(400, "invalid_json");
    }
    post(json, vec![0xff, 0xfe]).await.problem(400, "invalid_json");
    post(json, "[".repeat(100_000).into_bytes()).await.problem(400, "invalid_json");
    post(json, vec![b' '; 7 << 20]).await.problem(413, "too_large");
    let answer = post("application/json; charset=utf-8", b"{}".to_vec()).await;
    let answer = answer.problem(422, "invalid_fields");
    assert_eq!(answer.json()["fields"].as_array().unwrap().len(), 9);

    world.call("all", "GET /nowhere", None).await.problem(404, "not_found");
    world.call("all", "PUT /professionals", None).await.problem(405, "method_not_allowed");
    let one = world.call("all", "GET /professionals/99900000012", None).await;
    assert!(one.at("/detail").contains("clé de contrôle incorrecte"), "{}", one.text);
    for call in [
        "GET /professionals/99900000012",
        "GET /professionals/99900000011",
        "GET /professionals/%00",
        "POST /situations/x/reopen",
        "POST /situations/00000000-0000-0000-0000-000000000000/reopen",
        "GET /departures/00000000-0000-0000-0000-000000000000",
        "DELETE /sessions/00000000-0000-0000-0000-000000000000",
        "DELETE /local-accesses/00000000-0000-0000-0000-000000000000",
    ] {
        world.call("all", call, None).await.problem(404, "not_found");
    }
}

/// A filter that is misspelt, repeated or left empty must not answer everything.
#[tokio::test]
async fn each_parameter_is_known_and_comes_once_with_a_value() {
    let world = World::new().await;
    let refused = async |call: &str, parameter: &str| {
        let answer = world.call("all", call, None).await.problem(400, "invalid_parameter");
        assert_eq!(answer.at("/parameter"), parameter, "{call}");
        answer.json()
    };
    for value in ["limit=0", "limit=201", "limit=x", "after=x", "finess=1"] {
        let name = value.split('=').next().unwrap();
        refused(&format!("GET /professionals?{value}"), name).await;
    }
    let lists: [(&str, &[&str]); 8] = [
        ("professionals", &["finess"]),
        ("structures", &["finess"]),
        ("requests", &["finess", "state"]),
        ("habilitations", &["finess", "rpps"]),
        ("local-accesses", &["finess", "rpps"]),
        ("departures", &["rpps", "finess"]),
        ("sessions", &["rpps", "client"]),
        ("journal", &[]),
    ];
    for (list, filters) in lists {
        let known = [filters, &["after", "limit"]].concat();
        for (query, wrong) in [
            ("fines=019999028", "fines"),
            ("Limit=1", "Limit"),
            ("limit=1&limit=1", "limit"),
            ("limit=1&limit=", "limit"),
            ("limit=", "limit"),
            ("=", ""),
        ] {
            let told = refused(&format!("GET /{list}?{query}"), wrong).await;
            assert_eq!(told["parameters"], json!(known), "{list} {query}");
        }
    }
    for (one, known) in [
        ("GET /professionals/99900000011?finess=019999028", &[] as &[&str]),
        ("POST /professionals?finess=019999028", &[]),
        ("DELETE /local-accesses/x?last=true", &[]),
        ("DELETE /habilitations/x?lsat=true", &["last"]),
    ] {
        let name = one.split_once('?').unwrap().1.split('=').next().unwrap();
        assert_eq!(refused(one, name).await["parameters"], json!(known), "{one}");
    }
    let filter = format!("GET /professionals?finess={TILLEULS}&limit=1");
    world.call("all", &filter, None).await.is(200);
    world.call("all", "GET /professionals?after=", None).await.is(200);
}

/// A field's fault speaks of that field, whatever stands there.
#[tokio::test]
async fn what_has_the_wrong_type_is_told_in_the_words_of_its_field() {
    let world = World::demo().await;
    let (rpps, situation) = world.person("Vasseur", 1).await;
    let request = "00000000-0000-0000-0000-000000000000";
    let mut registration = person("Morel", 2);
    registration["usage_name"] = json!("Petit");
    registration["birth_town"] = json!("Lyon");
    registration["document"] = json!("JVBERi0=");
    registration["ready"] = json!(true);
    let mut whole = hiring(TILLEULS);
    whole["last_day"] = json!("2027-01-01");
    whole["exercise_name"] = json!("Petit");
    whole["exercise_first_name"] = json!("Paul");
    let structure = json!({"finess": "690034376", "name": "S", "kind": "EG", "sector": "SA17",
                           "legal_entity": TILLEULS, "address": "1 rue", "commune": "69266",
                           "postal_code": "69100", "city": "V"});
    let naming = json!({"rpps": rpps, "as": "gestionnaire", "finess": TILLEULS,
                        "trained_on": "2026-01-01"});
    for (call, body) in [
        ("POST /professionals", registration),
        (&format!("POST /professionals/{rpps}/situations"), whole),
        ("POST /structures", structure),
        ("POST /habilitations", naming),
        (
            "POST /local-accesses",
            json!({"rpps": rpps, "finess": TILLEULS, "last_day": "2027-01-01"}),
        ),
        (&format!("POST /situations/{situation}/end"), json!({"immediate": true, "reason": "r"})),
        (&format!("POST /situations/{situation}/end"), json!({"at": "2026-11-22T07:00:00Z"})),
        (&format!("POST /requests/{request}/validate"), json!({"attestation": true})),
        (&format!("POST /requests/{request}/reject"), json!({"reason": "r"})),
    ] {
        for field in body.as_object().unwrap().keys() {
            for wrong in [json!(5), json!([null]), json!({"a": []}), json!(["x"]), json!("x")] {
                let is_right = match &body[field] {
                    Value::String(_) => wrong.is_string(),
                    Value::Array(_) => wrong == json!(["x"]),
                    Value::Bool(_) | Value::Object(_) | Value::Number(_) | Value::Null => false,
                };
                let mut other = body.clone();
                other[field] = wrong;
                let asked = format!("{call} {other}");
                let answer = world.call("all", call, Some(&other)).await;
                if is_right || (field == "situation" && other[field].is_object()) {
                    continue;
                }
                let answer = answer.problem(422, "invalid_fields").json();
                let faults = answer["fields"].as_array().unwrap();
                let fault = faults.iter().find(|fault| fault["field"] == field.as_str());
                let fault = fault.unwrap_or_else(|| panic!("{asked}: {faults:?}"));
                assert_eq!(fault["code"], "wrong_type", "{asked}");
                let message = fault["message"].as_str().unwrap();
                let speaks_of_files = message.contains("base64");
                assert_eq!(speaks_of_files, field == "document", "{asked}: {message}");
                assert_eq!(message.contains("Marie"), field == "first_names", "{asked}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_is_bound_acts_at_its_structure_only() {
    let world = World::new().await;
    let (here, there) = (format!("at:{TILLEULS}"), format!("at:{RIVE_CLAIRE}"));
    let (rpps, situation) = world.person("Vasseur", 1).await;
    let local = json!({"rpps": rpps, "finess": TILLEULS});
    for (call, body) in [
        ("POST /professionals", Some(person("Morel", 2))),
        (&format!("POST /professionals/{rpps}/situations"), Some(hiring(TILLEULS))),
        ("POST /local-accesses", Some(local)),
        (&format!("GET /professionals?finess={TILLEULS}"), None),
        (&format!("DELETE /professionals/{rpps}"), None),
        ("POST /structures", Some(json!({"finess": "690034376", "name": "S"}))),
        ("DELETE /sessions/00000000-0000-0000-0000-000000000000", None),
    ] {
        world.call(&there, call, body.as_ref()).await.problem(403, "forbidden");
    }
    let end = format!("POST /situations/{situation}/end");
    let now = json!({"immediate": true});
    for call in [format!("GET /professionals/{rpps}"), end.clone()] {
        world.call(&there, &call, Some(&now)).await.problem(404, "not_found");
    }
    let seen = world.call(&there, "GET /professionals", None).await.is(200);
    assert_eq!(seen.at("/items"), "[]");
    let seen = world.call(&there, "GET /structures", None).await.is(200);
    assert_eq!(
        (seen.at("/items/0/finess"), seen.at("/items/1")),
        (RIVE_CLAIRE.into(), "null".into())
    );

    // Hired by the second one as well: each sees its own situation.
    let second_hiring = format!("POST /professionals/{rpps}/situations");
    world.call(&there, &second_hiring, Some(&hiring(RIVE_CLAIRE))).await.is(201);
    for (token, finess) in [(&here, TILLEULS), (&there, RIVE_CLAIRE)] {
        let seen = world.call(token, &format!("GET /professionals/{rpps}"), None).await.is(200);
        assert_eq!(seen.at("/situations/0/finess"), finess);
        assert_eq!(seen.at("/situations/1"), "null");
    }
    world.call(&here, &end, Some(&now)).await.is(200);
    let seen = world.call(&there, "GET /departures", None).await.is(200);
    assert_eq!(seen.at("/items"), "[]");
    let seen = world.call(&here, "GET /departures", None).await.is(200);
    let one = format!("GET /departures/{}", seen.at("/items/0/id"));
    world.call(&here, &one, None).await.is(200);
    world.call(&there, &one, None).await.problem(404, "not_found");
    let lines = world.call(&there, "GET /journal", None).await.is(200);
    let items = lines.json()["items"].as_array().unwrap().clone();
    assert!(
        items.iter().all(|line| line["entry"]["structure"] == RIVE_CLAIRE) && !items.is_empty()
    );
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped() {
    let world = World::new().await;
    let mut made = Vec::new();
    for (line, name) in ["Aubin", "Blet", "Colin", "Diot", "Evrard"].into_iter().enumerate() {
        made.push(world.person(name, u32::try_from(line).unwrap()).await.0);
    }
    made.sort();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let call = format!("GET /professionals?limit=2{after}");
        let page = world.call("all", &call, None).await.is(200).json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| item["rpps"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let lines = world.call("all", "GET /journal?limit=3", None).await.is(200).json();
    let next = format!("GET /journal?limit=3&after={}", lines["next"].as_str().unwrap());
    let more = world.call("all", &next, None).await.is(200).json();
    assert_eq!((&lines["items"][2]["seq"], &more["items"][0]["seq"]), (&json!(3), &json!(4)));
    let structures = world.call("all", "GET /structures?limit=200", None).await.is(200).json();
    assert_eq!(
        (structures["items"].as_array().unwrap().len(), &structures["next"]),
        (19, &json!(null))
    );
}
