//! What providers report as used.

use super::super::reply;
use super::collected;
use domain::catalog::{Family, Quirks};
use domain::usage::Usage;

fn usage_of(json: &str) -> Option<Usage> {
    let body = format!(r#"{{"choices":[{{"index":0,"message":{{"content":"x"}}}}],"usage":{json}}}"#);
    reply(Family::OpenAi, &Quirks::default(), body.as_bytes()).unwrap().usage
}

#[test]
fn odd_usage_is_clamped_and_marked() {
    for (json, expected) in [
        ("null", None),
        ("{}", None),
        (r#""many""#, None),
        (r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#, Some((0, 0, false))),
        (r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#, Some((10, 5, false))),
        (r#"{"prompt_tokens":10,"completion_tokens":5}"#, Some((10, 5, false))),
        (r#"{"prompt_tokens":-10,"completion_tokens":5}"#, Some((0, 5, true))),
        (r#"{"prompt_tokens":"10","completion_tokens":5}"#, Some((10, 5, true))),
        (r#"{"prompt_tokens":"ten","completion_tokens":5}"#, Some((0, 5, true))),
        (r#"{"prompt_tokens":9007199254740992,"completion_tokens":5}"#, Some((4_294_967_295, 5, true))),
        (r#"{"prompt_tokens":1.5,"completion_tokens":5}"#, Some((2, 5, true))),
        (r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":99}"#, Some((10, 5, true))),
        (
            r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":11}}"#,
            Some((10, 5, true)),
        ),
        (
            r#"{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":6}}"#,
            Some((10, 5, true)),
        ),
        (r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null}"#, Some((10, 5, false))),
    ] {
        let usage = usage_of(json).map(|usage| (usage.prompt_tokens(), usage.completion_tokens(), usage.suspect));
        assert_eq!(usage, expected, "{json}");
    }
}

#[test]
fn each_providers_counts_become_disjoint_classes() {
    let openai = usage_of(
        r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
            "prompt_tokens_details":{"cached_tokens":60,"audio_tokens":10,"cache_write_tokens":5},
            "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":5,"accepted_prediction_tokens":3,"rejected_prediction_tokens":4}}"#,
    )
    .unwrap();
    assert_eq!(
        (openai.input_fresh, openai.input_cache_read, openai.input_audio, openai.input_cache_write),
        (25, 60, 10, 5)
    );
    assert_eq!((openai.output_text, openai.output_reasoning, openai.output_audio), (25, 20, 5));
    assert_eq!((openai.accepted_prediction, openai.rejected_prediction, openai.suspect), (3, 4, false));
    let beside = usage_of(
        r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":22,"completion_tokens_details":{"reasoning_tokens":7}}"#,
    )
    .unwrap();
    assert_eq!((beside.output_text, beside.output_reasoning, beside.suspect), (5, 7, false));
    let deepseek = usage_of(
        r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2}"#,
    )
    .unwrap();
    assert_eq!((deepseek.input_fresh, deepseek.input_cache_read), (2, 8));

    let body = r#"{"content":[{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":{"input_tokens":10,
        "cache_read_input_tokens":100,"cache_creation_input_tokens":30,
        "cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},
        "output_tokens":50,"output_tokens_details":{"thinking_tokens":15},"server_tool_use":{"web_search_requests":2}}}"#;
    let anthropic = reply(Family::Anthropic, &Quirks::default(), body.as_bytes()).unwrap().usage.unwrap();
    assert_eq!((anthropic.input_fresh, anthropic.input_cache_read), (10, 100));
    assert_eq!((anthropic.input_cache_write, anthropic.input_cache_write_1h), (20, 10));
    assert_eq!((anthropic.output_text, anthropic.output_reasoning, anthropic.web_searches), (35, 15, 2));
    assert!(!anthropic.suspect);

    let body = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{
        "promptTokenCount":100,"cachedContentTokenCount":40,"candidatesTokenCount":20,"thoughtsTokenCount":7,
        "toolUsePromptTokenCount":3,"totalTokenCount":130,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":70},{"modality":"AUDIO","tokenCount":20},{"modality":"IMAGE","tokenCount":10}],
        "cacheTokensDetails":[{"modality":"TEXT","tokenCount":35},{"modality":"AUDIO","tokenCount":5}],
        "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":12},{"modality":"TEXT","tokenCount":8}]}}"#;
    let gemini = reply(Family::Gemini, &Quirks::default(), body.as_bytes()).unwrap().usage.unwrap();
    assert_eq!((gemini.input_fresh, gemini.input_cache_read, gemini.input_audio, gemini.input_image), (38, 40, 15, 10));
    assert_eq!((gemini.output_text, gemini.output_image, gemini.output_reasoning), (8, 12, 7));
    assert_eq!((gemini.total_tokens(), gemini.suspect), (130, false));
}

#[test]
fn later_counts_replace_earlier_ones_field_by_field() {
    let start = |usage: &str| format!(r#"{{"type":"message_start","message":{{"id":"m","usage":{usage}}}}}"#);
    let end =
        |usage: &str| format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{usage}}}"#);
    for (first, last, expected) in [
        (r#"{"input_tokens":25,"output_tokens":1}"#, r#"{"output_tokens":15}"#, (25, 15, false)),
        (r#"{"input_tokens":25,"output_tokens":1}"#, r#"{"input_tokens":25,"output_tokens":15}"#, (25, 15, false)),
        (r#"{"input_tokens":0,"output_tokens":0}"#, r#"{"input_tokens":30,"output_tokens":15}"#, (30, 15, false)),
        (r#"{"input_tokens":25,"output_tokens":20}"#, r#"{"output_tokens":15}"#, (25, 15, true)),
        (
            r#"{"input_tokens":5,"cache_read_input_tokens":20,"output_tokens":1}"#,
            r#"{"output_tokens":2}"#,
            (25, 2, false),
        ),
    ] {
        let reply = collected(Family::Anthropic, &[&start(first), &end(last), r#"{"type":"message_stop"}"#]);
        let usage = reply.usage.unwrap();
        assert_eq!((usage.prompt_tokens(), usage.completion_tokens(), usage.suspect), expected, "{first} {last}");
    }
}
