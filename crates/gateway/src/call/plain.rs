//! A plain answer: read whole, charged, then written.

use super::attempt::{Answering, AttemptFailure};
use super::failover::Failover;
use super::live::{self, Step};
use super::trip::Trip;
use super::whole::Whole;
use crate::reply::Refusal;
use crate::state::Gateway;
use bytes::{Bytes, BytesMut};
use dialect::canonical::reply::{Collector, Delta, Finish, FinishReason};
use dialect::decode::{self, FailureClass, UpstreamError};
use dialect::inbound::Dialect;
use domain::error_kind::ErrorKind;
use domain::generation::{AttemptOutcome, Ending};
use edge::access_log::AccessFacts;
use http_body::Body as _;
use http_body_util::BodyExt;
use std::sync::Arc;

/// Gets a whole answer from some provider and charges it.
///
/// # Errors
/// [`Refusal`] when no provider gave one that is good enough.
pub async fn answer(gateway: &Arc<Gateway>, trip: Trip) -> Result<(Vec<u8>, AccessFacts), Refusal> {
    obtain(gateway, trip).await?.into_json()
}

/// Gets a whole answer that keeps the caller's rules, if there are any; it is not charged yet.
///
/// # Errors
/// [`Refusal`] when no provider gave one; the trip has then ended.
pub async fn obtain(gateway: &Arc<Gateway>, mut trip: Trip) -> Result<Whole, Refusal> {
    let mut failover = Failover::default();
    loop {
        let whole = if trip.is_stream_upstream() {
            match Box::pin(collected(gateway, trip, &mut failover)).await? {
                Ok(whole) => whole,
                Err(broken) => {
                    trip = *broken;
                    continue;
                }
            }
        } else {
            read_whole(gateway, trip, &mut failover).await?
        };
        let verdicts = whole.verdicts();
        if verdicts.is_empty() {
            return Ok(whole);
        }
        trip = whole.reject(verdicts, &mut failover)?;
    }
}

async fn read_whole(gateway: &Arc<Gateway>, mut trip: Trip, failover: &mut Failover) -> Result<Whole, Refusal> {
    loop {
        let (turn, answering) = failover.next(gateway, &mut trip).await?;
        let Answering { names, notes, service_tier, status, .. } = &answering;
        let (names, notes, service_tier, status) = (names.clone(), notes.clone(), service_tier.clone(), *status);
        let read = read(gateway, answering).await.and_then(|body| {
            let endpoint = trip.planned.get(turn.at).map(|planned| &planned.candidate.endpoint.provider);
            let decoded = endpoint.map(|provider| match trip.is_quoted(&names) {
                _ if trip.ask.dialect == Dialect::Embeddings => decode::embeddings(provider.family, &body),
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
        reply.service_tier = reply.service_tier.or(service_tier);
        reply.choices.truncate(usize::try_from(trip.ask.chat.choices()).unwrap_or(usize::MAX));
        trip.notes = notes;
        let duration = trip.elapsed().saturating_sub(turn.started);
        trip.note(turn.at, Some(status), AttemptOutcome::Served, "served", turn.started, Some(duration));
        return Ok(Whole::new(trip, turn.at, reply, Ending::Completed));
    }
}

/// Collects a whole answer from a stream, growing the hold as it comes. Gives the trip back when the provider broke in the
/// middle: the client has seen nothing of it, so the next attempt can begin.
async fn collected(
    gateway: &Arc<Gateway>,
    trip: Trip,
    failover: &mut Failover,
) -> Result<Result<Whole, Box<Trip>>, Refusal> {
    let mut live = live::open(gateway, trip, failover).await?;
    let mut collector = Collector::default();
    let mut step = Step::More;
    let mut last_event = tokio::time::Instant::now();
    let ends_by = last_event + gateway.settings.total;
    let mut has_event = false;
    let ending = loop {
        has_event |= !live.pending.is_empty();
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
            failover.broke(&mut live.trip, live.at, error);
            return Ok(Err(Box::new(live.trip)));
        }
        if matches!(step, Step::Complete) || live.has_all() {
            break Ending::Completed;
        }
        if !live.keep_covered(gateway.settings.extension) {
            let finish = Finish { reason: FinishReason::Length, native: Some("payment_required".to_owned()) };
            collector.push(Delta::Finish { choice: 0, finish });
            break Ending::BudgetEnded;
        }
        let now = tokio::time::Instant::now();
        last_event = if std::mem::take(&mut has_event) { now } else { last_event };
        let patience =
            (now + gateway.settings.idle).min(last_event + live.eventless_max(&gateway.settings)).min(ends_by);
        let next = std::future::poll_fn(|context| live.poll_step(context));
        step = match tokio::time::timeout_at(patience, next).await {
            Ok(step) => step,
            Err(_elapsed) if live.is_done() => Step::Complete,
            Err(_elapsed) => Step::Failed(UpstreamError::new(
                ErrorKind::Timeout,
                FailureClass::Unavailable,
                "the provider fell silent",
            )),
        };
    };
    Ok(Ok(Whole::new(live.trip, live.at, collector.finish(), ending)))
}

async fn read(gateway: &Gateway, answering: Answering) -> Result<Bytes, AttemptFailure> {
    let mut body = answering.body;
    let mut whole = BytesMut::new();
    let mut deadline = answering.deadline.at;
    let ends_by = tokio::time::Instant::now() + gateway.settings.total;
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
        deadline = (tokio::time::Instant::now() + gateway.settings.idle).min(ends_by);
    }
}
