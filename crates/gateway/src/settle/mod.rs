//! Settle: usage → cost lines → one self-contained CLOSE record in the journal; release the rest of the hold.

mod estimate;
mod orphans;

pub use estimate::estimate_tokens;
pub use orphans::Orphans;

use crate::plan::Quote;
use crate::settings::FreeFailedAnswers;
use crate::state::Gateway;
use dialect::canonical::reply::{Finish, FinishReason};
use domain::catalog::Endpoint;
use domain::error_kind::ErrorKind;
use domain::generation::{Attempt, Ending, Exclusion, Opening, Settlement};
use domain::ledger::EntryKind;
use domain::money::{Amount, Cost, CostKind, CostLine, PriceSheet};
use domain::usage::{Usage, UsageSource};
use std::sync::Arc;
use std::time::Duration;
use store::journal::JournalError;
use store::lease::KeyHold;

/// An answer that has ended, with everything that is needed to charge it.
#[derive(Debug)]
pub struct Ended {
    /// The facts of the generation.
    pub opening: Opening,
    /// The hold to end.
    pub hold: KeyHold,
    /// The prices pinned at admission.
    pub price: Arc<PriceSheet>,
    /// The same offer in the tier that the provider says has served, when that is not the one that was asked for.
    pub served_as: Option<Arc<Endpoint>>,
    /// Most tokens that one usage class can plausibly have: the endpoint's context.
    pub context_length: u64,
    /// What the provider reported.
    pub usage: Option<Usage>,
    /// Bytes of generated text that went to the client.
    pub delivered_bytes: u64,
    /// Images in the prompt.
    pub images: u64,
    /// How the provider ended.
    pub finish: Option<Finish>,
    /// How it ended for us.
    pub ending: Ending,
    /// Status that the client saw.
    pub status: u16,
    /// Error that the client saw.
    pub error: Option<ErrorKind>,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// What the plan left out.
    pub excluded: Vec<Exclusion>,
    /// The provider's id of the call.
    pub upstream_id: Option<String>,
    /// Tier that served.
    pub service_tier: Option<String>,
    /// From acceptance to the first content.
    pub first_content: Option<Duration>,
    /// From acceptance to the end.
    pub elapsed: Duration,
    /// The most that may be charged.
    pub ceiling: Option<Amount>,
    /// An attempt reached a provider that answered; else nothing can be owed.
    pub was_served: bool,
}

/// What an answer consumed, apart from what its provider says.
#[derive(Debug, Clone, Copy)]
pub struct Consumption<'a> {
    /// The prices.
    pub price: &'a PriceSheet,
    /// Estimated prompt tokens.
    pub prompt_tokens: u64,
    /// Bytes of generated text.
    pub delivered_bytes: u64,
    /// Images in the prompt.
    pub images: u64,
    /// Most tokens that one usage class can plausibly have.
    pub context_length: u64,
}

impl Consumption<'_> {
    /// What an answer that is not delivered consumed and costs; what was quoted when the cost leaves its range. With
    /// `served_as`, the tier that served, its price where it is lower.
    pub fn of_rejected(
        &self,
        reported: Option<Usage>,
        quote: &Quote,
        served_as: Option<&PriceSheet>,
    ) -> (Usage, Amount) {
        let usage = match reported {
            Some(mut usage) => {
                usage.source = UsageSource::Reported;
                usage.images = self.images;
                usage.clamped(self.context_length)
            }
            None => estimated(self.prompt_tokens, self.delivered_bytes, self.images),
        };
        let total = |price: &PriceSheet| price.cost(&usage).map_or_else(|_overflow| quote.hold(), |cost| cost.total);
        let agreed = total(self.price);
        (usage, served_as.map_or(agreed, |served| total(served).min(agreed)))
    }
}

/// A settled generation.
#[derive(Debug)]
pub struct Receipt {
    /// What was journaled.
    pub settlement: Arc<Settlement>,
    /// The charge, line by line.
    pub cost: Cost,
}

/// Exclusions kept per generation.
const EXCLUSIONS_MAX: usize = 64;

/// Charges an ended answer. Never fails: what cannot be journaled is posted from memory and reported.
pub fn settle(gateway: &Gateway, mut ended: Ended) -> Receipt {
    let now = gateway.clock.now();
    let usage = consumed(&ended);
    price_as_served(&mut ended, &usage);
    let waived = waiver(gateway, &ended, &usage);
    let priced = if ended.was_served { ended.price.cost(&usage) } else { Ok(Cost::default()) };
    let mut cost = priced.unwrap_or_else(|error| {
        tracing::error!(generation_id = %ended.opening.id, %error, "cost out of range; charged what was held");
        Cost { lines: Vec::new(), total: ended.hold.amount() }
    });
    if waived.is_some() {
        cost = Cost { lines: zero_priced(&cost.lines), total: Amount::ZERO };
    }
    let rejected = rejected_costs(&ended.attempts);
    // A waiver is about the answer that was given; what was rejected before stays charged, so the whole is not waived.
    let waived = waived.filter(|_| rejected.is_empty());
    let before: Amount = rejected.iter().fold(Amount::ZERO, |sum, amount| sum.saturating_add(*amount));
    if let Some(rest) = ended.ceiling.map(|ceiling| ceiling.saturating_sub(before)).filter(|rest| cost.total > *rest) {
        tracing::warn!(generation_id = %ended.opening.id, total = %cost.total, "charged the caller's ceiling in place of more");
        cost.lines = zero_priced(&cost.lines);
        cost.lines.push(CostLine::whole(CostKind::MaxCost, rest));
        cost.total = rest;
    }
    for amount in rejected {
        cost.lines.push(CostLine::whole(CostKind::RejectedAttempt, amount));
        cost.total = cost.total.saturating_add(amount);
    }
    let key = Arc::clone(ended.hold.key());
    let settlement = Arc::new(Settlement {
        ended_at: now,
        ending: ended.ending,
        kind: EntryKind::Usage,
        charge: cost.total,
        lines: cost.lines.clone(),
        usage,
        finish_reason: ended.finish.as_ref().map(|finish| finish.reason.as_str().to_owned()),
        native_finish_reason: ended.finish.and_then(|finish| finish.native),
        upstream_id: ended.upstream_id,
        service_tier: ended.service_tier,
        status: ended.status,
        error_type: ended.error.map(|kind| kind.as_str().to_owned()),
        latency_ms: millis(ended.first_content.unwrap_or(ended.elapsed)),
        generation_ms: millis(ended.elapsed),
        attempts: ended.attempts,
        excluded: ended.excluded.into_iter().take(EXCLUSIONS_MAX).collect(),
        waived: waived.map(str::to_owned),
        opening: ended.opening,
    });
    if let Err(error) = journal(gateway, &settlement) {
        tracing::error!(generation_id = %settlement.opening.id, %error, "settlement kept in memory: the journal refused it");
        gateway.orphans.push(Arc::clone(&settlement));
    }
    if ended.was_served {
        key.observe_output(settlement.usage.completion_tokens());
    }
    if let Err(error) = ended.hold.settle(cost.total, now) {
        tracing::error!(generation_id = %settlement.opening.id, %error, "budget out of range");
    }
    Receipt { settlement, cost }
}

/// The tier that served is what is charged, unless it is dearer than the one that was agreed on.
fn price_as_served(ended: &mut Ended, usage: &Usage) {
    let Some(other) = ended.served_as.take() else { return };
    let total = |price: &PriceSheet| price.cost(usage).map(|cost| cost.total);
    if let (Ok(served), Ok(agreed)) = (total(&other.price), total(&ended.price))
        && served < agreed
    {
        let rates = other.price.at(ended.opening.prompt_tokens);
        (ended.opening.prompt_price, ended.opening.completion_price) = (rates.prompt, rates.completion);
        ended.opening.price_version.clone_from(&other.price_version);
        ended.price = Arc::clone(&other.price);
    }
}

fn journal(gateway: &Gateway, settlement: &Arc<Settlement>) -> Result<u64, JournalError> {
    #[cfg(feature = "seeded-bugs")]
    if store::seeded::is(store::seeded::Bug::CloseAfterSend) {
        close_later(gateway, settlement);
        return Ok(0);
    }
    gateway.journal.close_shared(settlement)
}

/// A defect: the record is written when the answer has long left.
#[cfg(feature = "seeded-bugs")]
fn close_later(gateway: &Gateway, settlement: &Arc<Settlement>) {
    let (journal, settlement) = (Arc::clone(&gateway.journal), Arc::clone(settlement));
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        if let Err(error) = journal.close_shared(&settlement) {
            tracing::error!(%error, "seeded defect: not even later");
        }
    });
}

/// What the provider reported, checked; or an estimate from what was sent and delivered.
fn consumed(ended: &Ended) -> Usage {
    if !ended.was_served {
        return Usage::default();
    }
    match ended.usage {
        Some(mut usage) => {
            usage.source = UsageSource::Reported;
            usage.images = ended.images;
            let delivered = estimate_tokens(ended.delivered_bytes);
            // A provider that stopped in the middle has reported its prompt but not yet its answer.
            if ended.ending != Ending::Completed && usage.completion_tokens() < delivered {
                usage.output_text = usage.output_text.saturating_add(delivered - usage.completion_tokens());
                usage.source = UsageSource::Estimated;
            }
            usage.clamped(ended.context_length)
        }
        None => estimated(ended.opening.prompt_tokens, ended.delivered_bytes, ended.images),
    }
}

/// Why nothing is charged, if nothing is: the zero-completion rule, or the operator's rule for failed answers.
fn waiver(gateway: &Gateway, ended: &Ended, usage: &Usage) -> Option<&'static str> {
    if !ended.was_served {
        return None;
    }
    let is_blank = ended.finish.as_ref().is_none_or(|finish| finish.native.is_none());
    let has_error_finish = ended.ending == Ending::Completed
        && ended.finish.as_ref().is_some_and(|finish| finish.reason == FinishReason::Error);
    if has_error_finish {
        return Some("the provider ended the answer with an error");
    }
    if usage.completion_tokens() == 0 && ended.delivered_bytes == 0 && is_blank && ended.ending != Ending::Cancelled {
        return Some("the answer was empty");
    }
    let is_failed = ended.ending == Ending::Failed;
    (is_failed && gateway.settings.free_failed_answers == FreeFailedAnswers::Free)
        .then_some("failed answers are free here")
}

/// What the answers cost that the caller's own rules rejected.
fn rejected_costs(attempts: &[Attempt]) -> Vec<Amount> {
    attempts.iter().filter_map(|attempt| Some(attempt.rejection.as_ref()?.cost)).collect()
}

fn estimated(prompt_tokens: u64, delivered_bytes: u64, images: u64) -> Usage {
    Usage { input_fresh: prompt_tokens, output_text: estimate_tokens(delivered_bytes), images, ..Usage::default() }
}

fn zero_priced(lines: &[CostLine]) -> Vec<CostLine> {
    let is_kept = |line: &&CostLine| line.kind != CostKind::Request;
    lines.iter().filter(is_kept).map(|line| CostLine { price: domain::money::UnitPrice::ZERO, ..*line }).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
