//! A stream that has begun: the provider's body, its decoder, and the meter that runs beside it.

use super::attempt::{Answering, AttemptFailure};
use super::client::Arriving;
use super::failover::{Failover, Turn};
use super::trip::{Outcome, Trip};
use crate::reply::Refusal;
use crate::settings::GatewaySettings;
use crate::settle::{Receipt, estimate_tokens};
use crate::state::Gateway;
use dialect::canonical::reply::{Delta, Finish};
use dialect::chat::reply::Bill;
use dialect::decode::{FailureClass, StreamDecoder, UpstreamError};
use dialect::upstream::ToolNames;
use domain::error_kind::ErrorKind;
use domain::generation::{AttemptOutcome, Ending};
use domain::money::{Amount, cost::round_up_to_nano};
use domain::usage::Usage;
use http_body::Body;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A stream whose first content has arrived.
#[derive(Debug)]
pub struct Live {
    /// The request.
    pub trip: Trip,
    /// Index of the attempt that serves.
    pub at: usize,
    body: Arriving,
    decoder: StreamDecoder,
    names: ToolNames,
    /// Deltas that are decoded and not yet handed out.
    pub pending: Vec<Delta>,
    usage: Option<Usage>,
    finish: Option<Finish>,
    upstream_id: Option<String>,
    service_tier: Option<String>,
    delivered_bytes: u64,
    first_content: Duration,
    /// The provider's end mark was seen.
    is_done: bool,
    is_ended: bool,
}

/// What one look at the provider's body gave.
#[derive(Debug)]
pub enum Step {
    /// Something was decoded into `pending`, or nothing of interest came.
    More,
    /// The answer is complete.
    Complete,
    /// The provider failed in the middle.
    Failed(UpstreamError),
}

/// Finds a provider that begins to answer, failing over until its first content.
///
/// # Errors
/// [`Refusal`] when none did; the trip has then ended.
pub async fn open(gateway: &Arc<Gateway>, mut trip: Trip, failover: &mut Failover) -> Result<Live, Refusal> {
    loop {
        let (turn, answering) = failover.next(gateway, &mut trip).await?;
        let status = answering.status;
        let notes = answering.notes.clone();
        let begun = begin(gateway, &trip, turn, answering).await;
        let (body, decoder, names, pending) = match begun {
            Ok(begun) => begun,
            Err(failure) => {
                failover.failed(gateway, &mut trip, turn, failure);
                continue;
            }
        };
        trip.notes = notes;
        let mut pending = annotated(&trip, pending);
        keep_wanted(&trip, &mut pending);
        let first_content = trip.elapsed();
        let duration = first_content.saturating_sub(turn.started);
        trip.note(turn.at, Some(status), AttemptOutcome::Served, "served", turn.started, Some(duration));
        trip.attempt_begins();
        let service_tier = tier_of(&pending).map(str::to_owned);
        if let Some(opening) = trip.beginning(turn.at, service_tier.as_deref())
            && let Err(error) = gateway.journal.open_record(&opening)
        {
            // Without OPEN a crash would leave this answer unbilled; the provider is not at fault, so nobody else is tried.
            tracing::error!(%error, "stream refused: its beginning cannot be journaled");
            let _receipt = trip.end(Outcome::unserved(Ending::Failed, 503, Some(ErrorKind::LedgerUnavailable)));
            return Err(
                Refusal::new(ErrorKind::LedgerUnavailable, "The books cannot be written at the moment").retry_in(1)
            );
        }
        return Ok(Live {
            trip,
            at: turn.at,
            body,
            decoder,
            names,
            pending,
            usage: None,
            finish: None,
            upstream_id: None,
            service_tier,
            delivered_bytes: 0,
            first_content,
            is_done: false,
            is_ended: false,
        });
    }
}

/// The tier that the provider has named so far.
fn tier_of(deltas: &[Delta]) -> Option<&str> {
    let tiers = deltas.iter().rev();
    tiers.filter_map(|delta| if let Delta::ServiceTier(tier) = delta { Some(tier.as_str()) } else { None }).next()
}

/// Takes out what belongs to choices that nobody asked for.
fn keep_wanted(trip: &Trip, deltas: &mut Vec<Delta>) {
    let wanted = trip.ask.chat.choices();
    deltas.retain(|delta| delta.choice().is_none_or(|choice| choice < wanted));
}

/// Names the documents that were read, right after the first content.
fn annotated(trip: &Trip, mut pending: Vec<Delta>) -> Vec<Delta> {
    let at = pending.iter().position(Delta::is_content).map_or(pending.len(), |at| at + 1);
    let annotations = trip.readied.annotations();
    let raw = annotations.iter().filter_map(|annotation| serde_json::value::to_raw_value(annotation).ok());
    let deltas: Vec<Delta> = raw.map(|annotation| Delta::Annotation { choice: 0, annotation }).collect();
    pending.splice(at..at, deltas);
    pending
}

type Begun = (Arriving, StreamDecoder, ToolNames, Vec<Delta>);

/// Reads until the first content, which commits the answer to this provider; errors hidden in a 200 stream surface here.
async fn begin(gateway: &Gateway, trip: &Trip, turn: Turn, answering: Answering) -> Result<Begun, AttemptFailure> {
    let Answering { mut body, names, service_tier, deadline, .. } = answering;
    let Some(planned) = trip.planned.get(turn.at) else {
        return Err(UpstreamError::unreadable("attempt out of range").into());
    };
    let provider = &planned.candidate.endpoint.provider;
    let mut decoder = StreamDecoder::with_event_limit(provider.family, &provider.quirks, gateway.settings.event_max);
    if trip.is_quoted(&names) {
        decoder = decoder.quoted();
    }
    let mut deltas: Vec<Delta> = service_tier.map(Delta::ServiceTier).into_iter().collect();
    loop {
        let frame = tokio::time::timeout_at(deadline.at, http_body_util::BodyExt::frame(&mut body))
            .await
            .map_err(|_elapsed| deadline.missed("the provider sent no content in time"))?;
        let cut = |_error| {
            AttemptFailure::new(
                ErrorKind::ProviderUnavailable,
                FailureClass::Unavailable,
                "the provider cut the stream",
            )
        };
        let is_end = match frame {
            None => true,
            Some(frame) => {
                if let Ok(data) = frame.map_err(cut)?.into_data() {
                    decoder.push(&data, &mut deltas).map_err(|error| error.upstream())?;
                }
                false
            }
        };
        if is_end {
            decoder.finish(&mut deltas).map_err(|error| error.upstream())?;
        }
        if let Some(error) =
            deltas.iter().find_map(|delta| if let Delta::Error(error) = delta { Some(error) } else { None })
        {
            return Err(error.clone().into());
        }
        if is_end || deltas.iter().any(Delta::is_content) {
            return Ok((body, decoder, names, deltas));
        }
    }
}

impl Live {
    /// Reads the next frame of the provider.
    pub fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let decoded = match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => self.decoder.push(&data, &mut self.pending).map(|()| false),
                Err(_trailers) => Ok(false),
            },
            #[cfg(feature = "seeded-bugs")]
            None if store::seeded::is(store::seeded::Bug::EofIsSuccess) => Ok(true),
            None => self.decoder.finish(&mut self.pending).map(|()| true),
            // A connection that breaks after the end mark has said everything.
            Some(Err(_)) if self.is_done => Ok(true),
            Some(Err(error)) => {
                tracing::warn!(error = ?error, generation_id = %self.trip.id(), "provider's stream broke");
                let what = "the provider cut the stream";
                return Poll::Ready(Step::Failed(UpstreamError::unreadable(what)));
            }
        };
        keep_wanted(&self.trip, &mut self.pending);
        Poll::Ready(match decoded {
            Ok(true) => Step::Complete,
            Ok(false) => Step::More,
            // Nonsense after the end mark does not undo an answer.
            Err(_) if self.is_done => Step::Complete,
            Err(error) => Step::Failed(error.upstream()),
        })
    }

    /// Takes note of a delta before it goes out; maps tool names back to the caller's.
    pub fn meter(&mut self, delta: &mut Delta) {
        self.delivered_bytes = self.delivered_bytes.saturating_add(u64::try_from(delta.output_bytes()).unwrap_or(0));
        match delta {
            Delta::Start { upstream_id, model } => {
                self.upstream_id = upstream_id.clone();
                self.trip.reported(self.at, model.as_deref());
            }
            Delta::Finish { finish, .. } => self.finish = Some(finish.clone()),
            Delta::Usage(usage) => self.usage = Some(*usage),
            Delta::ServiceTier(tier) => self.service_tier = Some(tier.clone()),
            Delta::Done => self.is_done = true,
            Delta::ToolCall { name: Some(name), .. } => {
                if let Some(original) = self.names.original(name) {
                    *name = original.to_owned();
                }
            }
            _ => {}
        }
    }

    /// Whether everything that matters has arrived: the end mark and the usage.
    pub const fn has_all(&self) -> bool {
        self.is_done && self.usage.is_some()
    }

    /// Whether the provider's end mark was seen.
    pub const fn is_done(&self) -> bool {
        self.is_done
    }

    /// How long the provider may go on sending bytes that make no event: less for the rest of an event than for comments,
    /// with which some providers say that they are still thinking.
    pub fn eventless_max(&self, settings: &GatewaySettings) -> Duration {
        if self.decoder.is_within_event() { settings.event } else { settings.comments }
    }

    /// Tokens delivered so far, estimated.
    pub fn delivered_tokens(&self) -> u64 {
        estimate_tokens(self.delivered_bytes)
    }

    /// Bytes of generated text delivered so far.
    pub const fn delivered_bytes(&self) -> u64 {
        self.delivered_bytes
    }

    /// Whether closing the connection stops the provider's meter.
    pub fn stops_on_cancel(&self) -> bool {
        self.trip
            .planned
            .get(self.at)
            .is_some_and(|planned| planned.candidate.endpoint.provider.stops_billing_on_cancel)
    }

    /// Grows the hold when the running cost comes near it. `false` when the budget ends here.
    ///
    /// The running cost counts a token per three bytes, more than any usual text has, up to the limit that the provider
    /// was given: a hold that covers the whole limit is never extended.
    pub fn keep_covered(&mut self, step: Amount) -> bool {
        let Some(planned) = self.trip.planned.get(self.at) else { return true };
        let limit = self.trip.output_limit(planned).or_else(|| self.trip.ask.chat.output_limit()).unwrap_or(u64::MAX);
        let limit = limit.saturating_mul(u64::from(self.trip.ask.chat.choices()));
        let tokens = self.delivered_bytes.div_ceil(3).min(limit);
        let femtos = planned.quote.fixed_femtos() + i128::from(tokens) * i128::from(planned.quote.rate().femtos());
        let Ok(cost) = round_up_to_nano(femtos) else { return false };
        let Some(hold) = self.trip.hold_mut() else { return true };
        while cost > hold.amount() {
            if hold.extend(step).is_err() {
                return false;
            }
        }
        true
    }

    /// Ends the answer. `None` when it had already ended.
    pub fn end(&mut self, ending: Ending, status: u16, error: Option<ErrorKind>) -> Option<Receipt> {
        self.is_ended = true;
        self.trip.end(Outcome {
            served: Some(self.at),
            usage: self.usage,
            delivered_bytes: self.delivered_bytes,
            finish: self.finish.clone(),
            ending,
            status,
            error,
            upstream_id: self.upstream_id.take(),
            service_tier: self.service_tier.clone(),
            first_content: Some(self.first_content),
        })
    }

    /// Whether it has ended.
    pub const fn is_ended(&self) -> bool {
        self.is_ended
    }
}

/// The bill of a receipt, in the form that answers show.
pub fn bill(receipt: &Receipt) -> Bill<'_> {
    let split = |femtos: i128| round_up_to_nano(femtos).unwrap_or(Amount::ZERO);
    let prompt_cost = split(receipt.cost.prompt_femtos());
    Bill {
        usage: &receipt.settlement.usage,
        cost: receipt.cost.total,
        upstream_cost: receipt.cost.total,
        prompt_cost: prompt_cost.min(receipt.cost.total),
        completion_cost: receipt.cost.total.saturating_sub(prompt_cost.min(receipt.cost.total)),
        is_byok: false,
        ended_at: receipt.settlement.ended_at.seconds(),
    }
}
