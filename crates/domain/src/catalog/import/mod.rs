//! Importers: public price documents of other projects in, catalogue documents and a difference out.
//!
//! [`import()`] reads one document and yields the models and endpoints it names, in the catalogue's own form. [`diff()`]
//! compares them with the documents in force, refuses what looks like a mistake, and yields the documents to store.
//! Both are pure: they open no file, ask no clock and calculate no price with floats. What a document does not name
//! stays as it is.

mod collect;
mod diff;
mod litellm;
mod mapping;
mod models_dev;
mod number;
mod openrouter;
mod prices;
mod skip;

pub use diff::{Added, ImportDiff, ImportRules, PriceChange, Refusal, RefusalReason, StoredModel, diff};
pub use mapping::{Mapping, ProviderMapping};
pub use skip::{SkipReason, Skipped};

use super::Catalog;
use super::file::ModelText;
use collect::Collector;
use std::str::FromStr;

/// Whose document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub enum ImportFormat {
    /// `GET /models` of OpenRouter, `GET /models/{author}/{slug}/endpoints`, or an array of such documents.
    OpenRouter,
    /// The price map of LiteLLM.
    LiteLlm,
    /// `api.json` of models.dev.
    ModelsDev,
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {0:?}; known are openrouter, litellm and models.dev")]
pub struct FormatError(String);

impl FromStr for ImportFormat {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text {
            "openrouter" => Ok(Self::OpenRouter),
            "litellm" => Ok(Self::LiteLlm),
            "models.dev" => Ok(Self::ModelsDev),
            other => Err(FormatError(other.to_owned())),
        }
    }
}

impl TryFrom<String> for ImportFormat {
    type Error = FormatError;

    fn try_from(text: String) -> Result<Self, FormatError> {
        text.parse()
    }
}

/// What a document holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Models with the endpoints that the document names, by id. Of a model that is known already, only `id` and
    /// `endpoints` mean something, and of its known endpoints only `tag`, `price`, `source` and `date`.
    pub models: Vec<ModelText>,
    /// Entries that were left out.
    pub skipped: Vec<Skipped>,
}

/// A document that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is no JSON, or not of the format's outermost shape.
    #[error("the document is not in this format")]
    Shape(#[from] serde_json::Error),
    /// It was read, but holds nothing that looks like this format's models.
    #[error("the document names no model of the catalogue; is it of this format?")]
    Nothing,
}

/// Reads a document. `date` (`YYYY-MM-DD`) and `source` are noted in every endpoint that comes from it.
///
/// Entries that cannot be used are skipped with a reason; they never fail the rest.
///
/// # Errors
/// [`ImportError`] when the document as a whole cannot be read.
pub fn import(
    format: ImportFormat,
    json: &str,
    known: &Catalog,
    mapping: &Mapping,
    date: &str,
    source: &str,
) -> Result<Imported, ImportError> {
    let mut collector = Collector::new(format, known, mapping, date, source);
    match format {
        ImportFormat::OpenRouter => openrouter::read(json, &mut collector)?,
        ImportFormat::LiteLlm => litellm::read(json, &mut collector)?,
        ImportFormat::ModelsDev => models_dev::read(json, &mut collector)?,
    }
    let imported = collector.finish();
    let says_nothing = |reason: &SkipReason| matches!(reason, SkipReason::NotMapped | SkipReason::Unreadable(_));
    if imported.models.is_empty() && imported.skipped.iter().all(|skipped| says_nothing(&skipped.reason)) {
        return Err(ImportError::Nothing);
    }
    Ok(imported)
}

#[cfg(test)]
mod tests;
