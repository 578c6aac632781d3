//! [`Collector`]: from the steps of a stream to the whole answer.

use super::{Choice, Delta, Native, Reply, ToolCall};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// Gathers [`Delta`]s into a [`Reply`].
///
/// It holds the whole answer: bound what is fed to it.
#[derive(Debug, Default)]
pub struct Collector {
    reply: Reply,
    /// The parts of each choice that arrive as pieces of JSON, in the order of `reply.choices`.
    pieces: Vec<Pieces>,
}

/// Structured parts of one choice while they grow.
#[derive(Debug, Default)]
struct Pieces {
    details: Details,
    audio: Option<Held>,
    logprobs: Option<Held>,
}

/// A JSON object: untouched while it is whole, opened once when a second piece comes.
#[derive(Debug)]
enum Held {
    Raw(Box<RawValue>),
    Open(Map<String, Value>),
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
        for (choice, pieces) in self.reply.choices.iter_mut().zip(self.pieces) {
            choice.message.reasoning_details = pieces.details.finish();
            choice.message.audio = pieces.audio.and_then(Held::into_raw);
            choice.logprobs = pieces.logprobs.and_then(Held::into_raw);
        }
        self.reply.choices.sort_by_key(|choice| choice.index);
        self.reply
    }

    fn push_choice(&mut self, delta: Delta) {
        match delta {
            Delta::Role(choice) => {
                self.choice(choice);
            }
            Delta::Text { choice, text } => append(&mut self.choice(choice).0.message.content, text),
            Delta::Refusal { choice, text } => append(&mut self.choice(choice).0.message.refusal, text),
            Delta::Reasoning { choice, text, details } => {
                let (choice, pieces) = self.choice(choice);
                append(&mut choice.message.reasoning, text);
                details.into_iter().for_each(|detail| pieces.details.add(detail));
            }
            Delta::ReasoningDetail { choice, detail } => self.choice(choice).1.details.add(detail),
            Delta::ToolCall { choice, index, id, name, arguments } => {
                add_call(&mut self.choice(choice).0.message.tool_calls, index, id, name, &arguments);
            }
            Delta::Image { choice, image } => self.choice(choice).0.message.images.push(image),
            Delta::Audio { choice, audio } => add_piece(&mut self.choice(choice).1.audio, audio, AUDIO_TEXTS),
            Delta::Annotation { choice, annotation } => self.choice(choice).0.message.annotations.push(annotation),
            Delta::Item { choice, item } => self.choice(choice).0.message.items.push(item),
            Delta::Logprobs { choice, logprobs } => {
                add_piece(&mut self.choice(choice).1.logprobs, logprobs, LOGPROB_LISTS);
            }
            Delta::Finish { choice, finish } => self.choice(choice).0.finish = finish,
            Delta::Native(Native::Whole(block)) => self.choice(0).0.message.native.push(block),
            Delta::Native(Native::StopSequence(text)) => self.choice(0).0.message.stop_sequence = Some(text),
            _ => {}
        }
    }

    fn choice(&mut self, index: u32) -> (&mut Choice, &mut Pieces) {
        let choices = &mut self.reply.choices;
        let at = choices.iter().position(|choice| choice.index == index).unwrap_or_else(|| {
            choices.push(Choice { index, ..Choice::default() });
            self.pieces.push(Pieces::default());
            choices.len() - 1
        });
        (&mut choices[at], &mut self.pieces[at])
    }
}

/// Fields that grow from piece to piece; all others are replaced.
const AUDIO_TEXTS: &[&str] = &["data", "transcript"];
const LOGPROB_LISTS: &[&str] = &["content", "refusal"];
const DETAIL_TEXTS: &[&str] = &["text", "summary", "data", "signature"];

/// Entries of structured reasoning while they grow.
#[derive(Debug, Default)]
pub(crate) struct Details(Vec<Held>);

impl Details {
    /// Adds a piece: pieces of one entry share type and index, and follow one another.
    pub(crate) fn add(&mut self, detail: Box<RawValue>) {
        match self.0.last_mut() {
            Some(last) if last.is_continued_by(&detail) => last.join(&detail, DETAIL_TEXTS),
            _ => self.0.push(Held::Raw(detail)),
        }
    }

    /// The entries as they stand.
    pub(crate) fn entries(&self) -> Vec<Box<RawValue>> {
        let raw = |held: &Held| match held {
            Held::Raw(raw) => Some(raw.clone()),
            Held::Open(fields) => to_raw_value(fields).ok(),
        };
        self.0.iter().filter_map(raw).collect()
    }

    /// The entries, each whole.
    pub(crate) fn finish(self) -> Vec<Box<RawValue>> {
        self.0.into_iter().filter_map(Held::into_raw).collect()
    }
}

#[derive(Default, serde::Deserialize)]
struct DetailHead {
    r#type: Option<String>,
    index: Option<i64>,
    id: Option<String>,
}

impl Held {
    fn into_raw(self) -> Option<Box<RawValue>> {
        match self {
            Self::Raw(raw) => Some(raw),
            Self::Open(fields) => to_raw_value(&fields).ok(),
        }
    }

    fn detail_head(&self) -> DetailHead {
        match self {
            Self::Raw(raw) => serde_json::from_str(raw.get()).unwrap_or_default(),
            Self::Open(fields) => {
                let text = |name| fields.get(name).and_then(Value::as_str).map(str::to_owned);
                DetailHead { r#type: text("type"), id: text("id"), index: fields.get("index").and_then(Value::as_i64) }
            }
        }
    }

    fn is_continued_by(&self, next: &RawValue) -> bool {
        let next: DetailHead = serde_json::from_str(next.get()).unwrap_or_default();
        let last = self.detail_head();
        let is_text = matches!(next.r#type.as_deref(), Some("reasoning.text" | "reasoning.summary"));
        let has_same_id = next.id.is_none() || last.id.is_none() || next.id == last.id;
        is_text && last.r#type == next.r#type && last.index.is_some() && last.index == next.index && has_same_id
    }

    /// Adds a further piece: the fields in `growing` are concatenated, the others replaced unless by null.
    fn join(&mut self, next: &RawValue, growing: &[&str]) {
        let Ok(next) = serde_json::from_str::<Map<String, Value>>(next.get()) else { return };
        if let Self::Raw(raw) = self {
            *self = Self::Open(serde_json::from_str(raw.get()).unwrap_or_default());
        }
        let Self::Open(fields) = self else { return };
        for (name, value) in next {
            let grows = growing.contains(&name.as_str());
            match (fields.get_mut(&name), value) {
                (Some(_), Value::Null) => {}
                (Some(Value::String(held)), Value::String(more)) if grows => held.push_str(&more),
                (Some(Value::Array(held)), Value::Array(more)) if grows => held.extend(more),
                (_, value) => {
                    fields.insert(name, value);
                }
            }
        }
    }
}

fn add_piece(held: &mut Option<Held>, piece: Box<RawValue>, growing: &[&str]) {
    match held {
        Some(held) => held.join(&piece, growing),
        None => *held = Some(Held::Raw(piece)),
    }
}

fn add_call(calls: &mut Vec<ToolCall>, index: u32, id: Option<String>, name: Option<String>, arguments: &str) {
    let at = usize::try_from(index).unwrap_or(usize::MAX);
    if at == calls.len() {
        calls.push(ToolCall::default());
    }
    if let Some(call) = calls.get_mut(at) {
        call.id.push_str(&id.unwrap_or_default());
        call.name.push_str(&name.unwrap_or_default());
        call.arguments.push_str(arguments);
    }
}

fn append(held: &mut Option<String>, text: String) {
    match held {
        Some(held) => held.push_str(&text),
        None => *held = Some(text),
    }
}
