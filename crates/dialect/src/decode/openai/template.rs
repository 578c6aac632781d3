//! Most chunks of a stream differ in their text alone. The first few are parsed; what is the same around their text is
//! kept, and a chunk that has it too needs no parser.
//!
//! Nothing is assumed of the format. A template is made from a chunk that did nothing but carry text, and only when the
//! same chunk with another text is seen to do the same, and to leave the state as it was. From then on the chunk's
//! meaning depends on that text alone, as long as no other chunk comes in between.

use super::super::guard;
use super::Stream;
use crate::canonical::reply::Delta;

/// Longest chunk that is kept as a template, in bytes.
const BYTES_MAX: usize = 1_024;
/// Chunks of text in a row before a template is made: short answers are not worth one.
const ALIKE_MIN: u8 = 2;
/// Templates that no chunk ever matched, after which no more are made: something else changes from chunk to chunk.
const USELESS_MAX: u8 = 3;
/// A text that no model says in one piece.
const PROBE: &str = "\u{1d11e}probe\u{1d11e}";

/// What is known of the chunks so far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Templates {
    current: Option<Template>,
    alike: u8,
    useless: u8,
}

/// A chunk without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template {
    /// Up to the text, its opening quotation mark left out.
    head: Box<str>,
    /// What follows the text's closing quotation mark.
    tail: Box<str>,
    kind: Kind,
    choice: u32,
    has_matched: bool,
}

/// What a text is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Reasoning,
}

impl Template {
    /// The JSON string that stands where the template's text stood.
    fn literal<'j>(&self, json: &'j str) -> Option<&'j str> {
        json.strip_prefix(&*self.head)?.strip_suffix(&*self.tail)
    }

    fn delta(&self, text: String) -> Delta {
        match self.kind {
            Kind::Text => Delta::Text { choice: self.choice, text },
            Kind::Reasoning => Delta::Reasoning { choice: self.choice, text, details: Vec::new() },
        }
    }
}

/// The text of a step that is nothing but text.
fn text_of(delta: &Delta) -> Option<(Kind, u32, &str)> {
    match delta {
        Delta::Text { choice, text } => Some((Kind::Text, *choice, text)),
        Delta::Reasoning { choice, text, details } if details.is_empty() => Some((Kind::Reasoning, *choice, text)),
        _ => None,
    }
}

impl Stream {
    /// Reads a chunk that differs from those before it in its text alone. False when it may be any other, which is then to
    /// be read in full.
    pub(in super::super) fn read_alike(&mut self, json: &str, out: &mut Vec<Delta>) -> bool {
        let Some(template) = &mut self.templates.current else { return false };
        // Nothing but one whole JSON string is accepted here, so the text cannot reach beyond its place.
        let text = template.literal(json).and_then(|literal| serde_json::from_str::<String>(literal).ok());
        let Some(text) = text.filter(|text| !text.is_empty()) else { return false };
        template.has_matched = true;
        out.push(template.delta(text));
        true
    }

    /// Takes note of a chunk that was read in full, and of the steps that it made.
    pub(super) fn learn(&mut self, json: &str, steps: &[Delta]) {
        let templates = &mut self.templates;
        if let Some(old) = templates.current.take() {
            templates.useless = if old.has_matched { 0 } else { templates.useless.saturating_add(1) };
        }
        let [step] = steps else {
            templates.alike = 0;
            return;
        };
        templates.alike = templates.alike.saturating_add(1);
        if templates.alike >= ALIKE_MIN && templates.useless < USELESS_MAX && json.len() <= BYTES_MAX {
            let made = self.template(json, step);
            self.templates.useless += u8::from(made.is_none());
            self.templates.current = made;
        }
    }

    /// The chunk without its text, where that text is all that it depends on.
    fn template(&self, json: &str, step: &Delta) -> Option<Template> {
        let (kind, choice, text) = text_of(step)?;
        let literal = serde_json::to_string(text).ok()?;
        json.match_indices(&literal).find_map(|(at, _)| {
            let (head, rest) = json.split_at(at);
            let tail = rest.strip_prefix(&*literal)?;
            let other = format!("{head}\"{PROBE}\"{tail}");
            let before = Self { templates: Templates::default(), ..self.clone() };
            let mut after = before.clone();
            let mut steps = Vec::new();
            let checked = guard::check(&other).ok()?;
            after.read(&other, &checked, super::Extent::Piece, &mut steps).ok()?;
            let [again] = steps.as_slice() else { return None };
            let is_same = text_of(again) == Some((kind, choice, PROBE)) && after == before;
            is_same.then(|| Template { head: head.into(), tail: tail.into(), kind, choice, has_matched: false })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::StreamError;
    use super::{Stream, USELESS_MAX, guard};
    use domain::catalog::Quirks;
    use proptest::prelude::*;
    use serde_json::json;

    /// What a stream of chunks means, and how many of them went without the parser.
    fn read(chunks: &[String], is_learning: bool) -> (String, usize) {
        let mut stream = Stream::new(&Quirks::default());
        if !is_learning {
            stream.templates.useless = USELESS_MAX;
        }
        let mut steps = Vec::new();
        let mut alike = 0;
        for chunk in chunks {
            if stream.read_alike(chunk, &mut steps) {
                alike += 1;
            } else if let Err(error) = guard::check(chunk)
                .map_err(StreamError::from)
                .and_then(|checked| stream.event(chunk, &checked, &mut steps))
            {
                return (format!("{steps:?} {error:?}"), alike);
            }
        }
        stream.finish(&mut steps);
        (format!("{steps:?}"), alike)
    }

    fn chunk(delta: &serde_json::Value, rest: &serde_json::Value) -> String {
        let mut chunk = json!({
            "id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": null}],
        });
        for (name, value) in rest.as_object().into_iter().flatten() {
            chunk[name] = value.clone();
        }
        chunk.to_string()
    }

    fn texts(field: &str, texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| chunk(&json!({field: text}), &json!({}))).collect()
    }

    #[test]
    fn chunks_that_differ_in_their_text_alone_need_no_parser() {
        for field in ["content", "reasoning", "reasoning_content"] {
            let chunks = texts(field, &["a", "b", "c", "d", " \"quoted\"\n\\", "é\u{1f600}", "", "e", "f", "g"]);
            let (meaning, alike) = read(&chunks, true);
            assert_eq!(meaning, read(&chunks, false).0, "{field}");
            // The first three make a template, for the next three; an empty text is read in full and unmakes it; then three
            // more are enough for one, since the stream has begun.
            assert_eq!(alike, 4, "{field}");
        }
    }

    #[test]
    fn what_changes_from_chunk_to_chunk_is_never_taken_for_the_same() {
        let padded: Vec<String> =
            (0..20).map(|at| chunk(&json!({"content": "x"}), &json!({"obfuscation": format!("{at}")}))).collect();
        assert_eq!(read(&padded, true), (read(&padded, false).0, 0));
        // The same word in another place is not the text.
        let named: Vec<String> = ["m", "m", "m", "n", "m"]
            .into_iter()
            .map(|text| chunk(&json!({"content": text}), &json!({"model": text})))
            .collect();
        assert_eq!(read(&named, true).0, read(&named, false).0);
    }

    #[test]
    fn a_text_that_would_end_its_string_early_is_read_in_full() {
        let mut chunks = texts("content", &["a", "b", "c", "d"]);
        let last = chunks.last().cloned().unwrap_or_default();
        chunks.push(last.replace("\"d\"", "\"x\",\"refusal\":\"y\""));
        chunks.push(last.replace("\"d\"", "\"x\\"));
        let (meaning, alike) = read(&chunks, true);
        assert_eq!((meaning.as_str(), alike), (read(&chunks, false).0.as_str(), 1));
        assert!(meaning.contains("Refusal") && meaning.ends_with("Json"), "{meaning}");
    }

    fn delta() -> impl Strategy<Value = serde_json::Value> {
        let word = prop_oneof!["[a-c\"\\\\\n\u{e9}]{0,3}", Just("m".to_owned()), Just("c-1".to_owned())];
        (0..9u8, word).prop_map(|(kind, word)| match kind {
            0..=4 => json!({"content": word}),
            5 => json!({"reasoning": word}),
            6 => json!({"content": word, "reasoning_content": word}),
            7 => json!({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": word}}]}),
            _ => json!({"refusal": word, "content": ""}),
        })
    }

    proptest! {
        #[test]
        fn a_stream_means_the_same_with_and_without(
            deltas in prop::collection::vec((delta(), 0..12u8), 0..40),
        ) {
            let chunks: Vec<String> = deltas
                .iter()
                .map(|(delta, rest)| match rest {
                    0 => chunk(delta, &json!({"usage": {"prompt_tokens": 1, "completion_tokens": 2}})),
                    1 => chunk(delta, &json!({"system_fingerprint": "f"})),
                    2 => chunk(&json!({}), &json!({"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]})),
                    _ => chunk(delta, &json!({})),
                })
                .collect();
            prop_assert_eq!(read(&chunks, true).0, read(&chunks, false).0);
        }
    }
}
