//! Layers as data: their JSON form, their conditions, their shares.

use super::{Facts, Layer, Pattern, Split};
use serde_json::json;

fn layer(value: serde_json::Value) -> Layer {
    serde_json::from_value(value).expect("layer")
}

#[test]
fn a_layer_survives_its_json_form() {
    let written = json!({"scope": "account", "name": "privacy", "rules": [
        {"when": {"metadata": {"team": ["a*"]}, "region": ["eu"]},
         "split": {"name": "trial", "from": 0, "to": 25},
         "restrict": {"allowed_models": ["openai/*"], "zdr": true, "zdr_authors": ["openai"], "zdr_other_authors": ["google"],
                      "max_price": {"prompt": "2.5", "request": "0.01"}, "max_cost": "0.25",
                      "pin": {"provider": "openai", "region": "eu"}},
         "prefer": {"order": ["openai"], "sort": {"by": "price", "partition": "none"},
                    "min_throughput": {"p50": 20.0, "p75": null, "p90": null, "p99": null}, "auto": {"cost_tier": "high"}},
         "locked": true}]});
    let layer = layer(written.clone());
    assert_eq!(layer.check(), Ok(()));
    assert_eq!(serde_json::to_value(&layer).expect("json"), written);
    assert_eq!(layer.label(), "account:privacy");
}

#[test]
fn unusable_layers_are_refused_with_their_field() {
    let long: Vec<_> = (0..101).map(|at| format!("p{at}")).collect();
    for (rule, field) in [
        (json!({"restrict": {"pin": {}}}), "pin"),
        (json!({"restrict": {"max_cost": "-1"}}), "restrict.max_cost"),
        (json!({"restrict": {"ignored_providers": long}}), "restrict.ignored_providers"),
        (json!({"split": {"name": "a", "from": 60, "to": 60}}), "split"),
        (json!({"split": {"name": "a", "from": 0, "to": 101}}), "split"),
        (json!({"when": {"headers": {"X-Team": ["a"]}}}), "when.headers"),
        (json!({"prefer": {"max_latency": -1}}), "prefer.max_latency"),
    ] {
        let error = layer(json!({"scope": "key", "rules": [rule]})).check().expect_err("refused");
        assert_eq!(error.field, field);
    }
    assert!(serde_json::from_value::<Layer>(json!({"scope": "key", "rules": [{"restrict": {"allow": []}}]})).is_err());
}

#[test]
fn a_rule_applies_when_every_condition_holds() {
    let layer = layer(json!({"scope": "key", "rules": [
        {"when": {"metadata": {"team": ["a", "b*"]}, "headers": {"x-env": ["prod"]}, "customer": ["acme"]}}]}));
    let facts = |team: &str, env: &str, customer: Option<&str>| Facts {
        metadata: [("team".to_owned(), team.to_owned())].into(),
        headers: [("x-env".to_owned(), env.to_owned())].into(),
        customer: customer.map(str::to_owned),
        ..Facts::default()
    };
    for (facts, applies) in [
        (facts("a", "prod", Some("acme")), true),
        (facts("blue", "PROD", Some("acme")), true),
        (facts("c", "prod", Some("acme")), false),
        (facts("a", "test", Some("acme")), false),
        (facts("a", "prod", None), false),
        (Facts::default(), false),
    ] {
        assert_eq!(layer.active(&facts, 1).count() == 1, applies, "{facts:?}");
    }
}

#[test]
fn a_split_takes_its_share_and_keeps_conversations_together() {
    let split = |from, to| Split { name: "trial".to_owned(), from, to };
    let facts = |at: u32| Facts { conversation: Some(format!("conversation-{at}")), ..Facts::default() };
    let taken = (0..10_000).filter(|at| split(0, 30).takes(&facts(*at), 0)).count();
    // Five standard deviations of a binomial(10 000, 0.3) are 229.
    assert!((2771..=3229).contains(&taken), "{taken}");
    for at in 0..1000 {
        let facts = facts(at);
        let sides = [split(0, 30), split(30, 60), split(60, 100)].map(|split| split.takes(&facts, 0));
        assert_eq!(sides.iter().filter(|taken| **taken).count(), 1, "ranges exclude each other");
        assert_eq!(
            split(0, 30).takes(&facts, 1),
            split(0, 30).takes(&facts, 2),
            "the seed does not move a conversation"
        );
    }
}

#[test]
fn stars_match_any_run() {
    for (pattern, text, matches) in [
        ("anthropic/*", "anthropic/claude", true),
        ("anthropic/*", "openai/gpt", false),
        ("*/claude-*", "anthropic/claude-3", true),
        ("*", "", true),
        ("a*b*c", "aXbYc", true),
        ("a*b*c", "aXcYb", false),
        ("a", "A", true),
        ("a*a", "a", false),
        ("é*", "éa", true),
        ("a**b", "ab", true),
    ] {
        assert_eq!(Pattern::new(pattern).matches(text), matches, "{pattern} on {text}");
    }
}
