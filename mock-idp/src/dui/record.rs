//! Who somebody is, in which role, and what that role may read in the DMP: from userinfo alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One person as this software shows her.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) identifier: String,
    pub(super) rpps: String,
    pub(super) situations: Vec<Situation>,
    #[serde(skip)]
    own: Option<usize>,
}

/// One activity of one exercise.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Situation {
    pub(super) finess: String,
    pub(super) structure: String,
    pub(super) profession: String,
    pub(super) profession_label: String,
    pub(super) role: String,
    pub(super) role_label: String,
    pub(super) mode: String,
}

impl Record {
    /// Reads userinfo; the own situation is the one at `structure`, or the first.
    pub(super) fn of(userinfo: &Value, structure: Option<&str>) -> Self {
        let text = |name: &str| text_of(userinfo, name);
        let identifier = match text("SubjectNameID") {
            none if none.is_empty() => text("preferred_username"),
            found => found,
        };
        let situations = situations(userinfo);
        let at_home = structure
            .and_then(|finess| situations.iter().position(|situation| situation.finess == finess));
        Self {
            name: format!("{} {}", text("given_name"), text("family_name")).trim().to_owned(),
            rpps: identifier.strip_prefix('8').unwrap_or(&identifier).to_owned(),
            identifier,
            own: at_home.or(Some(0)).filter(|place| *place < situations.len()),
            situations,
        }
    }

    /// In which role she is here.
    pub(super) fn own(&self) -> Option<&Situation> {
        self.situations.get(self.own?)
    }
}

impl Situation {
    /// The DMP documents that this role may read.
    pub(super) fn documents(&self) -> Vec<&'static str> {
        DOCUMENTS
            .iter()
            .filter(|row| row.role_code == self.role && row.access == "read")
            .map(|row| row.document_type.as_str())
            .collect()
    }
}

fn situations(userinfo: &Value) -> Vec<Situation> {
    let exercises = list(userinfo.get("SubjectRefPro"), "exercices");
    let of_exercise = |exercise: &Value| -> Vec<Situation> {
        let general = text_of(exercise, "codeProfession");
        list(Some(exercise), "activities")
            .iter()
            .map(|activity| {
                // 99 stands for every professionnel à rôle: the activity's own code says more.
                let role_code = text_of(activity, "codeRole");
                let precise = general == "99" && !role_code.is_empty();
                let profession = if precise { role_code } else { general.clone() };
                let role = text_of(activity, "codeGenreActivite");
                Situation {
                    finess: text_of(activity, "numeroFinessSite"),
                    structure: text_of(activity, "raisonSocialeSite"),
                    profession_label: label(&PROFESSIONS, &profession),
                    profession,
                    role_label: label(&ROLES, &role),
                    role,
                    mode: text_of(activity, "codeModeExercice"),
                }
            })
            .collect()
    };
    exercises.iter().flat_map(of_exercise).collect()
}

fn list<'a>(value: Option<&'a Value>, name: &str) -> &'a [Value] {
    value.and_then(|value| value.get(name)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[derive(Deserialize)]
struct Right {
    role_code: String,
    document_type: String,
    access: String,
}

#[derive(Deserialize)]
struct Labelled {
    code: String,
    label: String,
}

static DOCUMENTS: LazyLock<Vec<Right>> =
    LazyLock::new(|| rows(include_str!("../../data/dmp_matrix.csv")));
static ROLES: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| labels(include_str!("../../data/roles.csv")));
static PROFESSIONS: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| labels(include_str!("../../data/professions.csv")));

fn rows<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes()).into_deserialize().filter_map(Result::ok).collect()
}

fn labels(text: &str) -> BTreeMap<String, String> {
    rows(text).into_iter().map(|row: Labelled| (row.code, row.label)).collect()
}

fn label(labels: &BTreeMap<String, String>, code: &str) -> String {
    labels.get(code).cloned().unwrap_or_else(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn activity(finess: &str, profession: &str, role: &str) -> Value {
        json!({"numeroFinessSite": finess, "raisonSocialeSite": "X", "codeRole": profession,
               "codeGenreActivite": role, "codeModeExercice": "S"})
    }

    #[test]
    fn the_own_situation_is_the_one_of_the_structure() {
        let userinfo = json!({
            "given_name": "Thibault", "family_name": "QUENARD", "SubjectNameID": "899900000037",
            "SubjectRefPro": {"exercices": [{"codeProfession": "99", "activities": [
                activity("019999028", "326", "GENR10"), activity("699999124", "328", "GENR11")]}]},
        });
        #[track_caller]
        fn check(userinfo: &Value, structure: Option<&str>, expected: Option<(&str, &str, usize)>) {
            let record = Record::of(userinfo, structure);
            let found = record
                .own()
                .map(|own| (own.profession.as_str(), own.role.as_str(), own.documents().len()));
            assert_eq!(found, expected, "{structure:?}");
        }
        check(&userinfo, Some("699999124"), Some(("328", "GENR11", 26)));
        check(&userinfo, Some("019999028"), Some(("326", "GENR10", 9)));
        check(&userinfo, None, Some(("326", "GENR10", 9)));
        check(&json!({}), None, None);
        check(&json!({"SubjectRefPro": {"exercices": []}}), Some("019999028"), None);
        let record = Record::of(&userinfo, None);
        assert_eq!(
            (record.name.as_str(), record.rpps.as_str()),
            ("Thibault QUENARD", "99900000037")
        );
    }

    #[test]
    fn a_role_reads_as_many_documents_as_the_matrix_says() {
        for (role, expected) in [
            ("GENR08", 34),
            ("GENR09", 5),
            ("GENR10", 9),
            ("GENR11", 26),
            ("GENR12", 13),
            ("GENR13", 0),
        ] {
            let situation = Situation { role: role.to_owned(), ..Situation::default() };
            assert_eq!(situation.documents().len(), expected, "{role}");
        }
    }
}
