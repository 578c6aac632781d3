//! The generation row: everything that is remembered about one call, and the settlement that carries it.
//!
//! A [`Settlement`] is self-contained: the drain writes the ledger entries, this row and the rollups from it alone, in one
//! transaction, without asking anybody else. It never holds prompt or answer text.

use crate::id::{AccountId, GenerationId, KeyId, PresetId, WorkspaceId};
use crate::ledger::EntryKind;
use crate::money::{Amount, CostLine};
use crate::time::Timestamp;
use crate::usage::Usage;

/// What became of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It gave the answer.
    Served,
    /// The provider failed before any content was out.
    Failed,
    /// It was not tried.
    Skipped,
    /// It gave an answer that the caller's own rules rejected.
    Rejected,
}

/// What became of an answer that the caller's own rules rejected.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rejection {
    /// The rules that it broke.
    pub verdicts: Vec<Verdict>,
    /// What was consumed.
    pub usage: Usage,
    /// What it cost; charged.
    pub cost: Amount,
}

/// One rule that an answer broke.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Verdict {
    /// The rule, as it is spelled in the request.
    pub rule: String,
    /// What is wrong, without the answer's words.
    pub problem: String,
}

/// One attempt at an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Attempt {
    /// 1-based.
    pub index: u16,
    /// Model id.
    pub model: String,
    /// Provider slug.
    pub provider_slug: String,
    /// Provider display name.
    pub provider_name: String,
    /// Endpoint tag.
    pub endpoint_tag: String,
    /// The provider's HTTP status, if one arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What became of it.
    pub outcome: AttemptOutcome,
    /// Why it was chosen, failed or skipped; our own words, never the provider's text.
    pub reason: String,
    /// Milliseconds from acceptance to the start of the attempt.
    pub started_ms: u64,
    /// Milliseconds it took, when it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Why and at what cost its answer was rejected, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Box<Rejection>>,
    /// The model that the provider named in its answer, when it is another one than it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_model: Option<String>,
}

/// An endpoint that the plan left out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Exclusion {
    /// Model id.
    pub model: String,
    /// Endpoint tag.
    pub endpoint_tag: String,
    /// Why.
    pub reason: String,
    /// The layer of policy that demands it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// Why a generation ended the way it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The answer was complete.
    Completed,
    /// The client left.
    Cancelled,
    /// The provider failed after content was out.
    Failed,
    /// Our process died; made by recovery.
    Interrupted,
    /// The budget ended while the answer was streaming.
    BudgetEnded,
}

impl Ending {
    /// The word under which it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::BudgetEnded => "budget_ended",
        }
    }
}

/// Facts about a generation that are known when the first content leaves: the OPEN record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Opening {
    /// The generation.
    pub id: GenerationId,
    /// Who pays.
    pub account: AccountId,
    /// Workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    /// The key that asked.
    pub key: KeyId,
    /// When the request was accepted.
    pub created_at: Timestamp,
    /// Model id as the client wrote it.
    pub model_asked: String,
    /// Model id that serves.
    pub model: String,
    /// Provider slug.
    pub provider_slug: String,
    /// Provider display name.
    pub provider_name: String,
    /// Endpoint tag.
    pub endpoint_tag: String,
    /// 1-based attempt that serves.
    pub attempt: u16,
    /// `completions`, `embeddings`, ….
    pub api_type: String,
    /// Streaming answer.
    pub streamed: bool,
    /// Price version pinned at admission.
    pub price_version: String,
    /// Femto-dollars per prompt token at the pinned version, for recovery.
    pub prompt_price: crate::money::UnitPrice,
    /// Femto-dollars per answer token at the pinned version, for recovery.
    pub completion_price: crate::money::UnitPrice,
    /// Fixed part of the price in femto-dollars (request, images), for recovery.
    pub fixed_price: i64,
    /// Estimated prompt tokens.
    pub prompt_tokens: u64,
    /// What is held.
    pub hold: Amount,
    /// End user, as the caller names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Customer, from request metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Feature, from request metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Title of the calling application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_title: Option<String>,
    /// Address of the calling application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_url: Option<String>,
    /// The client's user agent, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Region that served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Data policy that applied, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_policy: Option<String>,
    /// Free model: counts towards the daily limit.
    pub is_free: bool,
    /// The preset whose fields the request took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<PresetId>,
    /// Service tier that the provider had named by then, for recovery; a settlement has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
}

impl Opening {
    /// Whether the model that serves has another id than the one that was asked for, suffixes that only change routing
    /// aside. Fallbacks, routers and aliases all count.
    #[must_use]
    pub fn is_redirected(&self) -> bool {
        self.model_asked != self.model
            && crate::catalog::Slug::parse(&self.model_asked).map_or(true, |slug| slug.model != self.model)
    }
}

/// Everything about a finished generation: the CLOSE record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Settlement {
    /// What was known at the start.
    pub opening: Opening,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended.
    pub ending: Ending,
    /// Ledger kind of the charge.
    pub kind: EntryKind,
    /// What is charged, rounded once.
    pub charge: Amount,
    /// How the charge was made up.
    pub lines: Vec<CostLine>,
    /// What was consumed.
    pub usage: Usage,
    /// Normalised finish reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The provider's own finish reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_finish_reason: Option<String>,
    /// The provider's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_id: Option<String>,
    /// Service tier that served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// HTTP status that the client saw.
    pub status: u16,
    /// Error type that the client saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Milliseconds to the first content.
    pub latency_ms: u64,
    /// Milliseconds from the first attempt to the end.
    pub generation_ms: u64,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// What the plan left out; at most 64 are kept.
    pub excluded: Vec<Exclusion>,
    /// Why the charge was waived, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
}

impl Settlement {
    /// Settles an opening that a crash cut off: the input and what had been delivered, at the pinned prices; nothing when
    /// nothing was delivered.
    #[must_use]
    pub fn interrupted(mut opening: Opening, delivered_tokens: Option<u64>, at: Timestamp) -> Self {
        use crate::money::{CostKind, cost::round_up_to_nano};
        let mut usage = Usage { suspect: false, ..Usage::default() };
        let mut lines = Vec::new();
        let mut charge = Amount::ZERO;
        if let Some(tokens) = delivered_tokens {
            usage.input_fresh = opening.prompt_tokens;
            usage.output_text = tokens;
            lines.push(CostLine { kind: CostKind::Prompt, units: opening.prompt_tokens, price: opening.prompt_price });
            lines.push(CostLine { kind: CostKind::Completion, units: tokens, price: opening.completion_price });
            let femtos: i128 = lines.iter().map(CostLine::femtos).sum::<i128>() + i128::from(opening.fixed_price);
            // Never above what was held: the request could not have cost more without an extension that was journaled.
            charge = round_up_to_nano(femtos).unwrap_or(opening.hold);
        }
        Self {
            ended_at: at,
            ending: Ending::Interrupted,
            kind: EntryKind::Interrupted,
            charge,
            lines,
            usage,
            finish_reason: Some("error".to_owned()),
            native_finish_reason: None,
            upstream_id: None,
            service_tier: opening.service_tier.take(),
            status: 200,
            error_type: Some("server".to_owned()),
            latency_ms: 0,
            generation_ms: u64::try_from(at.since(opening.created_at).as_millis()).unwrap_or(u64::MAX),
            attempts: Vec::new(),
            excluded: Vec::new(),
            waived: None,
            opening,
        }
    }
}
