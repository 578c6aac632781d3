//! Faults that whole answers, streams and errors may carry.

use super::{FailureClass, StreamDecoder, StreamError, UpstreamError, error, reply};
use crate::canonical::reply::{Collector, Delta, FinishReason, Reply, ToolCall};
use domain::catalog::{Family, Quirks};
use domain::error_kind::ErrorKind;
use domain::usage::Usage;

const FAMILIES: [Family; 3] = [Family::OpenAi, Family::Anthropic, Family::Gemini];

fn stream(family: Family, text: &[u8]) -> (Vec<Delta>, Result<(), StreamError>) {
    let mut decoder = StreamDecoder::new(family, &Quirks::default());
    let mut deltas = Vec::new();
    let result = decoder.push(text, &mut deltas).and_then(|()| decoder.finish(&mut deltas));
    (deltas, result)
}

fn events(chunks: &[&str]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn collected(family: Family, chunks: &[&str]) -> Reply {
    let (deltas, result) = stream(family, events(chunks).as_bytes());
    assert_eq!(result, Ok(()), "{chunks:?}");
    let mut collector = Collector::default();
    deltas.into_iter().for_each(|delta| collector.push(delta));
    collector.finish()
}

fn plain_error(family: Family, body: &str) -> UpstreamError {
    reply(family, &Quirks::default(), body.as_bytes()).expect_err(body).error
}

fn usage_of(json: &str) -> Option<Usage> {
    let body = format!(r#"{{"choices":[{{"index":0,"message":{{"content":"x"}}}}],"usage":{json}}}"#);
    reply(Family::OpenAi, &Quirks::default(), body.as_bytes()).unwrap().usage
}

#[test]
fn a_successful_status_with_an_unusable_body_is_a_failure() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    for body in [
        "",
        "  \n",
        "<!doctype html><title>502</title>",
        "all good",
        "{\"id\":\"x\",\"choices\":[{\"index\":0,\"message\":{\"content\":\"cut",
        "{}",
        "[]",
        "null",
        "{\"choices\":[]}",
        "{\"choices\":\"none\"}",
        "{\"a\":1e400}",
        &deep,
        "{\"choices\":[],\"choices\":[]}",
    ] {
        for family in FAMILIES {
            let error = plain_error(family, body);
            assert_eq!(error.kind, ErrorKind::ProviderUnavailable, "{body}");
            assert_eq!(error.class, FailureClass::Unavailable, "{body}");
            assert!(!error.message.contains('<'), "no page reaches the caller: {}", error.message);
        }
    }
    let error =
        reply(Family::OpenAi, &Quirks::default(), b"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}").unwrap_err();
    assert_eq!(error.error.kind, ErrorKind::ProviderUnavailable);
}

#[test]
fn an_error_object_under_a_successful_status_is_that_error() {
    for (family, body, kind, code) in [
        (Family::OpenAi, r#"{"error":{"message":"slow down","code":429}}"#, ErrorKind::RateLimitExceeded, None),
        (
            Family::OpenAi,
            r#"{"error":"overloaded","message":"try later"}"#,
            ErrorKind::ProviderOverloaded,
            Some("overloaded"),
        ),
        (
            Family::OpenAi,
            r#"{"object":"error","message":"bad","type":"BadRequestError","code":400}"#,
            ErrorKind::InvalidRequest,
            Some("BadRequestError"),
        ),
        (Family::OpenAi, r#"{"detail":"nope"}"#, ErrorKind::ProviderUnavailable, None),
        (
            Family::Anthropic,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            ErrorKind::ProviderOverloaded,
            Some("overloaded_error"),
        ),
        (
            Family::Gemini,
            r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}"#,
            ErrorKind::RateLimitExceeded,
            Some("RESOURCE_EXHAUSTED"),
        ),
        (
            Family::Gemini,
            r#"[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]"#,
            ErrorKind::ProviderOverloaded,
            Some("UNAVAILABLE"),
        ),
    ] {
        let plain = plain_error(family, body);
        assert_eq!((plain.kind, plain.provider_code.as_deref()), (kind, code), "{body}");
        let (deltas, result) = stream(family, format!("data: {body}\n\n").as_bytes());
        let streamed = match (deltas.as_slice(), result) {
            ([Delta::Error(error)], Ok(())) => error.clone(),
            other => panic!("{body}: {other:?}"),
        };
        assert_eq!(streamed, plain, "{body}");
        let (deltas, result) = stream(family, body.as_bytes());
        assert!(deltas.is_empty());
        assert_eq!(result.unwrap_err().upstream().kind, kind, "no event stream at all: {body}");
    }
}

#[test]
fn failing_statuses_are_classified_by_word_status_and_text() {
    use ErrorKind as Kind;
    use FailureClass as Class;
    let openai =
        |message: &str, code: &str| format!(r#"{{"error":{{"message":"{message}","type":"t","code":"{code}"}}}}"#);
    let anthropic =
        |kind: &str, message: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#);
    let gemini = |status: &str, message: &str| {
        format!(r#"{{"error":{{"code":400,"message":"{message}","status":"{status}"}}}}"#)
    };
    for (status, body, kind, class) in [
        (
            400,
            openai("This model's maximum context length is 8192 tokens", "context_length_exceeded"),
            Kind::ContextLengthExceeded,
            Class::ContextLength,
        ),
        (
            400,
            openai("This model's maximum context length is 8192 tokens", ""),
            Kind::ContextLengthExceeded,
            Class::ContextLength,
        ),
        (
            400,
            anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
            Kind::ContextLengthExceeded,
            Class::ContextLength,
        ),
        (
            400,
            anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 2"),
            Kind::ContextLengthExceeded,
            Class::ContextLength,
        ),
        (
            400,
            gemini("INVALID_ARGUMENT", "The input token count (1) exceeds the maximum number of tokens allowed (0)."),
            Kind::ContextLengthExceeded,
            Class::ContextLength,
        ),
        (
            400,
            gemini("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
            Kind::ProviderUnavailable,
            Class::Credential,
        ),
        (
            400,
            gemini("FAILED_PRECONDITION", "User location is not supported for the API use."),
            Kind::ProviderUnavailable,
            Class::Credential,
        ),
        (400, gemini("INVALID_ARGUMENT", "Invalid value at 'contents'"), Kind::InvalidRequest, Class::Caller),
        (
            400,
            anthropic("invalid_request_error", "Your credit balance is too low to access the API"),
            Kind::ProviderUnavailable,
            Class::Credential,
        ),
        (
            400,
            anthropic("invalid_request_error", "messages: roles must alternate"),
            Kind::InvalidRequest,
            Class::Caller,
        ),
        (400, openai("flagged", "content_policy_violation"), Kind::ContentPolicyViolation, Class::ContentPolicy),
        (
            400,
            openai(
                "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
                "content_filter",
            ),
            Kind::ContentPolicyViolation,
            Class::ContentPolicy,
        ),
        (400, openai("max_tokens is too large: 9.", "invalid_value"), Kind::MaxTokensExceeded, Class::Caller),
        (400, openai("too long", "string_above_max_length"), Kind::StringTooLong, Class::Caller),
        (400, openai("bad", "invalid_image_format"), Kind::InvalidImage, Class::Caller),
        (400, openai("gone", "model_decommissioned"), Kind::NotFound, Class::ModelGone),
        (401, openai("Incorrect API key provided", "invalid_api_key"), Kind::ProviderUnavailable, Class::Credential),
        (
            402,
            "{\"error\":{\"message\":\"Insufficient Balance\"}}".to_owned(),
            Kind::ProviderUnavailable,
            Class::Credential,
        ),
        (403, anthropic("permission_error", "no"), Kind::ProviderUnavailable, Class::Credential),
        (404, anthropic("not_found_error", "model: claude-0"), Kind::NotFound, Class::ModelGone),
        (404, String::new(), Kind::NotFound, Class::ModelGone),
        (408, String::new(), Kind::Timeout, Class::Unavailable),
        (409, String::new(), Kind::ProviderUnavailable, Class::Unavailable),
        (413, anthropic("request_too_large", "Request exceeds the maximum size"), Kind::PayloadTooLarge, Class::Caller),
        (
            413,
            openai("Request too large on tokens per minute", "rate_limit_exceeded"),
            Kind::RateLimitExceeded,
            Class::RateLimit,
        ),
        (
            422,
            "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}".to_owned(),
            Kind::Unprocessable,
            Class::Caller,
        ),
        (429, openai("Rate limit reached", "rate_limit_exceeded"), Kind::RateLimitExceeded, Class::RateLimit),
        (
            429,
            openai("You exceeded your current quota", "insufficient_quota"),
            Kind::ProviderUnavailable,
            Class::Credential,
        ),
        (
            429,
            gemini("RESOURCE_EXHAUSTED", "You exceeded your current quota"),
            Kind::RateLimitExceeded,
            Class::RateLimit,
        ),
        (429, "slow down".to_owned(), Kind::RateLimitExceeded, Class::RateLimit),
        (500, anthropic("api_error", "Internal server error"), Kind::ProviderUnavailable, Class::Unavailable),
        (502, "<html>Bad gateway</html>".to_owned(), Kind::ProviderUnavailable, Class::Unavailable),
        (503, "{\"message\":\"busy\"}".to_owned(), Kind::ProviderOverloaded, Class::Overload),
        (504, String::new(), Kind::Timeout, Class::Unavailable),
        (520, "error code: 520".to_owned(), Kind::ProviderUnavailable, Class::Unavailable),
        (529, anthropic("overloaded_error", "Overloaded"), Kind::ProviderOverloaded, Class::Overload),
        (302, String::new(), Kind::ProviderUnavailable, Class::Unavailable),
    ] {
        let error = error(Family::OpenAi, status, body.as_bytes());
        assert_eq!((error.kind, error.class), (kind, class), "{status} {body}");
        assert_eq!(error.status, Some(status), "{body}");
        assert!(!error.message.is_empty() && !error.message.contains('<'), "{status} {body}");
    }
}

#[test]
fn provider_texts_are_cut_and_cleaned() {
    let long = "é\u{7}\n".repeat(3_000);
    let error = error(Family::OpenAi, 500, long.as_bytes());
    assert_eq!(error.message.chars().count(), 2_000);
    assert!(!error.message.chars().any(char::is_control));
}

#[test]
fn a_stream_needs_one_of_three_ends() {
    let content = r#"{"id":"a","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"}}]}"#;
    let finish = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
    let content_with_usage = r#"{"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
    for (family, chunks, is_whole) in [
        (Family::OpenAi, vec![content], false),
        (Family::OpenAi, vec![content, content_with_usage], false),
        (Family::OpenAi, vec![], false),
        (Family::OpenAi, vec![content, finish], true),
        (Family::OpenAi, vec![content, usage], true),
        (Family::OpenAi, vec![content, "[DONE]"], true),
        (Family::OpenAi, vec![content, finish, usage, "[DONE]", "[DONE]"], true),
        (
            Family::Gemini,
            vec![
                r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":1,"totalTokenCount":1}}"#,
            ],
            false,
        ),
        (Family::Gemini, vec![r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#], true),
        (
            Family::Anthropic,
            vec![r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1,"output_tokens":1}}}"#],
            false,
        ),
        (
            Family::Anthropic,
            vec![r#"{"type":"message_start","message":{"id":"m"}}"#, r#"{"type":"message_stop"}"#],
            true,
        ),
    ] {
        let (_, result) = stream(family, events(&chunks).as_bytes());
        assert_eq!(result, if is_whole { Ok(()) } else { Err(StreamError::Truncated) }, "{chunks:?}");
    }
}

#[test]
fn late_usage_counts_and_late_content_does_not() {
    let reply = collected(
        Family::OpenAi,
        &[
            r#"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#,
            "[DONE]",
            r#"{"choices":[{"index":0,"delta":{"content":" again"}}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#,
            "[DONE]",
        ],
    );
    assert_eq!(reply.choices[0].message.content.as_deref(), Some("hi"));
    assert_eq!(reply.usage.unwrap().total_tokens(), 5);
}

#[test]
fn broken_events_are_errors_wherever_they_are_cut() {
    let prefix = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"".to_vec();
    let with = |content: &[u8]| [&prefix, content, b"\"}}]}\n\ndata: [DONE]\n\n"].concat();
    let deep = format!("data: {}{}\n\n", "[".repeat(65), "]".repeat(65));
    for (bytes, expected) in [
        (with(b"\xff\xfe"), StreamError::Utf8),
        (with("ok\u{0}".as_bytes()), StreamError::Json),
        (b"data: {\"choices\":[\n\n".to_vec(), StreamError::Json),
        (b"data: {\"n\":1e400}\n\n".to_vec(), StreamError::Hostile(super::Hostile::NumberRange)),
        (deep.into_bytes(), StreamError::Hostile(super::Hostile::TooDeep)),
    ] {
        for cut in 0..bytes.len() {
            let mut decoder = StreamDecoder::new(Family::OpenAi, &Quirks::default());
            let mut out = Vec::new();
            let (first, second) = bytes.split_at(cut);
            let result = decoder.push(first, &mut out).and_then(|()| decoder.push(second, &mut out));
            assert_eq!(result.unwrap_err(), expected);
            assert_eq!(expected.upstream().kind, ErrorKind::ProviderUnavailable);
        }
    }
    let valid = with("é😀".as_bytes());
    for cut in 0..valid.len() {
        let mut decoder = StreamDecoder::new(Family::OpenAi, &Quirks::default());
        let mut out = Vec::new();
        decoder.push(&valid[..cut], &mut out).unwrap();
        decoder.push(&valid[cut..], &mut out).unwrap();
        assert!(out.iter().any(|delta| matches!(delta, Delta::Text { text, .. } if text == "é😀")));
    }
}

#[test]
fn what_follows_a_failure_is_never_looked_at() {
    let failure = br#"data: {"error":{"message":"overloaded","code":529}}"#;
    for rest in [&b"data: \xff\n\n"[..], b"data: {\n\n", b"data: [[[\n", b"\xff"] {
        let text = [failure, &b"\n\n"[..], rest].concat();
        for cut in 0..=text.len() {
            let (first, second) = text.split_at(cut);
            let mut decoder = StreamDecoder::new(Family::OpenAi, &Quirks::default());
            let mut deltas = Vec::new();
            let pushed = [first, second].iter().try_for_each(|piece| decoder.push(piece, &mut deltas));
            assert_eq!(pushed.and_then(|()| decoder.finish(&mut deltas)), Ok(()), "cut at {cut}");
            assert!(matches!(deltas.last(), Some(Delta::Error(_))), "{deltas:?}");
        }
    }
}

#[test]
fn an_event_above_the_limit_ends_the_stream() {
    let mut decoder = StreamDecoder::with_event_limit(Family::OpenAi, &Quirks::default(), 64);
    assert!(matches!(decoder.push(&[b'x'; 100], &mut Vec::new()), Err(StreamError::Frame(_))));
}

#[test]
fn an_error_in_the_middle_is_the_last_thing() {
    let text = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"!\"}}\n\n",
    );
    let (deltas, result) = stream(Family::Anthropic, text.as_bytes());
    assert_eq!(result, Ok(()));
    let Some(Delta::Error(error)) = deltas.last() else { panic!("{deltas:?}") };
    assert_eq!((error.kind, error.class), (ErrorKind::ProviderOverloaded, FailureClass::Overload));
    assert_eq!(deltas.iter().filter(|delta| delta.is_content()).count(), 1);
}

#[test]
fn finish_reasons_become_the_five_and_keep_the_native_word() {
    use FinishReason::{ContentFilter, Error, Length, Stop, ToolCalls};
    for (family, native, reason) in [
        (Family::OpenAi, "stop", Stop),
        (Family::OpenAi, "eos", Stop),
        (Family::OpenAi, "length", Length),
        (Family::OpenAi, "tool_calls", ToolCalls),
        (Family::OpenAi, "function_call", ToolCalls),
        (Family::OpenAi, "content_filter", ContentFilter),
        (Family::OpenAi, "insufficient_system_resource", Error),
        (Family::OpenAi, "brand_new", Stop),
        (Family::Anthropic, "end_turn", Stop),
        (Family::Anthropic, "stop_sequence", Stop),
        (Family::Anthropic, "pause_turn", Stop),
        (Family::Anthropic, "max_tokens", Length),
        (Family::Anthropic, "model_context_window_exceeded", Length),
        (Family::Anthropic, "tool_use", ToolCalls),
        (Family::Anthropic, "refusal", ContentFilter),
        (Family::Anthropic, "brand_new", Stop),
        (Family::Gemini, "STOP", Stop),
        (Family::Gemini, "MAX_TOKENS", Length),
        (Family::Gemini, "SAFETY", ContentFilter),
        (Family::Gemini, "RECITATION", ContentFilter),
        (Family::Gemini, "PROHIBITED_CONTENT", ContentFilter),
        (Family::Gemini, "MALFORMED_FUNCTION_CALL", Error),
        (Family::Gemini, "BRAND_NEW", Stop),
    ] {
        let body = match family {
            Family::Anthropic => format!(r#"{{"content":[{{"type":"text","text":"a"}}],"stop_reason":"{native}"}}"#),
            Family::Gemini => {
                format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}},"finishReason":"{native}"}}]}}"#)
            }
            _ => format!(r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"{native}"}}]}}"#),
        };
        let reply = reply(family, &Quirks::default(), body.as_bytes()).unwrap();
        let finish = &reply.choices[0].finish;
        assert_eq!((finish.reason, finish.native.as_deref()), (reason, Some(native)), "{body}");
    }
}

#[test]
fn a_refused_prompt_is_an_empty_answer_by_the_filter() {
    let body =
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}}"#;
    for reply in
        [reply(Family::Gemini, &Quirks::default(), body.as_bytes()).unwrap(), collected(Family::Gemini, &[body])]
    {
        assert_eq!(reply.choices[0].finish.reason, FinishReason::ContentFilter);
        assert_eq!(reply.choices[0].finish.native.as_deref(), Some("SAFETY"));
        assert_eq!(reply.usage.unwrap().input_fresh, 7);
    }
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

fn calls(fragments: &[&str]) -> Vec<ToolCall> {
    let chunks: Vec<String> = fragments
        .iter()
        .map(|calls| format!(r#"{{"id":"u","choices":[{{"index":0,"delta":{{"tool_calls":[{calls}]}}}}]}}"#))
        .chain([r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#.to_owned()])
        .collect();
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    let mut reply = collected(Family::OpenAi, &chunks);
    let choice = reply.choices.remove(0);
    assert_eq!(choice.finish.reason, FinishReason::ToolCalls);
    choice.message.tool_calls
}

/// The plain answer that every fragmented form below must equal; ids only where the provider sent them.
fn two_calls(ids: [&str; 2]) -> Vec<ToolCall> {
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    vec![call(ids[0], "f", r#"{"a":1}"#), call(ids[1], "g", r#"{"b":"}"}"#)]
}

#[test]
fn fragmented_calls_equal_the_plain_answer() {
    let given = ["x", "y"];
    let invented = ["call_f00c3c10_0_0", "call_f00c3c10_0_1"];
    for (what, ids, fragments) in [
        (
            "as documented",
            given,
            vec![
                r#"{"index":0,"id":"x","type":"function","function":{"name":"f","arguments":""}}"#,
                r#"{"index":0,"function":{"arguments":"{\"a\""}}"#,
                r#"{"index":0,"function":{"arguments":":1}"}}"#,
                r#"{"index":1,"id":"y","type":"function","function":{"name":"g","arguments":""}}"#,
                r#"{"index":1,"function":{"arguments":"{\"b\":\"}\"}"}}"#,
            ],
        ),
        (
            "interleaved",
            given,
            vec![
                r#"{"index":0,"id":"x","function":{"name":"f","arguments":""}},{"index":1,"id":"y","function":{"name":"g","arguments":""}}"#,
                r#"{"index":1,"function":{"arguments":"{\"b\":"}},{"index":0,"function":{"arguments":"{\"a\""}}"#,
                r#"{"index":0,"function":{"arguments":":1}"}},{"index":1,"function":{"arguments":"\"}\"}"}}"#,
            ],
        ),
        (
            "no index, id only first",
            given,
            vec![
                r#"{"id":"x","function":{"name":"f","arguments":"{\"a\""}}"#,
                r#"{"function":{"arguments":":1}"}}"#,
                r#"{"id":"y","function":{"name":"g","arguments":"{\"b\":"}}"#,
                r#"{"function":{"arguments":"\"}\"}"}}"#,
            ],
        ),
        (
            "no index, id repeated",
            given,
            vec![
                r#"{"id":"x","function":{"name":"f","arguments":"{\"a\""}}"#,
                r#"{"id":"x","function":{"name":"f","arguments":":1}"}}"#,
                r#"{"id":"y","function":{"name":"g","arguments":"{\"b\":"}}"#,
                r#"{"id":"y","function":{"arguments":"\"}\"}"}}"#,
            ],
        ),
        (
            "all zero, ids differ",
            given,
            vec![
                r#"{"index":0,"id":"x","function":{"name":"f","arguments":"{\"a\":1}"}}"#,
                r#"{"index":0,"id":"y","function":{"name":"g","arguments":"{\"b\":"}}"#,
                r#"{"index":0,"function":{"arguments":"\"}\"}"}}"#,
            ],
        ),
        (
            "two entries with one index in one chunk",
            given,
            vec![
                r#"{"index":0,"id":"x","function":{"name":"f","arguments":"{\"a\":1}"}},{"index":0,"id":"y","function":{"name":"g","arguments":"{\"b\":\"}\"}"}}"#,
            ],
        ),
        (
            "id blank after the first",
            given,
            vec![
                r#"{"index":0,"id":"x","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":0,"id":"","function":{"name":"","arguments":"\"a\":1}"}}"#,
                r#"{"index":1,"id":"y","function":{"name":"g","arguments":"{\"b\":\"}\"}"}}"#,
            ],
        ),
        (
            "another id for each fragment",
            given,
            vec![
                r#"{"index":0,"id":"x","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":0,"id":"x2","function":{"arguments":"\"a\":1}"}}"#,
                r#"{"index":1,"id":"y","function":{"name":"g","arguments":"{\"b\":\"}\"}"}}"#,
            ],
        ),
        (
            "name repeated within the arguments",
            given,
            vec![
                r#"{"index":0,"id":"x","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":0,"id":"x","function":{"name":"f","arguments":"\"a\":1}"}}"#,
                r#"{"index":1,"id":"y","function":{"name":"g","arguments":"{\"b\":\"}\"}"}}"#,
            ],
        ),
        (
            "gaps and null in the index",
            given,
            vec![
                r#"{"index":3,"id":"x","function":{"name":"f","arguments":"{\"a\":1}"}}"#,
                r#"{"index":null,"id":"y","function":{"name":"g","arguments":{"b" : "}"}}}"#,
            ],
        ),
        (
            "no ids at all",
            invented,
            vec![
                r#"{"index":0,"function":{"name":"f","arguments":"{\"a\":1}"}}"#,
                r#"{"index":1,"id":"","function":{"name":"g","arguments":"{\"b\":"}}"#,
                r#"{"index":1,"id":null,"function":{"arguments":"\"}\"}"}}"#,
            ],
        ),
        (
            "neither ids nor indices",
            invented,
            vec![
                r#"{"function":{"name":"f","arguments":""}}"#,
                r#"{"function":{"arguments":"{\"a\":1}"}}"#,
                r#"{"function":{"name":"g","arguments":"{\"b\":\"}\"}"}}"#,
            ],
        ),
    ] {
        assert_eq!(calls(&fragments), two_calls(ids), "{what}");
    }
}

#[test]
fn two_calls_of_one_function_stay_two() {
    for fragments in [
        vec![
            r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#,
            r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#,
        ],
        vec![r#"{"id":"a","function":{"name":"f"}}"#, r#"{"id":"b","function":{"name":"f"}}"#],
    ] {
        let calls = calls(&fragments);
        assert_eq!(calls.len(), 2, "{fragments:?}");
        assert!(calls.iter().all(|call| call.arguments == "{}"), "empty arguments are the empty object");
        assert_ne!(calls[0].id, calls[1].id);
    }
}

#[test]
fn tool_calls_and_choices_are_bounded() {
    let call = r#"{"function":{"name":"f","arguments":"{}"}}"#;
    let many = vec![call; 1_100].join(",");
    let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{many}]}}}}]}}"#);
    assert!(matches!(stream(Family::OpenAi, events(&[&chunk]).as_bytes()).1, Err(StreamError::TooManyCalls { .. })));
    let choices: Vec<String> = (0..200).map(|index| format!(r#"{{"index":{index},"delta":{{}}}}"#)).collect();
    let chunk = format!(r#"{{"choices":[{}]}}"#, choices.join(","));
    assert!(matches!(stream(Family::OpenAi, events(&[&chunk]).as_bytes()).1, Err(StreamError::TooManyChoices { .. })));
}

#[test]
fn reasoning_is_read_under_every_name_and_once() {
    let both = r#"{"choices":[{"index":0,"delta":{"reasoning":"why","reasoning_content":"why"}}]}"#;
    let mistral = r#"{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"why"}]},{"type":"text","text":"so"}]}}]}"#;
    let detailed = r#"{"choices":[{"index":0,"delta":{"reasoning":"why","reasoning_details":[{"type":"reasoning.text","text":"why","index":0}]}}]}"#;
    for (chunk, details) in [(both, 0), (mistral, 0), (detailed, 1)] {
        let reply = collected(Family::OpenAi, &[chunk, "[DONE]"]);
        assert_eq!(reply.choices[0].message.reasoning.as_deref(), Some("why"), "{chunk}");
        assert_eq!(reply.choices[0].message.reasoning_details.len(), details, "{chunk}");
    }
}

#[test]
fn citations_are_placed_by_characters() {
    let document = |text: &str, grounding: &str| {
        format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}}{grounding}}}]}}"#)
    };
    let grounding = r#","finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://example.com"}}],
        "groundingSupports":[{"segment":{"startIndex":9,"endIndex":20,"text":"19 °C, ☀"},"groundingChunkIndices":[0,7]}]}"#;
    let reply =
        collected(Family::Gemini, &[&document("Es war: ", ""), &document(" 19 °C, ☀", &grounding.replace('\n', " "))]);
    let annotations = &reply.choices[0].message.annotations;
    assert_eq!(annotations.len(), 1, "a source that does not exist is not cited");
    let citation: serde_json::Value = serde_json::from_str(annotations[0].get()).unwrap();
    assert_eq!(citation["url_citation"]["start_index"], 9);
    assert_eq!(citation["url_citation"]["end_index"], 17);
}

#[test]
fn an_event_of_eight_mebibytes_passes() {
    let text = "x".repeat(8 * 1024 * 1024 - 100);
    let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#);
    let reply = collected(Family::OpenAi, &[&chunk, "[DONE]"]);
    assert_eq!(reply.choices[0].message.content.as_deref(), Some(text.as_str()));
    let (_, result) = stream(Family::OpenAi, events(&[&format!("\"{}\"", "x".repeat(9 * 1024 * 1024))]).as_bytes());
    assert!(matches!(result, Err(StreamError::Frame(_))));
}

#[test]
fn a_hundred_thousand_tiny_events_are_all_read() {
    let text = r#"data: {"choices":[{"index":0,"delta":{"content":"y"}}]}

"#
    .repeat(100_000)
        + "data: [DONE]\n\n";
    let (deltas, result) = stream(Family::OpenAi, text.as_bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(deltas.iter().map(Delta::output_bytes).sum::<usize>(), 100_000);
}

#[test]
fn only_content_commits_an_answer() {
    let (deltas, _) = stream(
        Family::OpenAi,
        events(&[
            r#"{"id":"a","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"hé"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
            "[DONE]",
        ])
        .as_bytes(),
    );
    let content: Vec<usize> = deltas.iter().filter(|delta| delta.is_content()).map(Delta::output_bytes).collect();
    assert_eq!(content, [3, 3], "{deltas:?}");
}
