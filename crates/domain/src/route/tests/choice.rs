//! The routers that choose a model.

use super::super::{HealthState, Need};
use super::{Planning, catalog, endpoint, model, state};
use crate::catalog::file::{ModelText, ProviderText};
use crate::catalog::{Catalog, CatalogBuilder, Endpoint, Model};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

fn rated(id: &str, provider: &str, price: &str, tier: Option<&str>) -> Value {
    let mut model = model(id, &[endpoint(provider, price, json!({"supported_parameters": ["tools"]}))]);
    if let Some(tier) = tier {
        model["quality"] = json!({"tier": tier, "source": "a test", "date": "2026-11-21"});
    }
    model
}

/// Mixed prices are three quarters of these: the answer costs nothing.
fn house() -> Catalog {
    catalog(&[
        rated("a/cheap-good", "p0", "0.4", Some("high")),
        rated("a/cheap-better-price", "p1", "0.1", Some("medium")),
        rated("b/cheap-good-dearer", "p2", "0.8", Some("high")),
        rated("b/unrated", "p3", "0.01", None),
        rated("c/dear", "p4", "8", Some("high")),
        rated("c/gift:free", "p5", "0", Some("high")),
        {
            let mut seer = rated("d/seer", "p6", "0.9", Some("low"));
            seer["endpoints"][0]["input_modalities"] = json!(["text", "image"]);
            seer
        },
    ])
}

fn auto(planning: Planning<'_>) -> Vec<String> {
    let plan = planning.models(&["openrouter/auto"]).plan();
    plan.attempts.iter().map(|candidate| candidate.model.id.clone()).collect()
}

fn wish(auto: Value) -> Value {
    json!({"scope": "request", "rules": [{"prefer": {"auto": auto}}]})
}

#[test]
fn feature_4_7_auto_takes_the_cheapest_of_the_best_tier_within_the_band() {
    let catalog = house();
    let new = || Planning::over(&catalog);
    assert_eq!(auto(new()), ["a/cheap-good", "b/cheap-good-dearer", "a/cheap-better-price"]);
    assert_eq!(auto(new().layer(&wish(json!({"cost_tier": "high"})))), ["c/dear"], "cheaper models are left out, too");
    assert_eq!(auto(new().layer(&wish(json!({"cost_tier": "max"})))), Vec::<String>::new());
    assert_eq!(auto(new().layer(&wish(json!({"allowed_models": ["b/*"]})))), ["b/cheap-good-dearer", "b/unrated"]);
    let excluded = json!({"allowed_models": ["b/*"], "excluded_models": ["*/unrated"]});
    assert_eq!(auto(new().layer(&wish(excluded))), ["b/cheap-good-dearer"]);
    let account = json!({"scope": "account", "rules": [{"restrict": {"ignored_models": ["a/*", "b/*"]}}]});
    assert_eq!(auto(new().layer(&account)), ["d/seer"], "policies hold for routers, too");
}

/// The shipped catalogue, all of whose providers are taken for connected.
fn shipped() -> Catalog {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog");
    let read = |path: &Path| std::fs::read_to_string(path).expect("readable");
    let mut builder = CatalogBuilder::default();
    for provider in serde_json::from_str::<Vec<ProviderText>>(&read(&folder.join("providers.json"))).expect("providers")
    {
        builder.provider(provider);
    }
    for entry in std::fs::read_dir(folder.join("models")).expect("models") {
        for model in serde_json::from_str::<Vec<ModelText>>(&read(&entry.expect("entry").path())).expect("models") {
            builder.model(model);
        }
    }
    builder.build().expect("catalogue")
}

#[test]
fn over_the_shipped_catalogue_auto_takes_the_cheapest_rated_model_that_can_do_it() {
    let catalog = shipped();
    let rated = catalog.models().iter().filter(|model| model.quality.is_some()).count();
    assert!(rated >= 100, "{rated} rated models");
    for (band, from, below) in [("low", 0, 1), ("medium", 1, 4), ("high", 4, 10), ("xhigh", 10, 25)] {
        for parameters in [vec![], vec!["tools"]] {
            // Worked out from the data alone: of what can be called and lies in the band, the best tier, then the lowest price.
            let reach = |model: &&Arc<Model>| {
                let is_text = model.output_modalities.iter().any(|gives| gives == "text");
                is_text && !model.is_gone("2026-11-21") && !model.id.ends_with(":free")
            };
            let best = catalog.models().iter().filter(reach).filter_map(|model| {
                let can = |endpoint: &&Arc<Endpoint>| {
                    let has = |name: &&str| endpoint.supported_parameters.iter().any(|has| has == *name);
                    endpoint.provider.family.is_supported()
                        && endpoint.service_tier.is_none()
                        && parameters.iter().all(has)
                };
                let mixed = |endpoint: &Arc<Endpoint>| {
                    (endpoint.price.prompt.femtos() * 3 + endpoint.price.completion.femtos()) / 4
                };
                let price = model.endpoints.iter().filter(can).map(mixed).min()?;
                let is_inside = (from * 1_000_000_000..below * 1_000_000_000).contains(&price);
                is_inside
                    .then(|| (Reverse(model.quality.as_ref().map(|quality| quality.tier)), price, model.id.clone()))
            });
            let (tier, _, expected) = best.min().expect("a band is empty");
            let mut planning = Planning::over(&catalog).layer(&wish(json!({"cost_tier": band})));
            planning.need.parameters = parameters.clone();
            assert_eq!(auto(planning)[0], expected, "{band} {parameters:?}");
            assert!(tier.0.is_some(), "{band}: rated models come before all others");
        }
    }
}

#[test]
fn auto_looks_at_needs_health_and_the_conversation() {
    let catalog = house();
    let mut planning = Planning::over(&catalog);
    planning.need = Need { modalities: vec!["image"], ..Need::default() };
    assert_eq!(auto(planning), ["d/seer"]);
    let planning = Planning::over(&catalog).health("p0", state(HealthState::Unstable));
    assert_eq!(auto(planning)[0], "b/cheap-good-dearer");
    let mut planning = Planning::over(&catalog);
    planning.sticky = "p3";
    assert_eq!(auto(planning)[0], "b/unrated", "while it is among the candidates");
    let mut planning = Planning::over(&catalog);
    planning.sticky = "p4";
    assert_eq!(auto(planning)[0], "a/cheap-good", "and no longer");
}

#[test]
fn auto_gives_a_reason_for_every_endpoint_that_it_leaves_out() {
    let catalog = house();
    let plan = Planning::over(&catalog).models(&["openrouter/auto"]).plan();
    assert_eq!(plan.attempts.len() + plan.dropped.len(), 7);
    let reason = |id: &str| plan.dropped.iter().find(|out| out.model.id == id).map(|out| out.reason);
    assert_eq!(reason("c/dear"), Some("cost_tier"));
    assert_eq!(reason("c/gift:free"), Some("free variants are not chosen automatically"));
    assert_eq!(reason("b/unrated"), Some("another model was chosen"));
}

#[test]
fn feature_4_8_free_is_random_among_free_models_that_can_do_it() {
    let with = |id: &str, provider: &str, price: &str, parameters: Value| {
        model(id, &[endpoint(provider, price, json!({"supported_parameters": parameters}))])
    };
    let catalog = catalog(&[
        with("a/one:free", "p0", "0", json!(["tools"])),
        with("b/two:free", "p1", "0", json!(["tools", "structured_outputs"])),
        with("c/three", "p2", "0", json!([])),
        with("d/paid", "p3", "1", json!(["tools"])),
    ]);
    let firsts = |parameters: &[&'static str]| {
        let firsts: HashSet<String> = (0..200)
            .map(|seed| {
                let mut planning = Planning::over(&catalog).models(&["openrouter/free"]).seed(seed);
                planning.need.parameters = parameters.to_vec();
                let plan = planning.plan();
                assert!(plan.attempts.iter().all(|candidate| candidate.endpoint.price.is_free()));
                plan.attempts[0].model.id.clone()
            })
            .collect();
        let mut firsts: Vec<_> = firsts.into_iter().collect();
        firsts.sort();
        firsts
    };
    assert_eq!(firsts(&[]), ["a/one:free", "b/two:free", "c/three"]);
    assert_eq!(firsts(&["tools"]), ["a/one:free", "b/two:free"]);
    assert_eq!(firsts(&["structured_outputs"]), ["b/two:free"]);
}
