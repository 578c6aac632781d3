//! The reasoning item: what can be read of it, and what must come back untouched.

use super::item::{Status, grow};
use crate::canonical::reply::Details;
use crate::responses::sealed::{OPENAI_FORMAT, pack};
use crate::upstream::json::Writer;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// Reasoning, readable and structured.
#[derive(Debug, Default)]
pub(crate) struct Reasoning {
    /// Readable pieces, in order.
    pub(crate) texts: Vec<ReasoningText>,
    /// The provider's own id.
    pub(crate) id: Option<String>,
    details: Details,
    format: Option<String>,
    signature: Option<String>,
    sealed: Option<String>,
    has_details: bool,
}

/// One readable piece of reasoning.
#[derive(Debug, Default)]
pub(crate) struct ReasoningText {
    /// It is a summary and not the reasoning itself.
    pub(crate) is_summary: bool,
    /// The piece.
    pub(crate) text: Arc<String>,
    /// Place in the provider's list.
    index: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DetailHead {
    r#type: Option<String>,
    id: Option<String>,
    format: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    index: Option<i64>,
    text: Option<String>,
    summary: Option<String>,
}

impl DetailHead {
    fn read(detail: &RawValue) -> Self {
        serde_json::from_str(detail.get()).unwrap_or_default()
    }
}

/// The provider's id of a reasoning entry.
pub(crate) fn detail_id(detail: &RawValue) -> Option<String> {
    DetailHead::read(detail).id
}

impl Reasoning {
    /// Nothing yet, under the provider's id.
    pub(crate) fn named(id: Option<&str>) -> Self {
        Self { id: id.map(str::to_owned), ..Self::default() }
    }

    /// Takes one structured entry, or a piece of one; returns the readable text in it.
    pub(crate) fn add_detail(&mut self, detail: &RawValue) -> Option<String> {
        let head = DetailHead::read(detail);
        self.has_details = true;
        self.details.add(detail.to_owned());
        self.id = self.id.take().or(head.id);
        self.format = head.format.or(self.format.take());
        if let Some(signature) = head.signature.filter(|text| !text.is_empty()) {
            self.signature.get_or_insert_default().push_str(&signature);
        }
        if let Some(data) = head.data {
            self.sealed.get_or_insert_default().push_str(&data);
        }
        let is_summary = head.r#type.as_deref() == Some("reasoning.summary");
        let text = head.text.or(head.summary).filter(|text| !text.is_empty())?;
        self.add_text(&text, is_summary, head.index);
        Some(text)
    }

    /// Takes readable text.
    pub(crate) fn add_text(&mut self, text: &str, is_summary: bool, index: Option<i64>) {
        let is_same = |last: &&mut ReasoningText| {
            last.is_summary == is_summary && (index.is_none() || last.index.is_none() || last.index == index)
        };
        match self.texts.last_mut().filter(is_same) {
            Some(last) => grow(&mut last.text, text),
            None => self.texts.push(ReasoningText { is_summary, text: Arc::new(text.to_owned()), index }),
        }
    }

    /// The opaque text with which the reasoning can be sent back.
    fn sealed(&self, wants_sealed: bool) -> Option<Cow<'_, str>> {
        let is_openai = self.format.as_deref().is_none_or(|format| format.ends_with(OPENAI_FORMAT));
        if is_openai || !self.has_details {
            return self.sealed.as_deref().map(Cow::Borrowed);
        }
        wants_sealed.then(|| Cow::Owned(pack(&self.details.entries())))
    }
}

/// Writes the fields of a reasoning item.
pub(super) fn write_reasoning(reasoning: &Reasoning, id: &str, status: Status, wants_sealed: bool, out: &mut Writer) {
    let is_open = status == Status::Open;
    out.field_text("type", "reasoning");
    out.field_text("id", id);
    for (field, kind, is_summary) in [("summary", "summary_text", true), ("content", "reasoning_text", false)] {
        let texts: Vec<_> = reasoning.texts.iter().filter(|text| text.is_summary == is_summary && !is_open).collect();
        if texts.is_empty() && !is_summary {
            continue;
        }
        out.field_list(field);
        for text in texts {
            text_part(kind, &text.text, out);
        }
        out.end_list();
    }
    if is_open {
        return;
    }
    if let Some(sealed) = reasoning.sealed(wants_sealed) {
        out.field_text("encrypted_content", &sealed);
    }
    if let Some(signature) = &reasoning.signature {
        out.field_text("signature", signature);
    }
    if let Some(format) = &reasoning.format {
        out.field_text("format", format);
    }
}

/// Writes a part that holds nothing but text.
pub(crate) fn text_part(kind: &str, text: &Arc<String>, out: &mut Writer) {
    out.begin_object();
    out.field_text("type", kind);
    out.field_shared("text", text);
    out.end_object();
}
