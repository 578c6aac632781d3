//! Things that tests put into a store.

use crate::durable::{Grant, GrantOutcome, NewAccount, NewKey, NodeId, Settled, Store, Stretch};
use domain::generation::{Attempt, AttemptOutcome, Ending, Exclusion, Opening, Settlement};
use domain::id::{AccountId, EntryId, GenerationId, KeyId, PresetId, WorkspaceId};
use domain::key::{KeyHash, KeyRole, KeyText};
use domain::ledger::EntryKind;
use domain::money::{Amount, CostKind, CostLine, UnitPrice, cost::round_up_to_nano};
use domain::time::Timestamp;
use domain::usage::{Usage, UsageSource};
use std::sync::Arc;

pub(crate) const NODE: NodeId = NodeId([7; 16]);

/// Ten random bytes that tests choose.
pub(crate) fn bits(number: u64) -> [u8; 10] {
    let mut bits = [0; 10];
    bits[2..].copy_from_slice(&number.to_be_bytes());
    bits
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("moment")
}

/// Noon of a Saturday.
pub(crate) fn noon() -> Timestamp {
    at("2026-11-21T12:00:00Z")
}

pub(crate) fn after(start: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(start.micros() + seconds * 1_000_000)
}

pub(crate) fn account_id(number: u64) -> AccountId {
    AccountId::new(after(noon(), -86_400), bits(number))
}

pub(crate) fn key_id(number: u64) -> KeyId {
    KeyId::new(after(noon(), -86_400), bits(number))
}

pub(crate) fn key_hash(number: u64) -> KeyHash {
    let mut random = [0; 28];
    random[..8].copy_from_slice(&number.to_be_bytes());
    KeyText::generate(random).hash()
}

/// An account with credit.
pub(crate) async fn account(store: &Store, number: u64, credit: Amount) -> AccountId {
    let id = account_id(number);
    let new = NewAccount {
        id,
        name: format!("account {number}"),
        is_demo: false,
        workspace: WorkspaceId::new(noon(), bits(number)),
        created_at: after(noon(), -86_400),
    };
    store.account_insert(&new).await.expect("account");
    if !credit.is_zero() {
        grant(store, id, 1_000_000 + number, EntryKind::Grant, credit).await;
    }
    id
}

pub(crate) async fn grant(store: &Store, account: AccountId, number: u64, kind: EntryKind, amount: Amount) {
    let grant = Grant {
        // Generations of the same number must not share the id.
        id: EntryId::new(noon(), bits((1 << 40) + number)),
        account,
        kind,
        amount,
        note: "test".to_owned(),
        at: after(noon(), i64::try_from(number % 1000).expect("small")),
    };
    assert_eq!(store.grant_post(&grant).await.expect("grant"), GrantOutcome::Posted);
}

pub(crate) fn new_key(number: u64, account: AccountId) -> NewKey {
    NewKey {
        id: key_id(number),
        hash: key_hash(number),
        label: "sk-or-v1-abc...123".to_owned(),
        name: format!("key {number}"),
        account,
        workspace: WorkspaceId::new(noon(), bits(number)),
        user: None,
        role: KeyRole::Inference,
        limit: None,
        reset: None,
        include_byok_in_limit: false,
        is_internal: false,
        expires_at: None,
        created_at: after(noon(), i64::try_from(number).expect("small") - 86_400),
    }
}

pub(crate) fn opening(number: u64, account: AccountId, key: KeyId, at: Timestamp) -> Opening {
    Opening {
        id: GenerationId::new(at, bits(number)),
        account,
        workspace: Some(WorkspaceId::new(at, bits(3))),
        key,
        created_at: at,
        model_asked: "acme/echo".to_owned(),
        model: "acme/echo-1".to_owned(),
        provider_slug: "acme".to_owned(),
        provider_name: "Acme".to_owned(),
        endpoint_tag: "acme/fp8".to_owned(),
        attempt: 2,
        api_type: "completions".to_owned(),
        streamed: number.is_multiple_of(2),
        price_version: "v1".to_owned(),
        prompt_price: UnitPrice::from_femtos(1_000_000_001),
        completion_price: UnitPrice::from_femtos(3_000_000_000),
        fixed_price: 0,
        prompt_tokens: 100 + number % 7,
        hold: Amount::from_nanos(5_000_000),
        user: Some("o'neil \u{1f600}".to_owned()),
        customer: Some("customer".to_owned()),
        feature: None,
        session_id: Some("session".to_owned()),
        app_title: Some("app".to_owned()),
        app_url: None,
        user_agent: Some("agent/1".to_owned()),
        preset: Some(PresetId::new(at, number.to_be_bytes().repeat(2).try_into().unwrap_or_default())),
        region: Some("eu".to_owned()),
        data_policy: Some("no training".to_owned()),
        is_free: number.is_multiple_of(5),
        service_tier: None,
    }
}

/// A finished generation whose charge follows from its lines.
pub(crate) fn settlement(number: u64, account: AccountId, key: KeyId, at: Timestamp) -> Settlement {
    let opening = opening(number, account, key, at);
    let usage = Usage {
        input_fresh: opening.prompt_tokens,
        input_cache_read: 10,
        output_text: 50 + number % 11,
        output_reasoning: 5,
        source: UsageSource::Reported,
        ..Usage::default()
    };
    let line = |kind, units, price| CostLine { kind, units, price };
    let lines = vec![
        line(CostKind::Prompt, usage.input_fresh, opening.prompt_price),
        line(CostKind::InputCacheRead, usage.input_cache_read, UnitPrice::from_femtos(100_000_000)),
        line(CostKind::Completion, usage.output_text, opening.completion_price),
        line(CostKind::InternalReasoning, usage.output_reasoning, opening.completion_price),
    ];
    let charge = round_up_to_nano(lines.iter().map(CostLine::femtos).sum()).expect("charge");
    Settlement {
        ended_at: after(at, 2),
        ending: Ending::Completed,
        kind: EntryKind::Usage,
        charge,
        lines,
        usage,
        finish_reason: Some("stop".to_owned()),
        native_finish_reason: Some("end_turn".to_owned()),
        upstream_id: Some("chatcmpl-1".to_owned()),
        service_tier: None,
        status: 200,
        error_type: None,
        latency_ms: 120,
        generation_ms: 1900,
        attempts: vec![Attempt {
            index: 1,
            model: opening.model.clone(),
            provider_slug: "other".to_owned(),
            provider_name: "Other".to_owned(),
            endpoint_tag: "other".to_owned(),
            status: Some(503),
            outcome: AttemptOutcome::Failed,
            reason: "provider is overloaded".to_owned(),
            started_ms: 1,
            duration_ms: Some(30),
            rejection: None,
            reported_model: None,
        }],
        excluded: vec![Exclusion {
            model: opening.model.clone(),
            endpoint_tag: "third".to_owned(),
            reason: "data policy".to_owned(),
            policy: None,
        }],
        waived: None,
        opening,
    }
}

/// Posts settlements as one batch of [`NODE`] with the sequences from `first` on.
pub(crate) async fn settle(store: &Store, boot: i64, first: u64, settlements: &[Settlement]) -> Settled {
    let batch: Vec<_> = (first..).zip(settlements.iter().cloned().map(Arc::new)).collect();
    let up_to = batch.last().map_or(first, |(seq, _)| *seq);
    store.settle_batch(NODE, boot, &batch, Stretch { after: 0, up_to }, after(noon(), 60)).await.expect("batch")
}
