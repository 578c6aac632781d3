//! Laws that hold for every plan.

use super::super::HealthState;
use super::{Planning, catalog, endpoint, model, state};
use crate::catalog::Catalog;
use crate::money::Amount;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Eight endpoints that differ in everything a policy can name.
fn house() -> Catalog {
    let endpoints: Vec<Value> = (0..8usize)
        .map(|at| {
            endpoint(
                &format!("p{}/v{at}", at % 4),
                &format!("{}", 1 + at % 3),
                json!({
                    "quantization": (["fp8", "bf16"][at % 2]), "region": (["eu", "us", "asia"][at % 3]),
                    "supported_parameters": if at % 2 == 0 { vec!["seed"] } else { vec![] },
                    "data_policy": {"training": at % 3 == 0, "retains_prompts": at % 2 == 0, "zdr": at % 5 == 0},
                }),
            )
        })
        .collect();
    catalog(&[model("m/one", &endpoints)])
}

fn restriction() -> impl Strategy<Value = Value> {
    let provider = prop::sample::select(vec!["p0", "p1", "p2", "p3", "p1/v5"]);
    prop_oneof![
        Just(json!({})),
        Just(json!({"zdr": true})),
        Just(json!({"deny_data_collection": true})),
        Just(json!({"deny_paid_training": true})),
        Just(json!({"require_parameters": true})),
        Just(json!({"quantizations": ["fp8"]})),
        Just(json!({"allowed_regions": ["eu", "us*"]})),
        Just(json!({"max_price": {"prompt": 2}})),
        Just(json!({"max_cost": "0.5"})),
        provider.clone().prop_map(|slug| json!({"allowed_providers": [slug, "p2"]})),
        provider.clone().prop_map(|slug| json!({"ignored_providers": [slug]})),
        provider.prop_map(|slug| json!({"pin": {"provider": slug}})),
    ]
}

fn layers() -> impl Strategy<Value = Vec<Value>> {
    let scope = prop::sample::select(vec!["account", "workspace", "key", "customer", "guardrail", "preset", "request"]);
    let layer = (scope, restriction(), prop::option::of(prop::sample::select(vec!["price", "latency"]))).prop_map(
        |(scope, restrict, sort)| json!({"scope": scope, "rules": [{"restrict": restrict, "prefer": {"sort": sort}}]}),
    );
    prop::collection::vec(layer, 0..5)
}

fn planned<'a>(catalog: &'a Catalog, layers: &[Value], seed: u64, troubled: usize) -> Planning<'a> {
    let states = [HealthState::Stable, HealthState::Unstable, HealthState::Open, HealthState::Absent];
    let mut planning = layers.iter().fold(Planning::over(catalog), Planning::layer).seed(seed);
    planning = planning.health("p0/v0", state(states[troubled % 4])).health("p1/v1", state(states[troubled / 4 % 4]));
    planning.need.parameters = vec!["seed"];
    planning.cost = Amount::from_nanos(400_000_000);
    planning
}

fn set(planning: &Planning<'_>) -> BTreeSet<String> {
    planning.tags().into_iter().collect()
}

proptest! {
    #[test]
    fn filters_commute(layers in layers(), seed in any::<u64>(), troubled in 0usize..16) {
        let catalog = house();
        let mut reversed = layers.clone();
        reversed.reverse();
        prop_assert_eq!(
            set(&planned(&catalog, &layers, seed, troubled)),
            set(&planned(&catalog, &reversed, seed, troubled))
        );
    }

    #[test]
    fn a_further_layer_only_narrows(layers in layers(), seed in any::<u64>(), troubled in 0usize..16) {
        let catalog = house();
        for count in 1..=layers.len() {
            let (fewer, more) = (&layers[..count - 1], &layers[..count]);
            let (wide, narrow) = (planned(&catalog, fewer, seed, troubled), planned(&catalog, more, seed, troubled));
            prop_assert!(set(&narrow).is_subset(&set(&wide)), "{more:?}");
        }
    }

    #[test]
    fn every_endpoint_is_either_planned_once_or_dropped_once(layers in layers(), seed in any::<u64>(), troubled in 0usize..16) {
        let catalog = house();
        let planning = planned(&catalog, &layers, seed, troubled);
        let plan = planning.plan();
        let mut all: Vec<_> = plan.attempts.iter().map(|candidate| candidate.endpoint.tag.clone()).collect();
        all.extend(plan.dropped.iter().map(|out| out.endpoint.tag.clone()));
        let distinct: BTreeSet<_> = all.iter().cloned().collect();
        prop_assert_eq!(all.len(), 8);
        prop_assert_eq!(distinct.len(), 8);
    }

    #[test]
    fn the_same_question_gives_the_same_plan(layers in layers(), seed in any::<u64>(), troubled in 0usize..16) {
        let catalog = house();
        prop_assert_eq!(
            planned(&catalog, &layers, seed, troubled).tags(),
            planned(&catalog, &layers, seed, troubled).tags()
        );
    }

    #[test]
    fn nothing_is_planned_above_the_ceiling(ceiling in 0i64..1_000_000_000, seed in any::<u64>()) {
        let catalog = house();
        let ceiling = Amount::from_nanos(ceiling);
        let layer = json!({"scope": "request", "rules": [{"restrict": {"max_cost": ceiling.to_usd()}}]});
        let planning = planned(&catalog, &[layer], seed, 0);
        let is_within = planning.cost <= ceiling;
        prop_assert_eq!(planning.tags().is_empty(), !is_within);
    }
}
