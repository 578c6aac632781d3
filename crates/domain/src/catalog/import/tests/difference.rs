//! What changes, what is refused, what is stored.

use super::{catalog, compared, documents, force, imported, rules};
use crate::catalog::file::ModelText;
use crate::catalog::import::{ImportFormat, ImportRules, PriceChange, RefusalReason, diff};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What `acme` asks for `a/one` now, with some figures replaced.
fn one(changes: &Value) -> Vec<ModelText> {
    let mut price = json!({"prompt": "1", "completion": "2", "input_cache_read": "0.1", "web_search": "0.01",
        "overrides": [{"min_prompt_tokens": 500, "prompt": "2"}]});
    for (name, value) in changes.as_object().expect("object") {
        price[name] = value.clone();
    }
    let object = price.as_object_mut().expect("object");
    object.retain(|_, value| !value.is_null());
    at(
        "a/one",
        &json!({"provider": "acme", "upstream_id": "one", "tag": "acme", "price": price, "source": "new", "date": "2026-11-21"}),
    )
}

fn at(model: &str, endpoint: &Value) -> Vec<ModelText> {
    vec![serde_json::from_value(json!({"id": model, "context_length": 5, "endpoints": [endpoint]})).expect("model")]
}

fn new_endpoint(model: &str, prompt: &str, completion: &str) -> Vec<ModelText> {
    at(
        model,
        &json!({"provider": "beta", "upstream_id": "x", "tag": "beta", "price": {"prompt": prompt, "completion": completion}}),
    )
}

#[test]
fn the_same_prices_in_other_words_change_nothing() {
    for changes in [
        json!({}),
        json!({"prompt": "1.000", "internal_reasoning": "2", "input_cache_write": "1.0"}),
        json!({"overrides": [{"min_prompt_tokens": 300, "prompt": "1"}, {"min_prompt_tokens": 500, "prompt": "2", "completion": "2"}]}),
    ] {
        let result = compared(&one(&changes), &rules());
        assert_eq!((result.unchanged, result.changed.len(), result.documents.len()), (1, 0, 0), "{changes}");
    }
}

#[test]
fn each_changed_price_is_named_with_both_figures() {
    for (changes, field, from, to) in [
        (json!({"prompt": "1.5"}), "prompt", Some("1"), Some("1.5")),
        (json!({"completion": "0.2"}), "completion", Some("2"), Some("0.2")),
        (json!({"input_cache_read": null}), "input_cache_read", Some("0.1"), None),
        (json!({"input_cache_write": "1.25"}), "input_cache_write", None, Some("1.25")),
        (json!({"web_search": null}), "web_search", Some("0.01"), None),
        (json!({"request": "0.002"}), "request", None, Some("0.002")),
        (json!({"overrides": []}), "prompt above 500 tokens", Some("2"), Some("1")),
        (
            json!({"overrides": [{"min_prompt_tokens": 500, "prompt": "3"}]}),
            "prompt above 500 tokens",
            Some("2"),
            Some("3"),
        ),
    ] {
        let result = compared(&one(&changes), &rules());
        let change = PriceChange {
            model: "a/one".to_owned(),
            endpoint_tag: "acme".to_owned(),
            field: field.to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        assert_eq!(result.changed, [change], "{changes}");
        assert_eq!(result.refused, [], "{changes}");
    }
}

#[test]
fn a_changed_endpoint_is_stored_within_its_whole_model() {
    let result = compared(&one(&json!({"prompt": "1.5"})), &rules());
    let stored = &result.documents[0];
    let mut expected = documents().models().find(|model| model.id == "a/one").expect("known").clone();
    let endpoint = &mut expected.endpoints[0];
    endpoint.price = serde_json::from_value(
        json!({"prompt": "1.5", "completion": "2", "input_cache_read": "0.1", "web_search": "0.01",
        "overrides": [{"min_prompt_tokens": 500, "prompt": "2"}]}),
    )
    .expect("price");
    endpoint.source = Some("new".to_owned());
    endpoint.date = Some("2026-11-21".to_owned());
    endpoint.effective_from = Some("2026-11-21".to_owned());
    assert_eq!(stored.document, expected);
    assert_eq!(stored.version.len(), 16);
    assert_ne!(stored.version, compared(&one(&json!({"prompt": "1.6"})), &rules()).documents[0].version);
}

#[test]
fn refused_prices_leave_the_whole_endpoint_as_it_is_unless_forced() {
    use RefusalReason::{AboveLimit, Tenfold};
    for (changes, field, reason) in [
        (json!({"prompt": "1000.000000001", "completion": "3"}), "prompt", AboveLimit),
        (json!({"prompt": "1000"}), "prompt", Tenfold),
        (json!({"prompt": "10.000000001"}), "prompt", Tenfold),
        (json!({"prompt": "0.099999999", "input_cache_read": "0.05"}), "prompt", Tenfold),
        (json!({"completion": "0"}), "completion", Tenfold),
        (json!({"input_cache_read": "0.000000001"}), "input_cache_read", Tenfold),
        (json!({"input_cache_write": "50"}), "input_cache_write", Tenfold),
        (json!({"web_search": "0.2"}), "web_search", Tenfold),
        (json!({"overrides": [{"min_prompt_tokens": 500, "prompt": "2000"}]}), "prompt above 500 tokens", AboveLimit),
    ] {
        let result = compared(&one(&changes), &rules());
        let refused: Vec<_> = result.refused.iter().map(|refusal| (refusal.field.as_str(), refusal.reason)).collect();
        assert_eq!(refused, [(field, reason)], "{changes}");
        assert!(result.changed.is_empty() && result.documents.is_empty(), "{changes}");
        let forced = compared(&one(&changes), &force());
        assert!(forced.refused.is_empty() && !forced.changed.is_empty(), "{changes}");
        let mut builder = documents();
        builder.model(forced.documents[0].document.clone());
        builder.build().expect("a forced price can be built");
    }
    for (prompt, accepted) in [("10", true), ("0.1", true)] {
        assert_eq!(compared(&one(&json!({"prompt": prompt})), &rules()).refused.is_empty(), accepted, "{prompt}");
    }
}

#[test]
fn new_endpoints_are_added_unless_their_price_is_out_of_line() {
    for (model, prompt, completion, reason) in [
        ("a/two", "2", "5", None),
        ("a/two", "11", "1", None),
        ("a/two", "11.01", "1", Some(RefusalReason::FarFromOthers)),
        ("a/two", "0.0009", "1", Some(RefusalReason::FarFromOthers)),
        ("a/two", "1", "0", Some(RefusalReason::FarFromOthers)),
        ("a/two", "1001", "1", Some(RefusalReason::AboveLimit)),
        ("a/one:free", "1", "1", Some(RefusalReason::FarFromOthers)),
        ("n/ew", "900", "1", None),
        ("n/ew", "1000.1", "1", Some(RefusalReason::AboveLimit)),
    ] {
        let result = compared(&new_endpoint(model, prompt, completion), &rules());
        let refused: Vec<_> = result.refused.iter().map(|refusal| refusal.reason).collect();
        assert_eq!(refused, reason.into_iter().collect::<Vec<_>>(), "{model} {prompt} {completion}");
        assert_eq!(result.added.len(), usize::from(reason.is_none()), "{model} {prompt} {completion}");
        let forced = compared(&new_endpoint(model, prompt, completion), &force());
        let mut builder = documents();
        builder.model(forced.documents[0].document.clone());
        let built = builder.build().expect("catalogue");
        let known = catalog().model(model).map_or(0, |known| known.endpoints.len());
        assert_eq!(built.model(model).expect("model").endpoints.len(), known + 1);
    }
}

#[test]
fn an_entry_wrong_by_a_thousand_never_gets_in() {
    for (cost, field) in [("1e-3", "prompt"), ("1e-9", "prompt"), ("1e-2", "prompt")] {
        let json = format!(
            r#"{{"acme/one": {{"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": {cost},
            "output_cost_per_token": 2e-6, "cache_read_input_token_cost": 1e-7,
            "search_context_cost_per_query": {{"search_context_size_medium": 0.01}}, "input_cost_per_token_above_500k_tokens": 2e-6}}}}"#
        );
        let document: Value = serde_json::from_str(&json).expect("json");
        let result = compared(&imported(ImportFormat::LiteLlm, &document).models, &rules());
        assert!(result.refused.iter().any(|refusal| refusal.field == field), "{cost}");
        assert!(result.documents.is_empty(), "{cost}");
    }
}

fn price() -> impl Strategy<Value = String> {
    (0u64..2_000_000_000_000).prop_map(|nanos| crate::money::format_scaled(i128::from(nanos), 9))
}

fn sheet() -> impl Strategy<Value = Value> {
    let tiers = proptest::collection::btree_map(1u64..1_000_000, (price(), proptest::option::of(price())), 0..3);
    (price(), price(), proptest::option::of(price()), proptest::option::of(price()), tiers).prop_map(|(prompt, completion, cached, item, tiers)| {
        let overrides: Vec<Value> =
            tiers.into_iter().map(|(tokens, (prompt, audio))| json!({"min_prompt_tokens": tokens, "prompt": prompt, "audio": audio})).collect();
        json!({"prompt": prompt, "completion": completion, "input_cache_read": cached, "web_search": item, "overrides": overrides, "above_limit": true})
    })
}

fn models(sheets: &[Value]) -> Vec<ModelText> {
    let endpoint = |(at, price): (usize, &Value)| json!({"provider": "acme", "upstream_id": "x", "tag": format!("acme/{at}"), "price": price});
    let endpoints: Vec<Value> = sheets.iter().enumerate().map(endpoint).collect();
    vec![serde_json::from_value(json!({"id": "p/q", "context_length": 1, "endpoints": endpoints})).expect("model")]
}

proptest! {
    #[test]
    fn identical_documents_never_differ(sheets in proptest::collection::vec(sheet(), 1..4), force in any::<bool>()) {
        let models = models(&sheets);
        let result = diff(&models, &models, &ImportRules { force, effective_from: "2026-11-21".to_owned() }).expect("prices");
        prop_assert_eq!((result.unchanged, result.added.len(), result.changed.len()), (sheets.len(), 0, 0));
        prop_assert!(result.refused.is_empty() && result.documents.is_empty());
    }

    #[test]
    fn a_forced_import_leaves_nothing_to_import(before in sheet(), after in sheet()) {
        let (before, after) = (models(&[before]), models(&[after]));
        let forced = diff(&before, &after, &super::force()).expect("prices");
        let stored: Vec<ModelText> = forced.documents.into_iter().map(|stored| stored.document).collect();
        let now = if stored.is_empty() { &before } else { &stored };
        let again = diff(now, &after, &super::rules()).expect("prices");
        prop_assert_eq!((again.unchanged, again.changed.len(), again.refused.len()), (1, 0, 0));
    }

    #[test]
    fn without_force_no_accepted_price_leaves_the_limits(before in sheet(), after in sheet()) {
        let (before, after) = (models(&[before]), models(&[after]));
        let result = diff(&before, &after, &super::rules()).expect("prices");
        prop_assert!(result.changed.is_empty() || result.refused.is_empty());
        for stored in result.documents {
            let (old, new) = (&before[0].endpoints[0].price, &stored.document.endpoints[0].price);
            let figure = |text: &str| crate::money::parse_scaled(text, 9).map(i128::from).expect("price");
            let (old, new) = (figure(&old.prompt), figure(&new.prompt));
            prop_assert!(new <= 1_000_000_000_000 && new <= old * 10 && old <= new * 10);
        }
    }
}
