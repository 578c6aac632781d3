//! Whom a request reaches and what the caller is told about it, over HTTP.

use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use testkit::{Answer, Ask, Model, TestApp};

/// Three providers of one model, at prices that make each of them likely, and what single rows need beside it.
async fn app() -> TestApp {
    let mut builder = TestApp::builder(BINARY);
    for slug in ["one", "two", "three"] {
        builder = builder.simulated(slug, Family::OpenAi).await;
    }
    let app = builder
        .model(Model::new("mock/echo").at("one", "1", "1").at("two", "1.2", "1.2").at("three", "1.4", "1.4"))
        .model(Model::new("mock/solo").at("one", "1", "1"))
        .model(Model::new("mock/orphan").at("one", "1", "1").with("endpoints", json!([])))
        .model(Model::new("mock/gone").at("one", "1", "1").with("expiration_date", json!("2020-01-01")))
        .model(Model::new("mock/vectors").at("one", "1", "1").with("output_modalities", json!(["embeddings"])))
        .model(Model::new("mock/small").at("two", "1", "1").with("context_length", json!(1000)))
        .model(Model::new("mock/echo-2").at("one", "1", "1").with("created", json!(5)))
        .model(Model::new("mock/gift:free").at("three", "0", "0"))
        .setting("health.ejects", json!(false))
        .start()
        .await;
    for slug in ["one", "two", "three"] {
        app.simulator(slug).set_scenario("*", scenario(json!({"answer": {"text": "ok"}})));
    }
    app
}

fn body(model: &str, more: &Value) -> Value {
    let mut body = json!({"model": model, "max_tokens": 10, "messages": [{"role": "user", "content": "hello"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn ask(app: &TestApp, model: &str, more: Value) -> Answer {
    let ask = Ask::chat(&body(model, &more)).key(&app.key).header("x-openrouter-metadata", "enabled");
    app.send(&ask).await
}

async fn explain(app: &TestApp, key: &str, model: &str, more: Value) -> Answer {
    app.send(&Ask::json("POST", "/api/v1/route/explain", &body(model, &more)).key(key)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_names_the_provider_that_then_serves_a_thousand_times_of_a_thousand() {
    let app = app().await;
    let health = json!({"one": {"state": "stable"}, "two": {"state": "stable"}, "three": {"state": "stable"}});
    let mut served = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..1000u32 {
        let wish = json!({"explain": {"seed": seed, "health": health}});
        let plan = explain(&app, &app.management, "mock/echo", wish).await.json();
        let ask = Ask::chat(&body("mock/echo", &json!({}))).key(&app.key).header("x-portolan-seed", &seed.to_string());
        let answer = app.send(&ask).await;
        let provider = answer.header("x-portolan-provider").unwrap_or_else(|| panic!("{}", answer.text()));
        assert_eq!(plan["attempts"][0]["tag"], json!(provider), "seed {seed}: {plan}");
        *served.entry(provider).or_default() += 1;
    }
    assert!(served.len() == 3 && served.values().all(|times| *times > 150), "all of them were in play: {served:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_says_everything_and_calls_nobody() {
    let app = app().await;
    let wish = json!({"provider": {"ignore": ["two"], "sort": "price"}, "models": ["mock/echo", "mock/small"]});
    let answer = explain(&app, &app.key, "mock/echo", wish).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let plan = answer.json();
    assert_eq!(plan["attempts"].as_array().unwrap().len(), 2, "{plan}");
    let first = &plan["attempts"][0];
    assert_eq!(
        (&first["rank"], &first["tag"], &first["reason"]),
        (&json!(1), &json!("one"), &json!("sorted as asked"))
    );
    assert_eq!(first["price"]["prompt"], "0.000001");
    assert_eq!(first["health"]["state"], "stable");
    assert!(first["estimate"]["max_usd"].as_str().unwrap().starts_with("0.0000"), "{first}");
    assert!(first["data_policy"].is_object());
    let out = plan["excluded"].as_array().unwrap();
    assert!(out.iter().all(|out| out["reason"] == "ignored provider" && out["policy"] == "request"), "{plan}");
    assert_eq!(plan["error"], Value::Null);
    let none = explain(&app, &app.key, "mock/echo", json!({"provider": {"only": ["nobody"]}})).await.json();
    assert_eq!(none["attempts"], json!([]));
    assert_eq!(none["error"]["availability"]["code"], "constraint_filtered", "{none}");
    let health = explain(&app, &app.key, "mock/echo", json!({"explain": {"health": {}}})).await;
    assert_eq!(health.status, 403, "a health view is an operator's: {}", health.text());
    let odd = explain(&app, &app.management, "mock/echo", json!({"explain": {"seed": "x"}})).await;
    assert_eq!(odd.status, 400, "{}", odd.text());
    for slug in ["one", "two", "three"] {
        assert!(app.simulator(slug).observed().is_empty());
    }
    app.finish().await;
}

/// The body of every dialect, and the route that it is meant for.
fn in_every_dialect(model: &str) -> [(&'static str, &'static str, Value); 5] {
    let turn = json!([{"role": "user", "content": "hello"}]);
    [
        ("chat", "/api/v1/chat/completions", json!({"model": model, "messages": turn, "max_tokens": 20})),
        ("messages", "/api/v1/messages", json!({"model": model, "messages": turn, "max_tokens": 20})),
        ("responses", "/api/v1/responses", json!({"model": model, "input": "hello", "max_output_tokens": 20})),
        ("completions", "/api/v1/completions", json!({"model": model, "prompt": "hello", "max_tokens": 20})),
        ("embeddings", "/api/v1/embeddings", json!({"model": "mock/vectors", "input": "hello"})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_takes_the_body_of_every_dialect_and_names_who_then_serves() {
    let app = app().await;
    for (dialect, route, mut body) in in_every_dialect("mock/echo") {
        for seed in ["1", "2", "3"] {
            body["explain"] = json!({"seed": seed});
            let path = format!("/api/v1/route/explain?dialect={dialect}");
            let plan = app.send(&Ask::json("POST", &path, &body).key(&app.key)).await;
            assert_eq!(plan.status, 200, "{dialect}: {}", plan.text());
            let plan = plan.json();
            assert_eq!((&plan["seed"], &plan["error"]), (&json!(seed), &Value::Null), "{dialect}");
            body.as_object_mut().unwrap().remove("explain");
            let answer = app.send(&Ask::json("POST", route, &body).key(&app.key).header("x-portolan-seed", seed)).await;
            assert_eq!(answer.status, 200, "{dialect}: {}", answer.text());
            let provider = answer.header("x-portolan-provider");
            assert_eq!(plan["attempts"][0]["tag"].as_str(), provider.as_deref(), "{dialect}, seed {seed}: {plan}");
        }
        body["pin"] = json!({"provider": "nobody"});
        let pinned = app.send(&Ask::json("POST", route, &body).key(&app.key)).await;
        assert_eq!(pinned.status, 404, "{dialect}: a pin holds in every dialect: {}", pinned.text());
    }
    for query in ["dialect=latin", "dialect=", "dialect=chat&dialect=chat"] {
        let path = format!("/api/v1/route/explain?{query}");
        let odd = app.send(&Ask::json("POST", &path, &body("mock/echo", &json!({}))).key(&app.key)).await;
        assert_eq!(odd.status, 400, "{query}: {}", odd.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_name_provider_attempts_and_overhead_in_head_and_metadata() {
    let app = app().await;
    app.simulator("one").set_scenario("*", scenario(json!({"headers": {"status": 500}})));
    for stream in [false, true] {
        let answer = ask(&app, "mock/echo", json!({"provider": {"order": ["one", "two"]}, "stream": stream})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-portolan-provider").as_deref(), Some("two"), "stream {stream}");
        assert_eq!(answer.header("x-portolan-attempts").as_deref(), Some("2"), "stream {stream}");
        let overhead: f64 = answer.header("x-portolan-overhead-ms").unwrap().parse().unwrap();
        assert!((0.0..5000.0).contains(&overhead), "{overhead}");
        let whole = if stream { answer.events().pop().unwrap() } else { answer.json() };
        let metadata = &whole["openrouter_metadata"];
        assert_eq!(metadata["strategy"], "direct", "{whole}");
        assert_eq!(metadata["attempt"], 2);
        assert_eq!(metadata["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(metadata["attempts"][0]["status"], 500);
        assert_eq!(metadata["endpoints"]["total"], 3);
        let selected = |row: &&Value| row["selected"] == true;
        let available = metadata["endpoints"]["available"].as_array().unwrap();
        assert_eq!(available.iter().find(selected).unwrap()["provider"], "two");
        assert_eq!(metadata["policies"], json!(["request"]));
        assert!(metadata["generation_time"].is_u64() && metadata["is_byok"] == false, "{metadata}");
    }
    app.finish().await;
}

/// Asks for routers, aliases and families; the concrete model answers.
#[tokio::test(flavor = "multi_thread")]
async fn features_4_7_to_4_9_routers_and_families_answer_with_the_concrete_model() {
    let app = app().await;
    for (id, model, strategy) in [
        ("openrouter/free", "mock/gift:free", "free"),
        ("portolan/free", "mock/gift:free", "free"),
        ("~mock/echo-latest", "mock/echo-2", "latest"),
        ("mock/solo:floor", "mock/solo", "direct"),
    ] {
        let answer = ask(&app, id, json!({})).await;
        assert_eq!(answer.status, 200, "{id}: {}", answer.text());
        assert_eq!(answer.json()["model"], model, "{id}");
        assert_eq!(answer.json()["openrouter_metadata"]["strategy"], strategy, "{id}");
        let router = (strategy == "free").then_some("openrouter/free");
        assert_eq!(app.generation(&answer.id().unwrap()).await["router"], json!(router), "{id}");
    }
    let plugin = json!({"plugins": [{"id": "auto-router", "cost_tier": "medium", "allowed_models": ["mock/s*"],
        "excluded_models": ["*/small"]}]});
    let answer = ask(&app, "openrouter/auto", plugin).await;
    assert_eq!((answer.status, answer.json()["model"].clone()), (200, json!("mock/solo")), "{}", answer.text());
    let nothing =
        ask(&app, "openrouter/auto", json!({"plugins": [{"id": "auto-router", "allowed_models": ["x/*"]}]})).await;
    assert_eq!(nothing.status, 404, "{}", nothing.text());
    assert!(nothing.text().contains("No models match your request and model restrictions"), "{}", nothing.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feature_4_6_the_model_that_answers_is_named_and_billed() {
    let app = app().await;
    app.simulator("one").set_scenario("*", scenario(json!({"headers": {"status": 500}})));
    app.simulator("two")
        .set_scenario("*", scenario(json!({"answer": {"text": "ok"}, "usage": {"prompt": 7, "completion": 5}})));
    for stream in [false, true] {
        // The first model is at `one` alone, which fails; the second costs another price at `two`.
        let wish = json!({"models": ["mock/solo", "mock/echo"], "provider": {"only": ["one", "two"]}, "stream": stream,
            "stream_options": {"include_usage": true}});
        let answer = ask(&app, "mock/solo", wish).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let record = app.generation(&answer.id().unwrap()).await;
        assert_eq!((&record["model"], &record["provider_name"]), (&json!("mock/echo"), &json!("two")), "{record}");
        // 7 prompt and 5 answer tokens at 1.2 USD per million.
        assert_eq!(testkit::nanos_at(&record, "/total_cost"), 12 * 1_200, "stream {stream}: {record}");
        let named = if stream { answer.events()[0]["model"].clone() } else { answer.json()["model"].clone() };
        assert_eq!(named, "mock/echo", "stream {stream}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn features_8_4_and_8_5_lists_show_exactly_what_routing_uses() {
    let app = app_with_policies().await;
    let tags = |rows: &Value| -> std::collections::BTreeSet<String> {
        rows.as_array().unwrap().iter().map(|row| row["tag"].as_str().unwrap().to_owned()).collect()
    };
    let get = async |path: &str| app.send(&Ask::get(path).key(&app.key)).await.json()["data"].clone();
    let plan = async |more: Value| explain(&app, &app.key, "mock/kept", more).await.json()["attempts"].clone();
    let listed = get("/api/v1/models/mock/kept/endpoints").await;
    assert_eq!(tags(&listed["endpoints"]), tags(&plan(json!({})).await), "every endpoint that can serve is listed");
    let zero: Vec<Value> = get("/api/v1/endpoints/zdr")
        .await
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["model_id"] == "mock/kept")
        .cloned()
        .collect();
    assert_eq!(tags(&json!(zero)), tags(&plan(json!({"provider": {"zdr": true}})).await));
    assert_eq!(zero.len(), 1, "one of two keeps nothing: {zero:?}");
    let providers = get("/api/v1/providers").await;
    for row in listed["endpoints"].as_array().unwrap() {
        let is_it = |provider: &&Value| provider["name"] == row["provider_name"];
        assert!(providers.as_array().unwrap().iter().any(|provider| is_it(&provider)), "{row}");
    }
    app.finish().await;
}

/// A model at two providers, one of which keeps no data.
async fn app_with_policies() -> TestApp {
    let at = |slug: &str, zdr: bool| {
        json!({"provider": slug, "upstream_id": "kept", "price": {"prompt": "1", "completion": "1"},
            "data_policy": {"training": false, "retains_prompts": !zdr, "zdr": zdr}})
    };
    TestApp::builder(BINARY)
        .simulated("one", Family::OpenAi)
        .await
        .simulated("two", Family::OpenAi)
        .await
        .model(
            Model::new("mock/kept").at("one", "1", "1").with("endpoints", json!([at("one", true), at("two", false)])),
        )
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_and_a_ceiling_fail_closed() {
    let app = app().await;
    app.simulator("two").set_scenario("*", scenario(json!({"headers": {"status": 500}})));
    for (wish, status) in [
        (json!({"pin": {"provider": "one"}}), 200),
        (json!({"pin": {"provider": "two"}}), 502),
        (json!({"pin": {"provider": "two"}, "models": ["mock/solo"]}), 502),
        (json!({"pin": {"provider": "nobody"}}), 404),
        (json!({"pin": {"provider": "one", "region": "eu"}}), 404),
        (json!({"pin": {"model": "mock/solo"}}), 404),
        (json!({"pin": {}}), 400),
        (json!({"pin": {"provider": "one"}, "provider": {"ignore": ["one"]}}), 404),
        (json!({"max_cost": "0.000001"}), 404),
        (json!({"max_cost": 1}), 200),
        (json!({"max_cost": -1}), 400),
    ] {
        let before: Vec<usize> = ["one", "three"].map(|slug| app.simulator(slug).observed().len()).into();
        let answer = ask(&app, "mock/echo", wish.clone()).await;
        let after: Vec<usize> = ["one", "three"].map(|slug| app.simulator(slug).observed().len()).into();
        // Without a pin the failing provider is left for another one.
        assert_eq!(answer.status, status, "{wish}: {}", answer.text());
        assert!(status == 200 || before == after, "{wish}: somebody else was called");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feature_5_13_options_reach_the_matching_provider_alone() {
    let app = app().await;
    let shas = |slug: &str| app.simulator(slug).observed().last().map(|seen| seen.body_sha256.clone());
    let plain = json!({"provider": {"only": ["one"]}});
    let own = json!({"provider": {"only": ["one"], "options": {"one": {"seed": 7}}}});
    let strange = json!({"provider": {"only": ["one"], "options": {"two": {"seed": 7}}}});
    let mut seen = Vec::new();
    for wish in [plain, own, strange] {
        assert_eq!(ask(&app, "mock/echo", wish).await.status, 200);
        seen.push(shas("one").unwrap());
    }
    assert_ne!(seen[0], seen[1], "the matching provider is told");
    assert_eq!(seen[0], seen[2], "another one is not");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feature_5_19_availability_errors_with_their_fields() {
    let app = app().await;
    let settings = |value: Value| {
        let app = &app;
        async move {
            let answer = app.manage("PATCH", "/api/v1/routing", Some(&value)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    };
    for (model, wish, status, code) in [
        ("mock/nobody", json!({}), 400, "model_not_found"),
        ("mock/vectors", json!({}), 400, "wrong_endpoint"),
        ("mock/orphan", json!({}), 404, "no_endpoints"),
        ("mock/gone", json!({}), 404, "model_deprecated"),
        ("mock/echo:free", json!({}), 404, "free_variant_ended"),
        ("mock/echo", json!({"provider": {"zdr": true}}), 404, "privacy_restricted"),
        ("mock/echo", json!({"provider": {"quantizations": ["int4"]}}), 404, "constraint_filtered"),
        ("mock/echo", json!({"provider": {"max_price": {"prompt": 0.1}}}), 404, "constraint_filtered"),
    ] {
        let answer = ask(&app, model, wish).await;
        assert_eq!(answer.status, status, "{model}: {}", answer.text());
        let availability = answer.json()["error"]["availability"].clone();
        assert_eq!(availability["code"], code, "{model}: {availability}");
        assert_eq!(availability["requested_models"][0], model);
        assert!(availability["retryable"] == false && availability["docs_url"].is_string(), "{availability}");
    }
    for (knobs, status, code) in [
        (json!({"headers": {"status": 404}}), 404, "model_unavailable_upstream"),
        (json!({"headers": {"status": 429, "retry_after": "3"}}), 429, "capacity_exhausted"),
        (json!({"headers": {"status": 503}}), 503, "temporarily_unavailable"),
    ] {
        app.simulator("one").set_scenario("*", scenario(knobs));
        let answer = ask(&app, "mock/solo", json!({})).await;
        assert_eq!(answer.status, status, "{code}: {}", answer.text());
        let availability = answer.json()["error"]["availability"].clone();
        assert_eq!(availability["code"], code, "{availability}");
        assert_eq!(availability["affected_providers"], json!(["one"]), "{availability}");
        if status == 429 {
            assert_eq!(availability["retry_after"], 3);
        }
    }
    settings(json!({"allowed_regions": ["eu"]})).await;
    let answer = ask(&app, "mock/echo", json!({})).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["availability"]["code"], "region_restricted");
    assert_eq!(error["availability"]["excluded_by"], json!(["data_region"]));
    assert_eq!(error["availability"]["constraint"]["detail"], "demanded by account");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_of_policies_names_them_and_the_record_names_what_applied() {
    let app = app().await;
    let patch = json!({"ignored_providers": ["two", "three"], "default_text_model": "mock/echo"});
    assert_eq!(app.manage("PATCH", "/api/v1/routing", Some(&patch)).await.status, 200);
    let clash = ask(&app, "mock/echo", json!({"provider": {"only": ["two"]}})).await;
    assert_eq!(clash.status, 404, "{}", clash.text());
    let text = clash.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(text.starts_with("No allowed providers are available for the selected model."), "{text}");
    assert!(text.contains("account") && text.contains("request"), "{text}");
    let mut unnamed = body("mock/echo", &json!({}));
    unnamed.as_object_mut().unwrap().remove("model");
    let answer = app.send(&Ask::chat(&unnamed).key(&app.key)).await;
    assert_eq!(answer.status, 200, "the account's default model serves: {}", answer.text());
    assert_eq!(answer.header("x-portolan-provider").as_deref(), Some("one"));
    let record = app.generation(&answer.id().unwrap()).await;
    assert!(record.to_string().contains("under account"), "{record}");
    let excluded = record["portolan"]["excluded"].as_array().unwrap();
    assert!(excluded.iter().any(|out| out["endpoint_tag"] == "two" && out["policy"] == "account"), "{record}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consoles_door_explains_under_the_accounts_policies_and_checks_the_body() {
    let app = app().await;
    let patch = json!({"ignored_providers": ["two", "three"]});
    assert_eq!(app.manage("PATCH", "/api/v1/routing", Some(&patch)).await.status, 200);
    let cookie = crate::authorization::session(&app).await;
    let explain = async |more: Value| {
        let ask = Ask::json("POST", "/console/api/v1/route/explain", &body("mock/echo", &more));
        app.send(&ask.header("cookie", &cookie).header("x-portolan-csrf", "1")).await
    };
    let plan = explain(json!({})).await.json();
    assert_eq!((&plan["attempts"][0]["tag"], &plan["policies"]), (&json!("one"), &json!(["account"])), "{plan}");
    assert!(plan["excluded"].as_array().unwrap().iter().all(|out| out["policy"] == "account"), "{plan}");
    let clash = explain(json!({"provider": {"only": ["two"]}})).await.json();
    assert_eq!((&clash["attempts"], &clash["error"]["code"]), (&json!([]), &json!(404)), "{clash}");
    let wrong = explain(json!({"validate": {"polite": true}})).await;
    assert_eq!((wrong.status, &wrong.json()["error"]["metadata"]["param"]), (400, &json!("validate")));
    for slug in ["one", "two", "three"] {
        assert!(app.simulator(slug).observed().is_empty(), "nobody is called");
    }
    app.finish().await;
}
