//! System text and turns: from blocks to messages.

use super::content::{self, Body};
use super::wire::{Block, Turn};
use crate::canonical::request::{Raw, parse_list};
use crate::chat::request::{InvalidRequest, Limits, Top, without_values};
use crate::messages::sealed;
use crate::upstream::json::Writer;

/// What was learnt while the conversation was written.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Where each written message comes from, in the caller's words: `system` or `messages[3]`.
    sources: Vec<String>,
    /// Some thinking was not signed by a provider of the format.
    pub(super) has_foreign_thinking: bool,
    /// A system turn stands inside the conversation.
    pub(super) has_system_turns: bool,
}

impl Facts {
    /// Puts an error about the written request into the caller's words.
    pub(super) fn rename(&self, mut error: InvalidRequest) -> InvalidRequest {
        let Some(param) = error.param.take() else { return error };
        let renamed = self.name_of(&param);
        if let Some(rest) = error.message.strip_prefix(&param) {
            error.message = format!("{renamed}{rest}");
        }
        InvalidRequest { param: Some(renamed), ..error }
    }

    fn name_of(&self, param: &str) -> String {
        if let Some((index, rest)) = param.strip_prefix("messages[").and_then(|rest| rest.split_once(']')) {
            let source = index.parse::<usize>().ok().and_then(|index| self.sources.get(index));
            // The place inside the message is that of the written one, which the caller has never seen.
            let field = if rest.starts_with(".content") { ".content" } else { "" };
            return source.map_or_else(|| "messages".to_owned(), |source| format!("{source}{field}"));
        }
        let words = [
            ("stop", "stop_sequences"),
            ("reasoning.max_tokens", "thinking.budget_tokens"),
            ("reasoning", "thinking"),
            ("response_format", "output_config.format"),
            ("user", "metadata.user_id"),
        ];
        let known = words.iter().find(|(ours, _)| param == *ours);
        known.map_or_else(|| param.replace(".function", ""), |(_, theirs)| (*theirs).to_owned())
    }
}

/// Writes `messages`, with the system text as its first entry.
pub(super) fn write(top: &Top<'_>, limits: &Limits, out: &mut Writer) -> Result<Facts, InvalidRequest> {
    let Some(messages) = top.get("messages") else {
        return Err(InvalidRequest::prompt("messages", "is required"));
    };
    let turns: Vec<Turn<'_>> =
        parse_list(messages.get(), limits.messages).map_err(|error| unreadable("messages", &error))?;
    let mut writer = Turns { facts: Facts::default(), out };
    writer.out.field_list("messages");
    if let Some(system) = top.get("system") {
        writer.system(system, "system")?;
    }
    for (index, turn) in turns.iter().enumerate() {
        let path = format!("messages[{index}]");
        match &*turn.role {
            "user" => writer.user(turn, &path)?,
            "assistant" => writer.assistant(turn, &path)?,
            "system" => {
                writer.facts.has_system_turns = true;
                writer.system(required(turn, &path)?, &path)?;
            }
            _ => {
                let problem = "unknown role; there are user, assistant and system";
                return Err(InvalidRequest::prompt(&format!("{path}.role"), problem));
            }
        }
    }
    writer.out.end_list();
    if turns.is_empty() {
        return Err(InvalidRequest::prompt("messages", "must not be empty"));
    }
    Ok(writer.facts)
}

pub(super) fn unreadable(name: &str, error: &crate::canonical::request::ListError) -> InvalidRequest {
    let text = without_values(&error.source);
    let reason = text.split(" at line ").next().unwrap_or_default();
    InvalidRequest::prompt(&format!("{name}[{}]", error.index), reason)
}

fn required<'a>(turn: &Turn<'a>, path: &str) -> Result<Raw<'a>, InvalidRequest> {
    turn.content.ok_or_else(|| InvalidRequest::prompt(&format!("{path}.content"), "is required"))
}

struct Turns<'o> {
    facts: Facts,
    out: &'o mut Writer,
}

impl Turns<'_> {
    fn begin(&mut self, role: &str, path: &str) {
        self.facts.sources.push(path.to_owned());
        self.out.begin_object();
        self.out.field_text("role", role);
    }

    fn system(&mut self, content: Raw<'_>, path: &str) -> Result<(), InvalidRequest> {
        let body = Body::read(content, path)?;
        if body.is_empty() {
            return Ok(());
        }
        self.begin("system", path);
        content::write(&body, "\n\n", self.out)?;
        self.out.end_object();
        Ok(())
    }

    /// Tool answers first, each a message of its own, because they must follow the calls directly.
    fn user(&mut self, turn: &Turn<'_>, path: &str) -> Result<(), InvalidRequest> {
        let body = Body::read(required(turn, path)?, &format!("{path}.content"))?;
        let (results, body) = body.split(|block| &*block.kind == "tool_result");
        for (index, result) in &results {
            self.tool_result(result, path, *index)?;
        }
        if results.is_empty() && body.is_empty() {
            return Err(InvalidRequest::prompt(&format!("{path}.content"), "must not be empty"));
        }
        if !body.is_empty() {
            self.begin("user", path);
            content::write(&body, "", self.out)?;
            self.out.end_object();
        }
        Ok(())
    }

    fn tool_result(&mut self, block: &Block<'_>, path: &str, index: usize) -> Result<(), InvalidRequest> {
        let path = format!("{path}.content[{index}]");
        let Some(id) = block.tool_use_id.as_deref().filter(|id| !id.is_empty()) else {
            return Err(InvalidRequest::prompt(&format!("{path}.tool_use_id"), "is required in a tool_result"));
        };
        self.begin("tool", &path);
        self.out.field_text("tool_call_id", id);
        let mut body = match block.content {
            Some(content) => Body::read(content, &format!("{path}.content"))?,
            None => Body::default(),
        };
        if block.is_error == Some(true) {
            body.put_first("The tool failed:\n");
        }
        content::write(&body, "\n", self.out)?;
        if let Some(marker) = block.cache_control {
            self.out.field_raw("cache_control", marker.get());
        }
        self.out.end_object();
        Ok(())
    }

    fn assistant(&mut self, turn: &Turn<'_>, path: &str) -> Result<(), InvalidRequest> {
        let body = Body::read(required(turn, path)?, &format!("{path}.content"))?;
        let (thoughts, body) = body.split(|block| matches!(&*block.kind, "thinking" | "redacted_thinking"));
        let (calls, body) = body.split(|block| &*block.kind == "tool_use");
        // What a provider's own tools did has no counterpart; what the model made of it stands in its text.
        let (_, body) = body.split(|block| !matches!(&*block.kind, "text" | "image"));
        self.facts.has_foreign_thinking |= thoughts.iter().any(|(_, block)| is_foreign(block));
        if body.is_empty() && calls.is_empty() && thoughts.is_empty() {
            return Ok(());
        }
        self.begin("assistant", path);
        if body.is_empty() {
            self.out.field_raw("content", "null");
        } else {
            content::write(&body, "", self.out)?;
        }
        if !thoughts.is_empty() {
            self.out.field_list("reasoning_details");
            for (place, (_, thought)) in thoughts.iter().enumerate() {
                self.thought(thought, place);
            }
            self.out.end_list();
        }
        if !calls.is_empty() {
            self.out.field_list("tool_calls");
            for (index, call) in &calls {
                self.call(call, &format!("{path}.content[{index}]"))?;
            }
            self.out.end_list();
        }
        self.out.end_object();
        Ok(())
    }

    fn thought(&mut self, block: &Block<'_>, place: usize) {
        let (seal, is_text) = match &*block.kind {
            "thinking" => (block.signature.as_deref(), true),
            _ => (block.data.as_deref(), false),
        };
        let seal = seal.unwrap_or_default();
        if let Some(detail) = sealed::open(seal) {
            self.out.raw(detail.get());
            return;
        }
        self.out.begin_object();
        self.out.field_text("type", if is_text { "reasoning.text" } else { "reasoning.encrypted" });
        if is_text {
            self.out.field_text("text", block.thinking.as_deref().unwrap_or_default());
        }
        // Without a signature nobody can tell whose thinking it is.
        if seal.is_empty() {
            self.out.field_text("format", "unknown");
        } else {
            self.out.field_text(if is_text { "signature" } else { "data" }, seal);
            self.out.field_text("format", "anthropic-claude-v1");
        }
        self.out.field_plain("index", place);
        self.out.end_object();
    }

    fn call(&mut self, block: &Block<'_>, path: &str) -> Result<(), InvalidRequest> {
        let missing = |name: &str| InvalidRequest::prompt(&format!("{path}.{name}"), "is required in a tool_use");
        let id = block.id.as_deref().filter(|id| !id.is_empty()).ok_or_else(|| missing("id"))?;
        let name = block.name.as_deref().filter(|name| !name.is_empty()).ok_or_else(|| missing("name"))?;
        self.out.begin_object();
        self.out.field_text("id", id);
        self.out.field_text("type", "function");
        self.out.field_object("function");
        self.out.field_text("name", name);
        self.out.field_text("arguments", &content::arguments(block.input));
        self.out.end_object();
        self.out.end_object();
        Ok(())
    }
}

/// Whether a provider of the format would refuse the block.
fn is_foreign(block: &Block<'_>) -> bool {
    let seal = if &*block.kind == "thinking" { &block.signature } else { &block.data };
    let seal = seal.as_deref().unwrap_or_default();
    seal.is_empty() || sealed::is_sealed(seal)
}
