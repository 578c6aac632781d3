//! Which preset a body names.

use crate::canonical::request::RawObject;
use crate::chat::request::InvalidRequest;
use memchr::memmem;

/// How a model id names a preset.
pub(super) const MARK: &str = "@preset/";
/// Longest slug, in bytes.
const SLUG_MAX: usize = 200;

/// A preset that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The preset's slug.
    pub slug: String,
    /// The model that the request names beside it.
    pub model: Option<String>,
}

/// The preset that a body names as `"preset": "slug"`, as the model `@preset/slug`, or behind a model as
/// `author/name@preset/slug`. A body that is no JSON object names none; its parser says what is wrong with it.
///
/// # Errors
/// When the name is no text, is blank or too long, or two different presets are named.
pub fn reference(body: &[u8]) -> Result<Option<Reference>, InvalidRequest> {
    // Most requests name none, and bodies can be large.
    if memmem::find(body, b"preset").is_none() && !spells_letters(body) {
        return Ok(None);
    }
    let Ok(top) = serde_json::from_slice::<RawObject<'_>>(body) else { return Ok(None) };
    let model: Option<String> = top.get("model").and_then(|value| serde_json::from_str(value.get()).ok());
    let (model, marked) = match model.as_deref().and_then(|model| model.split_once(MARK)) {
        Some((model, slug)) => (Some(model.to_owned()).filter(|model| !model.is_empty()), Some(slug.to_owned())),
        None => (model, None),
    };
    let slug = match (field(&top)?, marked) {
        (Some(field), Some(marked)) if field != marked => {
            return Err(InvalidRequest::field("preset", "is another one than the model names"));
        }
        (Some(slug), _) | (None, Some(slug)) => slug,
        (None, None) => return Ok(None),
    };
    if slug.is_empty() || slug.len() > SLUG_MAX {
        return Err(InvalidRequest::field("preset", "must have 1 to 200 bytes"));
    }
    Ok(Some(Reference { slug, model }))
}

/// Whether some lower-case letter is written as an escape, so that a word may stand there in another spelling. Writers of
/// JSON escape characters beyond ASCII and control characters, never letters.
fn spells_letters(body: &[u8]) -> bool {
    memmem::find_iter(body, br"\u00").any(|at| matches!(body.get(at + 4), Some(b'6' | b'7')))
}

/// The `preset` field, with or without the mark that models carry.
fn field(top: &RawObject<'_>) -> Result<Option<String>, InvalidRequest> {
    if top.iter().filter(|(name, _)| *name == "preset").count() > 1 {
        return Err(InvalidRequest::field("preset", "is given twice"));
    }
    let Some(value) = top.get("preset").filter(|value| value.get() != "null") else { return Ok(None) };
    let slug: String =
        serde_json::from_str(value.get()).map_err(|_shape| InvalidRequest::field("preset", "must be a text"))?;
    Ok(Some(slug.strip_prefix(MARK).map(str::to_owned).unwrap_or(slug)))
}
