//! What compression keeps, whatever the conversation.

use super::{Removed, Room, compress, fits, tokens};
use crate::chat::request::{ChatRequest, Limits, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

fn request(messages: &[Value]) -> ChatRequest {
    let body = json!({"model": "m/n", "messages": messages, "temperature": 1}).to_string();
    parse(body.into_bytes().into(), &Limits::default()).unwrap()
}

fn messages(request: &ChatRequest) -> Vec<Value> {
    serde_json::from_str(request.field("messages").unwrap()).unwrap()
}

fn turn(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

const ANY: usize = usize::MAX;

#[test]
fn the_middle_goes_first_and_what_fits_is_left_alone() {
    let talk: Vec<Value> = std::iter::once(turn("system", "rules"))
        .chain(
            (0..9).map(|at| turn(if at % 2 == 0 { "user" } else { "assistant" }, &format!("{at}{}", "x".repeat(99)))),
        )
        .collect();
    let whole = request(&talk);
    assert!(compress(&whole, Room { tokens: tokens(whole.shape()), messages: ANY }).unwrap().is_none());
    let (small, removed) =
        compress(&whole, Room { tokens: tokens(whole.shape()) - 40, messages: ANY }).unwrap().unwrap();
    assert_eq!(removed, Removed { messages: 2, bytes: 0 });
    let kept: Vec<char> =
        messages(&small)[1..].iter().map(|m| m["content"].as_str().unwrap().chars().next().unwrap()).collect();
    assert_eq!(kept, ['0', '1', '2', '5', '6', '7', '8']);
    assert_eq!(small.field("temperature"), Some("1"));
}

#[test]
fn a_limit_on_messages_keeps_both_halves() {
    let talk: Vec<Value> =
        (0..1200).map(|at| turn(if at % 2 == 0 { "user" } else { "assistant" }, &at.to_string())).collect();
    let (small, removed) = compress(&request(&talk), Room { tokens: 1 << 40, messages: 1000 }).unwrap().unwrap();
    let kept = messages(&small);
    assert_eq!((kept.len(), removed.messages), (1000, 200));
    assert_eq!((kept[0]["content"].as_str(), kept[999]["content"].as_str()), (Some("0"), Some("1199")));
    let gap = (1..1000).find(|at| kept[*at]["content"].as_str() != Some(&at.to_string())).unwrap();
    assert!((450..550).contains(&gap), "{gap}");
}

#[test]
fn a_single_long_text_loses_its_middle() {
    let text = format!("begin {} end", "ü".repeat(10_000));
    let whole = request(&[turn("user", &text)]);
    let (small, removed) = compress(&whole, Room { tokens: 1000, messages: ANY }).unwrap().unwrap();
    let kept = messages(&small)[0]["content"].as_str().unwrap().to_owned();
    assert!(kept.starts_with("begin ü") && kept.ends_with("ü end") && kept.contains("[…]"));
    assert!(removed.bytes > 16_000 && fits(small.shape(), Room { tokens: 1000, messages: ANY }));
}

fn talk() -> impl Strategy<Value = Vec<Value>> {
    let text = "[a-zé ]{0,600}";
    let unit = prop_oneof![
        text.prop_map(|text| vec![turn("user", &text)]),
        text.prop_map(|text| vec![turn("assistant", &text)]),
        text.prop_map(|text| vec![json!({"role": "user", "content": [{"type": "text", "text": text}, {"type": "text", "text": "b"}]})]),
        (1_usize..4, text).prop_map(|(calls, text)| {
            let call = |at: usize| json!({"id": format!("c{at}"), "type": "function", "function": {"name": "f", "arguments": "{}"}});
            let mut unit = vec![json!({"role": "assistant", "content": null, "tool_calls": (0..calls).map(call).collect::<Vec<_>>()})];
            unit.extend((0..calls).map(|at| json!({"role": "tool", "tool_call_id": format!("c{at}"), "content": text})));
            unit
        }),
    ];
    (prop::bool::ANY, prop::collection::vec(unit, 1..30)).prop_map(|(has_system, units)| {
        let mut talk: Vec<Value> = if has_system { vec![turn("system", "follow the rules")] } else { Vec::new() };
        talk.push(turn("user", "first"));
        talk.extend(units.into_iter().flatten());
        talk
    })
}

proptest! {
    #[test]
    fn what_is_left_fits_and_keeps_its_ends_and_its_pairs(talk in talk(), share in 1_u64..100) {
        let whole = request(&talk);
        // What can never go: the ends with their tool calls, each shortened as far as texts are shortened.
        let room = Room { tokens: 500 + tokens(whole.shape()) * share / 100, messages: ANY };
        let Some((small, removed)) = compress(&whole, room).unwrap() else {
            prop_assert!(fits(whole.shape(), room));
            return Ok(());
        };
        prop_assert!(fits(small.shape(), room), "{} > {}", tokens(small.shape()), room.tokens);
        let kept = messages(&small);
        prop_assert_eq!(kept.len() + removed.messages, talk.len());
        let is_instruction = |message: &&Value| message["role"] == "system";
        prop_assert_eq!(kept.iter().filter(is_instruction).count(), talk.iter().filter(is_instruction).count());
        prop_assert!(kept.iter().any(|message| message["content"] == "first"));
        prop_assert_eq!(&kept.last().unwrap()["role"], &talk.last().unwrap()["role"]);
        let mut open: Vec<String> = Vec::new();
        for message in &kept {
            if message["role"] == "tool" {
                let id = message["tool_call_id"].as_str().unwrap();
                let at = open.iter().position(|call| call == id);
                prop_assert!(at.is_some(), "an answer without its call");
                open.remove(at.unwrap());
            } else {
                prop_assert!(open.is_empty(), "a call without its answer");
                open = message["tool_calls"].as_array().into_iter().flatten().map(|call| call["id"].as_str().unwrap().to_owned()).collect();
            }
        }
        prop_assert!(open.is_empty());
        let again = compress(&whole, room).unwrap().unwrap().0;
        prop_assert_eq!(again.field("messages"), small.field("messages"));
    }
}
