//! Errors of providers, under every status.

use super::super::{FailureClass, StreamDecoder, UpstreamError, error, reply};
use super::{FAMILIES, stream};
use crate::canonical::reply::Delta;
use domain::catalog::{Family, Quirks};
use domain::error_kind::ErrorKind;

fn plain_error(family: Family, body: &str) -> UpstreamError {
    reply(family, &Quirks::default(), body.as_bytes()).expect_err(body).error
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
