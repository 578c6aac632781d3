//! From model ids to what they mean: models, aliases, `~…-latest`, variants and routers.

use super::Router;
use super::latest::latest;
use super::policy::SortBy;
use crate::catalog::{Catalog, Model, Slug, Variant};
use std::sync::Arc;

/// One entry of the caller's list of models, understood.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What the client wrote.
    pub asked: String,
    /// What it means.
    pub target: Target,
    /// The sort that a variant asks for.
    pub variant: Option<SortBy>,
    /// How the model was found.
    pub strategy: Strategy,
}

/// What an id means.
#[derive(Debug, Clone)]
pub enum Target {
    /// A model.
    Model(Arc<Model>),
    /// A choice among models.
    Router(Router),
}

/// How a model was found; a word of `openrouter_metadata`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// By its id.
    #[default]
    Direct,
    /// By another of its ids.
    Alias,
    /// As the newest of its family.
    Latest,
    /// By the automatic router.
    Auto,
    /// By the router of free models.
    Free,
}

impl Strategy {
    /// The spelling on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Alias => "alias",
            Self::Latest => "latest",
            Self::Auto => "auto",
            Self::Free => "free",
        }
    }
}

/// A model id that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Nobody knows it.
    #[error("{id} is not a valid model ID")]
    Unknown {
        /// What was written, at most 100 characters.
        id: String,
        /// The known id that resembles it most.
        nearest: Option<String>,
    },
    /// The model exists, but no longer for free.
    #[error("{base} is no longer offered for free")]
    FreeEnded {
        /// What was written.
        id: String,
        /// The model without the variant.
        base: String,
    },
    /// The model was withdrawn.
    #[error("{id} was withdrawn on {date}")]
    Gone {
        /// The model.
        id: String,
        /// `YYYY-MM-DD`.
        date: String,
    },
    /// The model gives something else than this route answers with.
    #[error("{id} does not give {wanted}")]
    WrongEndpoint {
        /// The model.
        id: String,
        /// What the route answers with.
        wanted: &'static str,
        /// What the model gives.
        gives: Vec<String>,
    },
    /// The variant asks for web search.
    #[error("{id}: this server has no web search; leave :online out")]
    Online {
        /// What was written.
        id: String,
    },
}

/// Understands the caller's list of models. Models that were withdrawn are skipped while others are left.
///
/// # Errors
/// [`ResolveError`] for the first id that leads nowhere, or when all models of the list were withdrawn.
pub fn resolve(
    catalog: &Catalog,
    ids: &[String],
    output: &'static str,
    today: &str,
) -> Result<Vec<Wanted>, ResolveError> {
    let mut found = Vec::with_capacity(ids.len());
    let mut gone = None;
    for id in ids {
        let wanted = one(catalog, id, output, today)?;
        match &wanted.target {
            Target::Model(model) if model.is_gone(today) => {
                let date = model.expiration_date.clone().unwrap_or_default();
                gone = gone.or(Some(ResolveError::Gone { id: model.id.clone(), date }));
            }
            _ => found.push(wanted),
        }
    }
    match gone {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

fn one(catalog: &Catalog, id: &str, output: &'static str, today: &str) -> Result<Wanted, ResolveError> {
    let slug = Slug::parse(id).map_err(|_error| unknown(catalog, id))?;
    if slug.dynamic.contains(&Variant::Online) {
        return Err(ResolveError::Online { id: shown(id) });
    }
    let variant = slug.dynamic.iter().find_map(|variant| match variant {
        Variant::Nitro => Some(SortBy::Throughput),
        Variant::Floor => Some(SortBy::Price),
        Variant::Exacto => Some(SortBy::Exacto),
        Variant::Online | Variant::Beta | Variant::Static(_) => None,
    });
    let wanted = |target, strategy| Wanted { asked: id.to_owned(), target, variant, strategy };
    if let Some(router) = Router::parse(&slug.model) {
        let strategy = match router {
            Router::Auto => Strategy::Auto,
            Router::Free => Strategy::Free,
        };
        return Ok(wanted(Target::Router(router), strategy));
    }
    let is_latest = slug.model.starts_with('~');
    let newest = || latest(catalog, &slug.model, output, today);
    let model = catalog.model(&slug.model).or_else(newest).ok_or_else(|| missing(catalog, id, &slug.model))?;
    if !model.output_modalities.iter().any(|gives| gives == output) {
        let gives = model.output_modalities.clone();
        return Err(ResolveError::WrongEndpoint { id: model.id.clone(), wanted: output, gives });
    }
    let strategy = match (is_latest, model.id == slug.model) {
        (true, _) => Strategy::Latest,
        (false, true) => Strategy::Direct,
        (false, false) => Strategy::Alias,
    };
    Ok(wanted(Target::Model(Arc::clone(model)), strategy))
}

fn missing(catalog: &Catalog, id: &str, slug: &str) -> ResolveError {
    match slug.strip_suffix(":free").and_then(|base| catalog.model(base)) {
        Some(base) => ResolveError::FreeEnded { id: shown(id), base: base.id.clone() },
        None => unknown(catalog, id),
    }
}

fn unknown(catalog: &Catalog, id: &str) -> ResolveError {
    let nearest = catalog.similar(id, 1).first().map(|nearest| (*nearest).to_owned());
    ResolveError::Unknown { id: shown(id), nearest }
}

fn shown(id: &str) -> String {
    id.chars().take(100).collect()
}
