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
use std::sync::Arc;

/// Finds a model by its id, a permanent form, an alias, or any of them with suffixes that only change routing.
fn find_model(control: &Control, id: &str) -> Result<Arc<Model>, ControlError> {
    let catalog = control.catalog.load();
    let slug = Slug::parse(id).ok();
    let found = catalog.model(id).or_else(|| slug.and_then(|slug| catalog.model(&slug.model)));
    found.cloned().ok_or(ControlError::NotFound("Model"))
}
