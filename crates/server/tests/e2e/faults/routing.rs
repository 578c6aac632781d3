//! Whom a request is sent to, and what is sent.

use super::{TEXT, attempts, builder, first_does, pair};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::Family;
use testkit::{Answer, Ask, Model, TestApp};

async fn ask(app: &TestApp, model: &str, more: &Value) -> Answer {
    let mut body = json!({"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.chat(&body).await
}

fn seen(app: &TestApp) -> (usize, usize) {
    (app.simulator("first").observed().len(), app.simulator("second").observed().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_preferences_choose_and_exclude() {
    let app = builder().await.start().await;
    for (preferences, status, calls) in [
        (json!({"order": ["second"]}), 200, (0, 1)),
        (json!({"order": ["first"]}), 200, (1, 0)),
        (json!({"only": ["second"]}), 200, (0, 1)),
        (json!({"ignore": ["second"]}), 200, (1, 0)),
        (json!({"only": ["first"], "ignore": ["first"]}), 404, (0, 0)),
        (json!({"only": ["nobody"]}), 404, (0, 0)),
        (json!({"max_price": {"prompt": 0.5}}), 404, (0, 0)),
    ] {
        for stream in [false, true] {
            first_does(&app, json!({}));
            let answer = ask(&app, "mock/pair", &json!({"provider": preferences, "stream": stream})).await;
            assert_eq!(answer.status, status, "{preferences}: {}", answer.text());
            assert_eq!(seen(&app), calls, "{preferences}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fallbacks_only_the_first_choice_is_tried() {
    let app = builder().await.start().await;
    for stream in [false, true] {
        first_does(&app, json!({"headers": {"status": 500}}));
        let preferences = json!({"order": ["first"], "allow_fallbacks": false});
        let answer = ask(&app, "mock/pair", &json!({"provider": preferences, "stream": stream})).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert_eq!(seen(&app), (1, 0));
        // Not in the order, yet a fallback where fallbacks are allowed.
        first_does(&app, json!({"headers": {"status": 500}}));
        let answer = ask(&app, "mock/pair", &json!({"provider": {"order": ["first"]}, "stream": stream})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(seen(&app), (1, 1));
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_models_list_is_a_list_of_fallbacks() {
    let app = builder().await.start().await;
    for (status, stream) in [(500, false), (400, false), (500, true), (400, true)] {
        first_does(&app, json!({"headers": {"status": status}}));
        let answer = ask(&app, "mock/solo", &json!({"models": ["mock/solo", "mock/spare"], "stream": stream})).await;
        assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "{status}: {}", answer.text());
        let model = if stream { answer.events()[0]["model"].clone() } else { answer.json()["model"].clone() };
        assert_eq!(model, "mock/spare");
        let tried = attempts(&app, &answer).await;
        assert_eq!(tried.iter().map(|(_, outcome)| outcome.as_str()).collect::<Vec<_>>(), ["failed", "served"]);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_everybody_fails_the_last_word_is_an_error_with_every_attempt() {
    let app = builder().await.start().await;
    for stream in [false, true] {
        first_does(&app, json!({"headers": {"status": 500}}));
        app.simulator("second").set_scenario("*", crate::money::scenario(json!({"headers": {"status": 503}})));
        let answer = pair(&app, stream).await;
        assert_eq!((answer.status, answer.error_type().as_str()), (503, "provider_overloaded"), "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{}", answer.head);
        let tried = attempts(&app, &answer).await;
        assert_eq!(tried.iter().map(|(_, outcome)| outcome.as_str()).collect::<Vec<_>>(), ["failed", "failed"]);
    }
    assert_eq!(app.credits().await.1, 0, "nobody answered: nothing is owed");
    app.finish().await;
}

/// Messages and tools reach a provider of the same dialect byte for byte, odd spacing, escapes and numbers included.
#[tokio::test(flavor = "multi_thread")]
async fn message_and_tool_bytes_arrive_as_they_were_sent() {
    let app = builder().await.model(Model::new("mock/other").at("first", "1", "1")).start().await;
    let hash = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
    let messages = [
        r#"[{"role":"user","content":"plain"}]"#,
        "[ {\"content\" : \"spaced \\u00e9 \\/ \\ud83d\\ude00 é 😀\" ,\n\t\"role\":\"user\"} ]",
        r#"[{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]"#,
        r#"[{"role":"user","content":"weather?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{ \"t\": 1.50e2 }"}}]},{"role":"tool","tool_call_id":"call_1","content":"wet"}]"#,
    ];
    let tools = "[ {\"type\":\"function\",\"function\":{\"name\":\"weather\", \"parameters\":{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"number\",\"maximum\":1.0e3}}}}} ]";
    for text in messages {
        for stream in [false, true] {
            app.simulator("first").clear();
            let body = format!(
                "{{\"model\":\"mock/solo\",\"stream\":{stream},\"messages\":{text},\"tools\":{tools},\"max_tokens\":50}}"
            );
            let ask =
                Ask::new("POST", "/api/v1/chat/completions").header("content-type", "application/json").key(&app.key);
            let answer = app.send(&ask.body(body.as_bytes())).await;
            assert_eq!(answer.status, 200, "{text}: {}", answer.text());
            let observed = app.simulator("first").observed();
            assert_eq!(observed[0].messages_sha256.as_deref(), Some(hash(text).as_str()), "{text}");
            assert_eq!(observed[0].tools_sha256.as_deref(), Some(hash(tools).as_str()), "{text}");
        }
    }
    app.finish().await;
}

/// What a provider gets is ours: no header of the caller's but what belongs to the call.
#[tokio::test(flavor = "multi_thread")]
async fn the_callers_headers_and_key_stay_here() {
    let app = builder()
        .await
        .simulated("third", Family::Anthropic)
        .await
        .model(Model::new("mock/third").at("third", "1", "1"))
        .start()
        .await;
    for (model, slug) in [("mock/solo", "first"), ("mock/third", "third")] {
        let ask = Ask::say(model, "hello", false).key(&app.key).header("x-api-key", &app.key);
        let ask =
            ask.header("cookie", "a=b").header("x-forwarded-for", "10.0.0.1").header("openai-organization", "org-1");
        assert_eq!(app.send(&ask).await.status, 200);
        let observed = app.simulator(slug).observed().pop().unwrap();
        let hash = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
        let expected = app.table["providers"][slug]["api_key"].as_str().unwrap();
        assert_eq!(observed.key_seen, Some(hash(expected)), "{slug}");
        for name in ["cookie", "x-forwarded-for", "openai-organization"] {
            assert!(!observed.header_names.iter().any(|seen| seen == name), "{slug}: {name}");
        }
    }
    app.finish().await;
}
