//! Tool calls in fragments.

use super::super::StreamError;
use super::{collected, events, stream};
use crate::canonical::reply::{FinishReason, ToolCall};
use domain::catalog::Family;

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
