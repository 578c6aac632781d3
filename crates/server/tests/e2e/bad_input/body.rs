//! Rows of chat bodies.

use super::{Row, app, check, typed};
use serde_json::{Value, json};
use testkit::{Ask, TestApp};

fn raw(app: &TestApp, body: &[u8]) -> Ask {
    Ask::new("POST", "/api/v1/chat/completions").header("content-type", "application/json").key(&app.key).body(body)
}

/// The usual request with one field changed; `null` removes it.
fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"model": "mock/echo", "messages": [{"role": "user", "content": "hi"}]});
    if value.is_null() {
        body.as_object_mut().unwrap().remove(field);
    } else {
        body[field] = value;
    }
    body
}

fn refused(app: &TestApp, rows: &mut Vec<Row>, body: &Value) {
    let what: String = body.to_string().chars().take(150).collect();
    rows.push(typed(&what, &raw(app, body.to_string().as_bytes()), 400, "invalid_request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_object_is_refused() {
    let app = app().await;
    let good = r#"{"model":"mock/echo","messages":[{"role":"user","content":"hi"}]}"#;
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(good.encode_utf16().flat_map(u16::to_le_bytes));
    let deep = format!(
        r#"{{"model":"mock/echo","messages":[{{"role":"user","content":"hi"}}],"x":{}{}}}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    let wide = format!(
        r#"{{"model":"mock/echo","messages":[{{"role":"user","content":"hi"}}],"x":[{}1]}}"#,
        "1,".repeat(1_000_000)
    );
    let rows = [
        ("empty", b"".to_vec()),
        ("null", b"null".to_vec()),
        ("array", b"[]".to_vec()),
        ("text", b"\"x\"".to_vec()),
        ("half", b"{".to_vec()),
        ("garbage behind", format!("{good} x").into_bytes()),
        ("two documents", format!("{good}{good}").into_bytes()),
        ("byte order mark", format!("\u{feff}{good}").into_bytes()),
        ("UTF-16", utf16),
        ("invalid UTF-8", [br#"{"model":"mock/echo","messages":[{"role":"user","content":""#.as_slice(), b"\xff\xfe", br#""}]}"#].concat()),
        ("lone surrogate", br#"{"model":"mock/echo","messages":[{"role":"user","content":"\ud800"}]}"#.to_vec()),
        ("raw control characters", b"{\"model\":\"mock/echo\",\"messages\":[{\"role\":\"user\",\"content\":\"a\x01b\"}]}".to_vec()),
        ("nested 100 deep", deep.into_bytes()),
        ("NaN", br#"{"model":"mock/echo","temperature":NaN,"messages":[{"role":"user","content":"hi"}]}"#.to_vec()),
        ("1e400", br#"{"model":"mock/echo","temperature":1e400,"messages":[{"role":"user","content":"hi"}]}"#.to_vec()),
        ("model twice", br#"{"model":"mock/echo","model":"mock/small","messages":[{"role":"user","content":"hi"}]}"#.to_vec()),
        ("max_tokens twice", br#"{"model":"mock/echo","max_tokens":1,"max_tokens":2,"messages":[{"role":"user","content":"hi"}]}"#.to_vec()),
        ("messages twice", br#"{"model":"mock/echo","messages":[],"messages":[{"role":"user","content":"hi"}]}"#.to_vec()),
        ("stream twice", br#"{"model":"mock/echo","stream":false,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#.to_vec()),
        ("a key twice within provider", br#"{"model":"mock/echo","provider":{"only":["a"],"only":["acme"]},"messages":[{"role":"user","content":"hi"}]}"#.to_vec()),
    ];
    let mut rows: Vec<Row> =
        rows.iter().map(|(what, body)| typed(what, &raw(&app, body), 400, "invalid_request")).collect();
    rows.push(typed("a million elements", &raw(&app, wide.as_bytes()), 413, "payload_too_large"));
    check(&app, rows).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_out_of_range_or_of_another_type_are_refused() {
    let app = app().await;
    let mut rows = Vec::new();
    for (field, values) in [
        ("max_tokens", json!([0, -1, 1.5, "100", true, [], 1e30])),
        ("temperature", json!([-1, 3, "1", []])),
        ("top_p", json!([2, -0.1, "1"])),
        ("n", json!([0, 129, 1.5, "1"])),
        ("stop", json!([["a", "b", "c", "d", "e"], 1, {}])),
        ("seed", json!([1.5, "1", 1.2e21])),
        ("stream", json!(["true", 1, "yes"])),
        (
            "messages",
            json!(["hi", {}, 1, ["hi"], [{"role": "wizard", "content": "x"}], [{"content": "x"}], [{"role": "tool", "content": "x"}]]),
        ),
        ("model", json!([1, [], {}, true])),
        ("models", json!(["mock/echo", [1]])),
        ("provider", json!(["acme", 1, {"order": "acme"}, {"allow_fallbacks": "no"}, {"max_price": {"prompt": -1}}])),
        ("tools", json!(["x", [{"type": "function"}], [{"type": "function", "function": {"name": "has spaces"}}]])),
        ("response_format", json!(["json", {"type": "json_schema"}, {"type": "nonsense"}])),
        ("user", json!([1, "u".repeat(300)])),
        ("session_id", json!([1, "s".repeat(300)])),
    ] {
        for value in values.as_array().unwrap() {
            let body = with(field, value.clone());
            let what: String = body.to_string().chars().take(120).collect();
            let ask = raw(&app, body.to_string().as_bytes());
            let mut row = typed(&what, &ask, 400, "invalid_request");
            // Messages have a code of their own.
            if field == "messages" {
                row.kind = None;
            }
            rows.push(row);
        }
    }
    refused(
        &app,
        &mut rows,
        &with(
            "metadata",
            (0..17).map(|number| (format!("k{number}"), json!("v"))).collect::<serde_json::Map<_, _>>().into(),
        ),
    );
    refused(
        &app,
        &mut rows,
        &with(
            "tools",
            (0..129).map(|number| json!({"type": "function", "function": {"name": format!("t{number}")}})).collect(),
        ),
    );
    refused(&app, &mut rows, &with("models", (0..1000).map(|number| json!(format!("mock/m{number}"))).collect()));
    refused(&app, &mut rows, &with("prompt", json!("both")));
    check(&app, rows).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn models_and_prompts_that_cannot_be_served_are_refused() {
    let app = app().await;
    let mut rows = Vec::new();
    for model in [
        json!(""),
        json!("mock/nothing"),
        json!("mock/echo:nonsense"),
        json!("../mock/echo"),
        json!("mock/echo\n"),
        json!("mock echo"),
        json!("mock/😀"),
        json!("m".repeat(1024)),
    ] {
        refused(&app, &mut rows, &with("model", model));
    }
    refused(&app, &mut rows, &with("model", Value::Null));
    for messages in [Value::Null, json!([]), json!([{"role": "user"}])] {
        let body = with("messages", messages);
        let mut row = typed(&body.to_string(), &raw(&app, body.to_string().as_bytes()), 400, "invalid_prompt");
        row.kind = None;
        rows.push(row);
    }
    let echoed = with("messages", json!("prompt ".repeat(1000)));
    let mut row = typed("messages as a long text", &raw(&app, echoed.to_string().as_bytes()), 400, "invalid_prompt");
    row.what.push_str(", which must not come back");
    rows.push(row);
    let mut long = with("messages", json!([{"role": "user", "content": "word ".repeat(2000)}]));
    long["model"] = json!("mock/small");
    // Contexts this short are compressed to fit unless the caller says otherwise.
    long["transforms"] = json!([]);
    rows.push(typed(
        "longer than the context",
        &raw(&app, long.to_string().as_bytes()),
        400,
        "context_length_exceeded",
    ));
    check(&app, rows).await;
    let answer = app.chat(&with("model", json!("mock/ecko"))).await;
    assert!(answer.text().contains("mock/echo"), "the nearest model is named: {}", answer.text());
    app.finish().await;
}

/// Fields of other products that would move a credential, an address or a price do nothing here.
#[tokio::test(flavor = "multi_thread")]
async fn fields_that_reach_for_address_or_credential_are_inert() {
    let app = app().await;
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", elsewhere.local_addr().unwrap());
    for field in [
        "api_base",
        "base_url",
        "api_key",
        "headers",
        "extra_headers",
        "custom_llm_provider",
        "__proto__",
        "constructor",
        "a.b[0]",
    ] {
        app.simulator("acme").clear();
        let mut body = with(field, json!(target));
        body["provider"] = json!({"only": ["acme"]});
        let answer = app.chat(&body).await;
        // The simulated provider is strict about fields that it does not know; what counts is where the call went.
        assert!([200, 400].contains(&answer.status), "{field}: {}", answer.text());
        assert_eq!(app.simulator("acme").observed().len(), 1, "{field}");
    }
    let visit = tokio::time::timeout(std::time::Duration::from_millis(50), elsewhere.accept()).await;
    assert!(visit.is_err(), "somebody called the caller's address");
    app.finish().await;
}
