//! `GET /models/user`: the models that the caller may use under the policies of account and workspace, by asking the planner.

use super::filter::Filter;
use crate::caller::{Caller, Member, Proof};
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use domain::catalog::{Catalog, Model, StandsFor};
use domain::money::Amount;
use domain::route::policy::Facts;
use domain::route::{Balance, Health, HealthState, Intent, Need, Question, Router, Strategy, Target, Wanted, plan};
use http::StatusCode;
use std::sync::Arc;

/// List the models that the caller may use
#[utoipa::path(get, path = "/models/user", tag = "Catalogue",
    params(("offset" = Option<u32>, Query, description = "Models to skip"),
        ("limit" = Option<u32>, Query, description = "Models per page, 1 to 1000"),
        ("output_modalities" = Option<String>, Query, description = "As in the list; `text` when absent"),
        ("sort" = Option<String>, Query, description = "As in the list")),
    responses((status = 200, body = super::list::ModelListReply), (status = 400), (status = 401)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Member(caller): Member,
    OriginalUri(uri): OriginalUri,
    params: Params,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let filter = Filter::outputs_in_order(&params)?;
    let popularity = filter.popularity(control).await?;
    let mut models = allowed(control, &caller, &filter.select(control, None));
    filter.sort(&mut models, control, popularity.as_deref());
    reply::personal(StatusCode::OK, &super::list::page_of(&models, &params, &uri)?)
}

/// The models that some endpoint may serve to the caller, each with those endpoints alone. Rules with conditions do not
/// apply: there is no request that could meet them.
fn allowed(control: &Control, caller: &Caller, models: &[Arc<Model>]) -> Vec<Arc<Model>> {
    let workspace = match &caller.proof {
        Proof::Key(key) => key.settings().workspace,
        Proof::Session(_) => caller.account.workspace(),
    };
    let layers = caller.account.rules().layers(workspace);
    let facts = Facts::default();
    let intent = Intent::of(&layers, &facts, 0);
    let catalog = control.catalog.load();
    let today = control.clock.now().to_date();
    let narrowed = |model| narrowed(model, &catalog, &today, &intent);
    let (beside, models): (Vec<_>, Vec<_>) = models.iter().partition(|model| model.stands_for.is_some());
    let models: Vec<Arc<Model>> = models.into_iter().filter_map(narrowed).collect();
    let beside: Vec<_> = beside.into_iter().filter_map(|stand_in| within(stand_in, &models)).collect();
    models.into_iter().chain(beside).collect()
}

/// An id that leads to models, if it leads to one of those that are allowed.
fn within(stand_in: &Arc<Model>, allowed: &[Arc<Model>]) -> Option<Arc<Model>> {
    match stand_in.stands_for.as_ref()? {
        StandsFor::Router(Router::Auto) => (!allowed.is_empty()).then(|| Arc::clone(stand_in)),
        StandsFor::Router(Router::Free) => allowed.iter().any(|model| model.is_free()).then(|| Arc::clone(stand_in)),
        StandsFor::Newest { slug, .. } => {
            let endpoints = allowed.iter().find(|model| model.id == *slug)?.endpoints.clone();
            Some(Arc::new(Model { endpoints, ..Model::clone(stand_in) }))
        }
    }
}

fn narrowed(model: &Arc<Model>, catalog: &Catalog, today: &str, intent: &Intent<'_>) -> Option<Arc<Model>> {
    let wanted = Wanted {
        asked: model.id.clone(),
        target: Target::Model(Arc::clone(model)),
        variant: None,
        strategy: Strategy::Direct,
    };
    let output = super::filter::known_output(model);
    let question = Question {
        wanted: &[wanted],
        need: &Need { output, ..Need::default() },
        catalog,
        today,
        health: &|_endpoint| Health::of(HealthState::Stable),
        ceiling: &|_endpoint| Amount::ZERO,
        served_before: &|_endpoint| false,
        balance: Balance::default(),
        seed: 0,
    };
    let attempts = plan(&question, intent).attempts;
    let is_allowed = |tag: &str| attempts.iter().any(|candidate| candidate.endpoint.tag == tag);
    let endpoints: Vec<_> = model.endpoints.iter().filter(|endpoint| is_allowed(&endpoint.tag)).cloned().collect();
    (!endpoints.is_empty()).then(|| Arc::new(Model { endpoints, ..Model::clone(model) }))
}
