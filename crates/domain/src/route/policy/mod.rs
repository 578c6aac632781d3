//! Policies: layers of one kind, from the account down to the request, that can each only narrow or prefer.
//!
//! A [`Layer`] is data with a stable JSON form, so that it can be stored and edited. Its rules hold under a [`Condition`]
//! and, if they say so, for a share of conversations. What a rule *restricts* removes endpoints: no other layer can bring
//! them back, so the order of layers cannot change what is left. What a rule *prefers* is a default: the layer nearest to
//! the request wins, unless an outer rule is locked.

mod condition;
mod pattern;
mod prefer;
mod price;
mod restrict;

pub use condition::{Condition, Facts, Split};
pub use pattern::Pattern;
pub use prefer::{Auto, CostTier, Cutoffs, Partition, Prefer, Sort, SortBy};
pub use price::MaxPrice;
pub use restrict::{Pin, Restrict};

/// Where a layer comes from, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole account: its privacy settings, its allow and ignore lists, its routing defaults.
    Account,
    /// One workspace.
    Workspace,
    /// One API key.
    Key,
    /// The caller's own customer, by `metadata.customer`.
    Customer,
    /// A guardrail that is assigned to the key or its owner.
    Guardrail,
    /// The preset that the request names.
    Preset,
    /// The request itself.
    Request,
}

impl Scope {
    /// The spelling in JSON, records and error texts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Workspace => "workspace",
            Self::Key => "key",
            Self::Customer => "customer",
            Self::Guardrail => "guardrail",
            Self::Preset => "preset",
            Self::Request => "request",
        }
    }
}

/// One layer of policy.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Where it comes from.
    pub scope: Scope,
    /// What errors, records and explanations call it; the scope alone when empty. At most 64 characters are shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What it says; every rule whose condition holds applies.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// One rule of a layer.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// When it applies; always when empty.
    #[serde(skip_serializing_if = "Condition::is_empty")]
    pub when: Condition,
    /// For which share of conversations; for all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// What it forbids.
    #[serde(skip_serializing_if = "Restrict::is_empty")]
    pub restrict: Restrict,
    /// What it prefers.
    #[serde(skip_serializing_if = "Prefer::is_empty")]
    pub prefer: Prefer,
    /// Inner layers cannot override what this rule prefers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
}

/// A layer or `provider` object that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct PolicyError {
    /// Which field, with its path.
    pub field: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl PolicyError {
    pub(super) fn new(field: impl Into<String>, problem: &'static str) -> Self {
        Self { field: field.into(), problem }
    }
}

/// Most rules of a layer.
pub const RULES_MAX: usize = 50;
/// Most entries of a list in a rule.
pub const LIST_MAX: usize = 100;

impl Layer {
    /// A layer of one rule that always applies.
    #[must_use]
    pub fn always(scope: Scope, rule: Rule) -> Self {
        Self { scope, name: String::new(), rules: vec![rule] }
    }

    /// What errors and records call it: `scope` or `scope:name`.
    #[must_use]
    pub fn label(&self) -> String {
        if self.name.is_empty() {
            return self.scope.as_str().to_owned();
        }
        let name: String = self.name.chars().filter(|character| !character.is_control()).take(64).collect();
        format!("{}:{name}", self.scope.as_str())
    }

    /// Checks what the types cannot: list lengths, ranges, empty pins. Call it before a layer is stored.
    ///
    /// # Errors
    /// [`PolicyError`] naming the first field that cannot be used.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.rules.len() > RULES_MAX {
            return Err(PolicyError::new("rules", "more than 50 rules"));
        }
        self.rules.iter().try_for_each(Rule::check)
    }

    /// The rules that apply to these facts; `seed` stands in for a conversation that has no name.
    pub fn active<'a>(&'a self, facts: &'a Facts, seed: u64) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| {
            rule.when.holds(facts) && rule.split.as_ref().is_none_or(|split| split.takes(facts, seed))
        })
    }
}

impl Rule {
    fn check(&self) -> Result<(), PolicyError> {
        self.when.check()?;
        self.split.as_ref().map_or(Ok(()), Split::check)?;
        self.restrict.check()?;
        self.prefer.check()
    }
}

/// Refuses a list that is too long.
fn short<T>(field: &str, list: &[T]) -> Result<(), PolicyError> {
    if list.len() > LIST_MAX { Err(PolicyError::new(field, "more than 100 entries")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
