use super::{Rules, judge};
use dialect::canonical::reply::{Choice, Finish, FinishReason, Message, Reply, ToolCall};
use dialect::chat::request::{Limits, parse};
use serde_json::{Value, json};

fn rules(validate: &Value) -> Result<Option<Rules>, String> {
    let body = json!({
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]
        }}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "required": ["a"]}}},
        "validate": validate,
    });
    let request = parse(body.to_string().into(), &Limits::default()).unwrap();
    Rules::read(&request).map_err(|refusal| refusal.message)
}

fn says(text: &str) -> Choice {
    Choice { message: Message { content: Some(text.to_owned()), ..Message::default() }, ..Choice::default() }
}

fn calls(name: &str, arguments: &str) -> Choice {
    let call = ToolCall { id: "1".to_owned(), name: name.to_owned(), arguments: arguments.to_owned() };
    Choice { message: Message { tool_calls: vec![call], ..Message::default() }, ..Choice::default() }
}

fn ends(mut choice: Choice, reason: FinishReason) -> Choice {
    choice.finish = Finish { reason, native: None };
    choice
}

const GERMAN: &str = "Das ist ein ganz gewöhnlicher deutscher Satz, der lang genug ist, um erkannt zu werden.";
const ENGLISH: &str = "This is a perfectly ordinary English sentence that is long enough to be told apart.";

#[test]
fn every_rule_passes_and_fails_where_the_documentation_says() {
    let refused =
        Choice { message: Message { refusal: Some("no".to_owned()), ..Message::default() }, ..Choice::default() };
    let cases: Vec<(&str, Value, Choice, bool)> = vec![
        ("text is not empty", json!({"non_empty": true}), says("x"), true),
        ("blanks are empty", json!({"non_empty": true}), says(" \n"), false),
        ("nothing is empty", json!({"non_empty": true}), Choice::default(), false),
        ("a call is not empty", json!({"non_empty": true}), calls("weather", "{}"), true),
        ("a whole answer", json!({"not_truncated": true}), says("x"), true),
        ("a cut answer", json!({"not_truncated": true}), ends(says("x"), FinishReason::Length), false),
        ("a flagged refusal", json!({"not_refusal": true}), refused, false),
        ("a filtered answer", json!({"not_refusal": true}), ends(says("x"), FinishReason::ContentFilter), false),
        ("a written refusal", json!({"not_refusal": true}), says("“I’m sorry, but I can’t help with that."), false),
        ("talk about refusing", json!({"not_refusal": true}), says("They said: I'm sorry, but I can't."), true),
        ("matching text", json!({"regex": "^[0-9]+$"}), says("42"), true),
        ("other text", json!({"regex": "^[0-9]+$"}), says("forty-two"), false),
        ("a schema kept", json!({"json_schema": {"type": "object", "required": ["b"]}}), says("{\"b\":1}"), true),
        ("a schema broken", json!({"json_schema": {"type": "object", "required": ["b"]}}), says("{\"a\":1}"), false),
        ("no JSON", json!({"json_schema": {"type": "object"}}), says("Sure! {}"), false),
        ("the request's schema kept", json!({"json_schema": true}), says("{\"a\":1}"), true),
        ("the request's schema broken", json!({"json_schema": true}), says("{}"), false),
        ("a call has no text for a schema", json!({"json_schema": true}), calls("weather", "{}"), true),
        ("a sane call", json!({"tool_calls": true}), calls("weather", "{\"city\":\"Oslo\"}"), true),
        ("no call at all", json!({"tool_calls": true}), says("no tool needed"), true),
        ("an invented tool", json!({"tool_calls": true}), calls("wether", "{}"), false),
        ("arguments that are no JSON", json!({"tool_calls": true}), calls("weather", "{city:Oslo}"), false),
        ("arguments that are no object", json!({"tool_calls": true}), calls("weather", "[]"), false),
        ("a missing argument", json!({"tool_calls": true}), calls("weather", ""), false),
        ("the right language", json!({"language": "de"}), says(GERMAN), true),
        ("the wrong language", json!({"language": "de"}), says(ENGLISH), false),
        ("its code of three letters", json!({"language": "eng"}), says(ENGLISH), true),
        ("a region", json!({"language": "en-GB"}), says(ENGLISH), true),
        ("too short to tell", json!({"language": "de"}), says("Yes."), true),
        ("code is not language", json!({"language": "de"}), says(&format!("Ja:\n```\n{ENGLISH}\n```\n")), true),
    ];
    for (name, validate, choice, passes) in cases {
        let rules = rules(&validate).unwrap().unwrap();
        let verdicts = judge(&rules, &Reply { choices: vec![choice], ..Reply::default() });
        assert_eq!(verdicts.is_empty(), passes, "{name}: {verdicts:?}");
        let rule = validate.as_object().unwrap().keys().next().unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.rule == *rule), "{name}: {verdicts:?}");
    }
}

#[test]
fn one_bad_choice_of_several_is_enough() {
    let rules = rules(&json!({"non_empty": true})).unwrap().unwrap();
    let reply = Reply { choices: vec![says("x"), says("")], ..Reply::default() };
    assert_eq!(judge(&rules, &reply).len(), 1);
}

#[test]
fn verdicts_do_not_repeat_the_answer() {
    let rules = rules(&json!({"json_schema": {"properties": {"a": {"type": "integer"}}}})).unwrap().unwrap();
    let verdicts = judge(&rules, &Reply { choices: vec![says("{\"a\":\"secret words\"}")], ..Reply::default() });
    assert_eq!(verdicts[0].problem, "the JSON breaks the schema at /a");
}

#[test]
fn rules_that_cannot_be_applied_are_refused() {
    for (validate, word) in [
        (json!({"regexp": "x"}), "validate"),
        (json!({"regex": "("}), "validate.regex"),
        (json!({"regex": "(?:a{1000}){1000}"}), "validate.regex"),
        (json!({"json_schema": 7}), "validate.json_schema"),
        (json!({"json_schema": {"type": "nonsense"}}), "validate.json_schema"),
        (json!({"json_schema": {"$ref": "http://127.0.0.1:1/x"}}), "validate.json_schema"),
        (json!({"json_schema": {"$ref": "file:///etc/passwd"}}), "validate.json_schema"),
        (json!({"language": "xx"}), "validate.language"),
        (json!([]), "validate"),
    ] {
        let message = rules(&validate).unwrap_err();
        assert!(message.starts_with(&format!("{word}:")), "{validate}: {message}");
    }
    assert!(rules(&json!({})).unwrap().is_none());
    assert!(rules(&json!({"non_empty": false, "json_schema": false})).unwrap().is_none());
}
