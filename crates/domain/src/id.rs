//! Time-ordered 128-bit ids (UUID v7), one type per kind of thing.
//!
//! Ids are made from the caller's clock and random bits, never by the database, and stored as 16 bytes. Each kind has
//! the prefix that the public contract fixes.

use crate::time::Timestamp;
use uuid::Uuid;

/// Text that is no id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id")]
pub struct IdError {
    /// The kind that was expected.
    pub kind: &'static str,
}

fn compose(at: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.micros().max(0)).unwrap_or(0) / 1000;
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of the public form.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an id from a moment and ten random bytes.
            #[must_use]
            pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
                Self(compose(at, random))
            }

            /// The sixteen bytes that are stored.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads an id back from its stored bytes.
            ///
            /// # Errors
            /// [`IdError`] unless there are exactly sixteen bytes.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdError> {
                Uuid::from_slice(bytes).map(Self).ok().ok_or(IdError { kind: $kind })
            }

            /// Reads the public form.
            ///
            /// # Errors
            /// [`IdError`] for any other text.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let invalid = IdError { kind: $kind };
                let rest = text.strip_prefix($prefix).filter(|rest| rest.len() == 32).ok_or_else(|| invalid.clone())?;
                let lower = rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
                if !lower {
                    return Err(invalid);
                }
                Uuid::try_parse(rest).map(Self).ok().ok_or(invalid)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut buffer = [0; $prefix.len() + uuid::fmt::Simple::LENGTH];
                formatter.write_str(self.write_to(&mut buffer))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, formatter)
            }
        }

        impl $name {
            /// Writes the public form; one copy, because every request writes its ids many times.
            fn write_to<'b>(&self, buffer: &'b mut [u8; $prefix.len() + uuid::fmt::Simple::LENGTH]) -> &'b str {
                let (prefix, digits) = buffer.split_at_mut($prefix.len());
                prefix.copy_from_slice($prefix.as_bytes());
                self.0.simple().encode_lower(digits);
                // Both halves are ASCII.
                std::str::from_utf8(buffer).unwrap_or_default()
            }
        }

        /// The public form, or the sixteen bytes in a form that nobody reads.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.serialize_bytes(self.as_bytes());
                }
                serializer.serialize_str(self.write_to(&mut [0; $prefix.len() + uuid::fmt::Simple::LENGTH]))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Form;

                impl serde::de::Visitor<'_> for Form {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str(concat!("a ", $kind, " id"))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }

                    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        $name::from_bytes(bytes).map_err(E::custom)
                    }
                }

                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(Form)
                } else {
                    deserializer.deserialize_bytes(Form)
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// One call through the router, and its row.
    GenerationId, "generation", "gen-";
    /// An account: who pays.
    AccountId, "account", "acct_";
    /// A workspace inside an account.
    WorkspaceId, "workspace", "ws_";
    /// An API key's row (its public handle is the SHA-256 of the key text).
    KeyId, "key", "key_";
    /// A person.
    UserId, "user", "user_";
    /// A ledger entry that is not a generation's: a grant, an adjustment.
    EntryId, "entry", "ent_";
    /// A console session's row.
    SessionId, "session", "sess_";
    /// A configured provider connection.
    UpstreamId, "upstream", "up_";
    /// A preset.
    PresetId, "preset", "pre_";
    /// A version of a preset.
    PresetVersionId, "preset version", "prv_";
}

#[cfg(test)]
mod tests {
    use super::GenerationId;
    use crate::time::Timestamp;

    #[test]
    fn public_form_round_trips_and_sorts_by_time() {
        let early = GenerationId::new(Timestamp::from_micros(1_763_700_000_000_000), [7; 10]);
        let late = GenerationId::new(Timestamp::from_micros(1_763_700_000_001_000), [0; 10]);
        assert_eq!(GenerationId::parse(&early.to_string()), Ok(early));
        assert_eq!(GenerationId::from_bytes(early.as_bytes()), Ok(early));
        assert!(early < late);
    }

    #[test]
    fn refuses_foreign_text() {
        for text in [
            "",
            "gen-",
            "gen-123",
            "acct_00000000000000000000000000000000",
            "gen-0000000000000000000000000000000G",
            "gen-%",
        ] {
            assert!(GenerationId::parse(text).is_err(), "{text}");
        }
    }
}
