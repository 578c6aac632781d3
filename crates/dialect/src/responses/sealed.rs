//! Reasoning that only one provider can read, carried through clients that know a single opaque field.
//!
//! Clients keep `encrypted_content` of a reasoning item and drop what they do not know. So structured reasoning of other
//! formats travels inside that field, marked, and is unpacked when it comes back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

/// Marks our packing; what providers write is plain base64 and never begins like this.
const MARK: &str = "pd1.";

/// The format of reasoning that OpenAI's own items carry.
pub(crate) const OPENAI_FORMAT: &str = "openai-responses-v1";

/// Packs `reasoning_details` into one opaque text.
pub(crate) fn pack(details: &[Box<RawValue>]) -> String {
    let list: Vec<&str> = details.iter().map(|detail| detail.get()).collect();
    format!("{MARK}{}", URL_SAFE_NO_PAD.encode(format!("[{}]", list.join(","))))
}

/// The `reasoning_details` inside a text that [`pack`] made; `None` for anything else.
pub(crate) fn unpack(text: &str) -> Option<Vec<Box<RawValue>>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
    let entries: Vec<Box<RawValue>> = serde_json::from_slice(&bytes).ok()?;
    entries.iter().all(|entry| entry.get().starts_with('{')).then_some(entries)
}
