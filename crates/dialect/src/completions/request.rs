//! The completions request as a chat request.

use crate::chat::request::{ChatRequest, InvalidRequest, Limits, Top};
use crate::inbound::Origin;
use crate::json::Raw;
use crate::upstream::Note;
use crate::upstream::Notes;
use crate::upstream::json::Writer;
use bytes::Bytes;
use std::sync::Arc;

/// What the way back needs of a completions request.
#[derive(Debug, Clone)]
pub struct CompletionsRequest {
    prompt: String,
    is_echoed: bool,
    notes: Vec<Note>,
}

impl CompletionsRequest {
    /// What the answer's text begins with: the prompt, when the caller wants it repeated.
    #[must_use]
    pub fn echo(&self) -> &str {
        if self.is_echoed { &self.prompt } else { "" }
    }

    /// What the chat form could not say.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

/// Reads and checks a completions request.
///
/// # Errors
/// When the body is no JSON object within the limits, holds no single text as its prompt, or a field holds what it must not.
pub fn parse(body: Bytes, limits: &Limits) -> Result<ChatRequest, InvalidRequest> {
    let text = String::from_utf8(body.into()).map_err(|_ignored| InvalidRequest::body("The body is not UTF-8"))?;
    let top = Top::read(&text, limits)?;
    let prompt = read_prompt(&top)?;
    let mut notes = Notes::default();
    let mut out = Writer::with_capacity(text.len() + 64);
    out.begin_object();
    for (name, value) in top.iter() {
        write_field(name, value, &mut out, &mut notes)?;
    }
    out.field_list("messages");
    out.begin_object();
    out.field_text("role", "user");
    out.field_text("content", &prompt);
    out.end_object();
    out.end_list();
    out.end_object();
    let is_echoed = top.get("echo").is_some_and(|value| value.get() == "true");
    let origin = CompletionsRequest { prompt, is_echoed, notes: notes.0 };
    let chat = crate::chat::request::parse(out.finish().into(), limits)?;
    Ok(chat.with_origin(Origin::Completions(Arc::new(origin))))
}

fn read_prompt(top: &Top<'_>) -> Result<String, InvalidRequest> {
    let Some(prompt) = top.get("prompt") else {
        return Err(InvalidRequest::prompt("prompt", "is required"));
    };
    if top.get("messages").is_some() {
        return Err(InvalidRequest::field("messages", "cannot be given together with prompt"));
    }
    if let Ok(text) = serde_json::from_str::<String>(prompt.get()) {
        return Ok(text);
    }
    match serde_json::from_str::<Vec<Raw<'_>>>(prompt.get()).as_deref() {
        Ok([one]) => serde_json::from_str(one.get()).map_err(|_ignored| {
            InvalidRequest::prompt("prompt", "must be text; token ids mean nothing to another model")
        }),
        Ok([]) | Err(_) => Err(InvalidRequest::prompt("prompt", "expected text")),
        Ok(_) => Err(InvalidRequest::prompt("prompt", "only one prompt at a time, as text")),
    }
}

fn write_field(name: &str, value: Raw<'_>, out: &mut Writer, notes: &mut Notes) -> Result<(), InvalidRequest> {
    match name {
        "prompt" | "messages" | "echo" => {}
        "suffix" | "best_of" => notes.dropped(name, "chat models have no counterpart"),
        "logprobs" => {
            let count: u64 = match value.get() {
                "true" => 1,
                "false" => return Ok(()),
                number => serde_json::from_str(number)
                    .map_err(|_ignored| InvalidRequest::field(name, "expected an integer from 0 to 5"))?,
            };
            out.field_raw("logprobs", "true");
            out.field_plain("top_logprobs", count.min(20));
        }
        _ => out.field_raw(name, value.get()),
    }
    Ok(())
}
