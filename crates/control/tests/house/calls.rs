//! Settled calls to look at.

use super::{House, Tenant};
use domain::generation::{Attempt, AttemptOutcome, Ending, Exclusion, Opening, Settlement};
use domain::id::GenerationId;
use domain::ledger::EntryKind;
use domain::money::{Amount, CostKind, CostLine, UnitPrice};
use domain::time::Timestamp;
use domain::usage::{Usage, UsageSource};
use std::time::Duration;

fn attempt(index: u16, provider: &str, status: u16, outcome: AttemptOutcome) -> Attempt {
    Attempt {
        index,
        model: "acme/large".to_owned(),
        provider_slug: provider.to_owned(),
        provider_name: provider.to_uppercase(),
        endpoint_tag: provider.to_owned(),
        status: Some(status),
        outcome,
        reason: "cheapest".to_owned(),
        started_ms: u64::from(index),
        duration_ms: Some(40),
        rejection: None,
        reported_model: None,
    }
}

pub fn opening(house: &House, tenant: &Tenant, at: Timestamp) -> Opening {
    Opening {
        id: GenerationId::new(at, house.random.bytes()),
        account: tenant.account,
        workspace: Some(tenant.workspace),
        key: tenant.inference_id,
        created_at: at,
        model_asked: "acme/large:nitro".to_owned(),
        model: "acme/large".to_owned(),
        provider_slug: "bolt".to_owned(),
        provider_name: "Bolt".to_owned(),
        endpoint_tag: "bolt".to_owned(),
        attempt: 2,
        api_type: "completions".to_owned(),
        streamed: true,
        price_version: "v1".to_owned(),
        prompt_price: UnitPrice::from_femtos(3_000_000_000),
        completion_price: UnitPrice::from_femtos(15_000_000_000),
        fixed_price: 0,
        prompt_tokens: 1204,
        hold: Amount::from_nanos(1),
        user: Some("end-user".to_owned()),
        customer: Some("acme-corp".to_owned()),
        feature: None,
        session_id: Some("talk".to_owned()),
        app_title: None,
        app_url: Some("https://app.example".to_owned()),
        user_agent: None,
        region: None,
        data_policy: Some("no training".to_owned()),
        is_free: false,
        preset: None,
        service_tier: None,
    }
}

/// 1 204 fresh and 100 cached prompt tokens, 10 answer tokens at an odd price.
pub fn settlement(opening: Opening) -> Settlement {
    let line = |kind, units, femtos| CostLine { kind, units, price: UnitPrice::from_femtos(femtos) };
    let lines = vec![
        line(CostKind::Prompt, 1204, 3_000_000_000),
        line(CostKind::InputCacheRead, 100, 300_000_000),
        line(CostKind::Completion, 10, 15_000_000_001),
    ];
    Settlement {
        ended_at: opening.created_at.plus(Duration::from_secs(2)),
        ending: Ending::Completed,
        kind: EntryKind::Usage,
        // 3 612 000 + 30 000 + 150 000.00001 nano-dollars, rounded up.
        charge: Amount::from_nanos(3_792_001),
        lines,
        usage: Usage {
            input_fresh: 1204,
            input_cache_read: 100,
            output_text: 10,
            source: UsageSource::Reported,
            ..Usage::default()
        },
        finish_reason: Some("stop".to_owned()),
        native_finish_reason: Some("end".to_owned()),
        upstream_id: Some("chatcmpl-1".to_owned()),
        service_tier: None,
        status: 200,
        error_type: None,
        latency_ms: 120,
        generation_ms: 1900,
        attempts: vec![
            attempt(1, "acme", 503, AttemptOutcome::Failed),
            attempt(2, "bolt", 200, AttemptOutcome::Served),
            attempt(3, "last", 0, AttemptOutcome::Skipped),
        ],
        excluded: vec![Exclusion {
            model: "acme/large".to_owned(),
            endpoint_tag: "slow".to_owned(),
            reason: "ignored by the request".to_owned(),
            policy: None,
        }],
        waived: None,
        opening,
    }
}

pub async fn settle(house: &House, settlements: Vec<Settlement>) {
    let (node, boot) = house.node().await;
    let from = house.next_seq(u64::try_from(settlements.len()).expect("few"));
    let batch: Vec<_> = (from..).zip(settlements.into_iter().map(std::sync::Arc::new)).collect();
    let stretch = store::durable::Stretch { after: from - 1, up_to: batch.last().expect("some").0 };
    house.store.settle_batch(node, boot, &batch, stretch, house.clock_now()).await.expect("settles");
}
