//! Answers of every provider family against files: `golden/reply/<case>/`.
//!
//! A case holds one answer twice, as the provider sends it whole (`<family>.json`) and streamed (`<family>.sse`), and
//! what a caller of chat completions receives (`chat.json`, `chat.sse`). `about.toml` names the source and the figures
//! that were worked out by hand. A mismatch leaves what was produced in the test folder of the target directory, from
//! where it can be compared and, if it is right, copied.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

mod messages;

use dialect::canonical::reply::{Collector, Delta, Reply};
use dialect::chat::reply::{Bill, Envelope, encode};
use dialect::chat::stream::{Encoder, KEEP_ALIVE};
use dialect::decode::{StreamDecoder, error, reply};
use dialect::outgoing::Outgoing;
use domain::catalog::{Family, Quirks};
use domain::money::{Amount, PriceSheet, PriceSheetText, cost::round_up_to_nano};
use domain::usage::Usage;
use serde_json::Value;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

const ENVELOPE: Envelope<'static> = Envelope {
    id: "gen-1767225600-AbCdEf",
    created: 1_767_225_600,
    model: "author/model",
    provider: "Provider",
    hide_reasoning: false,
    metadata: None,
};

struct Case {
    name: String,
    folder: PathBuf,
    family: Family,
    about: toml::Table,
    plain: Vec<u8>,
    stream: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/reply");
    let mut cases: Vec<Case> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|folder| {
            let about: toml::Table = std::fs::read_to_string(folder.join("about.toml")).unwrap().parse().unwrap();
            let family = about["family"].as_str().unwrap();
            let read = |ending: &str| std::fs::read(folder.join(format!("{family}.{ending}"))).unwrap();
            Case {
                name: folder.file_name().unwrap().to_string_lossy().into_owned(),
                family: serde_json::from_value(family.into()).unwrap(),
                plain: read("json"),
                stream: read("sse"),
                about,
                folder,
            }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// Prices that differ in every class, so that a token in the wrong class changes the cost.
fn prices() -> PriceSheet {
    let text = PriceSheetText {
        prompt: "3.01".into(),
        completion: "15.02".into(),
        input_cache_read: Some("0.303".into()),
        input_cache_write: Some("3.7504".into()),
        input_cache_write_1h: Some("6.005".into()),
        internal_reasoning: Some("17.06".into()),
        web_search: Some("0.007".into()),
        ..PriceSheetText::default()
    };
    PriceSheet::try_from(&text).unwrap()
}

struct Costs {
    total: Amount,
    prompt: Amount,
    completion: Amount,
}

fn costs(usage: &Usage) -> Costs {
    let cost = prices().cost(usage).unwrap();
    Costs {
        total: cost.total,
        prompt: round_up_to_nano(cost.prompt_femtos()).unwrap(),
        completion: round_up_to_nano(cost.completion_femtos()).unwrap(),
    }
}

fn bill<'a>(usage: &'a Usage, costs: &Costs) -> Bill<'a> {
    Bill {
        usage,
        cost: costs.total,
        upstream_cost: costs.total,
        prompt_cost: costs.prompt,
        completion_cost: costs.completion,
        is_byok: false,
        ended_at: 1_763_700_001,
    }
}

fn encoded(reply: &Reply) -> Value {
    let usage = reply.usage.unwrap();
    serde_json::from_slice(&encode(reply, &ENVELOPE, &bill(&usage, &costs(&usage)))).unwrap()
}

fn decode(family: Family, pieces: &[&[u8]]) -> Vec<Delta> {
    let mut decoder = StreamDecoder::new(family, &Quirks::default());
    let mut deltas = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut deltas).unwrap();
    }
    decoder.finish(&mut deltas).unwrap();
    deltas
}

fn collected(deltas: &[Delta]) -> Reply {
    let mut collector = Collector::default();
    deltas.iter().cloned().for_each(|delta| collector.push(delta));
    collector.finish()
}

fn streamed(deltas: &[Delta]) -> String {
    let mut encoder = Encoder::new(&ENVELOPE);
    let mut out = Outgoing::default();
    deltas.iter().cloned().for_each(|delta| encoder.push(delta, &mut out));
    let usage = collected(deltas).usage.unwrap();
    encoder.end(&bill(&usage, &costs(&usage)), None, &mut out);
    String::from_utf8(out.into_vec()).unwrap()
}

/// Compares with files, and leaves what was produced where they differ.
fn check_files(file: &str, produce: impl Fn(&Case) -> String) {
    let mut different = Vec::new();
    for case in cases() {
        let produced = produce(&case);
        if std::fs::read_to_string(case.folder.join(file)).unwrap_or_default() != produced {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden").join(&case.name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(file), produced).unwrap();
            different.push(folder.join(file));
        }
    }
    assert!(different.is_empty(), "these differ from golden/reply: {different:#?}");
}

/// The data of each event of an outgoing stream.
fn chunks(text: &str) -> Vec<&str> {
    text.split("\n\n").filter(|event| !event.is_empty()).map(|event| event.strip_prefix("data: ").unwrap()).collect()
}

#[test]
fn there_are_enough_cases_of_every_family() {
    let count = |family| cases().iter().filter(|case| case.family == family).count();
    assert!(count(Family::OpenAi) >= 7 && count(Family::Anthropic) >= 7 && count(Family::Gemini) >= 7);
    assert!(cases().iter().all(|case| case.about["source"].as_str().unwrap().starts_with("https://")));
}

#[test]
fn whole_answers_become_the_expected_body() {
    check_files("chat.json", |case| {
        let reply = reply(case.family, &Quirks::default(), &case.plain).unwrap();
        serde_json::to_string_pretty(&encoded(&reply)).unwrap() + "\n"
    });
}

#[test]
fn streams_become_the_expected_events() {
    check_files("chat.sse", |case| streamed(&decode(case.family, &[&case.stream])));
}

#[test]
fn a_stream_says_and_costs_what_the_whole_answer_does() {
    for case in cases() {
        let whole = reply(case.family, &Quirks::default(), &case.plain).unwrap();
        let stream = collected(&decode(case.family, &[&case.stream]));
        assert_eq!(stream.usage, whole.usage, "{}", case.name);
        assert_eq!(comparable(encoded(&stream)), comparable(encoded(&whole)), "{}", case.name);
        assert_eq!((stream.upstream_id, stream.model), (whole.upstream_id, whole.model), "{}", case.name);
    }
}

/// The body with arguments as values: a provider that sends them as an object in whole answers has no spelling to keep.
fn comparable(mut body: Value) -> Value {
    for choice in body["choices"].as_array_mut().unwrap() {
        let calls = choice.pointer_mut("/message/tool_calls").and_then(Value::as_array_mut);
        for arguments in calls.into_iter().flatten().map(|call| &mut call["function"]["arguments"]) {
            *arguments = serde_json::from_str(arguments.as_str().unwrap()).unwrap();
        }
    }
    body
}

/// Feeds pieces; what was read of the last one is gone from the decoder's buffer, so that decoders can be compared.
fn feed(decoder: &mut StreamDecoder, pieces: &[&[u8]]) -> String {
    let mut deltas = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut deltas).unwrap();
    }
    decoder.push(&[], &mut deltas).unwrap();
    format!("{deltas:?}")
}

#[test]
fn streams_do_not_depend_on_where_they_are_cut() {
    let (cases, next) = (cases(), AtomicUsize::new(0));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            check_cuts(case);
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    assert!(next.into_inner() >= cases.len());
}

/// Every cut is made in a piece that begins with the event before and ends with the event after the one that is cut. A
/// decoder that has read such a piece must not only have said the same as without the cut, it must be in the same state:
/// then nothing that follows can tell where the cut was.
fn check_cuts(case: &Case) {
    let stream = case.stream.as_slice();
    let whole = format!("{:?}", decode(case.family, &[stream]));
    let singles: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(format!("{:?}", decode(case.family, &singles)), whole, "{} in single bytes", case.name);
    let text = std::str::from_utf8(stream).unwrap();
    let blank = if text.contains("\r\n\r\n") { "\r\n\r\n" } else { "\n\n" };
    let mut marks: Vec<usize> = text.match_indices(blank).map(|(at, _)| at + blank.len()).collect();
    marks.retain(|mark| *mark < stream.len());
    assert!(!marks.is_empty(), "{}", case.name);
    let mut before = StreamDecoder::new(case.family, &Quirks::default());
    let mut from = 0;
    for (index, start) in std::iter::once(0).chain(marks.iter().copied()).enumerate() {
        let end = marks.get(index).copied().unwrap_or(stream.len());
        let to = marks.get(index + 1).copied().unwrap_or(stream.len());
        let mut uncut = before.clone();
        let said = feed(&mut uncut, &[&stream[from..to]]);
        let state = format!("{uncut:?}");
        for cut in start..=end {
            let mut decoder = before.clone();
            assert_eq!(feed(&mut decoder, &[&stream[from..cut], &stream[cut..to]]), said, "{} {cut}", case.name);
            assert_eq!(format!("{decoder:?}"), state, "{} {cut}", case.name);
        }
        assert_eq!(format!("{:?}", decode(case.family, &[&stream[..start], &stream[start..]])), whole);
        feed(&mut before, &[&stream[from..start]]);
        from = start;
    }
}

#[test]
fn line_ends_marks_and_comments_change_nothing() {
    for case in cases() {
        let whole = format!("{:?}", decode(case.family, &[&case.stream]));
        let text = String::from_utf8(case.stream.clone()).unwrap().replace("\r\n", "\n");
        let commented = text.replace("\n\n", "\n\n: OPENROUTER PROCESSING\n\nid: 1\nretry: 5\n");
        for variant in [
            text.replace('\n', "\r\n"),
            text.replace('\n', "\r"),
            format!("\u{feff}{text}"),
            text.replace("data: ", "data:"),
            text.trim_end().to_owned(),
            commented,
        ] {
            assert_eq!(format!("{:?}", decode(case.family, &[variant.as_bytes()])), whole, "{}", case.name);
        }
    }
}

#[test]
fn every_stream_ends_exactly_once() {
    for case in cases() {
        let deltas = decode(case.family, &[&case.stream]);
        let doubled: Vec<Delta> = deltas
            .iter()
            .flat_map(|delta| match delta {
                Delta::Finish { .. } | Delta::Usage(_) | Delta::Done | Delta::Role(_) => {
                    vec![delta.clone(), delta.clone()]
                }
                _ => vec![delta.clone()],
            })
            .collect();
        let text = streamed(&deltas);
        assert_eq!(streamed(&doubled), text, "{}: what the provider doubles is sent once", case.name);
        let (mut finishes, mut usages, mut roles) = (Vec::new(), 0, Vec::new());
        let chunks = chunks(&text);
        let (last, documents) = chunks.split_last().unwrap();
        assert_eq!(*last, "[DONE]");
        for document in documents {
            let chunk: Value = serde_json::from_str(document).unwrap();
            check_chunk(&chunk);
            usages += usize::from(chunk.get("usage").is_some());
            for choice in chunk["choices"].as_array().unwrap() {
                finishes.extend((!choice["finish_reason"].is_null()).then(|| choice["index"].clone()));
                roles.extend(choice["delta"].get("role").map(|_| choice["index"].clone()));
            }
        }
        let choices: Vec<Value> = collected(&deltas).choices.iter().map(|choice| choice.index.into()).collect();
        assert_eq!((finishes, usages), (choices.clone(), 1), "{}", case.name);
        roles.sort_by_key(Value::as_u64);
        assert_eq!(roles, choices, "{}: the role comes once for each choice", case.name);
    }
}

/// What both official SDKs of the API demand of every chunk.
fn check_chunk(chunk: &Value) {
    assert!(chunk["id"].is_string() && chunk["model"].is_string() && chunk["provider"].is_string(), "{chunk}");
    assert_eq!(chunk["object"], "chat.completion.chunk");
    assert!(chunk["created"].is_i64(), "{chunk}");
    assert!(chunk.get("system_fingerprint").is_none_or(Value::is_string), "{chunk}");
    for choice in chunk["choices"].as_array().unwrap() {
        assert!(choice["index"].is_u64() && choice["delta"].is_object(), "{chunk}");
        assert!(choice.get("finish_reason").is_some(), "{chunk}");
        let delta = choice["delta"].as_object().unwrap();
        assert!(
            ["tool_calls", "reasoning_details", "images"]
                .iter()
                .all(|name| delta.get(*name).is_none_or(Value::is_array))
        );
        for list in ["annotations", "images", "reasoning_details"] {
            for entry in delta.get(list).and_then(Value::as_array).into_iter().flatten() {
                assert!(entry["index"].is_u64(), "the official accumulator joins list entries by index: {chunk}");
            }
        }
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            assert!(call["index"].is_u64() && call["function"]["arguments"].is_string(), "{chunk}");
        }
    }
    if let Some(usage) = chunk.get("usage") {
        assert!(chunk["choices"].as_array().unwrap().is_empty(), "{chunk}");
        for path in [
            "/prompt_tokens",
            "/total_tokens",
            "/prompt_tokens_details/cached_tokens",
            "/completion_tokens_details/reasoning_tokens",
        ] {
            assert!(usage.pointer(path).unwrap().is_u64(), "{path} {usage}");
        }
        for path in [
            "/cost",
            "/cost_details/upstream_inference_prompt_cost",
            "/cost_details/upstream_inference_completions_cost",
        ] {
            assert!(usage.pointer(path).unwrap().is_number(), "{path} {usage}");
        }
    }
}

#[test]
fn answers_hold_what_was_worked_out_by_hand() {
    for case in cases() {
        let body = encoded(&reply(case.family, &Quirks::default(), &case.plain).unwrap());
        let choice = &body["choices"][0];
        let message = &choice["message"];
        let usage = &body["usage"];
        let length = |value: &Value| value.as_array().map_or(0, Vec::len).into();
        let calls = |value: &Value| {
            let text =
                |call: &Value| format!("{} {}", call["name"].as_str().unwrap(), call["arguments"].as_str().unwrap());
            Value::from_iter(value.as_array().into_iter().flatten().map(|call| text(&call["function"])))
        };
        for (name, expected) in case.about["expect"].as_table().unwrap() {
            let found = match name.as_str() {
                "text" => message["content"].clone(),
                "refusal" => message["refusal"].clone(),
                "reasoning" => message["reasoning"].clone(),
                "finish" => choice["finish_reason"].clone(),
                "tools" => calls(&message["tool_calls"]),
                "annotations" | "images" => length(&message[name]),
                "cached_tokens" | "cache_write_tokens" => usage["prompt_tokens_details"][name].clone(),
                "reasoning_tokens" | "image_tokens" => usage["completion_tokens_details"][name].clone(),
                "web_searches" => usage["server_tool_use_details"]["web_search_requests"].clone(),
                "prompt_tokens" | "completion_tokens" => usage[name].clone(),
                other => panic!("unknown expectation {other}"),
            };
            let expected = match expected {
                toml::Value::Boolean(false) => Value::Null,
                expected => serde_json::to_value(expected).unwrap(),
            };
            assert_eq!(found, expected, "{} {name}", case.name);
        }
    }
}

#[test]
fn whole_bodies_hold_what_must_be_there_and_leave_out_what_must_not() {
    for case in cases() {
        let body = encoded(&reply(case.family, &Quirks::default(), &case.plain).unwrap());
        assert!(body.get("system_fingerprint").is_some() && body["created"].is_i64(), "{}", case.name);
        for choice in body["choices"].as_array().unwrap() {
            let message = &choice["message"];
            for name in ["content", "refusal", "reasoning"] {
                assert!(message.get(name).is_some(), "{} {name}", case.name);
            }
            for name in ["tool_calls", "reasoning_details", "annotations", "images", "audio"] {
                assert!(message.get(name).is_none_or(|value| !value.is_null()), "{} {name}", case.name);
            }
            assert!(choice.get("logprobs").is_some() && choice["finish_reason"].is_string(), "{}", case.name);
        }
    }
}

#[test]
fn hidden_reasoning_leaves_no_trace_but_its_tokens() {
    let hidden = Envelope { hide_reasoning: true, ..ENVELOPE };
    for case in cases() {
        let reply = reply(case.family, &Quirks::default(), &case.plain).unwrap();
        let usage = reply.usage.unwrap();
        let body: Value = serde_json::from_slice(&encode(&reply, &hidden, &bill(&usage, &costs(&usage)))).unwrap();
        let message = &body["choices"][0]["message"];
        assert!(message["reasoning"].is_null() && message.get("reasoning_details").is_none(), "{}", case.name);
        assert_eq!(body["usage"], encoded(&reply)["usage"]);
        let mut encoder = Encoder::new(&hidden);
        let mut out = Outgoing::default();
        decode(case.family, &[&case.stream]).into_iter().for_each(|delta| encoder.push(delta, &mut out));
        encoder.end(&bill(&usage, &costs(&usage)), None, &mut out);
        let text = String::from_utf8(out.into_vec()).unwrap();
        assert!(!text.contains("\"reasoning\"") && !text.contains("reasoning_details"), "{}", case.name);
    }
}

#[test]
fn money_is_written_exactly() {
    let usage = Usage::default();
    for (nanos, text) in
        [(0, "0"), (1, "0.000000001"), (3_612_000, "0.003612"), (9_007_199_254_740_993, "9007199.254740993")]
    {
        let amount = Amount::from_nanos(nanos);
        let bill = Bill {
            usage: &usage,
            cost: amount,
            upstream_cost: amount,
            prompt_cost: amount,
            completion_cost: Amount::ZERO,
            is_byok: true,
            ended_at: 1_763_700_001,
        };
        let body = String::from_utf8(encode(&Reply::default(), &ENVELOPE, &bill)).unwrap();
        assert!(body.contains(&format!("\"cost\":{text},\"is_byok\":true")), "{body}");
        assert!(body.contains(&format!("\"upstream_inference_prompt_cost\":{text},")), "{body}");
    }
}

#[test]
fn a_failure_in_the_middle_is_one_chunk_and_the_end() {
    let upstream = error(
        Family::Anthropic,
        529,
        br#"{"type":"error","error":{"type":"overloaded_error","message":"Over\"loaded\""}}"#,
    );
    let mut encoder = Encoder::new(&ENVELOPE);
    let mut out = Outgoing::from(KEEP_ALIVE.to_vec());
    encoder.push(Delta::Text { choice: 0, text: "Hi \u{1}\n\"é\"".to_owned() }, &mut out);
    encoder.error(503, upstream.kind, &upstream.message, upstream.provider_code.as_deref(), &mut out);
    let usage = Usage::default();
    encoder.end(&bill(&usage, &costs(&usage)), None, &mut out);
    encoder.push(Delta::Text { choice: 0, text: "late".to_owned() }, &mut out);
    let text = String::from_utf8(out.into_vec()).unwrap();
    let events = chunks(text.strip_prefix(": OPENROUTER PROCESSING\n\n").unwrap());
    assert_eq!(events.len(), 2, "{text}");
    let first: Value = serde_json::from_str(events[0]).unwrap();
    assert_eq!(first["choices"][0]["delta"]["content"], "Hi \u{1}\n\"é\"");
    let last: Value = serde_json::from_str(events[1]).unwrap();
    assert_eq!(
        last["error"],
        serde_json::json!({"code": 503, "message": "Over\"loaded\"", "metadata": {"error_type": "provider_overloaded", "provider_code": "overloaded_error"}})
    );
    assert_eq!(last["choices"][0]["finish_reason"], "error");
    assert_eq!(last["choices"][0]["delta"]["content"], "");
}

proptest::proptest! {
    /// The result is either an answer or an error; what must not happen is a panic or an endless loop.
    #[test]
    fn damaged_transcripts_are_answers_or_errors(pick in 0usize..1_000, place in 0usize..10_000, byte in proptest::num::u8::ANY) {
        let cases = cases();
        let case = &cases[pick % cases.len()];
        for damaged in [&case.stream, &case.plain] {
            let mut damaged = damaged.clone();
            let place = place % damaged.len();
            damaged[place] = byte;
            let mut decoder = StreamDecoder::new(case.family, &Quirks::default());
            let mut deltas = Vec::new();
            if decoder.push(&damaged, &mut deltas).is_ok() && decoder.finish(&mut deltas).is_ok() {
                let mut encoder = Encoder::new(&ENVELOPE);
                let mut out = Outgoing::default();
                deltas.iter().cloned().for_each(|delta| encoder.push(delta, &mut out));
                for chunk in chunks(&String::from_utf8(out.into_vec()).unwrap()) {
                    serde_json::from_str::<Value>(chunk).unwrap();
                }
            }
            if let Ok(reply) = reply(case.family, &Quirks::default(), &damaged) {
                let usage = reply.usage.unwrap_or_default();
                let body = encode(&reply, &ENVELOPE, &bill(&usage, &costs(&usage)));
                serde_json::from_slice::<Value>(&body).unwrap();
            }
        }
    }
}
