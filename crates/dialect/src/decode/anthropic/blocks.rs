//! Content blocks: text, tool calls and thinking, each begun, grown and ended.

use super::super::stream::StreamError;
use super::super::tools::{CALLS_MAX, Calls, Fragment, Scope};
use super::super::wire::{Text, boxed, filled, minified, pieces, present, raw_json, taken};
use super::parts::{Block, BlockDelta, Citation};
use crate::canonical::reply::Delta;
use serde_json::value::RawValue;
use std::borrow::Cow;

const REASONING_FORMAT: &str = "anthropic-claude-v1";
/// The most citations that one block may carry.
const CITATIONS_MAX: usize = 256;
/// The most blocks in one message; a message of more is refused.
const BLOCKS_MAX: usize = 4 * CALLS_MAX;

/// The blocks of one message.
#[derive(Debug, Default, Clone)]
pub(super) struct Blocks {
    upstream_id: Option<String>,
    open: Vec<Open>,
    calls: Calls,
    begun: usize,
    thoughts: u32,
    /// Characters of visible text so far: citations name their place in it.
    text_chars: usize,
}

/// A block that has begun and not ended.
#[derive(Debug, Clone)]
struct Open {
    index: u64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Text {
        start: usize,
        citations: Vec<Box<RawValue>>,
    },
    /// `input` is what the beginning of the block carried; it counts if nothing follows.
    Call {
        input: Option<String>,
    },
    Thinking {
        place: u32,
    },
    /// Blocks that the caller has no use for.
    Other,
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
    format: &'static str,
    index: u32,
}

impl Thought<'_> {
    const fn new(r#type: &'static str, index: u32) -> Self {
        Self { r#type, text: None, signature: None, data: None, format: REASONING_FORMAT, index }
    }
}

impl Blocks {
    pub(super) fn set_upstream_id(&mut self, id: Option<&str>) {
        self.upstream_id = id.map(str::to_owned);
    }

    pub(super) const fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Begins a block, with whatever content it brings along.
    pub(super) fn begin(&mut self, index: u64, block: Block<'_>, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        self.end(index, out);
        self.begun += 1;
        if self.begun > BLOCKS_MAX {
            return Err(StreamError::TooManyCalls { limit: CALLS_MAX });
        }
        let kind = match filled(block.r#type.as_ref()) {
            Some("text") | None => Kind::Text { start: self.text_chars, citations: Vec::new() },
            Some("tool_use") => {
                let call = Fragment {
                    index: Some(index),
                    id: filled(block.id.as_ref()),
                    name: filled(block.name.as_ref()),
                    arguments: "".into(),
                };
                let scope = Scope { choice: 0, upstream_id: self.upstream_id.as_deref() };
                self.calls.push_whole(scope, call, out)?;
                Kind::Call {
                    input: present(block.input).map(|input| minified(input.get())).filter(|input| input != "{}"),
                }
            }
            Some("thinking" | "redacted_thinking") => {
                let place = self.thoughts;
                self.thoughts += 1;
                Kind::Thinking { place }
            }
            Some(_) => Kind::Other,
        };
        self.open.push(Open { index, kind });
        self.add_text(block.text, index, out);
        self.add_citations(block.citations, index);
        self.add_thought(filled(block.thinking.as_ref()), filled(block.signature.as_ref()), index, out);
        self.add_encrypted(filled(block.data.as_ref()), index, out);
        Ok(())
    }

    /// Takes the next piece of a block; pieces of blocks that never began are ignored.
    pub(super) fn grow(&mut self, index: u64, delta: BlockDelta<'_>, out: &mut Vec<Delta>) {
        self.add_text(delta.text, index, out);
        if let Some(json) = delta.partial_json.filter(|json| !json.as_str().is_empty())
            && let Some(Kind::Call { input }) = self.kind(index)
        {
            *input = None;
            self.add_arguments(index, json.0, out);
        }
        self.add_thought(filled(delta.thinking.as_ref()), filled(delta.signature.as_ref()), index, out);
        if let Some(citation) = present(delta.citation)
            && let Some(Kind::Text { citations, .. }) = self.kind(index)
            && citations.len() < CITATIONS_MAX
        {
            citations.push(boxed(citation));
        }
    }

    /// Ends a block.
    pub(super) fn end(&mut self, index: u64, out: &mut Vec<Delta>) {
        let Some(at) = self.open.iter().position(|open| open.index == index) else { return };
        match self.open.swap_remove(at).kind {
            Kind::Call { input: Some(input) } => self.add_arguments(index, input.into(), out),
            Kind::Text { start, citations } => {
                let place = start..self.text_chars;
                out.extend(citations.iter().filter_map(|raw| annotation(raw, &place)));
            }
            _ => {}
        }
    }

    /// Ends every block and gives calls without arguments the empty object.
    pub(super) fn end_all(&mut self, out: &mut Vec<Delta>) {
        self.open.sort_by_key(|open| open.index);
        while let Some(index) = self.open.first().map(|open| open.index) {
            self.end(index, out);
        }
        self.calls.complete(0, out);
    }

    fn kind(&mut self, index: u64) -> Option<&mut Kind> {
        self.open.iter_mut().find(|open| open.index == index).map(|open| &mut open.kind)
    }

    fn add_text(&mut self, text: Option<Text<'_>>, index: u64, out: &mut Vec<Delta>) {
        if let Some(Kind::Text { .. }) = self.kind(index)
            && let Some(text) = taken(text)
        {
            self.text_chars += text.chars().count();
            out.push(Delta::Text { choice: 0, text });
        }
    }

    fn add_arguments(&mut self, index: u64, json: Cow<'_, str>, out: &mut Vec<Delta>) {
        let scope = Scope { choice: 0, upstream_id: self.upstream_id.as_deref() };
        let fragment = Fragment { index: Some(index), id: None, name: None, arguments: json };
        // The call has begun, so that no limit is in the way.
        self.calls.grow(scope, fragment, out);
    }

    fn add_citations(&mut self, raw: Option<&RawValue>, index: u64) {
        let list = present(raw).and_then(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok());
        if let Some(Kind::Text { citations, .. }) = self.kind(index) {
            citations.extend(list.into_iter().flatten().take(CITATIONS_MAX).map(boxed));
        }
    }

    fn add_thought(&mut self, text: Option<&str>, signature: Option<&str>, index: u64, out: &mut Vec<Delta>) {
        let Some(Kind::Thinking { place }) = self.kind(index) else { return };
        let place = *place;
        for text in text.into_iter().flat_map(pieces) {
            let detail = Thought { text: Some(text), ..Thought::new("reasoning.text", place) };
            let details = raw_json(&detail).into_iter().collect();
            out.push(Delta::Reasoning { choice: 0, text: text.to_owned(), details });
        }
        if let Some(signature) = signature {
            let detail = Thought { signature: Some(signature), ..Thought::new("reasoning.text", place) };
            out.extend(raw_json(&detail).map(|detail| Delta::ReasoningDetail { choice: 0, detail }));
        }
    }

    fn add_encrypted(&mut self, data: Option<&str>, index: u64, out: &mut Vec<Delta>) {
        let Some(Kind::Thinking { place }) = self.kind(index) else { return };
        let place = *place;
        if let Some(data) = data {
            let detail = Thought { data: Some(data), ..Thought::new("reasoning.encrypted", place) };
            out.extend(raw_json(&detail).map(|detail| Delta::ReasoningDetail { choice: 0, detail }));
        }
    }
}

/// A citation of a web page or search result; citations inside the caller's own documents have no counterpart in chat
/// completions and are left out.
fn annotation(raw: &RawValue, place: &std::ops::Range<usize>) -> Option<Delta> {
    let citation: Citation = serde_json::from_str(raw.get()).ok()?;
    let url = citation.url.or(citation.source)?;
    let title = citation.title.unwrap_or_else(|| url.clone());
    let annotation = raw_json(&serde_json::json!({
        "type": "url_citation",
        "url_citation": {
            "url": url,
            "title": title,
            "content": citation.cited_text.unwrap_or_default(),
            "start_index": place.start,
            "end_index": place.end,
        },
    }))?;
    Some(Delta::Annotation { choice: 0, annotation })
}
