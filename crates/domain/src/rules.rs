//! What an account or a workspace sets for all its calls: allowed models and providers, privacy, routing defaults.
//!
//! This is the stored document. The planner reads it as one of its layers; see [`RoutingRules`] for what each field means.

use crate::catalog::Model;
use crate::route::Preferences;
use serde_json::{Map, Value};

/// Most entries of one list.
pub const LIST_MAX: usize = 500;
/// Longest entry of a list, in bytes.
const ENTRY_MAX: usize = 200;

/// Rules of one scope. What is absent restricts nothing and prefers nothing.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches of the public contract")]
pub struct RoutingRules {
    /// Only these models; `None` allows all. Entries are ids or patterns with `*`.
    pub allowed_models: Option<Vec<String>>,
    /// Never these models, by id or pattern.
    pub ignored_models: Vec<String>,
    /// Only these providers, by slug or display name; `None` allows all.
    pub allowed_providers: Option<Vec<String>>,
    /// Never these providers, by slug or display name.
    pub ignored_providers: Vec<String>,
    /// Only endpoints with zero data retention.
    pub enforce_zdr: bool,
    /// Whether paid endpoints may train on prompts.
    pub enable_paid_model_training: bool,
    /// Whether free endpoints may train on prompts.
    pub enable_free_model_training: bool,
    /// Whether free endpoints may publish prompts.
    pub enable_free_model_publication: bool,
    /// Sort in place of load balancing, for requests that state neither sort nor order.
    pub default_provider_sort: Option<DefaultSort>,
    /// Model for requests that name none.
    pub default_text_model: Option<String>,
    /// A `provider` object for requests; fields that a request sets replace those of the same name.
    pub provider: Option<Map<String, Value>>,
}

/// Words of `default_provider_sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultSort {
    /// Cheapest first.
    Price,
    /// Most tokens per second first.
    Throughput,
    /// Shortest time to first token first.
    Latency,
    /// Best tool-calling first.
    Exacto,
}

/// A rule that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RulesError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl Default for RoutingRules {
    fn default() -> Self {
        Self {
            allowed_models: None,
            ignored_models: Vec::new(),
            allowed_providers: None,
            ignored_providers: Vec::new(),
            enforce_zdr: false,
            enable_paid_model_training: true,
            enable_free_model_training: true,
            enable_free_model_publication: true,
            default_provider_sort: None,
            default_text_model: None,
            provider: None,
        }
    }
}

impl RoutingRules {
    /// Checks what a type cannot: lengths of lists and entries, the `provider` object.
    ///
    /// # Errors
    /// [`RulesError`] naming the first field that is wrong.
    pub fn check(&self) -> Result<(), RulesError> {
        let lists = [
            ("allowed_models", self.allowed_models.as_deref().unwrap_or_default()),
            ("ignored_models", &self.ignored_models),
            ("allowed_providers", self.allowed_providers.as_deref().unwrap_or_default()),
            ("ignored_providers", &self.ignored_providers),
        ];
        for (field, list) in lists {
            let error = |problem: String| RulesError { field, problem };
            if list.len() > LIST_MAX {
                return Err(error(format!("more than {LIST_MAX} entries")));
            }
            let is_plain =
                |entry: &String| !entry.is_empty() && entry.len() <= ENTRY_MAX && !entry.chars().any(char::is_control);
            if !list.iter().all(is_plain) {
                return Err(error(format!("entries must have 1 to {ENTRY_MAX} bytes without control characters")));
            }
        }
        if let Some(provider) = &self.provider {
            let text = Value::Object(provider.clone()).to_string();
            let wrong = |error: crate::route::PreferenceError| RulesError {
                field: "provider",
                problem: format!("{}: {}", error.field, error.problem),
            };
            Preferences::parse(&text).map_err(wrong)?;
        }
        Ok(())
    }

    /// Whether the lists of models let this one through.
    #[must_use]
    pub fn allows_model(&self, model: &Model) -> bool {
        let names = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &model.id));
        self.allowed_models.as_deref().is_none_or(names) && !names(&self.ignored_models)
    }
}

/// Whether a pattern, in which `*` stands for any text, means the whole of `text`. Letters of either case are the same.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{LIST_MAX, RoutingRules, matches};

    #[test]
    fn patterns_mean_whole_ids() {
        for (pattern, text, is_match) in [
            ("openai/gpt-5", "openai/gpt-5", true),
            ("openai/gpt-5", "openai/gpt-5-mini", false),
            ("openai/gpt-5*", "openai/gpt-5-mini", true),
            ("*/claude-*", "anthropic/claude-sonnet", true),
            ("anthropic/*", "openai/anthropic/x", false),
            ("*", "a/b", true),
            ("a*a", "a", false),
            ("a**b", "ab", true),
            ("*:free", "a/b:FREE", true),
            ("*b*c", "a/bcb", false),
            ("", "a/b", false),
        ] {
            assert_eq!(matches(pattern, text), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn documents_that_cannot_be_kept_are_named() {
        let long = RoutingRules { ignored_models: vec!["a/b".to_owned(); LIST_MAX + 1], ..RoutingRules::default() };
        assert_eq!(long.check().expect_err("too long").field, "ignored_models");
        let blank = RoutingRules { allowed_providers: Some(vec![String::new()]), ..RoutingRules::default() };
        assert_eq!(blank.check().expect_err("blank").field, "allowed_providers");
        let provider = serde_json::from_str(r#"{"sort":"sideways"}"#).expect("an object");
        let odd = RoutingRules { provider: Some(provider), ..RoutingRules::default() };
        assert!(odd.check().expect_err("odd").to_string().starts_with("provider: sort"));
        assert_eq!(RoutingRules::default().check(), Ok(()));
        let read: RoutingRules = serde_json::from_str("{}").expect("empty");
        assert_eq!(read, RoutingRules::default());
    }
}
