//! Admit: free-model limits, credit and key limit; place the hold.
//!
//! A hold that does not fit narrows the plan to the endpoints that it fits, then, if the caller named no output limit, to
//! an affordable answer length, then waits for running requests to end; only then is the request refused.

use crate::accept::Ask;
use crate::authenticate::Caller;
use crate::plan::{Plan, PlannedAttempt};
use crate::reply::Refusal;
use crate::state::Gateway;
use domain::error_kind::ErrorKind;
use domain::generation::Exclusion;
use domain::limit::FreeRefusal;
use domain::money::Amount;
use domain::time::ResetPeriod;
use store::lease::{HoldRefusal, KeyHold};

/// A request that may run: its hold, and the plan that the hold covers.
#[derive(Debug)]
pub struct Admission {
    /// The hold; ended exactly once.
    pub hold: KeyHold,
    /// The attempts that the hold covers.
    pub plan: Plan,
    /// Output limit to send to the provider in place of the caller's, when the credit is short.
    pub output_cap: Option<u64>,
    /// A plain answer is collected from a stream, because its hold is smaller than its worst case and may have to grow.
    pub is_collected: bool,
}

/// Places the hold for a plan.
///
/// # Errors
/// [`Refusal`]: 402 without credit, 403 for a spent key limit, 429 for the free-model limits, 503 while the journal cannot
/// be written.
pub async fn admit(gateway: &Gateway, ask: &Ask, caller: &Caller, plan: Plan) -> Result<Admission, Refusal> {
    let account = caller.key.account();
    if account.budget().balance().is_negative() {
        return Err(insufficient(gateway));
    }
    if plan.is_free {
        account
            .admit_free(gateway.clock.now(), &gateway.settings.free)
            .map_err(|refusal| too_many(&refusal, gateway))?;
    }
    if !gateway.journal.is_writable() && !plan.is_free {
        return Err(Refusal::new(ErrorKind::LedgerUnavailable, "The books cannot be written at the moment").retry_in(1));
    }
    let deadline = gateway.clock.elapsed() + gateway.settings.in_flight_wait;
    let mut plan = plan;
    loop {
        // Registered before the try, so that a hold that ends in between is not missed.
        let mut room = std::pin::pin!(account.room());
        room.as_mut().enable();
        let refused = match place(gateway, ask, caller, plan) {
            Ok(admission) => return Ok(admission),
            Err(refused) => *refused,
        };
        let wait = deadline.saturating_sub(gateway.clock.elapsed());
        if !refused.refusal.is_in_flight() || wait.is_zero() {
            return Err(refuse(gateway, caller, &refused));
        }
        plan = refused.plan;
        // A time-out here means "try once more, then refuse": the next round finds no time left.
        let _timed_out = tokio::time::timeout(wait, room).await;
    }
}

/// A hold that did not fit, with the plan to try again.
struct Refused {
    refusal: HoldRefusal,
    plan: Plan,
    /// Answer tokens of the cheapest attempt, and how many could be paid for.
    wanted: u64,
    affordable: u64,
}

/// One way of placing a hold: an admission, or the plan unchanged and what was in the way.
type Placed = Result<Admission, (Plan, Option<HoldRefusal>)>;

fn place(gateway: &Gateway, ask: &Ask, caller: &Caller, plan: Plan) -> Result<Admission, Box<Refused>> {
    // Streams can grow their hold while they run, so their usual length is enough to begin with.
    let ways: [fn(&Ask, &Caller, Plan) -> Placed; 2] =
        if ask.chat.is_stream() { [place_by_history, place_whole] } else { [place_whole, place_by_history] };
    let mut plan = plan;
    let mut refusals = Vec::with_capacity(ways.len());
    for way in ways {
        match way(ask, caller, plan) {
            Ok(admission) => return Ok(admission),
            Err((back, refusal)) => {
                plan = back;
                refusals.extend(refusal);
            }
        }
    }
    // If one of the ways is open once running requests have ended, the request may wait for that.
    let in_flight = refusals.iter().find(|refusal| refusal.is_in_flight());
    let Some(refusal) = in_flight.or(refusals.last()).copied() else {
        return Err(Box::new(Refused::nothing_planned(plan)));
    };
    place_affordable(gateway, ask, caller, plan, refusal)
}

/// Holds for the worst case, on the endpoints that it fits.
fn place_whole(ask: &Ask, caller: &Caller, plan: Plan) -> Placed {
    let dearest = plan.attempts.iter().map(|attempt| attempt.quote.hold()).max().unwrap_or(Amount::ZERO);
    let refusal = match caller.key.hold(dearest, ask.received_at) {
        Ok(hold) => return Ok(Admission { hold, plan, output_cap: None, is_collected: false }),
        Err(refusal) => refusal,
    };
    let available = refusal.available();
    let (fitting, dear): (Vec<_>, Vec<_>) =
        plan.attempts.iter().cloned().partition(|attempt| attempt.quote.hold() <= available);
    let most = fitting.iter().map(|attempt| attempt.quote.hold()).max();
    match most.and_then(|most| caller.key.hold(most, ask.received_at).ok()) {
        Some(hold) => {
            Ok(Admission { hold, plan: narrowed(plan, fitting, &dear), output_cap: None, is_collected: false })
        }
        None => Err((plan, Some(refusal))),
    }
}

/// Holds for the usual length of the key's answers in place of the worst case: an agent that allows 32 000 tokens and gets
/// 800 would otherwise lock itself out of credit that it could well use. A plain request is then collected from a stream,
/// whose hold can grow.
fn place_by_history(ask: &Ask, caller: &Caller, plan: Plan) -> Placed {
    let is_stream = ask.chat.is_stream();
    let is_streamable =
        |attempt: &&PlannedAttempt| is_stream || attempt.candidate.endpoint.provider.quirks.stream_usage != "never";
    let history = caller.key.output_history();
    // Without a limit of the caller's, an unknown key is better served by a limit that its credit affords.
    let has_limit = ask.chat.output_limit().is_some();
    let expected = if has_limit { Some(history.expected_or_prior()) } else { history.expected_max() };
    let Some(expected) = expected else { return Err((plan, None)) };
    let attempts: Vec<_> = plan
        .attempts
        .iter()
        .filter(is_streamable)
        .map(|attempt| PlannedAttempt { quote: attempt.quote.lowered_to(expected), ..attempt.clone() })
        .collect();
    let Some(most) = attempts.iter().map(|attempt| attempt.quote.hold()).max() else { return Err((plan, None)) };
    match caller.key.hold(most, ask.received_at) {
        Ok(hold) => Ok(Admission { hold, plan: Plan { attempts, ..plan }, output_cap: None, is_collected: !is_stream }),
        Err(refusal) => Err((plan, Some(refusal))),
    }
}

/// Holds for as long an answer as the credit pays for, if the caller named no limit and it is worth the call.
fn place_affordable(
    gateway: &Gateway,
    ask: &Ask,
    caller: &Caller,
    plan: Plan,
    refusal: HoldRefusal,
) -> Result<Admission, Box<Refused>> {
    let available = refusal.available();
    let cheapest = plan.attempts.iter().max_by_key(|attempt| attempt.quote.affordable(available)).cloned();
    let affordable = cheapest.as_ref().map_or(0, |attempt| attempt.quote.affordable(available));
    let wanted = cheapest.as_ref().map_or(0, |attempt| attempt.quote.output());
    let may_cap = ask.chat.output_limit().is_none() && !refusal.is_in_flight();
    if let (true, Some(attempt)) = (may_cap && affordable >= gateway.settings.affordable_min, cheapest) {
        let quote = attempt.quote.limited_to(affordable);
        if let Ok(hold) = caller.key.hold(quote.hold(), ask.received_at) {
            let is_other = |other: &&PlannedAttempt| other.candidate.endpoint.tag != attempt.candidate.endpoint.tag;
            let dear: Vec<_> = plan.attempts.iter().filter(is_other).cloned().collect();
            let plan = narrowed(plan, vec![PlannedAttempt { quote, ..attempt }], &dear);
            return Ok(Admission { hold, plan, output_cap: Some(affordable), is_collected: false });
        }
    }
    Err(Box::new(Refused { refusal, plan, wanted, affordable }))
}

fn narrowed(mut plan: Plan, kept: Vec<PlannedAttempt>, dear: &[PlannedAttempt]) -> Plan {
    plan.excluded.extend(dear.iter().map(|attempt| Exclusion {
        model: attempt.candidate.model.id.clone(),
        endpoint_tag: attempt.candidate.endpoint.tag.clone(),
        reason: "its price ceiling is above the available credit".to_owned(),
        policy: None,
    }));
    plan.attempts = kept;
    plan
}

impl Refused {
    /// A plan without attempts never gets here; if it did, nothing could be paid for.
    fn nothing_planned(plan: Plan) -> Self {
        let refusal = HoldRefusal::Account(domain::ledger::BudgetError::Range);
        Self { refusal, plan, wanted: 0, affordable: 0 }
    }
}

fn insufficient(gateway: &Gateway) -> Refusal {
    Refusal::new(
        ErrorKind::PaymentRequired,
        format!("Insufficient credits. Add more using {}/credits", gateway.settings.console_url),
    )
    .meta("limit_source", "openrouter_credits")
}

fn refuse(gateway: &Gateway, caller: &Caller, refused: &Refused) -> Refusal {
    let Refused { refusal, wanted, affordable, .. } = refused;
    if refusal.is_in_flight() {
        return Refusal::new(
            ErrorKind::PaymentRequired,
            "Running requests hold the remaining budget. Try again when they have ended.",
        )
        .meta("reason", "in_flight_budget_exhausted")
        .meta("limit_source", if matches!(refusal, HoldRefusal::Key(_)) { "key_limit" } else { "openrouter_credits" })
        .retry_in(1)
        .should_retry();
    }
    match refusal {
        HoldRefusal::Key(_) => {
            let period = match caller.key.settings().reset {
                None => "total",
                Some(ResetPeriod::Daily) => "daily",
                Some(ResetPeriod::Weekly) => "weekly",
                Some(ResetPeriod::Monthly) => "monthly",
            };
            let link = format!("{}/keys", gateway.settings.console_url);
            Refusal::new(
                ErrorKind::PermissionDenied,
                format!("Key limit exceeded ({period} limit). Manage it using {link}"),
            )
            .meta("limit_source", "key_limit")
        }
        HoldRefusal::Account(_) if *affordable == 0 => insufficient(gateway),
        HoldRefusal::Account(_) => Refusal::new(
            ErrorKind::PaymentRequired,
            format!(
                "This request requires more credits, or fewer max_tokens. You requested up to {wanted} tokens, but can \
                 only afford {affordable}. To increase, visit {}/credits",
                gateway.settings.console_url
            ),
        )
        .meta("limit_source", "openrouter_credits"),
    }
}

fn too_many(refusal: &FreeRefusal, gateway: &Gateway) -> Refusal {
    let now = gateway.clock.now();
    let wait = refusal.resets_at.since(now).as_secs().saturating_add(1);
    Refusal::new(ErrorKind::RateLimitExceeded, format!("Rate limit exceeded: {}. ", refusal.bucket))
        .meta("limit_source", refusal.limit_source)
        .rate_limit(refusal.limit, refusal.resets_at)
        .retry_in(wait)
}
