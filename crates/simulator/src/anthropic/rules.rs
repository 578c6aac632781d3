//! Headers, and rules that concern several values at once.

use http::HeaderMap;
use serde_json::Value;

use super::{SEAL, error, shapes, signature};
use crate::family::{Incoming, Operation, Refusal};
use crate::shape::{Naming, Violation, check};

/// Versions of the API that exist (the last one is sent by the PyPI package `anthropic` 2.11.0, seen 2026-11-21).
const VERSIONS: [&str; 3] = ["2023-01-01", "2023-06-01", "2026-10-21"];

/// Most blocks with a cache mark.
const CACHE_MARKS_MAX: usize = 4;

/// Holds a request to the published schema and rules.
pub(crate) fn validate(incoming: &Incoming<'_>) -> Result<(), Refusal> {
    let version = version(incoming.headers)?;
    let betas = header(incoming.headers, "anthropic-beta");
    let mut body = incoming.body.clone();
    if let Some(fields) = body.as_object_mut().filter(|_| !betas.is_empty()) {
        fields.retain(|name, _| !shapes::BETA_FIELDS.contains(&name.as_str()));
    }
    let shape = match incoming.operation {
        Operation::Count => &shapes::COUNT,
        _ => &shapes::MESSAGES,
    };
    let late_system = version == "2026-10-21" || betas.contains("mid-conversation-system");
    check(&body, shape, Naming::Exact)
        .and_then(|()| tool_rules(&body))
        .and_then(|()| thinking_rules(&body))
        .and_then(|()| turn_rules(&body, late_system))
        .map_err(|violation| error::refusal(&violation))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn version(headers: &HeaderMap) -> Result<&str, Refusal> {
    match header(headers, "anthropic-version") {
        "" => Err(Refusal::bad("anthropic-version: header is required")),
        known if VERSIONS.contains(&known) => Ok(known),
        other => Err(Refusal::bad(format!("anthropic-version: \"{other}\" is not a valid version"))),
    }
}

fn tool_rules(body: &Value) -> Result<(), Violation> {
    let tools = body.get("tools").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut names: Vec<&str> = Vec::new();
    for (at, tool) in tools.iter().enumerate() {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or("custom");
        if kind == "custom" {
            check(tool, shapes::TOOL, Naming::Exact).map_err(|found| inside(&format!("tools.{at}.custom"), found))?;
            if tool.pointer("/input_schema/type").and_then(Value::as_str) != Some("object") {
                let path = format!("tools.{at}.custom.input_schema.type");
                return Err(Violation::rule(&path, "Input should be 'object'"));
            }
        }
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        if kind == "custom" && !is_name(name, 128) {
            let path = format!("tools.{at}.custom.name");
            return Err(Violation::rule(&path, "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"));
        }
        if names.contains(&name) {
            return Err(Violation::rule("tools", "Tool names must be unique."));
        }
        names.push(name);
    }
    if body.get("tool_choice").is_some() && tools.is_empty() {
        return Err(Violation::rule("tool_choice", "tool_choice may only be specified while providing tools"));
    }
    match body.pointer("/tool_choice/name").and_then(Value::as_str) {
        Some(name) if !names.contains(&name) => {
            Err(Violation::rule("", format!("Tool '{name}' not found in provided tools")))
        }
        _ => Ok(()),
    }
}

fn inside(path: &str, mut found: Violation) -> Violation {
    let mut whole = Violation::rule(path, "").path;
    whole.append(&mut found.path);
    Violation { path: whole, problem: found.problem }
}

fn is_name(name: &str, longest: usize) -> bool {
    (1..=longest).contains(&name.len())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

fn thinking_rules(body: &Value) -> Result<(), Violation> {
    let Some(kind) = body.pointer("/thinking/type").and_then(Value::as_str).filter(|kind| *kind != "disabled") else {
        return Ok(());
    };
    let number = |name: &str| body.get(name).and_then(Value::as_f64);
    if let (Some(budget), Some(most)) = (
        body.pointer("/thinking/budget_tokens").and_then(Value::as_u64),
        body.get("max_tokens").and_then(Value::as_u64),
    ) && most <= budget
    {
        return Err(Violation::rule("", "`max_tokens` must be greater than `thinking.budget_tokens`."));
    }
    if number("temperature").is_some_and(|warmth| warmth != 1.0) {
        return Err(Violation::rule(
            "",
            "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.",
        ));
    }
    if number("top_k").is_some() {
        return Err(Violation::rule("", "`top_k` must be unset when thinking is enabled or in adaptive mode."));
    }
    if number("top_p").is_some_and(|share| share < 0.95) {
        return Err(Violation::rule(
            "",
            "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode.",
        ));
    }
    match body.pointer("/tool_choice/type").and_then(Value::as_str) {
        Some("any" | "tool") => {
            Err(Violation::rule("", "Thinking may not be enabled when tool_choice forces tool use."))
        }
        _ if kind == "enabled" => thinking_leads(body),
        _ => Ok(()),
    }
}

/// While tools answer, the assistant turn before them must begin with its thinking.
fn thinking_leads(body: &Value) -> Result<(), Violation> {
    let messages = body.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let [.., (at, before), (_, last)] = messages.iter().enumerate().collect::<Vec<_>>()[..] else {
        return Ok(());
    };
    let answers = blocks(last).iter().any(|block| kind(block) == "tool_result");
    match blocks(before).first().map(kind) {
        Some(found) if answers && !matches!(found, "thinking" | "redacted_thinking") => Err(Violation::rule(
            &format!("messages.{at}.content.0.type"),
            format!("Expected `thinking` or `redacted_thinking`, but found `{found}`."),
        )),
        _ => Ok(()),
    }
}

fn blocks(message: &Value) -> &[Value] {
    message.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn kind(block: &Value) -> &str {
    block.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn turn_rules(body: &Value, late_system: bool) -> Result<(), Violation> {
    let messages = body.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut open: Vec<&str> = Vec::new();
    let mut asked_at = 0;
    for (at, message) in messages.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        if at == 0 && role != "user" {
            return Err(Violation::rule("messages", "first message must use the \"user\" role"));
        }
        if role == "system" {
            if !late_system {
                let path = format!("messages.{at}.role");
                return Err(Violation::rule(
                    &path,
                    "Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.",
                ));
            }
            continue;
        }
        content_rules(message, at, at + 1 == messages.len() && role == "assistant")?;
        results_match(message, at, role, &mut open, asked_at)?;
        if role == "assistant" {
            let called = blocks(message).iter().filter(|block| kind(block) == "tool_use");
            open.extend(called.filter_map(|block| block.get("id")?.as_str()));
            asked_at = at;
        }
    }
    unanswered(&open, asked_at)?;
    let marks = cache_marks(body, 0);
    if marks > CACHE_MARKS_MAX {
        return Err(Violation::rule(
            "",
            format!("A maximum of 4 blocks with cache_control may be provided. Found {marks}."),
        ));
    }
    Ok(())
}

fn content_rules(message: &Value, at: usize, prefill: bool) -> Result<(), Violation> {
    let content = message.get("content").unwrap_or(&Value::Null);
    let empty = content.as_str().is_some_and(str::is_empty) || content.as_array().is_some_and(Vec::is_empty);
    if empty && !prefill {
        return Err(Violation::rule(
            "",
            format!(
                "messages.{at}: all messages must have non-empty content except for the optional final assistant message"
            ),
        ));
    }
    for (place, block) in blocks(message).iter().enumerate() {
        let text = |name: &str| block.get(name).and_then(Value::as_str);
        if kind(block) == "text" && text("text").is_some_and(|text| text.trim().is_empty()) {
            return Err(Violation::rule("messages", "text content blocks must be non-empty"));
        }
        if let (Some(thought), Some(seal)) = (text("thinking"), text("signature"))
            && seal.starts_with(SEAL)
            && seal != signature(thought)
        {
            let path = format!("messages.{at}.content.{place}");
            return Err(Violation::rule(&path, "Invalid `signature` in `thinking` block"));
        }
        if kind(block) == "tool_use" && !text("id").is_some_and(|id| is_name(id, 256)) {
            let path = format!("messages.{at}.content.{place}.tool_use.id");
            return Err(Violation::rule(&path, "String should match pattern '^[a-zA-Z0-9_-]+$'"));
        }
    }
    let last = content.as_str().or_else(|| blocks(message).last()?.get("text")?.as_str()).unwrap_or_default();
    if prefill && last.ends_with(char::is_whitespace) {
        return Err(Violation::rule("messages", "final assistant content cannot end with trailing whitespace"));
    }
    Ok(())
}

/// Every call is answered in the next user turn, before anything else is said there.
fn results_match<'a>(
    message: &'a Value,
    at: usize,
    role: &str,
    open: &mut Vec<&'a str>,
    asked_at: usize,
) -> Result<(), Violation> {
    if role == "assistant" {
        // A second assistant message in a row is the same turn.
        return if asked_at + 1 == at { Ok(()) } else { unanswered(open, asked_at) };
    }
    let mut said = false;
    for (place, block) in blocks(message).iter().enumerate() {
        if kind(block) != "tool_result" {
            said = true;
            continue;
        }
        let id = block.get("tool_use_id").and_then(Value::as_str).unwrap_or_default();
        match open.iter().position(|one| *one == id) {
            Some(found) if !said => drop(open.remove(found)),
            Some(_) => return unanswered(open, asked_at),
            None => {
                return Err(Violation::rule(
                    &format!("messages.{at}.content.{place}"),
                    format!(
                        "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                    ),
                ));
            }
        }
    }
    unanswered(open, asked_at)
}

fn unanswered(open: &[&str], asked_at: usize) -> Result<(), Violation> {
    if open.is_empty() {
        return Ok(());
    }
    Err(Violation::rule(
        &format!("messages.{asked_at}"),
        format!(
            "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
            open.join(", ")
        ),
    ))
}

/// Cache marks on blocks, tools and the request; those inside tool inputs and schemas are data and do not count.
fn cache_marks(value: &Value, depth: usize) -> usize {
    match value {
        Value::Array(entries) => entries.iter().map(|entry| cache_marks(entry, depth + 1)).sum(),
        Value::Object(fields) if depth < 16 => fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "input" | "input_schema"))
            .map(|(name, value)| match name.as_str() {
                "cache_control" => usize::from(value.is_object()),
                _ => cache_marks(value, depth + 1),
            })
            .sum(),
        _ => 0,
    }
}
