//! Laying a request over a preset.

use super::tools::union;
use super::{Form, Reference, aliases};
use crate::canonical::request::{Raw, RawObject};
use crate::chat::request::InvalidRequest;
use bytes::Bytes;
use serde::Deserialize;
use std::borrow::Cow;

/// Fields that a preset may hold and that mean nothing to a request: they are about caching, which answers to settings.
const NOT_SENT: [&str; 2] = ["cache_enabled", "cache_ttl_seconds"];

/// A body that is put together from the texts of its fields.
#[derive(Default)]
struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.0.push((name.into(), value.into()));
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    fn write(&self) -> String {
        let length = self.0.iter().map(|(name, value)| name.len() + value.len() + 8).sum::<usize>();
        let mut text = String::with_capacity(length + 2);
        text.push('{');
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&serde_json::Value::from(&**name).to_string());
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        text
    }
}

/// The request as it would read without a preset: its own fields, then those of the preset that it does not set. Tools are
/// joined. The preset's system prompt comes first unless the request has a system prompt of its own.
///
/// # Errors
/// When the body is no JSON object, or the preset's fields are none.
pub fn merge(
    body: &[u8],
    reference: &Reference,
    system_prompt: Option<&str>,
    config: &str,
    form: Form,
) -> Result<Bytes, InvalidRequest> {
    let shape = |_shape| InvalidRequest::body("The body is not a JSON object");
    let request: RawObject<'_> = serde_json::from_slice(body).map_err(shape)?;
    let stored = |_shape| InvalidRequest::field("preset", "holds what this version cannot read");
    let preset: RawObject<'_> = serde_json::from_str(config).map_err(stored)?;
    let mut fields = Fields::default();
    for (name, value) in request.iter().filter(|(name, value)| *name != "preset" && value.get() != "null") {
        match name {
            "model" => {
                if let Some(model) = &reference.model {
                    fields.push("model", serde_json::Value::from(model.as_str()).to_string());
                }
            }
            "tools" => {
                let joined = preset.get("tools").and_then(|tools| union(tools.get(), Some(value.get()), form));
                fields.push("tools", joined.map_or(Cow::Borrowed(value.get()), Cow::Owned));
            }
            _ => fields.push(name.to_owned(), value.get()),
        }
    }
    add_preset(&mut fields, &preset, form);
    if let Some(prompt) = system_prompt {
        add_prompt(&mut fields, prompt, form);
    }
    Ok(fields.write().into())
}

fn add_preset<'a>(fields: &mut Fields<'a>, preset: &RawObject<'a>, form: Form) {
    let set: Vec<String> = fields.0.iter().map(|(name, _)| name.to_string()).collect();
    let is_set = |name: &str| aliases(name).any(|alias| set.iter().any(|own| own == alias));
    for (name, value) in preset.iter().filter(|(name, _)| !NOT_SENT.contains(name) && !is_set(name)) {
        if name == "tools" {
            let own = union(value.get(), None, form);
            fields.push("tools", own.map_or(Cow::Borrowed(value.get()), Cow::Owned));
            continue;
        }
        let spelled = spelling(name, form);
        if !fields.has(spelled) {
            fields.push(spelled.to_owned(), spell(spelled, value));
        }
    }
}

/// What a field of a preset is called in a form.
fn spelling(name: &str, form: Form) -> &str {
    match (name, form) {
        ("max_tokens" | "max_completion_tokens", Form::Responses) => "max_output_tokens",
        ("max_completion_tokens" | "max_output_tokens", Form::Messages) => "max_tokens",
        ("stop", Form::Messages) => "stop_sequences",
        ("stop_sequences", Form::Chat | Form::Responses) => "stop",
        _ => name,
    }
}

/// A single stop text becomes a list where a list is wanted.
fn spell<'a>(name: &str, value: Raw<'a>) -> Cow<'a, str> {
    if name == "stop_sequences" && value.get().starts_with('"') {
        return Cow::Owned(format!("[{}]", value.get()));
    }
    Cow::Borrowed(value.get())
}

#[derive(Deserialize)]
struct Role<'a> {
    #[serde(borrow, default)]
    role: Cow<'a, str>,
}

fn add_prompt(fields: &mut Fields<'_>, prompt: &str, form: Form) {
    let text = serde_json::Value::from(prompt).to_string();
    match form {
        Form::Messages if !fields.has("system") => fields.push("system", text),
        Form::Responses if !fields.has("instructions") => fields.push("instructions", text),
        Form::Chat => {
            if let Some((_, messages)) = fields.0.iter_mut().find(|(name, _)| name == "messages")
                && let Some(with_prompt) = insert(messages, &text)
            {
                *messages = Cow::Owned(with_prompt);
            }
            // Some clients send the conversation as Responses has it.
            if !fields.has("messages") && fields.has("input") && !fields.has("instructions") {
                fields.push("instructions", text);
            }
        }
        Form::Messages | Form::Responses => {}
    }
}

/// The messages behind a system message; `None` when they have one of their own or are no list of messages.
fn insert(messages: &str, prompt: &str) -> Option<String> {
    let roles: Vec<Role<'_>> = serde_json::from_str(messages).ok()?;
    if roles.iter().any(|message| matches!(&*message.role, "system" | "developer")) {
        return None;
    }
    let rest = messages.trim_start().strip_prefix('[')?;
    let comma = if roles.is_empty() { "" } else { "," };
    Some(format!("[{{\"role\":\"system\",\"content\":{prompt}}}{comma}{rest}"))
}
