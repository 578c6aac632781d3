//! Bad bodies, row by row: which kind of error, and which field is named.

#![expect(clippy::panic, reason = "a test stops at the first surprise")]

use bytes::Bytes;
use dialect::chat::request::{InvalidRequest, Limits, parse};
use domain::error_kind::ErrorKind;
use domain::error_kind::ErrorKind::{InvalidImage, InvalidPrompt, InvalidRequest as Invalid, PayloadTooLarge};
use proptest::prelude::*;

fn refused(body: impl Into<Vec<u8>>) -> InvalidRequest {
    let body = body.into();
    let shown = String::from_utf8_lossy(&body).chars().take(120).collect::<String>();
    match parse(Bytes::from(body), &Limits::default()) {
        Ok(_) => panic!("accepted: {shown}"),
        Err(error) => error,
    }
}

fn accepted(body: &str) -> dialect::chat::request::ChatRequest {
    parse(Bytes::from(body.to_owned()), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// A good request with some more fields.
fn with(fields: &str) -> String {
    format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":"Hi"}}],{fields}}}"#)
}

/// A request with these messages.
fn saying(messages: &str) -> String {
    format!(r#"{{"model":"a/b","messages":{messages}}}"#)
}

/// A user message with one content part.
fn part(json: &str) -> String {
    saying(&format!(r#"[{{"role":"user","content":[{json}]}}]"#))
}

#[test]
fn bodies_that_are_no_single_json_object_are_refused() {
    let rows: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"  \n".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"{".to_vec(),
        with("\"n\":1").into_bytes().into_iter().chain(*b"x").collect(),
        with("\"n\":1").repeat(2).into_bytes(),
        [b"\xEF\xBB\xBF".as_slice(), with("\"n\":1").as_bytes()].concat(),
        with("\"n\":1").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"{\"model\":\"\xff\"}".to_vec(),
        with(r#""user":"\ud800""#).into_bytes(),
        with(r#""user":"\udc00x""#).into_bytes(),
        with(r#""x":{"deep":"\ud800\u0041"}"#).into_bytes(),
        with("\"user\":\"a\u{1}b\"").into_bytes(),
        with("\"x\":NaN").into_bytes(),
        with("\"x\":1,").into_bytes(),
    ];
    for row in rows {
        let error = refused(row);
        assert_eq!((error.kind, error.param), (Invalid, None), "{}", error.message);
    }
}

#[test]
fn escapes_that_are_whole_characters_are_accepted() {
    let request = accepted(&with(r#""user":"\ud83d\ude00 \\ud800 \u00e9""#));
    assert_eq!(request.user(), Some("😀 \\ud800 é"));
}

#[test]
fn bodies_beyond_a_limit_are_refused() {
    let nested = |depth: usize| with(&format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert_eq!(refused(nested(64)).kind, Invalid);
    accepted(&nested(63));
    let brackets_in_text = with(&format!("\"x\":\"{}\"", "[".repeat(500)));
    accepted(&brackets_in_text);

    let numbers = |count: usize| with(&format!("\"x\":[{}1]", "1,".repeat(count)));
    assert_eq!(refused(numbers(1_000_000)).kind, PayloadTooLarge);
    assert_eq!(refused(numbers(200_001)).kind, PayloadTooLarge);
    accepted(&numbers(100_000));

    assert_eq!(refused(with(&format!("\"{}\":1", "k".repeat(1 << 20)))).kind, Invalid);
    let many = (0..300).map(|at| format!("\"f{at}\":1")).collect::<Vec<_>>().join(",");
    assert_eq!(refused(with(&many)).kind, Invalid);
}

#[test]
fn a_field_given_twice_is_refused() {
    for field in ["model", "messages", "stream", "max_tokens", "provider", "anything"] {
        let body = format!(r#"{{"{field}":null,{}"#, &with(&format!("\"{field}\":null"))[1..]);
        let error = refused(body);
        assert_eq!((error.kind, error.param.as_deref()), (Invalid, Some(field)));
    }
    // The same name behind an escape is the same name.
    assert_eq!(refused(with(r#""mod\u0065l":"c/d""#)).param.as_deref(), Some("model"));
    assert_eq!(refused(saying(r#"[{"role":"user","role":"system","content":"x"}]"#)).kind, InvalidPrompt);
}

/// Values of top-level fields that must be refused, by field.
const BAD_FIELDS: &[(&str, &[&str])] = &[
    ("model", &["1", "\"\"", "\"a b\"", "\"a\\nb\"", "\"a/😀\"", "\"../etc\"", "[]"]),
    ("models", &["\"a\"", "[1]", "[\"a\",\"a\"]", "[\"\"]"]),
    ("max_tokens", &["0", "-1", "1.5", "\"10\"", "1e400", "-0", "9007199254740993", "18446744073709551616"]),
    ("max_tokens", &["1000000000000000000", "true", "{}"]),
    ("max_completion_tokens", &["0", "1.0", "\"x\""]),
    ("temperature", &["-1", "3", "\"1\"", "1e400", "true"]),
    ("top_p", &["2", "-0.1", "\"0.5\""]),
    ("top_k", &["-1", "1.5"]),
    ("top_a", &["1.1"]),
    ("min_p", &["-0.1"]),
    ("frequency_penalty", &["2.1", "-2.1"]),
    ("presence_penalty", &["3"]),
    ("repetition_penalty", &["-1", "2.5"]),
    ("n", &["0", "129", "-1", "1.5", "\"2\""]),
    ("seed", &["1180591620717411303424", "1.5", "\"x\""]),
    ("stop", &["[]", "\"\"", "[\"a\",\"\"]", "[\"a\",\"b\",\"c\",\"d\",\"e\"]", "7", "[1]"]),
    ("logit_bias", &["[]", "{\"1\":\"x\"}", "{\"1\":101}"]),
    ("logprobs", &["1"]),
    ("top_logprobs", &["21", "-1"]),
    ("stream", &["\"true\"", "1"]),
    ("stream_options", &["true"]),
    ("reasoning_effort", &["\"huge\"", "1"]),
    ("reasoning", &["true", "{\"effort\":1}", "{\"effort\":\"high\",\"max_tokens\":10}"]),
    ("reasoning.effort", &[]),
    ("include_reasoning", &["\"yes\""]),
    ("verbosity", &["\"loud\""]),
    ("service_tier", &["\"gold\""]),
    ("modalities", &["\"text\"", "[\"smell\"]"]),
    ("provider", &["[]", "\"openai\""]),
    ("plugins", &["{}", "[1]"]),
    ("transforms", &["\"middle-out\""]),
    ("tool_choice", &["\"maybe\"", "1", "{}"]),
    ("parallel_tool_calls", &["\"no\""]),
    ("user", &["1"]),
    ("session_id", &["{}"]),
    ("metadata", &["[]", "{\"a\":1}"]),
    ("prediction.type", &[]),
    ("max_tool_calls", &["0", "31"]),
];

#[test]
fn wrong_types_and_ranges_are_refused_with_the_field_named() {
    for (field, values) in BAD_FIELDS {
        for value in *values {
            // The good request's own model would make this a duplicate.
            let body = with(&format!("\"{field}\":{value}"));
            let body = if *field == "model" { body.replacen("\"model\":\"a/b\",", "", 1) } else { body };
            let error = refused(body);
            assert_eq!((error.kind, error.param.as_deref()), (Invalid, Some(*field)), "{field}: {value}");
        }
    }
}

#[test]
fn long_lists_and_texts_are_refused_with_the_field_named() {
    let bias = (0..10_000).map(|at| format!("\"{at}\":1")).collect::<Vec<_>>().join(",");
    let pairs = (0..17).map(|at| format!("\"k{at}\":\"v\"")).collect::<Vec<_>>().join(",");
    let models = (0..1000).map(|at| format!("\"a/m{at}\"")).collect::<Vec<_>>().join(",");
    let tools = vec![r#"{"type":"function","function":{"name":"f"}}"#; 129].join(",");
    let rows = [
        ("logit_bias", format!("{{{bias}}}")),
        ("metadata", format!("{{{pairs}}}")),
        ("metadata", format!("{{\"{}\":\"v\"}}", "k".repeat(65))),
        ("metadata", format!("{{\"k\":\"{}\"}}", "v".repeat(513))),
        ("models", format!("[{models}]")),
        ("user", format!("\"{}\"", "u".repeat(257))),
        ("session_id", format!("\"{}\"", "s".repeat(257))),
        ("tools[128]", format!("[{tools}]")),
    ];
    for (param, value) in rows {
        let field = param.split('[').next().unwrap();
        let error = refused(with(&format!("\"{field}\":{value}")));
        assert_eq!((error.kind, error.param.as_deref()), (Invalid, Some(param)));
    }
    let long_model = format!(r#"{{"model":"{}","messages":[{{"role":"user","content":"x"}}]}}"#, "m".repeat(1024));
    let error = refused(long_model);
    assert_eq!(error.param.as_deref(), Some("model"));
    assert!(error.message.len() <= 200 && error.message.contains("is not a valid model ID"), "{}", error.message);
}

#[test]
fn bad_messages_are_refused_with_the_place_named() {
    let rows = [
        (r#"{"model":"a/b"}"#.to_owned(), "messages"),
        (saying("[]"), "messages"),
        (saying("{}"), "messages[0]"),
        (saying("[1]"), "messages[0]"),
        (saying(r#"[{"role":"user","content":"a"},{"role":"robot","content":"b"}]"#), "messages[1]"),
        (saying(r#"[{"content":"a"}]"#), "messages[0]"),
        (saying(r#"[{"role":"user","content":null}]"#), "messages[0].content"),
        (saying(r#"[{"role":"user"}]"#), "messages[0].content"),
        (saying(r#"[{"role":"user","content":[]}]"#), "messages[0].content"),
        (saying(r#"[{"role":"user","content":7}]"#), "messages[0]"),
        (saying(r#"[{"role":"assistant","content":null}]"#), "messages[0].content"),
        (saying(r#"[{"role":"assistant","tool_calls":[]}]"#), "messages[0].content"),
        (saying(r#"[{"role":"tool","content":"x"}]"#), "messages[0].tool_call_id"),
        (saying(r#"[{"role":"tool","tool_call_id":"","content":"x"}]"#), "messages[0].tool_call_id"),
        (part(r#"{"type":"hologram"}"#), "messages[0].content[0]"),
        (part(r#"{"type":"text"}"#), "messages[0].content[0]"),
        (part(r#"{"type":"input_audio"}"#), "messages[0].content[0]"),
        (part(r#"{"type":"file","file":{"filename":"x"}}"#), "messages[0].content[0]"),
        (part(r#"{"type":"file","file":{"file_data":"file:///etc/passwd"}}"#), "messages[0].content[0]"),
        (part(r#"{"type":"video_url","video_url":{"url":"ftp://a.example/v"}}"#), "messages[0].content[0]"),
        (
            saying(r#"[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":{}}}]}]"#),
            "messages[0]",
        ),
        (
            saying(r#"[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":""}}]}]"#),
            "messages[0].tool_calls[0]",
        ),
        (
            saying(r#"[{"role":"user","content":"a","tool_calls":[{"id":"1","function":{"name":"f"}}]}]"#),
            "messages[0].tool_calls",
        ),
    ];
    for (body, param) in rows {
        let error = refused(body.clone());
        assert_eq!((error.kind, error.param.as_deref()), (InvalidPrompt, Some(param)), "{body}: {error}");
    }
}

#[test]
fn more_messages_than_the_limit_are_refused() {
    let limits = Limits { messages: 3, ..Limits::default() };
    let body = |count| saying(&format!("[{}]", vec![r#"{"role":"user","content":"a"}"#; count].join(",")));
    assert!(parse(Bytes::from(body(3)), &limits).is_ok());
    let error = parse(Bytes::from(body(4)), &limits).unwrap_err();
    assert_eq!((error.kind, error.param.as_deref()), (InvalidPrompt, Some("messages[3]")));
}

#[test]
fn messages_and_prompt_together_are_refused() {
    assert_eq!(refused(with("\"prompt\":\"Hi\"")).param.as_deref(), Some("prompt"));
    accepted(&with("\"prompt\":null"));
}

#[test]
fn tools_with_bad_names_or_schemas_are_refused() {
    let rows = [
        (r#"{"type":"function"}"#, "tools[0]"),
        (r#"{"function":{"name":"f"}}"#, "tools[0]"),
        (r#"{"type":"function","function":{"name":"two words"}}"#, "tools[0].function.name"),
        (r#"{"type":"function","function":{"name":""}}"#, "tools[0].function.name"),
        (r#"{"type":"function","function":{"name":"f","parameters":[]}}"#, "tools[0].function.parameters"),
    ];
    for (tool, param) in rows {
        let error = refused(with(&format!("\"tools\":[{tool}]")));
        assert_eq!((error.kind, error.param.as_deref()), (Invalid, Some(param)), "{tool}");
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let tool = format!(r#"{{"type":"function","function":{{"name":"f","parameters":{deep}}}}}"#);
    assert_eq!(refused(with(&format!("\"tools\":[{tool}]"))).kind, Invalid);
}

#[test]
fn answer_formats_without_their_schema_are_refused() {
    let rows = [
        ("1", "response_format"),
        ("{}", "response_format.type"),
        (r#"{"type":"xml"}"#, "response_format.type"),
        (r#"{"type":"json_schema"}"#, "response_format.json_schema"),
        (r#"{"type":"json_schema","json_schema":{"schema":{}}}"#, "response_format"),
        (r#"{"type":"json_schema","json_schema":{"name":"x","schema":7}}"#, "response_format.json_schema.schema"),
    ];
    for (format, param) in rows {
        let error = refused(with(&format!("\"response_format\":{format}")));
        assert_eq!((error.kind, error.param.as_deref()), (Invalid, Some(param)), "{format}");
    }
}

#[test]
fn images_from_places_that_must_not_be_reached_are_refused() {
    let urls = [
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "gopher://example.com/",
        "http://169.254.169.254/latest",
        "http://[::ffff:127.0.0.1]/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://127.0.0.1/",
        "http://10.0.0.8/",
        "http://user@example.com/",
        "http://a@b@example.com/",
        "http:\\\\\\\\example.com\\\\x",
        "http://example.com:22/",
        "http://example.com:6379/",
        "http://localhost/",
        "http://localhost./",
        "http://ex ample.com/",
        "http://exämple.com/",
        "",
        "https://",
        "data:image/png;base64,",
        "data:image/png;base64,AA AA",
        "data:image/png;base64,AAAA\\r",
        "data:image/png;base64,AAAA!",
        "data:image/png;base64,AAAé",
        "data:image/png;base64,AAAAA",
        "data:image/png;base64,AA==AA==",
        "data:image/png;base64,A===",
        "data:image/png;base64,====",
        "data:image/png;base64,AAAA,BBBB",
        "data:image/png,plain",
        "data:image/svg+xml;base64,AAAA",
        "data:text/html;base64,AAAA",
    ];
    for url in urls {
        let error = refused(part(&format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#)));
        assert_eq!((error.kind, error.param.as_deref()), (InvalidImage, Some("messages[0].content[0]")), "{url}");
    }
    for url in [
        "https://example.com/a.png?x=1",
        "http://example.com:8080/a",
        "https://8.8.8.8/a",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,AZaz09+/-_A=",
        "data:image/png;base64,AA==",
        "data:image/png;base64,AA",
    ] {
        accepted(&part(&format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#)));
    }
}

#[test]
fn more_than_64_images_are_refused() {
    let image = r#"{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}"#;
    accepted(&part(&vec![image; 64].join(",")));
    assert_eq!(refused(part(&vec![image; 65].join(","))).kind, InvalidImage);
}

#[test]
fn null_counts_as_absent_and_unknown_fields_are_kept() {
    let fields = dialect_fields().map(|name| format!("\"{name}\":null")).collect::<Vec<_>>().join(",");
    let request = accepted(&with(&format!("{fields},\"brand_new\":[1, 2],\"__proto__\":{{\"a\":1}}")));
    assert_eq!(request.field("brand_new"), Some("[1, 2]"));
    assert_eq!(request.field("temperature"), None);
    assert!(request.parameters().is_empty());
    assert!(!request.is_stream());
}

fn dialect_fields() -> impl Iterator<Item = &'static str> {
    BAD_FIELDS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| *name != "model" && !name.contains('.'))
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
}

#[test]
fn the_largest_of_several_limits_holds() {
    let request = accepted(&with("\"max_tokens\":10,\"max_completion_tokens\":300,\"max_output_tokens\":20"));
    assert_eq!(request.output_limit(), Some(300));
    accepted(&with("\"stream_options\":{\"include_usage\":true}"));
}

#[test]
fn contradicting_reasoning_effort_is_refused() {
    let error = refused(with(r#""reasoning":{"effort":"low"},"reasoning_effort":"high""#));
    assert_eq!(error.param.as_deref(), Some("reasoning_effort"));
    let error = refused(with(r#""reasoning":{"effort":"huge"}"#));
    assert_eq!(error.param.as_deref(), Some("reasoning.effort"));
    accepted(&with(r#""reasoning":{"effort":"high"},"reasoning_effort":"high""#));
}

#[test]
fn what_a_request_needs_can_be_read_from_it() {
    let messages = r#"[
        {"role":"system","content":[{"type":"text","text":"12345","cache_control":{"type":"ephemeral"}}]},
        {"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
            {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
            {"type":"file","file":{"file_data":"https://example.com/a.pdf"}},
            {"type":"video_url","video_url":{"url":"https://example.com/a.mp4"}}]},
        {"role":"assistant","content":"123"}]"#;
    let body = format!(
        r#"{{"messages":{messages},"tools":[{{"type":"function","function":{{"name":"ab","description":"cde"}}}}],
        "temperature":1,"seed":2,"include_reasoning":false,"reasoning":{{"effort":"high","exclude":true}},"n":3}}"#
    );
    let request = accepted(&body);
    let shape = *request.shape();
    assert_eq!(shape.text_bytes, 5 + 3 + 2 + 3);
    assert_eq!((shape.images, shape.audio, shape.files, shape.videos, shape.tools), (1, 1, 1, 1, 1));
    assert!(shape.has_cache_markers && shape.prefill && shape.has_reasoning && !shape.has_json_schema);
    assert_eq!(shape.input_modalities(), ["text", "image", "audio", "file", "video"]);
    assert_eq!(request.parameters(), ["temperature", "seed", "tools", "include_reasoning", "reasoning"]);
    assert_eq!((request.model(), request.choices()), (None, 3));
    assert!(request.wants_reasoning_hidden());
}

#[test]
fn messages_of_errors_stay_short_and_repeat_little() {
    let long = "z".repeat(5000);
    for body in [
        with(&format!("\"verbosity\":\"{long}\"")),
        with(&format!("\"{long}\":1,\"{long}\":2")),
        saying(&format!(r#"[{{"role":"{long}","content":"x"}}]"#)),
        part(&format!(r#"{{"type":"{long}"}}"#)),
    ] {
        let error = refused(body);
        assert!(error.message.chars().count() <= 200, "{}", error.message);
        assert!(!error.message.contains(&"z".repeat(101)), "{}", error.message);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let kind = parse(Bytes::from(body), &Limits::default()).err().map(|error| error.kind);
        prop_assert!(kind.is_none_or(|kind: ErrorKind| kind.status() == 400 || kind.status() == 413));
    }

    #[test]
    fn damaged_requests_are_answered_without_panic(at in 0_usize..400, byte in any::<u8>()) {
        let mut body = with(r#""tools":[{"type":"function","function":{"name":"f"}}],"stop":["a"],"reasoning":{"effort":"low"}"#).into_bytes();
        let at = at % body.len();
        body[at] = byte;
        if let Err(error) = parse(Bytes::from(body), &Limits::default()) {
            prop_assert!(error.message.chars().count() <= 200);
        }
    }
}
