//! Tools and the choice among them.

use super::turns::unreadable;
use super::wire::{Choice, Tool};
use crate::canonical::request::parse_list;
use crate::chat::request::{InvalidRequest, Limits, Top};
use crate::json::Raw;
use crate::upstream::json::Writer;
use domain::error_kind::ErrorKind;

/// Tools that the client runs and whose schema the provider's models know: prefix of the type, description, schema.
///
/// Source: the provider's tool reference (bash and text editor tools), read 2026-11-21.
const CLIENT_TOOLS: &[(&str, &str, &str)] = &[
    (
        "bash_",
        "Runs a command in a persistent bash session and returns its output.",
        r#"{"type":"object","properties":{"command":{"type":"string","description":"The command to run."},"restart":{"type":"boolean","description":"Restart the session instead of running a command."}}}"#,
    ),
    (
        "text_editor_",
        "Views, creates and edits text files.",
        r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"path":{"type":"string"},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}}},"required":["command","path"]}"#,
    ),
];

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn write(top: &Top<'_>, limits: &Limits, out: &mut Writer) -> Result<(), InvalidRequest> {
    let mut functions = Vec::new();
    if let Some(json) = top.get("tools") {
        let read = |error| InvalidRequest { kind: ErrorKind::InvalidRequest, ..unreadable("tools", &error) };
        let raw: Vec<Raw<'_>> = parse_list(json.get(), limits.tools).map_err(read)?;
        let tools: Vec<Tool<'_>> = parse_list(json.get(), limits.tools).map_err(read)?;
        if !tools.is_empty() {
            out.field_list("tools");
            for (index, (tool, raw)) in tools.iter().zip(raw).enumerate() {
                if let Some(name) = write_tool(tool, raw, &format!("tools[{index}]"), out)? {
                    functions.push(name.to_owned());
                }
            }
            out.end_list();
        }
    }
    match top.get("tool_choice") {
        Some(choice) => write_choice(choice, &functions, out),
        None => Ok(()),
    }
}

/// Writes one tool; returns its name when it is a function.
fn write_tool<'t>(
    tool: &'t Tool<'_>,
    raw: Raw<'_>,
    path: &str,
    out: &mut Writer,
) -> Result<Option<&'t str>, InvalidRequest> {
    let kind = tool.kind.as_deref().unwrap_or("custom");
    let known = CLIENT_TOOLS.iter().find(|(prefix, ..)| kind.starts_with(prefix));
    if kind != "custom" && known.is_none() {
        out.raw(raw.get());
        return Ok(None);
    }
    let missing = |field: &str| InvalidRequest::field(&format!("{path}.{field}"), "is required");
    let name = tool.name.as_deref().ok_or_else(|| missing("name"))?;
    let schema = tool.input_schema.map(Raw::get).or(known.map(|(.., schema)| *schema));
    let description = tool.description.as_deref().or(known.map(|(_, description, _)| *description));
    out.begin_object();
    out.field_text("type", "function");
    out.field_object("function");
    out.field_text("name", name);
    if let Some(description) = description {
        out.field_text("description", description);
    }
    out.field_raw("parameters", schema.ok_or_else(|| missing("input_schema"))?);
    if let Some(strict) = tool.strict {
        out.field_plain("strict", strict);
    }
    out.end_object();
    if let Some(marker) = tool.cache_control {
        out.field_raw("cache_control", marker.get());
    }
    out.end_object();
    Ok(Some(name))
}

fn write_choice(json: Raw<'_>, functions: &[String], out: &mut Writer) -> Result<(), InvalidRequest> {
    let choice: Choice<'_> = serde_json::from_str(json.get())
        .map_err(|_ignored| InvalidRequest::field("tool_choice", "expected an object with a type"))?;
    match &*choice.kind {
        "auto" | "none" => out.field_text("tool_choice", &choice.kind),
        "any" => out.field_text("tool_choice", "required"),
        "tool" => {
            let name =
                choice.name.as_deref().ok_or_else(|| InvalidRequest::field("tool_choice.name", "is required"))?;
            // A tool that runs on a server is not there anywhere else.
            if functions.iter().any(|function| function == name) {
                out.field_object("tool_choice");
                out.field_text("type", "function");
                out.field_object("function");
                out.field_text("name", name);
                out.end_object();
                out.end_object();
            } else {
                out.field_text("tool_choice", "auto");
            }
        }
        _ => return Err(InvalidRequest::field("tool_choice.type", "expected auto, any, tool or none")),
    }
    if choice.disable_parallel_tool_use == Some(true) && &*choice.kind != "none" {
        out.field_raw("parallel_tool_calls", "false");
    }
    Ok(())
}
