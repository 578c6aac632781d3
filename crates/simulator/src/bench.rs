//! The model `bench`: prepared bytes and no bookkeeping, so that a benchmark measures what is in front of it.
//!
//! The knobs work as for any model, `bench~answer.tokens=200~body.chunk_delay_ms=10` for a stream of 200 chunks
//! every ten milliseconds; the answer is prepared once for each spelling of the name and sent as often as asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use parking_lot::RwLock;

use crate::answer::answer;
use crate::ask::Ask;
use crate::delivery;
use crate::family::{Family, Meta};
use crate::framing::{Renderer, Style};
use crate::head::{respond, set_length};
use crate::scenario::Scenario;

/// Most spellings prepared at one time.
const PREPARED_MAX: usize = 64;

/// Tokens of an answer unless the name says otherwise: 1 KiB of text.
const TOKENS: u64 = 256;

type Key = (Family, String, bool);

/// Prepared answers by family, model name and whether they are streams.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    prepared: RwLock<HashMap<Key, Arc<Prepared>>>,
}

#[derive(Debug)]
struct Prepared {
    writes: Vec<Bytes>,
    pace: Duration,
}

/// The bench model named in a body, found without parsing it.
pub(crate) fn model_in(body: &[u8]) -> Option<&str> {
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(body.get(from..)?, b"\"model\"") {
        from += found + b"\"model\"".len();
        let rest = body.get(from..)?.trim_ascii_start();
        if let Some(value) = rest.strip_prefix(b":") {
            let value = value.trim_ascii_start().strip_prefix(b"\"")?;
            let end = memchr::memchr(b'"', value)?;
            let name = std::str::from_utf8(value.get(..end)?).ok()?;
            return is_bench(name).then_some(name);
        }
    }
    None
}

/// Whether a model name is one of the bench model.
pub(crate) fn is_bench(name: &str) -> bool {
    name == "bench" || name.starts_with("bench~")
}

/// Whether a body asks for a stream, found without parsing it.
pub(crate) fn streams(body: &[u8]) -> bool {
    [&b"\"stream\":true"[..], b"\"stream\": true"].iter().any(|text| memchr::memmem::find(body, text).is_some())
}

impl Bench {
    /// Answers for `model` with prepared bytes; `None` when its knobs make no sense.
    pub(crate) fn respond(&self, family: Family, model: &str, stream: bool, meta: &Meta) -> Option<Response> {
        let key = (family, model.to_owned(), stream);
        let known = self.prepared.read().get(&key).cloned();
        let prepared = match known {
            Some(prepared) => prepared,
            None => self.prepare(key, meta)?,
        };
        if stream {
            let body = delivery::prepared(&prepared.writes, prepared.pace).perform(None, None);
            return Some(respond(family, meta, None, 200, "text/event-stream", body));
        }
        let bytes = prepared.writes.first().cloned().unwrap_or_default();
        let length = bytes.len();
        let mut response = respond(family, meta, None, 200, "application/json", Body::from(bytes));
        set_length(&mut response, length);
        Some(response)
    }

    fn prepare(&self, key: Key, meta: &Meta) -> Option<Arc<Prepared>> {
        let (family, model, stream) = &key;
        let mut scenario: Scenario = crate::scenario::pick(&HashMap::new(), model, "").ok()?;
        scenario.answer.tokens.get_or_insert(TOKENS);
        let ask = Ask { model: model.clone(), include_usage: true, choices: 1, ..Ask::default() };
        let answer = answer(&ask, &scenario, 0);
        let writes = if *stream {
            let mut renderer = Renderer::new(style(*family, true), &scenario.framing);
            let events = family.stream(&answer, &ask, meta, &scenario);
            events.iter().map(|event| renderer.event(event)).collect()
        } else {
            vec![Bytes::from(family.plain(&answer, meta, &scenario).to_string())]
        };
        let prepared = Arc::new(Prepared { writes, pace: delivery::wait(scenario.body.chunk_delay_ms) });
        let mut all = self.prepared.write();
        if all.len() >= PREPARED_MAX {
            all.clear();
        }
        all.insert(key, Arc::clone(&prepared));
        Some(prepared)
    }
}

/// How a family writes its streams.
pub(crate) fn style(family: Family, events: bool) -> Style {
    use crate::scenario::LineEnd;
    match (family, events) {
        (Family::Gemini, true) => Style::Events(LineEnd::Crlf),
        (Family::Gemini, false) => Style::Array,
        _ => Style::Events(LineEnd::Lf),
    }
}
