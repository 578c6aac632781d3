//! Model ids and what they lead to.

use super::super::{ResolveError, Strategy, Target, Wanted, resolve, stand_in, stand_ins};
use super::{Planning, catalog, endpoint, model};
use crate::catalog::{Catalog, StandsFor};
use serde_json::{Value, json};

fn dated(id: &str, created: i64, own: Value) -> Value {
    let mut model = model(id, &[endpoint("p0", "1", json!({}))]);
    model["created"] = json!(created);
    for (field, value) in own.as_object().expect("object") {
        model[field] = value.clone();
    }
    model
}

fn house() -> Catalog {
    catalog(&[
        dated(
            "a/claude-sonnet-4",
            1,
            json!({"canonical_slug": "a/claude-sonnet-4-20250514", "aliases": ["a/claude-4-sonnet"]}),
        ),
        dated("a/claude-sonnet-4.5", 2, json!({})),
        dated("a/claude-sonnet-5", 3, json!({"expiration_date": "2026-01-01"})),
        dated("a/claude-sonnet-4.5:thinking", 4, json!({})),
        dated("a/claude-sonnet-mini-4.5", 5, json!({})),
        dated("a/llama-3.1-70b", 9, json!({})),
        dated("a/llama-3.3-70b", 10, json!({})),
        dated("a/llama-3.3-8b", 11, json!({})),
        dated("a/embed-1", 6, json!({"output_modalities": ["embeddings"]})),
        dated("a/gone", 7, json!({"expiration_date": "2026-11-20"})),
        dated("a/today", 8, json!({"expiration_date": "2026-11-21"})),
    ])
}

fn ask(ids: &[&str]) -> Result<Vec<Wanted>, ResolveError> {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    resolve(&house(), &ids, "text", "2026-11-21")
}

#[test]
fn features_4_1_4_4_and_4_9_ids_aliases_variants_and_latest() {
    for (id, leads_to, strategy) in [
        ("a/claude-sonnet-4", "a/claude-sonnet-4", Strategy::Direct),
        ("a/claude-sonnet-4-20250514", "a/claude-sonnet-4", Strategy::Alias),
        ("a/claude-4-sonnet", "a/claude-sonnet-4", Strategy::Alias),
        ("a/claude-sonnet-4:beta", "a/claude-sonnet-4", Strategy::Direct),
        ("a/claude-sonnet-4.5:thinking", "a/claude-sonnet-4.5:thinking", Strategy::Direct),
        ("a/claude-sonnet-4.5:thinking:nitro", "a/claude-sonnet-4.5:thinking", Strategy::Direct),
        ("~a/claude-sonnet-latest", "a/claude-sonnet-4.5", Strategy::Latest),
        ("~a/claude-sonnet-mini-latest", "a/claude-sonnet-mini-4.5", Strategy::Latest),
        ("~a/llama-70b-latest", "a/llama-3.3-70b", Strategy::Latest),
        ("a/today", "a/today", Strategy::Direct),
    ] {
        let wanted = ask(&[id]).expect(id);
        assert!(
            matches!(&wanted[0].target, Target::Model(model) if model.id == leads_to),
            "{id}: {:?}",
            wanted[0].target
        );
        assert_eq!(wanted[0].strategy, strategy, "{id}");
    }
}

#[test]
fn lists_show_routers_and_the_families_of_more_than_one_model() {
    let catalog = house();
    let listed = stand_ins(&catalog, "2026-11-21");
    let shown: Vec<_> = listed.iter().map(|model| (model.id.as_str(), model.endpoints.len())).collect();
    assert_eq!(
        shown,
        [("openrouter/auto", 0), ("openrouter/free", 0), ("~a/claude-sonnet-latest", 1), ("~a/llama-70b-latest", 1)]
    );
    for family in listed.iter().filter(|model| model.id.starts_with('~')) {
        let Target::Model(model) = &ask(&[&family.id]).expect("leads to a model")[0].target else {
            panic!("{}", family.id)
        };
        let newest = StandsFor::Newest { slug: model.id.clone(), name: model.name.clone() };
        assert_eq!(family.stands_for, Some(newest), "the list says what a request is given");
    }
    let single = stand_in(&catalog, "~a/claude-sonnet-mini-latest", "2026-11-21").expect("a family of one");
    assert_eq!(single.canonical_slug, "a/claude-sonnet-mini-4.5");
    assert_eq!(stand_in(&catalog, "portolan/free", "2026-11-21").expect("a router").id, "openrouter/free");
    assert!(stand_in(&catalog, "~a/nobody-latest", "2026-11-21").is_none());
    assert!(stand_in(&catalog, "openrouter/nothing", "2026-11-21").is_none());
}

#[test]
fn routers_answer_to_both_prefixes() {
    for (id, strategy) in [
        ("openrouter/auto", Strategy::Auto),
        ("portolan/auto", Strategy::Auto),
        ("portolan/free", Strategy::Free),
        ("openrouter/auto:nitro", Strategy::Auto),
    ] {
        assert_eq!(ask(&[id]).expect(id)[0].strategy, strategy, "{id}");
    }
}

#[test]
fn ids_that_lead_nowhere_say_why() {
    assert!(matches!(ask(&["a/nothing"]), Err(ResolveError::Unknown { .. })));
    assert!(matches!(ask(&["nothing"]), Err(ResolveError::Unknown { .. })));
    assert!(matches!(ask(&["~a/nobody-latest"]), Err(ResolveError::Unknown { .. })));
    assert!(matches!(ask(&["a/claude-sonnet-4:extended"]), Err(ResolveError::Unknown { .. })));
    assert!(matches!(ask(&["a/claude-sonnet-4:free"]), Err(ResolveError::FreeEnded { .. })));
    assert!(matches!(ask(&["a/claude-sonnet-4:online"]), Err(ResolveError::Online { .. })));
    assert!(matches!(ask(&["a/embed-1"]), Err(ResolveError::WrongEndpoint { .. })));
    assert!(matches!(ask(&["a/gone"]), Err(ResolveError::Gone { .. })));
    assert_eq!(ask(&["a/gone", "a/today"]).expect("one is left").len(), 1, "withdrawn models of a list are skipped");
}

#[test]
fn feature_4_2_free_variants_use_endpoints_without_a_price() {
    let catalog = catalog(&[model("a/x:free", &[endpoint("p0", "0", json!({})), endpoint("p1", "1", json!({}))])]);
    let planning = Planning::over(&catalog).models(&["a/x:free"]);
    assert_eq!(planning.tags(), ["p0"]);
    assert_eq!(planning.reasons(), [("p1".to_owned(), "not free")]);
}

#[test]
fn feature_4_6_models_are_tried_in_order_and_the_small_ones_skipped() {
    let sized = |id: &str, provider: &str, context: u64| {
        let mut model = model(id, &[endpoint(provider, "1", json!({}))]);
        model["context_length"] = json!(context);
        model
    };
    let catalog = catalog(&[sized("a/small", "p0", 1000), sized("a/large", "p1", 100_000), sized("a/mid", "p2", 8000)]);
    let run = |prompt: u64| {
        let mut planning = Planning::over(&catalog).models(&["a/small", "a/large", "a/mid"]);
        planning.need.prompt_tokens = prompt;
        (planning.tags(), planning.reasons())
    };
    assert_eq!(run(10).0, ["p0", "p1", "p2"]);
    let small = ("p0".to_owned(), "context_length");
    assert_eq!(run(10_000), (vec!["p1".to_owned(), "p2".to_owned()], vec![small.clone()]));
    assert_eq!(run(50_000), (vec!["p1".to_owned()], vec![small, ("p2".to_owned(), "context_length")]));
    assert_eq!(run(500_000).0, Vec::<String>::new());
}
