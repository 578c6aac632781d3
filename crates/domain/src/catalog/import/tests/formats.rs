//! Each format, entry by entry.

use super::{DATE, SOURCE, catalog, import_text, imported, mapping, reasons};
use crate::catalog::file::{EndpointText, ModelText};
use crate::catalog::import::{ImportError, ImportFormat, Imported, SkipReason, import};
use serde_json::{Value, json};

fn only(imported: &Imported) -> (&ModelText, &EndpointText) {
    assert_eq!(imported.skipped, []);
    assert_eq!(imported.models.len(), 1);
    assert_eq!(imported.models[0].endpoints.len(), 1);
    (&imported.models[0], &imported.models[0].endpoints[0])
}

fn litellm_price(entry: &str) -> Result<Value, SkipReason> {
    let read = import_text(
        ImportFormat::LiteLlm,
        &format!(r#"{{"acme/one": {{"litellm_provider": "acme", "mode": "chat", {entry}}}}}"#),
    );
    match read.skipped.first() {
        Some(skipped) => Err(skipped.reason.clone()),
        None => Ok(serde_json::to_value(&only(&read).1.price).expect("price")),
    }
}

#[test]
fn formats_are_named() {
    for (name, format) in [
        ("openrouter", ImportFormat::OpenRouter),
        ("litellm", ImportFormat::LiteLlm),
        ("models.dev", ImportFormat::ModelsDev),
    ] {
        assert_eq!(name.parse(), Ok(format));
    }
    assert!("OpenRouter".parse::<ImportFormat>().is_err());
}

#[test]
fn price_map_figures_are_read_without_rounding() {
    for (entry, price) in [
        (
            r#""input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-7"#,
            json!({"prompt": "0.15", "completion": "0.6"}),
        ),
        (
            r#""input_cost_per_token": 0.00000015, "output_cost_per_token": 0.0000006"#,
            json!({"prompt": "0.15", "completion": "0.6"}),
        ),
        (r#""input_cost_per_token": 9.999700000000001e-07"#, json!({"prompt": "0.99997", "completion": "0"})),
        (r#""input_cost_per_token": "1e-6", "output_cost_per_token": null"#, json!({"prompt": "1", "completion": "0"})),
        (
            r#""input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "cache_read_input_token_cost": 1e-7,
               "cache_creation_input_token_cost": 1.25e-6, "cache_creation_input_token_cost_above_1hr": 2e-6,
               "output_cost_per_reasoning_token": 2e-6, "input_cost_per_audio_token": 0, "input_cost_per_request": 0.005,
               "input_cost_per_image": 0.001, "search_context_cost_per_query": {"search_context_size_medium": 0.025},
               "input_cost_per_token_above_200k_tokens": 2e-6, "cache_read_input_token_cost_above_200k_tokens": 2e-7,
               "input_cost_per_token_above_200k_tokens_priority": 4e-6, "input_cost_per_token_batches": 5e-7"#,
            json!({"prompt": "1", "completion": "2", "input_cache_read": "0.1", "input_cache_write": "1.25", "input_cache_write_1h": "2",
                "request": "0.005", "web_search": "0.025",
                "overrides": [{"min_prompt_tokens": 200_000, "prompt": "2", "input_cache_read": "0.2"}]}),
        ),
        (
            r#""tiered_pricing": [{"range": [32000, 128000.0], "input_cost_per_token": 2e-6, "output_cost_per_token": 4e-6},
                {"range": [0, 32e3], "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}]"#,
            json!({"prompt": "1", "completion": "2", "overrides": [{"min_prompt_tokens": 32_000, "prompt": "2", "completion": "4"}]}),
        ),
    ] {
        assert_eq!(litellm_price(entry), Ok(price), "{entry}");
    }
}

#[test]
fn price_map_entries_without_a_usable_price_are_skipped() {
    for (entry, reason) in [
        (r#""input_cost_per_token": -1e-6"#, SkipReason::Negative("prompt")),
        (r#""input_cost_per_token": 1e-6, "output_cost_per_token": -0.000001"#, SkipReason::Negative("completion")),
        (r#""output_cost_per_token": 1e-6"#, SkipReason::NoPrice),
        (r#""input_cost_per_token": 0, "output_cost_per_token": 0.0"#, SkipReason::ZeroPrice),
        (r#""input_cost_per_token": "free""#, SkipReason::Number("prompt")),
        (r#""input_cost_per_token": {}"#, SkipReason::Number("prompt")),
        (r#""input_cost_per_token": 1e40"#, SkipReason::Number("prompt")),
        (r#""input_cost_per_token": 1e-40"#, SkipReason::Number("prompt")),
        (r#""input_cost_per_token": 1e-6, "supported_endpoints": ["/v1/responses"]"#, SkipReason::OtherApi),
        (r#""input_cost_per_token": 1e-6, "deprecation_date": "2026-11-20""#, SkipReason::Deprecated),
        (r#""tiered_pricing": [{"input_cost_per_token": 1e-6}]"#, SkipReason::NoPrice),
    ] {
        assert_eq!(litellm_price(entry), Err(reason), "{entry}");
    }
}

#[test]
fn price_map_keys_find_their_endpoints() {
    let entry = |provider: &str| json!({"litellm_provider": provider, "mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6});
    let read = imported(
        ImportFormat::LiteLlm,
        &json!({
            "sample_spec": {"mode": "one of chat, embedding"}, "acme/one": entry("acme"), "acme/one-2026": entry("acme"), "beta/eu.one": entry("beta"),
            "azure/two": entry("azure"), "azure/global/two": entry("azure"), "azure/eu/two": entry("azure"), "azure/us/two": entry("azure"),
            "zeta/one": entry("zeta"), "acme/new": entry("acme"), "nobody/knows": entry("acme"),
        }),
    );
    let found: Vec<(&str, Option<&str>, &str)> = read
        .models
        .iter()
        .flat_map(|model| {
            model.endpoints.iter().map(|at| (model.id.as_str(), at.tag.as_deref(), at.upstream_id.as_str()))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("a/one", Some("acme"), "one"),
            ("a/one", Some("beta/eu"), "eu.one"),
            ("a/two", Some("azure/eu"), "two"),
            ("a/two", Some("azure"), "two"),
            ("a/two", Some("azure/us"), "two"),
        ]
    );
    assert_eq!(
        reasons(&read),
        [
            ("acme/new", "no context length".to_owned()),
            ("acme/one-2026", "the model is listed at this provider under another name".to_owned()),
            ("azure/two", "another entry names the same endpoint".to_owned()),
            ("nobody/knows", "no model of the catalogue has this name".to_owned()),
            ("sample_spec", "no model of the catalogue has this name".to_owned()),
            ("zeta/one", "unknown provider zeta".to_owned()),
        ]
    );
}

#[test]
fn price_map_describes_a_model_that_is_new() {
    let read = imported(
        ImportFormat::LiteLlm,
        &json!({"acme/new": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
            "max_input_tokens": 128_000, "max_output_tokens": "4096", "supports_vision": true, "supports_function_calling": true,
            "supports_reasoning": false}}),
    );
    let (model, endpoint) = only(&read);
    assert_eq!((model.id.as_str(), model.context_length, model.max_completion_tokens), ("b/new", 128_000, Some(4096)));
    assert_eq!(
        (model.input_modalities.join(" "), model.supported_parameters.join(" ")),
        ("text image".to_owned(), "max_tokens tool_choice tools".to_owned())
    );
    assert_eq!((endpoint.upstream_id.as_str(), endpoint.source.as_deref()), ("new", Some("prices.json; acme/new")));
    assert_eq!((model.date.as_deref(), endpoint.date.as_deref()), (Some(DATE), Some(DATE)));
}

#[test]
fn models_dev_costs_are_per_million() {
    let entry = json!({"acme": {"id": "acme", "models": {"one": {"id": "one", "name": "One", "limit": {"context": 1000, "output": 10},
        "cost": {"input": 1.25, "output": 1e1, "cache_read": 0.125, "cache_write": 0, "reasoning": 10.0, "image": 3,
            "tiers": [{"input": 2.5, "output": 15, "tier": {"type": "context", "size": 200_000}}], "context_over_200k": {"input": 99}}}}}});
    let read = imported(ImportFormat::ModelsDev, &entry);
    let price = serde_json::to_value(&only(&read).1.price).expect("price");
    // The search price of the known endpoint stays: models.dev has no word for it.
    assert_eq!(
        price,
        json!({"prompt": "1.25", "completion": "10", "input_cache_read": "0.125", "web_search": "0.01",
            "overrides": [{"min_prompt_tokens": 200_000, "prompt": "2.5", "completion": "15"}]})
    );
}

#[test]
fn models_dev_entries_are_placed_or_skipped_with_a_reason() {
    let model = |cost: Value| json!({"name": "M", "limit": {"context": 8000, "output": 100}, "cost": cost, "modalities": {"input": ["text", "pdf"]}});
    let read = imported(
        ImportFormat::ModelsDev,
        &json!({
            "acme": {"models": {"one": model(json!({"input": 1, "output": -2})), "other": model(json!({"input": 1})), "new": {"name": "N"}}},
            "beta": {"models": {"big-two": model(json!({"input": 1, "output": 2, "context_over_200k": {"input": 2}}))}},
            "openrouter": {"models": {"c/three": model(json!({"input": 0.5, "output": 1.5})), "c/three:free": model(json!({"input": 0, "output": 0})),
                "a/one-20260101": model(json!({"input": 1})), "~c/latest": model(json!({"input": 1})), "c/zero": model(json!({"input": 0}))}},
            "zeta": {"models": {"one": model(json!({"input": 1}))}},
        }),
    );
    let found: Vec<(&str, Option<&str>, &str)> = read
        .models
        .iter()
        .map(|model| (model.id.as_str(), model.endpoints[0].tag.as_deref(), model.endpoints[0].upstream_id.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("a/two", Some("beta"), "big-two"),
            ("c/three", Some("openrouter"), "c/three"),
            ("c/three:free", Some("openrouter"), "c/three:free")
        ]
    );
    assert_eq!(read.models[1].input_modalities, ["text", "file"]);
    assert_eq!(
        reasons(&read),
        [
            ("acme/new", "no price".to_owned()),
            ("acme/one", "price completion is negative".to_owned()),
            ("acme/other", "no model of the catalogue has this name".to_owned()),
            ("openrouter/a/one-20260101", "another name of a/one".to_owned()),
            ("openrouter/c/zero", "price 0 without being a free variant".to_owned()),
            ("openrouter/~c/latest", "a router or a moving alias, not a model".to_owned()),
            ("zeta/one", "unknown provider zeta".to_owned()),
        ]
    );
}

#[test]
fn the_list_prices_the_openrouter_endpoint_of_each_model() {
    let listed = |id: &str, pricing: Value| {
        json!({"id": id, "name": "N", "context_length": 4000, "pricing": pricing, "architecture": {"tokenizer": "GPT"},
        "top_provider": {"context_length": 2000, "max_completion_tokens": 100, "is_moderated": true}, "benchmarks": {"x": 1.5}})
    };
    let read = imported(
        ImportFormat::OpenRouter,
        &json!({"total_count": 9, "data": [
            listed("a/one", json!({"prompt": "0.0000011", "completion": "2.2e-6", "request": "0", "image": "0", "internal_reasoning": "0",
                "web_search": "0.02", "discount": 0, "overrides": [{"min_prompt_tokens": 100, "prompt": "0.000002"}]})),
            listed("a/two", json!({"prompt": "1e-6", "completion": "1e-6"})),
            listed("d/four:free", json!({"prompt": "0", "completion": "0"})),
            listed("openrouter/auto", json!({"prompt": "-1", "completion": "-1"})),
            listed("d/dynamic", json!({"prompt": "-1", "completion": "-1"})),
            listed("d/four:nitro", json!({"prompt": "0.000001"})),
            listed("d/hourly", json!({"prompt": "0.000001", "overrides": [{"utc_start": "0000", "prompt": "1e-7"}]})),
            listed("d/none", json!({"completion": "0.000001"})),
            {"id": "d/broken", "pricing": 7}, {"no": "id"},
        ]}),
    );
    let one = &read.models[0];
    assert_eq!((one.id.as_str(), one.endpoints[0].tag.as_deref()), ("a/one", Some("openrouter")));
    assert_eq!(
        serde_json::to_value(&one.endpoints[0].price).expect("price"),
        json!({"prompt": "1.1", "completion": "2.2", "web_search": "0.02", "overrides": [{"min_prompt_tokens": 100, "prompt": "2"}]})
    );
    let ids: Vec<&str> = read.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["a/one", "a/two", "d/four:free"]);
    let new = &read.models[2];
    assert_eq!(
        (new.context_length, new.max_completion_tokens, new.tokenizer.as_deref()),
        (4000, Some(100), Some("GPT"))
    );
    assert_eq!((new.endpoints[0].context_length, new.endpoints[0].upstream_id.as_str()), (Some(2000), "d/four:free"));
    let skipped: Vec<&str> = read.skipped.iter().map(|skipped| skipped.id.as_str()).collect();
    assert_eq!(
        skipped,
        ["openrouter/auto", "d/dynamic", "d/four:nitro", "d/hourly", "d/none", "d/broken", "(without id)"]
    );
    assert_eq!(read.skipped[1].reason, SkipReason::Negative("completion"));
    assert_eq!(read.skipped[3].reason, SkipReason::TimeOfDay);
}

#[test]
fn a_list_without_any_thresholds_leaves_known_ones() {
    let one = |rules: &Value| {
        json!({"id": "a/one", "endpoints": [{"tag": "acme", "pricing": {"prompt": "0.000001", "completion": "0.000002"}},
        {"tag": "beta/eu", "pricing": {"prompt": "0.000001", "overrides": rules}}]})
    };
    let thresholds =
        |document: &Value| imported(ImportFormat::OpenRouter, document).models[0].endpoints[0].price.overrides.len();
    assert_eq!(thresholds(&json!({"data": one(&json!([]))})), 0);
    let mut silent = json!({"data": one(&json!([]))});
    silent["data"]["endpoints"][1]["pricing"].as_object_mut().expect("object").remove("overrides");
    assert_eq!(thresholds(&silent), 1);
}

#[test]
fn endpoint_documents_price_each_provider() {
    let at = |tag: &str, name: &str, prompt: &str| {
        json!({"tag": tag, "provider_name": name, "quantization": "fp8", "context_length": 900,
        "pricing": {"prompt": prompt, "completion": "0.000002"}, "uptime_last_30m": 99.5})
    };
    let one = json!({"data": {"id": "a/one", "name": "One", "architecture": {"input_modalities": ["text"]}, "endpoints": [
        at("acme", "Acme", "0.0000012"), at("beta/eu", "Beta Cloud", "0.0000015"), at("beta/fast", "Beta Cloud", "0.000009"),
        at("mystery", "Mystery", "0.000001"),
    ]}});
    let two = json!({"data": {"id": "a/two", "endpoints": [at("", "beta cloud", "0.000001"), at("", "Nobody", "0.000001"), {"tag": "acme"}]}});
    let read = imported(ImportFormat::OpenRouter, &json!([one, two]));
    let found: Vec<(&str, Option<&str>, &str, &str)> = read
        .models
        .iter()
        .flat_map(|model| {
            model
                .endpoints
                .iter()
                .map(|at| (model.id.as_str(), at.tag.as_deref(), at.upstream_id.as_str(), at.price.prompt.as_str()))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("a/one", Some("acme"), "one", "1.2"),
            ("a/one", Some("beta/eu"), "eu.one", "1.5"),
            ("a/two", Some("beta"), "big-two", "1")
        ]
    );
    assert_eq!(read.models[1].endpoints[0].quantization.as_deref(), Some("fp8"));
    let skipped = reasons(&read);
    assert_eq!(skipped[0], ("a/one at beta/fast", "what the provider calls the model is not known".to_owned()));
    assert_eq!(skipped[1], ("a/one at mystery", "unknown provider mystery".to_owned()));
    assert_eq!(skipped[2], ("a/two at Nobody", "unknown provider Nobody".to_owned()));
    assert!(skipped[3].1.starts_with("cannot be read"), "{skipped:?}");
}

#[test]
fn what_is_not_of_the_format_is_refused_as_a_whole() {
    let read = |format, json: &str| import(format, json, &catalog(), &mapping(), DATE, SOURCE);
    for (format, json) in [
        (ImportFormat::OpenRouter, "{}"),
        (ImportFormat::OpenRouter, r#"{"data": 5}"#),
        (ImportFormat::OpenRouter, "<html>"),
        (ImportFormat::LiteLlm, "[]"),
        (ImportFormat::ModelsDev, r#"{"acme": {"input_cost_per_token": 1}}"#),
        (ImportFormat::ModelsDev, ""),
    ] {
        assert!(matches!(read(format, json), Err(ImportError::Shape(_))), "{json}");
    }
    for (format, json) in [
        (ImportFormat::OpenRouter, r#"{"data": []}"#),
        (ImportFormat::OpenRouter, r#"{"data": [{"id": "a/one"}]}"#),
        (ImportFormat::LiteLlm, "{}"),
        (ImportFormat::LiteLlm, r#"{"data": [{"id": "a/one"}]}"#),
        (ImportFormat::LiteLlm, r#"{"acme": {"models": {}}}"#),
        (ImportFormat::ModelsDev, r#"{"acme": {"models": {}}}"#),
    ] {
        assert!(matches!(read(format, json), Err(ImportError::Nothing)), "{json}");
    }
}
