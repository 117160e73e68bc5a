//! `habilitate`: the first of each, from the operator's shell.

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};

use crate::{
    kernel::{
        Finess, Rpps,
        journal::Actor,
        retry::{Answered, Keep},
    },
    registry::habilitation::{HabilitationKind, Habilitations, Naming, NamingRefused},
};

use super::{failure::Failure, print, records, settings::Settings};

#[derive(Debug, Args)]
pub(super) struct Habilitate {
    #[command(flatten)]
    settings: Settings,
    /// Who: eleven digits
    #[arg(long)]
    rpps: Rpps,
    /// As what
    #[arg(long = "as", value_name = "KIND", value_parser = kinds())]
    kind: HabilitationKind,
    /// Where: the structure's FINESS number
    #[arg(
        long,
        required_if_eq_any = [
            ("kind", "representant-legal"),
            ("kind", "mandataire"),
            ("kind", "gestionnaire"),
        ]
    )]
    finess: Option<Finess>,
}

fn kinds() -> impl TypedValueParser<Value = HabilitationKind> {
    PossibleValuesParser::new(HabilitationKind::ALL.map(HabilitationKind::as_str)).try_map(|name| {
        let kinds = HabilitationKind::ALL.into_iter();
        kinds.clone().find(|kind| kind.as_str() == name).ok_or("no such kind")
    })
}

impl Habilitate {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.settings.load()?;
        let store = records::open_existing(&config.records)?;
        let Self { rpps, kind, finess, .. } = self;
        let naming = Naming { rpps, kind, finess, trained_on: None, by: Actor::Operator };
        match store.give_habilitation(naming, Keep::nothing()).await? {
            Answered::Done(given) => {
                print(given.id);
                Ok(())
            }
            Answered::Refused(
                refused @ (NamingRefused::StructureMissing | NamingRefused::StructureUnwanted),
            ) => Err(Failure::Usage(format!("--finess: {refused}"))),
            Answered::Refused(
                refused @ (NamingRefused::UnknownPerson
                | NamingRefused::UnknownStructure
                | NamingRefused::TrainingMissing
                | NamingRefused::AlreadyGiven),
            ) => Err(Failure::Wrong(refused.to_string())),
            Answered::Replayed(_) | Answered::KeyReused => {
                Err(Failure::Wrong("this was asked before".to_owned()))
            }
        }
    }
}
