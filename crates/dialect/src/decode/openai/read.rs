//! From the wire types of chat completions to deltas.

use super::super::tools::{Fragment, Scope};
use super::super::usage::{self, OpenAiUsage};
use super::super::wire::{Text, boxed, filled, minified, owned, present, raw_json, taken};
use super::super::{failure, finish};
use super::parts::{Body, Choice, Content, Function, Part};
use super::{ChoiceState, Extent, Stream, StreamError};
use crate::canonical::reply::{Delta, FinishReason};
use crate::json::{self, Raw, Reader};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The most entries of a list (citations, images, reasoning details) that one chunk may carry.
const ENTRIES_MAX: usize = 1_024;

impl Stream {
    /// Gives the usage that is reported, unread.
    pub(super) fn read_body<'a>(
        &mut self,
        mut body: Body<'a>,
        extent: Extent,
        out: &mut Vec<Delta>,
    ) -> Result<Option<Raw<'a>>, StreamError> {
        let error = body.error.or_else(|| body.x_groq.as_ref()?.error);
        if let Some(error) = error.filter(|error| !matches!(error.get(), "{}" | "\"\"" | "false")) {
            out.push(Delta::Error(failure::of_field(error.get())));
            return Ok(None);
        }
        if body.choices.is_none() && body.object.as_ref().map(Text::as_str) == Some("error") {
            return Err(StreamError::Json);
        }
        self.read_head(&body, out);
        let mut choice_usage = None;
        for (place, choice) in (0i64..).zip(body.choices.take().into_iter().flatten()) {
            choice_usage = choice.usage.or(choice_usage);
            if let Some(error) = choice.error {
                out.push(Delta::Error(failure::of_field(error.get())));
                return Ok(None);
            }
            self.read_choice(place, choice, extent, out)?;
        }
        self.read_citations(&body, out);
        let groq_usage = body.x_groq.as_ref().and_then(|groq| groq.usage);
        Ok(body.usage.or(groq_usage).or(choice_usage))
    }

    fn read_head(&mut self, body: &Body<'_>, out: &mut Vec<Delta>) {
        if !self.has_started && (body.id.is_some() || body.model.is_some() || body.choices.is_some()) {
            self.has_started = true;
            self.upstream_id = owned(body.id.as_ref());
            out.push(Delta::Start { upstream_id: self.upstream_id.clone(), model: owned(body.model.as_ref()) });
        }
        if let Some(fingerprint) = filled(body.system_fingerprint.as_ref())
            && self.fingerprint.as_deref() != Some(fingerprint)
        {
            self.fingerprint = Some(fingerprint.to_owned());
            out.push(Delta::Fingerprint(fingerprint.to_owned()));
        }
        if let Some(tier) = filled(body.service_tier.as_ref())
            && self.service_tier.as_deref() != Some(tier)
        {
            self.service_tier = Some(tier.to_owned());
            out.push(Delta::ServiceTier(tier.to_owned()));
        }
    }

    fn read_choice(
        &mut self,
        place: i64,
        choice: Choice<'_>,
        extent: Extent,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        let index = u32::try_from(choice.index.unwrap_or(place)).unwrap_or(0);
        let prefers_reasoning = self.prefers_reasoning;
        let upstream_id = self.upstream_id.take();
        let state = self.choice(index)?;
        let result = read_parts(state, choice, extent, prefers_reasoning, upstream_id.as_deref(), out);
        self.upstream_id = upstream_id;
        result
    }

    /// Web addresses that the provider cites, once per answer.
    fn read_citations(&mut self, body: &Body<'_>, out: &mut Vec<Delta>) {
        #[derive(serde::Deserialize)]
        struct Found {
            url: String,
            title: Option<String>,
        }
        if self.has_citations {
            return;
        }
        let results = body.search_results.and_then(|raw| json::read::<Vec<Found>>(raw.get()).ok());
        let citations = body.citations.and_then(|raw| json::read::<Vec<String>>(raw.get()).ok());
        let found =
            results.unwrap_or_else(|| citations.into_iter().flatten().map(|url| Found { url, title: None }).collect());
        for found in found.into_iter().take(ENTRIES_MAX) {
            self.has_citations = true;
            let title = found.title.unwrap_or_else(|| found.url.clone());
            let citation = serde_json::json!({
                "type": "url_citation",
                "url_citation": {"url": found.url, "title": title, "start_index": 0, "end_index": 0},
            });
            out.extend(raw_json(&citation).map(|annotation| Delta::Annotation { choice: 0, annotation }));
        }
    }

    /// What is no usage counts as none.
    pub(super) fn read_usage(&mut self, mut reader: Reader<'_, '_>, out: &mut Vec<Delta>) {
        if let Some(usage) = OpenAiUsage::deserialize(&mut reader).ok().and_then(|reported| reported.normal()) {
            let usage = usage::after(self.usage.as_ref(), usage);
            self.usage = Some(usage);
            out.push(Delta::Usage(usage));
        }
    }
}

fn read_parts(
    state: &mut ChoiceState,
    mut choice: Choice<'_>,
    extent: Extent,
    prefers_reasoning: bool,
    upstream_id: Option<&str>,
    out: &mut Vec<Delta>,
) -> Result<(), StreamError> {
    let index = state.index;
    let part = match extent {
        Extent::Whole => choice.message.take().or_else(|| choice.delta.take()),
        // Some providers repeat the message so far beside each delta, or send it alone at the end.
        Extent::Piece => choice.delta.take().or_else(|| choice.message.take().filter(|_| !state.has_output)),
    };
    let start = out.len();
    if !state.has_output && state.finish.is_none() {
        out.push(Delta::Role(index));
    }
    if let Some(logprobs) = present(choice.logprobs) {
        out.push(Delta::Logprobs { choice: index, logprobs: boxed(logprobs) });
    }
    if let Some(mut part) = part {
        read_reasoning(index, &mut part, prefers_reasoning, out);
        read_content(index, &mut part, out);
        let scope = Scope { choice: index, upstream_id };
        read_calls(state, scope, &part, extent, out)?;
    }
    state.has_output |= out.iter().skip(start).any(Delta::is_content);
    read_finish(state, &choice, out);
    Ok(())
}

fn read_content(choice: u32, part: &mut Part<'_>, out: &mut Vec<Delta>) {
    match part.content.take() {
        Some(Content::Text(text)) => out.extend(taken(Some(text)).map(|text| Delta::Text { choice, text })),
        Some(Content::Parts(parts)) => {
            for part in parts {
                if let Some(thinking) = part.thinking.map(|thinking| plain(*thinking)).filter(|text| !text.is_empty()) {
                    out.push(Delta::Reasoning { choice, text: thinking, details: Vec::new() });
                }
                out.extend(taken(part.text).map(|text| Delta::Text { choice, text }));
            }
        }
        Some(Content::Other) | None => {}
    }
    if let Some(text) = taken(part.refusal.take()) {
        out.push(Delta::Refusal { choice, text });
    }
    for image in entries(part.images) {
        out.push(Delta::Image { choice, image });
    }
    if let Some(audio) = present(part.audio) {
        out.push(Delta::Audio { choice, audio: boxed(audio) });
    }
    for annotation in entries(part.annotations) {
        out.push(Delta::Annotation { choice, annotation });
    }
}

fn read_reasoning(choice: u32, part: &mut Part<'_>, prefers_reasoning: bool, out: &mut Vec<Delta>) {
    // Some servers send the same text under both names.
    let (plain_name, long_name) = (part.reasoning.take(), part.reasoning_content.take());
    let texts = if prefers_reasoning { [plain_name, long_name] } else { [long_name, plain_name] };
    let text = texts.into_iter().flatten().map(plain).find(|text| !text.is_empty());
    let mut details = entries(part.reasoning_details);
    match text {
        Some(text) => out.push(Delta::Reasoning { choice, text, details }),
        None => out.extend(details.drain(..).map(|detail| Delta::ReasoningDetail { choice, detail })),
    }
}

fn read_calls(
    state: &mut ChoiceState,
    scope: Scope<'_>,
    part: &Part<'_>,
    extent: Extent,
    out: &mut Vec<Delta>,
) -> Result<(), StreamError> {
    for call in part.tool_calls.iter().flatten() {
        let (name, arguments) = function(call.function.as_ref());
        let index = call.index.and_then(|index| u64::try_from(index).ok());
        let fragment = Fragment { index, id: filled(call.id.as_ref()), name, arguments };
        match extent {
            Extent::Piece => state.calls.push(scope, fragment, out)?,
            Extent::Whole => state.calls.push_whole(scope, fragment, out)?,
        }
    }
    if let Some(call) = &part.function_call
        && part.tool_calls.is_none()
    {
        let (name, arguments) = function(Some(call));
        state.calls.push(scope, Fragment { name, arguments, ..Fragment::default() }, out)?;
    }
    Ok(())
}

/// Name and argument text of a call.
fn function<'t>(function: Option<&'t Function<'_>>) -> (Option<&'t str>, Cow<'t, str>) {
    let Some(function) = function else { return (None, Cow::Borrowed("")) };
    let name = filled(function.name.as_ref());
    let arguments = match function.arguments.map(Raw::get) {
        None => Cow::Borrowed(""),
        Some(raw) if raw.starts_with('"') => Text::read(raw).map_or(Cow::Borrowed(""), |text| text.0),
        Some(raw) => Cow::Owned(minified(raw)),
    };
    (name, arguments)
}

fn read_finish(state: &mut ChoiceState, choice: &Choice<'_>, out: &mut Vec<Delta>) {
    let Some(native) = filled(choice.finish_reason.as_ref()) else { return };
    if state.finish.is_some() {
        return;
    }
    let mut finish = finish::from_openai(native);
    if let Some(native) = filled(choice.native_finish_reason.as_ref()) {
        finish.native = Some(native.chars().take(100).collect());
    }
    state.calls.complete(state.index, out);
    if finish.reason == FinishReason::Stop && !state.calls.is_empty() {
        finish.reason = FinishReason::ToolCalls;
    }
    state.finish = Some(finish.clone());
    out.push(Delta::Finish { choice: state.index, finish });
}

/// All readable text in a content.
fn plain(content: Content<'_>) -> String {
    match content {
        Content::Text(text) => text.0.into_owned(),
        Content::Parts(parts) => parts.iter().filter_map(|part| filled(part.text.as_ref())).collect(),
        Content::Other => String::new(),
    }
}

/// The entries of a list; anything else has none.
fn entries(raw: Option<&RawValue>) -> Vec<Box<RawValue>> {
    let list = present(raw).and_then(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok());
    list.into_iter().flatten().take(ENTRIES_MAX).map(boxed).collect()
}

/// Whether a document is an error in one of the forms that imitators use.
pub(super) fn is_error(body: &Body<'_>) -> bool {
    let has_error = body.error.is_some_and(|error| !matches!(error.get(), "{}" | "\"\"" | "false"));
    let is_named = body.object.as_ref().map(Text::as_str) == Some("error");
    let has_text = body.message.or(body.detail).is_some();
    has_error || (body.choices.is_none() && (is_named || has_text))
}
