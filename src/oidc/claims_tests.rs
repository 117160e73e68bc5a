use serde_json::{Value, json};

use super::*;
use crate::{
    access::{CardStanding, Stamp, Standing},
    kernel::{Epoch, Revision, SituationId},
    oidc::{
        client_settings::{Profile, SituationsTold, TokenSettings},
        grant::{Bearer, GrantRequest},
        userinfo::Userinfo,
    },
    registry::{Authority, Structure, StructureKind},
    web::page::Frame,
};

const FEDERATION: Uuid = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0001);

fn settings() -> Settings {
    let base: url::Url = "https://auth.example".parse().unwrap();
    Settings::at(base.clone(), base, Frame { demo: false })
}

fn situation(number: u128, finess: &str, authority: Authority, profession: &str) -> Situation {
    Situation {
        id: SituationId(Uuid::from_u128(number)),
        rpps: "99900000037".parse().unwrap(),
        finess: finess.parse().unwrap(),
        authority,
        profession: profession.to_owned(),
        role: "GENR10".to_owned(),
        mode: "S".to_owned(),
        started_on: "2026-01-01".parse().unwrap(),
        last_day: None,
        ends_at: None,
        ended_at: None,
        exercise_name: "DUVALLON".to_owned(),
        exercise_first_name: "Camille".to_owned(),
    }
}

fn subject(situations: Vec<Situation>) -> Subject {
    let standing = Standing {
        rpps: "99900000037".parse().unwrap(),
        card: CardStanding::Active,
        situations,
        upcoming: Vec::new(),
        local_accesses: Vec::new(),
    };
    Subject { standing, subject: Uuid::from_u128(9), civility: "MME".to_owned() }
}

fn rive_claire() -> Structure {
    Structure {
        finess: "699999124".parse().unwrap(),
        kind: StructureKind::Establishment,
        legal_entity: Some("699999116".parse().unwrap()),
        name: "IME RIVE CLAIRE".to_owned(),
        address: "14 Quai Imaginaire".to_owned(),
        commune: "69383".to_owned(),
        postal_code: "69003".to_owned(),
        city: "LYON".to_owned(),
        sector: "SA16".to_owned(),
        closed_at: None,
    }
}

fn grant(structure: Option<&str>, scope: &str, tokens: TokenSettings) -> Grant {
    let sid = Sid(Uuid::from_u128(5));
    Grant {
        id: GrantId(Uuid::from_u128(7)),
        client: "dui-demo".parse().unwrap(),
        bearer: Some(Bearer { rpps: "99900000037".parse().unwrap(), sid }),
        structure: structure.map(|finess| finess.parse().unwrap()),
        proof: Stamp { epoch: Epoch(Uuid::nil()), revision: Revision(1) },
        own: Revision(1),
        until: Timestamp(9_000_000),
        opened_at: Timestamp(0),
        request: GrantRequest {
            scope: Scopes::read(scope),
            nonce: Some("0123".to_owned()),
            auth_time: Some(990),
            tokens,
            ..GrantRequest::default()
        },
        logout_uri: None,
    }
}

fn psc() -> TokenSettings {
    Profile::Psc.defaults().tokens
}

#[test]
fn userinfo_is_that_of_the_reference() {
    // reference: PSC, section 4.4; `libelleVoie` and `bureauCedex` in its capitals.
    let expected = r#"{"sub":"f:00000000-0000-4000-8000-000000000001:899900000037","SubjectNameID":"899900000037","preferred_username":"899900000037","given_name":"Camille","family_name":"DUVALLON","codeCivilite":"MME","codeGenreActivite":"GENR10","authMode":"MOBILE","otherIds":[{"identifiant":"899900000037","origine":"RPPS","qualite":1}],"SubjectOrganization":"IME RIVE CLAIRE","SubjectOrganizationID":"F699999124","SubjectRole":["99^1.2.250.1.213.1.1.5.5"],"Secteur_Activite":"SA16^1.2.250.1.71.4.2.4","Mode_Acces_Raison":"","Acces_Regulation_Medicale":"FAUX","UITVersion":"1.0","Palier_Authentification":"APPPRIP3^1.2.250.1.213.1.5.1.1.1","PSI_Locale":"1.2.250.1.213.1.3.1.1","SubjectRefPro":{"codeCivilite":"MME","exercices":[{"codeProfession":"99","codeCategorieProfessionnelle":"C","codeCiviliteDexercice":"","nomDexercice":"DUVALLON","prenomDexercice":"Camille","codeTypeSavoirFaire":"","codeSavoirFaire":"","activities":[{"codeModeExercice":"S","codeSecteurDactivite":"SA16","codeSectionPharmacien":"","codeRole":"326","codeGenreActivite":"GENR10","numeroSiretSite":"","numeroSirenSite":"","numeroFinessSite":"699999124","numeroFinessetablissementJuridique":"699999116","identifiantTechniqueDeLaStructure":"F699999124","raisonSocialeSite":"IME RIVE CLAIRE","enseigneCommercialeSite":"","complementDestinataire":"","complementPointGeographique":"","numeroVoie":"14","indiceRepetitionVoie":"","codeTypeDeVoie":"","libelleVoie":"QUAI IMAGINAIRE","mentionDistribution":"","bureauCedex":"69003 LYON","codePostal":"69003","codeCommune":"69383","codePays":"99000","telephone":"","telephone2":"","telecopie":"","adresseEMail":"","codeDepartement":"69","ancienIdentifiantDeLaStructure":"1699999124","autoriteDenregistrement":""}]}]}}"#;
    let subject = subject(vec![situation(1, "699999124", Authority::Employer, "326")]);
    let grant = grant(Some("699999124"), "openid scope_all", psc());
    let named = Named::new(&subject, &grant, FEDERATION);
    let structures = [rive_claire()];
    let told = Userinfo::new(&grant, &subject, &named, &structures);
    assert_eq!(serde_json::to_string(&told).unwrap(), expected);
}

#[test]
fn situations_come_with_the_clients_own_structure_first() {
    #[track_caller]
    fn check(structure: Option<&str>, told: SituationsTold, expected: &Value) {
        let subject = subject(vec![
            situation(1, "019999028", Authority::Employer, "326"),
            situation(2, "699999124", Authority::Employer, "326"),
            situation(3, "699999124", Authority::Ordre, "60"),
        ]);
        let tokens = TokenSettings { situations: told, ..psc() };
        let grant = grant(structure, "scope_all", tokens);
        let named = Named::new(&subject, &grant, FEDERATION);
        let structures = [rive_claire()];
        let userinfo = Userinfo::new(&grant, &subject, &named, &structures);
        let userinfo = serde_json::to_value(&userinfo).unwrap();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let sites = |exercise: &Value| -> Vec<Value> {
            let activities = list(&exercise["activities"]);
            activities.iter().map(|activity| activity["numeroFinessSite"].clone()).collect()
        };
        let exercises = list(&userinfo["SubjectRefPro"]["exercices"]);
        let found: Vec<Value> =
            exercises.iter().map(|e| json!([e["codeProfession"], sites(e)])).collect();
        assert_eq!(&json!(found), expected);
    }
    let (t, r) = ("019999028", "699999124");
    check(None, SituationsTold::All, &json!([["99", [t, r]], ["60", [r]]]));
    check(Some(r), SituationsTold::All, &json!([["99", [r, t]], ["60", [r]]]));
    check(Some(r), SituationsTold::Own, &json!([["99", [r]], ["60", [r]]]));
    check(Some("019999036"), SituationsTold::Own, &json!([]));
}

#[test]
fn a_scope_tells_its_own_part() {
    #[track_caller]
    fn check(scope: &str, expected: &[&str]) {
        let subject = subject(vec![situation(1, "699999124", Authority::Employer, "326")]);
        let grant = grant(None, scope, psc());
        let named = Named::new(&subject, &grant, FEDERATION);
        let told = Userinfo::new(&grant, &subject, &named, &[]);
        let told = serde_json::to_value(&told).unwrap();
        let mut keys: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
        keys.retain(|key| {
            ["SubjectNameID", "otherIds", "SubjectOrganization", "SubjectRefPro"].contains(key)
        });
        keys.sort_unstable();
        assert_eq!(keys, expected, "{scope}");
    }
    check("openid", &[]);
    check("openid profile", &["SubjectNameID"]);
    check("othersIds", &["otherIds"]);
    check("interop", &["SubjectOrganization"]);
    check("referentiel", &["SubjectRefPro"]);
    let all = ["SubjectNameID", "SubjectOrganization", "SubjectRefPro", "otherIds"];
    check("scope_all", &all);
}

fn claims(tokens: TokenSettings) -> (Value, Value) {
    let subject = subject(vec![situation(1, "699999124", Authority::Employer, "326")]);
    let grant = grant(None, "openid scope_all", tokens);
    let named = Named::new(&subject, &grant, FEDERATION);
    let settings = settings();
    let life = Life::new(Timestamp(1_000_000), Span::seconds(120), grant.until);
    let id = TokenId { grant: grant.id, serial: Uuid::from_u128(8) };
    let scope = &grant.request.scope;
    let access = AccessClaims::new(&settings, &grant, Some(&named), scope, (id, life));
    let id_token = IdClaims::new(&settings, &grant, &named, "token", (Uuid::from_u128(4), life));
    (serde_json::to_value(access).unwrap(), serde_json::to_value(id_token).unwrap())
}

#[test]
fn tokens_say_what_psc_says() {
    let (access, id) = claims(psc());
    let sid = "00000000-0000-0000-0000-000000000005";
    let sub = "f:00000000-0000-4000-8000-000000000001:899900000037";
    let issuer = "https://auth.example/auth/realms/esante-wallet";
    let other_ids = json!([{"identifiant": "899900000037", "origine": "RPPS", "qualite": 1}]);
    assert_eq!(
        access,
        json!({
            "exp": 1120, "iat": 1000, "auth_time": 990, "iss": issuer, "sub": sub, "typ": "Bearer",
            "jti": "00000000-0000-0000-0000-000000000007.00000000-0000-0000-0000-000000000008",
            "azp": "dui-demo", "nonce": "0123", "session_state": sid, "acr": "eidas1",
            "scope": "openid scope_all", "sid": sid, "authMode": "MOBILE", "otherIds": other_ids,
            "preferred_username": "899900000037",
        })
    );
    assert_eq!(
        id,
        json!({
            "iss": issuer, "sub": sub, "aud": "dui-demo", "azp": "dui-demo", "typ": "ID",
            "exp": 1120, "iat": 1000, "auth_time": 990, "nonce": "0123",
            "jti": "00000000-0000-0000-0000-000000000004", "at_hash": "PEaenWxYddN6Q_NT1PiOYQ",
            "session_state": sid, "sid": sid, "acr": "eidas1", "authMode": "MOBILE",
            "name": "Camille DUVALLON", "given_name": "Camille", "family_name": "DUVALLON",
            "preferred_username": "899900000037", "SubjectNameID": "899900000037",
        })
    );
}

#[test]
fn the_standard_profile_says_less() {
    let tokens = TokenSettings {
        acr: crate::oidc::client_settings::Acr::None,
        sub_form: SubForm::Uuid,
        ..Profile::Oidc.defaults().tokens
    };
    let (access, id) = claims(tokens);
    // In whatever order the map of this build keeps them.
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let of_access =
        ["aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "scope", "sid", "sub"];
    assert_eq!(keys(&access), of_access);
    let of_id = ["at_hash", "aud", "auth_time", "exp", "iat", "iss", "jti", "nonce", "sid", "sub"];
    assert_eq!(keys(&id), of_id);
    assert_eq!(id["sub"], "00000000-0000-0000-0000-000000000009");
}

#[test]
fn no_token_outlives_its_grant() {
    let life = Life::new(Timestamp(1_000_400), Span::seconds(120), Timestamp(1_060_999));
    assert_eq!((life.iat, life.exp, life.seconds()), (1000, 1060, 60));
}
