//! The promises about streams, S1 to S8, each against the built binary: from every provider format, in every dialect.

use crate::BINARY;
use crate::parity::{DIALECTS, Dialect, FORMATS, every_format, question};
use serde_json::{Value, json};
use testkit::{Answer, AppBuilder, Model, TestApp};

mod form;
mod time;

/// A text whose letters take one to four bytes.
const TEXT: &str = "one zwei drei\u{df} \u{20ac}\u{20ac} \u{1f30d}\u{1f680} \u{4f60}\u{597d} e\u{301} end";

/// A server with a model `mock/<provider>` at a provider of every format; nobody is taken out, so that rows do not meet.
async fn builder() -> AppBuilder {
    let mut builder = every_format(TestApp::builder(BINARY)).await;
    for (slug, ..) in FORMATS {
        builder = builder.model(Model::new(&format!("mock/{slug}")).at(slug, "1", "10"));
    }
    builder.setting("health.ejects", json!(false))
}

async fn ask(app: &TestApp, slug: &str, dialect: Dialect, stream: bool, more: &Value) -> Answer {
    let ask = question(dialect, &format!("mock/{slug}"), 0, stream, more).expect("no images");
    app.send(&ask.key(&app.key)).await
}

/// What a streamed answer amounts to, as a client of its dialect puts it together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    text: String,
    /// Name and arguments of every tool call.
    calls: Vec<(String, Value)>,
    finish: Vec<String>,
    usages: usize,
    /// Terminal events: the end mark, `response.completed` and its like, `message_stop`.
    ends: usize,
    errors: Vec<String>,
}

/// Puts the events of a dialect together.
fn sum(dialect: Dialect, answer: &Answer) -> Sum {
    let mut sum = Sum::default();
    let mut open: Vec<(String, String)> = Vec::new();
    for event in answer.events() {
        match dialect {
            Dialect::Chat | Dialect::Completions => chat(&mut sum, &mut open, &event),
            Dialect::Responses => responses(&mut sum, &event),
            Dialect::Messages => messages(&mut sum, &mut open, &event),
        }
    }
    sum.ends += answer.data().iter().filter(|data| *data == "[DONE]").count();
    let parsed = |arguments: String| serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
    let calls = open.into_iter().filter(|(name, _)| !name.is_empty());
    sum.calls.extend(calls.map(|(name, arguments)| (name, parsed(arguments))));
    sum
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn index(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("index")).expect("small")
}

fn chat(sum: &mut Sum, open: &mut Vec<(String, String)>, event: &Value) {
    sum.errors.extend(event.pointer("/error/metadata/error_type").map(|kind| text(Some(kind)).to_owned()));
    sum.usages += usize::from(event.get("usage").is_some_and(Value::is_object));
    sum.text.push_str(text(event.pointer("/choices/0/delta/content").or_else(|| event.pointer("/choices/0/text"))));
    let finish = event.pointer("/choices/0/finish_reason").and_then(Value::as_str).map(str::to_owned);
    // The chunk with the usage repeats the reason.
    sum.finish.extend(finish.filter(|finish| sum.finish.last() != Some(finish)));
    for piece in event.pointer("/choices/0/delta/tool_calls").and_then(Value::as_array).into_iter().flatten() {
        let at = index(&piece["index"]);
        open.resize(open.len().max(at + 1), (String::new(), String::new()));
        open[at].0.push_str(text(piece.pointer("/function/name")));
        open[at].1.push_str(text(piece.pointer("/function/arguments")));
    }
}

fn responses(sum: &mut Sum, event: &Value) {
    match text(event.get("type")) {
        "response.output_text.delta" => sum.text.push_str(text(event.get("delta"))),
        "response.output_item.done" if event["item"]["type"] == "function_call" => {
            let arguments = serde_json::from_str(text(event.pointer("/item/arguments"))).expect("arguments");
            sum.calls.push((text(event.pointer("/item/name")).to_owned(), arguments));
        }
        "response.completed" | "response.incomplete" => {
            sum.finish.push("stop".to_owned());
            sum.usages += usize::from(event.pointer("/response/usage").is_some_and(Value::is_object));
        }
        "response.failed" => sum.errors.push(text(event.pointer("/response/error/code")).to_owned()),
        _ => {}
    }
}

fn messages(sum: &mut Sum, open: &mut Vec<(String, String)>, event: &Value) {
    match text(event.get("type")) {
        "content_block_start" => {
            let at = index(&event["index"]);
            open.resize(open.len().max(at + 1), (String::new(), String::new()));
            text(event.pointer("/content_block/name")).clone_into(&mut open[at].0);
        }
        "content_block_delta" => {
            sum.text.push_str(text(event.pointer("/delta/text")));
            open[index(&event["index"])].1.push_str(text(event.pointer("/delta/partial_json")));
        }
        "message_delta" => {
            sum.finish.push("stop".to_owned());
            sum.usages += usize::from(event.get("usage").is_some_and(Value::is_object));
        }
        "message_stop" => sum.ends += 1,
        "error" => sum.errors.push(text(event.pointer("/error/type")).to_owned()),
        _ => {}
    }
}

/// The terminals of a whole stream: one finish, one usage, one end; Messages and completions included.
fn assert_whole(sum: &Sum, expected: &str, what: &str) {
    assert_eq!(sum.text, expected, "{what}: {sum:?}");
    assert_eq!((sum.finish.len(), sum.usages, sum.ends), (1, 1, 1), "{what}: {sum:?}");
    assert!(sum.errors.is_empty(), "{what}: {sum:?}");
}
