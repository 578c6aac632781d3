//! The answers of `golden/reply/<case>/` as callers of the Responses API receive them: `responses.json` and
//! `responses.sse`. A mismatch leaves what was produced in the test folder of the target directory.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

use bytes::Bytes;
use dialect::canonical::reply::{Collector, Delta, Reply};
use dialect::chat::reply::{Bill, Envelope};
use dialect::chat::request::{ChatRequest, Limits};
use dialect::decode::{StreamDecoder, reply};
use dialect::inbound::{Dialect, Encoder, encode, parse};
use dialect::outgoing::Outgoing;
use domain::catalog::{Family, Quirks};
use domain::error_kind::ErrorKind;
use domain::money::Amount;
use domain::usage::Usage;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const ENVELOPE: Envelope<'static> = Envelope {
    id: "gen-0123456789abcdef",
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
    plain: Vec<u8>,
    stream: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/reply");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders.into_iter().map(read_case).collect()
}

fn read_case(folder: PathBuf) -> Case {
    let about: toml::Table = std::fs::read_to_string(folder.join("about.toml")).unwrap().parse().unwrap();
    let family = about["family"].as_str().unwrap();
    let read = |ending: &str| std::fs::read(folder.join(format!("{family}.{ending}"))).unwrap();
    Case {
        name: folder.file_name().unwrap().to_string_lossy().into_owned(),
        family: serde_json::from_value(family.into()).unwrap(),
        plain: read("json"),
        stream: read("sse"),
        folder,
    }
}

fn request() -> ChatRequest {
    let body = json!({"model": "author/model", "input": "Hi", "include": ["reasoning.encrypted_content"]});
    parse(Dialect::Responses, Bytes::from(body.to_string()), &Limits::default()).unwrap()
}

fn bill(usage: &Usage) -> Bill<'_> {
    let amount = Amount::from_nanos(1_500);
    Bill {
        usage,
        cost: amount,
        upstream_cost: amount,
        prompt_cost: amount,
        completion_cost: Amount::ZERO,
        is_byok: false,
        ended_at: 1_767_225_603,
    }
}

fn decode(case: &Case) -> Vec<Delta> {
    let mut decoder = StreamDecoder::new(case.family, &Quirks::default());
    let mut deltas = Vec::new();
    decoder.push(&case.stream, &mut deltas).unwrap();
    decoder.finish(&mut deltas).unwrap();
    deltas
}

fn collected(deltas: &[Delta]) -> Reply {
    let mut collector = Collector::default();
    deltas.iter().cloned().for_each(|delta| collector.push(delta));
    collector.finish()
}

fn encoded(reply: &Reply) -> Value {
    let usage = reply.usage.unwrap();
    serde_json::from_slice(&encode(Dialect::Responses, &request(), reply, &ENVELOPE, &bill(&usage))).unwrap()
}

fn streamed(deltas: &[Delta]) -> String {
    let mut encoder = Encoder::new(Dialect::Responses, &request(), &ENVELOPE);
    let mut out = Outgoing::default();
    deltas.iter().cloned().for_each(|delta| encoder.push(delta, &mut out));
    let usage = collected(deltas).usage.unwrap();
    encoder.end(&bill(&usage), None, &mut out);
    String::from_utf8(out.into_vec()).unwrap()
}

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

/// Name and data of each event, without the end mark.
fn events(text: &str) -> Vec<(String, Value)> {
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && *block != "data: [DONE]");
    blocks
        .map(|block| {
            let (name, data) = block.split_once('\n').unwrap();
            let name = name.strip_prefix("event: ").unwrap().to_owned();
            (name, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn whole_answers_become_the_expected_response() {
    check_files("responses.json", |case| {
        let reply = reply(case.family, &Quirks::default(), &case.plain).unwrap();
        serde_json::to_string_pretty(&encoded(&reply)).unwrap() + "\n"
    });
}

#[test]
fn streams_become_the_expected_events() {
    check_files("responses.sse", |case| streamed(&decode(case)));
}

#[test]
fn every_stream_is_numbered_opened_and_closed_in_order() {
    for case in cases() {
        let text = streamed(&decode(&case));
        assert!(text.ends_with("data: [DONE]\n\n"), "{}", case.name);
        let events = events(&text);
        let mut open: BTreeMap<u64, u64> = BTreeMap::new();
        for (place, (name, data)) in events.iter().enumerate() {
            assert_eq!(data["type"], *name, "{}", case.name);
            assert_eq!(data["sequence_number"], place, "{}", case.name);
            let index = data["output_index"].as_u64();
            match (name.as_str(), index) {
                ("response.output_item.added", Some(index)) => {
                    assert_eq!(index, open.len() as u64, "{}: items come in order", case.name);
                    open.insert(index, 1);
                }
                ("response.output_item.done", Some(index)) => {
                    assert_eq!(open.insert(index, 2), Some(1), "{}: closed once", case.name);
                }
                (_, Some(index)) => assert_eq!(open.get(&index), Some(&1), "{}: {name} outside its item", case.name),
                _ => {}
            }
        }
        assert!(open.values().all(|state| *state == 2), "{}: an item stayed open", case.name);
        let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..2], ["response.created", "response.in_progress"], "{}", case.name);
        let endings = ["response.completed", "response.incomplete", "response.failed"];
        assert_eq!(names.iter().filter(|name| endings.contains(name)).count(), 1, "{}", case.name);
        assert!(endings.contains(names.last().unwrap()), "{}", case.name);
    }
}

#[test]
fn the_pieces_of_every_stream_add_up_to_its_last_event() {
    for case in cases() {
        let events = events(&streamed(&decode(&case)));
        let (_, last) = events.last().unwrap();
        let said = |kind: &str| -> String {
            let pieces = events.iter().filter(|(name, _)| name == kind);
            pieces.filter_map(|(_, data)| data["delta"].as_str()).collect()
        };
        let items = last["response"]["output"].as_array().unwrap();
        let parts = |list: &str, kind: &str, field: &str| -> String {
            let lists = items.iter().filter_map(|item| item[list].as_array()).flatten();
            lists.filter(|part| part["type"] == kind).filter_map(|part| part[field].as_str()).collect()
        };
        let arguments: String = items.iter().filter_map(|item| item["arguments"].as_str()).collect();
        for (pieces, whole) in [
            (said("response.output_text.delta"), parts("content", "output_text", "text")),
            (said("response.refusal.delta"), parts("content", "refusal", "refusal")),
            (said("response.reasoning_text.delta"), parts("content", "reasoning_text", "text")),
            (said("response.reasoning_summary_text.delta"), parts("summary", "summary_text", "text")),
            (said("response.function_call_arguments.delta"), arguments),
        ] {
            assert_eq!(pieces, whole, "{}", case.name);
        }
        let done = events.iter().filter(|(name, _)| name == "response.output_item.done");
        let done: Vec<Value> = done.map(|(_, data)| data["item"].clone()).collect();
        let mut sorted = done.clone();
        sorted.sort_by_key(|item| items.iter().position(|other| other == item));
        assert_eq!(&sorted, items, "{}: closed items are the ones of the last event", case.name);
    }
}

#[test]
fn what_the_official_sdks_demand_of_a_response_is_there() {
    for case in cases() {
        let body = encoded(&reply(case.family, &Quirks::default(), &case.plain).unwrap());
        for field in ["id", "object", "model", "status"] {
            assert!(body[field].is_string(), "{}: {field}", case.name);
        }
        for field in ["created_at", "completed_at"] {
            assert!(body[field].is_i64(), "{}: {field}", case.name);
        }
        for field in [
            "error",
            "frequency_penalty",
            "incomplete_details",
            "instructions",
            "metadata",
            "parallel_tool_calls",
            "presence_penalty",
            "temperature",
            "tool_choice",
            "tools",
            "top_p",
        ] {
            assert!(body.get(field).is_some(), "{}: {field}", case.name);
        }
        let usage = &body["usage"];
        let counts = ["/input_tokens", "/output_tokens", "/total_tokens", "/input_tokens_details/cached_tokens"];
        assert!(counts.iter().all(|path| usage.pointer(path).unwrap().is_u64()), "{}: {usage}", case.name);
    }
}

#[test]
fn a_failure_in_the_middle_is_the_last_event_and_no_end_mark_follows() {
    let mut encoder = Encoder::new(Dialect::Responses, &request(), &ENVELOPE);
    let mut out = Outgoing::default();
    encoder.push(Delta::Text { choice: 0, text: "Hel".to_owned() }, &mut out);
    encoder.error(429, ErrorKind::RateLimitExceeded, "Provider returned an error", None, &mut out);
    let before = out.len();
    encoder.push(Delta::Text { choice: 0, text: "lo".to_owned() }, &mut out);
    encoder.end(&bill(&Usage::default()), None, &mut out);
    assert_eq!(out.len(), before, "nothing follows a failure");
    let text = String::from_utf8(out.into_vec()).unwrap();
    assert!(!text.contains("[DONE]"));
    let events = events(&text);
    let (name, data) = events.last().unwrap();
    assert_eq!(name, "response.failed");
    let response = &data["response"];
    assert_eq!(response["status"], "failed");
    assert_eq!(response["error"], json!({"code": "rate_limit_exceeded", "message": "Provider returned an error"}));
    assert_eq!(response["error_type"], "rate_limit_exceeded");
    assert_eq!(response["output"][0]["content"][0]["text"], "Hel");
    assert_eq!(response["output"][0]["status"], "incomplete");
}
