//! Model ids that are not models but choose one: `openrouter/auto`, `openrouter/free`.

/// A router: a model id that stands for a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Router {
    /// The cheapest capable model of the best quality tier within a band of prices.
    Auto,
    /// A random free model that can do what the request needs.
    Free,
}

impl Router {
    /// All of them, as they are listed.
    pub const ALL: [Self; 2] = [Self::Auto, Self::Free];

    /// The router that an id means: `openrouter/NAME`, or `portolan/NAME`.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        let name = id.strip_prefix("openrouter/").or_else(|| id.strip_prefix("portolan/"))?;
        Self::ALL.into_iter().find(|router| router.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Free => "free",
        }
    }

    /// Its id in lists and answers.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Auto => "openrouter/auto",
            Self::Free => "openrouter/free",
        }
    }

    /// Its display name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Auto => "Auto Router",
            Self::Free => "Free Models Router",
        }
    }

    /// One sentence about it.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Auto => "Chooses the cheapest capable model of the best quality tier within a band of prices.",
            Self::Free => "Chooses a random free model that can do what the request needs.",
        }
    }

    /// The context length that lists show. Source: the public model list, 2026-08-22.
    #[must_use]
    pub const fn context_length(self) -> u64 {
        match self {
            Self::Auto => 2_000_000,
            Self::Free => 200_000,
        }
    }

    /// The price per token that lists show: `-1` where it depends on the model that is chosen.
    #[must_use]
    pub const fn listed_price(self) -> &'static str {
        match self {
            Self::Auto => "-1",
            Self::Free => "0",
        }
    }
}
