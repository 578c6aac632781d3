//! When a rule applies: conditions on the request's surroundings, and shares of conversations.

use super::{Pattern, PolicyError, short};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What is known about a request beyond its body: what conditions look at.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The caller's `metadata`, text values only.
    pub metadata: BTreeMap<String, String>,
    /// Request headers, lower-case names. Holds only the ones that some condition names.
    pub headers: BTreeMap<String, String>,
    /// The caller's own customer.
    pub customer: Option<String>,
    /// The caller's own feature.
    pub feature: Option<String>,
    /// Region of this server.
    pub region: Option<String>,
    /// The conversation.
    pub conversation: Option<String>,
}

/// When a rule applies. Everything that is given must hold; within a list one match is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// Values of the caller's `metadata`, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Vec<Pattern>>,
    /// Request headers, by lower-case name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<Pattern>>,
    /// The caller's own customer, `metadata.customer`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub customer: Vec<Pattern>,
    /// The caller's own feature, `metadata.feature`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub feature: Vec<Pattern>,
    /// Region of the server that took the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub region: Vec<Pattern>,
}

/// A share of conversations: all whose place, from 0 to below 100, lies in `from..to`.
///
/// The place is a hash of the split's name and the conversation, so a conversation keeps its side on every node and after
/// every restart, splits of different names are independent, and ranges of one name that do not overlap exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Name of the experiment.
    pub name: String,
    /// First percent that is taken.
    #[serde(default)]
    pub from: u8,
    /// First percent that is not.
    pub to: u8,
}

impl Condition {
    /// Whether it always holds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it holds for these facts.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> bool {
        let named = |wanted: &BTreeMap<String, Vec<Pattern>>, has: &BTreeMap<String, String>| {
            wanted.iter().all(|(name, patterns)| matches(patterns, has.get(name)))
        };
        let listed = |patterns: &[Pattern], has: Option<&String>| patterns.is_empty() || matches(patterns, has);
        named(&self.metadata, &facts.metadata)
            && named(&self.headers, &facts.headers)
            && listed(&self.customer, facts.customer.as_ref())
            && listed(&self.feature, facts.feature.as_ref())
            && listed(&self.region, facts.region.as_ref())
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        if self.metadata.len() > 16 || self.headers.len() > 16 {
            return Err(PolicyError::new("when", "more than 16 names"));
        }
        if self.headers.keys().any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase())) {
            return Err(PolicyError::new("when.headers", "names must be lower-case"));
        }
        let lists = self.metadata.values().chain(self.headers.values());
        lists.chain([&self.customer, &self.feature, &self.region]).try_for_each(|list| short("when", list))
    }
}

fn matches(patterns: &[Pattern], has: Option<&String>) -> bool {
    has.is_some_and(|has| patterns.iter().any(|pattern| pattern.matches(has)))
}

impl Split {
    /// Whether the conversation lies in the share; a request without one is placed by `seed`.
    #[must_use]
    pub fn takes(&self, facts: &Facts, seed: u64) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([0]);
        match &facts.conversation {
            Some(conversation) => hash.update(conversation.as_bytes()),
            None => hash.update(seed.to_be_bytes()),
        }
        // Eight bytes against a hundred places: the bias is below 10⁻¹⁷.
        let number = hash.finalize().iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        (u64::from(self.from)..u64::from(self.to)).contains(&(number % 100))
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        if self.name.is_empty() || self.name.len() > 64 {
            return Err(PolicyError::new("split.name", "must have 1 to 64 bytes"));
        }
        if self.from < self.to && self.to <= 100 {
            return Ok(());
        }
        Err(PolicyError::new("split", "from must be below to, and to at most 100"))
    }
}
