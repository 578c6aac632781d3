//! Tools: namespaces flattened, free-form tools as functions, hosted tools left out; and the way back.

use super::fields::note_dropped;
use super::parts::{given, text_of};
use crate::canonical::request::{RawObject, parse_list};
use crate::chat::request::{InvalidRequest, Limits, Top};
use crate::json::Raw;
use crate::upstream::json::Writer;
use crate::upstream::{Notes, ToolNames};

/// Stands between namespace and name of a flattened tool.
const SEPARATOR: &str = "__";
/// The one argument of a free-form tool in the chat form.
pub(crate) const INPUT: &str = "input";
const INPUT_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// What a tool is in the Responses form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolKind {
    /// Takes JSON arguments.
    Function,
    /// Takes free text.
    Custom,
}

/// A tool whose chat form does not speak for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownTool {
    /// Its name in the chat form.
    sent: String,
    /// The caller's name.
    pub(crate) name: String,
    /// The caller's namespace.
    pub(crate) namespace: Option<String>,
    /// What it is.
    pub(crate) kind: ToolKind,
}

/// How the caller's tools are named in the chat form. Plain functions keep their names and are not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolBook {
    known: Vec<KnownTool>,
    taken: Vec<String>,
}

impl ToolBook {
    /// The tool that the chat form calls `sent`; `None` for plain functions.
    pub(crate) fn find(&self, sent: &str) -> Option<&KnownTool> {
        self.known.iter().find(|tool| tool.sent == sent)
    }

    /// The names under which calls come back from a provider of the same format, where they differ from the chat form.
    pub(crate) fn flattened(&self) -> ToolNames {
        let pairs = self.known.iter().filter_map(|tool| {
            let flat = flat_name(tool.namespace.as_deref(), &tool.name);
            (flat != tool.sent).then(|| (tool.sent.clone(), flat))
        });
        ToolNames::of_pairs(pairs.collect())
    }

    /// The name in the chat form of a tool that is named in `namespace`; learned when it was never declared, which
    /// happens when a history calls tools that are no longer offered.
    pub(crate) fn name(&mut self, namespace: Option<&str>, name: &str, kind: ToolKind) -> String {
        let is_same = |tool: &&KnownTool| tool.name == name && tool.namespace.as_deref() == namespace;
        if let Some(tool) = self.known.iter().find(is_same) {
            return tool.sent.clone();
        }
        if namespace.is_none() && kind == ToolKind::Function {
            self.taken.push(name.to_owned());
            return name.to_owned();
        }
        let mut sent = flat_name(namespace, name);
        while self.taken.contains(&sent) {
            sent.push('_');
        }
        self.taken.push(sent.clone());
        let namespace = namespace.map(str::to_owned);
        self.known.push(KnownTool { sent: sent.clone(), name: name.to_owned(), namespace, kind });
        sent
    }
}

/// The name of a tool in a namespace, on one level.
pub(crate) fn flat_name(namespace: Option<&str>, name: &str) -> String {
    namespace.map_or_else(|| name.to_owned(), |space| format!("{space}{SEPARATOR}{name}"))
}

/// Writes `tools` and returns which of the caller's entries each one comes from.
pub(crate) fn write_tools(
    top: &Top<'_>,
    limits: &Limits,
    book: &mut ToolBook,
    out: &mut Writer,
    notes: &mut Notes,
) -> Result<Vec<usize>, InvalidRequest> {
    let Some(json) = top.get("tools").map(Raw::get) else { return Ok(Vec::new()) };
    let tools: Vec<RawObject<'_>> = parse_list(json, limits.tools)
        .map_err(|error| InvalidRequest::field(&format!("tools[{}]", error.index), "expected a list of tools"))?;
    // Plain functions keep their names, whatever a namespace would flatten to.
    book.taken.extend(tools.iter().filter(|tool| is_kind(tool, "function")).filter_map(|tool| text_of(tool, "name")));
    let mut list = List { out: Writer::with_capacity(json.len()), places: Vec::new(), allowed: allowed(top) };
    list.out.begin_list();
    for (place, tool) in tools.iter().enumerate() {
        list.write(tool, place, book, notes)?;
    }
    list.out.end_list();
    if !list.places.is_empty() {
        out.field_raw("tools", &super::parts::written(list.out));
    }
    Ok(list.places)
}

/// The names that `tool_choice` allows, when it allows some only.
fn allowed(top: &Top<'_>) -> Option<Vec<String>> {
    let choice: RawObject<'_> = serde_json::from_str(top.get("tool_choice")?.get()).ok()?;
    if !is_kind(&choice, "allowed_tools") {
        return None;
    }
    let tools: Vec<RawObject<'_>> = serde_json::from_str(given(&choice, "tools")?.get()).ok()?;
    Some(tools.iter().filter_map(|tool| text_of(tool, "name")).collect())
}

fn is_kind(tool: &RawObject<'_>, kind: &str) -> bool {
    text_of(tool, "type").as_deref() == Some(kind)
}

struct List {
    out: Writer,
    places: Vec<usize>,
    allowed: Option<Vec<String>>,
}

impl List {
    fn allows(&self, name: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|other| other == name))
    }

    fn write(
        &mut self,
        tool: &RawObject<'_>,
        place: usize,
        book: &mut ToolBook,
        notes: &mut Notes,
    ) -> Result<(), InvalidRequest> {
        let kind = text_of(tool, "type").unwrap_or_default();
        match kind.as_str() {
            // Tools in the form of chat completions.
            "function" | "custom" if given(tool, &kind).is_some() => {
                self.out.raw(&object(tool));
                self.places.push(place);
            }
            "function" => self.function(None, tool, place, book),
            "custom" => self.custom(None, tool, place, book),
            "namespace" => self.namespace(tool, place, book, notes)?,
            // Tools of the router itself, and its short names for web search.
            "" => return Err(InvalidRequest::field(&format!("tools[{place}]"), "has no type")),
            ours if ours.starts_with("openrouter:") || ours.starts_with("web_search") => {
                self.out.raw(&object(tool));
                self.places.push(place);
            }
            hosted => {
                note_dropped(notes, &format!("tools.{hosted}"), "is run by the provider of the Responses format only");
            }
        }
        Ok(())
    }

    fn namespace(
        &mut self,
        space: &RawObject<'_>,
        place: usize,
        book: &mut ToolBook,
        notes: &mut Notes,
    ) -> Result<(), InvalidRequest> {
        let wrong = || InvalidRequest::field(&format!("tools[{place}]"), "a namespace needs a name and tools");
        let name = text_of(space, "name").ok_or_else(wrong)?;
        let inner = given(space, "tools").ok_or_else(wrong)?;
        let tools: Vec<RawObject<'_>> = serde_json::from_str(inner.get()).map_err(|_ignored| wrong())?;
        for tool in &tools {
            match text_of(tool, "type").unwrap_or_default().as_str() {
                "function" => self.function(Some(&name), tool, place, book),
                "custom" => self.custom(Some(&name), tool, place, book),
                hosted => note_dropped(
                    notes,
                    &format!("tools.{hosted}"),
                    "is run by the provider of the Responses format only",
                ),
            }
        }
        Ok(())
    }

    fn function(&mut self, namespace: Option<&str>, tool: &RawObject<'_>, place: usize, book: &mut ToolBook) {
        let name = text_of(tool, "name").unwrap_or_default();
        let sent = book.name(namespace, &name, ToolKind::Function);
        if !self.allows(&name) {
            return;
        }
        self.begin(&sent, text_of(tool, "description").as_deref());
        if let Some(schema) = given(tool, "parameters") {
            self.out.field_raw("parameters", schema.get());
        }
        if let Some(strict) = given(tool, "strict") {
            self.out.field_raw("strict", strict.get());
        }
        self.end(tool, place);
    }

    /// A free-form tool becomes a function with one text; its grammar becomes part of its description.
    fn custom(&mut self, namespace: Option<&str>, tool: &RawObject<'_>, place: usize, book: &mut ToolBook) {
        let name = text_of(tool, "name").unwrap_or_default();
        let sent = book.name(namespace, &name, ToolKind::Custom);
        if !self.allows(&name) {
            return;
        }
        let mut description = text_of(tool, "description").unwrap_or_default();
        let format = given(tool, "format").and_then(|format| serde_json::from_str::<RawObject<'_>>(format.get()).ok());
        if let Some(grammar) = format.as_ref().and_then(|format| text_of(format, "definition")) {
            let syntax = format.as_ref().and_then(|format| text_of(format, "syntax")).unwrap_or_default();
            description.push_str(&format!("\n\nThe input must follow this {syntax} grammar:\n{grammar}"));
        }
        self.begin(&sent, Some(description.trim_start()).filter(|text| !text.is_empty()));
        self.out.field_raw("parameters", INPUT_SCHEMA);
        self.end(tool, place);
    }

    fn begin(&mut self, sent: &str, description: Option<&str>) {
        self.out.begin_object();
        self.out.field_text("type", "function");
        self.out.field_object("function");
        self.out.field_text("name", sent);
        if let Some(description) = description {
            self.out.field_text("description", description);
        }
    }

    fn end(&mut self, tool: &RawObject<'_>, place: usize) {
        self.out.end_object();
        if let Some(marker) = given(tool, "cache_control") {
            self.out.field_raw("cache_control", marker.get());
        }
        self.out.end_object();
        self.places.push(place);
    }
}

/// An object as it was written, without the fields that are `null`.
fn object(tool: &RawObject<'_>) -> String {
    let mut out = Writer::default();
    out.begin_object();
    for (name, value) in tool.iter().filter(|(_, value)| value.get() != "null") {
        out.field_raw(name, value.get());
    }
    out.end_object();
    super::parts::written(out)
}

/// Writes `tool_choice` for the tools that are left.
pub(crate) fn write_choice(top: &Top<'_>, book: &ToolBook, has_tools: bool, out: &mut Writer, notes: &mut Notes) {
    let Some(choice) = top.get("tool_choice") else { return };
    if !has_tools {
        if top.get("tools").is_some() && choice.get() != "\"none\"" && choice.get() != "\"auto\"" {
            notes.dropped("tool_choice", "no tool is left to choose");
        }
        return;
    }
    if !choice.get().starts_with('{') {
        out.field_raw("tool_choice", choice.get());
        return;
    }
    let fields: RawObject<'_> = serde_json::from_str(choice.get()).unwrap_or_default();
    match text_of(&fields, "type").unwrap_or_default().as_str() {
        "function" | "custom" => write_named(choice, &fields, book, out),
        "allowed_tools" => {
            let mode = text_of(&fields, "mode").unwrap_or_else(|| "auto".to_owned());
            out.field_text("tool_choice", if mode == "required" { "required" } else { "auto" });
        }
        ours if ours.starts_with("openrouter:") || ours.starts_with("web_search") => {
            out.field_raw("tool_choice", choice.get());
        }
        _ => notes.dropped("tool_choice", "names a tool that only the provider of the Responses format runs"),
    }
}

fn write_named(choice: Raw<'_>, fields: &RawObject<'_>, book: &ToolBook, out: &mut Writer) {
    let Some(name) = text_of(fields, "name") else {
        // The chat form, or something that its check will name.
        out.field_raw("tool_choice", choice.get());
        return;
    };
    let namespace = text_of(fields, "namespace");
    let known = book.known.iter().find(|tool| tool.name == name && tool.namespace == namespace);
    out.field_object("tool_choice");
    out.field_text("type", "function");
    out.field_object("function");
    out.field_text("name", known.map_or(name.as_str(), |tool| tool.sent.as_str()));
    out.end_object();
    out.end_object();
}
