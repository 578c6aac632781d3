//! Rules that concern several values at once, after the shape is right.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;

use super::{error, shapes};
use crate::family::{Incoming, Operation, Refusal};
use crate::shape::{Naming, Violation, camel, check};

/// Fields of a part of which exactly one says what the part is.
const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// Deepest schema looked into.
const SCHEMA_DEPTH_MAX: usize = 32;

/// Holds a request to the published schema and rules.
pub(crate) fn validate(incoming: &Incoming<'_>) -> Result<(), Refusal> {
    let shape = match incoming.operation {
        Operation::Generate | Operation::Complete | Operation::Respond => &shapes::GENERATE,
        Operation::Count => &shapes::COUNT,
        Operation::Embed => &shapes::EMBED,
        Operation::EmbedMany => &shapes::EMBED_MANY,
    };
    check(incoming.body, shape, Naming::CamelOrSnake)
        .and_then(|()| if incoming.operation == Operation::Generate { rules(incoming.body) } else { Ok(()) })
        .map_err(|violation| error::refusal(&violation))
}

/// A field under its camel case name or its snake case name.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(key, _)| *key == name || camel(key) == name).map(|(_, value)| value)
}

fn rules(body: &Value) -> Result<(), Violation> {
    let contents = list(body, "contents");
    for (at, content) in contents.iter().enumerate() {
        for (place, part) in list(content, "parts").iter().enumerate() {
            part_rules(part, &format!("contents[{at}].parts[{place}]"))?;
        }
    }
    turn_rules(contents)?;
    if let Some(config) = field(body, "generationConfig") {
        let mime = field(config, "responseMimeType").and_then(Value::as_str);
        let schema = field(config, "responseSchema");
        if (schema.is_some() || field(config, "responseJsonSchema").is_some()) && mime != Some("application/json") {
            return Err(Violation::rule(
                "",
                "* GenerateContentRequest.generation_config.response_schema: only allowed when the response mime type is application/json",
            ));
        }
        schema.map_or(Ok(()), |schema| schema_rules(schema, "generation_config.response_schema", 0))?;
    }
    for tool in list(body, "tools") {
        for function in list(tool, "functionDeclarations") {
            let name = field(function, "name").and_then(Value::as_str).unwrap_or_default();
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-' | ':');
            if !(1..=128).contains(&name.len()) || !name.chars().all(allowed) {
                return Err(Violation::rule(
                    "",
                    "* GenerateContentRequest.tools[0].function_declarations[0].name: Invalid function name. Must start with a letter or an underscore.",
                ));
            }
            field(function, "parameters").map_or(Ok(()), |schema| schema_rules(schema, "parameters", 0))?;
        }
    }
    Ok(())
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    field(value, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn part_rules(part: &Value, path: &str) -> Result<(), Violation> {
    match DATA.iter().filter(|name| field(part, name).is_some()).count() {
        1 => {}
        // A signature may stand alone at the end of a turn.
        0 if field(part, "thoughtSignature").is_some() => {}
        0 => {
            return Err(Violation::rule(
                "",
                format!(
                    "* GenerateContentRequest.{path}.data: required oneof field 'data' must have one initialized field"
                ),
            ));
        }
        _ => {
            return Err(Violation::rule(
                "",
                format!("Invalid value at '{path}' (oneof), oneof field 'data' is already set."),
            ));
        }
    }
    let bytes = [field(part, "thoughtSignature"), field(part, "inlineData").and_then(|blob| field(blob, "data"))];
    for text in bytes.into_iter().flatten().filter_map(Value::as_str) {
        if STANDARD.decode(text).is_err() && URL_SAFE.decode(text).is_err() {
            return Err(Violation::rule(
                "",
                format!("Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed."),
            ));
        }
    }
    Ok(())
}

/// Looks into the properties of a schema, which the table leaves open because their names are free.
fn schema_rules(schema: &Value, path: &str, depth: usize) -> Result<(), Violation> {
    if depth > SCHEMA_DEPTH_MAX {
        return Ok(());
    }
    let named = field(schema, "properties").and_then(Value::as_object).into_iter().flatten();
    for (name, inner) in named {
        let path = format!("{path}.properties[{name}]");
        check(inner, shapes::SCHEMA_FORM, Naming::CamelOrSnake).map_err(|mut found| {
            let mut whole = Violation::rule(&path, "").path;
            whole.append(&mut found.path);
            Violation { path: whole, problem: found.problem }
        })?;
        schema_rules(inner, &path, depth + 1)?;
    }
    field(schema, "items").map_or(Ok(()), |items| schema_rules(items, &format!("{path}.items"), depth + 1))
}

fn turn_rules(contents: &[Value]) -> Result<(), Violation> {
    let mut asked: Option<usize> = None;
    let mut before = "";
    for (at, content) in contents.iter().enumerate() {
        let role = field(content, "role").and_then(Value::as_str).unwrap_or("user");
        if !matches!(role, "user" | "model" | "function") {
            return Err(Violation::rule("", "Please use a valid role: user, model."));
        }
        let count = |name: &str| list(content, "parts").iter().filter(|part| field(part, name).is_some()).count();
        let (calls, results) = (count("functionCall"), count("functionResponse"));
        match asked.take() {
            Some(expected) if results != expected => {
                return Err(Violation::rule(
                    "",
                    "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
                ));
            }
            None if results > 0 => {
                return Err(Violation::rule(
                    "",
                    "Please ensure that function response turn comes immediately after a function call turn.",
                ));
            }
            _ => {}
        }
        if calls > 0 {
            if role != "model" || at == 0 || before == "model" {
                return Err(Violation::rule(
                    "",
                    "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
                ));
            }
            asked = Some(calls);
        }
        before = role;
    }
    match asked {
        Some(_) => Err(Violation::rule(
            "",
            "Please ensure that multiturn requests end with a user turn or a function response turn.",
        )),
        None => Ok(()),
    }
}
