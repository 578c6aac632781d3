//! An answer that was over before it had begun.

use super::reply::encode_for;
use super::request::ResponsesRequest;
use super::stream::Encoder;
use crate::canonical::reply::{Choice, Finish, FinishReason, Reply};
use crate::chat::reply::{Bill, Envelope};
use crate::outgoing::Outgoing;
use domain::error_kind::ErrorKind;
use domain::money::Amount;
use domain::usage::Usage;

/// The events of an answer that failed after its head had gone out and before anybody answered.
#[must_use]
pub fn event(id: Option<&str>, kind: ErrorKind, message: &str) -> Vec<u8> {
    if kind.is_length() {
        return too_long(None, true, id, kind);
    }
    let mut out = Outgoing::default();
    Encoder::new(None, &envelope(id.unwrap_or_default(), "")).error(kind, message, &mut out);
    out.into_vec()
}

/// The empty answer that ended by its length, which this format has in the place of errors about length: a whole one, or its
/// events.
///
/// Source: the documented mapping of errors to this format (2026-08-22).
#[must_use]
pub fn too_long(request: Option<&ResponsesRequest>, is_stream: bool, id: Option<&str>, kind: ErrorKind) -> Vec<u8> {
    let model = request.and_then(|request| request.field("model"));
    let model = model.and_then(|json| serde_json::from_str::<String>(json).ok()).unwrap_or_default();
    let envelope = envelope(id.unwrap_or_default(), &model);
    let usage = Usage::default();
    let bill = Bill {
        usage: &usage,
        cost: Amount::ZERO,
        upstream_cost: Amount::ZERO,
        prompt_cost: Amount::ZERO,
        completion_cost: Amount::ZERO,
        is_byok: false,
        ended_at: envelope.created,
    };
    if !is_stream {
        let finish = Finish { reason: FinishReason::Length, native: None };
        let reply = Reply { choices: vec![Choice { finish, ..Choice::default() }], ..Reply::default() };
        return encode_for(Some(kind), request, &reply, &envelope, &bill);
    }
    let mut out = Outgoing::default();
    let mut encoder = Encoder::new(request, &envelope);
    encoder.end_too_long(kind, &bill, None, &mut out);
    out.into_vec()
}

fn envelope<'a>(id: &'a str, model: &'a str) -> Envelope<'a> {
    Envelope { id, created: created(id), model, provider: "", hide_reasoning: false, metadata: None }
}

/// The Unix second in which an id was made: its first twelve digits count milliseconds.
fn created(id: &str) -> i64 {
    let digits = id.strip_prefix("gen-").and_then(|digits| digits.get(..12)).unwrap_or_default();
    i64::from_str_radix(digits, 16).unwrap_or(0) / 1_000
}
