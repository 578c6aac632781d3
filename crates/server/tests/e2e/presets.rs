//! Presets in requests (features 4.13, 11.10): three ways to name one, what wins, versions, and what other servers made.

use crate::BINARY;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::{Family, Observed};
use testkit::{Answer, Ask, Model, TestApp, eventually};

async fn app() -> TestApp {
    let app = TestApp::builder(BINARY)
        .simulated("first", Family::OpenAi)
        .await
        .simulated("second", Family::OpenAi)
        .await
        .model(Model::new("mock/pair").at("first", "1", "3").at("second", "1", "3"))
        .model(Model::new("mock/other").at("second", "1", "3"))
        .start()
        .await;
    for slug in ["first", "second"] {
        app.simulator(slug).set_scenario("*", crate::money::scenario(json!({"answer": {"text": "ok"}})));
    }
    app
}

async fn preset(app: &TestApp, slug: &str, body: &Value) {
    let path = format!("/api/v1/presets/{slug}/chat/completions");
    let made = app.send(&Ask::json("POST", &path, body).key(&app.key)).await;
    assert_eq!(made.status, 200, "{}", made.text());
}

/// The one call that a provider saw since the last time.
fn only(app: &TestApp, provider: &str) -> Observed {
    let seen = app.simulator(provider).observed();
    assert_eq!(seen.len(), 1, "calls of {provider}");
    app.simulator(provider).clear();
    seen.into_iter().next().unwrap()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn chat(app: &TestApp, body: &str) -> Answer {
    let ask = Ask::new("POST", "/api/v1/chat/completions").header("content-type", "application/json").key(&app.key);
    app.send(&ask.body(body.as_bytes())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn three_forms_of_reference_reach_the_same_preset() {
    let app = app().await;
    let body = json!({"model": "mock/pair", "provider": {"order": ["second"], "allow_fallbacks": false},
        "messages": [{"role": "system", "content": "Be brief."}]});
    preset(&app, "brief", &body).await;
    let id = app.manage("GET", "/api/v1/presets/brief", None).await.json()["data"]["id"].clone();
    assert!(id.is_string(), "{id}");
    let own = r#"[ {"role":"user","content":"h\u00e9"} ]"#;
    let with_prompt = r#"[{"role":"system","content":"Be brief."}, {"role":"user","content":"h\u00e9"} ]"#;
    for (reference, model, provider) in [
        (r#""model":"@preset/brief""#, "pair", "second"),
        (r#""model":"mock/pair","preset":"brief""#, "pair", "second"),
        (r#""model":"mock/other@preset/brief""#, "other", "second"),
        (r#""model":"@preset/brief","provider":{"only":["first"]}"#, "pair", "first"),
    ] {
        for stream in [false, true] {
            let answer = chat(&app, &format!(r#"{{{reference},"stream":{stream},"messages":{own}}}"#)).await;
            assert_eq!(answer.status, 200, "{reference}: {}", answer.text());
            let seen = only(&app, provider);
            assert_eq!(seen.model, model, "{reference}");
            assert_eq!(seen.messages_sha256, Some(sha256(with_prompt)), "{reference}");
            let record = app.generation(&answer.id().unwrap()).await;
            assert_eq!(record["preset_id"], id, "{reference}");
        }
    }
    let system = r#"[{"role":"system","content":"Mine."},{"role":"user","content":"hi"}]"#;
    let answer = chat(&app, &format!(r#"{{"model":"@preset/brief","messages":{system}}}"#)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(only(&app, "second").messages_sha256, Some(sha256(system)), "the request's own system message wins");
    let answer = chat(&app, &format!(r#"{{"model":"mock/other","messages":{own}}}"#)).await;
    assert_eq!(app.generation(&answer.id().unwrap()).await["preset_id"], Value::Null, "it named none");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_of_preset_and_request_are_joined() {
    let app = app().await;
    let tool = |name: &str, text: &str| {
        format!(
            r#"{{"type":"function","function":{{"description":"{text}","name":"{name}","parameters":{{"type":"object"}}}}}}"#
        )
    };
    let body =
        format!(r#"{{"model":"mock/other","messages":[],"tools":[{},{}]}}"#, tool("a", "preset"), tool("b", "preset"));
    let body: Value = serde_json::from_str(&body).unwrap();
    preset(&app, "tools", &body).await;
    let own = format!("[{},{}]", tool("c", "request"), tool("b", "request"));
    let body = format!(r#"{{"model":"@preset/tools","messages":[{{"role":"user","content":"hi"}}],"tools":{own}}}"#);
    assert_eq!(chat(&app, &body).await.status, 200);
    let joined = format!("[{},{},{}]", tool("a", "preset"), tool("b", "request"), tool("c", "request"));
    assert_eq!(only(&app, "second").tools_sha256, Some(sha256(&joined)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_version_serves_until_another_is_designated() {
    let app = app().await;
    let say = async || chat(&app, r#"{"model":"@preset/one","messages":[{"role":"user","content":"hi"}]}"#).await;
    for (model, expected) in [("mock/pair", "mock/pair"), ("mock/other", "mock/other")] {
        preset(&app, "one", &json!({"model": model, "messages": []})).await;
        assert_eq!(say().await.json()["model"], expected, "at once, on the same server");
    }
    let back = app.manage("PATCH", "/api/v1/presets/one", Some(&json!({"designated_version": 1}))).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(say().await.json()["model"], "mock/pair");
    let off = app.manage("PATCH", "/api/v1/presets/one", Some(&json!({"status": "disabled"}))).await;
    assert_eq!(off.status, 200);
    let refused = say().await;
    assert_eq!((refused.status, refused.error_type().as_str()), (404, "not_found"), "{}", refused.text());
    assert_eq!(refused.json()["error"]["message"], "Preset one not found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presets_outlive_a_restart_and_unknown_ones_call_nobody() {
    let mut app = app().await;
    preset(&app, "kept", &json!({"model": "mock/other", "messages": []})).await;
    app.stop().await;
    app.launch().await;
    let body = json!({"model": "@preset/kept", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(app.chat(&body).await.status, 200);
    only(&app, "second");
    for (body, status) in [
        (json!({"model": "@preset/absent", "messages": []}), 404),
        (json!({"model": "mock/pair", "preset": "absent", "messages": []}), 404),
        (json!({"model": "mock/pair", "preset": 7, "messages": []}), 400),
        (json!({"model": "@preset/a", "preset": "b", "messages": []}), 400),
        (json!({"model": "@preset/", "messages": []}), 400),
        (json!({"models": ["@preset/kept"], "messages": [{"role": "user", "content": "hi"}]}), 400),
    ] {
        let answer = app.chat(&body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    assert!(app.simulator("first").observed().is_empty() && app.simulator("second").observed().is_empty());
    eventually("nothing is held", testkit::PATIENCE, || async {
        (app.metric("portolan_generations_running").await == Some(0)).then_some(())
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_settings_bind_the_next_request_and_the_callers_list() {
    let app = app().await;
    let body = json!({"model": "mock/pair", "messages": [{"role": "user", "content": "hi"}]});
    let change = async |settings: Value| {
        let changed = app.manage("PATCH", "/api/v1/routing", Some(&settings)).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
    };
    let listed = async || {
        let list = app.send(&Ask::get("/api/v1/models/user").key(&app.key)).await.json();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|model| model["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["mock/other", "mock/pair", "openrouter/auto"]);
    change(json!({"allowed_providers": ["first"]})).await;
    for _call in 0..10 {
        assert_eq!(app.chat(&body).await.status, 200);
    }
    assert_eq!((app.simulator("first").observed().len(), app.simulator("second").observed().len()), (10, 0));
    assert_eq!(listed().await, ["mock/pair", "openrouter/auto"]);
    let refused = app.chat(&json!({"model": "mock/other", "messages": body["messages"]})).await;
    assert_eq!(refused.status, 404, "{}", refused.text());
    change(json!({"enforce_zdr": true})).await;
    assert_eq!(app.chat(&body).await.status, 404, "a provider whose policy is unknown keeps data");
    assert!(listed().await.is_empty());
    change(json!({"enforce_zdr": null, "allowed_providers": null, "default_text_model": "mock/other"})).await;
    let answer = app.chat(&json!({"messages": body["messages"]})).await;
    assert_eq!((answer.status, answer.json()["model"].as_str()), (200, Some("mock/other")), "{}", answer.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_show_what_the_data_plane_measured() {
    let app = app().await;
    let endpoint = async || {
        let path = "/api/v1/models/mock/other/endpoints";
        app.send(&Ask::get(path)).await.json()["data"]["endpoints"][0].clone()
    };
    assert_eq!(endpoint().await["latency_last_30m"], Value::Null, "nothing was measured yet");
    let body = json!({"model": "mock/other", "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    for _call in 0..40 {
        assert_eq!(app.chat(&body).await.status, 200);
    }
    let measured = endpoint().await;
    assert!(measured["latency_last_30m"]["p50"].as_f64().is_some_and(|millis| millis > 0.0), "{measured}");
    assert_eq!((&measured["uptime_last_5m"], &measured["status"]), (&json!(100.0), &json!(0)), "{measured}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preset_that_would_make_requests_fail_is_refused_in_the_words_that_they_would_get() {
    let app = app().await;
    for broken in [
        json!({"provider": 5}),
        json!({"provider": {"order": 5}}),
        json!({"provider": {"sort": "best"}}),
        json!({"pin": 5}),
        json!({"pin": {"planet": "x"}}),
        json!({"max_cost": "much"}),
        json!({"validate": 5}),
        json!({"validate": {"unheard_of": true}}),
        json!({"validate": {"regex": "("}}),
        json!({"validate": {"language": "klingon"}}),
        json!({"plugins": [{"id": "auto-router", "cost_tier": "zero"}]}),
        json!({"temperature": 9}),
    ] {
        let mut body = broken.clone();
        body["model"] = json!("mock/pair");
        body["messages"] = json!([{"role": "user", "content": "x"}]);
        let asked = app.send(&Ask::json("POST", "/api/v1/chat/completions", &body).key(&app.key)).await;
        assert_eq!(asked.status, 400, "{broken}: {}", asked.text());
        let (kept, asked) = (
            app.send(&Ask::json("POST", "/api/v1/presets/broken/chat/completions", &body).key(&app.key)).await,
            asked.json(),
        );
        assert_eq!(kept.status, 400, "{broken}: {}", kept.text());
        let kept = kept.json();
        for field in ["code", "message"] {
            assert_eq!(kept["error"][field], asked["error"][field], "{broken}");
        }
        let param = asked["error"]["metadata"]["param"].as_str().unwrap();
        assert!(kept["error"]["message"].as_str().unwrap().starts_with(param), "{broken}: {kept}");
    }
    assert_eq!(app.manage("GET", "/api/v1/presets/broken", None).await.status, 404);
    // What only the request can complete is no mistake of the preset.
    preset(&app, "sound", &json!({"validate": {"json_schema": true}, "provider": {"order": ["first"]}})).await;
    app.finish().await;
}
