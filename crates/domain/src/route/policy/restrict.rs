//! [`Restrict`]: what a rule forbids.

use super::{MaxPrice, Pattern, PolicyError, short};
use crate::money::Amount;

/// What a rule forbids. Every field can only remove endpoints.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Restrict {
    /// Only these models, by id; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_models: Option<Vec<Pattern>>,
    /// Never these models.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored_models: Vec<Pattern>,
    /// Only these providers or endpoint tags; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_providers: Option<Vec<String>>,
    /// Never these providers or endpoint tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored_providers: Vec<String>,
    /// Only endpoints that neither store nor train.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deny_data_collection: bool,
    /// No endpoint with a price that trains on prompts. An unpublished policy counts as training.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deny_paid_training: bool,
    /// No free endpoint that trains on prompts. An unpublished policy counts as training.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deny_free_training: bool,
    /// No free endpoint that publishes prompts. An unpublished policy counts as publishing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deny_free_publication: bool,
    /// Only endpoints with zero data retention.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub zdr: bool,
    /// Only endpoints with zero data retention, for models of these authors (the part of the id before the slash).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zdr_authors: Vec<String>,
    /// Only endpoints with zero data retention, for models of all authors but these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zdr_other_authors: Option<Vec<String>>,
    /// Only endpoints in these regions; one whose region is unknown is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_regions: Option<Vec<Pattern>>,
    /// Only these weight formats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantizations: Option<Vec<String>>,
    /// Only models whose author allows training on answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub distillable: bool,
    /// Drop endpoints that lack a parameter in use.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_parameters: bool,
    /// Nothing beyond the primary choice, or beyond the listed order.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_fallbacks: bool,
    /// Price ceilings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_price: Option<MaxPrice>,
    /// Drop endpoints on which the request could cost more than this.
    #[serde(skip_serializing_if = "Option::is_none", with = "usd")]
    pub max_cost: Option<Amount>,
    /// Only this endpoint, or an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
}

/// The one thing that may serve. Whatever is given must match exactly; if nothing does, the request fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pin {
    /// Provider slug, or endpoint tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Model id or canonical slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Region; an endpoint whose region is unknown does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl Restrict {
    /// Whether it forbids nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let all = |list: &Option<Vec<Pattern>>, field| list.as_ref().map_or(Ok(()), |list| short(field, list));
        all(&self.allowed_models, "restrict.allowed_models")?;
        short("restrict.ignored_models", &self.ignored_models)?;
        self.allowed_providers.as_ref().map_or(Ok(()), |list| short("restrict.allowed_providers", list))?;
        short("restrict.ignored_providers", &self.ignored_providers)?;
        short("restrict.zdr_authors", &self.zdr_authors)?;
        self.zdr_other_authors.as_ref().map_or(Ok(()), |list| short("restrict.zdr_other_authors", list))?;
        all(&self.allowed_regions, "restrict.allowed_regions")?;
        self.quantizations.as_ref().map_or(Ok(()), |list| short("restrict.quantizations", list))?;
        if self.max_cost.is_some_and(Amount::is_negative) {
            return Err(PolicyError::new("restrict.max_cost", "must be 0 or more"));
        }
        match &self.pin {
            Some(Pin { provider: None, model: None, region: None }) => {
                Err(PolicyError::new("pin", "names neither provider, model nor region"))
            }
            _ => Ok(()),
        }
    }
}

/// USD as a decimal string.
mod usd {
    use crate::money::Amount;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(amount: &Option<Amount>, serializer: S) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => serializer.serialize_str(&amount.to_usd()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Amount>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| Amount::parse_usd(&text).map_err(D::Error::custom)).transpose()
    }
}
