//! JSON form of prices: decimal texts in US dollars per unit.

use domain::money::{PriceOverride, PriceSheet, UnitPrice};
use domain::route::Router;
use serde::Serialize;
use utoipa::ToSchema;

/// Prices as decimal texts in US dollars per unit. An absent kind costs what the prompt or the answer costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pricing {
    /// Per prompt token.
    prompt: String,
    /// Per answer token.
    completion: String,
    /// Per request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// Per image in the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// Per image token of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    image_token: Option<String>,
    /// Per image token of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    image_output: Option<String>,
    /// Per audio token of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<String>,
    /// Per audio token of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_output: Option<String>,
    /// Per cached audio token of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_audio_cache: Option<String>,
    /// Per web search.
    #[serde(skip_serializing_if = "Option::is_none")]
    web_search: Option<String>,
    /// Per reasoning token.
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_reasoning: Option<String>,
    /// Per prompt token read from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_read: Option<String>,
    /// Per prompt token written to the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_write: Option<String>,
    /// Per prompt token written to the cache for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_write_1h: Option<String>,
    /// Other prices above a prompt length; later matching entries win.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<PricingOverride>,
}

/// Prices above a prompt length, in US dollars per unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PricingOverride {
    /// Applies to prompts with strictly more tokens.
    min_prompt_tokens: u64,
    /// Per prompt token.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    /// Per answer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<String>,
    /// Per prompt token read from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_read: Option<String>,
    /// Per prompt token written to the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_write: Option<String>,
    /// Per prompt token written to the cache for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_write_1h: Option<String>,
    /// Per audio token of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<String>,
    /// Per cached audio token of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_audio_cache: Option<String>,
}

/// The prices of a router: `-1` where they depend on the model that is chosen.
pub(super) fn router_pricing(router: Router) -> Pricing {
    let price = router.listed_price();
    Pricing { prompt: price.to_owned(), completion: price.to_owned(), ..pricing(&PriceSheet::default()) }
}

pub(super) fn pricing(sheet: &PriceSheet) -> Pricing {
    let text = |price: Option<UnitPrice>| price.map(UnitPrice::to_usd_per_unit);
    Pricing {
        prompt: sheet.prompt.to_usd_per_unit(),
        completion: sheet.completion.to_usd_per_unit(),
        request: text(sheet.request),
        image: text(sheet.image),
        image_token: text(sheet.image_token),
        image_output: text(sheet.image_output),
        audio: text(sheet.audio),
        audio_output: text(sheet.audio_output),
        input_audio_cache: text(sheet.input_audio_cache),
        web_search: text(sheet.web_search),
        internal_reasoning: text(sheet.internal_reasoning),
        input_cache_read: text(sheet.input_cache_read),
        input_cache_write: text(sheet.input_cache_write),
        input_cache_write_1h: text(sheet.input_cache_write_1h),
        overrides: sheet.overrides.iter().map(pricing_override).collect(),
    }
}

fn pricing_override(over: &PriceOverride) -> PricingOverride {
    let text = |price: Option<UnitPrice>| price.map(UnitPrice::to_usd_per_unit);
    PricingOverride {
        min_prompt_tokens: over.min_prompt_tokens,
        prompt: text(over.prompt),
        completion: text(over.completion),
        input_cache_read: text(over.input_cache_read),
        input_cache_write: text(over.input_cache_write),
        input_cache_write_1h: text(over.input_cache_write_1h),
        audio: text(over.audio),
        input_audio_cache: text(over.input_audio_cache),
    }
}
