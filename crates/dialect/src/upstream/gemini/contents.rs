//! Turns, system text, and the parts inside them.

use super::Body;
use crate::canonical::request::{Content, Message, Part, ReasoningDetail, Role, ToolCall};
use crate::upstream::turns::{Arguments, SYSTEM_CLOSE, SYSTEM_OPEN, Turn, is_blank, is_empty_part, is_system};
use crate::upstream::{Change, EncodeError};

/// The dialect whose signatures this format can replay.
const FORMAT: &str = "google-gemini-v1";
/// Stands for a signature that another model's call never had; the API documents it for histories moved here.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

impl Body<'_> {
    pub(super) fn system(&mut self, system: &[&Message<'_>]) -> Result<(), EncodeError> {
        if system.iter().all(|message| is_blank(&message.content.plain_text())) {
            return Ok(());
        }
        self.out.field_object("systemInstruction");
        self.out.field_list("parts");
        for (index, message) in system.iter().enumerate() {
            self.content(message, &format!("messages[{index}]"))?;
        }
        self.out.end_list();
        self.out.end_object();
        Ok(())
    }

    pub(super) fn contents(&mut self, turns: &[Turn<'_, '_>]) -> Result<(), EncodeError> {
        self.out.field_list("contents");
        for turn in turns {
            self.out.begin_object();
            self.out.field_text("role", if turn.is_model { "model" } else { "user" });
            self.out.field_list("parts");
            for (index, message) in &turn.messages {
                self.message(message, &format!("messages[{index}]"))?;
            }
            self.out.end_list();
            self.out.end_object();
        }
        self.out.end_list();
        Ok(())
    }

    fn message(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        match message.role {
            Role::Tool => self.tool_answer(message, path),
            Role::Assistant => self.assistant(message, path),
            _ if is_system(message) => {
                let text = message.content.plain_text();
                self.text_part(&format!("{SYSTEM_OPEN}{text}{SYSTEM_CLOSE}"), None);
                Ok(())
            }
            _ => self.content(message, path),
        }
    }

    fn assistant(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        let signatures: Vec<_> = message.details().iter().filter(|detail| is_signature(detail)).collect();
        if message.details().iter().any(|detail| !is_ours(detail)) {
            self.notes.dropped("reasoning_details", "signed by another provider");
        }
        let text_signature =
            if message.calls().is_empty() { signatures.last().and_then(|at| at.data.as_deref()) } else { None };
        match &message.content {
            Content::Text(text) if !is_blank(text) => self.text_part(text, text_signature),
            _ => self.content(message, path)?,
        }
        if let Some(refusal) = message.refusal.as_deref().filter(|text| !is_blank(text)) {
            self.text_part(refusal, None);
        }
        for (index, call) in message.calls().iter().enumerate() {
            self.call(call, signature_of(call, index, message.calls(), &signatures), index, path)?;
        }
        Ok(())
    }

    fn call(
        &mut self,
        call: &ToolCall<'_>,
        signature: Option<&str>,
        index: usize,
        path: &str,
    ) -> Result<(), EncodeError> {
        let Some(function) = &call.function else {
            return Err(EncodeError::prompt(path, "only function calls can be sent to this provider"));
        };
        let arguments = Arguments::read(&function.arguments);
        if matches!(arguments, Arguments::Text(_)) {
            self.notes.add(&format!("{path}.tool_calls"), Change::Translated, "arguments were no JSON object");
        }
        self.out.begin_object();
        self.out.field_object("functionCall");
        self.out.field_text("name", self.names.sent(&function.name));
        arguments.write("args", &mut self.out);
        self.out.end_object();
        // Since Gemini 3 a turn whose first call has no signature is refused.
        let wants_signature = index == 0 && self.generation() >= 3;
        if let Some(signature) = signature.or(wants_signature.then_some(NO_SIGNATURE)) {
            self.out.field_text("thoughtSignature", signature);
        }
        self.out.end_object();
        Ok(())
    }

    fn tool_answer(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        let Some(name) =
            self.call_names.get(id).or(message.name.as_ref().map(|name| name.to_string()).as_ref()).cloned()
        else {
            return Err(EncodeError::prompt(&format!("{path}.tool_call_id"), "answers no earlier call"));
        };
        let text = message.content.plain_text();
        self.out.begin_object();
        self.out.field_object("functionResponse");
        self.out.field_text("name", self.names.sent(&name));
        match Arguments::read(&text) {
            Arguments::Object(json) => self.out.field_raw("response", json),
            Arguments::Empty | Arguments::Text(_) => {
                self.out.field_object("response");
                self.out.field_text("result", &text);
                self.out.end_object();
            }
        }
        self.out.end_object();
        self.out.end_object();
        // Pictures cannot stand inside the answer; they follow it.
        for (index, part) in message.content.parts().iter().enumerate().filter(|(_, part)| part.as_text().is_none()) {
            self.part(part, &format!("{path}.content[{index}]"))?;
        }
        Ok(())
    }

    fn content(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        match &message.content {
            Content::Absent => {}
            Content::Text(text) if is_blank(text) => {}
            Content::Text(text) => self.text_part(text, None),
            Content::Parts(parts) => {
                for (index, part) in parts.iter().enumerate().filter(|(_, part)| !is_empty_part(part)) {
                    self.part(part, &format!("{path}.content[{index}]"))?;
                }
            }
        }
        Ok(())
    }

    fn text_part(&mut self, text: &str, signature: Option<&str>) {
        self.out.begin_object();
        self.out.field_text("text", text);
        if let Some(signature) = signature {
            self.out.field_text("thoughtSignature", signature);
        }
        self.out.end_object();
    }

    fn part(&mut self, part: &Part<'_>, path: &str) -> Result<(), EncodeError> {
        if let Some(text) = part.as_text() {
            self.text_part(text, None);
            return Ok(());
        }
        self.out.begin_object();
        self.media(part, path)?;
        self.out.end_object();
        Ok(())
    }
}

fn is_ours(detail: &ReasoningDetail<'_>) -> bool {
    detail.format.as_deref().is_none_or(|format| format == FORMAT)
}

fn is_signature(detail: &ReasoningDetail<'_>) -> bool {
    is_ours(detail) && &*detail.kind == "reasoning.encrypted" && detail.data.is_some()
}

/// The signature that belongs to a call: the one that names it, else for the first call one that names no call.
fn signature_of<'d>(
    call: &ToolCall<'_>,
    index: usize,
    calls: &[ToolCall<'_>],
    signatures: &[&'d ReasoningDetail<'_>],
) -> Option<&'d str> {
    let names_call = |detail: &ReasoningDetail<'_>, call: &ToolCall<'_>| detail.id.as_deref() == Some(&*call.id);
    let own = signatures.iter().find(|detail| names_call(detail, call));
    let spare = || signatures.iter().find(|detail| !calls.iter().any(|other| names_call(detail, other)));
    let chosen = if index == 0 { own.or_else(spare) } else { own };
    chosen.and_then(|detail| detail.data.as_deref())
}
