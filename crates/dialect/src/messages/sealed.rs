//! Reasoning of other providers inside thinking blocks: a signature that is ours to open.
//!
//! Callers of Messages send thinking blocks back unchanged, and that is the only thing they keep for us. What another
//! provider needs back (its format, the call a signature belongs to, sealed data) therefore travels inside the block's
//! signature or data, under a prefix that no provider of the format writes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

/// Marks what this router has sealed.
const PREFIX: &str = "or1.";

/// Wraps one entry of `reasoning_details`.
pub(super) fn seal(detail: &str) -> String {
    let mut text = PREFIX.to_owned();
    URL_SAFE_NO_PAD.encode_string(detail, &mut text);
    text
}

/// The entry inside a signature or data field; `None` when a provider of the format wrote it.
pub(super) fn open(text: &str) -> Option<Box<RawValue>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    let detail: Box<RawValue> = serde_json::from_slice(&bytes).ok()?;
    detail.get().starts_with('{').then_some(detail)
}

/// Whether only this router can read it.
pub(super) fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::{is_sealed, open, seal};

    #[test]
    fn what_was_sealed_can_be_opened_and_nothing_else() {
        let detail = r#"{"type":"reasoning.encrypted","data":"c2ln","format":"google-gemini-v1","id":"call_1"}"#;
        let sealed = seal(detail);
        assert_eq!(open(&sealed).map(|raw| raw.get().to_owned()).as_deref(), Some(detail));
        assert!(is_sealed(&sealed));
        for other in ["", "EqoBCkgIARABGAIiQL8", "or1.", "or1.###", &seal("[1]"), &seal("no json")] {
            assert!(open(other).is_none(), "{other}");
        }
    }
}
