//! [`PriceSheet`]: every price component of one endpoint, with thresholds.

use super::UnitPrice;
use super::decimal::DecimalError;
use crate::usage::Usage;

/// Prices of one endpoint. `None` means "not stated": the fallback of that component applies, see [`PriceSheet::rate`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PriceSheet {
    /// Per prompt token.
    pub prompt: UnitPrice,
    /// Per answer token.
    pub completion: UnitPrice,
    /// Per prompt token read from the provider's cache.
    pub input_cache_read: Option<UnitPrice>,
    /// Per prompt token written to the cache, short lifetime.
    pub input_cache_write: Option<UnitPrice>,
    /// Per prompt token written to the cache, one hour.
    pub input_cache_write_1h: Option<UnitPrice>,
    /// Per reasoning token.
    pub internal_reasoning: Option<UnitPrice>,
    /// Per image in the prompt.
    pub image: Option<UnitPrice>,
    /// Per image token of the prompt.
    pub image_token: Option<UnitPrice>,
    /// Per image token of the answer.
    pub image_output: Option<UnitPrice>,
    /// Per audio token of the prompt.
    pub audio: Option<UnitPrice>,
    /// Per audio token of the answer.
    pub audio_output: Option<UnitPrice>,
    /// Per cached audio token of the prompt.
    pub input_audio_cache: Option<UnitPrice>,
    /// Per request.
    pub request: Option<UnitPrice>,
    /// Per web search.
    pub web_search: Option<UnitPrice>,
    /// Other prices under a condition; later matching entries win per component.
    pub overrides: Vec<PriceOverride>,
}

/// Prices that replace the base ones when the prompt is longer than a threshold.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PriceOverride {
    /// Applies when the prompt has strictly more tokens than this.
    pub min_prompt_tokens: u64,
    /// Per prompt token.
    pub prompt: Option<UnitPrice>,
    /// Per answer token.
    pub completion: Option<UnitPrice>,
    /// Per prompt token read from the cache.
    pub input_cache_read: Option<UnitPrice>,
    /// Per prompt token written to the cache, short lifetime.
    pub input_cache_write: Option<UnitPrice>,
    /// Per prompt token written to the cache, one hour.
    pub input_cache_write_1h: Option<UnitPrice>,
    /// Per audio token of the prompt.
    pub audio: Option<UnitPrice>,
    /// Per cached audio token of the prompt.
    pub input_audio_cache: Option<UnitPrice>,
}

impl PriceSheet {
    /// The sheet in force for a prompt of `prompt_tokens` tokens, overrides applied.
    #[must_use]
    pub fn at(&self, prompt_tokens: u64) -> Self {
        let mut sheet = Self { overrides: Vec::new(), ..self.clone() };
        for over in self.overrides.iter().filter(|over| prompt_tokens > over.min_prompt_tokens) {
            sheet.prompt = over.prompt.unwrap_or(sheet.prompt);
            sheet.completion = over.completion.unwrap_or(sheet.completion);
            sheet.input_cache_read = over.input_cache_read.or(sheet.input_cache_read);
            sheet.input_cache_write = over.input_cache_write.or(sheet.input_cache_write);
            sheet.input_cache_write_1h = over.input_cache_write_1h.or(sheet.input_cache_write_1h);
            sheet.audio = over.audio.or(sheet.audio);
            sheet.input_audio_cache = over.input_audio_cache.or(sheet.input_audio_cache);
        }
        sheet
    }

    /// Whether every component is zero: such an endpoint costs nothing and falls under the free-model limits.
    #[must_use]
    pub fn is_free(&self) -> bool {
        let none = |price: Option<UnitPrice>| price.is_none_or(UnitPrice::is_zero);
        self.prompt.is_zero()
            && self.completion.is_zero()
            && none(self.request)
            && none(self.image)
            && none(self.image_output)
            && none(self.audio)
            && none(self.audio_output)
            && none(self.internal_reasoning)
            && none(self.web_search)
            && self.overrides.iter().all(|over| none(over.prompt) && none(over.completion))
    }

    /// The highest price of one prompt token in any class, at a prompt of `prompt_tokens` tokens; what a hold must assume.
    #[must_use]
    pub fn prompt_ceiling(&self, prompt_tokens: u64) -> UnitPrice {
        let sheet = self.at(prompt_tokens);
        [sheet.input_cache_write, sheet.input_cache_write_1h, sheet.audio, sheet.image_token]
            .into_iter()
            .flatten()
            .fold(sheet.prompt, UnitPrice::max)
    }

    /// The highest price of one answer token in any class, at a prompt of `prompt_tokens` tokens.
    #[must_use]
    pub fn completion_ceiling(&self, prompt_tokens: u64) -> UnitPrice {
        let sheet = self.at(prompt_tokens);
        [sheet.internal_reasoning, sheet.audio_output, sheet.image_output]
            .into_iter()
            .flatten()
            .fold(sheet.completion, UnitPrice::max)
    }

    /// Price of one unit of `kind`, with the fallbacks that the public price list implies: unstated prompt classes cost
    /// the prompt price, unstated answer classes the completion price, unstated items nothing.
    #[must_use]
    pub fn rate(&self, kind: super::CostKind) -> UnitPrice {
        use super::CostKind as Kind;
        match kind {
            Kind::Prompt => self.prompt,
            Kind::InputCacheRead => self.input_cache_read.unwrap_or(self.prompt),
            Kind::InputCacheWrite => self.input_cache_write.unwrap_or(self.prompt),
            Kind::InputCacheWrite1h => self.input_cache_write_1h.or(self.input_cache_write).unwrap_or(self.prompt),
            Kind::Audio => self.audio.unwrap_or(self.prompt),
            Kind::ImageToken => self.image_token.unwrap_or(self.prompt),
            Kind::Completion => self.completion,
            Kind::InternalReasoning => self.internal_reasoning.unwrap_or(self.completion),
            Kind::AudioOutput => self.audio_output.unwrap_or(self.completion),
            Kind::ImageOutput => self.image_output.unwrap_or(self.completion),
            Kind::Image => self.image.unwrap_or_default(),
            Kind::Request => self.request.unwrap_or_default(),
            Kind::WebSearch => self.web_search.unwrap_or_default(),
            // Never priced by a list: their lines carry what was charged.
            Kind::RejectedAttempt | Kind::MaxCost => UnitPrice::ZERO,
        }
    }

    /// Prices a usage: one line per class that was used, one rounding.
    ///
    /// # Errors
    /// [`super::Overflow`] when the total leaves the range of [`super::Amount`].
    pub fn cost(&self, usage: &Usage) -> Result<super::Cost, super::Overflow> {
        super::cost::price_usage(&self.at(usage.prompt_tokens()), usage)
    }
}

/// A price sheet as people write it: decimal texts, tokens in USD per million, items in USD per item.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSheetText {
    /// USD per million prompt tokens.
    pub prompt: String,
    /// USD per million answer tokens.
    #[serde(default = "zero")]
    pub completion: String,
    /// USD per million tokens read from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_cache_read: Option<String>,
    /// USD per million tokens written to the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_cache_write: Option<String>,
    /// USD per million tokens written to the cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_cache_write_1h: Option<String>,
    /// USD per million reasoning tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_reasoning: Option<String>,
    /// USD per image in the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// USD per million image tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_token: Option<String>,
    /// USD per million image tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_output: Option<String>,
    /// USD per million audio tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// USD per million audio tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<String>,
    /// USD per million cached audio tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_audio_cache: Option<String>,
    /// USD per request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// USD per web search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_search: Option<String>,
    /// Prices above a prompt length.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<PriceOverrideText>,
    /// Accepts token prices above [`TOKEN_PRICE_MAX`]; a forced import sets it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub above_limit: bool,
}

/// A threshold override as people write it; units as in [`PriceSheetText`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceOverrideText {
    /// Applies when the prompt has strictly more tokens than this.
    pub min_prompt_tokens: u64,
    /// USD per million prompt tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// USD per million answer tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
    /// USD per million tokens read from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_cache_read: Option<String>,
    /// USD per million tokens written to the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_cache_write: Option<String>,
    /// USD per million tokens written to the cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_cache_write_1h: Option<String>,
    /// USD per million audio tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// USD per million cached audio tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_audio_cache: Option<String>,
}

/// A price text that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The text is no plain decimal of the allowed precision.
    #[error("price {field} {text:?} is invalid")]
    Invalid {
        /// Which component.
        field: &'static str,
        /// What was written.
        text: String,
        /// Why it cannot be read.
        #[source]
        source: DecimalError,
    },
    /// The price is below zero.
    #[error("price {field} is negative")]
    Negative {
        /// Which component.
        field: &'static str,
    },
    /// A token price above 0.001 USD per token, most likely a unit mistake.
    #[error("price {field} of {text} USD per million is above 1000 USD per million tokens")]
    Outlier {
        /// Which component.
        field: &'static str,
        /// What was written.
        text: String,
    },
}

/// Largest token price that is accepted without force: 0.001 USD per token.
pub const TOKEN_PRICE_MAX: UnitPrice = UnitPrice::from_femtos(1_000_000_000_000);

fn zero() -> String {
    "0".to_owned()
}

fn token(field: &'static str, text: &str, above_limit: bool) -> Result<UnitPrice, PriceError> {
    let price = UnitPrice::parse_per_million(text).map_err(|source| PriceError::Invalid {
        field,
        text: text.to_owned(),
        source,
    })?;
    if price < UnitPrice::ZERO {
        return Err(PriceError::Negative { field });
    }
    if price > TOKEN_PRICE_MAX && !above_limit {
        return Err(PriceError::Outlier { field, text: text.to_owned() });
    }
    Ok(price)
}

fn item(field: &'static str, text: &str) -> Result<UnitPrice, PriceError> {
    let price = UnitPrice::parse_per_unit(text).map_err(|source| PriceError::Invalid {
        field,
        text: text.to_owned(),
        source,
    })?;
    if price < UnitPrice::ZERO { Err(PriceError::Negative { field }) } else { Ok(price) }
}

impl TryFrom<&PriceSheetText> for PriceSheet {
    type Error = PriceError;

    fn try_from(text: &PriceSheetText) -> Result<Self, PriceError> {
        let force = text.above_limit;
        let tokens =
            |field, value: &Option<String>| value.as_deref().map(|value| token(field, value, force)).transpose();
        let items = |field, value: &Option<String>| value.as_deref().map(|value| item(field, value)).transpose();
        let overrides = text.overrides.iter().map(|over| override_from(over, force)).collect::<Result<_, _>>()?;
        Ok(Self {
            prompt: token("prompt", &text.prompt, force)?,
            completion: token("completion", &text.completion, force)?,
            input_cache_read: tokens("input_cache_read", &text.input_cache_read)?,
            input_cache_write: tokens("input_cache_write", &text.input_cache_write)?,
            input_cache_write_1h: tokens("input_cache_write_1h", &text.input_cache_write_1h)?,
            internal_reasoning: tokens("internal_reasoning", &text.internal_reasoning)?,
            image: items("image", &text.image)?,
            image_token: tokens("image_token", &text.image_token)?,
            image_output: tokens("image_output", &text.image_output)?,
            audio: tokens("audio", &text.audio)?,
            audio_output: tokens("audio_output", &text.audio_output)?,
            input_audio_cache: tokens("input_audio_cache", &text.input_audio_cache)?,
            request: items("request", &text.request)?,
            web_search: items("web_search", &text.web_search)?,
            overrides,
        })
    }
}

fn override_from(text: &PriceOverrideText, above_limit: bool) -> Result<PriceOverride, PriceError> {
    let tokens =
        |field, value: &Option<String>| value.as_deref().map(|value| token(field, value, above_limit)).transpose();
    Ok(PriceOverride {
        min_prompt_tokens: text.min_prompt_tokens,
        prompt: tokens("overrides.prompt", &text.prompt)?,
        completion: tokens("overrides.completion", &text.completion)?,
        input_cache_read: tokens("overrides.input_cache_read", &text.input_cache_read)?,
        input_cache_write: tokens("overrides.input_cache_write", &text.input_cache_write)?,
        input_cache_write_1h: tokens("overrides.input_cache_write_1h", &text.input_cache_write_1h)?,
        audio: tokens("overrides.audio", &text.audio)?,
        input_audio_cache: tokens("overrides.input_audio_cache", &text.input_audio_cache)?,
    })
}
