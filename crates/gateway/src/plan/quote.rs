//! What a request can cost at most on an endpoint.

use dialect::chat::request::{ChatRequest, Shape};
use dialect::upstream::least_output_limit;
use domain::catalog::Endpoint;
use domain::money::{Amount, CostKind, UnitPrice, cost::round_up_to_nano};

/// Prompt tokens that an image is taken for; above what the common providers count for their largest tiles.
const IMAGE_TOKENS: u64 = 1600;
/// Prompt tokens that an audio or video part or a file is taken for.
const MEDIA_TOKENS: u64 = 8000;
/// Tokens of framing around every message and around the whole prompt.
const FRAMING_TOKENS: u64 = 8;
/// Answer tokens assumed when neither the caller nor the catalogue names a limit.
const OUTPUT_UNKNOWN: u64 = 32_000;

/// An upper bound of a request's cost on one endpoint, taken apart so that an affordable limit can be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Femto-dollars for the prompt and all fixed parts.
    fixed: i128,
    /// Femto-dollars per answer token of the dearest class.
    rate: UnitPrice,
    /// Answer tokens of all choices together that are held for.
    output: u64,
    /// Answers asked for.
    choices: u64,
}

impl Quote {
    /// Quotes the worst case of a request.
    pub fn of(endpoint: &Endpoint, chat: &ChatRequest, prompt_tokens: u64) -> Self {
        let shape = chat.shape();
        let images = u64::from(shape.images);
        let fixed = product(prompt_tokens, endpoint.price.prompt_ceiling(prompt_tokens))
            + product(images, endpoint.price.rate(CostKind::Image))
            + product(1, endpoint.price.rate(CostKind::Request));
        let model_limit = endpoint
            .max_completion_tokens
            .unwrap_or_else(|| endpoint.context_length.saturating_sub(prompt_tokens / 2).clamp(1, OUTPUT_UNKNOWN));
        let least = least_output_limit(endpoint.provider.family);
        let limit = chat.output_limit().unwrap_or(model_limit).min(model_limit.max(1)).max(least);
        let choices = u64::from(chat.choices());
        Self {
            fixed,
            rate: endpoint.price.completion_ceiling(prompt_tokens),
            output: limit.saturating_mul(choices),
            choices,
        }
    }

    /// What to hold.
    pub fn hold(&self) -> Amount {
        round_up_to_nano(self.fixed + product(self.output, self.rate)).unwrap_or(Amount::MAX)
    }

    /// What the prompt and all fixed parts cost at most.
    pub fn prompt(&self) -> Amount {
        round_up_to_nano(self.fixed).unwrap_or(Amount::MAX)
    }

    /// Femto-dollars for the prompt and all fixed parts.
    pub const fn fixed_femtos(&self) -> i128 {
        self.fixed
    }

    /// Femto-dollars per answer token of the dearest class.
    pub const fn rate(&self) -> UnitPrice {
        self.rate
    }

    /// Answer tokens that are held for.
    pub const fn output(&self) -> u64 {
        self.output
    }

    /// Answer tokens per choice that `available` pays for after the prompt; 0 when not even the prompt fits.
    pub fn affordable(&self, available: Amount) -> u64 {
        let left = i128::from(available.nanos()) * 1_000_000 - self.fixed;
        if left < 0 {
            return 0;
        }
        if self.rate.is_zero() {
            return u64::MAX;
        }
        u64::try_from(left / i128::from(self.rate.femtos())).unwrap_or(u64::MAX) / self.choices.max(1)
    }

    /// The same quote for a prompt that is longer by `tokens`.
    pub fn with_more_prompt(self, endpoint: &Endpoint, tokens: u64) -> Self {
        let fixed = self.fixed.saturating_add(product(tokens, endpoint.price.prompt_ceiling(tokens)));
        Self { fixed, ..self }
    }

    /// The same quote for an answer of hardly more than `tokens` tokens per choice; never higher than it was.
    pub fn lowered_to(self, tokens: u64) -> Self {
        let output = tokens.saturating_mul(self.choices).min(self.output);
        Self { output, ..self }
    }

    /// The same quote for an answer of at most `tokens` tokens per choice.
    pub const fn limited_to(mut self, tokens: u64) -> Self {
        self.output = tokens.saturating_mul(self.choices);
        self
    }
}

fn product(units: u64, price: UnitPrice) -> i128 {
    i128::from(units) * i128::from(price.femtos())
}

/// Prompt tokens of a request, estimated on the high side: one token per 2.5 bytes of text, fixed numbers for media.
pub fn estimate_prompt_tokens(shape: &Shape) -> u64 {
    let text = text_tokens(shape.text_bytes);
    let media = u64::from(shape.images) * IMAGE_TOKENS
        + (u64::from(shape.audio) + u64::from(shape.files) + u64::from(shape.videos)) * MEDIA_TOKENS;
    text.saturating_add(media).saturating_add(FRAMING_TOKENS)
}

/// Prompt tokens of so many bytes of text, estimated on the high side.
pub const fn text_tokens(bytes: u64) -> u64 {
    bytes.saturating_mul(2).div_ceil(5)
}
