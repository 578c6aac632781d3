//! API keys: their text form, checksum, hash and label.
//!
//! A key is `sk-or-v1-` and 64 hexadecimal digits: 56 random ones (224 bits) and 8 of checksum, so that a typo is refused
//! before any look-up. Only the SHA-256 of the whole text is ever stored; that hash is the key's public handle and never a
//! credential.

use sha2::{Digest, Sha256};
use std::fmt;

/// The prefix of every key text. Never change it: clients and secret scanners recognise it.
pub const PREFIX: &str = "sk-or-v1-";

/// Length of a key text in bytes.
pub const LENGTH: usize = 73;

const RANDOM_DIGITS: usize = 56;

/// SHA-256 of a whole key text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Hashes a credential text of any form.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// From stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// From 64 lowercase hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The bytes that are stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The text of a key. Prints as redacted; leaves memory only through [`KeyText::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// Makes a key from 28 random bytes.
    #[must_use]
    pub fn generate(random: [u8; 28]) -> Self {
        let mut text = format!("{PREFIX}{}", hex::encode(random));
        text.push_str(&checksum(&text));
        Self(text)
    }

    /// Accepts a text that has our prefix, length and checksum.
    ///
    /// ```
    /// use domain::key::KeyText;
    ///
    /// let key = KeyText::generate([7; 28]);
    /// assert!(KeyText::parse(key.expose()).is_some());
    /// assert!(KeyText::parse("sk-or-v1-0000").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_genuine(text).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the one answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that is stored.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }

    /// What lists show later: `sk-or-v1-abc...123`.
    #[must_use]
    pub fn label(&self) -> String {
        let head = self.0.get(..PREFIX.len() + 3).unwrap_or(PREFIX);
        let tail = self.0.get(self.0.len() - 3..).unwrap_or("");
        format!("{head}...{tail}")
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyText(redacted)")
    }
}

/// Whether a text has our prefix and length. The cheap half of [`is_genuine`].
#[must_use]
pub fn is_shaped(text: &str) -> bool {
    text.len() == LENGTH && text.starts_with(PREFIX)
}

/// Whether a text has our prefix, length and checksum, so that it may once have been issued.
#[must_use]
pub fn is_genuine(text: &str) -> bool {
    let parts = is_shaped(text).then(|| text.split_at_checked(PREFIX.len() + RANDOM_DIGITS)).flatten();
    parts.is_some_and(|(signed, check)| checksum(signed) == check)
}

/// The digits of checksum that follow `signed`, which is the prefix and the random digits.
fn checksum(signed: &str) -> String {
    let digest = Sha256::digest(signed.as_bytes());
    hex::encode(digest.get(..4).unwrap_or_default())
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// Call models and read public data.
    Inference,
    /// Administer keys, credits and settings; never call models.
    Management,
}

#[cfg(test)]
mod tests {
    use super::{KeyHash, KeyText, LENGTH};

    #[test]
    fn a_generated_key_is_accepted_and_any_typo_refused() {
        let key = KeyText::generate([0xa5; 28]);
        assert_eq!(key.expose().len(), LENGTH);
        assert_eq!(KeyText::parse(key.expose()), Some(key.clone()));
        for place in 9..LENGTH {
            let mut bytes = key.expose().as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            let typo = String::from_utf8(bytes).expect("ascii");
            assert_eq!(KeyText::parse(&typo), None, "place {place}");
        }
    }

    #[test]
    fn refuses_other_shapes() {
        for text in [
            "",
            "sk-or-v1-",
            "sk-123",
            "' or 1=1 --",
            "sk-or-v1-é",
            &KeyHash::of("x").to_string(),
            &"a".repeat(1 << 20),
        ] {
            assert_eq!(KeyText::parse(text), None);
        }
    }

    #[test]
    fn never_prints_itself() {
        let key = KeyText::generate([1; 28]);
        assert_eq!(format!("{key:?}"), "KeyText(redacted)");
        assert_eq!(key.label(), "sk-or-v1-010...".to_owned() + &key.expose()[LENGTH - 3..]);
        assert_eq!(KeyHash::parse(&key.hash().to_string()), Some(key.hash()));
    }
}
