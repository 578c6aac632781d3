//! [`Original`]: the caller's own text, for providers of the same format.

use crate::chat::request::Top;
use std::ops::Range;

/// A Messages request as the caller wrote it, with what decides whether it can be passed on like that.
#[derive(Debug, Clone)]
pub(crate) struct Original {
    text: String,
    fields: Vec<(String, Range<usize>)>,
    betas: Vec<String>,
    has_foreign_thinking: bool,
    has_system_turns: bool,
}

/// Most beta names that are passed on.
const BETAS_MAX: usize = 16;
/// Beta features that change what a message may hold, without their date. A provider refuses names that it does not
/// know, so only these are passed on; features that need memory or files on the provider's side are not among them.
///
/// Source: the beta names in the official SDK's types and in the headers of the provider's own command-line client,
/// 2026-11-21.
const BETAS: &[&str] = &[
    "adaptive-thinking",
    "advanced-tool-use",
    "compact",
    "computer-use",
    "context-1m",
    "context-management",
    "effort",
    "extended-cache-ttl",
    "fine-grained-tool-streaming",
    "interleaved-thinking",
    "mid-conversation-system",
    "output-128k",
    "pdfs",
    "prompt-caching",
    "prompt-caching-scope",
    "search-results",
    "structured-outputs",
    "task-budgets",
    "token-efficient-tools",
    "tool-examples",
    "tool-search-tool",
    "web-fetch",
    "web-search",
];

impl Original {
    pub(super) fn new(text: &str, top: &Top<'_>, has_foreign_thinking: bool, has_system_turns: bool) -> Self {
        let base = text.as_ptr() as usize;
        let range = |part: &str| {
            let start = (part.as_ptr() as usize).saturating_sub(base);
            start..start + part.len()
        };
        let fields = top.iter().map(|(name, value)| (name.to_owned(), range(value.get()))).collect();
        Self { text: String::new(), fields, betas: Vec::new(), has_foreign_thinking, has_system_turns }
    }

    /// Takes over the text that the ranges point into.
    pub(super) fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// Takes the beta features that the caller named, one or more separated by commas; unknown ones are forgotten.
    pub(crate) fn add_betas(&mut self, header: &str) {
        let known = header.split(',').map(str::trim).filter(|name| is_known_beta(name));
        for name in known {
            if self.betas.len() < BETAS_MAX && !self.betas.iter().any(|beta| beta == name) {
                self.betas.push(name.to_owned());
            }
        }
    }

    /// The beta features to name to a provider of the format.
    pub(crate) fn betas(&self) -> &[String] {
        &self.betas
    }

    /// Whether the history holds thinking that a provider of the format did not sign, and would refuse.
    pub(crate) const fn has_foreign_thinking(&self) -> bool {
        self.has_foreign_thinking
    }

    /// Whether a system turn stands inside the conversation and the caller did not name the feature that allows it.
    pub(crate) fn has_unannounced_system_turns(&self) -> bool {
        self.has_system_turns && !self.betas.iter().any(|beta| beta.starts_with("mid-conversation-system"))
    }

    /// All top-level fields that are not `null`, in the caller's order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(name, range)| Some((name.as_str(), self.text.get(range.clone())?)))
    }
}

/// A known feature with its date, e.g. `interleaved-thinking-2025-05-14`.
fn is_known_beta(name: &str) -> bool {
    let Some(cut) = name.len().checked_sub("-2025-05-14".len()) else { return false };
    let (Some(feature), Some(date)) = (name.get(..cut), name.get(cut..)) else { return false };
    let is_date = date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_date && BETAS.contains(&feature)
}
