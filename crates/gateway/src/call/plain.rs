//! A plain answer: read whole, charged, then written.

use super::attempt::{Answering, AttemptFailure};
use super::failover::Failover;
use super::live::bill;
use super::trip::{Outcome, Trip};
use crate::reply::Refusal;
use crate::state::Gateway;
use bytes::{Bytes, BytesMut};
use dialect::canonical::reply::Reply;
use dialect::chat::reply::{Envelope, encode};
use dialect::decode::{self, FailureClass, UpstreamError};
use domain::error_kind::ErrorKind;
use domain::generation::{AttemptOutcome, Ending};
use edge::access_log::AccessFacts;
use http_body_util::BodyExt;
use std::sync::Arc;

/// Gets a whole answer from some provider and charges it.
///
/// # Errors
/// [`Refusal`] when no provider gave one.
pub async fn answer(gateway: &Arc<Gateway>, mut trip: Trip) -> Result<(Vec<u8>, AccessFacts), Refusal> {
    let mut failover = Failover::default();
    loop {
        let (turn, answering) = failover.next(gateway, &mut trip).await?;
        let Answering { names, notes, status, .. } = &answering;
        let (names, notes, status) = (names.clone(), notes.clone(), *status);
        let read = read(gateway, answering).await.and_then(|body| {
            let endpoint = trip.planned.get(turn.at).map(|planned| &planned.candidate.endpoint.provider);
            let decoded = endpoint.map(|provider| decode::reply(provider.family, &provider.quirks, &body));
            let unread = || AttemptFailure::from(UpstreamError::unreadable("attempt out of range"));
            decoded.ok_or_else(unread)?.map_err(|error| AttemptFailure::from(error.error))
        });
        let mut reply = match read {
            Ok(reply) => reply,
            Err(failure) => {
                failover.failed(gateway, &mut trip, turn, failure);
                continue;
            }
        };
        for call in reply.choices.iter_mut().flat_map(|choice| &mut choice.message.tool_calls) {
            if let Some(original) = names.original(&call.name) {
                call.name = original.to_owned();
            }
        }
        trip.notes = notes;
        let duration = trip.elapsed().saturating_sub(turn.started);
        trip.note(turn.at, Some(status), AttemptOutcome::Served, "served", turn.started, Some(duration));
        return finish(gateway, trip, turn.at, &reply);
    }
}

async fn read(gateway: &Gateway, answering: Answering) -> Result<Bytes, AttemptFailure> {
    let mut body = answering.body;
    let mut whole = BytesMut::new();
    let mut deadline = answering.deadline;
    loop {
        let frame = tokio::time::timeout_at(deadline, body.frame())
            .await
            .map_err(|_elapsed| AttemptFailure::timeout("the provider stopped in the middle of its answer"))?;
        let Some(frame) = frame else { return Ok(whole.freeze()) };
        let broken =
            |_error| AttemptFailure::new(ErrorKind::ProviderUnavailable, FailureClass::Unavailable, "the provider's answer was cut off");
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            if whole.len() + data.len() > gateway.settings.reply_max {
                return Err(UpstreamError::unreadable("the provider's answer is larger than the limit").into());
            }
            whole.extend_from_slice(&data);
        }
        deadline = tokio::time::Instant::now() + gateway.settings.idle;
    }
}

fn finish(gateway: &Gateway, mut trip: Trip, at: usize, reply: &Reply) -> Result<(Vec<u8>, AccessFacts), Refusal> {
    let ended_twice = || Refusal::new(ErrorKind::Server, "the answer had already ended");
    let planned = trip.planned.get(at).cloned().ok_or_else(ended_twice)?;
    let endpoint = &planned.candidate.endpoint;
    gateway.health.succeeded(endpoint);
    let metadata = trip.router_metadata().and_then(|value| serde_json::value::to_raw_value(&value).ok());
    let (id, created, hide) = (trip.id().to_string(), trip.ask.received_at.seconds(), trip.ask.chat.wants_reasoning_hidden());
    let first_content = trip.elapsed();
    let receipt = trip
        .end(Outcome {
            served: Some(at),
            usage: reply.usage,
            delivered_bytes: output_bytes(reply),
            finish: reply.choices.first().map(|choice| choice.finish.clone()),
            upstream_id: reply.upstream_id.clone(),
            service_tier: reply.service_tier.clone(),
            first_content: Some(first_content),
            ..Outcome::unserved(Ending::Completed, 200, None)
        })
        .ok_or_else(ended_twice)?;
    let envelope = Envelope {
        id: &id,
        created,
        model: &planned.candidate.model.id,
        provider: &endpoint.provider.name,
        hide_reasoning: hide,
        metadata: metadata.as_deref(),
    };
    let body = encode(reply, &envelope, &bill(&receipt));
    let facts = AccessFacts {
        generation: Some(id.clone()),
        model: Some(planned.candidate.model.id.clone()),
        provider: Some(endpoint.provider.slug.clone()),
        error_type: None,
    };
    Ok((body, facts))
}

fn output_bytes(reply: &Reply) -> u64 {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let bytes: usize = reply
        .choices
        .iter()
        .map(|choice| {
            let message = &choice.message;
            let calls: usize = message.tool_calls.iter().map(|call| call.name.len() + call.arguments.len()).sum();
            length(&message.content) + length(&message.reasoning) + length(&message.refusal) + calls
        })
        .sum();
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
