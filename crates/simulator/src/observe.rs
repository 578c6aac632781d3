//! What a simulator saw, kept so that a test can compare it with what a client saw.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use http::HeaderMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::family::Family;
use crate::options::OBSERVED_MAX;
use crate::scenario::Counts;

/// Headers whose values are kept; of all others only the name is.
const KEPT: [&str; 18] = [
    "accept",
    "accept-encoding",
    "anthropic-beta",
    "anthropic-version",
    "content-length",
    "content-type",
    "host",
    "http-referer",
    "idempotency-key",
    "openai-organization",
    "openai-project",
    "traceparent",
    "transfer-encoding",
    "user-agent",
    "x-goog-api-client",
    "x-request-id",
    "x-title",
    "x-openrouter-title",
];

/// One request as it was received, and how its answer fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Family of the route.
    pub family: Family,
    /// Path, without the query.
    pub path: String,
    /// Model asked for.
    pub model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// SHA-256 of the whole body, in hex.
    pub body_sha256: String,
    /// SHA-256 of the bytes of the `messages` or `contents` value as sent, in hex.
    pub messages_sha256: Option<String>,
    /// SHA-256 of the bytes of the `tools` value as sent, in hex.
    pub tools_sha256: Option<String>,
    /// Values of harmless headers.
    pub headers: BTreeMap<String, String>,
    /// Names of all headers, sorted.
    pub header_names: Vec<String>,
    /// SHA-256 of the credential, in hex; its text is never kept.
    pub key_seen: Option<String>,
    /// Status answered; 0 while there is none.
    pub status: u16,
    /// Content events (or plain bodies) handed over to the connection.
    pub delivered_chunks: u64,
    /// Characters of text, reasoning and arguments handed over to the connection.
    pub delivered_text_chars: u64,
    /// Whether the client left before the answer was complete.
    pub cancelled: bool,
    /// Whether all that the scenario had to send was handed over.
    pub finished: bool,
    /// Scenario that applied; absent for the plain echo, and when the request was refused before.
    pub scenario: Option<crate::Scenario>,
    /// Word after the last `TAG:` of a user message.
    pub tag: Option<String>,
    /// Usage report of the answer as sent, before stream faults; absent when none was sent.
    pub usage: Option<Value>,
    /// True counts behind it.
    pub counts: Option<Counts>,
}

/// Lower-case hex of the SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    entries: Mutex<VecDeque<Arc<Mutex<Observed>>>>,
}

impl Ring {
    /// Copies all entries.
    pub(crate) fn all(&self) -> Vec<Observed> {
        let entries: Vec<_> = self.entries.lock().iter().cloned().collect();
        entries.iter().map(|entry| entry.lock().clone()).collect()
    }

    /// Forgets all entries; requests that still run are not listed again.
    pub(crate) fn clear(&self) {
        self.entries.lock().clear();
    }

    /// Starts the record of a request.
    pub(crate) fn begin(&self, observed: Observed) -> Recording {
        let entry = Arc::new(Mutex::new(observed));
        let mut entries = self.entries.lock();
        if entries.len() >= OBSERVED_MAX {
            entries.pop_front();
        }
        entries.push_back(Arc::clone(&entry));
        Recording { entry, open: true }
    }
}

/// The record of a request that is being answered; dropping it early means that the client left.
#[derive(Debug)]
pub(crate) struct Recording {
    entry: Arc<Mutex<Observed>>,
    open: bool,
}

impl Recording {
    /// Changes the entry.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Observed)) {
        change(&mut self.entry.lock());
    }

    /// Adds one delivered content event.
    pub(crate) fn delivered(&self, chars: u64) {
        let mut entry = self.entry.lock();
        entry.delivered_chunks += 1;
        entry.delivered_text_chars += chars;
    }

    /// Everything was handed over.
    pub(crate) fn finish(&mut self) {
        if std::mem::take(&mut self.open) {
            self.entry.lock().finished = true;
        }
    }

    /// The simulator itself broke the answer off.
    pub(crate) fn break_off(&mut self) {
        self.open = false;
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.open {
            self.entry.lock().cancelled = true;
        }
    }
}

/// A fresh record of a request.
pub(crate) fn observed(family: Family, path: &str, headers: &HeaderMap, body: &[u8], key: Option<&str>) -> Observed {
    let parts: Parts<'_> = serde_json::from_slice(body).unwrap_or_default();
    let hash = |raw: &RawValue| sha256(raw.get().as_bytes());
    let mut names: Vec<String> = headers.keys().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    Observed {
        family,
        path: path.to_owned(),
        model: String::new(),
        stream: false,
        body_sha256: sha256(body),
        messages_sha256: parts.messages.or(parts.contents).map(hash),
        tools_sha256: parts.tools.map(hash),
        headers: KEPT
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), headers.get(*name)?.to_str().ok()?.to_owned())))
            .collect(),
        header_names: names,
        key_seen: key.map(|key| sha256(key.as_bytes())),
        status: 0,
        delivered_chunks: 0,
        delivered_text_chars: 0,
        cancelled: false,
        finished: false,
        scenario: None,
        tag: None,
        usage: None,
        counts: None,
    }
}

/// The values whose bytes are compared, untouched by parsing.
#[derive(Debug, Default, Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    contents: Option<&'a RawValue>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
}
