//! The national code lists, with the days on which each code is valid. Codes are data: they change
//! a few times a year, and no enum of ours follows them.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::Authority;

/// The code of France (`TRE_R20`, the COG's countries).
pub const FRANCE: &str = "99100";

/// One code of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The code.
    pub code: String,
    /// Its label.
    pub label: String,
    /// The first day on which it may be chosen, if it was not there from the start.
    pub valid_from: Option<Date>,
    /// The last day on which it may be chosen.
    pub valid_to: Option<Date>,
    /// What to choose instead, or what it is part of.
    pub replaced_by: Option<String>,
}

impl Term {
    /// Whether the code may be chosen on that day.
    pub fn is_valid(&self, on: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= on) && self.valid_to.is_none_or(|to| on <= to)
    }
}

/// What a code list answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Valid on one of the days asked about.
    Valid(&'a Term),
    /// Known, but valid on none of them.
    Outdated(&'a Term),
    /// In no list that is loaded.
    Unknown,
}

/// What a role may read in a patient's shared record (*DMP*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dmp<'a> {
    /// These kinds of documents.
    Reads(&'a [String]),
    /// Nothing.
    Nothing,
    /// The sources do not say.
    Untold,
}

/// A code list.
#[derive(Clone, Debug, Default)]
pub struct List(BTreeMap<String, Term>);

impl List {
    /// The code, judged on `days`: valid on any of them is valid.
    pub fn find(&self, code: &str, days: &[Date]) -> Found<'_> {
        match self.0.get(code) {
            None => Found::Unknown,
            Some(term) if days.iter().any(|day| term.is_valid(*day)) => Found::Valid(term),
            Some(term) => Found::Outdated(term),
        }
    }

    /// The label, whatever the day; the code itself when no list knows it.
    pub fn label<'a>(&'a self, code: &'a str) -> &'a str {
        self.0.get(code).map_or(code, |term| term.label.as_str())
    }

    /// All terms valid on that day, in the order of their codes.
    pub fn valid_on(&self, day: Date) -> impl Iterator<Item = &Term> {
        self.0.values().filter(move |term| term.is_valid(day))
    }

    fn get(&self, code: &str) -> Option<&Term> {
        self.0.get(code)
    }
}

/// A structure of the sample that ships with the program: every one is invented.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of finess_sample.csv")]
pub struct SampleStructure {
    pub finess: String,
    pub is_establishment: bool,
    pub legal_entity: Option<String>,
    pub name: String,
    pub address: String,
    pub commune: String,
    pub postal_code: String,
    pub city: String,
    pub sector: String,
}

/// All code lists, read once at the start.
#[derive(Clone, Debug, Default)]
pub struct Nomenclature {
    /// `TRE_R85` for professionnels à rôle, `TRE_G15` for professions that an Ordre or an ARS
    /// registers.
    pub professions: List,
    /// `TRE_R22`: the RPPS+ roles.
    pub roles: List,
    /// `TRE_R23`: ways to work.
    pub modes: List,
    /// `TRE_R81`.
    pub civilities: List,
    /// Countries of the COG.
    pub countries: List,
    /// Communes of the COG, former ones included.
    pub communes: List,
    /// `TRE_R02`: sectors of activity.
    pub sectors: List,
    /// Invented structures.
    pub structures: Vec<SampleStructure>,
    authorities: HashMap<String, Authority>,
    practices: Vec<String>,
    documents: HashMap<String, Vec<String>>,
    untold: Vec<String>,
}

/// A list that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nomenclature {file}, line {line}: {reason}")]
pub struct BadNomenclature {
    /// The file.
    pub file: &'static str,
    /// The line.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

macro_rules! shipped {
    ($name:literal) => {
        ($name, include_str!(concat!("../../config/nomenclature/", $name)))
    };
}

impl Nomenclature {
    /// The lists that ship with the program.
    pub fn shipped() -> Result<Self, BadNomenclature> {
        let professions = rows(shipped!("professions.csv"))?;
        let sectors = rows(shipped!("secteurs_activite.csv"))?;
        let civilities = rows(shipped!("civilites.csv"))?;
        let roles = rows(shipped!("roles.csv"))?;
        let untold = roles.iter().filter(|row| row.text("dmp_access") == "unsure");
        let titles = civilities.into_iter().filter(|row| row.text("code_system") == "TRE_R81");
        Ok(Self {
            authorities: professions
                .iter()
                .filter_map(|row| Some((row.text("code"), authority(&row.text("authority"))?)))
                .collect(),
            professions: list(professions, "label")?,
            untold: untold.map(|row| row.text("code")).collect(),
            roles: list(roles, "label")?,
            modes: list(rows(shipped!("modes_exercice.csv"))?, "label")?,
            civilities: list(titles.collect(), "label")?,
            countries: list(rows(shipped!("pays_cog_sample.csv"))?, "short_label")?,
            communes: list(rows(shipped!("communes_cog_sample.csv"))?, "label")?,
            documents: documents(&rows(shipped!("dmp_matrix.csv"))?),
            practices: sectors
                .iter()
                .filter(|row| row.text("practice") == "yes")
                .map(|row| row.text("code"))
                .collect(),
            sectors: list(sectors, "label")?,
            structures: rows(shipped!("finess_sample.csv"))?.iter().map(Row::structure).collect(),
        })
    }

    /// Who registers that profession. `None`: nobody, it is not one that a situation may have.
    pub fn authority(&self, profession: &str) -> Option<Authority> {
        self.authorities.get(profession).copied()
    }

    /// Whether the sector is that of a practice (*libéral*), where one role only exists.
    pub fn is_practice(&self, sector: &str) -> bool {
        self.practices.iter().any(|practice| practice == sector)
    }

    /// What the national matrix lets that role read in a patient's shared record. Roles are not
    /// nested.
    pub fn dmp(&self, role: &str) -> Dmp<'_> {
        match self.documents.get(role) {
            Some(documents) => Dmp::Reads(documents),
            None if self.untold.iter().any(|untold| untold == role) => Dmp::Untold,
            None => Dmp::Nothing,
        }
    }

    /// The commune that a code stands for today: a former code's successor, an arrondissement's
    /// city. Two codes of one place of birth lead to one answer.
    pub fn commune_today<'a>(&'a self, code: &'a str) -> &'a str {
        let mut today = code;
        // Successions are short; the bound keeps a circular list from hanging us.
        for _ in 0..8 {
            match self.communes.get(today).and_then(|term| term.replaced_by.as_deref()) {
                Some(next) => today = next,
                None => break,
            }
        }
        today
    }
}

fn documents(rows: &[Row]) -> HashMap<String, Vec<String>> {
    let mut by_role: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows {
        by_role.entry(row.text("role_code")).or_default().push(row.text("document_type"));
    }
    by_role
}

fn authority(name: &str) -> Option<Authority> {
    match name {
        "employer" => Some(Authority::Employer),
        "ordre" => Some(Authority::Ordre),
        "ars" => Some(Authority::Ars),
        _ => None,
    }
}

/// One line, by the names of its columns.
struct Row {
    file: &'static str,
    line: u64,
    values: HashMap<String, String>,
}

impl Row {
    fn text(&self, column: &str) -> String {
        self.values.get(column).cloned().unwrap_or_default()
    }

    fn optional(&self, column: &str) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    fn bad(&self, reason: String) -> BadNomenclature {
        BadNomenclature { file: self.file, line: self.line, reason }
    }

    fn date(&self, column: &str) -> Result<Option<Date>, BadNomenclature> {
        let parse = |text: String| {
            text.parse().map_err(|error| self.bad(format!("{column} `{text}`: {error}")))
        };
        self.optional(column).map(parse).transpose()
    }

    fn structure(&self) -> SampleStructure {
        SampleStructure {
            finess: self.text("finess"),
            is_establishment: self.text("type") == "EG",
            legal_entity: self.optional("finess_ej"),
            name: self.text("name"),
            address: self.text("address"),
            commune: self.text("commune_cog"),
            postal_code: self.text("postal_code"),
            city: self.text("city"),
            sector: self.text("secteur_activite"),
        }
    }
}

fn rows((file, text): (&'static str, &str)) -> Result<Vec<Row>, BadNomenclature> {
    let bad = |error: &csv::Error| BadNomenclature {
        file,
        line: error.position().map_or(1, csv::Position::line),
        reason: error.to_string(),
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> =
        reader.headers().map_err(|error| bad(&error))?.iter().map(str::to_owned).collect();
    let row = |record: csv::StringRecord| Row {
        file,
        line: record.position().map_or(0, csv::Position::line),
        values: columns.iter().cloned().zip(record.iter().map(str::to_owned)).collect(),
    };
    reader.records().map(|record| record.map(row).map_err(|error| bad(&error))).collect()
}

fn list(rows: Vec<Row>, label: &str) -> Result<List, BadNomenclature> {
    let mut terms = BTreeMap::new();
    for row in rows {
        let code = row.optional("code").ok_or_else(|| row.bad("no code".to_owned()))?;
        let term = Term {
            code: code.clone(),
            label: row.text(label),
            valid_from: row.date("valid_from")?,
            valid_to: row.date("valid_to")?,
            replaced_by: row
                .optional("replaced_by")
                .or_else(|| row.optional("successor_or_parent_code")),
        };
        if terms.insert(code.clone(), term).is_some() {
            return Err(row.bad(format!("the code {code} comes twice")));
        }
    }
    Ok(List(terms))
}
