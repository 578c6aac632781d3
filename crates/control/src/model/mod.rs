//! The public catalogue: models and who serves them.

pub(crate) mod count;
pub(crate) mod embeddings;
pub(crate) mod endpoints;
pub(crate) mod filter;
pub(crate) mod find;
pub(crate) mod images;
pub(crate) mod list;
mod order;
pub(crate) mod pricing;
mod region;
mod rss;
pub(crate) mod shape;
pub(crate) mod user;
pub(crate) mod zdr;

use crate::error::ControlError;
use crate::state::Control;
use domain::catalog::{Model, Slug};
use domain::route::stand_in;
use std::sync::Arc;

/// Finds a model by its id, a permanent form, an alias, or any of them with suffixes that only change routing; a router or
/// the moving id of a family in the form of a model.
fn find_model(control: &Control, id: &str) -> Result<Arc<Model>, ControlError> {
    let catalog = control.catalog.load();
    let slug = Slug::parse(id).ok();
    let found = catalog.model(id).or_else(|| slug.as_ref().and_then(|slug| catalog.model(&slug.model))).cloned();
    let stand_in = || stand_in(&catalog, &slug?.model, &control.clock.now().to_date());
    found.or_else(stand_in).ok_or(ControlError::NotFound("Model"))
}
