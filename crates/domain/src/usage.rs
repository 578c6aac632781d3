//! What a call consumed, in one normal form for every provider.
//!
//! The classes are disjoint: a cached token is not also a fresh one, a reasoning token is not also an output token.
//! Providers disagree about both (OpenAI counts cached tokens inside the prompt, Anthropic beside it; OpenAI counts
//! reasoning inside the completion), so every adapter converts into this form before anything is priced.

/// Disjoint token and item counts of one call. Stored without the classes that have none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Prompt tokens billed at the plain prompt price.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_fresh: u64,
    /// Prompt tokens read from the provider's cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_cache_read: u64,
    /// Prompt tokens written to the cache with the short (five-minute or default) lifetime.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_cache_write: u64,
    /// Prompt tokens written to the cache with the one-hour lifetime.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_cache_write_1h: u64,
    /// Audio tokens of the prompt.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_audio: u64,
    /// Image tokens of the prompt, when the provider reports them apart.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_image: u64,
    /// Visible text tokens of the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_text: u64,
    /// Reasoning tokens of the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_reasoning: u64,
    /// Audio tokens of the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_audio: u64,
    /// Image tokens of the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_image: u64,
    /// Images in the prompt that are priced per item.
    #[serde(skip_serializing_if = "is_zero")]
    pub images: u64,
    /// Web searches that the provider ran.
    #[serde(skip_serializing_if = "is_zero")]
    pub web_searches: u64,
    /// Accepted tokens of a predicted output; a part of `output_text`, shown only.
    #[serde(skip_serializing_if = "is_zero")]
    pub accepted_prediction: u64,
    /// Rejected tokens of a predicted output; a part of `output_text`, shown only.
    #[serde(skip_serializing_if = "is_zero")]
    pub rejected_prediction: u64,
    /// Where the numbers come from.
    pub source: UsageSource,
    /// A reported number was negative, absurd or contradictory and has been clamped.
    pub suspect: bool,
}

const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Who counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider reported it.
    Reported,
    /// We counted what was sent and delivered, because the provider said nothing.
    #[default]
    Estimated,
}

impl Usage {
    /// All prompt tokens, whatever their class.
    #[must_use]
    pub const fn prompt_tokens(&self) -> u64 {
        self.input_fresh
            .saturating_add(self.input_cache_read)
            .saturating_add(self.input_cache_write)
            .saturating_add(self.input_cache_write_1h)
            .saturating_add(self.input_audio)
            .saturating_add(self.input_image)
    }

    /// All answer tokens, whatever their class.
    #[must_use]
    pub const fn completion_tokens(&self) -> u64 {
        self.output_text
            .saturating_add(self.output_reasoning)
            .saturating_add(self.output_audio)
            .saturating_add(self.output_image)
    }

    /// Prompt plus answer.
    #[must_use]
    pub const fn total_tokens(&self) -> u64 {
        self.prompt_tokens().saturating_add(self.completion_tokens())
    }

    /// Cache writes of both lifetimes.
    #[must_use]
    pub const fn cache_write_tokens(&self) -> u64 {
        self.input_cache_write.saturating_add(self.input_cache_write_1h)
    }

    /// Cuts the prompt and the answer to `limit` tokens each, and marks the usage suspect when either was above it.
    ///
    /// A provider that reports 2⁵³ tokens must not produce an absurd bill: no call can use more than the context, however
    /// the tokens are spread over the classes.
    #[must_use]
    pub fn clamped(mut self, limit: u64) -> Self {
        let mut cut = |classes: &mut [&mut u64]| {
            let mut left = limit;
            for class in classes {
                self.suspect |= **class > left;
                **class = (**class).min(left);
                left -= **class;
            }
        };
        cut(&mut [
            &mut self.input_fresh,
            &mut self.input_cache_read,
            &mut self.input_cache_write,
            &mut self.input_cache_write_1h,
            &mut self.input_audio,
            &mut self.input_image,
        ]);
        cut(&mut [&mut self.output_text, &mut self.output_reasoning, &mut self.output_audio, &mut self.output_image]);
        self
    }
}
