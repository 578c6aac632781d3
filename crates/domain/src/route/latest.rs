//! Families of models, and the ids that move with them: `~author/family-latest` is the newest model of a family.

use crate::catalog::{Catalog, Model};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The newest model of the family that a moving id names; withdrawn ones do not count.
pub(super) fn latest<'a>(catalog: &'a Catalog, id: &str, output: &str, today: &str) -> Option<&'a Arc<Model>> {
    let (author, family) = id.strip_prefix('~')?.strip_suffix("-latest")?.split_once('/')?;
    let is_member = |model: &&Arc<Model>| {
        model.id.split_once('/').is_some_and(|(by, name)| by == author && is_of(name, family))
            && gives(model, output)
            && !model.is_gone(today)
    };
    catalog.models().iter().filter(is_member).max_by_key(|model| (model.created, &model.id))
}

/// The moving ids of all families that have at least two models in use, each with its newest one, sorted by id.
pub(super) fn families<'a>(catalog: &'a Catalog, output: &str, today: &str) -> Vec<(String, &'a Arc<Model>)> {
    let mut members: BTreeMap<String, Vec<&Arc<Model>>> = BTreeMap::new();
    for model in catalog.models().iter().filter(|model| gives(model, output) && !model.is_gone(today)) {
        let Some((author, name)) = model.id.split_once('/').filter(|(_, name)| !name.contains(':')) else { continue };
        let family: Vec<&str> = words(name).collect();
        if !family.is_empty() {
            members.entry(format!("~{author}/{}-latest", family.join("-"))).or_default().push(model);
        }
    }
    members.retain(|_, models| models.len() > 1);
    let newest = |models: Vec<&'a Arc<Model>>| models.into_iter().max_by_key(|model| (model.created, &model.id));
    members.into_iter().filter_map(|(id, models)| Some((id, newest(models)?))).collect()
}

fn gives(model: &Model, output: &str) -> bool {
    model.output_modalities.iter().any(|gives| gives == output)
}

/// Whether a model name is of a family: the same words once versions, dates and "preview" are left out. A size (`70b`) is no
/// version: the newest of two sizes is not the better one. Variants are of no family.
fn is_of(name: &str, family: &str) -> bool {
    !name.contains(':') && words(name).eq(family.split('-'))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    let is_version = |word: &&str| {
        let digits = word.strip_prefix('v').unwrap_or(word);
        let is_size = digits.ends_with('b');
        digits.starts_with(|first: char| first.is_ascii_digit()) && !is_size || *word == "preview"
    };
    name.split('-').filter(move |word| !is_version(word))
}
