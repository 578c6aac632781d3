//! [`Whole`]: a complete answer that the client has not seen yet.

use super::failover::Failover;
use super::live::bill;
use super::trip::{self, Outcome, Trip};
use super::validate;
use crate::reply::{Refusal, chain};
use crate::settle::{Consumption, Receipt, estimate_tokens};
use dialect::canonical::reply::Reply;
use dialect::chat::reply::Envelope;
use dialect::inbound;
use dialect::outgoing::Outgoing;
use domain::error_kind::ErrorKind;
use domain::generation::{Ending, Rejection, Verdict};
use edge::access_log::AccessFacts;
use serde_json::value::RawValue;
use std::time::Duration;

/// A complete answer, not charged yet. Dropped without having been written, it is charged all the same: the client left,
/// and the provider was at work.
#[derive(Debug)]
pub struct Whole {
    trip: Option<Trip>,
    at: usize,
    reply: Reply,
    /// Bytes of text that the provider generated.
    delivered_bytes: u64,
    ending: Ending,
}

/// What is needed to write an answer, gathered before its trip ends.
struct Facts {
    id: String,
    created: i64,
    model: String,
    provider_name: String,
    provider_slug: String,
    hide_reasoning: bool,
    attempts: u16,
    overhead: Duration,
    metadata: Option<Box<RawValue>>,
}

impl Facts {
    fn envelope(&self) -> Envelope<'_> {
        Envelope {
            id: &self.id,
            created: self.created,
            model: &self.model,
            provider: &self.provider_name,
            hide_reasoning: self.hide_reasoning,
            metadata: self.metadata.as_deref(),
        }
    }
}

impl Whole {
    /// The answer of the planned attempt `at`, finished as its plugins want it.
    pub fn new(mut trip: Trip, at: usize, mut reply: Reply, ending: Ending) -> Self {
        let delivered_bytes = output_bytes(&reply);
        trip.mended = chain::mend(&trip.ask, &trip.readied, &mut reply);
        Self { trip: Some(trip), at, reply, delivered_bytes, ending }
    }

    /// The caller's rules that it breaks; none when there are no rules.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let rules = self.trip.as_ref().and_then(|trip| trip.ask.rules.as_ref());
        rules.map(|rules| validate::judge(rules, &self.reply)).unwrap_or_default()
    }

    /// Gives the answer up for the next attempt: its cost becomes a line of its own.
    ///
    /// # Errors
    /// [`Refusal`] when it had already ended, which is our own mistake.
    pub fn reject(mut self, verdicts: Vec<Verdict>, failover: &mut Failover) -> Result<Trip, Refusal> {
        let mut trip = self.trip.take().ok_or_else(ended_twice)?;
        let delivered = self.delivered_bytes;
        trip.reported(self.at, self.reply.model.as_deref());
        trip.attempt_arrives(self.tokens());
        let planned = trip.planned.get(self.at).ok_or_else(ended_twice)?;
        let known = Consumption {
            price: &planned.candidate.endpoint.price,
            prompt_tokens: trip.prompt_tokens(),
            delivered_bytes: delivered,
            images: u64::from(trip.ask.chat.shape().images),
            context_length: planned.candidate.endpoint.context_length.max(1),
        };
        let served_as = trip::served_as(planned, self.reply.service_tier.as_deref()).map(|other| &*other.price);
        let (usage, cost) = known.of_rejected(self.reply.usage, &planned.quote, served_as);
        failover.rejected(&mut trip, self.at, Rejection { verdicts, usage, cost });
        Ok(trip)
    }

    /// Charges the answer and writes it as a plain body.
    ///
    /// # Errors
    /// [`Refusal`] when it had already ended, which is our own mistake.
    pub fn into_json(mut self) -> Result<(Vec<u8>, AccessFacts), Refusal> {
        let (facts, receipt) = self.charge().ok_or_else(ended_twice)?;
        let trip = self.trip.as_ref().ok_or_else(ended_twice)?;
        let body = inbound::encode(trip.ask.dialect, &trip.ask.chat, &self.reply, &facts.envelope(), &bill(&receipt));
        Ok((body, access(facts)))
    }

    /// Charges the answer and writes it as the events of a stream.
    ///
    /// # Errors
    /// [`Refusal`] when it had already ended, which is our own mistake.
    pub fn into_events(mut self) -> Result<(Vec<u8>, AccessFacts), Refusal> {
        let (mut facts, receipt) = self.charge().ok_or_else(ended_twice)?;
        let trip = self.trip.as_ref().ok_or_else(ended_twice)?;
        let metadata = facts.metadata.take();
        let mut encoder = inbound::Encoder::new(trip.ask.dialect, &trip.ask.chat, &facts.envelope());
        let mut out = Outgoing::default();
        for delta in std::mem::take(&mut self.reply).into_deltas() {
            encoder.push(delta, &mut out);
        }
        encoder.end(&bill(&receipt), metadata.as_deref(), &mut out);
        Ok((out.into_vec(), access(facts)))
    }

    fn tokens(&self) -> u64 {
        let estimate = || estimate_tokens(self.delivered_bytes);
        self.reply.usage.map_or_else(estimate, |usage| usage.completion_tokens())
    }

    /// Ends the trip. `None` when it had ended before.
    fn charge(&mut self) -> Option<(Facts, Receipt)> {
        let tokens = self.tokens();
        let trip = self.trip.as_mut()?;
        let candidate = &trip.planned.get(self.at)?.candidate;
        let facts = Facts {
            id: trip.id().to_string(),
            created: trip.ask.received_at.seconds(),
            model: candidate.model.id.clone(),
            provider_name: candidate.endpoint.provider.name.clone(),
            provider_slug: candidate.endpoint.provider.slug.clone(),
            hide_reasoning: trip.ask.chat.wants_reasoning_hidden(),
            attempts: trip.tried(),
            overhead: trip.overhead,
            metadata: trip.router_metadata().and_then(|value| serde_json::value::to_raw_value(&value).ok()),
        };
        trip.reported(self.at, self.reply.model.as_deref());
        trip.attempt_arrives(tokens);
        let first_content = trip.elapsed();
        let receipt = trip.end(Outcome {
            served: Some(self.at),
            usage: self.reply.usage,
            delivered_bytes: self.delivered_bytes,
            finish: self.reply.choices.first().map(|choice| choice.finish.clone()),
            upstream_id: self.reply.upstream_id.clone(),
            service_tier: self.reply.service_tier.clone(),
            first_content: Some(first_content),
            ..Outcome::unserved(self.ending, 200, None)
        })?;
        Some((facts, receipt))
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if self.trip.as_ref().is_some_and(|trip| !trip.is_over()) {
            let _unread = self.charge();
        }
    }
}

fn ended_twice() -> Refusal {
    Refusal::new(ErrorKind::Server, "the answer had already ended")
}

fn access(facts: Facts) -> AccessFacts {
    AccessFacts {
        generation: Some(facts.id),
        model: Some(facts.model),
        provider: Some(facts.provider_slug),
        error_type: None,
        attempts: Some(facts.attempts),
        overhead: Some(facts.overhead),
    }
}

/// Bytes of generated text of an answer.
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
