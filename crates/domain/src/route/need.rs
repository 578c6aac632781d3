//! What a request needs of an endpoint.

/// What the request needs of an endpoint.
#[derive(Debug, Clone)]
pub struct Need {
    /// Request parameters in use, in the vocabulary of `supported_parameters`.
    pub parameters: Vec<&'static str>,
    /// Input modalities in use beyond text.
    pub modalities: Vec<&'static str>,
    /// What the model must give: `text`, `embeddings`, ….
    pub output: &'static str,
    /// Estimated prompt tokens.
    pub prompt_tokens: u64,
    /// The caller's output limit.
    pub output_limit: Option<u64>,
    /// The service tier that is asked for.
    pub tier: Tier,
    /// Endpoints up to this context take prompts of twice their size, because what is too long is compressed.
    pub compressed_up_to: u64,
}

impl Default for Need {
    fn default() -> Self {
        Self {
            parameters: Vec::new(),
            modalities: Vec::new(),
            output: "text",
            prompt_tokens: 0,
            output_limit: None,
            tier: Tier::Unsaid,
            compressed_up_to: 0,
        }
    }
}

/// A service tier, as a request asks for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tier {
    /// Nothing was said, or `auto`.
    #[default]
    Unsaid,
    /// `default`: the ordinary tier and no other.
    Default,
    /// `flex`: cheaper and slower. Never falls back to the ordinary tier where the model has flex endpoints.
    Flex,
    /// `priority` or `fast`: dearer and faster. Falls back to the ordinary tier.
    Priority,
    /// `ultrafast`: falls back to priority, then to the ordinary tier.
    Ultrafast,
}

impl Tier {
    /// The tier that a request's `service_tier` means; words of other providers mean nothing here.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "default" | "standard" => Self::Default,
            "flex" => Self::Flex,
            "priority" | "fast" => Self::Priority,
            "ultrafast" => Self::Ultrafast,
            _ => Self::Unsaid,
        }
    }
}
