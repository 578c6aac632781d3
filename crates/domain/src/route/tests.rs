//! Plans over small catalogues.

use super::{Health, HealthState, Need, Preferences, plan};
use crate::catalog::file::{ModelText, ProviderText};
use crate::catalog::{Catalog, CatalogBuilder, Endpoint, Model};
use proptest::prelude::*;
use std::sync::Arc;

/// A catalogue with one model `m/one` served by providers `p0`, `p1`, … at these prices per million tokens.
fn catalog(prices: &[&str]) -> Catalog {
    let mut builder = CatalogBuilder::default();
    let mut endpoints = Vec::new();
    for (at, price) in prices.iter().enumerate() {
        let slug = format!("p{at}");
        let provider: ProviderText =
            serde_json::from_value(serde_json::json!({"slug": slug, "name": slug.to_uppercase(), "dialect": "openai"}))
                .expect("provider");
        builder.provider(provider);
        endpoints.push(
            serde_json::json!({"provider": slug, "upstream_id": "x", "price": {"prompt": price, "completion": "0"},
            "supported_parameters": if at % 2 == 0 { vec!["tools"] } else { vec![] }}),
        );
    }
    let model: ModelText =
        serde_json::from_value(serde_json::json!({"id": "m/one", "context_length": 1000, "endpoints": endpoints}))
            .expect("model");
    builder.model(model);
    builder.build().expect("catalogue")
}

fn models(catalog: &Catalog) -> Vec<Arc<Model>> {
    catalog.models().to_vec()
}

fn stable(_: &Endpoint) -> Health {
    Health::default()
}

fn tags(plan: &super::Plan) -> Vec<&str> {
    plan.attempts.iter().map(|candidate| candidate.endpoint.tag.as_str()).collect()
}

fn preferences(json: &str) -> Preferences {
    Preferences::parse(json).expect("preferences")
}

#[test]
fn shares_follow_the_inverse_square_of_the_price() {
    let catalog = catalog(&["1", "3"]);
    let first = (0..10_000u64)
        .filter(|seed| {
            tags(&plan(&models(&catalog), &Need::default(), &Preferences::default(), &stable, *seed))[0] == "p0"
        })
        .count();
    // 9:1 expected; five standard deviations of a binomial(10 000, 0.9) are 150.
    assert!((8850..=9150).contains(&first), "{first}");
}

#[test]
fn order_only_ignore_and_fallbacks() {
    let catalog = catalog(&["1", "2", "3", "4"]);
    let run = |json: &str| {
        let plan = plan(&models(&catalog), &Need::default(), &preferences(json), &stable, 7);
        tags(&plan).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(run(r#"{"sort":"price"}"#), ["p0", "p1", "p2", "p3"]);
    assert_eq!(run(r#"{"order":["p2","P1"],"sort":"price"}"#), ["p2", "p1", "p0", "p3"]);
    assert_eq!(run(r#"{"order":["p2","p1"],"allow_fallbacks":false}"#), ["p2", "p1"]);
    assert_eq!(run(r#"{"only":["p3"]}"#), ["p3"]);
    assert_eq!(run(r#"{"only":["p3"],"ignore":["p3"]}"#), Vec::<String>::new());
    assert_eq!(run(r#"{"sort":{"by":"price"},"allow_fallbacks":false}"#), ["p0"]);
    assert_eq!(run(r#"{"sort":"price","max_price":{"prompt":2}}"#), ["p0", "p1"]);
}

#[test]
fn unstable_endpoints_come_last_and_absent_ones_never() {
    let catalog = catalog(&["1", "1", "1"]);
    let health = |endpoint: &Endpoint| match endpoint.tag.as_str() {
        "p0" => Health::of(HealthState::Unstable),
        "p1" => Health::of(HealthState::Absent),
        _ => Health::default(),
    };
    let plan = plan(&models(&catalog), &Need::default(), &Preferences::default(), &health, 1);
    assert_eq!(tags(&plan), ["p2", "p0"]);
    assert_eq!(plan.excluded[0].reason, "no upstream configured");
}

#[test]
fn hard_needs_exclude_and_say_so() {
    let catalog = catalog(&["1", "1"]);
    let need = Need { parameters: vec!["tools"], ..Need::default() };
    assert_eq!(tags(&plan(&models(&catalog), &need, &Preferences::default(), &stable, 1)), ["p0"]);
    let need = Need { modalities: vec!["image"], ..Need::default() };
    let refused = plan(&models(&catalog), &need, &Preferences::default(), &stable, 1);
    assert!(
        refused.attempts.is_empty() && refused.excluded.iter().all(|out| out.reason == "input modality not supported")
    );
    let need = Need { prompt_tokens: 5000, ..Need::default() };
    assert!(plan(&models(&catalog), &need, &Preferences::default(), &stable, 1).attempts.is_empty());
}

#[test]
fn refuses_malformed_preferences() {
    for json in [
        "[]",
        "1",
        r#"{"order":"x"}"#,
        r#"{"data_collection":"maybe"}"#,
        r#"{"sort":"fast"}"#,
        r#"{"max_price":{"prompt":"1e3"}}"#,
    ] {
        assert!(Preferences::parse(json).is_err(), "{json}");
    }
    assert!(Preferences::parse(r#"{"new_field":1,"order":null}"#).is_ok());
}

proptest! {
    #[test]
    fn a_plan_is_a_permutation_of_what_was_not_excluded(count in 1usize..12, seed in any::<u64>(), ignored in 0usize..12) {
        let prices = vec!["1"; count];
        let catalog = catalog(&prices);
        let preferences = preferences(&format!(r#"{{"ignore":["p{ignored}"]}}"#));
        let plan = plan(&models(&catalog), &Need::default(), &preferences, &stable, seed);
        let again = super::plan(&models(&catalog), &Need::default(), &preferences, &stable, seed);
        prop_assert_eq!(tags(&plan), tags(&again));
        prop_assert_eq!(plan.attempts.len() + plan.excluded.len(), count);
        let ignored_tag = format!("p{ignored}");
        prop_assert!(!tags(&plan).contains(&ignored_tag.as_str()));
    }
}
