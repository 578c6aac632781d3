//! One candidate of a Gemini answer.

use super::super::stream::StreamError;
use super::super::tools::{Calls, Fragment, Scope};
use super::super::wire::{filled, image_at, minified, pieces, present, raw_json, taken};
use super::finish;
use super::parts::{CandidatePart, Chosen, Grounding, InlineData, Logprobs, Part};
use crate::canonical::reply::{Delta, Finish, FinishReason};
use serde_json::value::RawValue;
use std::borrow::Cow;

const REASONING_FORMAT: &str = "google-gemini-v1";
/// The most citations in one answer.
const CITATIONS_MAX: usize = 256;
/// The most bytes of non-ASCII text for which citations can be placed, beyond the first of each character.
const WIDE_BYTES_MAX: usize = 65_536;

/// State of one candidate.
#[derive(Debug, Default, Clone)]
pub(super) struct Candidate {
    index: u32,
    has_role: bool,
    calls: Calls,
    call_count: u32,
    /// How many entries of `reasoning_details` have been finished.
    thoughts: u32,
    /// The last piece was readable thought, so that the next one continues its entry.
    is_thinking: bool,
    grounding: Option<Grounding>,
    finish: Option<Finish>,
    has_cited: bool,
    text: TextPlaces,
}

/// Turns byte offsets into the visible text, which is how this provider counts, into character offsets.
#[derive(Debug, Default, Clone)]
struct TextPlaces {
    bytes: u64,
    /// Offsets of the bytes that do not begin a character.
    wide: Vec<u64>,
}

impl TextPlaces {
    fn add(&mut self, text: &str) {
        if !text.is_ascii() {
            let inner = (self.bytes..).zip(text.bytes()).filter(|(_, byte)| byte & 0xC0 == 0x80);
            let room = WIDE_BYTES_MAX.saturating_sub(self.wide.len());
            self.wide.extend(inner.map(|(offset, _)| offset).take(room));
        }
        self.bytes = self.bytes.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
    }

    /// The character at a byte offset; 0 when the text is too long to tell.
    fn character(&self, byte: u64) -> u64 {
        if self.wide.len() >= WIDE_BYTES_MAX {
            return 0;
        }
        let before = self.wide.partition_point(|offset| *offset < byte);
        byte.saturating_sub(u64::try_from(before).unwrap_or(0))
    }
}

#[derive(serde::Serialize)]
struct Thought<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    /// The tool call that an encrypted thought belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    format: &'static str,
    index: u32,
}

impl Candidate {
    pub(super) fn new(index: u32) -> Self {
        Self { index, ..Self::default() }
    }

    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// How many web searches the provider ran for this candidate.
    pub(super) fn searches(&self) -> u64 {
        let queries = self.grounding.as_ref().map_or(0, |grounding| grounding.web_search_queries.len());
        u64::try_from(queries).unwrap_or(u64::MAX)
    }

    /// Reads the next parts.
    pub(super) fn read(
        &mut self,
        mut next: CandidatePart<'_>,
        upstream_id: Option<&str>,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        if !self.has_role {
            self.has_role = true;
            out.push(Delta::Role(self.index));
        }
        if let Some(logprobs) = present(next.logprobs_result).and_then(logprobs) {
            out.push(Delta::Logprobs { choice: self.index, logprobs });
        }
        for part in next.content.take().and_then(|content| content.parts).into_iter().flatten() {
            self.read_part(part, upstream_id, out)?;
        }
        if let Some(grounding) = present(next.grounding_metadata)
            && let Ok(grounding) = serde_json::from_str(grounding.get())
        {
            self.grounding = Some(grounding);
        }
        match filled(next.finish_reason.as_ref()) {
            None | Some("FINISH_REASON_UNSPECIFIED") => {}
            Some(native) => self.finish_with(finish::from_gemini(native), out),
        }
        Ok(())
    }

    /// Takes the reason; the first one counts.
    pub(super) fn finish_with(&mut self, mut finish: Finish, out: &mut Vec<Delta>) {
        if self.finish.is_some() {
            return;
        }
        self.cite(out);
        if finish.reason == FinishReason::Stop && !self.calls.is_empty() {
            finish.reason = FinishReason::ToolCalls;
        }
        self.finish = Some(finish.clone());
        out.push(Delta::Finish { choice: self.index, finish });
    }

    /// Ends the candidate: what only the end can tell.
    pub(super) fn finish(&mut self, out: &mut Vec<Delta>) {
        self.cite(out);
        if !self.calls.is_empty() && self.finish.as_ref().is_none_or(|finish| finish.reason == FinishReason::Stop) {
            let native = self.finish.take().and_then(|finish| finish.native);
            let finish = Finish { reason: FinishReason::ToolCalls, native };
            self.finish = Some(finish.clone());
            out.push(Delta::Finish { choice: self.index, finish });
        }
    }

    fn read_part(
        &mut self,
        mut part: Part<'_>,
        upstream_id: Option<&str>,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        let signature = filled(part.thought_signature.as_ref());
        let text = taken(part.text.take());
        if part.thought == Some(true) {
            self.think(text.as_deref(), signature, out);
            return Ok(());
        }
        self.is_thinking = self.end_thought(text.is_some() || part.function_call.is_some());
        let mut call_id = None;
        if let Some(call) = &part.function_call {
            let scope = Scope { choice: self.index, upstream_id };
            let id = match filled(call.id.as_ref()) {
                Some(id) => id.to_owned(),
                None => scope.invented_id(self.call_count),
            };
            self.call_count = self.call_count.saturating_add(1);
            let arguments = present(call.args).map_or(Cow::Borrowed("{}"), |args| minified(args.get()).into());
            // The signature of a call stands before it, as reasoning precedes what it led to.
            if let Some(signature) = signature {
                self.seal(signature, Some(&id), out);
            }
            let fragment = Fragment { index: None, id: Some(&id), name: filled(call.name.as_ref()), arguments };
            self.calls.push_whole(scope, fragment, out)?;
            call_id = Some(id);
        }
        if let Some(text) = text {
            self.text.add(&text);
            out.push(Delta::Text { choice: self.index, text });
        }
        if let Some(data) = &part.inline_data {
            out.extend(media(self.index, data));
        }
        if let (Some(signature), None) = (signature, &call_id) {
            self.seal(signature, None, out);
        }
        Ok(())
    }

    /// Whether a thought goes on; a finished one makes room for the next entry.
    fn end_thought(&mut self, ends: bool) -> bool {
        if self.is_thinking && ends {
            self.thoughts = self.thoughts.saturating_add(1);
            return false;
        }
        self.is_thinking
    }

    /// Readable thought.
    fn think(&mut self, text: Option<&str>, signature: Option<&str>, out: &mut Vec<Delta>) {
        self.is_thinking = true;
        let (choice, index) = (self.index, self.thoughts);
        let detail = |text, signature| {
            let (r#type, format) = ("reasoning.text", REASONING_FORMAT);
            raw_json(&Thought { r#type, text, signature, data: None, id: None, format, index })
        };
        let mut pieces = pieces(text.unwrap_or_default()).peekable();
        if pieces.peek().is_none() {
            let alone = signature.and_then(|signature| detail(None, Some(signature)));
            out.extend(alone.map(|detail| Delta::ReasoningDetail { choice, detail }));
        }
        while let Some(piece) = pieces.next() {
            let Some(detail) = detail(Some(piece), signature.filter(|_| pieces.peek().is_none())) else { return };
            out.push(Delta::Reasoning { choice, text: piece.to_owned(), details: vec![detail] });
        }
    }

    /// Thought that only the provider can read; it must be sent back in the next turn.
    fn seal(&mut self, signature: &str, id: Option<&str>, out: &mut Vec<Delta>) {
        if self.is_thinking {
            self.is_thinking = false;
            self.thoughts = self.thoughts.saturating_add(1);
        }
        let thought = Thought {
            r#type: "reasoning.encrypted",
            text: None,
            signature: None,
            data: Some(signature),
            id,
            format: REASONING_FORMAT,
            index: self.thoughts,
        };
        self.thoughts = self.thoughts.saturating_add(1);
        out.extend(raw_json(&thought).map(|detail| Delta::ReasoningDetail { choice: self.index, detail }));
    }

    /// Cites the web pages that the answer rests on, once, when the answer is whole.
    fn cite(&mut self, out: &mut Vec<Delta>) {
        let Some(grounding) = self.grounding.as_ref().filter(|_| !self.has_cited) else { return };
        self.has_cited = true;
        let mut citations = Vec::new();
        for support in &grounding.grounding_supports {
            for at in &support.grounding_chunk_indices {
                let segment = &support.segment;
                let web = grounding.grounding_chunks.get(*at).and_then(|chunk| chunk.web.as_ref());
                citations.extend(web.map(|web| (web, segment.start_index, segment.end_index, segment.text.as_str())));
            }
        }
        if citations.is_empty() {
            let pages = grounding.grounding_chunks.iter().filter_map(|chunk| chunk.web.as_ref());
            citations.extend(pages.map(|web| (web, 0, 0, "")));
        }
        for (web, start, end, text) in citations.into_iter().take(CITATIONS_MAX) {
            let Some(url) = &web.uri else { continue };
            let citation = serde_json::json!({
                "type": "url_citation",
                "url_citation": {
                    "url": url,
                    "title": web.title.as_ref().unwrap_or(url),
                    "content": text,
                    "start_index": self.text.character(start),
                    "end_index": self.text.character(end),
                },
            });
            out.extend(raw_json(&citation).map(|annotation| Delta::Annotation { choice: self.index, annotation }));
        }
    }
}

/// A generated image or sound; other media have no counterpart in chat completions.
fn media(choice: u32, data: &InlineData<'_>) -> Option<Delta> {
    let base64 = filled(data.data.as_ref())?;
    let mime = filled(data.mime_type.as_ref()).unwrap_or("application/octet-stream");
    if mime.starts_with("image/") {
        return Some(Delta::Image { choice, image: image_at(&["data:", mime, ";base64,", base64])? });
    }
    if mime.starts_with("audio/") {
        let audio = raw_json(&serde_json::json!({"data": base64}))?;
        return Some(Delta::Audio { choice, audio });
    }
    None
}

/// Token probabilities in the shape of chat completions.
fn logprobs(raw: &RawValue) -> Option<Box<RawValue>> {
    let result: Logprobs = serde_json::from_str(raw.get()).ok()?;
    let entry = |chosen: &Chosen| {
        serde_json::json!({
            "token": chosen.token,
            "logprob": chosen.log_probability,
            "bytes": chosen.token.as_bytes(),
        })
    };
    let mut content = Vec::with_capacity(result.chosen_candidates.len());
    for (place, chosen) in result.chosen_candidates.iter().enumerate() {
        let top = result.top_candidates.get(place).map(|top| top.candidates.iter().map(entry).collect::<Vec<_>>());
        let mut whole = entry(chosen);
        if let Some(fields) = whole.as_object_mut() {
            fields.insert("top_logprobs".to_owned(), top.unwrap_or_default().into());
        }
        content.push(whole);
    }
    raw_json(&serde_json::json!({"content": content, "refusal": null}))
}
