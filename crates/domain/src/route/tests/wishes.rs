//! The `provider` object and what else a request says, one feature after another.

use super::super::{HealthState, Need, RequestRouting, Tier};
use super::{Planning, catalog, endpoint, measured, model, priced, state};
use crate::money::Amount;
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn feature_5_2_endpoints_in_trouble_come_last_and_absent_ones_never() {
    let catalog = priced(&["1", "1", "1", "1"]);
    let planning = Planning::over(&catalog)
        .health("p0", state(HealthState::Open))
        .health("p1", state(HealthState::Unstable))
        .health("p2", state(HealthState::Absent));
    assert_eq!(planning.tags(), ["p3", "p1", "p0"]);
    assert_eq!(planning.reasons(), [("p2".to_owned(), "no upstream configured")]);
    let plan = planning.plan();
    let reasons: Vec<_> = plan.attempts.iter().map(|candidate| (candidate.reason, candidate.is_demoted)).collect();
    let last = "recent failures, tried last";
    assert_eq!(reasons, [("price-weighted choice", false), (last, true), ("paused after failures, tried last", true)]);
}

#[test]
fn features_5_4_and_5_5_order_fallbacks_only_and_ignore() {
    let catalog = priced(&["1", "2", "3", "4"]);
    let run = |json: Value| Planning::over(&catalog).provider(&json).tags();
    assert_eq!(run(json!({"order": ["p2", "P1"], "sort": "price"})), ["p2", "p1", "p0", "p3"]);
    assert_eq!(run(json!({"order": ["p2", "p1"], "allow_fallbacks": false})), ["p2", "p1"]);
    assert_eq!(run(json!({"sort": {"by": "price"}, "allow_fallbacks": false})), ["p0"]);
    assert_eq!(run(json!({"only": ["p3"]})), ["p3"]);
    assert_eq!(run(json!({"only": [], "sort": "price"})), ["p0", "p1", "p2", "p3"]);
    assert_eq!(run(json!({"only": ["p3"], "ignore": ["p3"]})), Vec::<String>::new());
    let account = json!({"scope": "account", "rules": [
        {"restrict": {"allowed_providers": ["p0", "p1"], "ignored_providers": ["p1"]}}]});
    let both = |only: &str| Planning::over(&catalog).layer(&account).provider(&json!({"only": [only]}));
    assert_eq!(both("p0").tags(), ["p0"]);
    assert_eq!(both("p1").tags(), Vec::<String>::new());
    let plan = both("p3").plan();
    let blamed: Vec<_> = plan.dropped.iter().map(|out| (out.endpoint.tag.as_str(), out.layer)).collect();
    // The account comes first in the blame, whatever the place of its layer.
    assert_eq!(blamed, [("p0", Some(1)), ("p1", Some(0)), ("p2", Some(0)), ("p3", Some(0))]);
}

#[test]
fn feature_5_6_parameters_in_use_are_needed_or_preferred() {
    let with = |parameters: Value| json!({"supported_parameters": parameters});
    let catalog = catalog(&[model(
        "m/one",
        &[endpoint("p0", "9", with(json!(["tools", "response_format"]))), endpoint("p1", "1", with(json!(["seed"])))],
    )]);
    let need = |parameters: &[&'static str]| Need { parameters: parameters.to_vec(), ..Need::default() };
    let run = |parameters: &[&'static str], provider: Value| {
        let mut planning = Planning::over(&catalog).provider(&provider);
        planning.need = need(parameters);
        planning.tags()
    };
    assert_eq!(run(&["tools"], json!({})), ["p0"]);
    assert_eq!(run(&["seed"], json!({"require_parameters": true})), ["p1"]);
    assert_eq!(run(&["seed", "tools"], json!({"require_parameters": true})), Vec::<String>::new());
    assert_eq!(run(&["response_format"], json!({"sort": "price"})), ["p0", "p1"], "who supports it comes first");
    assert_eq!(run(&["verbosity"], json!({"sort": "price"})), ["p1", "p0"], "nobody supports it: ignored");
}

#[test]
fn feature_5_7_privacy_removes_what_does_not_comply_and_layers_add_up() {
    let policy = |training: Value, retains: Value, zdr: bool| json!({"data_policy": {"training": training, "retains_prompts": retains, "zdr": zdr}});
    let catalog = catalog(&[model(
        "openai/one",
        &[
            endpoint("good", "1", policy(json!(false), json!(true), true)),
            endpoint("keeps", "1", policy(json!(false), json!(true), false)),
            endpoint("clean", "1", policy(json!(false), json!(false), false)),
            endpoint("trains", "1", policy(json!(true), json!(true), false)),
            endpoint("silent", "1", json!({})),
            endpoint("free", "0", policy(json!(true), json!(true), false)),
        ],
    )]);
    let run = |layers: &[Value]| {
        let start = Planning::over(&catalog).models(&["openai/one"]);
        let mut tags = layers.iter().fold(start, Planning::layer).tags();
        tags.sort();
        tags
    };
    let layer = |scope: &str, restrict: Value| json!({"scope": scope, "rules": [{"restrict": restrict}]});
    assert_eq!(run(&[layer("request", json!({"deny_data_collection": true}))]), ["clean", "good"]);
    assert_eq!(run(&[layer("account", json!({"zdr": true}))]), ["good"]);
    assert_eq!(run(&[layer("account", json!({"zdr_authors": ["openai"]}))]), ["good"]);
    assert_eq!(run(&[layer("account", json!({"zdr_other_authors": ["openai"]}))]).len(), 6);
    assert_eq!(run(&[layer("account", json!({"zdr_other_authors": []}))]), ["good"]);
    assert_eq!(run(&[layer("account", json!({"deny_paid_training": true}))]), ["clean", "free", "good", "keeps"]);
    assert_eq!(run(&[layer("account", json!({"deny_free_training": true}))]).len(), 5);
    assert_eq!(run(&[layer("account", json!({"deny_free_publication": true}))]).len(), 5);
    let inner_cannot_widen = [
        layer("account", json!({"zdr": true})),
        layer("request", json!({"zdr": false, "ignored_providers": ["keeps"]})),
    ];
    assert_eq!(run(&inner_cannot_widen), ["good"]);
}

#[test]
fn feature_5_8_only_models_whose_author_allows_distillation() {
    let with = |id: &str, distillable: Value| {
        let mut model = model(id, &[endpoint("p0", "1", json!({}))]);
        model["distillable"] = distillable;
        model
    };
    let catalog = catalog(&[with("m/yes", json!(true)), with("m/no", json!(false)), with("m/unsaid", Value::Null)]);
    let planning = Planning::over(&catalog)
        .models(&["m/yes", "m/no", "m/unsaid"])
        .provider(&json!({"enforce_distillable_text": true}));
    let plan = planning.plan();
    assert_eq!(plan.attempts.iter().map(|candidate| candidate.model.id.as_str()).collect::<Vec<_>>(), ["m/yes"]);
    assert!(plan.dropped.iter().all(|out| out.reason == "enforce_distillable_text") && plan.dropped.len() == 2);
}

#[test]
fn feature_5_9_quantizations_with_their_families() {
    let formats = ["fp4", "mxfp4", "nvfp4", "fp8", "mxfp8", "bf16"];
    let mut endpoints: Vec<Value> =
        formats.iter().map(|format| endpoint(format, "1", json!({"quantization": format}))).collect();
    endpoints.push(endpoint("none", "1", json!({})));
    let catalog = catalog(&[model("m/one", &endpoints)]);
    for (wanted, left) in [
        (json!(["fp4"]), vec!["fp4", "mxfp4", "nvfp4"]),
        (json!(["mxfp4"]), vec!["mxfp4"]),
        (json!(["fp8", "bf16"]), vec!["bf16", "fp8", "mxfp8"]),
        (json!(["unknown"]), vec!["none"]),
    ] {
        let mut tags = Planning::over(&catalog).provider(&json!({"quantizations": wanted})).tags();
        tags.sort();
        assert_eq!(tags, left);
    }
}

#[test]
fn feature_5_10_sorts_are_deterministic_and_partition_none_mixes_models() {
    let catalog = catalog(&[
        model(
            "m/one",
            &[endpoint("p0", "1", json!({})), endpoint("p1", "4", json!({})), endpoint("p2", "9", json!({}))],
        ),
        model("m/two", &[endpoint("p3", "2", json!({})), endpoint("p4", "3", json!({}))]),
    ]);
    let mut careful = measured(10.0, 9.0);
    careful.tool_errors = Some(0.01);
    let run = |models: &[&str], sort: Value| {
        let tags: Vec<Vec<String>> = (0..20)
            .map(|seed| {
                Planning::over(&catalog)
                    .models(models)
                    .provider(&json!({"sort": sort}))
                    .health("p0", measured(50.0, 3.0))
                    .health("p1", measured(90.0, 2.0))
                    .health("p2", careful)
                    .seed(seed)
                    .tags()
            })
            .collect();
        assert!(tags.windows(2).all(|pair| pair[0] == pair[1]), "chance plays no part");
        tags[0].clone()
    };
    assert_eq!(run(&["m/one"], json!("price")), ["p0", "p1", "p2"]);
    assert_eq!(run(&["m/one"], json!("throughput")), ["p1", "p0", "p2"]);
    assert_eq!(run(&["m/one"], json!("latency")), ["p1", "p0", "p2"]);
    assert_eq!(run(&["m/one"], json!("exacto")), ["p2", "p1", "p0"]);
    assert_eq!(run(&["m/one", "m/two"], json!("price")), ["p0", "p1", "p2", "p3", "p4"]);
    let across = json!({"by": "price", "partition": "none"});
    assert_eq!(run(&["m/one", "m/two"], across), ["p0", "p3", "p4", "p1", "p2"]);
}

#[test]
fn feature_4_3_variants_sort_and_the_request_has_the_last_word() {
    let catalog = priced(&["3", "2", "1"]);
    let run = |id: &str, layers: &[Value]| {
        let start =
            Planning::over(&catalog).models(&[id]).health("p0", measured(90.0, 1.0)).health("p1", measured(80.0, 1.0));
        layers.iter().fold(start, Planning::layer).tags()
    };
    let sort = |scope: &str, by: &str, locked: bool| json!({"scope": scope, "rules": [{"prefer": {"sort": by}, "locked": locked}]});
    assert_eq!(run("m/one:floor", &[]), ["p2", "p1", "p0"]);
    assert_eq!(run("m/one:nitro", &[]), ["p0", "p1", "p2"]);
    assert_eq!(run("m/one:exacto", &[]), ["p0", "p1", "p2"], "no tool figures: throughput decides");
    assert_eq!(run("m/one:nitro", &[sort("account", "price", false)]), ["p0", "p1", "p2"]);
    assert_eq!(run("m/one:nitro", &[sort("account", "price", true)]), ["p2", "p1", "p0"]);
    assert_eq!(run("m/one:nitro", &[sort("request", "price", false)]), ["p2", "p1", "p0"]);
}

#[test]
fn feature_5_11_missed_preferences_move_last_and_never_remove() {
    let catalog = priced(&["1", "2", "3"]);
    let run = |wish: Value| {
        let mut provider = wish;
        provider["sort"] = json!("price");
        let mut slow_tail = measured(50.0, 1.0);
        slow_tail.latency.p99 = Some(20.0);
        Planning::over(&catalog).provider(&provider).health("p0", slow_tail).health("p1", measured(80.0, 5.0)).tags()
    };
    assert_eq!(run(json!({"preferred_min_throughput": 60})), ["p1", "p2", "p0"]);
    assert_eq!(
        run(json!({"preferred_min_throughput": 500})),
        ["p2", "p0", "p1"],
        "what is not measured misses nothing"
    );
    assert_eq!(run(json!({"preferred_max_latency": {"p50": 2}})), ["p0", "p2", "p1"]);
    assert_eq!(run(json!({"preferred_max_latency": {"p50": 2, "p99": 10}})), ["p2", "p0", "p1"]);
}

#[test]
fn feature_5_12_dearer_endpoints_are_removed() {
    let catalog = priced(&["1", "2", "3"]);
    let run = |limits: Value| Planning::over(&catalog).provider(&json!({"sort": "price", "max_price": limits}));
    assert_eq!(run(json!({"prompt": 2})).tags(), ["p0", "p1"]);
    assert_eq!(run(json!({"prompt": "0.5"})).tags(), Vec::<String>::new());
    assert!(run(json!({"prompt": "0.5"})).reasons().iter().all(|(_, reason)| *reason == "max_price"));
    assert_eq!(run(json!({"completion": 0})).tags().len(), 3);
}

#[test]
fn feature_5_13_options_go_to_the_named_provider_alone() {
    let mut routing = RequestRouting::default();
    routing.provider(r#"{"options": {"p0": {"a": 1}, "P1/Fast": {"b": 2}}}"#).expect("options");
    assert_eq!(routing.options_for("p0", "p0/eu"), Some(r#"{"a": 1}"#));
    assert_eq!(routing.options_for("p1", "p1/fast"), Some(r#"{"b": 2}"#));
    assert_eq!(routing.options_for("p1", "p1"), None);
}

#[test]
fn feature_5_14_a_base_slug_means_all_variants_and_a_suffixed_one_exactly_one() {
    let catalog = catalog(&[model(
        "m/one",
        &[
            endpoint("p0", "1", json!({})),
            endpoint("p0/eu", "2", json!({})),
            endpoint("p0/turbo", "3", json!({})),
            endpoint("p0/priority", "4", json!({"service_tier": "priority"})),
            endpoint("p1", "5", json!({})),
        ],
    )]);
    let run = |wish: Value| {
        let mut provider = wish;
        provider["sort"] = json!("price");
        Planning::over(&catalog).provider(&provider).tags()
    };
    assert_eq!(run(json!({"only": ["p0"]})), ["p0", "p0/eu", "p0/turbo"]);
    assert_eq!(run(json!({"only": ["P0"]})), ["p0", "p0/eu", "p0/turbo"], "display name");
    assert_eq!(run(json!({"only": ["p0/eu"]})), ["p0/eu"]);
    assert_eq!(run(json!({"only": ["p0/priority"]})), ["p0/priority"], "a tier's slug opts it in");
    assert_eq!(run(json!({"order": ["p0/turbo"]})), ["p0/turbo", "p0", "p0/eu", "p1"]);
    assert_eq!(run(json!({"ignore": ["p0"]})), ["p1"]);
}

#[test]
fn feature_5_15_flex_never_falls_to_the_ordinary_tier_and_priority_does() {
    let tier = |tier: &str| json!({"service_tier": tier});
    let endpoints = [
        endpoint("p0", "5", json!({})),
        endpoint("p0/flex", "2", tier("flex")),
        endpoint("p1/flex", "1", tier("flex")),
        endpoint("p0/priority", "9", tier("priority")),
        endpoint("p1/ultra", "20", tier("ultrafast")),
    ];
    let catalog = catalog(&[model("m/one", &endpoints), model("m/plain", &[endpoint("p0", "5", json!({}))])]);
    let run = |id: &str, tier: Tier, provider: Value| {
        let mut planning = Planning::over(&catalog).models(&[id]).provider(&provider);
        planning.need.tier = tier;
        planning.tags()
    };
    assert_eq!(run("m/one", Tier::Unsaid, json!({})), ["p0"]);
    assert_eq!(run("m/one", Tier::Flex, json!({})), ["p1/flex", "p0/flex"]);
    assert_eq!(run("m/plain", Tier::Flex, json!({})), ["p0"], "no flex endpoints: the word has no meaning here");
    assert_eq!(run("m/one", Tier::Priority, json!({})), ["p0/priority", "p0"]);
    assert_eq!(run("m/one", Tier::Ultrafast, json!({})), ["p1/ultra", "p0/priority", "p0"]);
    assert_eq!(run("m/one:floor", Tier::Unsaid, json!({})), ["p1/flex", "p0/flex", "p0"]);
    assert_eq!(run("m/one:nitro", Tier::Unsaid, json!({})), ["p0", "p0/priority"], "unmeasured: the cheaper one first");
    assert_eq!(run("m/one:nitro", Tier::Default, json!({})), ["p0"]);
    assert_eq!(run("m/one:floor", Tier::Unsaid, json!({"order": ["p0"]})), ["p0"]);
}

#[test]
fn feature_5_16_a_conversation_stays_where_its_cache_is_warm() {
    let catalog = priced(&["1", "9", "9"]);
    let run = |tag: &'static str, provider: Value, health: HealthState| {
        let mut planning = Planning::over(&catalog).provider(&provider).health("p2", state(health));
        planning.sticky = tag;
        planning.tags()[0].clone()
    };
    assert_eq!(run("p2", json!({}), HealthState::Stable), "p2");
    assert_ne!(run("p2", json!({}), HealthState::Unstable), "p2", "a failing endpoint is left");
    assert_eq!(run("p2", json!({"order": ["p1"]}), HealthState::Stable), "p1", "an order is stronger");
    assert_ne!(run("p2", json!({"ignore": ["p2"]}), HealthState::Stable), "p2");
    assert_ne!(run("p7", json!({}), HealthState::Stable), "p7");
}

#[test]
fn a_pin_fails_closed_in_every_way_another_endpoint_could_serve() {
    let catalog = catalog(&[
        model(
            "m/one",
            &[
                endpoint("p0", "1", json!({})),
                endpoint("p0/eu", "1", json!({"region": "eu"})),
                endpoint("p0/flex", "1", json!({"service_tier": "flex"})),
                endpoint("p1", "1", json!({"region": "us"})),
            ],
        ),
        model("m/two", &[endpoint("p0", "1", json!({}))]),
    ]);
    let run = |models: &[&str], pin: &str, health: HealthState| {
        let mut routing = RequestRouting::default();
        routing.provider(r#"{"sort": "price"}"#).expect("provider");
        routing.pin(pin).expect("pin");
        let mut planning = Planning::over(&catalog).models(models).health("p1", state(health));
        planning.layers.push(Arc::new(routing.layer()));
        let plan = planning.plan();
        plan.attempts.iter().map(|out| format!("{} {}", out.model.id, out.endpoint.tag)).collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    let both = ["m/one", "m/two"];
    assert_eq!(run(&both, r#"{"provider":"p1"}"#, HealthState::Stable), ["m/one p1"]);
    assert_eq!(run(&both, r#"{"provider":"p1"}"#, HealthState::Open), ["m/one p1"], "trouble moves nothing elsewhere");
    assert_eq!(run(&both, r#"{"provider":"p1"}"#, HealthState::Absent), none);
    assert_eq!(run(&both, r#"{"provider":"p0","model":"m/two"}"#, HealthState::Stable), ["m/two p0"]);
    assert_eq!(run(&["m/one"], r#"{"model":"m/two"}"#, HealthState::Stable), none);
    assert_eq!(run(&["m/one"], r#"{"region":"eu"}"#, HealthState::Stable), ["m/one p0/eu"]);
    assert_eq!(
        run(&["m/two"], r#"{"region":"eu"}"#, HealthState::Stable),
        none,
        "an unknown region is not the pinned one"
    );
    assert_eq!(run(&["m/one"], r#"{"provider":"p0/eu"}"#, HealthState::Stable), ["m/one p0/eu"]);
    assert_eq!(run(&["m/one"], r#"{"provider":"p2"}"#, HealthState::Stable), none);
}

#[test]
fn max_cost_drops_what_could_cost_more() {
    let catalog = priced(&["1"]);
    let run = |ceiling: &str, cost: i64| {
        let mut routing = RequestRouting::default();
        routing.max_cost(ceiling).expect("amount");
        let mut planning = Planning::over(&catalog);
        planning.layers.push(Arc::new(routing.layer()));
        planning.cost = Amount::from_nanos(cost);
        planning.tags().len()
    };
    assert_eq!(run("0.01", 10_000_000), 1);
    assert_eq!(run("\"0.01\"", 10_000_001), 0);
    assert_eq!(run("0", 0), 1);
}

#[test]
fn unusable_wishes_are_refused_with_their_field() {
    for (json, field) in [
        ("[]", "provider"),
        ("1", "provider"),
        (r#"{"zdr":true,"zdr":false}"#, "provider"),
        (r#"{"order":"x"}"#, "provider.order"),
        (r#"{"data_collection":"maybe"}"#, "provider.data_collection"),
        (r#"{"sort":"fast"}"#, "provider.sort"),
        (r#"{"sort":{"by":"price","partition":"all"}}"#, "provider.sort"),
        (r#"{"max_price":{"prompt":"1e3"}}"#, "provider.max_price"),
        (r#"{"preferred_max_latency":-1}"#, "provider.preferred_max_latency"),
        (r#"{"preferred_min_throughput":{"p42":1}}"#, "provider.preferred_min_throughput"),
        (r#"{"allow_fallbacks":"no"}"#, "provider.allow_fallbacks"),
        (r#"{"options":{"p0":1}}"#, "provider.options"),
    ] {
        assert_eq!(RequestRouting::default().provider(json).expect_err(json).field, field);
    }
    assert!(RequestRouting::default().provider(r#"{"new_field":1,"order":null,"max_price":{}}"#).is_ok());
    for pin in ["{}", "[]", "1", r#"{"provider":1}"#, r#"{"providers":"p0"}"#] {
        assert!(RequestRouting::default().pin(pin).is_err(), "{pin}");
    }
    for cost in ["-1", "\"abc\"", "1e3", "{}", "\"\""] {
        assert!(RequestRouting::default().max_cost(cost).is_err(), "{cost}");
    }
}
