//! What models write in place of JSON.

use super::heal;
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn what_models_get_wrong_is_set_right() {
    for (broken, expected) in [
        ("```json\n{\"a\": 1}\n```", r#"{"a":1}"#),
        ("```\n[1, 2]\n```", "[1,2]"),
        ("```json\n{\"a\": 1", r#"{"a":1}"#),
        ("Here is the answer:\n\n{\"a\": 1}\n\nHope it helps!", r#"{"a":1}"#),
        ("Sure {name}! {\"a\": 1}", r#"{"a":1}"#),
        (r#"{"a": 1,}"#, r#"{"a":1}"#),
        ("[1, 2, 3, ]", "[1,2,3]"),
        (r#"{"a": 1 "b": 2}"#, r#"{"a":1,"b":2}"#),
        ("{\"a\": \"x\"\n\"b\": \"y\"}", r#"{"a":"x","b":"y"}"#),
        ("{'a': 'it\\'s', 'b': \"x\"}", r#"{"a":"it's","b":"x"}"#),
        ("{“a”: “b”}", r#"{"a":"b"}"#),
        ("{a: 1, b_2: true, $c: 'x'}", r#"{"a":1,"b_2":true,"$c":"x"}"#),
        ("{a: True, b: None, c: NaN, d: undefined}", r#"{"a":true,"b":null,"c":null,"d":null}"#),
        (r#"{"a": +1, "b": .5, "c": 5., "d": 1_000, "e": -0.5e3}"#, r#"{"a":1,"b":0.5,"c":5.0,"d":1000,"e":-0.5e3}"#),
        ("{\"a\": 1, // one\n /* two */ \"b\": 2}", r#"{"a":1,"b":2}"#),
        (r#"{"a": {"b": [1, {"c": "d"#, r#"{"a":{"b":[1,{"c":"d"}]}}"#),
        (r#"{"a": 1, "b"#, r#"{"a":1}"#),
        (r#"{"a": 1, "b":"#, r#"{"a":1}"#),
        (r#"{"a": [1, 2}"#, r#"{"a":[1,2]}"#),
        (r#"[{"a": 1]"#, r#"[{"a":1}]"#),
        ("{\"a\": \"two\nlines\ttab\"}", r#"{"a":"two\nlines\ttab"}"#),
        (r#"{"a": "he said "hi" to me"}"#, r#"{"a":"he said \"hi\" to me"}"#),
        (r#"{"a": "\d+ \x \ud83d\ude00 \u00e9 \uZZ"}"#, r#"{"a":"\\d+ \\x 😀 é \\uZZ"}"#),
        (r#"{"a": , "b": 2}"#, r#"{"a":null,"b":2}"#),
        (r#"{"a" = 1, "b" => 2}"#, r#"{"a":1,"b":2}"#),
        (r#"{"a": unquoted text, "b": 2}"#, r#"{"a":"unquoted text","b":2}"#),
        (r#"{"a": 1}} "#, r#"{"a":1}"#),
    ] {
        let healed = heal(broken).unwrap_or_else(|| panic!("not healed: {broken}"));
        let healed: Value = serde_json::from_str(&healed).unwrap();
        assert_eq!(healed, serde_json::from_str::<Value>(expected).unwrap(), "{broken}");
    }
}

#[test]
fn what_is_json_or_nothing_like_it_stays_as_it_is() {
    let deep = "[".repeat(100);
    let long = format!("x{{\"a\": \"{}\"}}", "b".repeat(1 << 20));
    for text in [
        "{}",
        " {\"a\": [1, 2]} ",
        "\"text\"",
        "12",
        "",
        "no document here",
        "{name}",
        "a } b ] c",
        deep.as_str(),
        long.as_str(),
    ] {
        assert_eq!(heal(text), None, "{}", text.chars().take(40).collect::<String>());
    }
}

#[test]
fn a_text_made_to_be_slow_is_not() {
    // Each of these takes far longer than the test's patience where a look ahead is repeated.
    for piece in ["\" ", "{\"", "/*", "[\"a\" \n", "\\u", "'", "{a:", "```\n{"] {
        let _whatever = heal(&piece.repeat(100_000));
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Zé😀 ,.]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_comes_out_is_json(text in "[\\[\\]{}:,\"' a1\\\\\n/*`]{0,60}") {
        if let Some(healed) = heal(&text) {
            prop_assert!(serde_json::from_str::<Value>(&healed).is_ok(), "{healed}");
        }
    }

    #[test]
    fn prose_and_fences_around_a_document_come_off(value in json().prop_filter("document", |v| v.is_object() || v.is_array())) {
        for text in [format!("Answer: {value:#} done."), format!("```json\n{value}\n```")] {
            let healed = heal(&text).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&healed).unwrap(), &value);
        }
    }

    #[test]
    fn a_document_without_its_last_brackets_is_closed(value in json().prop_filter("document", |v| v.is_object() || v.is_array())) {
        let text = value.to_string();
        let cut = text.trim_end_matches(['}', ']']);
        if let Some(healed) = heal(cut) {
            prop_assert_eq!(&serde_json::from_str::<Value>(&healed).unwrap(), &value);
        }
    }
}
