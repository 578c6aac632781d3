//! The union of a preset's tools and a request's.

use super::Form;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What makes two tools the same one.
#[derive(PartialEq, Eq)]
enum Identity {
    /// A function, by its name.
    Function(String),
    /// A tool of the router or the provider, by its type.
    Server(String),
    /// A helper model, by its type and its given name.
    Named(String, String),
}

fn identity(tool: &Value) -> Identity {
    let text = |pointer: &str| tool.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = text("/type");
    if matches!(kind.as_str(), "" | "function" | "custom") {
        let name = text("/function/name");
        return Identity::Function(if name.is_empty() { text("/name") } else { name });
    }
    if ["advisor", "subagent"].iter().any(|helper| kind.ends_with(helper)) {
        return Identity::Named(kind, text("/parameters/name"));
    }
    Identity::Server(kind)
}

/// A function tool in another form; any other tool as it is.
fn convert(tool: Value, form: Form) -> Value {
    if !matches!(identity(&tool), Identity::Function(_)) {
        return tool;
    }
    let inner = tool.get("function").unwrap_or(&tool);
    let get = |name: &str| inner.get(name).cloned();
    let (name, description) = (get("name"), get("description"));
    let schema = get("parameters").or_else(|| get("input_schema"));
    let is_already = match form {
        Form::Chat => tool.get("function").is_some(),
        Form::Messages => tool.get("input_schema").is_some(),
        Form::Responses => tool.get("type").is_some() && tool.get("function").is_none(),
    };
    if is_already {
        return tool;
    }
    let strict = get("strict");
    let mut written = match form {
        Form::Chat => json!({"name": name, "description": description, "parameters": schema, "strict": strict}),
        Form::Messages => {
            let schema = schema.unwrap_or_else(|| json!({"type": "object"}));
            json!({"name": name, "description": description, "input_schema": schema})
        }
        Form::Responses => {
            let schema = schema.unwrap_or_else(|| json!({"type": "object"}));
            json!({"type": "function", "name": name, "description": description, "parameters": schema, "strict": strict})
        }
    };
    if let Some(fields) = written.as_object_mut() {
        fields.retain(|_name, value| !value.is_null());
    }
    if form == Form::Chat { json!({"type": "function", "function": written}) } else { written }
}

/// The preset's tools in its order, those that the request has too in the request's words, then the rest of the request's.
/// `None` when either is no list: the request's parser says what is wrong.
pub(super) fn union(preset: &str, request: Option<&str>, form: Form) -> Option<String> {
    let preset: Vec<Value> = serde_json::from_str(preset).ok()?;
    let request: Vec<&RawValue> = request.map_or(Some(Vec::new()), |list| serde_json::from_str(list).ok())?;
    let read = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).map(|tool| identity(&tool)).ok();
    let own: Vec<_> = request.iter().map(|raw| read(raw)).collect();
    let mut taken = vec![false; request.len()];
    let mut texts: Vec<String> = Vec::with_capacity(preset.len() + request.len());
    for tool in preset {
        let wanted = identity(&tool);
        match own.iter().position(|one| one.as_ref() == Some(&wanted)) {
            Some(at) => {
                if let (Some(taken), Some(raw)) = (taken.get_mut(at), request.get(at)) {
                    *taken = true;
                    texts.push(raw.get().to_owned());
                }
            }
            None => texts.push(convert(tool, form).to_string()),
        }
    }
    let rest = request.iter().zip(&taken).filter(|(_, taken)| !**taken);
    texts.extend(rest.map(|(raw, _)| raw.get().to_owned()));
    Some(format!("[{}]", texts.join(",")))
}
