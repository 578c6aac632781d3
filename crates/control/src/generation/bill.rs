//! The part of a record that only this server has: attempts, exclusions and the bill line by line.

use domain::generation::{AttemptOutcome, Ending, Settlement};
use domain::money::cost::round_up_to_nano;
use domain::money::{Amount, CostKind, CostLine, Unit, UnitPrice, format_scaled};
use domain::usage::UsageSource;
use serde::Serialize;
use utoipa::ToSchema;

/// Facts beyond the public contract.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortolanData {
    /// Every attempt in order, those included that were skipped.
    attempts: Vec<AttemptData>,
    /// Endpoints that the plan left out.
    excluded: Vec<ExcludedData>,
    /// The bill: units times price, exact.
    cost_lines: Vec<CostLineData>,
    /// What rounding up to whole nano-dollars added, in US dollars.
    rounding_usd: String,
    /// What was taken off because the charge was waived, in US dollars; zero or negative.
    waived_usd: String,
    /// Why the charge was waived.
    waived: Option<String>,
    /// What was charged: the lines, the rounding and the waiver added up.
    total_usd: String,
    /// Names the prices that were pinned when the request was admitted.
    price_version: String,
    /// Whether the token counts are ours because the provider reported none.
    estimated: bool,
    /// Whether the server stopped while the answer was running.
    interrupted: bool,
    /// Whether the provider's numbers were absurd and have been clamped.
    suspect: bool,
    /// Model id as the client wrote it.
    model_asked: String,
    /// HTTP status that the client saw.
    status: u16,
    /// Error type that the client saw.
    error_type: Option<String>,
    /// Data policy that applied.
    data_policy: Option<String>,
    /// Customer, as the caller names them.
    customer: Option<String>,
    /// Feature, as the caller names it.
    feature: Option<String>,
    /// Conversation.
    session_id: Option<String>,
    /// The calling application.
    app: Option<AppData>,
    /// Region that served.
    region: Option<String>,
}

/// The calling application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppData {
    /// Its title.
    title: Option<String>,
    /// Its address.
    url: Option<String>,
}

/// One attempt at an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptData {
    /// 1-based.
    index: u16,
    /// Provider display name.
    provider_name: String,
    /// Provider handle.
    provider_slug: String,
    /// Endpoint.
    endpoint_tag: String,
    /// Model id.
    model: String,
    /// The provider's HTTP status, if one arrived.
    status: Option<u16>,
    /// `served`, `failed`, `skipped`, or `rejected` by the caller's own rules.
    outcome: &'static str,
    /// Why it was chosen, failed or skipped.
    reason: String,
    /// Milliseconds from the arrival of the request to the start of the attempt.
    started_ms: u64,
    /// Milliseconds it took, when it was tried.
    duration_ms: Option<u64>,
    /// The rules that its answer broke; null unless it was rejected.
    verdicts: Option<Vec<VerdictData>>,
    /// What a rejected answer cost, in US dollars; null unless it was rejected.
    rejected_cost_usd: Option<String>,
    /// The model that the provider named in its answer; null unless it is another one than it was asked for.
    reported_model: Option<String>,
}

/// One rule that an answer broke.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictData {
    /// The rule, as it is spelled in the request.
    rule: String,
    /// What is wrong, without the answer's words.
    problem: String,
}

/// An endpoint that was left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExcludedData {
    /// Model id.
    model: String,
    /// Endpoint.
    endpoint_tag: String,
    /// Why.
    reason: String,
    /// The layer of policy that demands it, if one does.
    policy: Option<String>,
}

/// One line of the bill.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostLineData {
    /// 1-based attempt that is charged.
    attempt: u16,
    /// What was counted, spelled as in the catalogue's prices.
    kind: &'static str,
    /// How many.
    units: u64,
    /// `token` or `item`.
    unit: &'static str,
    /// US dollars per unit, exact decimal.
    price_per_unit_usd: String,
    /// Units times price, exact decimal.
    amount_usd: String,
}

impl PortolanData {
    pub(super) fn new(settlement: Settlement) -> Self {
        let lines = bill_lines(&settlement);
        let exact: i128 = lines.iter().map(CostLine::femtos).sum();
        // A sum out of range was never charged as such; it shows as a difference of the waiver.
        let rounded = round_up_to_nano(exact).unwrap_or(Amount::MAX);
        let rounding = i128::from(rounded.nanos()) * 1_000_000 - exact;
        let attempt = settlement.opening.attempt;
        let Settlement { opening, charge, usage, .. } = settlement;
        let app = (opening.app_title.is_some() || opening.app_url.is_some())
            .then_some(AppData { title: opening.app_title, url: opening.app_url });
        Self {
            attempts: settlement.attempts.into_iter().map(attempt_data).collect(),
            excluded: settlement.excluded.into_iter().map(excluded_data).collect(),
            cost_lines: lines.iter().map(|line| line_data(attempt, line)).collect(),
            rounding_usd: format_scaled(rounding, 15),
            waived_usd: charge.saturating_sub(rounded).to_usd(),
            waived: settlement.waived,
            total_usd: charge.to_usd(),
            price_version: opening.price_version,
            estimated: usage.source == UsageSource::Estimated,
            interrupted: settlement.ending == Ending::Interrupted,
            suspect: usage.suspect,
            model_asked: opening.model_asked,
            status: settlement.status,
            error_type: settlement.error_type,
            data_policy: opening.data_policy,
            customer: opening.customer,
            feature: opening.feature,
            session_id: opening.session_id,
            app,
            region: opening.region,
        }
    }
}

/// The recorded lines; an interrupted call's fixed part is a line of its own.
fn bill_lines(settlement: &Settlement) -> Vec<CostLine> {
    let mut lines = settlement.lines.clone();
    let fixed = settlement.opening.fixed_price;
    if settlement.ending == Ending::Interrupted && !lines.is_empty() && fixed > 0 {
        lines.push(CostLine { kind: CostKind::Request, units: 1, price: UnitPrice::from_femtos(fixed) });
    }
    lines
}

fn line_data(attempt: u16, line: &CostLine) -> CostLineData {
    CostLineData {
        attempt,
        kind: line.kind.as_str(),
        units: line.units,
        unit: match line.kind.unit() {
            Unit::Token => "token",
            Unit::Item => "item",
        },
        price_per_unit_usd: line.price.to_usd_per_unit(),
        amount_usd: format_scaled(line.femtos(), 15),
    }
}

fn attempt_data(attempt: domain::generation::Attempt) -> AttemptData {
    AttemptData {
        index: attempt.index,
        provider_name: attempt.provider_name,
        provider_slug: attempt.provider_slug,
        endpoint_tag: attempt.endpoint_tag,
        model: attempt.model,
        status: attempt.status,
        outcome: match attempt.outcome {
            AttemptOutcome::Served => "served",
            AttemptOutcome::Failed => "failed",
            AttemptOutcome::Skipped => "skipped",
            AttemptOutcome::Rejected => "rejected",
        },
        reason: attempt.reason,
        started_ms: attempt.started_ms,
        duration_ms: attempt.duration_ms,
        rejected_cost_usd: attempt.rejection.as_ref().map(|rejection| rejection.cost.to_usd()),
        reported_model: attempt.reported_model,
        verdicts: attempt.rejection.map(|rejection| rejection.verdicts.into_iter().map(verdict_data).collect()),
    }
}

fn verdict_data(verdict: domain::generation::Verdict) -> VerdictData {
    VerdictData { rule: verdict.rule, problem: verdict.problem }
}

fn excluded_data(exclusion: domain::generation::Exclusion) -> ExcludedData {
    let domain::generation::Exclusion { model, endpoint_tag, reason, policy } = exclusion;
    ExcludedData { model, endpoint_tag, reason, policy }
}
