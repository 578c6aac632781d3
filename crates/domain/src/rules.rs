//! What an account or a workspace sets for all its calls: allowed models and providers, privacy, routing defaults.
//!
//! This is the document that people edit and the store keeps. For the planner it becomes one [`Layer`]; the names of the
//! fields are those that the public contract uses in guardrails and workspaces.

use crate::route::policy::{Layer, Pattern, PolicyError, Prefer, Restrict, Rule, Scope, Sort, SortBy};

/// Longest entry of a list, in bytes.
const ENTRY_MAX: usize = 200;

/// Settings of one scope. What is absent restricts nothing and prefers nothing.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the public contract")]
pub struct RoutingRules {
    /// Only these models; all when null. Ids, in which `*` stands for any text.
    pub allowed_models: Option<Vec<Pattern>>,
    /// Never these models.
    pub ignored_models: Vec<Pattern>,
    /// Only these providers, by slug, endpoint tag or display name; all when null.
    pub allowed_providers: Option<Vec<String>>,
    /// Never these providers.
    pub ignored_providers: Vec<String>,
    /// Only endpoints in these regions; all when null.
    pub allowed_regions: Option<Vec<Pattern>>,
    /// Only endpoints with zero data retention.
    pub enforce_zdr: bool,
    /// The same for models of Anthropic alone.
    pub enforce_zdr_anthropic: bool,
    /// The same for models of OpenAI alone.
    pub enforce_zdr_openai: bool,
    /// The same for models of Google alone.
    pub enforce_zdr_google: bool,
    /// The same for models of xAI alone.
    pub enforce_zdr_xai: bool,
    /// The same for models of everybody else.
    pub enforce_zdr_other: bool,
    /// Whether paid endpoints may train on prompts.
    pub enable_paid_model_training: bool,
    /// Whether free endpoints may train on prompts.
    pub enable_free_model_training: bool,
    /// Whether free endpoints may publish prompts.
    pub enable_free_model_publication: bool,
    /// Sort in place of load balancing, unless a request says otherwise.
    pub default_provider_sort: Option<SortBy>,
    /// Model of requests that name none.
    pub default_text_model: Option<String>,
    /// Further rules, with conditions and shares of conversations.
    pub rules: Vec<Rule>,
}

/// The authors that have a switch of their own.
const AUTHORS: [&str; 4] = ["anthropic", "openai", "google", "x-ai"];

impl Default for RoutingRules {
    fn default() -> Self {
        Self {
            allowed_models: None,
            ignored_models: Vec::new(),
            allowed_providers: None,
            ignored_providers: Vec::new(),
            allowed_regions: None,
            enforce_zdr: false,
            enforce_zdr_anthropic: false,
            enforce_zdr_openai: false,
            enforce_zdr_google: false,
            enforce_zdr_xai: false,
            enforce_zdr_other: false,
            enable_paid_model_training: true,
            enable_free_model_training: true,
            enable_free_model_publication: true,
            default_provider_sort: None,
            default_text_model: None,
            rules: Vec::new(),
        }
    }
}

impl RoutingRules {
    /// The planner's form.
    #[must_use]
    pub fn layer(&self, scope: Scope) -> Layer {
        let switches =
            [self.enforce_zdr_anthropic, self.enforce_zdr_openai, self.enforce_zdr_google, self.enforce_zdr_xai];
        let on = AUTHORS.into_iter().zip(switches).filter(|(_, is_on)| *is_on);
        let own = Rule {
            restrict: Restrict {
                allowed_models: self.allowed_models.clone(),
                ignored_models: self.ignored_models.clone(),
                allowed_providers: self.allowed_providers.clone(),
                ignored_providers: self.ignored_providers.clone(),
                allowed_regions: self.allowed_regions.clone(),
                zdr: self.enforce_zdr,
                zdr_authors: on.map(|(author, _)| author.to_owned()).collect(),
                zdr_other_authors: self.enforce_zdr_other.then(|| AUTHORS.map(str::to_owned).to_vec()),
                deny_paid_training: !self.enable_paid_model_training,
                deny_free_training: !self.enable_free_model_training,
                deny_free_publication: !self.enable_free_model_publication,
                ..Restrict::default()
            },
            prefer: Prefer {
                sort: self.default_provider_sort.map(|by| Sort { by, partition: Default::default() }),
                default_model: self.default_text_model.clone(),
                ..Prefer::default()
            },
            ..Rule::default()
        };
        let mut layer = Layer::always(scope, own);
        layer.rules.extend(self.rules.iter().cloned());
        layer
    }

    /// Checks what the types cannot: lengths of lists and entries, ranges. Call it before settings are stored.
    ///
    /// # Errors
    /// [`PolicyError`] naming the first field that cannot be used.
    pub fn check(&self) -> Result<(), PolicyError> {
        let patterns = |list: &[Pattern]| list.iter().all(|entry| is_plain(entry.as_str()));
        let texts = |list: &[String]| list.iter().all(|entry| is_plain(entry));
        let lists = [
            ("allowed_models", self.allowed_models.as_deref().is_none_or(patterns)),
            ("ignored_models", patterns(&self.ignored_models)),
            ("allowed_providers", self.allowed_providers.as_deref().is_none_or(texts)),
            ("ignored_providers", texts(&self.ignored_providers)),
            ("allowed_regions", self.allowed_regions.as_deref().is_none_or(patterns)),
            ("default_text_model", self.default_text_model.as_deref().is_none_or(is_plain)),
        ];
        for (field, is_good) in lists {
            if !is_good {
                let problem = "entries must have 1 to 200 bytes without control characters";
                return Err(PolicyError { field: field.to_owned(), problem });
            }
        }
        self.layer(Scope::Account).check().map_err(|error| match error.field.strip_prefix("restrict.") {
            Some(field) if self.rules.is_empty() => PolicyError { field: field.to_owned(), ..error },
            _ => error,
        })
    }
}

fn is_plain(entry: &str) -> bool {
    !entry.is_empty() && entry.len() <= ENTRY_MAX && !entry.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::RoutingRules;
    use crate::route::policy::{Pattern, Rule, Scope};

    fn read(json: &str) -> RoutingRules {
        serde_json::from_str(json).expect("settings")
    }

    #[test]
    fn settings_without_words_neither_restrict_nor_prefer() {
        assert_eq!(read("{}"), RoutingRules::default());
        assert_eq!(RoutingRules::default().layer(Scope::Account).rules, [Rule::default()]);
    }

    #[test]
    fn every_switch_reaches_the_layer() {
        let settings = read(
            r#"{"allowed_models":["openai/*"],"ignored_providers":["acme"],"enforce_zdr_openai":true,
                "enforce_zdr_other":true,"enable_paid_model_training":false,"default_provider_sort":"price",
                "default_text_model":"openai/gpt-5","rules":[{"restrict":{"zdr":true},"when":{"region":["eu"]}}]}"#,
        );
        assert_eq!(settings.check(), Ok(()));
        let layer = settings.layer(Scope::Workspace);
        let json = serde_json::to_value(&layer).expect("json");
        let expected = serde_json::json!({"scope": "workspace", "rules": [
            {"restrict": {"allowed_models": ["openai/*"], "ignored_providers": ["acme"], "deny_paid_training": true,
                "zdr_authors": ["openai"], "zdr_other_authors": ["anthropic", "openai", "google", "x-ai"]},
             "prefer": {"sort": "price", "default_model": "openai/gpt-5"}},
            {"when": {"region": ["eu"]}, "restrict": {"zdr": true}}]});
        assert_eq!(json, expected);
        let again: RoutingRules =
            serde_json::from_str(&serde_json::to_string(&settings).expect("writes")).expect("reads");
        assert_eq!(again, settings);
    }

    #[test]
    fn settings_that_cannot_be_kept_are_named() {
        let long = RoutingRules { ignored_models: vec![Pattern::new("a/b"); 101], ..RoutingRules::default() };
        assert_eq!(long.check().expect_err("too long").field, "ignored_models");
        let blank = RoutingRules { allowed_providers: Some(vec![String::new()]), ..RoutingRules::default() };
        assert_eq!(blank.check().expect_err("blank").field, "allowed_providers");
        let odd = read(r#"{"rules":[{"restrict":{"pin":{}}}]}"#);
        assert_eq!(odd.check().expect_err("odd").field, "pin");
        assert!(serde_json::from_str::<RoutingRules>(r#"{"allow":[]}"#).is_err());
    }
}
