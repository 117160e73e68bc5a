//! Structures.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};

use crate::{
    kernel::{
        Finess,
        retry::{Keep, Wording},
    },
    registry::{NotEntered, Reading, Structure},
    web::Problem,
};

use super::{
    Api,
    answer::{invalid, page, words, written},
    call::{Call, Scope},
    views::StructureView,
};

/// `GET /structures`.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::RegistryWrite, &["finess"])?;
    let asked = call.page::<Finess>()?;
    let structures = match call.listed_structure()? {
        Some(one) => {
            let after_it = asked.after.is_some_and(|after| after >= one);
            let found = api.registry.structure(one).await?;
            found.filter(|_| !after_it).into_iter().collect()
        }
        None => api.registry.structures(asked).await?,
    };
    let cursor = |structure: &Structure| structure.finess.to_string();
    Ok(page(structures, &asked, cursor, |found| StructureView::new(&found, &api.nomenclature)))
}

/// `POST /structures`.
pub(super) async fn enter(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let today = call.calendar().date();
    let reading = Reading { nomenclature: &api.nomenclature, today, for_authority: false };
    let structure = Structure::read(call.object()?, &reading).map_err(invalid)?;
    call.acts_everywhere()?;
    let nomenclature = Arc::clone(&api.nomenclature);
    let wording: Wording<Structure> = Arc::new(move |entered: &Structure| {
        words(StatusCode::CREATED, &StructureView::new(entered, &nomenclature))
    });
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.registry.enter_structure(structure, call.actor(), keep).await?;
    written(outcome, &wording, |refused| match refused {
        NotEntered::Already => Problem::new(
            StatusCode::CONFLICT,
            "already_entered",
            "Ce numéro FINESS est déjà enregistré.",
        ),
        NotEntered::Faults(faults) => invalid(faults),
    })
}
