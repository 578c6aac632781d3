//! Everything beside conversation and tools.

use super::wire::{OutputConfig, Thinking};
use crate::canonical::request::RawObject;
use crate::chat::request::{EFFORTS, InvalidRequest, TIERS, Top};
use crate::json::Raw;
use crate::upstream::json::Writer;

/// Fields that mean the same in a chat request: the shared ones, and those that are meant for this router.
const SAME: &[&str] = &[
    "model",
    "models",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stream",
    "cache_control",
    "provider",
    "plugins",
    "transforms",
    "preset",
    "route",
    "trace",
    "debug",
    "validate",
    "pin",
    "max_cost",
    "explain",
    "deferred_tools",
    "stop_server_tools_when",
];
/// Most stop sequences of a chat request.
const STOPS_MAX: usize = 4;
/// Most entries of `fallbacks`. Source: the router's documentation of the route, 2026-08-22.
const FALLBACKS_MAX: usize = 3;
/// Longest `user` and `session_id` of a chat request, in characters.
const NAME_MAX: usize = 256;

/// Writes all other fields that a chat request has a word for. Unknown ones are left to providers of the same format.
pub(super) fn write(top: &Top<'_>, out: &mut Writer) -> Result<(), InvalidRequest> {
    for name in SAME {
        if let Some(value) = top.get(name) {
            out.field_raw(name, value.get());
        }
    }
    fallbacks(top, out)?;
    stops(top, out)?;
    tier(top, out);
    who(top, out)?;
    thinking(top, out)
}

fn small<'a, T: serde::Deserialize<'a>>(top: &Top<'a>, name: &str) -> Option<T> {
    top.get(name).and_then(|value| serde_json::from_str(value.get()).ok())
}

fn fallbacks(top: &Top<'_>, out: &mut Writer) -> Result<(), InvalidRequest> {
    let Some(value) = top.get("fallbacks") else { return Ok(()) };
    let wrong = |problem: &str| InvalidRequest::field("fallbacks", problem);
    if top.get("models").is_some() {
        return Err(wrong("cannot be given together with models"));
    }
    let entries: Vec<RawObject<'_>> =
        serde_json::from_str(value.get()).map_err(|_ignored| wrong("expected a list of objects with a model"))?;
    if entries.len() > FALLBACKS_MAX {
        return Err(wrong("more than 3 entries"));
    }
    out.field_list("models");
    for entry in &entries {
        match entry.0.as_slice() {
            [(name, model)] if &**name == "model" => out.raw(model.get()),
            _ => return Err(wrong("an entry holds a model and nothing else")),
        }
    }
    out.end_list();
    Ok(())
}

fn stops(top: &Top<'_>, out: &mut Writer) -> Result<(), InvalidRequest> {
    let Some(value) = top.get("stop_sequences") else { return Ok(()) };
    let texts: Vec<String> = serde_json::from_str(value.get())
        .map_err(|_ignored| InvalidRequest::field("stop_sequences", "expected a list of strings"))?;
    let mut usable = texts.iter().filter(|text| !text.is_empty()).take(STOPS_MAX).peekable();
    if usable.peek().is_some() {
        out.field_list("stop");
        usable.for_each(|text| out.text(text));
        out.end_list();
    }
    Ok(())
}

/// Words that the chat request does not know are left to providers of the same format.
fn tier(top: &Top<'_>, out: &mut Writer) {
    match small::<String>(top, "service_tier").as_deref() {
        Some("standard_only" | "standard") => out.field_text("service_tier", "default"),
        Some(word) if TIERS.contains(&word) => out.field_text("service_tier", word),
        _ => {}
    }
    if let Some(speed) = small::<String>(top, "speed").filter(|speed| speed == "fast" || speed == "standard") {
        out.field_text("speed", &speed);
    }
}

/// The end user and the conversation. Agents put both into `metadata.user_id`, which may be JSON text.
fn who(top: &Top<'_>, out: &mut Writer) -> Result<(), InvalidRequest> {
    let metadata: RawObject<'_> = match top.get("metadata") {
        Some(value) => serde_json::from_str(value.get())
            .map_err(|_ignored| InvalidRequest::field("metadata", "expected an object"))?,
        None => RawObject::default(),
    };
    let named: Option<String> = metadata.get("user_id").and_then(|id| serde_json::from_str(id.get()).ok());
    match (top.get("user"), &named) {
        (Some(user), _) => out.field_raw("user", user.get()),
        (None, Some(named)) => out.field_text("user", &named.chars().take(NAME_MAX).collect::<String>()),
        (None, None) => {}
    }
    if let Some(session) = top.get("session_id") {
        out.field_raw("session_id", session.get());
    } else if let Some(session) = named.as_deref().and_then(session_in) {
        out.field_text("session_id", &session);
    }
    Ok(())
}

/// The session inside an agent's user id: a field of its JSON text, or what follows `_session_`.
fn session_in(user_id: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Inside {
        session_id: String,
    }
    let session = match serde_json::from_str::<Inside>(user_id) {
        Ok(inside) => inside.session_id,
        Err(_no_json) => user_id.rsplit_once("_session_")?.1.to_owned(),
    };
    let is_usable = !session.is_empty() && session.chars().count() <= NAME_MAX;
    is_usable.then_some(session)
}

fn thinking(top: &Top<'_>, out: &mut Writer) -> Result<(), InvalidRequest> {
    let config: OutputConfig<'_> = small(top, "output_config").unwrap_or_default();
    let effort = config.effort.as_deref().filter(|effort| EFFORTS.contains(effort) && *effort != "none");
    let thinking = match top.get("thinking") {
        Some(value) => Some(
            serde_json::from_str::<Thinking<'_>>(value.get())
                .map_err(|_ignored| InvalidRequest::field("thinking", "expected an object with a type"))?,
        ),
        None => None,
    };
    let is_adaptive = thinking.as_ref().is_some_and(|thinking| matches!(&*thinking.kind, "adaptive" | "between_tools"));
    if let Some(thinking) = &thinking {
        write_reasoning(thinking, effort.filter(|_| is_adaptive), out)?;
    }
    if let Some(effort) = effort.filter(|effort| !is_adaptive && *effort != "minimal") {
        out.field_text("verbosity", effort);
    }
    let format = config.format.or_else(|| small(top, "output_format"));
    if let Some(format) = format.filter(|format| &*format.kind == "json_schema") {
        let Some(schema) = format.schema else {
            return Err(InvalidRequest::field("output_config.format.schema", "is required"));
        };
        out.field_object("response_format");
        out.field_text("type", "json_schema");
        out.field_object("json_schema");
        out.field_text("name", "answer");
        out.field_raw("schema", schema.get());
        out.field_raw("strict", "true");
        out.end_object();
        out.end_object();
    }
    Ok(())
}

fn write_reasoning(thinking: &Thinking<'_>, effort: Option<&str>, out: &mut Writer) -> Result<(), InvalidRequest> {
    out.field_object("reasoning");
    match &*thinking.kind {
        "disabled" => out.field_raw("enabled", "false"),
        "enabled" => {
            let budget = thinking.budget_tokens.map(Raw::get);
            let budget = budget.ok_or_else(|| InvalidRequest::field("thinking.budget_tokens", "is required"))?;
            out.field_raw("max_tokens", budget);
        }
        // Adaptive thinking, and kinds that came later than this build.
        _ => {
            out.field_raw("enabled", "true");
            if let Some(effort) = effort {
                out.field_text("effort", effort);
            }
        }
    }
    if thinking.display.as_deref() == Some("omitted") {
        out.field_raw("exclude", "true");
    }
    out.end_object();
    Ok(())
}
