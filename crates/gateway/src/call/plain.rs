//! A plain answer: read whole, charged, then written.

use super::attempt::{Answering, AttemptFailure};
use super::failover::Failover;
use super::live::{self, Step, bill};
use super::trip::{Outcome, Trip};
use crate::reply::Refusal;
use crate::settle::estimate_tokens;
use crate::state::Gateway;
use bytes::{Bytes, BytesMut};
use dialect::canonical::reply::{Collector, Delta, Finish, FinishReason, Reply};
use dialect::chat::reply::Envelope;
use dialect::decode::{self, FailureClass, UpstreamError};
use dialect::inbound;
use domain::error_kind::ErrorKind;
use domain::generation::{AttemptOutcome, Ending};
use edge::access_log::AccessFacts;
use http_body::Body as _;
use http_body_util::BodyExt;
use std::sync::Arc;

/// Gets a whole answer from some provider and charges it.
///
/// # Errors
/// [`Refusal`] when no provider gave one.
pub async fn answer(gateway: &Arc<Gateway>, mut trip: Trip) -> Result<(Vec<u8>, AccessFacts), Refusal> {
    if trip.is_collected() {
        return collected(gateway, trip).await;
    }
    let mut failover = Failover::default();
    loop {
        let (turn, answering) = failover.next(gateway, &mut trip).await?;
        let Answering { names, notes, status, .. } = &answering;
        let (names, notes, status) = (names.clone(), notes.clone(), *status);
        let read = read(gateway, answering).await.and_then(|body| {
            let endpoint = trip.planned.get(turn.at).map(|planned| &planned.candidate.endpoint.provider);
            let decoded = endpoint.map(|provider| match trip.is_quoted(&names) {
                true => decode::quoted_reply(provider.family, &provider.quirks, &body),
                false => decode::reply(provider.family, &provider.quirks, &body),
            });
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
        return finish(trip, turn.at, &reply, Ending::Completed);
    }
}

/// Collects a plain answer from a stream, growing the hold as it comes.
async fn collected(gateway: &Arc<Gateway>, trip: Trip) -> Result<(Vec<u8>, AccessFacts), Refusal> {
    let mut live = live::open(gateway, trip).await?;
    let mut collector = Collector::default();
    let mut step = Step::More;
    let ending = loop {
        let mut failure = if let Step::Failed(error) = &step { Some(error.clone()) } else { None };
        for mut delta in std::mem::take(&mut live.pending) {
            live.meter(&mut delta);
            if let Delta::Error(error) = delta {
                failure = Some(error);
                break;
            }
            collector.push(delta);
        }
        if live.delivered_bytes() > u64::try_from(gateway.settings.reply_max).unwrap_or(u64::MAX) {
            failure = Some(UpstreamError::unreadable("the provider's answer is larger than the limit"));
        }
        if let Some(error) = failure {
            live.trip.attempt_breaks(&error);
            return Err(broken(live.trip, &error));
        }
        if matches!(step, Step::Complete) || live.has_all() {
            break Ending::Completed;
        }
        if !live.keep_covered(gateway.settings.extension) {
            let finish = Finish { reason: FinishReason::Length, native: Some("payment_required".to_owned()) };
            collector.push(Delta::Finish { choice: 0, finish });
            break Ending::BudgetEnded;
        }
        let next = std::future::poll_fn(|context| live.poll_step(context));
        step = match tokio::time::timeout(gateway.settings.idle, next).await {
            Ok(step) => step,
            Err(_elapsed) if live.is_done() => Step::Complete,
            Err(_elapsed) => Step::Failed(UpstreamError::new(
                ErrorKind::Timeout,
                FailureClass::Unavailable,
                "the provider fell silent",
            )),
        };
    };
    finish(live.trip, live.at, &collector.finish(), ending)
}

/// Ends an answer that broke before the client had seen any of it: nothing is charged.
fn broken(mut trip: Trip, error: &UpstreamError) -> Refusal {
    let refusal = Refusal::new(error.kind, "Provider returned an error").provider_code(error.provider_code.clone());
    let _receipt = trip.end(Outcome::unserved(Ending::Failed, error.kind.status(), Some(error.kind)));
    refusal
}

async fn read(gateway: &Gateway, answering: Answering) -> Result<Bytes, AttemptFailure> {
    let mut body = answering.body;
    let mut whole = BytesMut::new();
    let mut deadline = answering.deadline.at;
    loop {
        let frame = tokio::time::timeout_at(deadline, body.frame())
            .await
            .map_err(|_elapsed| AttemptFailure::timeout("the provider stopped in the middle of its answer"))?;
        let Some(frame) = frame else { return Ok(whole.freeze()) };
        let broken = |_error| {
            AttemptFailure::new(
                ErrorKind::ProviderUnavailable,
                FailureClass::Unavailable,
                "the provider's answer was cut off",
            )
        };
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            if whole.len() + data.len() > gateway.settings.reply_max {
                return Err(UpstreamError::unreadable("the provider's answer is larger than the limit").into());
            }
            if whole.is_empty() && body.is_end_stream() {
                return Ok(data);
            }
            whole.extend_from_slice(&data);
        }
        deadline = tokio::time::Instant::now() + gateway.settings.idle;
    }
}

fn finish(mut trip: Trip, at: usize, reply: &Reply, ending: Ending) -> Result<(Vec<u8>, AccessFacts), Refusal> {
    let ended_twice = || Refusal::new(ErrorKind::Server, "the answer had already ended");
    let planned = trip.planned.get(at).cloned().ok_or_else(ended_twice)?;
    let endpoint = &planned.candidate.endpoint;
    trip.reported(at, reply.model.as_deref());
    trip.attempt_arrives(
        reply.usage.map_or_else(|| estimate_tokens(output_bytes(reply)), |usage| usage.completion_tokens()),
    );
    let metadata = trip.router_metadata().and_then(|value| serde_json::value::to_raw_value(&value).ok());
    let (id, created, hide) =
        (trip.id().to_string(), trip.ask.received_at.seconds(), trip.ask.chat.wants_reasoning_hidden());
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
            ..Outcome::unserved(ending, 200, None)
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
    let body = inbound::encode(trip.ask.dialect, &trip.ask.chat, reply, &envelope, &bill(&receipt));
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
