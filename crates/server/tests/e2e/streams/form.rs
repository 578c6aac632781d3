//! What a stream amounts to, however it is cut, framed, ended or fragmented: S1 to S4.

use super::{DIALECTS, Dialect, FORMATS, Sum, TEXT, ask, assert_whole, builder, sum};
use crate::money::scenario;
use serde_json::{Value, json};
use testkit::{Model, TestApp};

/// S1: pieces of one byte, and of sizes that fall into the middle of letters. Every single position is cut in
/// `crates/dialect/src/decode`.
#[tokio::test(flavor = "multi_thread")]
async fn s1_a_stream_cut_anywhere_reads_the_same() {
    let app = builder().await.start().await;
    for (slug, ..) in FORMATS {
        for bytes in [1, 2, 3, 5, 7, 64] {
            let body = json!({"split_bytes": bytes, "tokens_per_chunk": 3});
            app.simulator(slug).set_scenario("*", scenario(json!({"answer": {"text": TEXT}, "body": body})));
            for dialect in DIALECTS {
                let answer = ask(&app, slug, dialect, true, &json!({})).await;
                let what = format!("{slug}, {dialect:?}, pieces of {bytes}");
                assert!(!answer.text().contains('\u{fffd}'), "{what}: {}", answer.text());
                assert_whole(&sum(dialect, &answer), TEXT, &what);
            }
        }
    }
    app.finish().await;
}

/// S2: whatever the provider says twice, late, early or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn s2_a_stream_has_exactly_one_end_whatever_the_provider_says_of_it() {
    let app = builder().await.setting("timeouts.idle", json!("2s")).start().await;
    let mut bends = vec![json!({})];
    bends.extend(["missing", "twice", "before_usage", "data_after"].map(|done| json!({"framing": {"done": done}})));
    bends.extend(["missing", "twice", "unknown"].map(|finish| json!({"answer": {"finish": finish}})));
    bends.extend(["missing", "twice", "first", "zero", "decreasing"].map(|mode| json!({"usage": {"mode": mode}})));
    let mut count = 0;
    for (slug, ..) in FORMATS {
        for bend in &bends {
            // The last event of Responses is finish, usage and end in one: without it there is none, see S3.
            if slug == "responses-like" && bend.pointer("/answer/finish") == Some(&json!("missing")) {
                continue;
            }
            let mut knobs = json!({"answer": {"text": TEXT}});
            crate::faults::merge(&mut knobs, bend.clone());
            app.simulator(slug).set_scenario("*", scenario(knobs));
            for dialect in DIALECTS {
                let answer = ask(&app, slug, dialect, true, &json!({})).await;
                assert_whole(&sum(dialect, &answer), TEXT, &format!("{slug}, {dialect:?}, {bend}: {}", answer.text()));
                count += 1;
            }
        }
    }
    eprintln!("S2: {count} streams, each with one finish, one usage and one end");
    app.finish().await;
}

/// S3: the end mark, the finish reason and the usage: any one of them makes an answer whole, none of them breaks it.
#[tokio::test(flavor = "multi_thread")]
async fn s3_a_stream_without_any_end_is_an_error_and_any_one_end_is_enough() {
    let app = builder().await.model(pair()).start().await;
    for ends in 0..8_u8 {
        let has = |bit: u8, present: &'static str| if ends & bit == 0 { "missing" } else { present };
        let knobs = json!({
            "framing": {"done": has(1, "once")}, "usage": {"mode": has(4, "present")},
            "answer": if ends & 2 == 0 { json!({"text": TEXT, "finish": "missing"}) } else { json!({"text": TEXT}) },
        });
        app.simulator("chat-like").set_scenario("*", scenario(knobs));
        for dialect in DIALECTS {
            let what = format!("ends {ends:03b}, {dialect:?}");
            let answer = ask(&app, "chat-like", dialect, true, &json!({})).await;
            let found = sum(dialect, &answer);
            if ends == 0 {
                assert_eq!((found.text.as_str(), found.errors.len()), (TEXT, 1), "{what}: {}", answer.text());
                assert!(!answer.is_done(), "{what}: {}", answer.text());
            } else {
                assert_whole(&found, TEXT, &what);
            }
        }
    }
    // Before the first content it is a failover, in every format.
    for (slug, ..) in FORMATS {
        app.simulator(slug).set_scenario("*", scenario(json!({"body": {"end_after": 0}})));
    }
    app.simulator("chat-like").set_scenario("*", scenario(json!({"answer": {"text": TEXT}})));
    for dialect in DIALECTS {
        let order = json!({"provider": {"order": ["gemini-like", "anthropic-like", "responses-like", "chat-like"]}});
        let answer = ask(&app, "pair", dialect, true, &order).await;
        assert_whole(&sum(dialect, &answer), TEXT, &format!("{dialect:?}: {}", answer.text()));
    }
    app.finish().await;
}

/// One model at all providers.
fn pair() -> Model {
    FORMATS.iter().fold(Model::new("mock/pair"), |model, (slug, ..)| model.at(slug, "1", "10"))
}

fn tools(dialect: Dialect) -> Value {
    let parameters = json!({"type": "object"});
    let tool = |name: &str| match dialect {
        Dialect::Responses => json!({"type": "function", "name": name, "parameters": parameters, "strict": false}),
        Dialect::Messages => json!({"name": name, "input_schema": parameters}),
        Dialect::Chat | Dialect::Completions => {
            json!({"type": "function", "function": {"name": name, "parameters": parameters}})
        }
    };
    json!({"tools": [tool("weather"), tool("time")]})
}

/// S4: the fragments of tool calls, malformed in every way that providers are known for.
#[tokio::test(flavor = "multi_thread")]
async fn s4_tool_calls_come_out_the_same_however_they_are_fragmented() {
    let app = builder().await.start().await;
    let calls = json!([
        {"name": "weather", "arguments": {"city": "Lisbon", "days": [1, 2, 3]}},
        {"name": "time", "arguments": {"zone": "Europe/Lisbon"}},
    ]);
    let expected = vec![
        ("weather".to_owned(), json!({"city": "Lisbon", "days": [1, 2, 3]})),
        ("time".to_owned(), json!({"zone": "Europe/Lisbon"})),
    ];
    let malformed = [
        "index_missing",
        "index_all_zero",
        "id_missing",
        "id_blank",
        "id_repeated",
        "name_first",
        "name_repeated",
        "shared_index",
        "interleaved",
        "whole",
    ];
    for dialect in [Dialect::Chat, Dialect::Responses, Dialect::Messages] {
        for fragments in malformed {
            let answer = json!({"calls": calls, "fragments": fragments});
            app.simulator("chat-like").set_scenario("*", scenario(json!({"answer": answer})));
            called(&app, "chat-like", dialect, &expected, fragments).await;
        }
        for (slug, ..) in FORMATS {
            for bytes in [1, 3, 1000] {
                let answer = json!({"calls": calls, "argument_bytes": bytes});
                app.simulator(slug).set_scenario("*", scenario(json!({"answer": answer})));
                called(&app, slug, dialect, &expected, &format!("arguments by {bytes}")).await;
            }
        }
    }
    app.finish().await;
}

/// The streamed answer holds the calls of the plain one.
async fn called(app: &TestApp, slug: &str, dialect: Dialect, expected: &[(String, Value)], what: &str) {
    let streamed = ask(app, slug, dialect, true, &tools(dialect)).await;
    let Sum { calls, errors, .. } = sum(dialect, &streamed);
    assert_eq!(calls, expected, "{slug}, {dialect:?}, {what}: {}", streamed.text());
    assert!(errors.is_empty(), "{slug}, {dialect:?}, {what}: {errors:?}");
    let plain = ask(app, slug, dialect, false, &tools(dialect)).await;
    assert_eq!(plain_calls(dialect, &plain.json()), expected, "{slug}, {dialect:?}, {what}: {}", plain.text());
}

fn plain_calls(dialect: Dialect, body: &Value) -> Vec<(String, Value)> {
    let (list, kind, name, arguments) = match dialect {
        Dialect::Responses => ("/output", Some("function_call"), "/name", "/arguments"),
        Dialect::Messages => ("/content", Some("tool_use"), "/name", "/input"),
        Dialect::Chat | Dialect::Completions => {
            ("/choices/0/message/tool_calls", None, "/function/name", "/function/arguments")
        }
    };
    let items = body.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let wanted = items.into_iter().filter(|item| kind.is_none_or(|kind| item["type"] == kind));
    let read = |value: &Value| value.as_str().map_or_else(|| value.clone(), |text| serde_json::from_str(text).unwrap());
    wanted
        .map(|item| (item.pointer(name).unwrap().as_str().unwrap().to_owned(), read(item.pointer(arguments).unwrap())))
        .collect()
}
