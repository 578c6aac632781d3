//! [`Collector`]: from the steps of a stream to the whole answer.

use super::{Choice, Delta, Reply, ToolCall};
use serde_json::Value;
use serde_json::value::RawValue;

/// Gathers [`Delta`]s into a [`Reply`].
///
/// It holds the whole answer: bound what is fed to it.
#[derive(Debug, Default)]
pub struct Collector {
    reply: Reply,
}

impl Collector {
    /// Takes the next step. Errors and the end mark change nothing.
    pub fn push(&mut self, delta: Delta) {
        match delta {
            Delta::Start { upstream_id, model } => {
                self.reply.upstream_id = upstream_id;
                self.reply.model = model;
            }
            Delta::Usage(usage) => self.reply.usage = Some(usage),
            Delta::ServiceTier(tier) => self.reply.service_tier = Some(tier),
            Delta::Fingerprint(fingerprint) => self.reply.system_fingerprint = Some(fingerprint),
            Delta::Error(_) | Delta::Done => {}
            delta => self.push_choice(delta),
        }
    }

    /// The whole answer, choices in order of their index.
    #[must_use]
    pub fn finish(mut self) -> Reply {
        self.reply.choices.sort_by_key(|choice| choice.index);
        self.reply
    }

    fn push_choice(&mut self, delta: Delta) {
        match delta {
            Delta::Role(choice) => {
                self.choice(choice);
            }
            Delta::Text { choice, text } => append(&mut self.choice(choice).message.content, text),
            Delta::Refusal { choice, text } => append(&mut self.choice(choice).message.refusal, text),
            Delta::Reasoning { choice, text, details } => {
                let message = &mut self.choice(choice).message;
                append(&mut message.reasoning, text);
                for detail in details {
                    add_detail(&mut message.reasoning_details, detail);
                }
            }
            Delta::ReasoningDetail { choice, detail } => {
                add_detail(&mut self.choice(choice).message.reasoning_details, detail);
            }
            Delta::ToolCall { choice, index, id, name, arguments } => {
                let calls = &mut self.choice(choice).message.tool_calls;
                let at = usize::try_from(index).unwrap_or(usize::MAX);
                if at == calls.len() {
                    calls.push(ToolCall::default());
                }
                if let Some(call) = calls.get_mut(at) {
                    call.id.push_str(&id.unwrap_or_default());
                    call.name.push_str(&name.unwrap_or_default());
                    call.arguments.push_str(&arguments);
                }
            }
            Delta::Image { choice, image } => self.choice(choice).message.images.push(image),
            Delta::Audio { choice, audio } => {
                let held = &mut self.choice(choice).message.audio;
                *held = Some(match held.take() {
                    Some(first) => merged(&first, &audio, &["data", "transcript"]).unwrap_or(first),
                    None => audio,
                });
            }
            Delta::Annotation { choice, annotation } => self.choice(choice).message.annotations.push(annotation),
            Delta::Logprobs { choice, logprobs } => {
                let held = &mut self.choice(choice).logprobs;
                *held = Some(match held.take() {
                    Some(first) => merged(&first, &logprobs, &["content", "refusal"]).unwrap_or(first),
                    None => logprobs,
                });
            }
            Delta::Finish { choice, finish } => self.choice(choice).finish = finish,
            _ => {}
        }
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        let choices = &mut self.reply.choices;
        let at = match choices.iter().position(|choice| choice.index == index) {
            Some(at) => at,
            None => {
                choices.push(Choice { index, ..Choice::default() });
                choices.len() - 1
            }
        };
        &mut choices[at]
    }
}

fn append(held: &mut Option<String>, text: String) {
    match held {
        Some(held) => held.push_str(&text),
        None => *held = Some(text),
    }
}

/// Adds a piece of structured reasoning: pieces of one entry share type and index, and follow one another.
fn add_detail(details: &mut Vec<Box<RawValue>>, detail: Box<RawValue>) {
    if let Some(last) = details.last_mut()
        && is_continued(last, &detail)
        && let Some(whole) = merged(last, &detail, &["text", "summary", "data", "signature"])
    {
        *last = whole;
        return;
    }
    details.push(detail);
}

#[derive(serde::Deserialize)]
struct DetailHead {
    r#type: Option<String>,
    index: Option<i64>,
    id: Option<String>,
}

fn is_continued(last: &RawValue, next: &RawValue) -> bool {
    let (Ok(last), Ok(next)) =
        (serde_json::from_str::<DetailHead>(last.get()), serde_json::from_str::<DetailHead>(next.get()))
    else {
        return false;
    };
    let is_mergeable = matches!(next.r#type.as_deref(), Some("reasoning.text" | "reasoning.summary"));
    let has_same_id = next.id.is_none() || last.id.is_none() || next.id == last.id;
    is_mergeable && last.r#type == next.r#type && last.index.is_some() && last.index == next.index && has_same_id
}

/// Two objects as one: the fields in `joined` are concatenated, the others taken from the later one unless null.
fn merged(first: &RawValue, next: &RawValue, joined: &[&str]) -> Option<Box<RawValue>> {
    let (Ok(Value::Object(mut whole)), Ok(Value::Object(next))) =
        (serde_json::from_str(first.get()), serde_json::from_str(next.get()))
    else {
        return None;
    };
    for (field, value) in next {
        match (whole.get_mut(&field), value) {
            (Some(_), Value::Null) => {}
            (Some(Value::String(held)), Value::String(more)) if joined.contains(&field.as_str()) => {
                held.push_str(&more)
            }
            (Some(Value::Array(held)), Value::Array(more)) if joined.contains(&field.as_str()) => held.extend(more),
            (_, value) => {
                whole.insert(field, value);
            }
        }
    }
    serde_json::value::to_raw_value(&whole).ok()
}
