//! From usage and prices to a charge: cost lines, their sum, and the one rounding point.

use super::{Amount, Overflow, PriceSheet, UnitPrice};
use crate::usage::Usage;

/// What a cost line counts; spelled as the `pricing` keys of the public catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostKind {
    /// Fresh prompt tokens.
    Prompt,
    /// Prompt tokens read from the cache.
    InputCacheRead,
    /// Prompt tokens written to the cache.
    InputCacheWrite,
    /// Prompt tokens written to the cache for an hour.
    #[serde(rename = "input_cache_write_1h")]
    InputCacheWrite1h,
    /// Audio tokens of the prompt.
    Audio,
    /// Image tokens of the prompt.
    ImageToken,
    /// Text tokens of the answer.
    Completion,
    /// Reasoning tokens of the answer.
    InternalReasoning,
    /// Audio tokens of the answer.
    AudioOutput,
    /// Image tokens of the answer.
    ImageOutput,
    /// Images of the prompt, per item.
    Image,
    /// The request itself.
    Request,
    /// Web searches, per item.
    WebSearch,
    /// A whole attempt whose answer the caller's own rules rejected; one item at its rounded cost.
    RejectedAttempt,
    /// The caller's own ceiling, in place of lines that add up to more; one item.
    MaxCost,
}

/// What one unit of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A token.
    Token,
    /// An image, a request, a search.
    Item,
}

impl CostKind {
    /// The unit that this kind counts.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Image | Self::Request | Self::WebSearch | Self::RejectedAttempt | Self::MaxCost => Unit::Item,
            _ => Unit::Token,
        }
    }

    /// Whether the line belongs to the prompt side of the cost split.
    #[must_use]
    pub const fn is_prompt(self) -> bool {
        !matches!(
            self,
            Self::Completion
                | Self::InternalReasoning
                | Self::AudioOutput
                | Self::ImageOutput
                | Self::RejectedAttempt
                | Self::MaxCost
        )
    }

    /// The spelling in the public catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::InputCacheRead => "input_cache_read",
            Self::InputCacheWrite => "input_cache_write",
            Self::InputCacheWrite1h => "input_cache_write_1h",
            Self::Audio => "audio",
            Self::ImageToken => "image_token",
            Self::Completion => "completion",
            Self::InternalReasoning => "internal_reasoning",
            Self::AudioOutput => "audio_output",
            Self::ImageOutput => "image_output",
            Self::Image => "image",
            Self::Request => "request",
            Self::WebSearch => "web_search",
            Self::RejectedAttempt => "rejected_attempt",
            Self::MaxCost => "max_cost",
        }
    }
}

/// One line of a bill: units × price, unrounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CostLine {
    /// What was counted.
    pub kind: CostKind,
    /// How many.
    pub units: u64,
    /// Femto-dollars per unit.
    pub price: UnitPrice,
}

impl CostLine {
    /// A line of one item that costs `amount`; amounts above 9 223 dollars show as that.
    #[must_use]
    pub fn whole(kind: CostKind, amount: Amount) -> Self {
        Self { kind, units: 1, price: UnitPrice::from_femtos(amount.nanos().saturating_mul(1_000_000)) }
    }

    /// Exact cost in femto-dollars.
    #[must_use]
    pub fn femtos(&self) -> i128 {
        i128::from(self.units).saturating_mul(i128::from(self.price.femtos()))
    }
}

/// A priced call: its lines and the rounded total.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// One line per class that was used, in price-list order; lines of price zero included.
    pub lines: Vec<CostLine>,
    /// The sum of the lines, rounded up once to whole nano-dollars.
    pub total: Amount,
}

impl Cost {
    /// Exact femto-dollars of the prompt side.
    #[must_use]
    pub fn prompt_femtos(&self) -> i128 {
        self.lines.iter().filter(|line| line.kind.is_prompt()).map(CostLine::femtos).sum()
    }

    /// Exact femto-dollars of the answer side.
    #[must_use]
    pub fn completion_femtos(&self) -> i128 {
        self.lines.iter().filter(|line| !line.kind.is_prompt()).map(CostLine::femtos).sum()
    }

    /// What the rounding added, in femto-dollars; 0 to 999 999.
    #[must_use]
    pub fn rounding_femtos(&self) -> i128 {
        let exact: i128 = self.lines.iter().map(CostLine::femtos).sum();
        i128::from(self.total.nanos()) * FEMTOS_PER_NANO - exact
    }
}

const FEMTOS_PER_NANO: i128 = 1_000_000;

/// Rounds femto-dollars up to whole nano-dollars: the only place where money is rounded, once per generation.
///
/// # Errors
/// [`Overflow`] when the result leaves the range of [`Amount`] or the input is negative.
pub fn round_up_to_nano(femtos: i128) -> Result<Amount, Overflow> {
    if femtos < 0 {
        return Err(Overflow);
    }
    let nanos = femtos / FEMTOS_PER_NANO + i128::from(femtos % FEMTOS_PER_NANO != 0);
    i64::try_from(nanos).map(Amount::from_nanos).ok().ok_or(Overflow)
}

/// Prices `usage` with a sheet whose overrides are already applied.
pub(super) fn price_usage(sheet: &PriceSheet, usage: &Usage) -> Result<Cost, Overflow> {
    let classes = [
        (CostKind::Prompt, usage.input_fresh),
        (CostKind::InputCacheRead, usage.input_cache_read),
        (CostKind::InputCacheWrite, usage.input_cache_write),
        (CostKind::InputCacheWrite1h, usage.input_cache_write_1h),
        (CostKind::Audio, usage.input_audio),
        (CostKind::ImageToken, usage.input_image),
        (CostKind::Completion, usage.output_text),
        (CostKind::InternalReasoning, usage.output_reasoning),
        (CostKind::AudioOutput, usage.output_audio),
        (CostKind::ImageOutput, usage.output_image),
        (CostKind::Image, if sheet.image.is_some() { usage.images } else { 0 }),
        (CostKind::Request, u64::from(sheet.request.is_some_and(|price| !price.is_zero()))),
        (CostKind::WebSearch, usage.web_searches),
    ];
    let lines: Vec<CostLine> = classes
        .into_iter()
        .filter(|(_, units)| *units > 0)
        .map(|(kind, units)| CostLine { kind, units, price: sheet.rate(kind) })
        .collect();
    let mut femtos: i128 = 0;
    for line in &lines {
        femtos = femtos.checked_add(line.femtos()).ok_or(Overflow)?;
    }
    Ok(Cost { total: round_up_to_nano(femtos)?, lines })
}

#[cfg(test)]
mod tests;
