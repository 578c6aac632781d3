//! Presets: the fields of the one that a request names, under the request's own.

use crate::authenticate::Caller;
use crate::reply::Refusal;
use bytes::Bytes;
use dialect::inbound::Dialect;
use dialect::preset::{Form, merge, reference};
use domain::error_kind::ErrorKind;
use domain::id::PresetId;

/// Most characters of a slug that an error repeats.
const ECHO_MAX: usize = 64;

/// The body with its preset's fields, and that preset; the very body when it names none.
///
/// # Errors
/// [`Refusal`]: 404 for a preset that is not there or switched off, 400 for one that cannot be read as a name.
pub(super) fn apply(body: Bytes, caller: &Caller, dialect: Dialect) -> Result<(Bytes, Option<PresetId>), Refusal> {
    let Some(named) = reference(&body)? else { return Ok((body, None)) };
    let workspace = caller.key.settings().workspace;
    let rules = caller.key.account().rules();
    let preset = workspace.and_then(|workspace| rules.preset(workspace, &named.slug)).ok_or_else(|| {
        let slug: String = named.slug.chars().filter(|character| !character.is_control()).take(ECHO_MAX).collect();
        Refusal::new(ErrorKind::NotFound, format!("Preset {slug} not found"))
    })?;
    let merged = merge(&body, &named, preset.system_prompt.as_deref(), &preset.config_json, Form::from(dialect))?;
    Ok((merged, Some(preset.id)))
}
