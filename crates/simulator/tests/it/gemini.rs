//! `generateContent` and its neighbours.

use serde_json::json;

use crate::client::{Kind, PATIENCE, send, start};

#[tokio::test]
async fn both_paths_and_both_spellings_are_understood() {
    let simulator = start().await;
    let body = json!({
        "contents": [{"parts": [{"text": "see"}, {"inline_data": {"mime_type": "image/png", "data": "aGk="}}]}],
        "generation_config": {"max_output_tokens": 100},
    });
    for path in ["/v1beta/models/vendor/slug:generateContent", "/v1/models/vendor%2Fslug:generateContent"] {
        let reply = send(simulator.address(), &format!("POST {path}"), &[], &body.to_string(), PATIENCE).await;
        let answer = reply.json();
        assert_eq!(Kind::Gemini.plain_text(&answer), "You said: see (with 1 image)");
        assert_eq!(answer["modelVersion"], "vendor/slug");
        assert_eq!(answer["usageMetadata"]["promptTokenCount"], 257);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn streams_without_alt_are_one_json_array() {
    let simulator = start().await;
    let body = json!({"contents": [{"parts": [{"text": "hello"}]}]}).to_string();
    let path = "POST /v1beta/models/m:streamGenerateContent";
    let reply = send(simulator.address(), path, &[], &body, PATIENCE).await;
    let all = reply.json();
    let text: String = all
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|part| part.pointer("/candidates/0/content/parts/0/text")?.as_str())
        .collect();
    assert_eq!(text, "You said: hello");
    assert_eq!(reply.header("content-type").as_deref(), Some("application/json"));
    simulator.shutdown().await;
}

#[tokio::test]
async fn thoughts_are_counted_apart_and_signed() {
    let simulator = start().await;
    let body = json!({
        "contents": [{"parts": [{"text": "CALL:weather"}]}],
        "generationConfig": {"thinkingConfig": {"includeThoughts": true}},
        "tools": [{"functionDeclarations": [{"name": "weather", "parameters": {"type": "OBJECT", "properties": {
            "city": {"type": "STRING"},
        }}}]}],
    });
    let path = "POST /v1beta/models/m:generateContent";
    let answer = send(simulator.address(), path, &[], &body.to_string(), PATIENCE).await.json();
    let parts = &answer["candidates"][0]["content"]["parts"];
    assert_eq!(parts[0]["thought"], true);
    assert_eq!(parts[1]["functionCall"]["args"], json!({"city": "text"}));
    assert!(parts[1]["thoughtSignature"].is_string());
    let usage = &answer["usageMetadata"];
    let sum = ["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"];
    let sum: u64 = sum.iter().filter_map(|name| usage[*name].as_u64()).sum();
    assert_eq!(usage["totalTokenCount"], sum);
    simulator.shutdown().await;
}

#[tokio::test]
async fn filtered_answers_have_no_content() {
    let simulator = start().await;
    let answer = Kind::Gemini.ask(simulator.address(), "m~answer.filtered=true", "x", false).await.json();
    assert_eq!(answer["candidates"][0]["finishReason"], "SAFETY");
    assert!(answer["candidates"][0].get("content").is_none());
    simulator.shutdown().await;
}

#[tokio::test]
async fn lists_models_in_the_form_of_the_family_that_asks() {
    let simulator = start().await;
    for (path, header, pointer) in [
        ("/v1/models", ("accept", "*/*"), "/data/0/object"),
        ("/v1/models", ("anthropic-version", "2023-06-01"), "/data/0/display_name"),
        ("/v1/models", ("x-goog-api-key", "k"), "/models/0/supportedGenerationMethods"),
        ("/v1beta/models", ("accept", "*/*"), "/models/0/supportedGenerationMethods"),
        ("/v1/models/a%2Fb", ("accept", "*/*"), "/owned_by"),
    ] {
        let list = send(simulator.address(), &format!("GET {path}"), &[header], "", PATIENCE).await.json();
        assert!(list.pointer(pointer).is_some(), "{path} {header:?}: {list}");
    }
    simulator.shutdown().await;
}
