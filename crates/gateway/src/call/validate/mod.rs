//! Validate: whether a successful answer is good enough by the caller's own rules.
//!
//! Every choice of an answer must pass every rule. A verdict names the rule and the place, never the answer's words: it is
//! kept with the generation, and generations hold no text.

mod language;
mod rules;
#[cfg(test)]
mod tests;

pub use rules::Rules;

use dialect::canonical::reply::{Choice, FinishReason, Reply, ToolCall};
use dialect::chat::request::ToolChoice;
use domain::generation::Verdict;
use rules::Calls;
use serde_json::Value;

/// How refusals begin, after quotation marks and blanks, in lower case with straight apostrophes.
const REFUSALS: &[&str] = &[
    "i'm sorry, but i can't",
    "i'm sorry, but i cannot",
    "i'm sorry, i can't",
    "i'm sorry, i cannot",
    "i am sorry, but i can't",
    "i am sorry, but i cannot",
    "sorry, but i can't",
    "sorry, i can't",
    "i can't help with",
    "i cannot help with",
    "i can't assist with",
    "i cannot assist with",
    "i'm unable to help with",
    "i'm unable to assist with",
    "i am unable to help with",
    "i am unable to assist with",
    "i'm not able to help with",
    "i won't help with",
    "i can't comply with",
    "i cannot comply with",
    "i can't fulfill",
    "i cannot fulfill",
    "i must decline",
];
/// Bytes of an answer's beginning in which a refusal is looked for.
const BEGINNING: usize = 200;

/// The rules that an answer breaks; none when it is good.
pub fn judge(rules: &Rules, reply: &Reply) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for choice in &reply.choices {
        judge_choice(rules, choice, &mut verdicts);
    }
    verdicts
}

fn judge_choice(rules: &Rules, choice: &Choice, verdicts: &mut Vec<Verdict>) {
    let text = choice.message.content.as_deref().unwrap_or_default();
    let calls = &choice.message.tool_calls;
    let mut fails = |rule: &str, problem: String| verdicts.push(Verdict { rule: rule.to_owned(), problem });
    if rules.is_non_empty && is_empty(choice) {
        fails("non_empty", "the answer holds no text, tool call, image or audio".to_owned());
    }
    if rules.is_not_truncated && choice.finish.reason == FinishReason::Length {
        fails("not_truncated", "the answer was cut off at a length limit".to_owned());
    }
    if rules.is_not_refusal && is_refusal(choice) {
        fails("not_refusal", "the model refused".to_owned());
    }
    // An answer that only calls tools has no text to hold against these.
    let has_text_to_judge = calls.is_empty() || !text.trim().is_empty();
    if has_text_to_judge {
        if let Some(problem) = rules.schema.as_ref().and_then(|schema| schema_problem(schema, text)) {
            fails("json_schema", problem);
        }
        if rules.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            fails("regex", "the text does not match".to_owned());
        }
        if rules.language.is_some_and(|language| language.is_contradicted_by(text)) {
            fails("language", "the text is in another language".to_owned());
        }
    }
    if let Some(problem) = rules.calls.as_ref().and_then(|expected| calls_problem(expected, calls)) {
        fails("tool_calls", problem);
    }
}

fn is_empty(choice: &Choice) -> bool {
    let message = &choice.message;
    message.content.as_deref().is_none_or(|text| text.trim().is_empty())
        && message.tool_calls.is_empty()
        && message.images.is_empty()
        && message.audio.is_none()
}

fn is_refusal(choice: &Choice) -> bool {
    let is_flagged = choice.message.refusal.as_deref().is_some_and(|refusal| !refusal.trim().is_empty());
    if is_flagged || choice.finish.reason == FinishReason::ContentFilter {
        return true;
    }
    let text = choice.message.content.as_deref().unwrap_or_default();
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '“' | '\'' | '*'));
    let beginning: String = text.chars().take(BEGINNING).collect::<String>().to_lowercase().replace('’', "'");
    REFUSALS.iter().any(|refusal| beginning.starts_with(refusal))
}

fn schema_problem(schema: &jsonschema::Validator, text: &str) -> Option<String> {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Some("the text is not JSON".to_owned()) };
    place_of_error(schema, &value).map(|place| format!("the JSON breaks the schema at {place}"))
}

/// Where a value breaks its schema first, as a JSON pointer.
fn place_of_error(schema: &jsonschema::Validator, value: &Value) -> Option<String> {
    let error = schema.iter_errors(value).next()?;
    let place = error.instance_path().to_string();
    Some(if place.is_empty() { "its root".to_owned() } else { place })
}

fn calls_problem(expected: &Calls, calls: &[ToolCall]) -> Option<String> {
    let is_called = |name: &str| calls.iter().any(|call| call.name == name);
    match &expected.choice {
        ToolChoice::Required if calls.is_empty() => return Some("no tool was called though one had to be".to_owned()),
        ToolChoice::Function(name) if !is_called(name) => return Some("the demanded tool was not called".to_owned()),
        ToolChoice::None if !calls.is_empty() => return Some("a tool was called though none was allowed".to_owned()),
        _ => {}
    }
    calls.iter().enumerate().find_map(|(at, call)| call_problem(expected, at, call))
}

fn call_problem(expected: &Calls, at: usize, call: &ToolCall) -> Option<String> {
    let Some(schema) = expected.tools.get(&call.name) else {
        return Some(format!("call {at} names a tool that was not offered"));
    };
    // A call without arguments is written as nothing by some models and means an empty object.
    let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let Ok(arguments) = serde_json::from_str::<Value>(text) else {
        return Some(format!("the arguments of call {at} are not JSON"));
    };
    if !arguments.is_object() {
        return Some(format!("the arguments of call {at} are no object"));
    }
    let place = place_of_error(schema.as_ref()?, &arguments)?;
    Some(format!("the arguments of call {at} break the tool's schema at {place}"))
}
