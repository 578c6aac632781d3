//! The pass and the reader against the parser that they take the place of.

use super::check::End;
use super::{Fault, Raw, Reader, Rules, Text, check, unescaped};
use crate::canonical::request::{Message, RawObject, Tool, parse_list, read_list};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

const RULES: Rules = Rules {
    depth: 64,
    nodes: 200_000,
    key_bytes: 65_536,
    fields: 256,
    refuses_halves: false,
    refuses_endless_numbers: false,
};

/// Whether the parser takes a text for JSON when nobody looks at its values: as raw text, and without its limit of depth.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

/// The pass accepts what the parser accepts, finds the same fields, and the same long strings as any other look at them.
fn agree(text: &str) {
    let Ok(checked) = check(text, &RULES) else { return };
    assert_eq!(checked.is_json, is_json(text), "{text:?}");
    if !checked.is_json {
        return;
    }
    if check(text, &Rules { refuses_halves: true, ..RULES }).is_err() {
        // Whoever looks at such a text finds the half, in words of its own.
        let found = Value::deserialize(&mut Reader::new(text, 0, &checked.ends)).is_ok();
        assert_eq!(found, serde_json::from_str::<Value>(text).is_ok(), "{text:?}");
        return;
    }
    let object: RawObject<'_> = serde_json::from_str(text).unwrap_or_default();
    assert_eq!(checked.field_count, object.0.len(), "{text:?}");
    let found: Vec<_> =
        checked.fields.iter().map(|field| (&text[field.name.clone()], &text[field.value.clone()])).collect();
    let plain: Vec<_> = found.iter().map(|(name, value)| (unescaped(name), *value)).collect();
    let expected: Vec<_> = object.iter().map(|(name, value)| (Some(name.to_owned()), value.get())).collect();
    if expected.iter().all(|(name, _)| name.is_some()) && plain.iter().all(|(name, _)| name.is_some()) {
        assert_eq!(plain, expected, "{text:?}");
    }
    for known in &checked.ends {
        let piece = &text[known.start..known.end];
        assert!(is_json(piece), "{piece:?} in {text:?}");
        if let Ok(read) = serde_json::from_str::<String>(piece) {
            assert_eq!(read.len() + known.saved, piece.len() - 2, "{piece:?}");
        }
    }
    assert!(checked.ends.is_sorted_by_key(|known| known.start), "{text:?}");
    same::<Value>(text, &checked.ends);
    same::<Vec<Value>>(text, &checked.ends);
    same::<Message<'_>>(text, &checked.ends);
    same::<Tool<'_>>(text, &checked.ends);
    same::<Option<std::collections::BTreeMap<String, Option<f64>>>>(text, &checked.ends);
    same::<(bool, i8, String)>(text, &checked.ends);
    same::<Raw<'_>>(text, &checked.ends);
    same::<Text<'_>>(text, &checked.ends);
    let lists =
        (read_list::<Message<'_>, _>(&mut Reader::new(text, 0, &checked.ends), 3), parse_list::<Message<'_>>(text, 3));
    let shown = |list: Result<Vec<Message<'_>>, _>| {
        list.map(|list| format!("{list:?}")).map_err(|error| message(&format!("{error}")))
    };
    assert_eq!(shown(lists.0), shown(lists.1), "{text:?}");
}

fn message(error: &str) -> String {
    error.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A value is read alike by both, or refused with the same words.
fn same<'de, T: Deserialize<'de> + std::fmt::Debug>(text: &'de str, ends: &[End]) {
    let shown = |read: Result<T, serde_json::Error>| {
        read.map(|value| format!("{value:?}")).map_err(|error| message(&error.to_string()))
    };
    let found = shown(T::deserialize(&mut Reader::new(text, 0, ends)));
    assert_eq!(found, shown(serde_json::from_str(text)), "{text:?} as {}", std::any::type_name::<T>());
}

#[test]
fn what_is_json_is_decided_as_the_parser_decides() {
    for text in [
        "",
        " ",
        "{}",
        "[]",
        "null",
        "true",
        "nul",
        "truee",
        "{",
        "}",
        "[",
        "]",
        "{]",
        "[}",
        "{}{}",
        "{} x",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\"::1}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "[\"a\":1]",
        "{\"a\":1,\"a\":2}",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "-a",
        "1.",
        ".1",
        "1.5",
        "1e5",
        "1E+5",
        "1e-5",
        "1e",
        "1e+",
        "1.e5",
        "1.5e400",
        "1e400",
        "+1",
        "0x1",
        "NaN",
        "Infinity",
        "123456789012345678901234567890",
        "-9223372036854775809",
        "18446744073709551616",
        "1.7976931348623159e308",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"a\nb\"",
        "\"\t\"",
        "\"\u{7f}\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83dx\"",
        "\"\\u0000\"",
        "\"\\u00e9\\u20ac\"",
        "\"é€😀\"",
        "\"\\é\"",
        "\u{feff}{}",
        "{}\u{c}",
        "{\"a\":\u{b}1}",
        "{}\0",
        "// x\n{}",
        "{\"\\u0061\":1}",
        "{\"\\u006\":1}",
        "[[],{}]",
        "[{}]]",
        "[[{\"a\":[1,{}]}]]",
        " \r\n\t{ \"a\" : [ 1 , 2 ] } ",
        "[[\"user\",\"x\"]]",
        "[[\"user\",\"x\",null,1]]",
        "[{\"role\":\"user\",\"content\":7}]",
        "[{\"role\":\"user\",\"content\":{}}]",
        "[{\"role\":7}]",
        "[{\"content\":\"x\"}]",
        "[{\"role\":\"user\",\"role\":\"user\"}]",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\\nb\"}],\"tool_calls\":[{\"id\":\"x\",\"index\":0}]}]",
        "[{\"role\":\"nobody\"}]",
        "[{},{},{},{}]",
        "[true,-3,\"x\"]",
        "[true,300,\"x\"]",
        "[true,1,\"x\",2]",
        "{\"a\":1.5,\"b\":null,\"c\":1e999}",
        "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"a\":[1,\"]\"]},\"strict\":true}}",
    ] {
        agree(text);
    }
}

#[test]
fn rules_are_held_whether_or_not_the_grammar_is() {
    let strict =
        Rules { refuses_halves: true, refuses_endless_numbers: true, depth: 3, nodes: 10, key_bytes: 4, ..RULES };
    for (text, expected) in [
        ("[[[]]]", None),
        ("[[[[]]]]", Some(Fault::Depth)),
        ("x [[[[", Some(Fault::Depth)),
        ("[1,2,3,4,5,6,7,8,9,0]", None),
        ("[1,2,3,4,5,6,7,8,9,0,1]", Some(Fault::Nodes)),
        (",,,,,,,,,,,", Some(Fault::Nodes)),
        ("{\"four\":1}", None),
        ("{\"fives\":1}", Some(Fault::Key)),
        ("[\"fives\" : 1]", Some(Fault::Key)),
        ("[\"fives\"]", None),
        ("\"\\ud83d\"", Some(Fault::Half)),
        ("{x \"\\udc00", Some(Fault::Half)),
        ("\"\\ud83d\\ude00\"", None),
        ("[1e308]", None),
        ("[-1e309]", Some(Fault::EndlessNumber)),
        ("[01e309", Some(Fault::EndlessNumber)),
        ("\"1e309\"", None),
        ("[e9, true, 1.5E-400]", None),
    ] {
        assert_eq!(check(text, &strict).err(), expected, "{text}");
    }
}

/// Pieces of JSON, and of what is nearly JSON.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\\"",
        "\\n",
        "\\u0041",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\udc00",
        "\\u12",
        " ",
        "\n",
        "\t",
        "\u{c}",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "12",
        "1.5",
        "1e5",
        "1e999",
        "01",
        "-",
        "e",
        "\"a\"",
        "\"role\":\"user\"",
        "\"content\":",
        "\"type\":\"text\"",
        "é",
        "😀",
        "\u{1}",
        "\0",
    ]);
    prop_oneof![8 => fixed.prop_map(str::to_owned), 1 => "[ -~]{0,12}", 1 => "[a-z\"\\\\é\\n]{0,600}"]
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![4 => "[ -~é😀\\n\\t\u{1}]{0,12}", 1 => "[ -~é😀\\n]{240,700}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    let key = prop_oneof![
        prop::sample::select(vec![
            "role",
            "content",
            "type",
            "text",
            "name",
            "tool_calls",
            "id",
            "function",
            "arguments"
        ])
        .prop_map(str::to_owned),
        text,
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn heaps_of_pieces_are_json_when_the_parser_says_so(pieces in prop::collection::vec(piece(), 0..14)) {
        agree(&pieces.concat());
    }

    #[test]
    fn values_are_read_as_the_parser_reads_them(value in value(), is_spread in any::<bool>()) {
        let text = if is_spread { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        agree(&text.unwrap_or_default());
    }

    #[test]
    fn values_with_one_place_damaged_are_judged_as_the_parser_judges(value in value(), place in any::<prop::sample::Index>(), patch in piece()) {
        let text = value.to_string();
        let at = text.floor_char_boundary(place.index(text.len()));
        let (before, after) = text.split_at(at);
        agree(&format!("{before}{patch}{after}"));
        agree(&format!("{before}{patch}{}", after.chars().skip(1).collect::<String>()));
    }

    #[test]
    fn texts_are_the_same_whoever_reads_them(text in "[ -~é😀\\n\"\\\\]{0,600}") {
        let json = serde_json::to_string(&text).unwrap_or_default();
        let checked = check(&json, &RULES).map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
        let read = Text::deserialize(&mut Reader::new(&json, 0, &checked.ends)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read.len(), text.len());
        prop_assert_eq!(&*read, text.as_str());
        prop_assert_eq!(read.clone().into_cow(), text.as_str());
    }
}
