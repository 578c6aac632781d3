//! The Messages request: translated into a canonical chat request, with the caller's own text beside it.
//!
//! Choices where the formats do not meet:
//! - a `tool_result` becomes a tool message of its own, before what else its turn says; a failed one says so in words;
//! - system turns inside the conversation stay where they are;
//! - tools that the client runs and whose schema the provider knows by heart (`bash_…`, `text_editor_…`) become functions
//!   with that schema; tools that run on the provider's servers stay what they are, and the encoders say when they drop one;
//! - `thinking` and `output_config.effort` become `reasoning`; an effort without thinking becomes `verbosity`;
//! - documents of plain text become text;
//! - at most four stop sequences reach providers of other formats.

mod content;
mod options;
mod original;
mod thread;
mod tools;
mod turns;
mod wire;

pub(crate) use original::Original;
pub use thread::refusal_details;

use crate::chat::request::{ChatRequest, InvalidRequest, Limits, Top};
use crate::inbound::Origin;
use crate::upstream::json::Writer;
use bytes::Bytes;

/// The translation nests some values deeper than the caller did, by at most this many levels.
const DEPTH_ADDED: usize = 8;

/// Reads and checks a request body. Unknown fields never fail.
///
/// # Errors
/// When the body is no single JSON object, breaks a limit, or a field holds what it must not; the error names the field
/// as the caller wrote it.
pub fn parse(body: Bytes, limits: &Limits) -> Result<ChatRequest, InvalidRequest> {
    let text = String::from_utf8(body.into()).map_err(|_ignored| InvalidRequest::body("The body is not UTF-8"))?;
    let top = Top::read(&text, limits)?;
    thread::check(&top)?;
    let mut out = Writer::with_capacity(text.len() + 256);
    out.begin_object();
    let facts = turns::write(&top, limits, &mut out)?;
    tools::write(&top, limits, &mut out)?;
    options::write(&top, &mut out)?;
    out.end_object();
    let inner = Limits { depth: limits.depth + DEPTH_ADDED, nodes: limits.nodes.saturating_mul(2), ..*limits };
    let request = crate::chat::request::parse(out.finish().into(), &inner).map_err(|error| facts.rename(error))?;
    let original = Original::new(&text, &top, facts.has_foreign_thinking, facts.has_system_turns);
    Ok(request.with_origin(Origin::Messages(original.with_text(text))))
}
