//! Input items as chat messages.
//!
//! Items that follow one another on the model's side (reasoning, text, calls) become one assistant message, because chat
//! formats want a call's answer directly behind the message that made the call.

use super::Place;
use super::fields::note_dropped;
use super::parts::{PartOut, given, read_content, read_part, text_of, write_content, written};
use super::tools::{INPUT, ToolBook, ToolKind};
use crate::canonical::request::{RawObject, parse_list};
use crate::chat::request::{InvalidRequest, Limits, Top};
use crate::decode::minified;
use crate::json::Raw;
use crate::responses::sealed::{OPENAI_FORMAT, unpack};
use crate::upstream::Notes;
use crate::upstream::json::Writer;

/// Writes `messages` and returns where each comes from.
///
/// # Errors
/// [`InvalidRequest`] when `input` is neither text nor a list, or a content part cannot be understood.
pub(crate) fn write_messages(
    top: &Top<'_>,
    limits: &Limits,
    book: &mut ToolBook,
    out: &mut Writer,
    notes: &mut Notes,
) -> Result<Vec<Place>, InvalidRequest> {
    let mut talk = Talk { out, book, notes, places: Vec::new(), pending: None, calls: Vec::new() };
    talk.out.field_list("messages");
    if let Some(instructions) = top.get("instructions") {
        talk.instructions(instructions)?;
    }
    let input = top.get("input").map_or("[]", Raw::get);
    if input.starts_with('"') {
        talk.out.begin_object();
        talk.out.field_text("role", "user");
        talk.out.field_raw("content", input);
        talk.out.end_object();
        talk.places.push(Place::Input(0));
    } else {
        talk.items(input, limits)?;
    }
    talk.out.end_list();
    Ok(talk.places)
}

struct Talk<'w> {
    out: &'w mut Writer,
    book: &'w mut ToolBook,
    notes: &'w mut Notes,
    places: Vec<Place>,
    pending: Option<Assistant>,
    /// Ids of the calls so far.
    calls: Vec<CallIds>,
}

/// What a call is known by.
struct CallIds {
    /// The id that its answer repeats.
    call: String,
    /// The id of its item, which answers of the local shell repeat in its place.
    item: Option<String>,
}

/// What the model said, while more of it may follow.
#[derive(Default)]
struct Assistant {
    item: usize,
    parts: Vec<PartOut>,
    refusal: Option<String>,
    calls: Vec<Call>,
    details: Vec<String>,
}

struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl Talk<'_> {
    /// Instructions are a text; items, as stored prompts resolve to, are taken as part of the conversation.
    fn instructions(&mut self, instructions: Raw<'_>) -> Result<(), InvalidRequest> {
        if !instructions.get().starts_with('"') {
            return Err(InvalidRequest::field("instructions", "expected a string"));
        }
        if instructions.get() == "\"\"" {
            return Ok(());
        }
        self.out.begin_object();
        self.out.field_text("role", "system");
        self.out.field_raw("content", instructions.get());
        self.out.end_object();
        self.places.push(Place::Instructions);
        Ok(())
    }

    fn items(&mut self, input: &str, limits: &Limits) -> Result<(), InvalidRequest> {
        let items: Vec<RawObject<'_>> = parse_list(input, limits.messages).map_err(|error| {
            let reason = error.source.to_string();
            let is_many = reason.starts_with("more than");
            let problem =
                if is_many { reason.split(" at line ").next().unwrap_or_default() } else { "expected an item" };
            InvalidRequest::prompt(&format!("input[{}]", error.index), problem)
        })?;
        for (index, item) in items.iter().enumerate() {
            self.item(index, item)?;
        }
        self.flush();
        Ok(())
    }

    fn item(&mut self, index: usize, item: &RawObject<'_>) -> Result<(), InvalidRequest> {
        let kind = text_of(item, "type").unwrap_or_else(|| "message".to_owned());
        match kind.as_str() {
            "message" | "agent_message" => self.message(index, item)?,
            "reasoning" => self.reasoning(index, item),
            "function_call" => {
                let arguments = arguments_of(item);
                self.call(index, item, ToolKind::Function, arguments);
            }
            "custom_tool_call" => {
                let mut arguments = Writer::default();
                arguments.begin_object();
                arguments.field_text(INPUT, &text_of(item, "input").unwrap_or_default());
                arguments.end_object();
                self.call(index, item, ToolKind::Custom, written(arguments));
            }
            output if output.ends_with("_output") && self.answered(item).is_some() => {
                self.output(index, item, output)?;
            }
            call if call.ends_with("_call") && given(item, "call_id").is_some() => self.native_call(index, item, call),
            // A message of a kind that is not known yet.
            _ if given(item, "role").is_some() && given(item, "content").is_some() => self.message(index, item)?,
            other => note_dropped(self.notes, &format!("input.{other}"), "only its own provider can read it"),
        }
        Ok(())
    }

    fn message(&mut self, index: usize, item: &RawObject<'_>) -> Result<(), InvalidRequest> {
        let role = text_of(item, "role").unwrap_or_else(|| "assistant".to_owned());
        let path = format!("input[{index}].content");
        let content = given(item, "content").ok_or_else(|| InvalidRequest::prompt(&path, "is required"))?;
        let parts = read_content(content, &path, self.notes)?;
        if role == "assistant" {
            self.assistant(index, parts);
            return Ok(());
        }
        self.flush();
        self.out.begin_object();
        self.out.field_text("role", &role);
        write_content(&parts, self.out);
        self.out.end_object();
        self.places.push(Place::Input(index));
        Ok(())
    }

    fn assistant(&mut self, index: usize, parts: Vec<PartOut>) {
        // Text behind a call stays with it: the call's answer must follow directly.
        let is_next = self.pending.as_ref().is_some_and(|said| !said.parts.is_empty() && said.calls.is_empty());
        if is_next {
            self.flush();
        }
        let said = self.said(index);
        for part in parts {
            match part {
                PartOut::Refusal(text) => said.refusal = Some(text),
                PartOut::Nothing => {}
                part => said.parts.push(part),
            }
        }
    }

    fn said(&mut self, index: usize) -> &mut Assistant {
        self.pending.get_or_insert_with(|| Assistant { item: index, ..Assistant::default() })
    }

    fn reasoning(&mut self, index: usize, item: &RawObject<'_>) {
        let details = reasoning_details(item);
        self.said(index).details.extend(details);
    }

    fn call(&mut self, index: usize, item: &RawObject<'_>, kind: ToolKind, arguments: String) {
        let id = text_of(item, "call_id").or_else(|| text_of(item, "id")).unwrap_or_else(|| format!("call_{index}"));
        let name = text_of(item, "name").unwrap_or_default();
        let name = self.book.name(text_of(item, "namespace").as_deref(), &name, kind);
        self.calls.push(CallIds { call: id.clone(), item: text_of(item, "id") });
        self.said(index).calls.push(Call { id, name, arguments });
    }

    /// A call of a tool that the caller runs in a form of its own, such as a shell: its fields become the arguments.
    fn native_call(&mut self, index: usize, item: &RawObject<'_>, kind: &str) {
        let mut arguments = Writer::default();
        arguments.begin_object();
        let is_own = |name: &str| !matches!(name, "type" | "id" | "call_id" | "status" | "name");
        for (name, value) in item.iter().filter(|(name, value)| is_own(name) && value.get() != "null") {
            arguments.field_raw(name, value.get());
        }
        arguments.end_object();
        let id = text_of(item, "call_id").unwrap_or_default();
        let name = kind.strip_suffix("_call").unwrap_or(kind).to_owned();
        self.calls.push(CallIds { call: id.clone(), item: text_of(item, "id") });
        self.said(index).calls.push(Call { id, name, arguments: minified(&written(arguments)) });
    }

    /// The id of the call that an item answers.
    fn answered(&self, item: &RawObject<'_>) -> Option<String> {
        text_of(item, "call_id").or_else(|| {
            let id = text_of(item, "id")?;
            let is_it = |ids: &&CallIds| ids.call == id || ids.item.as_deref() == Some(id.as_str());
            self.calls.iter().find(is_it).map(|ids| ids.call.clone())
        })
    }

    fn output(&mut self, index: usize, item: &RawObject<'_>, kind: &str) -> Result<(), InvalidRequest> {
        let id = self.answered(item).unwrap_or_default();
        let is_function = matches!(kind, "function_call_output" | "custom_tool_call_output");
        if !is_function && !self.calls.iter().any(|ids| ids.call == id) {
            note_dropped(self.notes, &format!("input.{kind}"), "the call that it answers is not part of the input");
            return Ok(());
        }
        self.flush();
        let path = format!("input[{index}].output");
        let parts = match given(item, "output").or_else(|| given(item, "tools")) {
            Some(output) if output.get().starts_with('"') => read_content(output, &path, self.notes)?,
            Some(output) if output.get().starts_with('[') && is_function => read_content(output, &path, self.notes)?,
            Some(picture) if kind == "computer_call_output" => vec![read_part(picture, &path, self.notes)?],
            Some(output) => vec![PartOut::Text(output.get().to_owned())],
            None => vec![PartOut::Text(String::new())],
        };
        self.out.begin_object();
        self.out.field_text("role", "tool");
        self.out.field_text("tool_call_id", &id);
        write_content(&parts, self.out);
        self.out.end_object();
        self.places.push(Place::Input(index));
        Ok(())
    }

    /// Writes what the model said. Reasoning alone is no message: it belongs to what should have followed.
    fn flush(&mut self) {
        let Some(said) = self.pending.take() else { return };
        if said.parts.is_empty() && said.calls.is_empty() && said.refusal.is_none() {
            note_dropped(self.notes, "input.reasoning", "nothing follows that it belongs to");
            return;
        }
        self.out.begin_object();
        self.out.field_text("role", "assistant");
        if said.parts.is_empty() {
            self.out.field_raw("content", "null");
        } else {
            write_content(&said.parts, self.out);
        }
        if let Some(refusal) = &said.refusal {
            self.out.field_text("refusal", refusal);
        }
        if !said.details.is_empty() {
            self.out.field_raw("reasoning_details", &format!("[{}]", said.details.join(",")));
        }
        if !said.calls.is_empty() {
            self.out.field_list("tool_calls");
            for call in &said.calls {
                write_call(call, self.out);
            }
            self.out.end_list();
        }
        self.out.end_object();
        self.places.push(Place::Input(said.item));
    }
}

fn write_call(call: &Call, out: &mut Writer) {
    out.begin_object();
    out.field_text("id", &call.id);
    out.field_text("type", "function");
    out.field_object("function");
    out.field_text("name", &call.name);
    out.field_text("arguments", &call.arguments);
    out.end_object();
    out.end_object();
}

/// Arguments as text; some clients send the object itself.
fn arguments_of(item: &RawObject<'_>) -> String {
    match given(item, "arguments") {
        Some(value) if value.get().starts_with('"') => text_of(item, "arguments").unwrap_or_default(),
        Some(value) => value.get().to_owned(),
        None => String::new(),
    }
}

/// The entries of `reasoning_details` that a reasoning item stands for.
fn reasoning_details(item: &RawObject<'_>) -> Vec<String> {
    let sealed = text_of(item, "encrypted_content");
    if let Some(entries) = sealed.as_deref().and_then(unpack) {
        return entries.iter().map(|entry| entry.get().to_owned()).collect();
    }
    let format = text_of(item, "format").unwrap_or_else(|| OPENAI_FORMAT.to_owned());
    let id = text_of(item, "id");
    let mut details = Vec::new();
    let mut add = |kind: &str, field: &str, text: &str, signature: Option<&str>| {
        let mut out = Writer::default();
        out.begin_object();
        out.field_text("type", kind);
        out.field_text(field, text);
        if let Some(signature) = signature {
            out.field_text("signature", signature);
        }
        if let Some(id) = &id {
            out.field_text("id", id);
        }
        out.field_text("format", &format);
        out.field_plain("index", details.len());
        out.end_object();
        details.push(written(out));
    };
    for text in texts_of(item, "summary") {
        add("reasoning.summary", "summary", &text, None);
    }
    let signature = text_of(item, "signature");
    for text in texts_of(item, "content") {
        add("reasoning.text", "text", &text, signature.as_deref());
    }
    if let Some(data) = sealed.filter(|data| !data.is_empty()) {
        add("reasoning.encrypted", "data", &data, None);
    }
    details
}

/// The texts of a list of text parts.
fn texts_of(item: &RawObject<'_>, name: &str) -> Vec<String> {
    let list = given(item, name).and_then(|list| serde_json::from_str::<Vec<RawObject<'_>>>(list.get()).ok());
    list.iter().flatten().filter_map(|part| text_of(part, "text")).collect()
}
