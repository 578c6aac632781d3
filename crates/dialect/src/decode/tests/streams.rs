//! Ends, faults and sizes of streams.

use super::super::{StreamDecoder, StreamError};
use super::{collected, events, stream};
use crate::canonical::reply::Delta;
use domain::catalog::{Family, Quirks};
use domain::error_kind::ErrorKind;

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
        (b"data: {\"n\":1e400}\n\n".to_vec(), StreamError::Hostile(super::super::Hostile::NumberRange)),
        (deep.into_bytes(), StreamError::Hostile(super::super::Hostile::TooDeep)),
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
fn an_event_above_the_limit_ends_the_stream() {
    let mut decoder = StreamDecoder::with_event_limit(Family::OpenAi, &Quirks::default(), 64);
    assert!(matches!(decoder.push(&[b'x'; 100], &mut Vec::new()), Err(StreamError::Frame(_))));
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
