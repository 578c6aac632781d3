//! What the two official client libraries of the public contract demand of every answer, field by field.
//!
//! Read off their response types on 2026-08-22: a name alone has to be there, `:` gives its type, `|null` allows null,
//! `[]` visits every element. An answer that lacks one of these makes a typed client throw.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use house::calls::{opening, settle, settlement};
use house::{House, hash_of, noon};
use serde_json::Value;
use std::time::Duration;

const MODEL: &str = "architecture, architecture.input_modalities[]:str, architecture.modality:str|null, \
    architecture.output_modalities[]:str, canonical_slug:str, context_length:int|null, created:int, \
    default_parameters|null, id:str, links, links.details:str, name:str, per_request_limits|null, pricing, \
    pricing.completion:str, pricing.prompt:str, supported_parameters[]:str, supported_voices|null, top_provider, \
    top_provider.is_moderated:bool";

const PAGE: &str = "links, links.next:str|null, total_count:int";

const ENDPOINT: &str = "context_length:int, latency_last_30m|null, max_completion_tokens:int|null, \
    max_prompt_tokens:int|null, model_id:str, model_name:str, name:str, native_tools, pricing, pricing.completion:str, \
    pricing.prompt:str, provider_name:str, quantization:str|null, service_tier:str|null, supported_parameters[]:str, \
    supports_diarization:bool, supports_implicit_caching:bool, supports_tool_choice, supports_tool_choice.auto:bool, \
    supports_tool_choice.function:bool, supports_tool_choice.none:bool, supports_tool_choice.required:bool, tag:str, \
    throughput_last_30m|null, uptime_last_1d:num|null, uptime_last_30m:num|null, uptime_last_5m:num|null";

const ENDPOINTS: &str = "architecture, architecture.input_modalities[]:str, architecture.instruct_type:str|null, \
    architecture.modality:str|null, architecture.output_modalities[]:str, architecture.tokenizer:str|null, created:int, \
    description:str, id:str, name:str";

const PROVIDER: &str = "name:str, privacy_policy_url:str|null, slug:str";

const KEY: &str = "byok_usage:num, byok_usage_daily:num, byok_usage_monthly:num, byok_usage_weekly:num, created_at:str, \
    creator_user_id:str|null, disabled:bool, external_user:str|null, hash:str, include_byok_in_limit:bool, label:str, \
    last_used_at:str|null, limit:num|null, limit_remaining:num|null, limit_reset:str|null, name:str, updated_at:str|null, \
    usage:num, usage_daily:num, usage_monthly:num, usage_weekly:num, workspace_id:str";

const CURRENT_KEY: &str = "allowed_data_regions[]:str, budgets[].budget_id:str|null, budgets[].guardrail_id:str|null, \
    budgets[].include_byok:bool, budgets[].limit_usd:num, budgets[].remaining_usd:num, \
    budgets[].reset_interval:str|null, budgets[].resets_at:str|null, budgets[].scope:str, budgets[].spend_usd:num, \
    byok_usage:num, byok_usage_daily:num, byok_usage_monthly:num, byok_usage_weekly:num, creator_user_id:str|null, \
    effective_budget|null, free_model_daily_requests, free_model_daily_requests.limit:int, \
    free_model_daily_requests.remaining:int, free_model_daily_requests.used:int, include_byok_in_limit:bool, \
    is_free_tier:bool, is_management_key:bool, is_provisioning_key:bool, label:str, limit:num|null, \
    limit_remaining:num|null, limit_reset:str|null, organization_id:str|null, rate_limit, rate_limit.interval:str, \
    rate_limit.note:str, rate_limit.requests:int, usage:num, usage_daily:num, usage_monthly:num, usage_weekly:num, \
    workspace_id:str|null";

const GENERATION: &str = "api_type:str|null, app_id:int|null, cache_discount:num|null, cancelled:bool|null, \
    created_at:str, data_region:str, external_user:str|null, finish_reason:str|null, generation_time:num|null, \
    http_referer:str|null, id:str, is_byok:bool, latency:num|null, model:str, moderation_latency:num|null, \
    native_finish_reason:str|null, native_tokens_cached:int|null, native_tokens_completion:int|null, \
    native_tokens_completion_images:int|null, native_tokens_prompt:int|null, native_tokens_reasoning:int|null, \
    num_fetches:int|null, num_input_audio_prompt:int|null, num_media_completion:int|null, num_media_prompt:int|null, \
    num_search_results:int|null, origin:str, preset_id:str|null, provider_name:str|null, provider_responses|null, \
    provider_responses[].status:int|null, router:str|null, service_tier:str|null, streamed:bool|null, \
    tokens_completion:int|null, tokens_prompt:int|null, total_cost:num, upstream_id:str|null, \
    upstream_inference_cost:num|null, usage:num, user_agent:str|null, web_search_engine:str|null, workspace_id:str|null";

const ACTIVITY: &str = "byok_usage_inference:num, cached_tokens:int, completion_tokens:int, date:str, endpoint_id:str, \
    model:str, model_permaslug:str, prompt_tokens:int, provider_name:str, reasoning_tokens:int, requests:int, usage:num";

const PRESET: &str = "created_at:str, creator_user_id:str|null, description:str|null, designated_version_id:str|null, id:str, \
    name:str, slug:str, status:str, status_updated_at:str|null, updated_at:str, workspace_id:str|null";

const VERSION: &str = "config, created_at:str, creator_id:str, id:str, preset_id:str, system_prompt:str|null, updated_at:str, version:int";

/// Every place that a dotted path with `[]` reaches; a missing key is reported as an error.
fn reach<'a>(value: &'a Value, path: &str) -> Result<Vec<&'a Value>, String> {
    let mut places = vec![value];
    for word in path.split('.').filter(|word| !word.is_empty()) {
        let name = word.trim_end_matches("[]");
        let mut next = Vec::new();
        for place in places {
            let inner = if name.is_empty() { place } else { place.get(name).ok_or(format!("{path}: no {name}"))? };
            if word.ends_with("[]") {
                next.extend(inner.as_array().ok_or(format!("{path}: {name} is no list"))?);
            } else {
                next.push(inner);
            }
        }
        places = next;
    }
    Ok(places)
}

fn demand(value: &Value, base: &str, needs: &str) {
    for place in reach(value, base).expect("the answer's frame") {
        for need in needs.split(',').map(str::trim) {
            let (need, may_be_null) = need.strip_suffix("|null").map_or((need, false), |need| (need, true));
            let (path, kind) = need.split_once(':').unwrap_or((need, "any"));
            let found = reach(place, path).unwrap_or_else(|missing| unreachable!("{base}: {missing} in {place}"));
            for found in found {
                let fits = match kind {
                    "str" => found.is_string(),
                    "int" => found.is_i64() || found.is_u64(),
                    "num" => found.is_number(),
                    "bool" => found.is_boolean(),
                    _ => !found.is_null(),
                };
                assert!(fits || may_be_null && found.is_null(), "{base}.{need} is {found}");
            }
        }
    }
}

#[tokio::test]
async fn the_catalogue_has_what_typed_clients_need() {
    let house = House::open().await;
    let get = async |path: &str| house.get(&format!("/api/v1{path}")).send().await.json();
    for path in ["/models", "/models?limit=1&output_modalities=all", "/embeddings/models"] {
        let list = get(path).await;
        demand(&list, "data[]", MODEL);
        demand(&list, "", PAGE);
    }
    demand(&get("/model/acme/large").await, "data", MODEL);
    let endpoints = get("/models/acme/large/endpoints").await;
    demand(&endpoints, "data", ENDPOINTS);
    demand(&endpoints, "data.endpoints[]", ENDPOINT);
    demand(&get("/endpoints/zdr").await, "data[]", ENDPOINT);
    demand(&get("/providers").await, "data[]", PROVIDER);
    demand(&get("/models/count").await, "data", "count:int");
    let drawing = "architecture, architecture.input_modalities[]:str, architecture.output_modalities[]:str, created:int, \
        description:str, endpoints:str, id:str, name:str, supported_parameters.tools.type:str, supports_streaming:bool";
    demand(&get("/images/models").await, "data[]", drawing);
    let offer = "allowed_passthrough_parameters[]:str, pricing[].billable:str, pricing[].cost_usd:num, pricing[].unit:str, \
        provider_name:str, provider_slug:str, provider_tag:str|null, supported_parameters.tools.type:str, supports_streaming:bool";
    let offers = get("/images/models/acme/draw/endpoints").await;
    demand(&offers, "endpoints[]", offer);
    demand(&offers, "", "id:str");
}

#[tokio::test]
async fn accounts_and_keys_have_what_typed_clients_need() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let body = r#"{"name":"k","limit":1,"limit_reset":"daily"}"#;
    let created = house.post("/api/v1/keys").key(&tenant.management).json(body).send().await;
    assert_eq!(created.status, 201);
    demand(&created.json(), "data", KEY);
    demand(&created.json(), "", "key:str");
    let limited = created.json()["key"].as_str().expect("text").to_owned();
    let get = async |path: &str| house.get(&format!("/api/v1{path}")).key(&tenant.management).send().await.json();
    demand(&get("/keys").await, "data[]", KEY);
    let path = format!("/keys/{}", hash_of(&tenant.inference));
    demand(&get(&path).await, "data", KEY);
    let patch =
        house.ask("PATCH", &format!("/api/v1{path}")).key(&tenant.management).json(r#"{"name":"x"}"#).send().await;
    demand(&patch.json(), "data", KEY);
    demand(&get("/credits").await, "data", "total_credits:num, total_usage:num");
    demand(&get("/key").await, "data", CURRENT_KEY);
    let limited = house.get("/api/v1/key").header("authorization", &format!("Bearer {limited}")).send().await.json();
    demand(&limited, "data", CURRENT_KEY);
    let budget = "budget_id|null, guardrail_id|null, include_byok:bool, limit_usd:num, remaining_usd:num, \
        reset_interval|null, resets_at|null, scope:str, spend_usd:num";
    demand(&limited, "data.effective_budget", budget);
}

#[tokio::test]
async fn records_and_activity_have_what_typed_clients_need() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let call = opening(&house, &tenant, noon());
    let id = call.id;
    settle(&house, vec![settlement(call)]).await;
    house.clock.advance(Duration::from_secs(86_400));
    let get = async |path: &str| house.get(&format!("/api/v1{path}")).key(&tenant.management).send().await.json();
    demand(&get(&format!("/generation?id={id}")).await, "data", GENERATION);
    let activity = get("/activity").await;
    assert_eq!(activity["data"].as_array().expect("list").len(), 1);
    demand(&activity, "data[]", ACTIVITY);
    let refusal = house.get("/api/v1/key").send().await.json();
    demand(&refusal, "", "error, error.code:int, error.message:str, error.metadata.error_type:str");
}

#[tokio::test]
async fn presets_have_what_typed_clients_need() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let body = r#"{"model":"acme/large","messages":[{"role":"system","content":"s"}]}"#;
    for form in ["chat/completions", "messages", "responses"] {
        let path = format!("/api/v1/presets/brief/{form}");
        let made = house.post(&path).key(&tenant.inference).json(body).send().await;
        assert_eq!(made.status, 200, "{}", made.text());
        demand(&made.json(), "data", PRESET);
        demand(&made.json(), "data.designated_version", VERSION);
    }
    let get = async |path: &str| house.get(&format!("/api/v1{path}")).key(&tenant.inference).send().await.json();
    demand(&get("/models/user").await, "data[]", MODEL);
    demand(&get("/models/user").await, "", PAGE);
    demand(&get("/presets").await, "data[]", PRESET);
    demand(&get("/presets").await, "", "total_count:int");
    demand(&get("/presets/brief").await, "data", PRESET);
    demand(&get("/presets/brief").await, "data.designated_version", VERSION);
    demand(&get("/presets/brief/versions").await, "data[]", VERSION);
    demand(&get("/presets/brief/versions").await, "", "total_count:int");
    demand(&get("/presets/brief/versions/1").await, "data", VERSION);
}

#[test]
fn a_missing_or_mistyped_field_is_noticed() {
    let answer = serde_json::json!({"data": [{"a": null, "b": 1.5}]});
    assert!(reach(&answer, "data[].c").is_err());
    for need in ["a:str", "b:int", "b:str|null"] {
        assert!(std::panic::catch_unwind(|| demand(&answer, "data[]", need)).is_err(), "{need}");
    }
    demand(&answer, "data[]", "a:str|null, b:num");
}
